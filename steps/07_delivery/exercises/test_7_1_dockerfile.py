"""Exercise 7.1: an image with what is needed, and nothing else.

The Dockerfile is read, and not built: stage by stage, with its variables filled in, as a builder
would. (CI builds the solution, and runs it.)
"""

import ast
import io
import json
import re
import secrets
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import basename, dirname, join, normpath

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


INSTALLED = "<what was installed>"
"""Where programs such as gunicorn are, in a listing of files."""


def listing(recipe: Recipe, stage: Stage, patterns: list[str], files: list[str]) -> dict[str, str]:
    """Where in the image which of these files of the folder are, as COPY puts them there."""
    folder = {path: path for path in files if not ignored(patterns, path)}
    held: dict[str, str] = {}
    for line, where, known in walked(stage):
        if line.name == "RUN" and any(reads_the_lock(line, command) for command in line.commands):
            held[join(installed_in(stage, where, known), "bin", "gunicorn")] = INSTALLED
        elif line.name in {"COPY", "ADD"} and len(line.words) > 1:
            other = recipe.stage(line.flags.get("from", ""))
            if other is not None and other is not stage:
                seen = listing(recipe, other, patterns, files)
            else:
                seen = {} if "from" in line.flags else folder
            held |= copied(line, where, seen, {dirname(path) for path in held})
    return held


def walked(stage: Stage) -> list[tuple[Line, str, dict[str, str]]]:
    """The lines of what made it, each with the folder and the variables that are there."""
    where, known, found = "/", {}, []
    for line in stage.chain:
        if line.name == "WORKDIR":
            where = normpath(join(where, line.text.strip("\"'")))
        elif line.name == "ENV":
            known |= dict(pairs(line.text))
        found.append((line, where, dict(known)))
    return found


def copied(line: Line, where: str, seen: dict[str, str], folders: set[str]) -> dict[str, str]:
    """What one COPY puts where: of a folder what is in it, and not the folder."""
    *sources, to = line.words
    target = normpath(join(where, to))
    into = to.endswith(("/", ".")) or len(sources) > 1 or target in {where, *folders}
    found = {}
    for source in sources:
        wanted = normpath(join("/", source)).lstrip("/")
        for path, origin in seen.items():
            name = path.lstrip("/")
            if "parents" in line.flags and fits(name, wanted):
                found[join(target, name)] = origin
            elif name == wanted or ("*" in wanted and alike(name, wanted)):
                found[join(target, basename(name)) if into else target] = origin
            elif fits(name, wanted):
                deep = len(wanted.split("/")) if wanted else 0
                found[join(target, *name.split("/")[deep:])] = origin
    return found


def fits(name: str, wanted: str) -> bool:
    """Whether this is a file that COPY is to bring, or within a folder that it is to bring."""
    parents = [str(parent) for parent in PurePosixPath(name).parents][:-1]
    return not wanted or any(alike(one, wanted) for one in (name, *parents))


def alike(name: str, wanted: str) -> bool:
    return name.count("/") == wanted.count("/") and PurePosixPath(name).match(wanted)


def reads_the_lock(line: Line, command: list[str]) -> bool:
    """Whether this installs requirements.lock, under whatever name it was mounted."""
    mounted = re.search(
        r"(?:source|src)=\S*requirements\.lock,(?:\S*,)?(?:target|dst|destination)=([^,\s]+)",
        line.flags.get("mount", "") + " " + line.text,
    )
    name = basename(mounted[1]) if mounted else "requirements.lock"
    return installs(command) and name in " ".join(command)


def environment_of(stage: Stage, where: str, known: dict[str, str]) -> str | None:
    """The virtual environment that it makes, if it does."""
    made = None
    for line in stage.chain:
        for command in line.commands if line.name == "RUN" else []:
            names = [basename(word) for word in command]
            for tool in ("venv", "virtualenv"):
                if tool in names[:3] and not installs(command[:1]) or names[:2] == ["uv", tool]:
                    paths = [
                        one for one in command[names.index(tool) + 1 :] if not one.startswith("-")
                    ]
                    made = join(where, fill(paths[-1], known)) if paths else join(where, ".venv")
    return None if made is None else normpath(made)


