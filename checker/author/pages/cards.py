"""An exercise as the page shows it: what to do, the contract, three folded hints."""

from __future__ import annotations

import ast

from checker.author.pages.markup import counted, fence, folded, table
from checker.author.pages.sources import file_of
from checker.author.pages.symbols import Definition, Piece, definitions
from checker.author.playground import is_explored
from checker.course import Course, Exercise, Step


def overview(step: Step) -> str:
    """The step's exercises as a table, each linked to its section on the same page."""
    rows = [
        (
            f"[{exercise.id} {exercise.title}](#{exercise.slug})",
            f"{exercise.minutes} min",
            str(exercise.points),
            "<br>".join(f"`{name}`" for name in exercise.edit),
        )
        for exercise in step.exercises
    ]
    shown = table(("Exercise", "Time", "Points", "You edit"), rows)
    return f'<div class="exercises" markdown="1">\n\n{shown}\n</div>\n'


def card(course: Course, exercise: Exercise) -> str:
    """The card of one exercise. The solution is not on it, only the way to see it."""
    step = course.step_of(exercise)
    files = ", ".join(f"`work/{step.name}/{name}`" for name in exercise.edit)
    hints = [
        folded(f"Hint {number} of 3", text, kind="hint", is_searched=False)
        for number, text in enumerate(exercise.hints, 1)
    ]
    parts = (
        f'<div class="card" data-exercise="{exercise.id}" markdown="1">\n',
        _title(exercise),
        _facts(exercise),
        f"Edit {files}, then let the checker judge it:\n",
        fence(f"$ checker check {exercise.id}", "console"),
        _try(exercise),
        folded(
            "The contract, as the file states it",
            contract(step, exercise),
            kind="contract",
        ),
        *hints,
        folded("See a solution", _solution(exercise), kind="solution"),
        "</div>\n",
    )
    return "\n".join(parts)


def contract(step: Step, exercise: Exercise) -> str:
    """What the starter's files say is asked.

    Each definition that the solution changes; and the module's own docstring, where that
    says more than what the module is.
    """
    return "\n".join(
        fence(text, "python", title=f"{name}")
        for name in exercise.edit
        for text in _open_definitions(step, name)
    )


def opened(step: Step, name: str) -> list[str]:
    """The names of the functions and classes that a starter's file leaves to the learner."""
    if not name.endswith(".py"):
        return []
    return [piece.name for piece in _stated(step, name)]


def _open_definitions(step: Step, name: str) -> list[str]:
    starter = file_of(step, name).read_text(encoding="utf-8")
    if not name.endswith(".py"):
        return [starter]
    shown = [piece.text for piece in _stated(step, name)]
    module = ast.get_docstring(ast.parse(starter)) or ""
    if "\n" in module or not shown:
        shown = [f'"""{module}\n"""' if module else starter, *shown]
    return shown


def _stated(step: Step, name: str) -> list[Piece]:
    """The definitions of a starter's file that say what is asked, and that the solution changes."""
    starter = file_of(step, name).read_text(encoding="utf-8")
    solved = file_of(step, name, solved=True).read_text(encoding="utf-8")
    answers = {piece.name: _shape(piece.node) for piece in definitions(solved)}
    stated = [
        piece
        for piece in definitions(starter)
        if _docstring(piece) and answers.get(piece.name) != _shape(piece.node)
    ]
    # A class that changes is shown whole; its methods would only say it again.
    outer = {piece.name for piece in stated}
    return [piece for piece in stated if piece.name.rpartition(".")[0] not in outer]


def _shape(node: ast.stmt) -> str:
    """A definition as a tree without its docstring: a solution may drop or reword that."""
    copy = ast.parse(ast.unparse(node)).body[0]
    if isinstance(copy, Definition) and ast.get_docstring(copy) is not None:
        copy.body = copy.body[1:]
    return ast.dump(copy)


def _docstring(piece: Piece) -> str | None:
    return ast.get_docstring(piece.node) if isinstance(piece.node, Definition) else None


def _title(exercise: Exercise) -> str:
    number = f'<span class="card__id">{exercise.id}</span>'
    return f'<p class="card__title">{number} {exercise.title}</p>\n'


def _facts(exercise: Exercise) -> str:
    facts = (
        f"about {exercise.minutes} minutes",
        counted(exercise.points, "point"),
        f"practises {', '.join(exercise.covers)}",
    )
    return f'<p class="card__facts">{"".join(f"<span>{fact}</span>" for fact in facts)}</p>\n'


def _try(exercise: Exercise) -> str:
    """The button that runs the exercise in the page, or why it cannot.

    Hidden until a script shows it: without one it would do nothing.
    """
    if exercise.local:
        return f'<p class="card__local">On your own machine only: {exercise.local}.</p>\n'
    where = f'data-exercise="{exercise.id}" data-step="{exercise.step_name}"'
    return _opener(where, "Try it here", f"Try it here: exercise {exercise.id}")


def explorer(step: Step) -> str:
    """The button that opens the API of the solved step in the page, where a page has it."""
    if not is_explored(step):
        return ""
    return _opener(
        f'data-step="{step.name}"', "Explore it here", f"Explore it here: step {step.number}"
    )


def _opener(where: str, text: str, name: str) -> str:
    button = f'<button class="md-button" type="button" aria-label="{name}">{text}</button>'
    about = "<span>in the page: loads Python, up to 10 MB</span>"
    return f'<p class="card__try" {where} hidden>{button} {about}</p>\n'


def _solution(exercise: Exercise) -> str:
    shown = fence(f"$ checker solution {exercise.id}", "console")
    return (
        "It is one answer, not the only one. The checker shows it as a difference to your work, "
        f"and changes nothing:\n\n{shown}"
    )
