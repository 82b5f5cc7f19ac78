"""Where each claim of the syllabus is taught, coded and practised."""

from __future__ import annotations

from checker.author.pages.markup import table
from checker.claims import Section, coverage
from checker.course import Course


def coverage_map(course: Course, sections: tuple[Section, ...]) -> str:
    """One table for each section: the claim, the place that teaches it, the code, the exercise."""
    covered = coverage(course)
    written = {step.number for step in course.steps}
    return "\n".join(_section(course, section, covered, written) for section in sections)


def _section(
    course: Course, section: Section, covered: dict[str, list[str]], written: set[int]
) -> str:
    heading = f"## {section.number} {section.title}\n\n"
    if section.number not in written:
        claims = "".join(f"- `{name}` {text}\n" for name, text in section.claims.items())
        return f"{heading}The step that teaches this is not written yet.\n\n{claims}"
    rows = [
        (f"`{name}`", text, *_places(course, covered.get(name, [])))
        for name, text in section.claims.items()
    ]
    return heading + table(("Claim", "What it says", "Taught and practised in", "Code"), rows)


def _places(course: Course, ids: list[str]) -> tuple[str, str]:
    exercises = [course.exercise(identity) for identity in ids]
    links = [
        f"[{exercise.id} {exercise.title}](/learn/{exercise.step_name}.md#{exercise.slug})"
        for exercise in exercises
    ]
    files = [f"`{name}`" for exercise in exercises for name in exercise.edit]
    return "<br>".join(links), "<br>".join(files)
