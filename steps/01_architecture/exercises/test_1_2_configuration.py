"""Exercise 1.2: settings come from the environment when asked for, and bad ones are refused."""

import ast
import random
import secrets

import pytest

ENVIRONMENTS = ["development", "testing", "production"]
GOOD_KEY = secrets.token_hex(32)


def call_get_config(name: str, environ: dict[str, str], env_file: str | None = None) -> object:
    """What ``get_config(name)`` gives there, or how it refuses."""
    from contextlib import ExitStack
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from flask import Config

    from app.config import ConfigError, get_config
    from world import environment, plain

    settings = Config(".")
    with ExitStack() as stack:
        if env_file is not None:
            file = Path(stack.enter_context(TemporaryDirectory()), "local.env")
            file.write_text(env_file, encoding="utf-8")
            environ = {**environ, "ENV_FILE": str(file)}
        with environment(**environ):
            try:
                settings.from_object(get_config(name))
            except ConfigError as error:
                return {"refused": str(error)}
            except (LookupError, ValueError) as error:
                return {"raised": f"{type(error).__name__}: {error}"}
    return {"settings": plain(settings)}


def call_get_config_in_turn(
    names: list[str], environ: dict[str, str], env_file: str
) -> list[object]:
    """As ``call_get_config``, one environment after the other in one process."""
    import os
    import tempfile
    from pathlib import Path

    from flask import Config

    from app.config import ConfigError, get_config
    from world import environment, plain

    found: list[object] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "local.env")
        file.write_text(env_file, encoding="utf-8")
        with environment(**environ, ENV_FILE=str(file)):
            before = dict(os.environ)
            for name in names:
                settings = Config(".")
                try:
                    settings.from_object(get_config(name))
                    found.append({"settings": plain(settings)})
                except ConfigError as error:
                    found.append({"refused": str(error)})
            changed = [key for key in os.environ if os.environ[key] != before.get(key)]
    return [*found, sorted(changed)]


def call_get_config_in_another_project(line: str) -> object:
    """``app/config.py`` copied to a project of its own with a ``.env`` beside ``wsgi.py``."""
    import os
    import shutil
    import sys
    import tempfile
    from importlib.util import module_from_spec, spec_from_file_location
    from pathlib import Path

    from flask import Config

    import app.config
    from world import environment, plain

    settings = Config(".")
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        (project / "app").mkdir(parents=True)
        elsewhere = Path(folder, "elsewhere")
        elsewhere.mkdir()
        (project / "wsgi.py").touch()
        (project / ".env").write_text(line, encoding="utf-8")
        copy = shutil.copy(app.config.__file__, project / "app")
        spec = spec_from_file_location("config_of_another_project", copy)
        module = module_from_spec(spec)
        sys.modules[spec.name] = module
        with environment():
            del os.environ["ENV_FILE"]
            os.chdir(elsewhere)
            try:
                spec.loader.exec_module(module)
                settings.from_object(module.get_config("development"))
            finally:
                os.chdir(here)
                del sys.modules[spec.name]
    return plain(settings)


def settings_of(found: object, what: str) -> dict[str, object]:
    assert_no_crash(found, f"get_config for {what} raised")
    is_refused = "refused" in found
    assert not is_refused, f"{what} was refused: {found['refused']}"
    settings = found["settings"]
    assert settings, (
        f"get_config gave no settings for {what}: it must return an object, and they are its"
        " attributes; is there a return at its end?"
    )
    return settings


def assert_no_crash(found: object, what: str) -> None:
    is_crash = "raised" in found
    assert not is_crash, f"{what} {found['raised']}"


