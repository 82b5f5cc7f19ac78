"""Exercise 7.5: what a commit passes on its way to production.

The workflow is read, and its conditions are worked out as GitHub would, for a push to main where
all goes well, for one where something has failed, and for a pull request.
"""

import ast
import re
from functools import cached_property

import pytest
import yaml

WORKFLOW = ".github/workflows/deploy.yml"
CHECKS = ("lint", "test", "migrations")
GATED = ("build", "scan", "push", "migrate", "deploy")
OUTSIDE = ("push", "migrate", "deploy")
MAY_WRITE = {
    "push": {"packages", "attestations", "id-token"},
    "migrate": {"id-token"},
    "deploy": {"id-token"},
}
STATES = {"success", "always", "failure", "cancelled"}


class Job:
    def __init__(self, name, body, workflow):
        self.name = name
        self.body = body if isinstance(body, dict) else {}
        self.workflow = workflow

    @cached_property
    def needs(self):
        needs = self.body.get("needs", [])
        return [needs] if isinstance(needs, str) else [str(each) for each in needs or []]

    @cached_property
    def steps(self):
        return [step for step in self.body.get("steps") or [] if isinstance(step, dict)]

    @cached_property
    def ran(self):
        """The texts that it runs, without comments and with continued lines in one."""
        texts = [text for step in self.steps if "run" in step for text in self.filled(step)]
        texts = [re.sub(r"\\\n\s*", " ", text) for text in texts]
        return [re.sub(r"(?m)(^|\s)#.*$", "", text) for text in texts]

    def filled(self, step):
        """What a step runs, for each value that the matrix gives to a variable of its."""
        texts = [str(step["run"])]
        said = [each for each in (self.body.get("env"), step.get("env")) if isinstance(each, dict)]
        for name, value in (pair for each in said for pair in each.items()):
            key = re.fullmatch(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}", str(value))
            values = self.matrix(key[1]) if key else []
            parts = [re.split(rf"\$(?:{name}\b|\{{{name}\}})", text) for text in texts]
            texts = [value.join(each) for each in parts for value in values] or texts
        return texts

    def matrix(self, key):
        """The values of one of its dimensions, where they stand there."""
        strategy = self.body.get("strategy")
        matrix = strategy.get("matrix") if isinstance(strategy, dict) else None
        if not isinstance(matrix, dict):
            return []
        more = matrix["include"] if isinstance(matrix.get("include"), list) else []
        values = matrix[key] if isinstance(matrix.get(key), list) else []
        return [str(each) for each in values] + [
            str(each[key]) for each in more if isinstance(each, dict) and key in each
        ]

    @property
    def text(self):
        return "\n".join(self.ran)

    @cached_property
    def uses(self):
        found = [str(step["uses"]) for step in self.steps if "uses" in step]
        return found + ([str(self.body["uses"])] if "uses" in self.body else [])

    @cached_property
    def before(self):
        """All that it waits for, through however many others."""
        found, left = set(), list(self.needs)
        while left:
            name = left.pop()
            if name not in found and name in self.workflow.jobs:
                found.add(name)
                left += self.workflow.jobs[name].needs
        return found

    def begins(self, event, *, failed=False, cancelled=False):
        """Whether it begins, where jobs ahead of it have failed, or not."""
        well = not (failed or cancelled)
        results = ["success"] if well else ["failure" if failed else "cancelled", "skipped"]
        for result in results:
            condition = Condition(self.body.get("if", True), event, well, failed, cancelled)
            condition.facts |= {f"needs.{name}.result": result for name in self.needs}
            if condition.asks_for_state and condition.holds:
                return True
        if condition.asks_for_state:
            return False
        ahead = [self.workflow.jobs[name] for name in self.needs if name in self.workflow.jobs]
        return well and condition.holds and all(job.begins(event) for job in ahead)


