"""Exercise 7.1: an image with what is needed, and nothing else.

The Dockerfile is read, and not built: stage by stage, with its variables filled in, as a builder
would. (CI builds the solution, and runs it.)
"""

import io
import json
import re
import secrets
import shlex
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import pytest
from dockerfile_parse import DockerfileParser

NEEDED = ("app/__init__.py", "app/models/book.py", "migrations/env.py", "wsgi.py")
NEEDED += ("migrations/versions/0001_the_library.py", "deploy/gunicorn.conf.py")
UNWANTED = (".env", ".git/config", "instance/library.db", "exercises/world.py", "step.toml")
UNWANTED += ("tests/conftest.py", "deploy/nginx.conf", "compose.yaml", "app/__pycache__/x.pyc")
SECRETS = re.compile("SECRET|PASSWORD|TOKEN|KEY|DATABASE_URL")
INSTALLERS = {"apt", "apt-get", "apk", "dnf", "microdnf", "yum", "dpkg", "pip", "pip3", "uv"}
INSTALLERS |= {"poetry", "pipenv", "pdm", "conda"}


@dataclass
class Line:
    """One instruction, with its variables filled in."""

    number: int
    name: str
    text: str
    flags: dict[str, str]

    @property
    def listed(self) -> list[str] | None:
        """The words of the exec form; None where it is something else."""
        try:
            words = json.loads(self.text)
        except ValueError:
            return None
        fits = isinstance(words, list) and all(isinstance(word, str) for word in words)
        return words if fits else None

    @property
    def words(self) -> list[str]:
        return self.listed or self.text.split()

    @property
    def commands(self) -> list[list[str]]:
        """The commands of a RUN, one after the other, each a list of words."""
        if self.listed is not None:
            return [self.listed]
        try:
            lexer = shlex.shlex(self.text, posix=True, punctuation_chars=";&|()\n")
            lexer.whitespace = " \t\r"
            words = list(lexer)
        except ValueError:
            words = self.text.split()
        found: list[list[str]] = [[]]
        for word in words:
            if set(word) <= set(";&|()\n"):
                found.append([])
            elif found[-1] or not re.match(r"\w+=", word):
                found[-1].append(word)
        return [command for command in found if command]


@dataclass
class Stage:
    name: str
    base: str
    lines: list[Line] = field(default_factory=list)
    parent: "Stage | None" = None

    @property
    def line(self) -> list["Stage"]:
        """Itself, and the stages that it begins with."""
        return [*(self.parent.line if self.parent else []), self]

    @property
    def chain(self) -> list[Line]:
        """All that made it, from the stage that it begins with on."""
        return [line for stage in self.line for line in stage.lines]

    def last(self, name: str) -> Line | None:
        return next((line for line in reversed(self.chain) if line.name == name), None)

    @property
    def environment(self) -> dict[str, str]:
        return {
            name: value
            for line in self.chain
            if line.name == "ENV"
            for name, value in pairs(line.text)
        }


@dataclass
class Recipe:
    """A Dockerfile."""

    stages: list[Stage]
    arguments: dict[str, tuple[int, str]]
    declared: list[tuple[Line, str]]

    def stage(self, name: str) -> Stage | None:
        places = {str(place): stage for place, stage in enumerate(self.stages)}
        named = {stage.name: stage for stage in self.stages if stage.name}
        return {**places, **named}.get(name.lower())


def read(text: str) -> Recipe:
    recipe = Recipe([], {}, [])
    known: dict[str, str] = {}
    for each in parsed(text):
        name, raw = each["instruction"], each["value"].strip()
        number = each["startline"] + 1
        if name == "COMMENT":
            continue
        flags = {}
        while found := re.match(r"--([\w-]+)(?:=(\S+))?\s+", raw):
            flags[found[1]] = fill(found[2] or "", known)
            raw = raw[found.end() :]
        line = Line(number, name, raw if name == "RUN" else fill(raw, known), flags)
        if name == "FROM":
            base, *rest = line.text.split()
            own = rest[1].lower() if len(rest) == 2 else ""
            stage = Stage(own, base, parent=recipe.stage(base))
            recipe.stages.append(stage)
            known = {key: value for key, (_, value) in recipe.arguments.items()}
            known |= stage.environment
        elif name == "ARG":
            for one in shlex.split(line.text):
                key, _, value = one.partition("=")
                recipe.declared.append((line, key))
                known[key] = value or known.get(key, "")
                if not recipe.stages:
                    recipe.arguments[key] = (number, value)
        elif recipe.stages:
            recipe.stages[-1].lines.append(line)
            if name == "ENV":
                known |= dict(pairs(line.text))
                recipe.declared += [(line, key) for key, _ in pairs(line.text)]
    return recipe