def assert_refused(found: object, variable: str, what: str, value: str = "") -> None:
    advice = f"get_config must raise ConfigError, and its message must name {variable}"
    assert_no_crash(found, f"{advice}; {what} raised")
    outcome = "ConfigError" if "refused" in found else "accepted"
    assert outcome == "ConfigError", f"{what} was accepted: get_config must raise ConfigError"
    said = found["refused"]
    assert variable in said, f"the message for {what} does not name {variable}: {said!r}"
    if len(value) > 3:
        is_shown = value in said
        assert not is_shown, (
            f"the message for {what} shows the value, and logs are read by many: {said!r}"
        )


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_defaults_of_each_environment(inside, name):
    settings = settings_of(
        inside(call_get_config, name, {"SECRET_KEY": GOOD_KEY}),
        f"{name} with a good SECRET_KEY set just before the call",
    )

    expected = {
        "TESTING": name == "testing",
        "SAMPLE_DATA": name == "development",
        "ADMIN_KEY": "",
        "LOG_LEVEL": "DEBUG" if name == "development" else "INFO",
        "MAX_CONTENT_LENGTH": 1024 * 1024,
    }
    for key, value in expected.items():
        assert settings.get(key) == value, f"{key} has the wrong default in {name}"


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_what_the_environment_says_arrives(inside, name):
    for _ in range(2):
        size = random.randrange(2_000, 9_000_000)
        environ = {
            "SECRET_KEY": secrets.token_hex(32),
            "ADMIN_KEY": secrets.token_hex(32),
            "LOG_LEVEL": random.choice(["WARNING", "ERROR"]),
            "MAX_CONTENT_LENGTH": str(size),
        }
        # These two are no settings: the environment may hold them, it must not decide.
        others = {"TESTING": "true", "SAMPLE_DATA": "true"}
        found = inside(call_get_config, name, environ | others)
        settings = settings_of(found, f"{name} with good values")

        for key, value in {**environ, "MAX_CONTENT_LENGTH": size}.items():
            assert settings.get(key) == value, (
                f"{name}: {key} of the environment did not arrive; it wins over the default, and is"
                " read when get_config is called, not when the module is imported"
            )
        for key, at_home in (("TESTING", "testing"), ("SAMPLE_DATA", "development")):
            assert settings.get(key) == (name == at_home), (
                f"a variable {key} turned it on in {name}: it is true in {at_home} only"
            )


def test_every_log_level_is_accepted(inside):
    for level in ("INFO", "DEBUG", "WARNING", "ERROR"):
        environ = {"SECRET_KEY": GOOD_KEY, "LOG_LEVEL": level}
        settings = settings_of(inside(call_get_config, "production", environ), f"LOG_LEVEL={level}")

        assert settings.get("LOG_LEVEL") == level, "the log level of the environment did not arrive"


def test_a_size_arrives_as_a_number(inside):
    for size in (1, 17, 1048577):
        environ = {"MAX_CONTENT_LENGTH": str(size)}
        settings = settings_of(inside(call_get_config, "testing", environ), f"a size of {size}")

        got = settings.get("MAX_CONTENT_LENGTH")
        assert got == size, f"MAX_CONTENT_LENGTH={size} must be the number of bytes, not {got!r}"


@pytest.mark.parametrize("name", ["development", "testing"])
def test_a_random_secret_is_made_outside_production(inside, name):
    found = [settings_of(inside(call_get_config, name, {}), name) for _ in range(2)]
    one, other = (settings.get("SECRET_KEY") for settings in found)

    assert isinstance(one, str), f"{name} without SECRET_KEY in the environment must make one"
    assert len(one) >= 32, f"the secret made for {name} is shorter than 32 bytes: {one!r}"
    assert one != other, (
        f"{name} has the same secret at each call, {one!r}: whoever reads the code can sign what"
        " your app trusts; make a random one"
    )


def test_an_empty_secret_counts_as_none(inside):
    settings = settings_of(inside(call_get_config, "testing", {"SECRET_KEY": ""}), "SECRET_KEY=''")

    got = settings.get("SECRET_KEY")
    assert got, f"an empty SECRET_KEY in testing must give a random one, not {got!r}"


@pytest.mark.parametrize("environ", [{}, {"SECRET_KEY": ""}], ids=["missing", "empty"])
def test_production_refuses_to_start_without_a_secret(inside, environ):
    found = inside(call_get_config, "production", environ)

    assert_refused(found, "SECRET_KEY", "production without a SECRET_KEY, or with an empty one,")


