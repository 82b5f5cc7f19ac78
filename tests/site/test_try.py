"""An exercise is solved and checked in its page, and an API explored, in a real browser."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jsonschema
import pytest

import checker.learn
from checker.course import Course

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

REPOSITORY = Path(__file__).resolve().parents[2]
COURSE = Course.load(REPOSITORY)
PAGE = "learn/01_architecture/index.html"
# In this order the palette is switched by its button, to and fro.
LOOKS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
LOADS = 120_000.0  # milliseconds, for Python to start on a busy machine
AT_ONCE = """
  for (const root of [document.head, card.querySelector(".explorer__paper").shadowRoot]) {
    const style = document.createElement("style");
    style.textContent = "* { transition: none !important; animation: none !important; }";
    root.append(style);
  }
"""


class Watched:
    """A page, whom it asks, and what goes wrong in it; ``card`` is the part that is tried."""

    card: Locator

    def watch(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.wrong: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self.hear)

    def hear(self, line: Any) -> None:
        if line.type in {"error", "warning"}:
            self.wrong.append(line.text)

    def says(self, text: str, timeout: float = 30_000) -> None:
        """Wait until the status says so, or that Python did not start."""
        status = self.card.locator(".try__status")
        status.filter(has_text=re.compile(f"{text}|not start here")).wait_for(timeout=timeout)
        assert text in status.inner_text(), self.card.inner_text()


class Opened(Watched):
    """A page with an exercise opened in it, Python ready."""

    def __init__(self, page: Page, address: str, name: str = "1.1") -> None:
        self.watch(page)
        step = COURSE.exercise(name).step_name
        page.goto(f"{address}/learn/{step}/index.html", wait_until="networkidle")
        self.before = list(self.asked)
        self.card = page.locator(f".card[data-exercise='{name}']")
        self.card.get_by_role("button", name=f"Try it here: exercise {name}").click()
        self.says("ready", LOADS)

    def button(self, name: str) -> Locator:
        return self.card.get_by_role("button", name=name, exact=True)

    def types(self, text: str) -> None:
        """Put ``text`` in place of the file, by the keyboard."""
        self.card.get_by_role("textbox", name="app/__init__.py").focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    @property
    def screen(self) -> str:
        return self.card.locator(".try__result").inner_text()

    @property
    def record(self) -> dict[str, Any]:
        text = self.page.evaluate("localStorage.getItem('build-secure-ship.record')")
        record: dict[str, Any] = json.loads(text)
        return record


@pytest.fixture(scope="module")
def opened(playground: Any, browser: Browser) -> Iterator[Opened]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Opened(context.new_page(), playground.address)
    context.close()


def test_nothing_is_loaded_before_the_click_and_all_of_it_from_here(
    opened: Opened, playground: Any
) -> None:
    paths = [urlsplit(url).path.lstrip("/") for url in opened.before]
    assert not [path for path in paths if path.startswith("playground/")]
    # The index of the search grows with all pages together; Material loads it beside the page.
    page = {path for path in paths if "search" not in path}
    sizes = [len(gzip.compress(file_of(playground.site, path).read_bytes())) for path in page]
    assert sum(sizes) <= 150_000
    assert {urlsplit(url).netloc for url in opened.asked if not url.startswith("blob:")} == {
        urlsplit(playground.address).netloc
    }


def file_of(site: Path, path: str) -> Path:
    file = site / path
    return file / "index.html" if file.is_dir() else file


def test_what_a_step_fetches_after_the_click_stays_below_ten_megabytes(playground: Any) -> None:
    folder = playground.site / "playground"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    beside = sum(file.stat().st_size for file in folder.glob("pyodide/*.mjs"))
    beside += sum((folder / name).stat().st_size for name in manifest["scripts"].values())
    runtime = sum(part["size"] for part in manifest["runtime"]) + beside
    for step, parts in manifest["steps"].items():
        total = runtime + sum(part["size"] for part in parts["files"])
        if "solved" in parts:  # the explorer of its API, too
            names = [parts["solved"], *manifest["swagger"].values()]
            total += sum((folder / name).stat().st_size for name in names)
        assert total <= 10_000_000, f"{step}: {total} bytes"


def test_the_first_exercise_is_checked_solved_and_kept(opened: Opened) -> None:
    exercise = COURSE.exercise("1.1")
    opened.button("Check").click()
    opened.says("not yet: ")
    assert exercise.starter.matches(" ".join(opened.screen.split()))

    solution = (COURSE.step(1).solutions / "app/__init__.py").read_text(encoding="utf-8")
    opened.types(solution)
    opened.button("Check").click()
    opened.says("solved")

    assert re.search(r"all \d+ tests pass", opened.screen)
    record = opened.record
    assert record["files"] == {"01_architecture/app/__init__.py": solution}
    assert record["progress"]["exercises"]["1.1"]["state"] == "solved"
    schemas = Path(checker.learn.__file__).parent / "schemas"
    schema = json.loads((schemas / "record.json").read_text(encoding="utf-8"))
    jsonschema.validate(record, schema, cls=jsonschema.Draft202012Validator)
    assert opened.wrong == []


def test_the_app_answers_with_the_files_of_the_editor(opened: Opened) -> None:
    opened.card.get_by_text("Send requests to the app").click()
    opened.card.get_by_label("Path").fill("/api/v1/books/999")
    opened.button("Send").click()
    opened.says("GET /api/v1/books/999 answered 404")

    assert "there is no book 999" in opened.card.locator(".try__answer").inner_text()
    assert opened.wrong == []


def test_a_loop_without_end_is_stopped_and_the_edits_stay(opened: Opened) -> None:
    loop = "while True:\n    pass\n"
    opened.types(loop)
    opened.button("Check").click()
    opened.says("checking")

    opened.button("Stop").click()

    opened.says("stopped")
    assert opened.record["files"]["01_architecture/app/__init__.py"] == loop
    opened.says("ready again", LOADS)  # before another message takes its place
    opened.button("Reset").click()
    assert opened.record["files"] == {}
    opened.button("Undo the reset").click()
    assert opened.record["files"]["01_architecture/app/__init__.py"] == loop


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_an_open_exercise_is_accessible(
    opened: Opened, playground: Any, width: int, scheme: str
) -> None:
    page = opened.page
    page.set_viewport_size({"width": width, "height": 900})
    switch(page, scheme)
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=playground.packages / "axe-core" / "axe.min.js")
    found = page.evaluate("axe.run().then(result => result.violations)")

    told = [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]
    assert told == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert opened.wrong == []


def switch(page: Page, scheme: str) -> None:
    name = "slate" if scheme == "dark" else "default"
    if page.locator("body").get_attribute("data-md-color-scheme") != name:
        page.locator(f"label[title='Switch to the {scheme} palette']").click()
        page.locator(f"body[data-md-color-scheme={name}]").wait_for()


def test_what_is_solved_here_is_carried_on_on_a_terminal(opened: Opened, tmp_path: Path) -> None:
    for part in ("steps", "solutions"):
        (tmp_path / part).mkdir()
        shutil.copytree(REPOSITORY / part / "01_architecture", tmp_path / part / "01_architecture")
    (tmp_path / "checker").mkdir()
    (tmp_path / "checker" / "course.py").touch()
    solution = (COURSE.step(1).solutions / "app/__init__.py").read_text(encoding="utf-8")
    opened.types(solution)
    with opened.page.expect_download() as download:
        opened.button("Save it as a file").click()
    download.value.save_as(tmp_path / "mine.json")

    said = checker_in(tmp_path, "import", "mine.json") + checker_in(tmp_path, "check", "1.1")

    assert (tmp_path / "work/01_architecture/app/__init__.py").read_text("utf-8") == solution
    assert re.search(r"all \d+ tests pass", said)


def checker_in(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "checker", *words]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_where_nothing_is_kept_the_edits_of_now_are_checked(opened: Opened) -> None:
    full = "Storage.prototype.setItem = () => { throw new Error('full') }"
    opened.page.evaluate(f"() => {{ {full} }}")
    opened.types("def create_app(:\n")

    opened.says("this browser keeps nothing: save your work as a file before you leave")
    opened.button("Check").click()
    opened.says("not yet: 0 of")
    assert "SyntaxError" in opened.screen or "does not load" in opened.screen


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("6.2", "tests/factories.py"),
        ("7.3", "app/flags.py"),
        ("8.4", "app/services/reservations.py"),
    ],
)
def test_later_steps_are_in_their_pages_too(
    playground: Any, browser: Browser, name: str, file: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    late = Opened(context.new_page(), playground.address, name)

    assert late.card.get_by_role("textbox", name=file).count() == 1
    late.button("Check").click()
    late.says("not yet: ", LOADS)
    assert COURSE.exercise(name).starter.matches(" ".join(late.screen.split()))
    late.card.get_by_text("Send requests to the app").click()
    late.button("Send").click()
    late.says("GET /api/v1/books answered", LOADS)
    late.button("Log in as an admin").click()
    late.says("answered 200", LOADS)
    late.button("Send").click()
    late.says("GET /api/v1/books answered 200", LOADS)

    # It holds what `flask seed` stores.
    assert '"title"' in late.card.locator(".try__answer").inner_text()
    assert late.wrong == []
    context.close()


def test_only_what_is_marked_local_has_no_button(playground: Any) -> None:
    for step in COURSE.steps:
        text = (playground.site / "learn" / step.name / "index.html").read_text(encoding="utf-8")
        buttons = re.findall(r'aria-label="Try it here: exercise ([\d.]+)"', text)
        assert buttons == [each.id for each in step.exercises if not each.local]


BROKEN = {
    "delete globalThis.WebAssembly": "this browser has no WebAssembly",
    "globalThis.Worker = class { constructor() { throw new Error('workers are blocked') } }": (
        "workers are blocked"
    ),
}


@pytest.mark.parametrize(("broken", "why"), BROKEN.items(), ids=["no WebAssembly", "no workers"])
def test_a_browser_that_cannot_run_it_says_why_and_how_to_go_on(
    playground: Any, browser: Browser, broken: str, why: str
) -> None:
    page = browser.new_page()
    page.add_init_script(broken)
    page.goto(f"{playground.address}/{PAGE}")
    card = page.locator(".card[data-exercise='1.1']")

    card.get_by_role("button", name="Try it here: exercise 1.1").click()

    said = card.get_by_role("alert").inner_text()
    assert why in said
    assert "python3 start.py\nchecker start 1" in said
    page.close()


class Explored(Watched):
    """The page of step 4's API, opened."""

    def __init__(self, page: Page, address: str) -> None:
        self.watch(page)
        page.goto(f"{address}/reference/api/index.html", wait_until="networkidle")
        self.before = list(self.asked)
        page.get_by_role("button", name="Explore it here: step 4").click()
        self.card = page.get_by_role("region", name="Explore the API")
        self.says("ready", LOADS)

    def opens(self, operation: str) -> Locator:
        """An operation, unfolded, with the fields to fill in."""
        block = self.card.locator(f"[id$='-{operation}']")
        block.locator(".opblock-summary-control").click()
        block.get_by_role("button", name="Try it out").click()
        return block

    def sends(self, operation: str) -> str:
        """Try an operation that needs nothing filled in; what Swagger UI shows of the answer."""
        block = self.opens(operation)
        block.get_by_role("button", name="Execute").click()
        answer = block.locator(".live-responses-table .response")
        answer.wait_for(timeout=30_000)
        return answer.inner_text()


