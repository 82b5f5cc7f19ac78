"""Exercise 7.2: what is wrong is told at once, secrets come from files, and none is shown."""

import random
import secrets
import string

PROBLEMS = {
    "LOG_LEVEL": "LOUD",
    "MAX_CONTENT_LENGTH": "plenty",
    "RATE_LIMIT": "now and then",
    "TRUSTED_PROXIES": "-17",
    "REDIS_URL": "memcached://nowhere",
    "TRACES_EXPORTER": "paper",
    "METADATA_URL": "books.example.org",
    "FEATURES": "long-loans=101",
}
"""Variables, each with a value that no environment takes."""

SECRETS = {
    "ADMIN_KEY": "ADMIN_KEY",
    "DATABASE_URL": "SQLALCHEMY_DATABASE_URI",
    "REDIS_URL": "REDIS_URL",
    "SECRET_KEY": "SECRET_KEY",
    "SIGNING_KEYS": "SIGNING_KEYS",
}
"""Each secret variable of production, and what it is called in the config."""


def configured(cases: list[dict[str, object]]) -> list[dict[str, object]]:
    """What ``get_config`` gives for each case: what it says, or how it refuses.

    A case has the ``name`` of an environment, its ``environ``, and ``files``: for a variable the
    text of the file that it names, as it is, byte for byte. ``FOLDER`` is the folder of them.
    """
    import json
    import tempfile
    from pathlib import Path

    from app.config import ConfigError, get_config
    from world import environment

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases):
            environ = {
                variable: value.replace("FOLDER", folder)
                for variable, value in case["environ"].items()
            }
            for variable, text in case.get("files", {}).items():
                file = Path(folder, f"{number}-{variable}")
                file.write_bytes(text.encode("latin-1"))
                environ[variable] = str(file)
            with environment(**environ):
                try:
                    config = get_config(case["name"])
                except ConfigError as error:
                    found.append({"refused": str(error).replace(folder, "FOLDER")})
                except Exception as error:  # noqa: BLE001 - the test tells it
                    found.append({"raised": f"{type(error).__name__}: {error}"})
                else:
                    said = {key: getattr(config, key) for key in dir(config) if key.isupper()}
                    found.append({"settings": json.loads(json.dumps(said, default=str))})
    return found


def redacted_of(config: dict[str, object]) -> object:
    """What may be shown of ``config``, and of what JSON cannot carry."""
    import json
    from copy import deepcopy

    from app.settings import redacted

    class Thing:
        def __repr__(self) -> str:
            return "hunter2"

    things = {"THING": Thing(), "PAIR": (1, Thing()), "SET": {"hunter2"}, 7: {8: "seven"}}
    given = {**deepcopy(config), **things, "RAW": b"hunter2"}
    shown = redacted(given)
    if any(given.get(name) != value for name, value in config.items()):
        return "spoilt"
    return json.loads(json.dumps(shown, default=lambda value: f"an object: {value!r}"))


def command(settings: dict[str, str]) -> dict[str, object]:
    """What ``flask settings`` prints where the config has these."""
    from flask import current_app

    current_app.config.update(settings)
    result = current_app.test_cli_runner().invoke(args=["settings"])
    return {"code": result.exit_code, "output": result.output}


def a_key() -> str:
    return secrets.token_hex(24)


def production(**more: str) -> dict[str, str]:
    return {"SECRET_KEY": a_key(), "DATABASE_URL": "sqlite:///here.db", **more}


def ask(inside, *cases: dict[str, object]) -> list[dict[str, object]]:
    found = inside(configured, list(cases))
    for case, one in zip(cases, found, strict=True):
        crash = one.get("raised")
        assert crash is None, f"get_config({case['name']!r}) raised {crash}, and no ConfigError"
    return found


def settings_of(found: dict[str, object], what: str) -> dict[str, object]:
    refused = found.get("refused")
    assert refused is None, f"{what} was refused: {refused}"
    return found["settings"]


def lines_of(found: dict[str, object], what: str) -> list[str]:
    outcome = "ConfigError" if "refused" in found else "accepted"
    assert outcome == "ConfigError", f"{what}: nothing was said against it"
    return found["refused"].splitlines()


