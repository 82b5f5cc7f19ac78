"""What a page may ask for. MkDocs loads this module through mkdocs-macros.

A page that asks for what is not there stops the build, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

from checker.author.pages import api, audit, cards, changes, coverage, sources, symbols, taught
from checker.author.pages.afterwards import Afterwards
from checker.author.pages.markup import counted, fence, folded, language_of
from checker.claims import Section, load_claims
from checker.course import Course, Step

LONGEST = 25
"""A piece of code longer than this is not read; it is skipped. Show a smaller one."""


_NOT_RECORDED = (
    "there is no recorded output {!r}: add it to docs/outputs/recordings.toml, "
    "then run: python -m checker.author.pages"
)


class Environment(Protocol):
    """The part of mkdocs-macros that is used here."""

    variables: dict[str, Any]
    page: Page
    markdown: str
    conf: MkDocsConfig

    @property
    def project_dir(self) -> str: ...

    def macro(self, function: Callable[..., object], name: str = ...) -> object: ...


def define_env(env: Environment) -> None:
    """Called by mkdocs-macros, once for each build."""
    root = Path(env.project_dir)
    course = Course.load(root)
    pages = Pages(root, course)
    env.variables["afterwards"] = Afterwards(course)
    for macro in (
        pages.code,
        pages.step,
        pages.facts,
        pages.changes,
        pages.differences,
        pages.exercises,
        pages.exercise,
        pages.contract,
        pages.manifest,
        pages.test_code,
        pages.shelf,
        pages.output,
        pages.predict,
        pages.diagram,
        pages.teaches,
        pages.screen,
        pages.coverage_map,
        pages.api,
        pages.explorer,
        audit.audit_exception,
        audit.audit_settings,
        audit.audit_overview,
        audit.audit_rules,
    ):
        env.macro(macro)


def on_post_page_macros(env: Environment) -> None:
    """Called by mkdocs-macros for each page, when nothing is left in it to fill in."""
    env.variables["afterwards"].keep(env.page, env.markdown)


def on_post_build(env: Environment) -> None:
    """Called by mkdocs-macros when every page is written."""
    env.variables["afterwards"].write(env.conf)


class Pages:
    """The macros over one course."""

    def __init__(self, root: Path, course: Course) -> None:
        self.root = root
        self.course = course

    def code(self, path: str, symbol: str = "", section: str = "", solved: bool = False) -> str:
        """A symbol or a named section of a file of a step, as handed out or as solved."""
        text = sources.read(self.course, path, solved)
        if symbol:
            text = symbols.symbol(text, symbol, path)
        elif section:
            text = symbols.section(text, section, path)
        lines = len(text.splitlines())
        if lines > LONGEST:
            raise ValueError(
                f"{path} {symbol or section}: {lines} lines are too many to read in a page; "
                f"show a piece of at most {LONGEST}"
            )
        return fence(text, language_of(path), title=path.split("/", 2)[2])

    def step(self, name: str | int) -> Step:
        """A step's manifest, for its title and its summary."""
        return self.course.step(name)

    def facts(self, name: str | int) -> str:
        """One line about a step: time, exercises, points."""
        step = self.course.step(name)
        facts = (
            f"about {_hours(step.minutes)}",
            counted(len(step.exercises), "exercise"),
            counted(sum(exercise.points for exercise in step.exercises), "point"),
        )
        return f'<p class="facts">{"".join(f"<span>{fact}</span>" for fact in facts)}</p>\n'

    def changes(self, name: str | int) -> str:
        """What the step hands out beyond the last one's solved state."""
        return changes.changes(self.course, self.course.step(name))

    def differences(self, name: str | int, page: str) -> str:
        """What differs in those of these files that ``page`` shows: changed, or added."""
        return changes.differences(self.course, self.course.step(name), page)

    def exercises(self, name: str | int) -> str:
        """The step's exercises as a table."""
        return cards.overview(self.course.step(name))

    def exercise(self, identity: str) -> str:
        """One exercise's card."""
        return cards.card(self.course, self.course.exercise(identity))

    def contract(self, identity: str) -> str:
        """What the starter's file says that an exercise asks."""
        exercise = self.course.exercise(identity)
        return cards.contract(self.course.step_of(exercise), exercise)

    def test_code(self, identity: str, symbol: str) -> str:
        """One test of an exercise, by its name."""
        exercise = self.course.exercise(identity)
        step = self.course.step_of(exercise)
        return self.code(f"steps/{step.name}/{step.tests.name}/{exercise.test}", symbol)

    def manifest(self, identity: str) -> str:
        """An exercise's table, as ``step.toml`` has it."""
        step = self.course.step_of(self.course.exercise(identity))
        text = (step.path / "step.toml").read_text(encoding="utf-8")
        tables = [f"[[exercise]]{part}" for part in text.split("[[exercise]]")[1:]]
        table = next(part for part in tables if f'id = "{identity}"' in part)
        return fence(table, "toml", title=f"steps/{step.name}/step.toml")

    def shelf(self) -> str:
        """The eight steps: those that are there are links, the others are named."""
        sections = load_claims(self.root)
        spines = "".join(self._spine(section) for section in sections)
        return f'<div class="shelf" markdown="1">\n\n{spines}\n</div>\n'

    def _spine(self, section: Section) -> str:
        step = next((step for step in self.course.steps if step.number == section.number), None)
        if step is None:
            return f"- {section.number} {section.title}<br><small>being written</small>\n"
        title = f"[{section.number} {step.title}](/learn/{step.name}.md)"
        return f"- **{title}**<br><small>{step.summary}</small>\n"

    def output(self, name: str) -> str:
        """What a command printed, as recorded: see ``python -m checker.author.pages``."""
        command, _, shown = self._recorded(name).partition("\n")
        language = "http" if command.startswith("$ curl") else "text"
        answer = fence(shown, language) if shown.strip() else ""
        inner = f"{fence(command, 'console')}\n{answer}"
        return f'<div class="recorded" markdown="1">\n\n{inner}\n</div>\n'

    def predict(self, name: str, caller: Callable[[], str]) -> str:
        """A question to answer before unfolding what really happened.

        Used as a block: ``{% call predict("1-4-crash") %}What happens?{% endcall %}``.
        """
        return (
            '<div class="predict" markdown="1">\n\n'
            f'<p class="predict__title">Predict, then run</p>\n\n{caller().strip()}\n\n'
            f"{folded('What really happens', self.output(name), kind='answer')}\n</div>\n"
        )

    def teaches(self, *claims: str) -> str:
        """Marks the paragraph below as the place that teaches these claims. Shows nothing."""
        known = {claim for section in load_claims(self.root) for claim in section.claims}
        if strange := [claim for claim in claims if claim not in known]:
            raise LookupError(f"claims.toml has no claim {strange[0]!r}")
        return taught.marks(claims)

    def diagram(self, name: str, caller: Callable[[], str]) -> str:
        """A drawing from ``docs/diagrams``, within the page so that it takes its colours.

        Used as a block around its caption. The drawing says in ``<desc>`` what it shows.
        """
        file = self.root / "docs" / "diagrams" / f"{name}.svg"
        drawing = file.read_text(encoding="utf-8").strip()
        if "<desc" not in drawing:
            raise ValueError(f"{file}: a drawing needs a <desc>, for those who do not see it")
        caption = f"<figcaption>{caller().strip()}</figcaption>"
        return f'<figure class="diagram">\n{drawing}\n{caption}\n</figure>\n'

    def screen(self, name: str) -> str:
        """A picture of a terminal screen, as recorded."""
        file = self.root / "docs" / "outputs" / f"{name}.svg"
        if not file.is_file():
            raise LookupError(_NOT_RECORDED.format(name))
        return f'<figure class="terminal">\n{file.read_text(encoding="utf-8").strip()}\n</figure>\n'

    def coverage_map(self) -> str:
        """Every claim, with the places that teach it, its exercises and their code."""
        places = taught.taught(self.root / "docs")
        return coverage.coverage_map(self.course, load_claims(self.root), places)

    def api(self, name: str | int) -> str:
        """Every operation of a step's solved app, from the document that it makes of itself."""
        return api.api(self.course.step(name))

    def explorer(self, name: str | int) -> str:
        """The button that opens a step's solved app in the page, with Swagger UI before it."""
        return cards.explorer(self.course.step(name))

    def _recorded(self, name: str) -> str:
        file = self.root / "docs" / "outputs" / f"{name}.txt"
        if not file.is_file():
            raise LookupError(_NOT_RECORDED.format(name))
        return file.read_text(encoding="utf-8")


def _hours(minutes: int) -> str:
    halves = max(1, round(minutes / 30))
    whole, half = divmod(halves, 2)
    if not whole:
        return "half an hour"
    return f"{whole}{'½' if half else ''} hour{'s' if halves > 2 else ''}"
