"""PKCE: what a thief has who stole the code, and what is missing."""

import base64
import hashlib


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


verifier = "stays-in-the-program-that-began-and-is-at-least-43-long"
seen_in_the_browser = challenge_of(verifier)

for who, shown in {"the program": verifier, "the thief": seen_in_the_browser}.items():
    print(f"{who}:", "a token" if challenge_of(shown) == seen_in_the_browser else "invalid_grant")