def installed_in(stage: Stage, where: str, known: dict[str, str]) -> str:
    """Below which folder the packages of the lock are: an environment, a prefix, Python's own."""
    for line in stage.chain:
        for command in line.commands if line.name == "RUN" else []:
            if reads_the_lock(line, command):
                said = fill(" ".join(command), known)
                if found := re.search(r"(?:--prefix|--target|-t)[ =](\S+)", said):
                    return normpath(join(where, found[1]))
                if "--user" in command:
                    return "/root/.local"
                program = fill(command[0], known)
                if program.startswith("/") and "/bin/" in program and "/usr" not in program:
                    return dirname(dirname(program))
    return environment_of(stage, where, known) or "/usr/local"


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
        assert stage.parent or exactly(stage.base) or stage.base == "scratch", (
            f"{place}: {said} names no stage, and no image exactly"
        )
        if stage.parent is None and id(stage) in running:
            assert re.search(r"\$\{?PYTHON_IMAGE\b", said), (
                f"{place}: {said} is not ${{PYTHON_IMAGE}}, so nobody can build it on a base of"
                " their own"
            )
        for line in stage.lines:
            other = line.flags.get("from", "")
            mount = re.search(r"\bfrom=([^,\s]+)", line.flags.get("mount", ""))
            for image in filter(None, [other, mount and mount[1]]):
                assert recipe.stage(image) or exactly(image), (
                    f"line {line.number}: {image} is neither a stage nor named exactly"
                )


def test_what_installs_stays_behind(recipe, server, patterns):
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
        if reads_the_lock(line, command)
    ]
    assert locked, "no stage installs requirements.lock"
    for _, line, command in locked:
        assert "--require-hashes" in command, (
            f"line {line.number}: without --require-hashes a package may be another one than the"
            " one that was tested"
        )
    image = recipe.arguments.get("PYTHON_IMAGE", (0, ""))[1]
    for stage, line, _ in locked:
        with_it, here = minor(stage.line[0].base), minor(image)
        assert None in {with_it, here} or with_it == here, (
            f"line {line.number}: Python {with_it} installs, and Python {here} runs: it looks"
            " elsewhere, and what was compiled is for the other one"
        )
        ahead = Stage("", "", before(line, stage))
        early = set(listing(recipe, ahead, patterns, list(NEEDED)).values()) & set(NEEDED)
        assert not early, (
            f"line {line.number}: {min(early)} is copied before: with each change of it, all is"
            " installed anew"
        )


def minor(image: str) -> str | None:
    """The version of Python that an image's tag names, such as 3.11."""
    found = re.search(r"python:(\d+\.\d+)\.", image)
    return found and found[1]


def test_what_runs_is_there(recipe, server, migrations, patterns):
    for name, stage in (("the last stage", server), ("migrations", migrations)):
        places = {
            dirname(place): place
            for place, origin in listing(recipe, stage, patterns, []).items()
            if origin == INSTALLED
        }
        words = started(stage)
        program = basename(words[0]) if words else "what runs"
        as_module = program.startswith("python")
        made = {
            environment_of(each, where, known)
            for each in recipe.stages
            for _, where, known in walked(each)[-1:]
        } - {None}
        if as_module and not made:
            continue
        assert places, (
            f"what was installed does not come over to {name}: COPY --from a stage that did, and"
            " the folder into which it did"
        )
        if not words or program not in {"gunicorn", "flask", "python", "python3"}:
            continue
        path = stage.environment.get("PATH", "").split(":")
        path += ["/usr/local/bin", "/usr/bin", "/bin"]
        found = dirname(words[0]) or next((one for one in path if one in places), "")
        assert found in places, (
            f"{name} runs {words[0]}, which is in {min(places)}: neither does ENV PATH begin with"
            " that, nor does the command name it in full"
        )
        moved = made and found not in {join(one, "bin") for one in made if one}
        loose = any("--relocatable" in line.text for each in recipe.stages for line in each.lines)
        assert not moved or as_module or loose or dirname(found) == "/usr/local", (
            f"a virtual environment was made in {min(filter(None, made))}, and copied to"
            f" {dirname(found)}: its programs look for their Python where it was made"
        )


def started(stage: Stage) -> list[str]:
    """The words of what runs."""
    lines = filter(None, (stage.last("ENTRYPOINT"), stage.last("CMD")))
    return [word for line in lines for word in (line.listed or [])]


def installs(command: list[str]) -> bool:
    """Whether this changes what is installed: apt-get, or pip by whatever path."""
    names = [PurePosixPath(word).name for word in command]
    if len(names) > 2 and names[0].startswith("python") and names[1] == "-m":
        names = names[2:]
    return bool(names) and names[0] in INSTALLERS


