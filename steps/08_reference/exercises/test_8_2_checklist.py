"""Exercise 8.2: the checklist finds what is wrong, and nothing else."""

import random
import secrets

import pytest


def say_of_files(check: str, projects: list[dict[str, str]]) -> list[list[str]]:
    from sabotage import of_files

    return of_files(check, projects)


def say_of_apps(check: str, names: list[str]) -> list[list[str]]:
    from sabotage import of_apps

    return of_apps(check, names)


def say_of_this_app(checks: list[str]) -> dict[str, list[str]]:
    from pathlib import Path

    from sabotage import sentences

    import world

    app, found = world.new_app(), {}
    for check in checks:
        found[check] = sentences(check, app, Path.cwd())
        if found[check]:  # the last that ran is the one that the learner is told of
            break
    return found


CHECKS = [
    "factory",
    "extensions",
    "secrets",
    "hints",
    "tests",
    "document",
    "examples",
    "guards",
    "scopes",
    "security",
    "pages",
    "limits",
    "health",
    "image",
]


def judge(what, said, names) -> None:
    """``said`` must name each of ``names`` in a sentence of its own, or be empty without any.

    Several words in one of them are several names in one sentence.
    """
    raised = [sentence for sentence in said if sentence.startswith("RAISED")]
    assert raised == [], f"{what}: the check raised, and the rest of the list was never read"
    if not names:
        assert said == [], f"{what}: all is well, and the check found something"
        return
    assert len(said) == len(names), f"{what}: the number of findings: {said}"
    for name in names:
        is_named = any(all(word in sentence for word in name.split()) for sentence in said)
        assert is_named, f"{what}: nothing names {' and '.join(name.split())}: {said}"


def module():
    return f"app/{secrets.token_hex(3)}.py".replace("app/", "app/m")


def judge_text(inside, check, cases, allowed="") -> None:
    """Each case is what stands in a module, and whether that is wrong there."""
    projects, expected = [], []
    for text, is_wrong in cases.items():
        name = module() if random.random() < 0.5 else module().replace("app/", "app/deep/er/")
        projects.append({name: text, "app/other.py": "x = 1\n"})
        expected.append((text, [name] if is_wrong else []))
    if allowed:
        wrong = next(text for text, is_wrong in cases.items() if is_wrong)
        for name in allowed.split():
            projects.append({name: wrong})
            expected.append((f"{wrong} in {name}", []))
            namesake = f"app/zone/{name.removeprefix('app/')}"  # comes after those that may
            projects.append({name: wrong, namesake: wrong})
            expected.append((f"{wrong} in {namesake}", [namesake]))
        projects.append({"elsewhere/other.py": wrong, "app/x.py": ""})
        expected.append((f"{wrong} in a module that is not below app/", []))
    for (text, names), said in zip(expected, inside(say_of_files, check, projects), strict=True):
        judge(f"{check}, where a module says {text!r}", said, names)


def test_the_app_as_it_is_is_well(inside):
    checks = [check for check in CHECKS if check != "examples"]  # it takes seconds: see below
    found = inside(say_of_this_app, checks)
    for check, said in found.items():
        judge(f"{check}, of this app", said, [])
    assert list(found) == checks, "not every check was asked"


def test_apps_are_made_in_the_factory(inside):
    cases = {
        "from flask import Flask\napp = Flask(__name__)\n": True,
        "import flask\nif True:\n    app = flask.Flask('app')\n": True,
        "from flask import Flask\ndef create_app():\n    return Flask(__name__)\n": False,
        "from flask import Flask\nclass A:\n    def new(self):\n        return Flask('a')\n": False,
        "from flask import Flask\nclass A:\n    app = Flask(__name__)\n": True,
        "from flask import Flask\nfor app in [Flask(__name__)]:\n    app.run()\n": True,
        "from flask import Flask\ndef use(app: Flask) -> Flask:\n    return app\n": False,
        "'Flask(__name__)'  # Flask()\n": False,
    }
    judge_text(inside, "factory", cases)


def test_extensions_have_one_home(inside):
    cases = {
        "from flask_caching import Cache\ncache = Cache()\n": True,
        "from flask_limiter import Limiter as Guard\nlimiter = Guard(key_func=None)\n": True,
        "from flask_caching import Cache\nkept = [Cache()]\n": True,
        "from flask_caching import Cache\ndef make(app):\n    return Cache(app)\n": False,
        "from flask import Blueprint\nbooks = Blueprint('books', __name__)\n": False,
        "from flask_marshmallow.schema import Schema\nclass A(Schema):\n    pass\n": False,
        "from flask_sqlalchemy import SQLAlchemy\ndb: SQLAlchemy\nprint('SQLAlchemy()')\n": False,
        "from app.extensions import cache\nkept = dict()\n": False,
        "from . import books\nfrom .flask_tools import make\nkept = dict()\n": False,
        "from app.flask_tools import make\nkept = make()\n": False,
    }
    judge_text(inside, "extensions", cases, allowed="app/extensions.py")


def test_no_secret_in_the_code(inside):
    word = secrets.token_hex(8)
    cases = {
        f"SECRET_KEY = '{word}'\n": True,
        f"class C:\n    admin_password: str = '{word}'\n": True,
        f"def f(self):\n    self.Api_Key = '{word}'\n": True,
        f"a = B_TOKEN = '{word[:8]}'\n": True,
        f"class D:\n    client_secret = '{word}'\n": True,
        "SECRET_KEY = os.environ['SECRET_KEY']\n": False,
        "token = ''\npassword = 'shorter'\n": False,
        f"tokens = '{word}'\nsecret_length = 32\n": False,
        f"password: str\nprint('password', '{word}')\n": False,
    }
    judge_text(inside, "secrets", cases)


