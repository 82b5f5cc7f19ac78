"""Exercise 7.3: a feature is on for some first, always for the same ones, and never a risk."""

import random
import secrets
from itertools import pairwise

MANY = 2000
FAILURES = ["raises", "raises an OpenFeatureError", "answers with an error", "answers with a text"]


def chosen(features: dict[str, float], count: int, elsewhere: bool = False) -> dict[str, list[int]]:
    """For each feature the users for whom it is on.

    ``elsewhere`` is in another app, with what another process has: nothing remembered, other
    hashes of texts, other random numbers, and users who ask in another order.
    """
    import builtins
    import importlib.util
    import random
    import sys

    from flask import current_app

    import world
    from app import flags

    app, users, hash_of = current_app, list(range(1, count + 1)), builtins.hash
    is_enabled = flags.is_enabled
    if elsewhere:
        app = world.new_app()
        spec = importlib.util.spec_from_file_location("app.flags", flags.__file__)
        fresh = importlib.util.module_from_spec(spec)
        kept = sys.modules["app.flags"]
        sys.modules["app.flags"] = fresh  # a dataclass looks itself up there
        try:
            spec.loader.exec_module(fresh)
        finally:
            sys.modules["app.flags"] = kept
        fresh.init_flags(app)
        is_enabled = fresh.is_enabled
        random.shuffle(users)
        builtins.hash = lambda value: hash_of((value, "another process"))
    app.config["FEATURES"] = features
    try:
        with app.app_context():
            return {
                name: sorted(user for user in users if is_enabled(name, user)) for name in features
            }
    finally:
        builtins.hash = hash_of


def unknown(name: str) -> list[object]:
    """What is said of a feature that nobody knows, and what is logged of it."""
    import world
    from app.flags import is_enabled

    world.LISTENER.start()
    said: list[object] = [
        is_enabled(name, 7),
        is_enabled(name, 7, True),
        is_enabled(name, 8, False),
    ]
    records = world.LISTENER.records
    loud = [one["text"] for one in records if one["level"] in {"WARNING", "ERROR", "CRITICAL"}]
    world.LISTENER.stop()
    return [said, loud]


def with_provider(kind: str, features: list[str], times: int) -> dict[str, object]:
    """What comes of a provider that fails in this way; then of one that does not, and again."""
    from flask import current_app
    from openfeature.exception import ErrorCode, ParseError
    from openfeature.flag_evaluation import FlagResolutionDetails

    import world
    from app.flags import init_flags, is_enabled
    from app.providers import BooleanProvider

    asked = []
    too_early = []

    class Trouble(Exception):
        pass

    class Provider(BooleanProvider):
        def __init__(self, kind: str) -> None:
            super().__init__()
            self.kind = kind
            self.started = False

        def initialize(self, evaluation_context: object) -> None:
            self.started = True
            if self.kind == "does not start":
                raise ConnectionError("nobody is there")

        def resolve_boolean_details(self, flag_key, default_value, evaluation_context=None):  # type: ignore
            asked.append([flag_key, default_value, evaluation_context.targeting_key])
            if not self.started:
                too_early.append(flag_key)
            if self.kind == "raises":
                raise Trouble("no such column")
            if self.kind == "raises an OpenFeatureError":
                raise ParseError("not JSON")
            if self.kind == "answers with an error":
                return FlagResolutionDetails(not default_value, error_code=ErrorCode.GENERAL)
            if self.kind == "answers with a text":
                return FlagResolutionDetails("yes")
            return FlagResolutionDetails(not default_value)

    world.LISTENER.start()
    found = {}
    try:
        for turn in (kind, "works", kind):
            world.LISTENER.records.clear()
            init_flags(current_app, Provider(turn))
            said = [
                [is_enabled(feature, 7, default) for default in (True, False)]
                for _ in range(times)
                for feature in features
            ]
            records = world.LISTENER.records
            loud = [one for one in records if one["level"] in {"WARNING", "ERROR", "CRITICAL"}]
            lines = [[one["logger"], one["level"], one["text"]] for one in loud]
            found["again" if turn in found else turn] = [said, lines]
    except Exception as error:  # noqa: BLE001 - the test tells it
        return {"raised": f"{type(error).__name__}: {error}"}
    finally:
        world.LISTENER.stop()
    return {**found, "asked": asked[:2], "too early": len(too_early)}


def two_apps() -> list[bool]:
    """What two apps say of the same feature and user, each with a provider of its own."""
    from openfeature.flag_evaluation import FlagResolutionDetails

    import world
    from app.flags import init_flags, is_enabled
    from app.providers import BooleanProvider

    class Provider(BooleanProvider):
        def __init__(self, answer: bool) -> None:
            super().__init__()
            self.answer = answer

        def resolve_boolean_details(self, flag_key, default_value, evaluation_context=None):  # type: ignore
            return FlagResolutionDetails(self.answer)

    apps = [world.new_app() for _ in range(2)]
    for app, answer in zip(apps, (True, False), strict=True):
        with app.app_context():
            init_flags(app, Provider(answer))
    said = []
    for app in apps:
        with app.app_context():
            said.append(is_enabled("long-loans", 7))
    return said


