"""The Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checker.audit.hits import Hit, Severity
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.texts import Dockerfile, Step

INSTALLS = re.compile(r"\b(pip3?|uv|poetry|pipenv|pdm)\b.*\b(install|sync)\b")
BUILDERS = re.compile(r"\b(build-essential|gcc|g\+\+|make|[a-z0-9-]+-dev|build-base)\b")
SECRET = re.compile(r"(SECRET|PASSWORD|PASSWD|TOKEN|(API|PRIVATE|SIGNING|ENCRYPTION)_KEY)[A-Z_]*$")
SERVER = re.compile(r"\b(gunicorn|uwsgi|waitress-serve|hypercorn|uvicorn|granian)\b")
WITH_PASSWORD = re.compile(r"\w://[^:@/\s]*:[^$@/\s]+@")


def _at(dockerfile: Dockerfile, step: Step, message: str) -> Hit:
    return Hit(dockerfile.name, step.line, 1, message)


@rule(
    "BSS701",
    "container-as-root",
    "error",
    "7.1b",
    what="The container does not run as root.",
    why="Whoever breaks into the app has root in the container, one step from the host.",
    repair="Make a user, and name it in USER in the last stage.",
    example="RUN useradd --system --uid 10001 app\nUSER app\n",
)
def container_as_root(project: Project) -> Iterator[Hit]:
    for dockerfile in project.dockerfiles:
        if not dockerfile.bases:
            continue
        users = [step for step in dockerfile.last_stage if step.word == "USER"]
        start, image, _ = dockerfile.bases[-1]
        if users:
            if users[-1].rest.partition(":")[0].strip() in {"root", "0"}:
                yield _at(dockerfile, users[-1], "the container runs as root")
        elif image in {name for _, _, name in dockerfile.bases[:-1]}:
            named = next(
                stage
                for stage, (_, _, name) in zip(dockerfile.stages, dockerfile.bases, strict=True)
                if name == image
            )
            if not any(step.word == "USER" for step in named):
                yield _at(dockerfile, start, "the container runs as root")
        elif "nonroot" not in image:
            yield _at(dockerfile, start, "the container runs as root: there is no USER")


@rule(
    "BSS702",
    "base-not-pinned",
    "error",
    "7.1c",
    what="The base image is pinned.",
    why="latest is another Python on another system next month, without a change of yours.",
    repair="Name version and variant; better, the digest as well.",
    example="FROM python:3.13.1-slim-bookworm\n",
)
def base_not_pinned(project: Project) -> Iterator[Hit]:
    for dockerfile in project.dockerfiles:
        stages: set[str] = set()
        for step, image, name in dockerfile.bases:
            known = (
                image in stages or image in {"", "scratch"} or "@sha256:" in image or "$" in image
            )
            stages.add(name)
            last = image.rpartition("/")[2]
            tag = last.partition(":")[2]
            if known:
                continue
            if not tag or tag == "latest":
                yield _at(dockerfile, step, f"{image} may be any version tomorrow")
            elif re.fullmatch(r"3(-.*)?", tag) and last.startswith("python:"):
                yield Hit(
                    dockerfile.name, step.line, 1, f"{image} moves with every Python", "warning"
                )


@rule(
    "BSS703",
    "single-stage",
    "warning",
    "7.1a 8.2f",
    what="What builds stays out of what runs.",
    why="Compilers and headers in the image are weight, and tools for whoever gets in.",
    repair="Install into a virtual environment in a first stage, and copy that.",
    example="""
