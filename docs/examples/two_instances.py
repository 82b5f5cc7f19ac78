"""A key rotates, and one of two instances has heard of it first."""

import secrets

import jwt

OLD, NEW = {"old": secrets.token_bytes(32)}, {"new": secrets.token_bytes(32)}


def sign(ring: dict[str, bytes]) -> str:
    kid = next(iter(ring))  # the first key of a ring signs
    return jwt.encode({"sub": "1"}, ring[kid], algorithm="HS256", headers={"kid": kid})


def accepts(ring: dict[str, bytes], token: str) -> bool:
    return jwt.get_unverified_header(token)["kid"] in ring


# section: publish
for stage, ring in {
    "the new key alone": NEW,
    "the new key first": NEW | OLD,
    "the new key last": OLD | NEW,
}.items():
    quick, slow = ring, OLD  # one has taken up the new ring, the other not yet
    answers = [accepts(slow, sign(quick)), accepts(quick, sign(slow))]
    print(f"{stage}:", *("accepted" if answer else "401" for answer in answers))
# end section: publish
