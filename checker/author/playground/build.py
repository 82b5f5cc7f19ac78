"""Puts together what the pages fetch to run the course: Python, libraries, steps, scripts.

Everything is named after its content, and kept in a folder beside the course between builds.
"""

from __future__ import annotations

import io
import json
import lzma
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import flask_swagger_ui  # type: ignore[import-untyped]

from checker.author.playground import is_explored
from checker.author.playground.packages import files, packs
from checker.course import Course, Step
from checker.errors import EnvironmentTrouble
from checker.files import tree

CACHE = ".playground"
SOURCES = Path("docs/playground")
FOLDER = "playground"
LZMA = 9 | lzma.PRESET_EXTREME
MAIN = b'createElement("main",{id:"operations"'
DARK = b"html.dark-mode"
UNREACHED = re.compile(
    r"(imaplib|ftplib|poplib|mailbox|pickletools|turtle|wave|zipapp|_pyio|_pydatetime)\.py"
    r"|asyncio/(windows_\w+|proactor_events)\.py"
    r"|encodings/(cp(?!1252|437)\d+|mac_\w+|iso8859_(?!1\.|15)\w+|koi8\w+|ptcp\w+|kz1048|tis_620"
    r"|hp_roman8|palmos|big5\w*|euc_\w+|gb\w+|hz|johab|shift_\w+|iso2022\w+)\.py"
)
"""Of Python's own library what the course does not reach: other mail, other alphabets' files,

and in Python what is machine code here too.
"""

CHECKER = ("__init__.py", "backups.py", "course.py", "errors.py", "files.py", "engine/", "harness/")
CHECKER_LEARN = ("__init__", "in_page", "progress", "report", "text")


@dataclass(frozen=True)
class Asset:
    """A file of the built site, below its ``playground`` folder."""

    name: str
    file: str
    size: int

    def to_json(self) -> dict[str, object]:
        return {"name": self.name, "file": self.file, "size": self.size}


