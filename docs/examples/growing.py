"""Who gets a feature when its share grows: by a coin that is thrown anew, or by a fixed place."""

import hashlib
import random

USERS = range(1, 1001)
random.seed(7)


# section: choose
def by_coin(user: int, percent: int) -> bool:
    return random.random() * 100 < percent


def by_place(user: int, percent: int) -> bool:
    digest = hashlib.sha256(f"long-loans {user}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48 * 100 < percent


# end section: choose

for choose in (by_coin, by_place):
    today = {user for user in USERS if choose(user, 10)}
    tomorrow = {user for user in USERS if choose(user, 20)}
    print(f"{choose.__name__}: {len(today)}, then {len(tomorrow)} have it, ", end="")
    print(f"and {len(today - tomorrow)} have lost it")