def test_all_that_is_wrong_is_told_at_once(inside):
    wrong = random.sample(sorted(PROBLEMS), k=4)
    environ = {**PROBLEMS, **dict.fromkeys(SECRETS, ""), "REDIS_URL": PROBLEMS["REDIS_URL"]}
    cases = [
        {"name": "production", "environ": environ},
        {"name": "testing", "environ": {name: PROBLEMS[name] for name in wrong}},
        {"name": "testing", "environ": {wrong[0]: PROBLEMS[wrong[0]]}},
    ]
    everything, some, one = ask(inside, *cases)

    for found, names, what in (
        (everything, {*PROBLEMS, "SECRET_KEY", "DATABASE_URL"}, "everything is wrong"),
        (some, set(wrong), f"{', '.join(wrong)} are wrong"),
        (one, {wrong[0]}, f"{wrong[0]} is wrong"),
    ):
        lines = lines_of(found, what)
        told = sorted(line.partition(":")[0] for line in lines)
        assert told == sorted(names), (
            f"{what}: the message has one line for each variable that is wrong, VARIABLE: problem,"
            " so that one start tells it all"
        )
        bare = [line for line in lines if not line.partition(":")[2].strip()]
        assert not bare, f"{what}: a line names a variable, and not what is wrong with it: {bare}"
        shown = [value for value in PROBLEMS.values() if value in "\n".join(lines)]
        assert not shown, f"{what}: the message shows values, and logs are read by many: {shown}"


def test_problems_come_in_the_order_in_which_they_were_noted(inside):
    def in_order(names: list[str]) -> list[str]:
        from app.config import ConfigError
        from app.settings import Settings

        settings = Settings({})
        settings.check()
        for number, name in enumerate(names):
            settings.complain(name, f"problem {number}")
        settings.complain(names[0], "another one")
        try:
            settings.check()
        except ConfigError as error:
            return str(error).splitlines()
        return []

    names = [f"NAME_{secrets.token_hex(3).upper()}" for _ in range(5)]
    told = inside(in_order, names)
    assert told == [f"{name}: problem {number}" for number, name in enumerate(names)], (
        "what complain has noted: of each variable the first problem, in that order"
    )


def test_what_cannot_be_read_is_the_default(inside):
    def read_all(said: dict[str, str], default: int) -> list[object]:
        from app.settings import Settings

        settings = Settings(said)
        return [settings.read(name, int, default) for name in ("GOOD", "BAD", "MISSING")]

    good, default = random.sample(range(1000, 9999), k=2)
    found = inside(read_all, {"GOOD": str(good), "BAD": "many"}, default)
    assert found == [good, default, default], (
        "read(), of a number, of a text that is none, and of nothing: what parse makes of it, or"
        " else the default, so that reading goes on and finds what else is wrong"
    )


def test_a_secret_may_come_from_a_file(inside):
    password = f"{a_key()} {a_key()}"
    values = {
        "ADMIN_KEY": f" {password}\t",
        "DATABASE_URL": f"sqlite:///{a_key()}.db",
        "REDIS_URL": f"redis://:{a_key()}@localhost/0",
        "SECRET_KEY": f"{a_key()}\xc3\xa9",
        "SIGNING_KEYS": f"one:{a_key()} two:{a_key()}",
    }
    ends = [random.choice(["\n", "\r\n", ""]) for _ in values]
    files = {
        f"{name}_FILE": text + end for (name, text), end in zip(values.items(), ends, strict=True)
    }
    empty = {"SECRET_KEY": "", "DATABASE_URL": "", "ADMIN_KEY": "", "SIGNING_KEYS": ""}
    empty_files = {"TEST_DATABASE_URL_FILE": "", "ADMIN_KEY_FILE": ""}
    two = {"ADMIN_KEY_FILE": f"{password}\r\n{password}\n\n"}
    found = ask(
        inside,
        {"name": "production", "environ": empty, "files": files},
        {"name": "testing", "environ": {}, "files": two},
        {"name": "testing", "environ": {"ADMIN_KEY": password, "ADMIN_KEY_FILE": ""}},
        {"name": "testing", "environ": {"LOG_LEVEL_FILE": "/nowhere"}},
        {"name": "testing", "environ": {}, "files": empty_files},
    )

    what = "a production whose secrets are in files, beside variables that are empty,"
    settings = settings_of(found[0], what)
    for (name, key), end in zip(SECRETS.items(), ends, strict=True):
        expected = values[name].encode("latin-1").decode()
        is_there = settings.get(key) == expected
        assert is_there, (
            f"{name}_FILE names a file that ends with {end!r}: its text, without the line break at"
            f" its end and nothing else taken off, did not arrive as {key}"
        )
    twice = settings_of(found[1], "a file with an empty line at its end").get("ADMIN_KEY")
    assert twice == f"{password}\r\n{password}\n", (
        "of two line breaks at the end of the file one is taken off, and one within stays as it is"
    )
    lines = lines_of(found[4], "an empty file of TEST_DATABASE_URL_FILE")
    assert [line.partition(":")[0] for line in lines] == ["TEST_DATABASE_URL"], (
        "TEST_DATABASE_URL_FILE and ADMIN_KEY_FILE name empty files: the text of each is empty,"
        " which is no address, and an ADMIN_KEY that opens to nobody"
    )
    unnamed = settings_of(found[2], "an ADMIN_KEY beside an empty ADMIN_KEY_FILE")
    assert unnamed.get("ADMIN_KEY") == password, "an ADMIN_KEY_FILE that is empty counts as none"
    level = settings_of(found[3], "LOG_LEVEL_FILE").get("LOG_LEVEL")
    assert level == "INFO", "LOG_LEVEL is no secret, and LOG_LEVEL_FILE means nothing"


