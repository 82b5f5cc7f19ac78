"""Exercise 1.1: importing the package builds nothing, the factory builds everything."""

import random
import secrets

import pytest


def import_afresh() -> list[str]:
    import importlib

    from world import counted_apps, environment, fresh_import

    with fresh_import(), environment(), counted_apps() as made:
        importlib.import_module("app")
    return made


def settings_read_by_importing(environ: dict[str, str]) -> list[str]:
    import importlib

    from world import environment, fresh_import, watched_environment

    with fresh_import(), environment(**environ), watched_environment() as seen:
        importlib.import_module("app")
    return sorted(seen)


def make_apps(names: list[str], environ: dict[str, str]) -> list[dict[str, bool]]:
    from app import create_app
    from world import environment

    with environment(**environ):
        apps = [create_app(name) for name in names]
    return [{key: bool(app.config.get(key)) for key in ("TESTING", "SAMPLE_DATA")} for app in apps]


def apps_made_by(names: list[str], secret: str) -> dict[str, int]:
    from app import create_app
    from world import environment

    with environment(SECRET_KEY=secret):
        apps = [create_app(name) for name in names]
    return {"calls": len(names), "apps": len({id(app) for app in apps})}


def change_one_of_two(name: str, key: str, value: str) -> list[object]:
    from app import create_app
    from world import environment

    with environment():
        one, other = create_app(name), create_app(name)
    one.config[key] = value
    return [one.config.get(key), other.config.get(key)]


def refusals(name: str) -> dict[str, str]:
    from app import create_app
    from app.config import get_config
    from world import environment

    raised = {}
    with environment():
        for function in (get_config, create_app):
            try:
                function(name)
            except Exception as error:  # noqa: BLE001 - whatever a learner raises
                raised[function.__name__] = type(error).__name__
            else:
                raised[function.__name__] = "nothing"
    return raised


def parts_of_a_new_app() -> dict[str, object]:
    from app import create_app
    from app.extensions import store
    from world import environment

    with environment():
        app = create_app("development")
        others = create_app("testing")
    with app.app_context():
        books = len(store.books)
    return {
        "blueprints": sorted(app.blueprints),
        "extensions": sorted({"request_count", "store"} & set(app.extensions)),
        "error handlers": any(
            classes for codes in app.error_handler_spec.values() for classes in codes.values()
        ),
        "sample books": books > 0,
        "extensions shared with another app": app.extensions is others.extensions,
    }


def test_importing_the_package_builds_no_app(inside):
    made = inside(import_afresh)

    assert made == [], (
        f"import app made {len(made)} Flask app(s) on the spot: whoever imports it, a test or a"
        " script, gets them whether they want them or not; build in create_app only"
    )


def test_importing_the_package_reads_no_setting(inside):
    environ = {"APP_ENV": "testing", "SECRET_KEY": secrets.token_hex(32)}
    seen = inside(settings_read_by_importing, environ)

    assert seen == [], (
        f"import app looked at {', '.join(seen)} in the environment: settings are read when"
        " create_app is called, or a test that sets them comes too late"
    )


def test_two_apps_with_different_settings_coexist(inside):
    settings = {
        "development": {"TESTING": False, "SAMPLE_DATA": True},
        "testing": {"TESTING": True, "SAMPLE_DATA": False},
        "production": {"TESTING": False, "SAMPLE_DATA": False},
    }
    names = random.sample(sorted(settings), k=3) + random.choices(sorted(settings), k=2)
    environ = {"SECRET_KEY": secrets.token_hex(32), "APP_ENV": random.choice(names)}
    found = inside(make_apps, names, environ)

    for name, got in zip(names, found, strict=True):
        assert got == settings[name], (
            f"create_app({name!r}), one of {len(names)} apps side by side, does not have the"
            f" settings of {name}, whatever APP_ENV says"
        )


def test_every_call_gives_a_new_app(inside):
    names = ["testing", "development", "testing", "development"]
    found = inside(apps_made_by, names, secrets.token_hex(32))

    assert found["apps"] == found["calls"], (
        f"{found['calls']} calls of create_app gave {found['apps']} different app(s): each call"
        " must build its own, or one test's changes reach the next"
    )


@pytest.mark.parametrize("name", ["development", "testing"])
def test_a_setting_changed_in_one_app_stays_there(inside, name):
    value = secrets.token_hex(8)
    one, other = inside(change_one_of_two, name, "LOG_LEVEL", value)

    assert one == value, "a setting that a test puts into app.config must stay there"
    assert other != value, "a setting changed in one app changed in another app too"


def test_an_unknown_name_is_refused(inside):
    name = f"staging-{secrets.token_hex(3)}"
    raised = inside(refusals, name)

    assert raised["create_app"] == raised["get_config"], (
        f"create_app({name!r}) raised {raised['create_app']}, and get_config of that name"
        f" {raised['get_config']}: pass it on, or a typo in APP_ENV starts the wrong app"
    )


def test_the_factory_sets_up_every_part(inside):
    found = inside(parts_of_a_new_app)

    expected = {
        "blueprints": ["admin", "authors", "books", "users"],
        "extensions": ["request_count", "store"],
        "error handlers": True,
        "sample books": True,
        "extensions shared with another app": False,
    }
    for part, value in expected.items():
        assert found[part] == value, (
            f"a part of an app made by create_app('development') is not set up: {part}"
        )
