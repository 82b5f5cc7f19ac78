"""Mutants: which faults are made, and which are not worth making."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.author.mutate import mutants


def made(text: str) -> set[str]:
    return {mutant.after for mutant in mutants(dedent(text))}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("found = a < b", "found = (a <= b)"),
        ("found = a == b", "found = (a != b)"),
        ("found = a in b", "found = (a not in b)"),
        ("found = a and b", "found = (a or b)"),
        ("found = not a", "found = a"),
        ("found = -a", "found = a"),
        ("found = a + b", "found = (a - b)"),
        ("total += 1", "total = 1"),
        ("total += 1", "total -= 1"),
        ("total += 1", "pass"),
        ("limit = 100", "limit = 101"),
        ("open = True", "open = False"),
        ('key = "books"', "key = 'XXbooks'"),
        ('key = f"/books/{a}"', "key = 'XX'"),
        ("stop()", "pass"),
        ("raise Missing()", "pass"),
        ('app.config["KEY"] = a', "pass"),
        ("del a[0]", "pass"),
        ("assert a", "pass"),
        ("make(a, strict=b)", "make(a)"),
        ("make(**options)", "make()"),
        ("key = lambda row: row.id", "key = lambda row: None"),
        ("found = [a for a in b if a]", "found = [a for a in b if (not a)]"),
        ("found = a if b else c", "found = a if (not b) else c"),
    ],
)
def test_a_line_is_mutated(before: str, after: str) -> None:
    assert after in made(before)


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("def f():\n    return a\n", "return a", "return None"),
        ("def f():\n    return\n", "return", "pass"),
        ("@cached\ndef f():\n    pass\n", "@cached", ""),
        ("class A:\n    size = b\n", "size = b", "pass"),
        ("class A:\n    size: Mapped[int]\n", "size: Mapped[int]", "pass"),
        ("if a.open:\n    stop()\n", "if a.open:", "if (not a.open):"),
        ("while a:\n    stop()\n", "while a:", "while (not a):"),
        ("for a in b:\n    break\n", "break", "continue"),
        ("with lock:\n    stop()\n", "with lock:", "if True:"),
        ("try:\n    a()\nexcept E:\n    b()\n", "b()", "raise"),
        ("def f(a=1):\n    pass\n", "def f(a=1):", "def f(a=2):"),
    ],
)
def test_a_statement_is_mutated(text: str, before: str, after: str) -> None:
    assert (before, after) in {(mutant.before, mutant.after) for mutant in mutants(text)}


@pytest.mark.parametrize(
    "text",
    [
        '"""What this module is for."""',
        'def f():\n    "What it does."\n',
        "def f(a: Literal[1] = b) -> Literal[2]: ...",
        "size: Literal[1] = b",
        '__all__ = ["a", "b"]',
        "class A:\n    __all__: list[str] = ['a']\n",
        'def __repr__(self):\n    return f"<{self.name}/>"\n',
        'logger.info("request/%s", a == b)',
        'current_app.logger.exception("no %s", a)',
        'message = "there is no such book, sorry"',
        'message = f"there is no book {number}: look again"',
        "if TYPE_CHECKING:\n    import a\n    b = 1\n",
        "def f():\n    return None\n",
    ],
)
def test_what_no_test_should_look_at_is_left_alone(text: str) -> None:
    assert mutants(text) == []


def test_words_for_a_machine_are_no_prose() -> None:
    assert "rule = 'XXdue_at > borrowed_at'" in made('rule = "due_at > borrowed_at"')
    assert "hint = 'XXpublic, max-age=3600'" in made('hint = "public, max-age=3600"')


def test_a_mutant_keeps_the_rest_of_the_file_and_knows_its_line() -> None:
    text = "# Größe, in Bytes\nlimit = 1  # because\nname = 'ä' + b\n"

    mutant = next(each for each in mutants(text) if each.after == "name = ('ä' - b)")
    assert mutant.line == 3
    assert mutant.before == "name = 'ä' + b"
    assert mutant.text == "# Größe, in Bytes\nlimit = 1  # because\nname = ('ä' - b)\n"


def test_a_fault_over_several_lines_reads_as_one() -> None:
    text = "made = make(\n    a,\n    strict=b,\n)\n"

    (mutant,) = mutants(text)
    assert mutant.before == "made = make( a, strict=b, )"
    assert mutant.after == "made = make(a)"


def test_no_two_mutants_are_alike() -> None:
    text = "def f(a, b):\n    if a == b or not a:\n        return a + b\n    return 0\n"

    texts = [mutant.text for mutant in mutants(text)]
    assert len(texts) == len(set(texts))
    assert texts == [mutant.text for mutant in mutants(text)]


NAMES = st.sampled_from(["a", "b", "c.d", "e[0]"])
EXPRESSIONS = st.recursive(
    NAMES | st.integers(-5, 5).map(str) | st.sampled_from(["'x'", "f'{a}'", "None", "True"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "<", "and", "in", "is", "|", "%"]), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        inner.map(lambda one: f"not {one}".join("()")),
        st.tuples(inner, inner).map(lambda two: f"call({two[0]}, key={two[1]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS, st.sampled_from(["x = {}", "if {}:\n    go()", "return_({})", "x += {}"]))
def test_every_mutant_is_python_and_differs(expression: str, statement: str) -> None:
    text = statement.format(expression)

    for mutant in mutants(text):
        assert ast.dump(ast.parse(mutant.text)) != ast.dump(ast.parse(text))
