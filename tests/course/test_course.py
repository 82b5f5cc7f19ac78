"""A manifest is read whole or refused with its file, its key and the reason."""

from collections.abc import Callable
from pathlib import Path

import pytest

from checker.course import Course, CourseError, Expected, NotFound, find_course

MANIFEST = """
title = "First"
summary = "A step"
minutes = 10

[[exercise]]
id = "1.1"
title = "The Factory, at last!"
minutes = 10
edit = ["app/__init__.py"]
test = "test_1_1.py"
points = 5
covers = ["1.1a", "8.1"]
hints = ["one", "two", "three"]
guards = ["test_stays", "test_cases[calm]"]
starter = {test = "test_builds", says = "nothing is built"}

[exercise.mistakes]
forgets = {test = "test_builds", says = "it forgot … again"}
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a course of one step around the given manifest, and returns its root."""

    def write_course(manifest: str) -> Path:
        step = tmp_path / "steps" / "01_first"
        solved = tmp_path / "solutions" / "01_first"
        for folder in (step / "app", step / "exercises", solved / "app"):
            folder.mkdir(parents=True)
        patches = solved / "mistakes" / "1.1"
        patches.mkdir(parents=True)
        (patches / "forgets.patch").write_text("", encoding="utf-8")
        (step / "app" / "__init__.py").touch()
        (solved / "app" / "__init__.py").touch()
        (step / "exercises" / "test_1_1.py").touch()
        (step / "step.toml").write_text(manifest, encoding="utf-8")
        return tmp_path

    return write_course


def test_a_manifest_becomes_a_course(write: Write) -> None:
    course = Course.load(write(MANIFEST))

    exercise = course.exercise("1.1")
    assert [step.number for step in course.steps] == [1]
    assert exercise.slug == "1-1-the-factory-at-last"
    assert exercise.hints == ("one", "two", "three")
    assert course.step_of(exercise).tests.name == "exercises"


@pytest.mark.parametrize("name", [1, "1", "01", "01_first", "01_first/"], ids=repr)
def test_a_step_answers_to_its_number_and_its_folder(write: Write, name: str | int) -> None:
    assert Course.load(write(MANIFEST)).step(name).title == "First"


def test_what_is_not_there_is_said_with_what_is(write: Write) -> None:
    course = Course.load(write(MANIFEST))

    with pytest.raises(NotFound, match=r"no step '9'; the steps are 1 \(01_first\)"):
        course.step("9")
    with pytest.raises(NotFound, match=r"no exercise '1.7'; the exercises are 1.1"):
        course.exercise("1.7")


def test_a_guard_is_a_whole_test_or_one_of_its_cases(write: Write) -> None:
    exercise = Course.load(write(MANIFEST)).exercise("1.1")

    assert exercise.is_guard("test_stays[anything]")
    assert exercise.is_guard("test_cases[calm]")
    assert not exercise.is_guard("test_cases[crash]")


def faults() -> list[tuple[str, str, str, str]]:
    return [
        ('title = "First"', 'titel = "First"', "titel", "is not a key"),
        ('title = "First"', "", "title", "is missing"),
        ("minutes = 10\n\n", 'minutes = "10"\n\n', "minutes", "must be a whole number"),
        ("points = 5", "points = 0", "exercise 1.1.points", "at least 1"),
        ("points = 5", "points = true", "exercise 1.1.points", "must be a whole number"),
        ('"two", "three"]', '"two"]', "exercise 1.1.hints", "exactly three"),
        ('"two"', '" "', "exercise 1.1.hints", "none of them empty"),
        ('"1.1a"', '"architecture"', "exercise 1.1.covers", "not a claim"),
        ('id = "1.1"', 'id = "2.1"', "exercise 1.id", "not an id of this step"),
        ("app/__init__.py", "app/none.py", "exercise 1.1.edit", "there is no file"),
        ("app/__init__.py", "../app/x.py", "exercise 1.1.edit", "inside the step"),
        ("test_1_1.py", "test_9.py", "exercise 1.1.test", "there is no file"),
        ("forgets =", "omits =", "exercise 1.1.mistakes.omits", "there is no file"),
        ("forgets = {", "# forgets = {", "exercise 1.1.mistakes", "undeclared patches"),
        (", says = ", ", words = ", "exercise 1.1.starter.words", "is not a key"),
        (
            "points = 5",
            'points = 5\nmutants = "too hard"',
            "exercise 1.1.mutants",
            "that edit no code but tests/",
        ),
        ('title = "First"', "title = First", "syntax", "Invalid"),
    ]


