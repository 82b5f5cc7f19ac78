"""A token is signed, and not secret: who can read it, and who can change it?"""

import base64
import json

import jwt

KEY = "a key of at least thirty-two bytes"

# section: tamper
token = jwt.encode({"sub": "7", "scope": "books:read"}, KEY, algorithm="HS256")
header, body, signature = token.split(".")
claims = json.loads(base64.urlsafe_b64decode(body + "=="))
print("without the key:", claims)

claims["scope"] = "admin"
forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
# end section: tamper

for name, text in {"original": token, "forged": f"{header}.{forged}.{signature}"}.items():
    try:
        print(f"{name}:", jwt.decode(text, KEY, algorithms=["HS256"])["scope"])
    except jwt.InvalidTokenError as error:
        print(f"{name}:", type(error).__name__)