class Workflow:
    def __init__(self, body):
        self.body = body
        self.jobs = {
            str(name): Job(str(name), job, self) for name, job in (body.get("jobs") or {}).items()
        }

    @cached_property
    def triggers(self):
        on = self.body.get("on", self.body.get(True))  # YAML 1.1 reads on as true
        if isinstance(on, str):
            return {on: {}}
        return {str(name): {} for name in on} if isinstance(on, list) else dict(on or {})


class Condition:
    """What ``if`` says, for one event."""

    def __init__(self, text, event, success, failed, cancelled):
        self.facts = {
            "github.event_name": event,
            "github.ref": "refs/heads/main" if event == "push" else "refs/pull/7/merge",
            "github.ref_name": "main" if event == "push" else "7/merge",
            "github.base_ref": "main" if event == "pull_request" else "",
        }
        self.states = {
            "success": success,
            "always": True,
            "failure": failed,
            "cancelled": cancelled,
        }
        spelled = str(text).strip()
        found = re.fullmatch(r"\$\{\{(.*)\}\}", spelled, re.DOTALL)
        spelled = (found[1] if found else spelled).strip()
        self.asks_for_state = any(re.search(rf"\b{one}\s*\(", spelled) for one in STATES)
        spelled = re.sub(r"!(?!=)", " not ", spelled).replace("&&", " and ").replace("||", " or ")
        spelled = re.sub(r"\btrue\b", "True", re.sub(r"\bfalse\b", "False", spelled))
        try:
            self.tree = ast.parse(spelled.strip(), mode="eval").body
        except SyntaxError:
            self.tree = ast.Constant(value=True)

    @property
    def holds(self):
        return bool(self.value(self.tree))

    def value(self, node):
        """What it comes to. What is not known here counts as true, which forbids nothing."""
        match node:
            case ast.Constant():
                return node.value
            case ast.BoolOp(op=ast.And()):
                return all(self.value(each) for each in node.values)
            case ast.BoolOp():
                return any(self.value(each) for each in node.values)
            case ast.UnaryOp(op=ast.Not()):
                return not self.value(node.operand)
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as sign], comparators=[right]):
                pair = [self.value(each) for each in (left, right)]
                if None in pair:
                    return True
                return (pair[0] == pair[1]) is isinstance(sign, ast.Eq)
            case ast.Attribute():
                return self.facts.get(ast.unparse(node))
            case ast.Call(func=ast.Name(id=name)) if name in self.states:
                return self.states[name]
            case ast.Call(func=ast.Name(id="startsWith"), args=[whole, part]):
                text, start = self.value(whole), self.value(part)
                return text is None or str(text).startswith(str(start))
        return True


@pytest.fixture
def workflow(source):
    text = source(WORKFLOW).text
    try:
        body = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        raise AssertionError(f"{WORKFLOW} is not YAML: {place}{error}") from None
    assert isinstance(body, dict), f"{WORKFLOW} is not a workflow: it has no jobs"
    assert isinstance(body.get("jobs"), dict), f"{WORKFLOW} has no jobs"
    found = Workflow(body)
    for name in (*CHECKS, *GATED):
        assert name in list(found.jobs), f"there is no job {name}"
    for job in found.jobs.values():
        missing = [name for name in job.needs if name not in found.jobs]
        assert missing == [], f"{job.name} needs {missing[0] if missing else ''}, which is no job"
        assert job.name not in job.before, f"{job.name} waits for itself"
    return found


def test_the_order(workflow):
    for place, name in enumerate(GATED):
        for earlier in (*CHECKS, *GATED[:place]):
            assert earlier in workflow.jobs[name].before, (
                f"{name} does not wait for {earlier}, not even through others: it may begin while"
                f" {earlier} still runs, or has failed"
            )
    for name in CHECKS:
        early = [each for each in GATED if each in workflow.jobs[name].before]
        assert early == [], f"{name} waits for {early}, and is there to stop it"