@pytest.fixture(scope="module")
def explored(playground: Any, browser: Browser) -> Iterator[Explored]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Explored(context.new_page(), playground.address)
    context.close()


def test_an_explorer_shows_the_operations_of_the_tables_below(explored: Explored) -> None:
    shown = explored.card.locator(".opblock").count()
    told = "document.querySelectorAll(\"article h3[id]:not([id^='shape-'])\").length"

    assert shown == explored.page.evaluate(told)
    assert shown > 30
    assert not [url for url in explored.before if "/playground/" in url]


def test_what_an_explorer_sends_is_answered_within_the_page(explored: Explored) -> None:
    assert "token_missing" in explored.sends("get_myself")

    explored.card.get_by_role("button", name="Sign in as an admin").click()
    explored.says("signed in as eve@example.org")
    mine = explored.card.locator("[id$='-get_myself']")
    mine.get_by_role("button", name="Execute").click()
    explored.says("GET /api/v1/users/me answered 200")

    mine.locator(".live-responses-table").filter(has_text="eve@example.org").wait_for()
    hosts = {urlsplit(url).netloc for url in explored.asked if url.startswith("http")}
    assert len(hosts) == 1
    assert explored.wrong == []


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_an_explorer_with_operations_open_is_accessible(
    explored: Explored, playground: Any, width: int, scheme: str
) -> None:
    page = explored.page
    page.set_viewport_size({"width": width, "height": 900})
    if not page.evaluate("'axe' in window"):
        # What is half faded has half the contrast.
        explored.card.evaluate(f"(card) => {{ {AT_ONCE} }}")
        page.add_script_tag(path=playground.packages / "axe-core" / "axe.min.js")
        for operation in ("list_books", "replace_book"):
            explored.opens(operation)
    switch(page, scheme)
    dark = ".dark-mode" if scheme == "dark" else ":not(.dark-mode)"
    explored.card.locator(f".explorer__paper{dark}").wait_for()
    # axe sees the colours of now: those that a button has while the keyboard is on it.
    button = explored.card.locator(".try__bar-row button:visible")
    ground = "button => getComputedStyle(button).backgroundColor"
    resting = button.evaluate(ground)
    button.focus()
    assert button.evaluate(ground) != resting, "nobody sees where the keyboard is"
    found = page.evaluate("axe.run().then(result => result.violations)")
    explored.card.locator(".scheme-container .btn.authorize").click()
    explored.card.locator(".modal-ux").wait_for()
    found += page.evaluate("axe.run().then(result => result.violations)")
    explored.card.locator(".close-modal").click()

    told = {f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found}
    assert told == set()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert explored.wrong == []
