"""Where each claim of the syllabus is taught, coded and practised."""

from __future__ import annotations

from collections.abc import Mapping

from checker.author.pages.cards import opened
from checker.author.pages.markup import table
from checker.author.pages.taught import Place
from checker.claims import Section, coverage
from checker.course import Course, Exercise

Taught = Mapping[str, list[Place]]


def coverage_map(course: Course, sections: tuple[Section, ...], places: Taught) -> str:
    """One table for each section: the claim, where it is taught, the exercises, their code."""
    covered = coverage(course)
    written = {step.number for step in course.steps}
    return "\n".join(_section(course, section, covered, places, written) for section in sections)


def _section(
    course: Course,
    section: Section,
    covered: dict[str, list[str]],
    places: Taught,
    written: set[int],
) -> str:
    heading = f"## {section.number} {section.title}\n\n"
    if section.number not in written:
        claims = "".join(f"- `{name}` {text}\n" for name, text in section.claims.items())
        return f"{heading}The step that teaches this is not written yet.\n\n{claims}"
    rows = []
    for name, text in section.claims.items():
        exercises = [course.exercise(identity) for identity in covered.get(name, [])]
        rows.append(
            (
                f"`{name}` {text}",
                "<br>".join(dict.fromkeys(place.link for place in places.get(name, []))),
                "<br>".join(_practised(exercise) for exercise in exercises),
                "<br>".join(line for exercise in exercises for line in _code(course, exercise)),
            )
        )
    rows_of_claims = table(("Claim", "Taught in", "Exercise", "Code"), rows)
    return f'{heading}<div class="claims" markdown="1">\n\n{rows_of_claims}\n</div>\n'


def _practised(exercise: Exercise) -> str:
    place = f"/learn/{exercise.step_name}.md#{exercise.slug}"
    return f"[{exercise.id}]({place})"


def _code(course: Course, exercise: Exercise) -> list[str]:
    """The files of an exercise, each with the names it leaves open: ``app/hooks.py``."""
    step = course.step_of(exercise)
    lines = []
    for name in exercise.edit:
        symbols = " ".join(f"`{symbol}`" for symbol in opened(step, name))
        lines.append(f"`{name}` {symbols}".rstrip())
    return lines