def test_nothing_goes_on_after_a_failure(workflow):
    for name in GATED:
        job = workflow.jobs[name]
        for what, state in (("failed", {"failed": True}), ("was cancelled", {"cancelled": True})):
            assert not job.begins("push", **state), (
                f"a job ahead of {name} {what}, and {name} begins: if: {job.body.get('if')}"
            )


def test_what_fails_counts_as_failed(workflow):
    for name in (*CHECKS, *GATED):
        job = workflow.jobs[name]
        for what, body in ((name, job.body), *((f"a step of {name}", one) for one in job.steps)):
            lenient = body.get("continue-on-error", False)
            assert lenient is False, f"{what} has continue-on-error: its failure counts as passed"
        swallowed = re.search(
            r"\|\|\s*(true|:|exit 0|echo)|\bset \+e\b|; *true$", job.text, re.MULTILINE
        )
        assert swallowed is None, (
            f"{name} runs something with {swallowed[0] if swallowed else ''!r}: its failure counts"
            " as passed"
        )
        piped = re.search(
            r"\b(pytest|ruff|mypy|flask|docker|trivy|grype)\b[^|\n]*\|(?!\|)", job.text
        )
        strict = re.search(r"\bset -\w*o pipefail\b|\bset -o pipefail\b", job.text)
        asked = [one for one in job.steps if re.search(r"\|", str(one.get("run", "")))]
        strict = strict or all(str(one.get("shell", "")) == "bash" for one in asked)
        assert strict or piped is None, (
            f"{name} runs {piped[0] if piped else ''!r}: of a pipe the last command's end counts,"
            " unless the step has shell: bash, or set -o pipefail"
        )
        asked = re.search(r"\bif !? *(pytest|ruff|mypy|flask|python)\b", job.text)
        assert asked is None, (
            f"{name} asks {asked[0] if asked else ''!r}: what fails in a question stops nothing"
        )
        for step in job.steps:
            shell = str(step.get("shell", "bash"))
            assert shell in {"bash", "sh", "python", "pwsh"} or "-e" in shell, (
                f"a step of {name} has shell: {shell}, which goes on after a failure: -e"
            )
            condition = Condition(step.get("if", True), "push", True, False, False)
            assert condition.asks_for_state or condition.holds, (
                f"a step of {name} is left out for a push to main: if: {step.get('if')}"
            )


def test_of_a_pull_request_nothing_gets_out(workflow):
    triggers = workflow.triggers
    assert "push" in triggers, "nothing happens when somebody pushes to main"
    assert "pull_request" in triggers, "a pull request is not tested before it is merged"
    assert "pull_request_target" not in triggers, (
        "pull_request_target runs what a stranger wrote, with the rights of this repository"
    )
    branches = (triggers["push"] or {}).get("branches")
    for name in OUTSIDE:
        job = workflow.jobs[name]
        assert not job.begins("pull_request"), f"{name} begins for a pull request"
        assert job.begins("push"), f"all went well on main, and {name} does not begin"
    others = set(triggers) - {"push", "pull_request", "schedule"}
    for name in OUTSIDE:
        for other in sorted(others):
            assert not workflow.jobs[name].begins(other), (
                f"{other} starts this from any branch, and {name} begins"
            )
    only_main = branches in (["main"], "main") and "tags" not in (triggers["push"] or {})
    guarded = all("ref" in str(workflow.jobs[name].body.get("if")) for name in OUTSIDE)
    what = "a tag" if branches in (["main"], "main") else "a push to any branch"
    assert only_main or guarded, f"{what} goes to production: branches: [main]"


