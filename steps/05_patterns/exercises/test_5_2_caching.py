"""Exercise 5.2: what was worked out once is given again."""


def remember_twice() -> int:
    from app.memo import remember

    made = []
    for _ in range(2):
        remember("key", 60, ["books"], lambda: made.append(1) or len(made))
    return len(made)


def test_what_was_made_once_is_kept(inside):
    times = inside(remember_twice)
    assert times == 1, f"asked twice for the same key, and made {times} times"
