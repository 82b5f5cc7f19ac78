"""A log line made of somebody else's text."""

import json

email = 'x@example.org\n{"event": "signed_in", "user": "admin"}'

# section: lines
by_hand = f"event=sign_in_failed email={email}"
as_json = json.dumps({"event": "sign_in_failed", "email": email})
# end section: lines

for name, text in {"by hand": by_hand, "as JSON": as_json}.items():
    print(f"{name}: {len(text.splitlines())} lines")
    print(text)