def test_caching_is_decided_in_one_place(inside):
    cases = {
        "response.headers['Cache-Control'] = 'no-store'\n": True,
        "def f():\n    return '', 200, {'Cache-Control': 'public'}\n": True,
        "def f(headers):\n    headers.setdefault('Cache-Control', 'private')\n": True,
        "class C:\n    NAME = 'Cache-Control'\n": True,
        '"""Sets Cache-Control: no-store."""\n# "Cache-Control"\n': False,
        "x = 'cache'\n": False,
    }
    names = ("blueprints/health", "caching", "checklist", "hooks", "openapi/contracts", "pages")
    allowed = " ".join(f"app/{name}.py" for name in names)
    judge_text(inside, "hints", cases, allowed=allowed)


TESTS = {
    "schemas": "from app.schemas.book import BookSchema\ndef test_a():\n    pass\n",
    "services": "def test_b():\n    from app.services import loans\n",
    "routes": "def test_c(app, client):\n    pass\n",
}


# A module of tests, and what nobody tests where there is no other.
ALONE = {
    "import app.schemas\ndef helper(client):\n    '''app.services'''\n": ["services", "routes"],
    "class TestBooks:\n    def test_a(self, client):\n        pass\n": ["schemas", "services"],
    "from . import book\nfrom app.services_of_old import loans\n": [*TESTS],
}


def test_each_layer_has_tests(inside):
    projects, expected = [], []
    for missing in ([], ["schemas"], ["services"], ["routes"], [*TESTS]):
        files = {f"tests/test_{k}.py": text for k, text in TESTS.items() if k not in missing}
        others = {"app/x.py": "".join(TESTS.values()), "tests/deep/test_x.py": "x = 1\n"}
        projects.append(files | others)
        expected.append((f"of which none are there for {missing}", missing))
    for text, missing in ALONE.items():
        projects.append({"tests/unit/test_a.py": text})
        expected.append((f"of which the only one says {text!r}", missing))
    found = inside(say_of_files, "tests", projects)
    for (what, missing), said in zip(expected, found, strict=True):
        judge(f"tests, {what}", said, missing)


STAGES = {
    "FROM python:3.11-slim AS builder\nRUN pip install flask\n"
    "FROM python:3.11-slim\nCOPY --from=builder /opt /opt\n": False,
    "from a as b\nrun c\n\nfrom a\n# RUN d\ncmd e\n": False,
    "FROM python:3.11-slim\nRUN pip install flask\nCMD flask run\n": True,
    "FROM python:3.11-slim\nCOPY . .\n": True,
    "FROM a AS b\nRUN c\nFROM a\nENV D=1 \\\n    RUNTIME=e\n": False,
    "FROM a AS b\nRUN c\nFROM a\nCOPY d d\nrun apt-get install gcc\n": True,
    "FROM a AS b\nRUN c\nFROM a\n\tRUN\td\n": True,
    "# FROM a\nFROM b\nCMD c\n": True,
    "": True,
}


def test_the_image_is_small(inside):
    projects = [{"Dockerfile": text} for text in STAGES] + [{"app/x.py": ""}]
    wrong = [*STAGES.values(), True]
    texts = [
        *(f"where Dockerfile says {text!r}" for text in STAGES),
        "where there is no Dockerfile",
    ]
    said = inside(say_of_files, "image", projects)
    for text, is_wrong, sentences in zip(texts, wrong, said, strict=True):
        judge(f"image, {text}", sentences, ["Dockerfile"] if is_wrong else [])


SPOILT = {
    "document": {
        "a path left out": ["users.get_myself"],
        "a method left out": ["books.add_book"],
        "a path of another app": [],
        "no document": ["/openapi.json"],
        "a list for a document": ["/openapi.json"],
    },
    "examples": {
        "a bad example": ["/paths/~1api~1v1~1books/post"],
        "no summary": ["/paths/~1api~1v1~1books/post"],
        "two mistakes": ["/paths/~1api~1v1~1books/post"] * 2,
        "a good document": [],
        "no document": [],
    },
    "guards": {"no guard": ["planted"], "public": [], "any credentials": []},
    "scopes": {
        "an unknown scope": ["planted books:rite"],
        "a known scope": [],
        "public": [],
        "no guard": [],
    },
    "security": {
        "open in the document": ["books.list_books"],
        "nothing on credentials": ["books.add_book"],
        "a path left out": [],
        "a path of another app": [],
        "no document": [],
        "no paths in the document": [],
    },
    "pages": {
        "a collection at once": ["planted"],
        "a collection that is not listed": [],
        "a collection elsewhere": [],
        "a known scope": [],
    },
    "limits": {
        "a view that never counts": ["planted"],
        "limits off": ["RATELIMIT_ENABLED"],
        "limits that nobody has set": [],
        "a probe that never counts": [],
    },
    "health": {
        "no probe": ["/readiness"],
        "a probe behind a login": ["/healthz"],
        "a probe that counts": ["/healthz"],
        "a probe for POST": ["/readiness"],
        "a good document": [],
    },
}


@pytest.mark.parametrize("check", list(SPOILT))
def test_what_is_wrong_with_an_app_is_named(inside, check):
    cases = SPOILT[check]
    for case, said in zip(cases, inside(say_of_apps, check, list(cases)), strict=True):
        judge(f"{check}, of an app with {case}", said, cases[case])