def test_lint_and_test_do_what_they_say(workflow):
    wanted = {"lint": ("ruff check", "ruff format --check", "mypy"), "test": ("pytest",)}
    for name, commands in wanted.items():
        for command in commands:
            first, *rest = command.split()
            said = rf"\b{first}\b" + "".join(rf"[^\n]*(?<!\S){re.escape(one)}\b" for one in rest)
            assert re.search(said, workflow.jobs[name].text), f"{name} does not run {command}"
        text = workflow.jobs[name].text
        harmless = re.search(r"--exit-zero|--collect-only|--co\b|ruff check[^\n]*--fix\b", text)
        assert harmless is None, (
            f"{name} runs with {harmless[0] if harmless else ''!r}, and finds nothing that stops it"
        )


def test_migrations_run_on_a_real_database(workflow):
    job = workflow.jobs["migrations"]
    images = [
        str(one.get("image") if isinstance(one, dict) else one)
        for one in (job.body.get("services") or {}).values()
    ]
    assert any(re.search(r"(^|/)postgres", image) for image in images), (
        "migrations has no PostgreSQL beside it, among its services"
    )
    told = [workflow.body.get("env"), job.body.get("env"), *(one.get("env") for one in job.steps)]
    where = [str(each) for each in told if each] + [job.text]
    assert any(re.search(r"DATABASE_URL\W+postgres", each) for each in where), (
        "migrations has a PostgreSQL beside it, and asks another database: DATABASE_URL"
    )
    services = job.body.get("services") or {}
    address = r"DATABASE_URL\W+postgres[\w+]*://(?:[^@/\s\"']*@)?([\w.-]+)"
    for host in {found for each in where for found in re.findall(address, each)}:
        if job.body.get("container"):
            assert host in services, (
                f"migrations runs in a container, and looks for its database at {host}: there a"
                f" service goes by its own name, {' or '.join(services)}"
            )
            continue
        assert host in {"localhost", "127.0.0.1"}, (
            f"migrations looks for its database at {host}: a service goes by its name only where"
            " the job runs in a container; here it is at localhost"
        )
        has_ports = any(isinstance(one, dict) and one.get("ports") for one in services.values())
        assert has_ports, (
            "migrations looks for its database at localhost, and the service has no port there:"
            " ports"
        )
    up = re.search(r"\bflask\b[^\n]*\b(db upgrade|safe-upgrade)\b", job.text)
    check = re.search(r"\bflask\b[^\n]*\bdb check\b", job.text)
    assert up, "migrations does not run flask db upgrade"
    assert check, "migrations does not run flask db check: a model may have changed alone"
    assert up.start() < check.start(), "migrations checks before it has upgraded"