def offer(percent: int | None) -> dict[str, int]:
    """A copy and a user; long loans are on for so many, or whoever knows it is down."""
    from flask import current_app

    import world
    from app.flags import init_flags
    from app.providers import BooleanProvider

    class Down(BooleanProvider):
        def resolve_boolean_details(self, flag_key, default_value, evaluation_context=None):  # type: ignore
            raise TimeoutError("nobody answers")

    if percent is None:
        init_flags(current_app, Down())
    else:
        current_app.config["FEATURES"] = {"long-loans": percent}
    return {"copy_id": world.add_copy(), "user_id": world.add_user()}


def a_feature() -> str:
    return f"feature-{secrets.token_hex(4)}"


def test_a_percentage_is_a_share_of_the_users(inside):
    nobody, hardly, few, some, others, everybody = (a_feature() for _ in range(6))
    shares = {nobody: 0, hardly: 0.01, few: 0.9, some: 25, others: 25, everybody: 100}
    found = inside(chosen, shares, MANY)

    assert len(found[nobody]) == 0, "0 % is nobody"
    assert len(found[everybody]) == MANY, "100 % is everybody"
    for name, least, most in ((few, 1, 60), (some, 400, 600), (others, 400, 600)):
        count = len(found[name])
        assert least <= count <= most, f"{shares[name]} % of {MANY} users are {count}"
    both = len({*found[some]} & {*found[others]})
    assert both < 200, (
        f"two features are on for a quarter of the users, and {both} of them have both: always"
        " the same ones try what is new"
    )
    assert both > 50, (
        f"two features are on for a quarter of the users, and {both} of them have both: whether"
        " one is on says nothing of the other"
    )
    count = len(found[hardly])
    assert count < 7, f"0.01 % of {MANY} users are {count}: in steps of a hundredth of a percent"


def test_nobody_is_thrown_back_and_forth(inside):
    name = a_feature()
    shares = sorted(random.sample(range(5, 95), k=3))
    found = [inside(chosen, {name: share}, 600)[name] for share in shares]
    steps = list(zip(shares, found, strict=True))
    for (less, before), (more, after) in pairwise(steps):
        lost = len({*before} - {*after})
        assert lost == 0, f"from {less} % to {more} %: so many had the feature, and lose it"
    assert len(found[-1]) > 0, f"{shares[-1]} % of 600 users are nobody"
    again = inside(chosen, {name: shares[0]}, 600)[name]
    assert again == found[0], "the same users ask again, and get another answer"
    elsewhere = inside(chosen, {name: shares[0]}, 600, elsewhere=True)[name]
    assert elsewhere == found[0], "another process is asked, and gives another answer"


def test_what_nobody_knows_is_as_the_default_says(inside):
    said, loud = inside(unknown, a_feature())

    assert said == [False, True, False], "a feature that FEATURES does not have: the default"
    assert loud == [], "that a feature is not known is no failure, and nothing is logged"


def test_a_provider_that_fails_gives_the_default(inside):
    for kind in FAILURES:
        features = [a_feature(), a_feature()]
        found = inside(with_provider, kind, features, 3)
        raised = found.get("raised")
        assert raised is None, f"the provider {kind}: is_enabled, or init_flags, raised {raised}"
        for turn in (kind, "again"):
            said, lines = found[turn]
            assert said == [[True, False]] * 6, f"the provider {kind}: the default, True and False"
            loggers = {line[0] for line in lines} - {"app.flags"}
            assert loggers == set(), (
                f"the provider {kind}: others than app.flags log it, each time: {lines[:2]}"
            )
            counts = [sum(feature in line[2] for line in lines) for feature in features]
            assert counts == [1, 1], (
                f"the provider {kind}, and is asked again and again: how often the log names each"
                " of two features"
            )
            levels = {line[1] for line in lines}
            assert levels == {"WARNING"}, f"the provider {kind}: the level of what is logged"
        said, lines = found["works"]
        assert said == [[False, True]] * 6, "a provider was set that works, and does not count"
        assert lines == [], "a provider that works leaves nothing in the log"
        assert found["too early"] == 0, (
            "a provider was asked, and nobody had called its initialize(): one that opens a"
            " connection there has none"
        )
        expected = [[features[0], True, "7"], [features[0], False, "7"]]
        assert found["asked"] == expected, "what a provider is asked: feature, default, who"


def test_a_provider_that_does_not_start_keeps_nobody_from_starting(inside):
    found = inside(with_provider, "does not start", [a_feature()], 1)
    raised = found.get("raised")
    assert raised is None, f"a provider that cannot be initialised: init_flags raised {raised}"
    assert found["works"][0] == [[False, True]], "a provider was set that works, and does not count"


def test_each_app_has_a_provider_of_its_own(inside):
    assert inside(two_apps) == [True, False], "two apps in one process, each with a provider"


def test_long_loans_are_tried_with_some(client, inside):
    for percent, days in ((100, 28), (0, 21), (None, 21)):
        what = f"long-loans={percent}" if percent is not None else "whoever knows it is down"
        answer = client.post("/api/v1/loans", json=inside(offer, percent))
        assert answer.status_code == 201, f"{what}: a loan is a loan"
        moments = [answer.json[name] for name in ("borrowed_at", "due_at")]
        assert days_between(*moments) == days, f"{what}: for how many days"


def days_between(start: str, end: str) -> int:
    from datetime import datetime

    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).days