def test_it_holds_what_runs_and_nothing_else(recipe, server, migrations, patterns):
    made_up = f"notes-{secrets.token_hex(4)}.txt"
    files = [*NEEDED, *UNWANTED, made_up, "requirements.lock", "pyproject.toml"]
    for name, stage in (("the last stage", server), ("migrations", migrations)):
        held = listing(recipe, stage, patterns, files)
        found = set(held.values())
        for path in NEEDED:
            assert path in found, (
                f"{name} lacks {path}: no COPY brings it, or .dockerignore hides it"
            )
        for path in (*UNWANTED, made_up):
            assert path not in found, f"{path} of this folder, if there is one, is in {name}"
        homes = [dirname(place) for place, origin in held.items() if origin == "wsgi.py"]
        for path in NEEDED:
            places = [place for place, origin in held.items() if origin == path]
            assert any(join(home, path) in places for home in homes), (
                f"{name} has {path} as {places[0]}, and wsgi.py in {homes[0]}: there it would be"
                f" {join(homes[0], path)} (COPY of a folder brings what is in it)"
            )
        _, where, known = walked(stage)[-1]
        elsewhere = {"PYTHONPATH", "FLASK_APP"} & set(known) or "/wsgi" in " ".join(started(stage))
        assert elsewhere or "--chdir" in " ".join(started(stage)) or where in homes, (
            f"{name} begins in {where}, and wsgi.py is in {homes[0]}: WORKDIR"
        )


def test_nobody_is_root(server, migrations):
    for name, stage in (("the last stage", server), ("migrations", migrations)):
        line = stage.last("USER")
        assert line is not None, f"{name} has no USER: it runs as root"
        user = line.text.split(":")[0].strip().strip("\"'")
        assert user, f"line {line.number}: USER is empty: does its ARG have a value in this stage?"
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
    is_told_twice = "gunicorn" in program[1:]
    assert not is_told_twice, (
        f"line {number}: gunicorn is told gunicorn: CMD is what ENTRYPOINT is told, after its own"
    )
    said = " ".join([*words[1:], server.environment.get("GUNICORN_CMD_ARGS", "")])
    assert "wsgi:app" in words, f"line {number}: gunicorn is not told to run wsgi:app"
    assert re.search(r"(-c|--config)[ =](\S*/)?deploy/gunicorn\.conf\.py( |$)", said), (
        f"line {number}: gunicorn does not read deploy/gunicorn.conf.py"
    )
    address = re.search(r"(?:-b|--bind)[ =](\S+)", said)
    got = address[1] if address else "what deploy/gunicorn.conf.py says"
    port = got.rpartition(":")[2]
    assert not address or port == "8000", f"line {number}: gunicorn listens on port {port}: 8000"
    assert got in {"0.0.0.0:8000", "[::]:8000", ":8000"}, (
        f"line {number}: gunicorn listens on {got}; 127.0.0.1 is the container itself, and"
        " nobody outside gets there"
    )


def test_it_says_whether_it_is_well(server):
    line = server.last("HEALTHCHECK")
    asks = line is not None and line.text.upper() != "NONE"
    assert asks, "the last stage has no HEALTHCHECK"
    place = f"line {line.number}"
    form, _, said = line.text.partition(" ")
    assert form.upper() == "CMD", f"{place}: HEALTHCHECK {form}: it is CMD that says what to run"
    said = said.strip()
    assert not said.startswith("[") or as_json(said), (
        f"{place}: the health check begins as exec form and is no list of JSON (double quotes), so"
        " a shell would run it, brackets and all"
    )
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


def as_json(text: str) -> list[str]:
    return Line(0, "", text, {}).listed or []