@pytest.mark.parametrize(("good", "bad", "key", "reason"), faults(), ids=lambda text: text[:24])
def test_a_bad_manifest_names_file_key_and_reason(
    write: Write, good: str, bad: str, key: str, reason: str
) -> None:
    assert good in MANIFEST
    root = write(MANIFEST.replace(good, bad, 1))

    with pytest.raises(CourseError) as caught:
        Course.load(root)

    assert caught.value.file == root / "steps" / "01_first" / "step.toml"
    assert caught.value.key == key
    assert reason in caught.value.reason


def test_an_id_is_used_once(write: Write) -> None:
    root = write(MANIFEST + MANIFEST[MANIFEST.index("[[exercise]]") :])

    with pytest.raises(CourseError, match=r"'1.1' is used twice"):
        Course.load(root)


def test_a_file_belongs_to_one_exercise(write: Write) -> None:
    second = MANIFEST[MANIFEST.index("[[exercise]]") : MANIFEST.index("[exercise.mistakes]")]
    second = second.replace('id = "1.1"', 'id = "1.2"') + "[exercise.mistakes]\n"
    root = write(MANIFEST + second)

    with pytest.raises(CourseError, match=r"__init__.py belongs to exercise 1.1 already"):
        Course.load(root)


def test_a_step_without_a_manifest_is_an_error_and_a_missing_step_is_not(write: Write) -> None:
    root = write(MANIFEST)
    assert len(Course.load(root).steps) == 1

    (root / "steps" / "02_next").mkdir()
    with pytest.raises(CourseError, match="the step has no manifest"):
        Course.load(root)


@pytest.mark.parametrize(
    ("says", "message", "fits"),
    [
        ("it forgot … again", "3 requests: it forgot {'a': 1} again", True),
        ("it forgot … again", "it forgot", False),
        ("costs 1.5 (or *)", "costs 1.5 (or *)", True),
        ("costs 1.5", "costs 1x5", False),
        ("first … last", "first line\nand last", True),
    ],
)
def test_declared_words_are_literal_but_for_the_ellipsis(
    says: str, message: str, fits: bool
) -> None:
    assert Expected("test", says).matches(message) is fits


def test_a_folder_without_steps_is_no_course(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="there is no folder"):
        Course.load(tmp_path)

    (tmp_path / "steps").mkdir()
    with pytest.raises(CourseError, match="no step folder such as 01_architecture"):
        Course.load(tmp_path)


def test_a_manifest_that_cannot_be_read_says_why(write: Write) -> None:
    root = write(MANIFEST)
    manifest = root / "steps" / "01_first" / "step.toml"
    manifest.write_bytes(b'title = "\xff"')
    with pytest.raises(CourseError, match="syntax"):
        Course.load(root)

    manifest.unlink()
    manifest.mkdir()
    with pytest.raises(CourseError, match="cannot be read"):
        Course.load(root)


def test_the_course_is_found_from_any_folder_inside(tmp_path: Path) -> None:
    inner = tmp_path / "work" / "01_first" / "app"
    inner.mkdir(parents=True)
    assert find_course(inner) is None

    (tmp_path / "steps").mkdir()
    (tmp_path / "checker").mkdir()
    (tmp_path / "checker" / "course.py").touch()
    assert find_course(inner) == tmp_path


def test_the_course_that_ships_is_valid() -> None:
    root = Path(__file__).resolve().parents[2]

    for step in Course.load(root).steps:
        assert step.exercises, f"{step.name} has no exercise"