def parsed(text: str) -> list[dict[str, object]]:
    """What dockerfile-parse reads; for its sake a here-document becomes commands on one line."""
    lines, end = [], None
    for line in text.splitlines():
        if end is not None:
            closing = line.strip() == end
            lines.append("true" if closing else f"{line} ; \\")
            end = None if closing else end
        elif (found := re.search(r"^[^#]*<<-?[\"']?(\w+)[\"']?\s*$", line)) is not None:
            end = found[1]
            lines.append(re.sub(r"<<.*$", r"\\", line))
        else:
            lines.append(line)
    file = io.BytesIO(("\n".join(lines) + "\n").encode())
    return DockerfileParser(fileobj=file).structure


def fill(text: str, known: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, operator, other = found[1] or found[4], found[2], found[3]
        if operator == ":+":
            return other if known.get(name) else ""
        return known.get(name) or (other or "")

    return re.sub(r"\$(?:\{(\w+)(?:(:[-+])([^}]*))?\}|(\w+))", value, text)


def pairs(text: str) -> list[tuple[str, str]]:
    """The names and values of an ENV, in either of its two forms."""
    try:
        words = shlex.split(text)
    except ValueError:
        return []
    if words and "=" not in words[0]:
        return [(words[0], " ".join(words[1:]))]
    return [(name, value) for name, _, value in (word.partition("=") for word in words)]


def exactly(image: str) -> bool:
    """Whether this names one image of Python, and always the same."""
    return bool(re.search(r"@sha256:[0-9a-f]{64}$|:v?\d+\.\d+\.\d+[\w.-]*$", image))


WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def spelled(part: str) -> str:
    return part.replace("[!", "[^") if part.startswith("[") else re.escape(part)


def ignored(patterns: list[str], path: str) -> bool:
    """Whether .dockerignore keeps this file from the builder: the last pattern that fits wins."""
    out = False
    for pattern in patterns:
        wanted = pattern.lstrip("!").strip().strip("/").removeprefix("./")
        parts = re.split(r"(\*\*/?|\*|\?|\[[^]]*\])", wanted)
        steps = [WILD.get(part) or spelled(part) for part in parts]
        if re.fullmatch("".join(steps) + "(?:/.*)?", path):
            out = not pattern.startswith("!")
    return out


def brought(stage: Stage, patterns: list[str], files: list[str]) -> set[str]:
    """Which of these files of the folder are in the image."""
    seen = [path for path in files if not ignored(patterns, path)]
    found = set()
    for line in stage.chain:
        if line.name not in {"COPY", "ADD"} or "from" in line.flags:
            continue
        for source in line.words[:-1]:
            wanted = source.strip("/").removeprefix("./") or "."
            for path in seen:
                parents = [str(parent) for parent in PurePosixPath(path).parents]
                whole = [path, *parents[:-1]]
                if wanted == "." or any(PurePosixPath(one).match(wanted) for one in whole):
                    found.add(path)
    return found


@pytest.fixture
def recipe(source):
    read_in = read(source("Dockerfile").text)
    assert read_in.stages, "there is no FROM in the Dockerfile"
    return read_in


@pytest.fixture
def server(recipe):
    """The stage that runs: the last."""
    return recipe.stages[-1]


@pytest.fixture
def migrations(recipe, server):
    stage = recipe.stage("migrations")
    assert stage is not None, "no stage is called migrations: FROM … AS migrations"
    assert stage is not server, "migrations is the last stage, and the last one is the server"
    return stage


@pytest.fixture
def patterns(source):
    lines = [line.strip() for line in source(".dockerignore").text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_every_image_is_named_exactly(recipe, source):
    migrating = recipe.stage("migrations") or recipe.stages[-1]
    assert "PYTHON_IMAGE" in recipe.arguments, (
        "there is no ARG PYTHON_IMAGE ahead of the first FROM"
    )
    number, image = recipe.arguments["PYTHON_IMAGE"]
    assert exactly(image), (
        f"line {number}: {image or 'nothing'} is another image tomorrow: a digest names one, or a"
        " tag with all three numbers of the version"
    )
    found = re.search(r"python(?::v?(\d+)\.(\d+))?", image.rpartition("/")[2])
    assert found, f"line {number}: {image} is not an image of Python"
    if found[1] is not None:
        version = (int(found[1]), int(found[2]))
        assert version >= (3, 11), f"line {number}: the library needs Python 3.11 or newer"
    raw = [each for each in parsed(source("Dockerfile").text) if each["instruction"] == "FROM"]
    running = {id(stage) for stage in (*recipe.stages[-1].line, *migrating.line)}
    for stage, each in zip(recipe.stages, raw, strict=True):
        place, said = f"line {each['startline'] + 1}", f"FROM {each['value']}"
        if stage.parent is None and id(stage) in running:
            assert re.search(r"\$\{?PYTHON_IMAGE\b", said), (
                f"{place}: {said} is not ${{PYTHON_IMAGE}}, so nobody can build it on a base of"
                " their own"
            )
        assert stage.parent or exactly(stage.base), (
            f"{place}: {said} names no stage, and no image exactly"
        )
        for line in stage.lines:
            other = line.flags.get("from", "")
            mount = re.search(r"\bfrom=([^,\s]+)", line.flags.get("mount", ""))
            for image in filter(None, [other, mount and mount[1]]):
                assert recipe.stage(image) or exactly(image), (
                    f"line {line.number}: {image} is neither a stage nor named exactly"
                )


def test_what_installs_stays_behind(recipe, server):
    assert len(recipe.stages) > 1, "one stage: whatever it took to install is in the image as well"
    chain = [id(line) for line in server.chain]
    installing = []
    for stage in recipe.stages:
        for line in stage.lines:
            if line.name == "RUN" and any(installs(command) for command in line.commands):
                if id(line) in chain:
                    raise AssertionError(
                        f"line {line.number}: the stage that runs installs something itself; it"
                        " needs nothing but what another stage has installed"
                    )
                installing += [(stage, line)]
    locked = [
        (stage, line, command)
        for stage, line in installing
        for command in line.commands
        if installs(command) and "requirements.lock" in " ".join(command)
    ]
    assert locked, "no stage installs requirements.lock"
    for _, line, command in locked:
        assert "--require-hashes" in command, (
            f"line {line.number}: without --require-hashes a package may be another one than the"
            " one that was tested"
        )
    copied = {recipe_stage(recipe, line) for line in server.chain if line.name == "COPY"}
    wanted = {id(stage) for stage, _, _ in locked}
    assert wanted & copied, "what was installed does not come over: COPY --from a stage that did"


def recipe_stage(recipe: Recipe, line: Line) -> int | None:
    stage = recipe.stage(line.flags.get("from", ""))
    return None if stage is None else id(stage)


def installs(command: list[str]) -> bool:
    """Whether this changes what is installed: apt-get, or pip by whatever path."""
    names = [PurePosixPath(word).name for word in command]
    if len(names) > 2 and names[0].startswith("python") and names[1] == "-m":
        names = names[2:]
    return bool(names) and names[0] in INSTALLERS


def test_it_holds_what_runs_and_nothing_else(server, migrations, patterns):
    made_up = f"notes-{secrets.token_hex(4)}.txt"
    files = [*NEEDED, *UNWANTED, made_up, "requirements.lock", "pyproject.toml"]
    for name, stage in (("the last stage", server), ("migrations", migrations)):
        found = brought(stage, patterns, files)
        for path in NEEDED:
            assert path in found, (
                f"{name} lacks {path}: no COPY brings it, or .dockerignore hides it"
            )
        for path in (*UNWANTED, made_up):
            assert path not in found, f"{path} of this folder, if there is one, is in {name}"


def test_nobody_is_root(server, migrations):
    for name, stage in (("the last stage", server), ("migrations", migrations)):
        line = stage.last("USER")
        assert line is not None, f"{name} has no USER: it runs as root"
        user = line.text.split(":")[0].strip().strip("\"'")
        assert user.isdecimal(), (
            f"line {line.number}: USER {line.text} is a name, and whoever forbids root cannot see"
            " what it stands for: a number, from 1000 on"
        )
        assert int(user) >= 1000, f"line {line.number}: {name} runs as user {user}: from 1000 on"


def test_gunicorn_is_what_a_signal_reaches(server):
    entry, command = server.last("ENTRYPOINT"), server.last("CMD")
    assert entry or command, "the last stage has neither CMD nor ENTRYPOINT: nothing runs"
    words = []
    for line in filter(None, (entry, command)):
        assert line.listed is not None, (
            f"line {line.number}: {line.name} is not in exec form, so a shell runs as the first"
            " process, and SIGTERM does not reach what it started"
        )
        words += line.listed
    number = (command or entry).number
    program = [PurePosixPath(word).name for word in words]
    if program[:1] and program[0].startswith("python") and program[1:2] == ["-m"]:
        program, words = program[2:], words[2:]
    assert program[:1] == ["gunicorn"], f"line {number}: what runs is {words[:1]}, and not gunicorn"
    said = " ".join(words[1:])
    assert "wsgi:app" in words, f"line {number}: gunicorn is not told to run wsgi:app"
    assert re.search(r"(-c|--config)[ =](\S*/)?deploy/gunicorn\.conf\.py( |$)", said), (
        f"line {number}: gunicorn does not read deploy/gunicorn.conf.py"
    )
    address = re.search(r"(?:-b|--bind)[ =](\S+)", said)
    got = address[1] if address else "what deploy/gunicorn.conf.py says"
    assert got in {"0.0.0.0:8000", "[::]:8000", ":8000"}, (
        f"line {number}: gunicorn listens on {got}; 127.0.0.1 is the container itself, and"
        " nobody outside gets there"
    )


def test_it_says_whether_it_is_well(server):
    line = server.last("HEALTHCHECK")
    asks = line is not None and line.text.upper() != "NONE"
    assert asks, "the last stage has no HEALTHCHECK"
    place = f"line {line.number}"
    assert "/healthz" in line.text, f"{place}: the health check does not ask /healthz"
    assert re.search(r"(127\.0\.0\.1|localhost|\[::1\]|0\.0\.0\.0):8000", line.text) or (
        "8000" in line.text
    ), f"{place}: the health check does not ask port 8000, where gunicorn listens"
    tool = re.search(r"\b(curl|wget)\b", line.text)
    assert tool is None, f"{place}: there is no {tool and tool[1]} in the image, and Python is"
    for name, default, most in (("interval", "30s", 60), ("timeout", "30s", 5)):
        got = seconds(line.flags.get(name, default))
        assert 0 < got <= most, (
            f"{place}: --{name} is {line.flags.get(name, f'{default}, by default')}: {most} seconds"
            " at most"
        )


def seconds(text: str) -> float:
    """A span of time as the flags have it; 0 where it is none."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", text)
    if "".join(number + unit for number, unit in parts) != text:
        return 0
    return sum(
        float(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit] for number, unit in parts
    )


def test_what_is_set(server):
    wanted = {"APP_ENV": "production", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    for name, value in wanted.items():
        got = server.environment.get(name)
        assert got == value, f"{name} of the last stage is not {value}"


def test_nothing_secret_is_in_it(recipe):
    for line, name in recipe.declared:
        secret = SECRETS.search(name.upper()) and not name.upper().endswith("_FILE")
        assert not secret, (
            f"line {line.number}: {line.name} {name}: whoever has the image can read it, with"
            " `docker history` or `docker inspect`"
        )


def test_migrations_have_what_a_backup_takes(migrations):
    installing = [
        (line, command)
        for line in migrations.chain
        if line.name == "RUN"
        for command in line.commands
        if installs(command) and "install" in command
    ]
    assert installing, "the stage migrations has no pg_dump: it is in postgresql-client"
    packages = set()
    for line, command in installing:
        place = f"line {line.number}"
        packages |= {
            word.partition("=")[0]
            for word in command[command.index("install") + 1 :]
            if not word.startswith("-") and not re.match(r"\w+::", word)
        }
        said = " ".join(command)
        assert "--no-install-recommends" in command or "Install-Recommends" in said, (
            f"{place}: what is merely recommended comes along: --no-install-recommends"
        )
        texts = [" ".join(each) for each in line.commands]
        assert any("update" in each.split() for each in texts), (
            f"{place}: the list of packages is fetched in another RUN, and the layer of that one is"
            " kept from an earlier build, with packages that are gone"
        )
        cached = "type=cache" in line.flags.get("mount", "")
        removed = any(re.match(r"rm\b.*/var/lib/apt/lists", each) for each in texts)
        assert removed or cached, (
            f"{place}: /var/lib/apt/lists stays in the layer: what another RUN removes is still"
            " in the image"
        )
    others = sorted(one for one in packages if not re.fullmatch(r"postgresql-client(-\d+)?", one))
    assert others == [], f"the stage migrations needs postgresql-client, and not {others[0]}"
    assert packages, "the stage migrations has no pg_dump: it is in postgresql-client"

    entry, command = migrations.last("ENTRYPOINT"), migrations.last("CMD")
    words = [word for line in (entry, command) if line for word in (line.listed or [])]
    line = command or entry
    said = " ".join(PurePosixPath(word).name for word in words)
    assert re.search(r"flask (.* )?safe-upgrade backups$", said), (
        f"{f'line {line.number}: ' if line else ''}the stage migrations does not run `flask"
        " safe-upgrade /backups`, in exec form"
    )
