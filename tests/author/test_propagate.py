"""A fix made in one step travels through the next ones, on real repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from checker.author.commands import author
from checker.author.diffs import apply_patch
from checker.author.propagate import Carried, propagate
from checker.author.trees import Blob, solved
from checker.errors import UserError


@pytest.fixture
def repository(mini):
    """The small course with a third step, committed."""
    add_third_step(mini)
    git(mini.root, "init", "--quiet")
    commit(mini.root)
    return mini


def add_third_step(mini) -> None:
    for name, blob in solved(mini.course.step(2)).items():
        if not name.startswith("exercises/test_"):
            mini.write(f"steps/03_third/{name}", blob.data.decode("utf-8"))
    mini.write(
        "steps/03_third/step.toml",
        'title = "Third"\nsummary = "No more."\nminutes = 1\nexercise = []\n',
    )


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "a state")


def carry(mini, first: str = "01_first", dry_run: bool = False) -> list[Carried]:
    return list(propagate(mini.root, "HEAD", first, dry_run=dry_run))


def paths(carried: list[Carried]) -> list[str]:
    return [each.path for each in carried]


def test_nothing_changed_nothing_carried(repository) -> None:
    assert carry(repository) == []


def test_a_fix_in_a_solution_reaches_every_later_starter(repository) -> None:
    repository.replace("solutions/01_first/app/greeting.py", "How people", "How all people")

    carried = carry(repository)

    assert [each.conflict for each in carried] == [""] * len(carried)
    for step in ("02_second", "03_third"):
        assert "How all people" in repository.read(f"steps/{step}/app/greeting.py")
    assert "How people" in repository.read("steps/01_first/app/greeting.py"), "not backwards"


def test_a_fix_in_a_starter_reaches_its_solution_and_what_grows_out_of_it(
    repository,
) -> None:
    repository.replace("steps/01_first/app/sums.py", '"""Sums."""', '"""Sums with a limit."""')

    carry(repository)

    for name in (
        "solutions/01_first/app/sums.py",
        "solutions/01_first/alternatives/1.2/with_min/app/sums.py",
        "steps/02_second/app/sums.py",
        "steps/03_third/app/sums.py",
    ):
        assert repository.read(name).startswith('"""Sums with a limit."""'), name
    assert "return min(100, a + b)" in repository.read(
        "solutions/01_first/alternatives/1.2/with_min/app/sums.py"
    )


def test_what_a_later_step_made_of_the_file_stays(repository) -> None:
    repository.replace(
        "steps/02_second/app/sums.py", "    return total\n", "    return int(total)\n"
    )
    commit(repository.root)
    repository.replace("solutions/01_first/app/sums.py", '"""Sums."""', '"""Additions."""')

    carry(repository)

    text = repository.read("steps/02_second/app/sums.py")
    assert text.startswith('"""Additions."""')
    assert "    return int(total)\n" in text


def test_files_that_come_and_go_travel(repository) -> None:
    repository.write("steps/01_first/app/data/names.txt", "Ada\n")
    repository.path("steps/01_first/tests/test_app.py").unlink()

    carry(repository)

    for step in ("02_second", "03_third"):
        assert repository.read(f"steps/{step}/app/data/names.txt") == "Ada\n"
        assert not repository.path(f"steps/{step}/tests/test_app.py").exists()


def test_each_step_keeps_its_own_manifest_tests_and_notebook(repository) -> None:
    repository.replace("steps/01_first/step.toml", "Greetings and sums.", "Greetings.")
    repository.replace("steps/01_first/exercises/test_1_1_greeting.py", "by name", "so")
    repository.write("steps/01_first/tour.ipynb", "{}")

    assert carry(repository) == []


def test_what_the_tests_stand_on_travels(repository) -> None:
    world = "steps/{}/exercises/world.py"
    later = repository.read(world.format("02_second"))
    repository.write(world.format("02_second"), later + "\n\nMORE = 1\n")
    commit(repository.root)
    repository.replace(world.format("01_first"), "How to build", "How we build")

    carried = carry(repository)

    assert paths(carried) == [world.format("02_second"), world.format("03_third")]
    for step in ("02_second", "03_third"):
        assert "How we build" in repository.read(world.format(step))
    assert repository.read(world.format("02_second")).endswith("MORE = 1\n")
    assert "MORE" not in repository.read(world.format("03_third")), "it had none before the fix"


def test_what_only_one_steps_tests_stand_on_stays(repository) -> None:
    for step in ("01_first", "02_second"):
        repository.write(f"steps/{step}/exercises/watching.py", "SEEN = 0\n")
    commit(repository.root)
    repository.write("steps/01_first/exercises/moving.py", "MOVED = 0\n")
    repository.path("steps/01_first/exercises/watching.py").unlink()

    assert carry(repository) == []
    assert repository.path("steps/02_second/exercises/watching.py").exists()


def test_a_conflict_in_what_the_tests_stand_on_is_told(repository) -> None:
    world = "steps/{}/exercises/world.py"
    repository.replace(world.format("02_second"), "How to build", "How others build")
    commit(repository.root)
    repository.replace(world.format("01_first"), "How to build", "How we build")

    (conflict,) = carry(repository)

    assert conflict.path == world.format("02_second")
    assert "the same lines" in conflict.conflict
    assert "How we build" in repository.read(world.format("02_second") + ".rej")


def test_binary_and_executable_files_travel(repository) -> None:
    picture = repository.path("steps/01_first/app/logo.png")
    picture.write_bytes(b"\x89PNG\r\n\0\xff")
    script = repository.path("steps/01_first/wsgi.py")
    script.chmod(0o755)

    carry(repository)

    assert repository.path("steps/03_third/app/logo.png").read_bytes() == b"\x89PNG\r\n\0\xff"
    assert repository.path("steps/03_third/wsgi.py").stat().st_mode & 0o111


def test_a_binary_file_that_both_changed_is_a_conflict(repository) -> None:
    for step, data in (("01_first", b"\0one"), ("02_second", b"\0one")):
        repository.path(f"steps/{step}/app/logo.png").write_bytes(data)
    commit(repository.root)
    repository.path("steps/01_first/app/logo.png").write_bytes(b"\0two")
    repository.path("steps/02_second/app/logo.png").write_bytes(b"\0three")

    conflicts = [each.path for each in carry(repository) if each.conflict]

    assert conflicts == ["steps/02_second/app/logo.png"]
    assert repository.path("steps/02_second/app/logo.png").read_bytes() == b"\0three"


def test_lines_that_end_in_crlf_keep_their_ends(repository) -> None:
    for step in ("01_first", "02_second"):
        repository.path(f"steps/{step}/notes.txt").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    commit(repository.root)
    repository.path("steps/01_first/notes.txt").write_bytes(b"ONE\r\ntwo\r\nthree\r\n")
    repository.path("steps/02_second/notes.txt").write_bytes(b"one\r\ntwo\r\nTHREE\r\n")

    carry(repository)

    text = repository.path("steps/02_second/notes.txt").read_bytes()
    assert text == b"ONE\r\ntwo\r\nTHREE\r\n"


def test_a_conflict_leaves_the_file_and_puts_the_merge_beside_it(repository) -> None:
    repository.replace("steps/02_second/app/greeting.py", "Hello", "Howdy")
    commit(repository.root)
    before = repository.read("steps/02_second/app/greeting.py")
    repository.replace("solutions/01_first/app/greeting.py", "Hello", "Good day")
    repository.replace("solutions/01_first/app/sums.py", "Sums.", "Additions.")

    carried = {each.path: each for each in carry(repository)}

    conflict = carried["steps/02_second/app/greeting.py"].conflict
    assert "step 01 solved" in conflict
    assert "the same lines" in conflict
    assert repository.read("steps/02_second/app/greeting.py") == before
    merge = repository.read("steps/02_second/app/greeting.py.rej")
    assert "Howdy" in merge
    assert "Good day" in merge
    assert "<<<<<<<" in merge
    assert "steps/03_third/app/greeting.py" not in carried, "nothing travels past a conflict"
    assert "Additions" in repository.read("steps/03_third/app/sums.py"), "the rest travels on"


def test_a_settled_conflict_travels_on_from_its_step(repository) -> None:
    repository.replace("steps/02_second/app/greeting.py", "Hello", "Howdy")
    repository.replace("steps/03_third/app/greeting.py", "Hello", "Howdy")
    commit(repository.root)
    repository.replace("solutions/01_first/app/greeting.py", "Hello", "Good day")
    carry(repository)
    repository.replace("steps/02_second/app/greeting.py", "Howdy", "Howdy, good day")

    carried = carry(repository, "02_second")

    assert paths(carried) == ["steps/03_third/app/greeting.py"]
    assert "Howdy, good day" in repository.read("steps/03_third/app/greeting.py")


def test_a_solution_mended_by_hand_is_no_conflict_again(repository) -> None:
    repository.replace("steps/01_first/app/greeting.py", 'return ""', 'return "nobody"')
    solution = "solutions/01_first/app/greeting.py"
    assert solution in [each.path for each in carry(repository) if each.conflict]

    repository.replace(solution, "Hello", "Hi")

    assert solution not in paths(carry(repository))


def test_a_file_that_a_later_step_took_out_stays_out(repository) -> None:
    repository.path("steps/03_third/tests/test_app.py").unlink()
    commit(repository.root)
    repository.replace("steps/01_first/tests/test_app.py", "own suite", "very own suite")

    carried = carry(repository)

    assert paths(carried) == ["steps/02_second/tests/test_app.py"]
    assert not repository.path("steps/03_third/tests/test_app.py").exists()


def test_a_file_taken_out_below_a_step_that_changed_it_is_a_conflict(
    repository,
) -> None:
    repository.replace("steps/02_second/tests/test_app.py", "own suite", "very own suite")
    commit(repository.root)
    repository.path("steps/01_first/tests/test_app.py").unlink()

    (conflict,) = [each for each in carry(repository) if each.conflict]

    assert conflict.path == "steps/02_second/tests/test_app.py"
    assert "no longer has it" in conflict.conflict


def test_a_mistake_is_made_anew_on_the_solution_that_changed(repository) -> None:
    repository.replace("solutions/01_first/app/sums.py", '"""Sums."""', '"""Additions."""')
    repository.replace("solutions/01_first/app/sums.py", "def add(", "\nLIMIT = 100\n\n\ndef add(")

    carry(repository)

    step = repository.course.step(1)
    for name, line in (("no_limit", "total > 1000"), ("subtracts", "a - b")):
        patch = (step.solutions / f"mistakes/1.2/{name}.patch").read_bytes()
        wrong = apply_patch(solved(step), patch)["app/sums.py"]
        assert line in wrong.data.decode("utf-8")
        assert "LIMIT = 100" in wrong.data.decode("utf-8")


def test_a_mistake_in_the_lines_of_the_fix_is_a_conflict(repository) -> None:
    repository.replace("solutions/01_first/app/sums.py", "a + b", "b + a")

    conflicts = [each for each in carry(repository) if each.conflict]

    assert paths(conflicts) == [
        "solutions/01_first/mistakes/1.2/no_limit.patch",
        "solutions/01_first/mistakes/1.2/subtracts.patch",
    ]
    assert "record it anew" in conflicts[0].conflict


def test_an_alternative_that_is_written_differently_need_not_follow(repository) -> None:
    alternative = "solutions/01_first/alternatives/1.2/with_min/app/sums.py"
    before = repository.read(alternative)
    repository.replace("solutions/01_first/app/sums.py", "a + b", "b + a")

    assert alternative not in paths(carry(repository))
    assert repository.read(alternative) == before


def test_the_command_says_what_to_do_about_a_conflict(repository, monkeypatch) -> None:
    repository.replace("steps/02_second/app/greeting.py", "Hello", "Howdy")
    commit(repository.root)
    repository.replace("solutions/01_first/app/greeting.py", "Hello", "Good day")
    repository.replace("solutions/01_first/app/sums.py", "Sums.", "Additions.")
    monkeypatch.chdir(repository.root)

    result = CliRunner().invoke(author, ["propagate", "--from", "1"])

    assert result.exit_code == 1
    assert "carried  steps/02_second/app/sums.py" in result.output
    assert "CONFLICT steps/02_second/app/greeting.py: step 01 solved" in result.output
    assert "app/greeting.py.rej), then: checker author propagate --from 2\n" in result.output


def test_the_command_exits_with_0_where_all_is_clean(repository, monkeypatch) -> None:
    repository.replace("solutions/01_first/app/sums.py", "Sums.", "Additions.")
    monkeypatch.chdir(repository.root)

    assert CliRunner().invoke(author, ["propagate"]).exit_code == 0
    assert "Additions" in repository.read("steps/03_third/app/sums.py")


def test_a_dry_run_tells_the_same_and_writes_nothing(repository) -> None:
    repository.replace("solutions/01_first/app/greeting.py", "Hello", "Good day")

    told = carry(repository, dry_run=True)

    assert "Hello" in repository.read("steps/02_second/app/greeting.py")
    assert told == carry(repository)
    assert told != []


def test_a_second_run_has_nothing_left_to_do(repository) -> None:
    repository.replace("steps/01_first/app/sums.py", '"""Sums."""', '"""Additions."""')
    carry(repository)

    assert carry(repository) == []


def test_a_step_that_is_new_since_then_holds_no_fix(mini) -> None:
    git(mini.root, "init", "--quiet")
    commit(mini.root)
    add_third_step(mini)
    mini.replace("steps/03_third/app/sums.py", "> 100", "> 1000")

    assert carry(mini) == []


def test_a_commit_that_is_not_there_is_told(repository) -> None:
    with pytest.raises(UserError, match="no steps/ at 'yesterday'"):
        list(propagate(repository.root, "yesterday", "01_first"))


def test_a_patch_knows_a_file_without_a_last_newline() -> None:
    from checker.author.diffs import file_diff

    old, new = Blob(b"one\ntwo"), Blob(b"one\nthree\n")

    patch = file_diff("notes.txt", old, new).encode()
    assert apply_patch({"notes.txt": old}, patch) == {"notes.txt": new}
