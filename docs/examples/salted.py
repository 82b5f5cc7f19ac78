"""One password, hashed twice, in two ways."""

import hashlib

from argon2 import PasswordHasher, profiles

PHRASE = "correct horse battery staple"


# section: fast
def fast(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


# end section: fast


# section: slow
hasher = PasswordHasher.from_parameters(profiles.CHEAPEST)


def slow(password: str) -> str:
    return hasher.hash(password)


# end section: slow

print("fast, twice the same:", fast(PHRASE) == fast(PHRASE))
print("slow, twice the same:", slow(PHRASE) == slow(PHRASE))
print("slow, still right:   ", hasher.verify(slow(PHRASE), PHRASE))