class Builder:
    """One build of one course's playground into one site."""

    def __init__(self, course: Course, site: Path) -> None:
        self.course = course
        self.sources = course.root / SOURCES
        self.cache = course.root / CACHE
        self.target = site / FOLDER
        self.node = self._installed()

    def build(self) -> None:
        shutil.rmtree(self.target, ignore_errors=True)
        (self.target / "pyodide").mkdir(parents=True)
        # Side by side: node compiles and bundles while what is ready is packed.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            runtime = pool.submit(self._runtime)
            scripts = pool.submit(self._scripts)
            swagger = pool.submit(self._swagger)
            libraries = self._libraries()
        base = [
            self._packed("checker", self._checker()),
            self._packed("stand-ins", self._stand_ins()),
        ]
        steps: dict[str, object] = {}
        for step in self.course.steps:
            base.append(libraries[step.name])
            steps[step.name] = {
                "starter": self._texts("starter", step, step.path).file,
                **self._solved(step),
                "files": [asset.to_json() for asset in [*base, self._step(step)]],
                "exercises": {
                    exercise.id: {"title": exercise.title, "edit": exercise.edit}
                    for exercise in step.exercises
                    if not exercise.local
                },
            }
        manifest = {
            "version": 1,
            "runtime": [asset.to_json() for asset in runtime.result()],
            "scripts": scripts.result(),
            "swagger": swagger.result(),
            "steps": steps,
        }
        text = json.dumps(manifest, indent=1)
        (self.target / "manifest.json").write_text(text + "\n", encoding="utf-8")

    # Python itself

    def _runtime(self) -> list[Asset]:
        source = self.node / "pyodide"
        # Only what it says of Python itself: no package is ever fetched by its name.
        lock = json.loads((source / "pyodide-lock.json").read_text(encoding="utf-8"))
        text = json.dumps({**lock, "packages": {}})
        (self.target / "pyodide" / "pyodide-lock.json").write_text(text, encoding="utf-8")
        shutil.copyfile(source / "pyodide.mjs", self.target / "pyodide" / "pyodide.mjs")
        library = source / "python_stdlib.zip"
        return [
            self._xz(library, _reached, UNREACHED.pattern.encode()),
            *(self._xz(source / name) for name in ("pyodide.asm.wasm", "pyodide.asm.mjs")),
        ]

    def _xz(self, file: Path, of: Callable[[Path], bytes] = Path.read_bytes, *key: bytes) -> Asset:
        """Packed here: not every server does, and none does it as well."""
        data = self._kept(f"{file.name}.xz", [file, *key], lambda: for_javascript(of(file)))
        return self._asset(file.name, "xz", data)

    # The course and its libraries

    def _libraries(self) -> dict[str, Asset]:
        """What each step needs beyond the step before it.

        Compiled: Python need not do it in every page.
        """
        contents = {
            step: {
                f"course/packages/{name}": data
                for distribution in distributions
                for name, data in files(distribution)
            }
            for step, distributions in packs(self.course.steps).items()
        }
        script = self.sources / "src" / "compile.js"
        archives = {name: tarred(part) for name, part in contents.items()}
        key: list[Path | bytes] = [script, self._lock, *archives.values()]
        made = self._kept("libraries", key, lambda: self._compile(script, archives))
        with tarfile.open(fileobj=io.BytesIO(made)) as together:
            parts = {each.name: _content(together, each) for each in together}
        return {
            step: self._asset(f"libraries-{step[:2]}", "tar.xz", data)
            for step, data in parts.items()
        }

    def _compile(self, script: Path, archives: Mapping[str, bytes]) -> bytes:
        runner = self.node.parent / "compile.mjs"  # beside the packages that it imports
        shutil.copyfile(script, runner)
        with tempfile.TemporaryDirectory() as folder:
            pairs = [(Path(folder, f"{name}.in"), Path(folder, name)) for name in archives]
            for (source, _), archive in zip(pairs, archives.values(), strict=True):
                source.write_bytes(archive)
            self._run(["node", str(runner), *(str(path) for pair in pairs for path in pair)])
            compiled = {archive.name: archive.read_bytes() for _, archive in pairs}
        # Without the interpreter's lock; each needs some 700 MB, so no more than there are cores.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            packed = pool.map(partial(lzma.compress, preset=LZMA), compiled.values())
            return tarred(dict(zip(compiled, packed, strict=True)))

    def _checker(self) -> dict[str, bytes]:
        folder = self.course.root / "checker"
        names = [name for name in tree(folder) if name.startswith(CHECKER)]
        names += [f"learn/{name}.py" for name in CHECKER_LEARN]
        return {f"course/checker/{name}": (folder / name).read_bytes() for name in names}

    def _stand_ins(self) -> dict[str, bytes]:
        found = tree(Path(__file__).with_name("stand_ins"))
        return {f"course/packages/{name}": path.read_bytes() for name, path in found.items()}

    def _step(self, step: Step) -> Asset:
        """A step's starter with its tests, and of its manifest what a check needs."""
        left_out = ("step.toml", "tour.ipynb", "pytest.ini", "schemathesis.toml")
        contents = {
            f"course/steps/{step.name}/{name}": path.read_bytes()
            for name, path in tree(step.path).items()
            if name not in left_out
        }
        facts = [
            {"id": each.id, "title": each.title, "edit": each.edit, "test": each.test}
            for each in step.exercises
        ]
        contents[f"course/steps/{step.name}/page.json"] = json.dumps(facts).encode()
        return self._packed(f"step-{step.name[:2]}", contents)

    def _texts(self, kind: str, step: Step, folder: Path) -> Asset:
        """The files to edit as ``folder`` has them: they are there before Python is."""
        names = [name for exercise in step.exercises for name in exercise.edit]
        texts = {name: (folder / name).read_text(encoding="utf-8") for name in names}
        return self._asset(f"{kind}-{step.name[:2]}", "json", json.dumps(texts).encode())

    def _solved(self, step: Step) -> dict[str, str]:
        """For the explorer of a step's API: it is that of the solved app."""
        return (
            {"solved": self._texts("solved", step, step.solutions).file}
            if is_explored(step)
            else {}
        )

    def _packed(self, name: str, contents: Mapping[str, bytes]) -> Asset:
        return self._asset(name, "tar.xz", lzma.compress(tarred(contents), preset=LZMA))

    # Scripts

    def _scripts(self) -> dict[str, str]:
        """The page's scripts, bundled; each by what it is for."""
        made = {}
        for name in ("worker", "widget", "explorer"):
            entry = self.sources / "src" / f"{name}.js"
            inputs = [*sorted(entry.parent.glob("*.js")), self._lock]
            data = self._kept(name, inputs, partial(self._bundle, entry))
            made[name] = self._asset(name, "js", data).file
        return made

    def _swagger(self) -> dict[str, str]:
        """Swagger UI, out of the package that the steps serve it from."""
        folder = Path(flask_swagger_ui.__file__).parent / "dist"
        return {
            "script": self._xz(folder / "swagger-ui-bundle.js", _within_a_page, MAIN).file,
            "style": self._xz(folder / "swagger-ui.css", _for_either_scheme, DARK).file,
        }

    def judge(self) -> Path:
        """A script for Node that judges as a page does, beside the packages that it imports."""
        entry = self.sources / "src" / "judge.js"
        target = self.node.parent / "judge.mjs"
        # xz-decompress asks an old Node for its streams.
        require = 'import { createRequire } from "node:module"; const require = createRequire("/");'
        flags = ["--platform=node", "--external:pyodide", f"--banner:js={require}"]
        target.write_bytes(self._bundle(entry, *flags))
        return target

    def _bundle(self, entry: Path, *more: str) -> bytes:
        target = self.cache / entry.name
        command = [
            "node",
            str(self.node / "esbuild" / "bin" / "esbuild"),
            str(entry),
            "--bundle",
            "--minify",
            "--format=esm",
            "--target=es2022",
            "--legal-comments=eof",
            *more,
            f"--outfile={target}",
        ]
        self._run(command, NODE_PATH=str(self.node))
        data = target.read_bytes()
        target.unlink()
        return data

    # npm

    @property
    def _lock(self) -> Path:
        return self.sources / "package-lock.json"

    def _installed(self) -> Path:
        """The folder ``node_modules``, as the lock has it."""
        key = sha256(self._lock.read_bytes()).hexdigest()[:16]
        folder = self.cache / f"npm-{key}" / "node_modules"
        if not folder.exists():
            for tool in ("node", "npm"):
                if shutil.which(tool) is None:
                    raise EnvironmentTrouble(
                        f"there is no {tool}: the pages that run the course are made with Node.js"
                        " (apt-get install npm)"
                    )
            folder.parent.mkdir(parents=True, exist_ok=True)
            # Two builds may come here at once: each installs for itself, and the first one stays.
            with tempfile.TemporaryDirectory(dir=self.cache, prefix="installed-") as own:
                for name in ("package.json", "package-lock.json"):
                    shutil.copyfile(self.sources / name, Path(own) / name)
                flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
                npm = shutil.which("npm") or "npm"
                self._run([npm, "ci", *flags], cwd=Path(own))
                with suppress(OSError):  # the other one was first
                    (Path(own) / "node_modules").rename(folder)
        return folder

    def _run(self, command: list[str], cwd: Path | None = None, **environment: str) -> None:
        done = subprocess.run(
            command,
            cwd=cwd or self.course.root,
            env=os.environ | environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            last = " / ".join((done.stderr or done.stdout).strip().splitlines()[-5:])[-2000:]
            raise EnvironmentTrouble(f"{command[0]} {Path(command[1]).name} failed: {last}")

    # Files

    def _kept(self, name: str, key: Iterable[Path | bytes], make: Callable[[], bytes]) -> bytes:
        """What ``make`` made of the same ``key``, files or bytes, at some time."""
        total = sha256()
        for part in key:
            total.update(sha256(part if isinstance(part, bytes) else part.read_bytes()).digest())
        file = self.cache / f"{name}-{total.hexdigest()[:16]}"
        if not file.is_file():
            made = make()
            for old in self.cache.glob(f"{name}-{'?' * 16}"):
                old.unlink()
            file.with_suffix(".new").write_bytes(made)
            file.with_suffix(".new").replace(file)
        return file.read_bytes()

    def _asset(self, name: str, ending: str, data: bytes) -> Asset:
        file = f"{name}.{sha256(data).hexdigest()[:12]}.{ending}"
        (self.target / file).write_bytes(data)
        return Asset(name, file, len(data))


def _reached(library: Path) -> bytes:
    """Python's own library as far as the course reaches; to be packed as a whole."""
    made = io.BytesIO()
    with zipfile.ZipFile(library) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            if not UNREACHED.match(entry.filename):
                data = old.read(entry)
                entry.compress_type = zipfile.ZIP_STORED
                new.writestr(entry, data)
    return made.getvalue()


def _within_a_page(swagger: Path) -> bytes:
    """Swagger UI as a part of a page, which has a main element already."""
    return _replaced(swagger.read_bytes(), MAIN, MAIN.replace(b"main", b"div"))


def _for_either_scheme(style: Path) -> bytes:
    """The style of Swagger UI within a tree of its own, whose host says whether it is dark."""
    text = style.read_bytes().rpartition(b"/*# sourceMappingURL")[0]
    return _replaced(text, DARK, b":host(.dark-mode)")


def _replaced(text: bytes, old: bytes, new: bytes) -> bytes:
    """A file of Swagger UI with ``new`` wherever it says ``old``."""
    if old not in text:
        raise ValueError(f"this is not the Swagger UI that {old!r} was written for")
    return text.replace(old, new)


def for_javascript(data: bytes) -> bytes:
    """``data`` as .xz that the page's own unpacker reads, with no more memory than 8 MB."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": LZMA, "dict_size": 1 << 23}]
    return lzma.compress(data, check=lzma.CHECK_CRC32, filters=filters)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return b"" if file is None else file.read()


def tarred(contents: Mapping[str, bytes]) -> bytes:
    """Files as one archive, the same for the same files."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in sorted(contents.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()