def test_what_was_scanned_is_what_goes_out(workflow):
    builds = r"\b(docker|podman|buildah|nerdctl)\b[^\n]*\b(build|bud)\b|\bbuildx\b"
    makes = {
        name: bool(re.search(builds, job.text))
        or any(use.startswith("docker/build-push-action@") for use in job.uses)
        for name, job in workflow.jobs.items()
    }
    assert makes["build"], "build does not build an image"
    for name in ("scan", "push", "migrate", "deploy"):
        assert not makes[name], f"{name} builds an image of its own: not the one that was scanned"
    for name, action in (("build", "upload"), ("scan", "download"), ("push", "download")):
        wanted = f"actions/{action}-artifact@"
        assert any(use.startswith(wanted) for use in workflow.jobs[name].uses), (
            f"{name} has no {wanted[:-1]}: build hands the image on, scan and push take that one"
        )
    made = archives(workflow.jobs["build"]) - {"*"}
    for name in ("scan", "push"):
        takes = archives(workflow.jobs[name])
        assert not made or made & takes or "*" in takes, (
            f"{name} does not take what build made, {', '.join(sorted(made))}"
        )
    sends = (
        r"\b(docker|podman|nerdctl)\b[^\n]*\bpush\b|\bskopeo copy\b|\bcrane push\b|\boras push\b"
    )
    assert re.search(sends, workflow.jobs["push"].text), "push does not push"
    for name in ("build", "scan"):
        job = workflow.jobs[name]
        early = re.search(sends, job.text) or any(
            str((step.get("with") or {}).get("push", "false")).lower() == "true"
            for step in job.steps
        )
        assert not early, f"{name} pushes: nobody has looked at it yet"
    scan = workflow.jobs["scan"]
    options = " ".join(
        f"{k}: {v}" for step in scan.steps for k, v in (step.get("with") or {}).items()
    )
    strict = (
        r"--exit-code[= ]+[1-9]|exit-code: [1-9]|--fail-on[= ]|fail-build: True|severity-cutoff"
    )
    assert re.search(strict, f"{scan.text} {options}"), (
        "scan tells of holes, and ends well: --exit-code 1 for trivy, --fail-on high for grype"
    )
    said = f"{scan.text} {options}"
    levels = re.search(r"severity[=: ]+[\"']?([A-Za-z,]+)", said)
    named = levels[1].upper() if levels and "cutoff" not in said else "HIGH,CRITICAL"
    assert {"HIGH", "CRITICAL"} <= set(named.split(",")), (
        f"scan looks for {named} alone: a high or critical hole is an error"
    )
    stops = re.findall(r"(?:--fail-on|severity-cutoff:)[= ]+[\"']?([A-Za-z]+)", said)
    assert "critical" not in map(str.lower, stops), (
        "scan stops at critical holes alone: a high or critical hole is an error"
    )
    saved = re.search(r"\bsave\b([^\n|>]*)", workflow.jobs["build"].text)
    for image in re.findall(r"(?<=\s)\w[\w./:-]*(?!\S)", saved[1] if saved else ""):
        looked = ".tar" in image or re.search(rf"\b{re.escape(image)}\b", said)
        assert looked or not re.search(r"\bload\b", said), (
            f"scan does not look at {image}, which build made"
        )
    after = workflow.jobs["migrate"].text
    assert re.search(r"\bflask\b[^\n]*\bsafe-upgrade\b", after), (
        "migrate does not run flask safe-upgrade: there would be no way back"
    )
    kept = re.search(r"volume|mount|\s-v\s", after, re.IGNORECASE)
    assert kept or "--rm" not in after, (
        "migrate removes its container, --rm, and the back-up in it: a volume outlives it"
    )


def archives(job):
    """The archives that a job names; ``*`` for those that a pattern or a variable names."""
    names = re.findall(r"[\w$*{}-]+(?=\.tar\b)", str(job.steps))
    return {"*" if re.search(r"[$*{}]", name) else f"{name}.tar" for name in names}


def test_what_was_pushed_is_deployed(workflow):
    job = workflow.jobs["deploy"]
    idle = r"(?m)^\s*(echo|printf|umask|set|true|:)\b.*$|^\s*$"
    does = re.sub(idle, "", job.text).strip() or [
        use for use in job.uses if not use.startswith("actions/")
    ]
    assert does, "deploy says something, and does nothing: the new image is to run in production"
    which = r"needs\.[\w-]+\.outputs|github\.sha|GITHUB_SHA"
    assert re.search(which, f"{job.body} {workflow.body.get('env')}"), (
        "deploy does not say which image: that of push, by its digest or the tag of this commit"
    )
    for name in ("migrate", "deploy"):
        movable = re.search(r"\S+:latest\b", workflow.jobs[name].text)
        found = movable and movable[0]
        assert found is None, f"{name} takes {found}, whatever that is by then"