FROM python:3.13-slim AS builder
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r requirements.lock
FROM python:3.13-slim
COPY --from=builder /venv /venv
""",
)
def single_stage(project: Project) -> Iterator[Hit]:
    for dockerfile in project.dockerfiles:
        runs = [step for step in dockerfile.last_stage if step.word == "RUN"]
        builders = [
            step
            for step in runs
            if BUILDERS.search(step.rest)
            and re.search(r"apt(-get)?\b.*\binstall|apk\b.*\badd", step.rest, re.DOTALL)
            and not re.search(r"\b(apt(-get)?\b.*\b(purge|remove)|apk\b.*\bdel)\b", step.rest)
        ]
        installs = any(INSTALLS.search(step.rest) for step in runs)
        is_single = len(dockerfile.stages) == 1
        if builders and (installs or not is_single):
            step = dockerfile.last_stage[0] if is_single else builders[0]
            yield _at(dockerfile, step, "compilers are in the image that runs")
        elif is_single and installs:
            step = dockerfile.last_stage[0]
            yield Hit(dockerfile.name, step.line, 1, "built and run in one stage", "note")


@rule(
    "BSS704",
    "secret-in-image",
    "error",
    "7.2b",
    what="No secret is part of an image.",
    why="ENV and ARG stay in its layers and its history: whoever can pull it can read them.",
    repair="Give secrets when the container starts; for the build use RUN --mount=type=secret.",
    example="RUN --mount=type=secret,id=index_token pip install -r requirements.lock\n",
)
def secret_in_image(project: Project) -> Iterator[Hit]:
    for dockerfile in project.dockerfiles:
        for step in dockerfile.steps:
            if step.word == "ENV":
                pairs = re.findall(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)", step.rest)
                if not pairs and " " in step.rest:
                    pairs = [tuple(step.rest.split(None, 1))]
                for key, value in pairs:
                    text = value.strip("\"'")
                    is_secret = SECRET.search(key) and text and not text.startswith(("$", "/"))
                    if is_secret or WITH_PASSWORD.search(text):
                        yield _at(dockerfile, step, f"{key} is written into the image")
            elif step.word == "ARG":
                key, _, value = step.rest.partition("=")
                if SECRET.search(key.strip()):
                    if value.strip("\"' "):
                        yield _at(dockerfile, step, f"{key} is written into the image")
                    else:
                        message = f"the ARG {key} stays in the image's history"
                        yield Hit(dockerfile.name, step.line, 1, message, "warning")


DOWNLOADED_AND_RUN = re.compile(
    r"\b(curl|wget)\b[^|;&]*\|\s*((sudo|env|\w+=\S*)\s+(-\S+\s+)*)*(/\S*/)?"
    r"((bash|dash|zsh|ksh|ash|sh)\b(?!\s+-c\b)|(python[\d.]*|perl|ruby|node)\b(?!\s+-\w*[cemnp]))"
    r"|\b(bash|dash|zsh|ksh|ash|sh)\s+(-\w+\s+)*(\"?\$\(|\"?`|<\()\s*(curl|wget)\b"
)


@rule(
    "BSS709",
    "downloaded-and-run",
    "warning",
    "7.1c 7.1d",
    what="What is downloaded is verified before it runs.",
    why="curl … | sh runs as root whatever the other side sends on the day of the build, the "
    "half of it where the line breaks.",
    repair="Take it from the packages, or from an image with a digest; else download a version, "
    "and check its sum before it runs.",
    example="""
ARG INSTALL_SHA256
RUN curl -fsSLo install.sh https://tool.example.org/1.4.2/install.sh \\
    && echo "$INSTALL_SHA256  install.sh" | sha256sum -c - \\
    && sh install.sh