def test_a_file_that_cannot_be_used_is_a_problem(inside):
    name = random.choice(["SECRET_KEY", "SIGNING_KEYS", "ADMIN_KEY"])
    gone = f"FOLDER/{secrets.token_hex(4)}"
    secret = a_key()
    loud = {"LOG_LEVEL": "LOUD"}
    found = ask(
        inside,
        {"name": "production", "environ": production(**{f"{name}_FILE": gone, name: ""})},
        {"name": "production", "environ": production(**{f"{name}_FILE": "FOLDER", name: ""})},
        {"name": "testing", "environ": loud, "files": {f"{name}_FILE": f"{secret}\xff"}},
        {"name": "testing", "environ": {name: secret}, "files": {f"{name}_FILE": secret}},
        {"name": "development", "environ": {}, "files": {"ENV_FILE": f"{name}_FILE={gone}"}},
    )

    for one, what in zip(found[:2], ["is not there", "is a folder"], strict=True):
        lines = lines_of(one, f"the file of {name}_FILE {what}")
        told = [line for line in lines if line.startswith(f"{name}: ")]
        assert len(told) == len(lines) == 1, f"the file of {name}_FILE {what}, and this is said"
        assert "FOLDER" in told[0], f"the file of {name}_FILE {what}: the problem names the file"
    lines = lines_of(found[2], "a file that is no text, and a wrong LOG_LEVEL")
    names = sorted(line.partition(":")[0] for line in lines)
    assert names == sorted([name, "LOG_LEVEL"]), (
        f"the file of {name}_FILE is no UTF-8, and LOG_LEVEL is wrong: each has its line"
    )
    is_quoted = secret in "\n".join(lines)
    assert not is_quoted, f"the file of {name}_FILE is no UTF-8: the message shows what is in it"
    lines = lines_of(found[3], f"{name} is set, and so is {name}_FILE")
    assert [line.partition(":")[0] for line in lines] == [name], (
        f"{name} is set, and so is {name}_FILE: whoever set one of them does not know of the other"
    )
    is_told = secret in lines[0]
    assert not is_told, "the message shows a secret"
    lines = lines_of(found[4], f".env has a {name}_FILE, and no such file is there")
    assert [line.partition(":")[0] for line in lines] == [name], (
        f".env has a {name}_FILE, and no such file is there: what Settings is given counts"
    )