def test_production_refuses_a_short_secret(inside):
    for size in (1, 16, 31):
        secret = secrets.token_hex(16)[:size]
        found = inside(call_get_config, "production", {"SECRET_KEY": secret})

        assert_refused(found, "SECRET_KEY", f"production with a secret of {size} byte(s)", secret)


@pytest.mark.parametrize(
    "secret", [secrets.token_hex(16), "ß" * 16], ids=["32_letters", "16_letters_of_2_bytes"]
)
def test_production_accepts_a_secret_of_32_bytes(inside, secret):
    found = inside(call_get_config, "production", {"SECRET_KEY": secret})

    settings = settings_of(
        found, f"a secret of {len(secret.encode())} bytes, {len(secret)} letters,"
    )
    assert settings.get("SECRET_KEY") == secret, "the secret must arrive as it was set"


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title], ids=["low", "upper", "title"])
def test_production_refuses_a_well_known_secret(inside, spell):
    words = ["change", "default", "example", "insecure", "password", "placeholder", "secret"]
    for word in map(spell, words):
        secret = f"{secrets.token_hex(random.randrange(9))}{word}{secrets.token_hex(16)}"
        found = inside(call_get_config, "production", {"SECRET_KEY": secret})

        assert_refused(found, "SECRET_KEY", f"a secret that contains {word!r}", secret)


@pytest.mark.parametrize("name", ["development", "testing"])
def test_only_production_is_strict_about_secrets(inside, name):
    settings = settings_of(inside(call_get_config, name, {"SECRET_KEY": "secret"}), name)

    assert settings.get("SECRET_KEY") == "secret", f"in {name} any secret that is set will do"


def test_a_log_level_in_small_letters_is_none(inside):
    found = inside(call_get_config, "testing", {"LOG_LEVEL": "debug"})

    got = found.get("settings", {}).get("LOG_LEVEL", "DEBUG")
    assert got == "DEBUG", (
        f"LOG_LEVEL=debug came out as {got!r}, which logging does not know: refuse it"
    )


@pytest.mark.parametrize(
    "value", ["LOUD", "CRITICAL", ""], ids=["unknown", "not_among_the_four", "empty"]
)
def test_a_log_level_that_is_none_is_refused(inside, value):
    for name in ENVIRONMENTS:
        found = inside(call_get_config, name, {"SECRET_KEY": GOOD_KEY, "LOG_LEVEL": value})

        assert_refused(found, "LOG_LEVEL", f"LOG_LEVEL={value!r} in {name}", value)


@pytest.mark.parametrize(
    "value",
    ["0", "-1024", "16.5", "16MB", "²", ""],
    ids=["zero", "negative", "fraction", "with_a_unit", "of_another_kind", "empty"],
)
def test_a_size_that_makes_no_sense_is_refused(inside, value):
    for name in ENVIRONMENTS:
        found = inside(call_get_config, name, {"SECRET_KEY": GOOD_KEY, "MAX_CONTENT_LENGTH": value})

        assert_refused(found, "MAX_CONTENT_LENGTH", f"a size of {value!r} in {name}", value)


def test_an_unknown_environment_is_refused(inside):
    name = f"staging-{secrets.token_hex(3)}"
    found = inside(call_get_config, name, {"SECRET_KEY": GOOD_KEY})

    assert_refused(found, "APP_ENV", f"get_config({name!r})")


def test_development_reads_the_env_file(inside):
    key, size = secrets.token_urlsafe(12), random.randrange(2_000, 9_000)
    file = f"# mine\nADMIN_KEY={key}\nMAX_CONTENT_LENGTH='{size}'\n"
    settings = settings_of(inside(call_get_config, "development", {}, file), "a good ENV_FILE")

    got = (settings.get("ADMIN_KEY"), settings.get("MAX_CONTENT_LENGTH"))
    assert got == (key, size), "what stands in the file that ENV_FILE names did not arrive"