""",
)
def downloaded_and_run(project: Project) -> Iterator[Hit]:
    for dockerfile in project.dockerfiles:
        for step in dockerfile.steps:
            if step.word == "RUN" and DOWNLOADED_AND_RUN.search(step.plain):
                yield _at(dockerfile, step, "what is downloaded is run, whatever it is")


PROBED = re.compile(
    r"\b(livenessProbe|readinessProbe|startupProbe|healthCheckPath|healthcheckPath|http_checks"
    r"|http_service\.checks|health_check|health_checks|HealthCheckPath)\b|^\s*\[\[.*checks\]\]",
    re.MULTILINE,
)


@rule(
    "BSS715",
    "container-without-health",
    "warning",
    "7.5b 8.2f",
    what="Whoever runs the container can see whether it is well.",
    why="Without a check a container that hangs counts as one that runs: nobody is told, and what "
    "waits for it never begins, or begins too early.",
    repair="Write HEALTHCHECK with what is in the image, or a probe where it is run: Kubernetes "
    "reads its own probes alone, and Docker shows what is unwell without starting it again.",
    example="""
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", \\
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
""",
)
def container_without_health(project: Project) -> Iterator[Hit]:
    if not project.is_app or project.mentions(PROBED.pattern):
        return
    built = [service for _, _, service in project.services if service.get("build")]
    if any(service.get("healthcheck") for service in built):
        return
    for dockerfile in project.dockerfiles:
        serves = [
            step
            for step in _inherited(dockerfile)
            if step.word in {"CMD", "ENTRYPOINT"} and SERVER.search(step.rest)
        ]
        checks = [step for step in _inherited(dockerfile) if step.word == "HEALTHCHECK"]
        if serves and (not checks or checks[-1].rest.strip().upper() == "NONE"):
            # Where it is run elsewhere, that may have probes of its own
            severity: Severity | None = None if built or checks else "note"
            place = checks[-1] if checks else serves[-1]
            message = "nobody sees whether the server in it is well"
            yield Hit(dockerfile.name, place.line, 1, message, severity)


def _inherited(dockerfile: Dockerfile) -> list[Step]:
    """The steps of the last stage, after those of the stages of this file that it begins with."""
    steps: list[Step] = []
    wanted = len(dockerfile.stages) - 1
    while wanted >= 0:
        steps = [*dockerfile.stages[wanted], *steps]
        image = dockerfile.bases[wanted][1]
        earlier = [name for _, _, name in dockerfile.bases[:wanted]]
        wanted = earlier.index(image) if image in earlier else -1
    return steps


@rule(
    "BSS705",
    "source-before-dependencies",
    "note",
    "7.1a",
    what="Dependencies are installed before the source is copied.",
    why="Otherwise each change of a line installs everything anew.",
    repair="Copy the lock first, install, then copy the rest.",
    example="COPY requirements.lock .\nRUN pip install -r requirements.lock\nCOPY . .\n",
)
def source_before_dependencies(project: Project) -> Iterator[Hit]:
    for dockerfile in project.dockerfiles:
        for stage in dockerfile.stages:
            copied: Step | None = None
            for step in stage:
                if step.word in {"COPY", "ADD"} and re.match(
                    r"(--(?!from)\S+\s+)*\./?\s", step.rest
                ):
                    copied = copied or step
                elif (
                    copied is not None
                    and step.word == "RUN"
                    and INSTALLS.search(step.rest)
                    and re.search(r" -r|sync|poetry", step.rest)
                ):
                    message = "all is copied before dependencies are installed"
                    yield _at(dockerfile, copied, message)
                    break


@rule(
    "BSS706",
    "no-dockerignore",
    "warning",
    "7.1d 7.2b",
    what="What does not belong into the image is kept out of it.",
    why="COPY . takes .git, .env and local databases along.",
    repair="Write a .dockerignore that begins with * and lets in what is needed.",
    example="*\n!app\n!migrations\n!requirements.lock\n!wsgi.py\n",
)
def no_dockerignore(project: Project) -> Iterator[Hit]:
    if any(project.matching(r"\.dockerignore$")):
        return
    for dockerfile in project.dockerfiles:
        for step in dockerfile.steps:
            if step.word in {"COPY", "ADD"} and re.match(r"(--(?!from)\S+\s+)*\./?\s", step.rest):
                yield _at(dockerfile, step, "all is copied, and there is no .dockerignore")
                break


@rule(
    "BSS707",
    "recommended-packages",
    "note",
    "7.1d",
    what="Only needed system packages are installed.",
    why="Recommended packages are weight, and more to keep patched.",
    repair="Add --no-install-recommends.",
    example="RUN apt-get update && apt-get install --yes --no-install-recommends libpq5\n",
)
def recommended_packages(project: Project) -> Iterator[Hit]:
    for dockerfile in project.dockerfiles:
        for step in dockerfile.last_stage:
            if (
                step.word == "RUN"
                and re.search(r"apt(-get)?\s+(-\S+\s+)*install", step.rest)
                and "no-install-recommends" not in step.rest
            ):
                yield _at(dockerfile, step, "recommended packages are installed as well")


@rule(
    "BSS708",
    "server-behind-a-shell",
    "note",
    "7.1a 7.5a",
    what="The server is told when to stop.",
    why="CMD as a text starts a shell, and many a shell keeps SIGTERM to itself: after ten seconds "
    "all is killed, half-answered requests too.",
    repair="Write CMD and ENTRYPOINT as a JSON list, or let the shell exec the server.",
    example='CMD ["gunicorn", "--config", "gunicorn.conf.py", "wsgi:app"]\n',
)
def server_behind_a_shell(project: Project) -> Iterator[Hit]:
    for dockerfile in project.dockerfiles:
        for step in dockerfile.last_stage:
            starts = step.word in {"CMD", "ENTRYPOINT"} and SERVER.search(step.rest)
            if starts and not step.rest.startswith("[") and "exec" not in step.rest.split():
                yield _at(dockerfile, step, "a shell stands between SIGTERM and the server")