def test_staging_is_production_with_other_values(inside):
    environ = production(
        LOG_LEVEL=random.choice(["ERROR", "WARNING"]), ADMIN_KEY=a_key(), TRUSTED_PROXIES="2"
    )
    weak = {"SECRET_KEY": "", "WEB_CONCURRENCY": "3"}
    names = ("production", "staging")
    cases = [{"name": name, "environ": one} for one in (environ, weak) for name in names]
    good, same, refused, also = ask(inside, *cases)

    expected = settings_of(good, "production")
    got = settings_of(same, "staging, with the variables of a good production,")
    different = sorted(key for key in {*expected, *got} if expected.get(key) != got.get(key))
    assert different == [], "with the same variables, these settings of staging and production"
    assert lines_of(also, "a staging without secrets") == lines_of(refused, "production"), (
        "what production refuses, staging refuses: it is there to find that out"
    )
    (unknown,) = ask(inside, {"name": secrets.token_hex(3), "environ": environ})
    assert "staging" in lines_of(unknown, "an environment that nobody knows")[0], (
        "for an environment that nobody knows the message lists those that there are"
    )


def test_nothing_secret_is_shown(inside):
    letters = [*"/?#@: []%&\n", *random.choices(string.ascii_letters, k=9)]
    password = "".join(random.sample(letters, k=len(letters)))
    host = f"db-{secrets.token_hex(3)}.example.org"
    word = secrets.token_hex(6)
    config = {
        "SECRET_KEY": a_key(),
        "ADMIN_KEY": "",
        "SOME_password": a_key(),
        "A_TOKEN_OF": 12345,
        "CLIENT_SECRETS": [a_key()],
        "SECRET_FALLBACKS": None,
        "USES_KEYS": False,
        "HAS_KEYS": True,
        "KEY_OF_NOBODY": 0,
        "DATABASE_URL": f"postgresql+psycopg://ada:{password}@{host}:5432/library",
        "REDIS_URL": f"rediss://:{password}@{host}/0",
        "HOME": f"https://{host}:8443/shelf/",
        "MAIL": f"ada@{host}: {word}",
        "LEVEL": word,
        "COUNT": 0,
        "RATIO": 0.5,
        "DEBUG": True,
        "NOTHING": None,
        "LINES": [word, f"amqp://ada:{password}@{host}", ["deep", {"api_key": word}]],
        "OPTIONS": {"password": word, "url": f"ftp://u:{password}@{host}", "depth": {"n": 1}},
    }
    shown = inside(redacted_of, config)

    expected = {
        "SECRET_KEY": "***",
        "ADMIN_KEY": "",
        "SOME_password": "***",
        "A_TOKEN_OF": "***",
        "CLIENT_SECRETS": "***",
        "SECRET_FALLBACKS": None,
        "USES_KEYS": False,
        "HAS_KEYS": "***",
        "KEY_OF_NOBODY": "***",
        "DATABASE_URL": f"postgresql+psycopg://ada:***@{host}:5432/library",
        "REDIS_URL": f"rediss://:***@{host}/0",
        "HOME": f"https://{host}:8443/shelf/",
        "MAIL": f"ada@{host}: {word}",
        "LEVEL": word,
        "COUNT": 0,
        "RATIO": 0.5,
        "DEBUG": True,
        "NOTHING": None,
        "LINES": [word, f"amqp://ada:***@{host}", ["deep", {"api_key": "***"}]],
        "OPTIONS": {"password": "***", "url": f"ftp://u:***@{host}", "depth": {"n": 1}},
        "THING": "Thing",
        "PAIR": [1, "Thing"],
        "SET": "set",
        "RAW": "bytes",
        "7": {"8": "seven"},
    }
    assert shown != "spoilt", "redacted writes into the config that the app runs with"
    assert isinstance(shown, dict), f"redacted gives a mapping, not {shown!r}"
    for name, value in expected.items():
        assert shown.get(name, "no such name") == value, f"what redacted shows of {name}"
    assert sorted(shown) == sorted(expected), "redacted shows the names that the config has"


def test_the_command_can_go_into_a_ticket(inside):
    environ = {
        "SECRET_KEY": a_key(),
        "ADMIN_KEY": a_key(),
        "SIGNING_KEYS": f"one:{a_key()}",
        "METADATA_URL": "https://me:hunter2@books.example.org/v1",
    }
    shown = inside(command, environ)

    assert shown["code"] == 0, f"flask settings fails: {shown['output']}"
    hidden = [environ[name] for name in list(environ)[:3]] + ["hunter2"]
    leaked = [value for value in hidden if value.removeprefix("one:") in shown["output"]]
    assert not leaked, "flask settings shows a secret"
    assert "books.example.org" in shown["output"], "flask settings hides what is no secret"