def test_the_real_environment_wins_over_the_env_file(inside):
    real, local = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
    file = f"ADMIN_KEY={local}\n"
    found = inside(call_get_config, "development", {"ADMIN_KEY": real}, file)

    got = settings_of(found, "a good ENV_FILE").get("ADMIN_KEY")
    assert got == real, (
        "the file says one thing and the environment another: the environment wins, so that"
        " ADMIN_KEY=… flask run does what it says"
    )


def test_a_bad_value_in_the_env_file_is_refused(inside):
    found = inside(call_get_config, "development", {}, "LOG_LEVEL=LOUD\n")

    assert_refused(found, "LOG_LEVEL", "LOG_LEVEL=LOUD in the file", "LOUD")


@pytest.mark.parametrize("name", ["testing", "production"])
def test_the_env_file_is_for_development_only(inside, name):
    file = f"ADMIN_KEY={secrets.token_urlsafe(12)}\nLOG_LEVEL=ERROR\n"
    found = inside(call_get_config, name, {"SECRET_KEY": GOOD_KEY}, file)

    settings = settings_of(found, f"{name} with an ENV_FILE")
    got = (settings.get("ADMIN_KEY"), settings.get("LOG_LEVEL"))
    assert got == ("", "INFO"), f"{name} took settings from a file that was forgotten on the disk"


def test_production_takes_no_secret_from_the_env_file(inside):
    found = inside(call_get_config, "production", {}, f"SECRET_KEY={GOOD_KEY}\n")

    assert_refused(found, "SECRET_KEY", "a SECRET_KEY that stands in the file only", GOOD_KEY)


def test_reading_the_env_file_leaves_the_environment_alone(inside):
    file = f"SECRET_KEY={GOOD_KEY}\nADMIN_KEY={secrets.token_urlsafe(12)}\n"
    *found, changed = inside(call_get_config_in_turn, ["development", "production"], {}, file)

    assert changed == [], (
        f"get_config('development') put {', '.join(changed)} into the environment of the whole"
        " process, where production finds it next"
    )
    assert_refused(found[1], "SECRET_KEY", "production after development in the same process")


def test_the_env_file_lies_beside_wsgi(inside):
    key = secrets.token_urlsafe(12)
    settings = inside(call_get_config_in_another_project, f"ADMIN_KEY={key}\n")

    assert settings.get("ADMIN_KEY") == key, (
        "with no ENV_FILE, development reads .env beside wsgi.py, wherever it is started from"
    )


def test_no_secret_stands_in_the_code(source):
    for line, text in literals(source("app/config.py").tree):
        assert text == "", (
            f"app/config.py:{line} writes a secret into the code: everyone who can read the"
            " repository knows it, and it stays in its history"
        )


def literals(tree: ast.AST) -> list[tuple[int, str]]:
    """Texts that the code itself gives to a secret setting, with their lines.

    As a value, ``SECRET_KEY = "…"``, or as a default, ``environ.get("SECRET_KEY", "…")``.
    """
    pairs: list[tuple[ast.expr | None, ast.expr | None]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            pairs += [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign):
            pairs.append((node.target, node.value))
        elif isinstance(node, ast.Call) and named(node.func) in {"get", "getenv", "setdefault"}:
            pairs += [(node.args[0], default) for default in node.args[1:2]]
    return [
        (part.lineno, part.value)
        for target, value in pairs
        if named(target) in {"SECRET_KEY", "ADMIN_KEY"}
        for part in fallbacks(value)
        if isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and part.value != named(target)  # SECRET_KEY = "SECRET_KEY" is the variable's name
    ]


def named(target: ast.expr | None) -> str:
    if isinstance(target, ast.Constant):
        return str(target.value)
    return getattr(target, "id", None) or getattr(target, "attr", "")


def fallbacks(value: ast.expr | None) -> list[ast.expr]:
    """The expressions that may become the value: both sides of ``or``, both ends of ``if``."""
    if isinstance(value, ast.BoolOp):
        return [part for side in value.values for part in fallbacks(side)]
    if isinstance(value, ast.IfExp):
        return fallbacks(value.body) + fallbacks(value.orelse)
    return [value] if value is not None else []