def test_somebody_says_yes_and_one_at_a_time(workflow):
    whole = workflow.body.get("concurrency")
    for name in ("migrate", "deploy"):
        body = workflow.jobs[name].body
        place = body.get("environment")
        place = place.get("name") if isinstance(place, dict) else place
        assert place == "production", (
            f"{name} is in the environment {place!r}: in production GitHub asks the reviewers first"
        )
        one = body.get("concurrency", whole)
        assert one, f"two runs may be at {name} at the same time: concurrency"
        breaks_off = isinstance(one, dict) and one.get("cancel-in-progress", False) is not False
        both = isinstance(whole, dict) and whole.get("cancel-in-progress", False) is not False
        assert not breaks_off, f"the next run cancels {name} half-way: cancel-in-progress"
        assert not both, f"the next run cancels this one, {name} half-way and all"
        group = str(one.get("group") if isinstance(one, dict) else one)
        own = re.search(r"github\.(run_\w+|sha)", group)
        assert own is None, f"each run is in a group of its own, {group}: two are at {name} at once"


def test_nobody_may_do_more_than_needed(workflow):
    top = workflow.body.get("permissions")
    assert top == {}, (
        f"permissions at the top: {'nothing is said' if top is None else top}; nobody may do"
        " anything there, {}, and each job says what it needs"
    )
    for name, job in workflow.jobs.items():
        own = job.body.get("permissions", top)
        assert isinstance(own, dict), f"{name} asks for {own}: all of it, whatever it is"
        more = [
            right
            for right, level in own.items()
            if level == "write" and right not in MAY_WRITE.get(name, set())
        ]
        assert more == [], f"{name} may write {more[0] if more else ''}, and needs not"
        reads = [right for right, level in own.items() if level == "read" and right != "contents"]
        reads = [right for right in reads if right not in {"packages", *MAY_WRITE.get(name, ())}]
        assert reads == [], f"{name} may read {reads[0] if reads else ''}, and needs not"
        said = f"{job.body} {workflow.body.get('env')}"
        secret = re.search(r"\bsecrets\.(?!GITHUB_TOKEN\b)\w+|\bsecrets\[", said)
        assert secret is None or name in OUTSIDE, (
            f"{name} is given {secret[0] if secret else ''}, and runs what a pull request brings"
        )
    right = workflow.jobs["push"].body.get("permissions") or {}
    assert right.get("packages") == "write", "push may not write packages, and has to"
    for name, job in workflow.jobs.items():
        for step in job.steps:
            if str(step.get("uses", "")).startswith("actions/checkout@"):
                keeps = (step.get("with") or {}).get("persist-credentials", True)
                assert keeps is False, (
                    f"the checkout of {name} leaves its token behind, for every later step:"
                    " persist-credentials: false"
                )


def test_it_trusts_what_it_knows(workflow):
    for name, job in workflow.jobs.items():
        for use in job.uses:
            if use.startswith("./"):
                continue
            fits = (
                exactly(use.removeprefix("docker://"))
                if use.startswith("docker:")
                else (re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", use))
            )
            assert fits, f"{name} uses {use}: whoever can move that tag runs code here"
        images = [one.get("image") if isinstance(one, dict) else one for one in containers(job)]
        for image in map(str, images):
            assert exactly(image), f"{name} runs on {image}, which is another one tomorrow"
        scripts = [str((step.get("with") or {}).get("script", "")) for step in job.steps]
        for text in (*job.ran, *scripts):
            found = re.search(r"\$\{\{.*?\}\}", text)
            assert found is None, (
                f"{name} runs a text with {found[0] if found else ''} in it: what stands there is"
                " pasted in and run as well; give it through env"
            )


def containers(job):
    own = [job.body["container"]] if "container" in job.body else []
    return [*own, *(job.body.get("services") or {}).values()]


def exactly(image):
    return re.search(r"@sha256:[0-9a-f]{64}$|:v?\d+\.\d+[\w.-]*$", image) is not None


def test_nobody_waits_for_ever(workflow):
    for name, job in workflow.jobs.items():
        if "uses" not in job.body:
            minutes = job.body.get("timeout-minutes", 360)
            assert isinstance(minutes, int | float), f"timeout-minutes of {name} is no number"
            assert minutes <= 60, (
                f"{name} may hang for {minutes} minutes: timeout-minutes, at most 60"
            )