def ask(code, status):
    """The Python of a health check, while the server answers so: what it says of it."""
    import io
    import socket

    class Connection:
        def makefile(self, *args, **kwargs):
            return io.BytesIO(f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\n{{}}".encode())

        def __getattr__(self, name):
            return lambda *args, **kwargs: None

    def connect(*args, **kwargs):
        if status is None:
            raise ConnectionRefusedError(111, "Connection refused")
        return Connection()

    real, socket.create_connection = socket.create_connection, connect
    try:
        exec(code, {"__name__": "__main__"})  # noqa: S102 - as Python runs it
    except SystemExit as end:
        return "well" if not end.code else "not well"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        socket.create_connection = real
    return "well"


def test_it_is_well_only_where_healthz_says_so(server, source, inside):
    line = server.last("HEALTHCHECK")
    assert line is not None, "the last stage has no HEALTHCHECK"
    said = line.text.partition(" ")[2].strip()
    try:
        words = as_json(said) or shlex.split(said)
    except ValueError:
        words = []
    place = f"line {line.number}"
    swallowed = re.search(
        r"(?:\|\||;)\s*(?:true|:|exit 0)\s*$", words[-1] if as_json(said) else said
    )
    assert swallowed is None, (
        f"{place}: the health check ends with {swallowed and swallowed[0]!r}, and says that all is"
        " well whatever it finds"
    )
    python = words and basename(words[0]).startswith("python") and "-c" in words[:-1]
    if not python:
        return
    code = words[words.index("-c") + 1]
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        raise AssertionError(f"{place}: the health check is no Python: {error.msg}") from None
    lock = source("requirements.lock").text
    for node in ast.walk(tree):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        for name in (one.partition(".")[0] for one in names):
            there = name in sys.stdlib_module_names
            locked = re.search(rf"^{name.replace('_', '[-_]')}==", lock, re.M | re.I)
            assert there or locked, f"{place}: the image has no {name}: requirements.lock lacks it"
            if not there:
                looks = re.search(r"raise_for_status|\.status|\.ok\b|is_success", code)
                assert looks, (
                    f"{place}: whatever /healthz answers, the health check says all is well"
                )
                return
    got = inside(ask, code, 200)
    assert got == "well", f"{place}: /healthz answers with 200, and the health check finds"
    for status, said in ((503, "/healthz answers with 503"), (None, "nobody listens")):
        got = inside(ask, code, status)
        assert got != "well", f"{place}: {said}, and the health check says that all is well"


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


def before(line: Line, stage: Stage) -> list[Line]:
    """What a builder has done by the time that it comes to ``line``."""
    return stage.chain[: [id(each) for each in stage.chain].index(id(line))]


def nobody_is_asked(line: Line, command: list[str]) -> bool:
    """Whether apt goes on by itself: ``-y`` in one of its spellings, ``-qq``, or a setting."""
    said = {"--yes", "--assume-yes"} & set(command)
    short = [word for word in command if re.fullmatch(r"-[A-Za-z]+", word)]
    return bool(
        said
        or any("y" in word or word.count("q") > 1 for word in short)
        or re.search(r"assume-yes|\byes\b[^|&;]*\||-q=?2", line.text, re.I)
    )


def test_migrations_have_what_a_backup_takes(migrations):
    installing = [
        (line, command)
        for line in migrations.chain
        if line.name == "RUN"
        for command in line.commands
        if installs(command) and {"install", "add"} & set(command)
    ]
    assert installing, "the stage migrations has no pg_dump: it is in postgresql-client"
    packages = set()
    for line, command in installing:
        place = f"line {line.number}"
        verb = "install" if "install" in command else "add"
        packages |= {
            word.partition("=")[0]
            for word in command[command.index(verb) + 1 :]
            if not word.startswith("-") and not re.match(r"\w+::", word)
        }
        said = " ".join(command)
        alpine = "alpine" in migrations.line[0].base
        assert alpine == (command[0] == "apk"), (
            f"{place}: {migrations.line[0].base} has no {command[0]}"
        )
        if alpine:
            assert "--no-cache" in command, f"{place}: the list of packages stays: --no-cache"
            continue
        done = before(line, migrations)
        user = ([each.text.split(":")[0] for each in done if each.name == "USER"] or ["0"])[-1]
        may_install = user in {"0", "root"}
        assert may_install, (
            f"{place}: {command[0]} runs as user {user}, who may install nothing: USER 0 ahead of"
            " it, and the number again after it"
        )
        path = dict(pair for each in done if each.name == "ENV" for pair in pairs(each.text))
        is_found = {"", "/usr/bin", "/bin"} & {*path.get("PATH", "").split(":")}
        is_found = bool(is_found or "/" in command[0])
        assert is_found, (
            f"{place}: nobody finds {command[0]} any more: the PATH begins with yours and goes on"
            " with what it was, :$PATH"
        )
        assert nobody_is_asked(line, command), (
            f"{place}: {command[0]} asks whether to go on, and nobody is there to answer: --yes"
        )
        assert "--no-install-recommends" in command or "Install-Recommends" in said, (
            f"{place}: what is merely recommended comes along: --no-install-recommends"
        )
        texts = [" ".join(each) for each in line.commands]
        assert any("update" in each.split() for each in texts), (
            f"{place}: the list of packages is fetched in another RUN, and the layer of that one is"
            " kept from an earlier build, with packages that are gone"
        )
        earlier = texts[: texts.index(said)] if said in texts else texts
        assert any("update" in each.split() for each in earlier), (
            f"{place}: the list of packages is fetched after what needs it"
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
    assert not entry or basename(words[0]) != "gunicorn", (
        f"line {entry.number}: the stage migrations begins with a stage whose ENTRYPOINT is"
        " gunicorn, and its own CMD is what gunicorn is told"
    )
    said = " ".join([PurePosixPath(word).name for word in words[:-1]] + words[-1:])
    assert re.search(r"flask (.* )?safe-upgrade /backups/?$", said), (
        f"{f'line {line.number}: ' if line else ''}the stage migrations does not run `flask"
        " safe-upgrade /backups`, in exec form"
    )
