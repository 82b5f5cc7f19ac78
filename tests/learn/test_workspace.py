"""Whatever commands are typed in whatever order: no byte the learner saved is ever lost."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from checker.backups import Copy
from checker.course import Course
from checker.errors import EnvironmentTrouble, UserError
from checker.files import explain, replace, tree
from checker.workspace import Workspace

COURSE = Path(__file__).parent / "course"
FILES = [
    "app/greeting.py",
    "app/sums.py",
    "app/__init__.py",
    "app/counting.py",
    "app/own.py",
    "app/deep/er/own.bin",
    "exercises/test_1_1_greeting.py",
    "exercises/own_test.py",
    "tests/test_app.py",
    "wsgi.py",
    "notes zum Kurs – 日本.txt",
]
STEPS = ["01_first", "02_second"]
CONTENTS = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [
            b"",
            b"# mine\r\n# yours\r\n",
            b"\xff\xfe\x00 not UTF-8",
            b'"""Greetings."""\n\n\ndef greet(name: str) -> str:\n    return "hi"\n',
            b"no newline at the end",
        ]
    ),
)

Tree = dict[str, bytes]


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody pulls the plug here: the thousands of writes need not wait for the disk."""
    monkeypatch.setattr("os.fsync", lambda _: None)


class Commands(RuleBasedStateMachine):
    """A learner who saves, deletes and renames, a course that changes, and all commands."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="work-"))
        shutil.copytree(COURSE, self.folder / "course")
        self.root = self.folder / "course"
        self.saved: set[tuple[str, bytes]] = set()
        self.replaced: set[tuple[str, bytes]] = set()
        self.version = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @property
    def workspace(self) -> Workspace:
        return Workspace(Course.load(self.root))

    def work(self) -> Tree:
        return contents(self.root / "work")

    def command(self, run: Callable[[Workspace], object]) -> None:
        """Run a command as the learner would; note what of theirs it replaced."""
        before = self.work()
        try:
            run(self.workspace)
        except UserError as error:
            assert str(error)  # noqa: PT017 - refusing is fine, and says why
        after = self.work()
        self.replaced |= {
            (name, content)
            for name, content in before.items()
            if after.get(name) != content and (name, content) in self.saved
        }

    @initialize()
    def start_the_first(self) -> None:
        self.command(lambda work: work.start(work.course.step(1)))

    @rule(step=st.sampled_from(STEPS), name=st.sampled_from(FILES), content=CONTENTS)
    def save(self, step: str, name: str, content: bytes) -> None:
        file = self.root / "work" / step / name
        if not (self.root / "work" / step).is_dir():
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        self.saved.add((f"{step}/{name}", content))

    @rule(step=st.sampled_from(STEPS), name=st.sampled_from(FILES))
    def delete(self, step: str, name: str) -> None:
        (self.root / "work" / step / name).unlink(missing_ok=True)

    @rule(step=st.sampled_from(STEPS), old=st.sampled_from(FILES), new=st.sampled_from(FILES))
    def rename(self, step: str, old: str, new: str) -> None:
        source, target = (self.root / "work" / step / name for name in (old, new))
        if source.is_file():
            self.saved.add((f"{step}/{new}", source.read_bytes()))
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)

    @rule(number=st.integers(1, 2))
    def start(self, number: int) -> None:
        self.command(lambda work: work.start(work.course.step(number)))

    @rule()
    def carry(self) -> None:
        self.command(lambda work: work.carry(work.course.step(2)))

    @rule(name=st.sampled_from(["1.1", "1.2", "2.1", "2.2"]))
    def reset_exercise(self, name: str) -> None:
        self.command(lambda work: work.reset_exercise(work.course.exercise(name)))

    @rule(number=st.integers(1, 2))
    def reset_step(self, number: int) -> None:
        self.command(lambda work: work.reset_step(work.course.step(number)))

    @rule(name=st.sampled_from(["1.1", "1.2", "2.1", "2.2"]))
    def apply_solution(self, name: str) -> None:
        self.command(lambda work: work.apply_solution(work.course.exercise(name)))

    @rule(number=st.integers(1, 2))
    def update_the_course(self, number: int) -> None:
        self.version += 1
        step = self.root / "steps" / STEPS[number - 1]
        test = next(iter(sorted(step.glob("exercises/test_*.py"))))
        test.write_text(f"# version {self.version}\n" + test.read_text(encoding="utf-8"))
        starter = step / "app/greeting.py"
        starter.write_text(starter.read_text(encoding="utf-8") + f"# version {self.version}\n")
        self.command(lambda work: work.refresh(work.course.step(number)))

    @rule()
    def undo(self) -> None:
        self.command(lambda work: work.undo())

    @precondition(lambda self: self.workspace.backups.copies())
    @rule(data=st.data())
    def undo_any(self, data: st.DataObject) -> None:
        numbers = [copy.number for copy in self.workspace.backups.copies()]
        number = data.draw(st.sampled_from(numbers))
        self.command(lambda work: work.undo(number))

    @rule(name=st.sampled_from(["1.1", "1.2", "2.1"]), whole=st.booleans(), solve=st.booleans())
    def there_and_back(self, name: str, whole: bool, solve: bool) -> None:
        """The undo right after a command brings every byte of the folder back."""
        workspace = self.workspace
        exercise = workspace.course.exercise(name)
        before = self.work()
        try:
            if solve:
                copy = workspace.apply_solution(exercise)
            elif whole:
                copy = workspace.reset_step(workspace.course.step_of(exercise))
            else:
                copy = workspace.reset_exercise(exercise)
        except UserError:
            assert self.work() == before
            return
        if copy is None:
            assert self.work() == before
            return
        after = self.work()
        undone, made = workspace.undo()
        assert undone.number == copy.number
        assert self.work() == before
        workspace.undo(made.number)
        assert self.work() == after
        self.replaced |= {
            (n, c) for n, c in before.items() if after.get(n) != c and (n, c) in self.saved
        }

    @invariant()
    def all_that_was_replaced_is_in_a_copy(self) -> None:
        copies = self.workspace.backups.copies()
        kept = {
            (name.removeprefix("work/"), copy.content(name))
            for copy in copies
            for name in copy.files
        }
        lost = self.replaced - kept
        assert not lost, f"lost: {lost}"


def contents(root: Path) -> Tree:
    """Every file below ``root``, read by other means than the checker's own."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".checker" not in path.parts
    }


Commands.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestNoByteIsLost = Commands.TestCase


@pytest.fixture
def workspace(learner: Any) -> Workspace:
    workspace: Workspace = learner.session.workspace
    workspace.start(workspace.course.step(1))
    return workspace


class TestReplacing:
    def test_the_copy_is_complete_before_the_first_byte_is_replaced(
        self, workspace: Workspace, learner: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        learner.save("work/01_first/app/greeting.py", b"# mine")
        apply = workspace.backups._apply

        def fail(*arguments: Any) -> None:
            raise OSError(28, "No space left on device", "app/greeting.py")

        monkeypatch.setattr(workspace.backups, "_apply", fail)
        with pytest.raises(OSError, match="No space"):
            workspace.reset_exercise(workspace.course.exercise("1.1"))
        monkeypatch.setattr(workspace.backups, "_apply", apply)
        (copy,) = workspace.backups.copies()
        assert copy.content("work/01_first/app/greeting.py") == b"# mine"
        assert learner.read("work/01_first/app/greeting.py") == b"# mine"

    def test_a_full_disk_while_copying_replaces_nothing(
        self, workspace: Workspace, learner: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        learner.save("work/01_first/app/greeting.py", b"# mine")

        def full(*arguments: Any, **options: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("checker.backups.write", full)
        with pytest.raises(OSError, match="No space"):
            workspace.reset_exercise(workspace.course.exercise("1.1"))
        assert learner.read("work/01_first/app/greeting.py") == b"# mine"
        assert workspace.backups.copies() == ()

    def test_a_save_in_the_middle_of_a_command_wins(
        self, workspace: Workspace, learner: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        learner.save("work/01_first/app/greeting.py", b"# mine")
        save = workspace.backups._save

        def save_slowly(*arguments: Any, **options: Any) -> Copy:
            copy = save(*arguments, **options)
            learner.save("work/01_first/app/greeting.py", b"# newer")
            return copy

        monkeypatch.setattr(workspace.backups, "_save", save_slowly)
        with pytest.raises(UserError, match="your newer save is kept"):
            workspace.reset_exercise(workspace.course.exercise("1.1"))
        assert learner.read("work/01_first/app/greeting.py") == b"# newer"

    @pytest.mark.skipif(sys.platform == "win32", reason="no such modes there")
    def test_modes_come_back_too(self, workspace: Workspace, learner: Any) -> None:
        file = learner.path("work/01_first/app/greeting.py")
        file.write_bytes(b"# mine")
        file.chmod(0o750)
        learner.path("work/01_first/app/run.sh").write_bytes(b"#!/bin/sh\n")
        learner.path("work/01_first/app/run.sh").chmod(0o755)
        workspace.reset_step(workspace.course.step(1))
        workspace.undo()
        assert file.stat().st_mode & 0o777 == 0o750
        assert learner.path("work/01_first/app/run.sh").stat().st_mode & 0o777 == 0o755

    def test_an_unfinished_copy_is_no_copy(self, workspace: Workspace, learner: Any) -> None:
        learner.save("work/.checker/backups/0001_half/before/work/x", b"half")
        learner.save("work/01_first/app/greeting.py", b"# mine")
        copy = workspace.reset_exercise(workspace.course.exercise("1.1"))
        assert copy is not None
        assert workspace.backups.copies() == (copy,)

    @pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
    def test_a_linked_folder_is_refused_whole(
        self, workspace: Workspace, learner: Any, tmp_path: Path
    ) -> None:
        app = learner.path("work/01_first/app")
        app.rename(tmp_path / "app")
        app.symlink_to(tmp_path / "app")
        before = contents(tmp_path / "app")
        with pytest.raises(UserError, match="symbolic link"):
            workspace.reset_exercise(workspace.course.exercise("1.1"))
        with pytest.raises(UserError, match="symbolic link"):
            workspace.reset_step(workspace.course.step(1))
        assert contents(tmp_path / "app") == before

    def test_an_error_of_the_system_is_told_with_its_remedy(self) -> None:
        trouble = explain(OSError(28, "No space left on device", "work/x"))
        assert isinstance(trouble, EnvironmentTrouble)
        assert "work/x" in str(trouble)
        assert "disk is full" in str(trouble)
        assert "read-only" in str(explain(OSError(30, "Read-only file system", "work/x")))


class TestStarting:
    def test_an_interrupted_start_leaves_nothing_half_made(
        self, learner: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        workspace = learner.session.workspace
        written = 0

        def interrupted(path: Path, content: bytes, mode: int | None = None) -> None:
            nonlocal written
            written += 1
            if written > 3:
                raise KeyboardInterrupt
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

        monkeypatch.setattr("checker.workspace.write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            workspace.start(workspace.course.step(1))
        monkeypatch.undo()
        assert not learner.path("work/01_first").exists()
        workspace.start(workspace.course.step(1))
        starter = tree(learner.path("steps/01_first"))
        assert tree(learner.path("work/01_first")).keys() == starter.keys()

    def test_a_folder_with_a_database_alone_is_kept_out_of_the_way(self, learner: Any) -> None:
        learner.save("work/01_first/instance/app.db", b"rows")
        workspace = learner.session.workspace
        workspace.start(workspace.course.step(1))
        kept = list(learner.path("work/.checker").rglob("app.db"))
        assert [file.read_bytes() for file in kept] == [b"rows"]


class TestRefreshing:
    TEST = "exercises/test_1_1_greeting.py"

    def update(self, learner: Any) -> bytes:
        content = b"# new\n" + learner.read(f"steps/01_first/{self.TEST}")
        learner.save(f"steps/01_first/{self.TEST}", content)
        return content

    def test_new_tests_arrive(self, workspace: Workspace, learner: Any) -> None:
        content = self.update(learner)
        assert workspace.refresh(workspace.course.step(1)) is None
        assert learner.read(f"work/01_first/{self.TEST}") == content
        assert workspace.backups.copies() == ()

    def test_a_test_the_learner_changed_is_copied_first(
        self, workspace: Workspace, learner: Any
    ) -> None:
        learner.save(f"work/01_first/{self.TEST}", b"# mine")
        assert workspace.refresh(workspace.course.step(1)) is None
        assert learner.read(f"work/01_first/{self.TEST}") == b"# mine", "nothing new: left alone"
        content = self.update(learner)
        copy = workspace.refresh(workspace.course.step(1))
        assert copy is not None
        assert copy.content(f"work/01_first/{self.TEST}") == b"# mine"
        assert learner.read(f"work/01_first/{self.TEST}") == content
        with pytest.raises(UserError, match="nothing to undo"):
            workspace.undo()
        workspace.undo(copy.number)
        assert learner.read(f"work/01_first/{self.TEST}") == b"# mine"

    def test_a_test_the_course_dropped_goes_unless_it_was_changed(
        self, workspace: Workspace, learner: Any
    ) -> None:
        other = "exercises/test_1_2_sums.py"
        learner.save(f"work/01_first/{other}", b"# mine")
        for name in (self.TEST, other):
            learner.path(f"steps/01_first/{name}").unlink()
        learner.save("steps/01_first/exercises/test_new.py", b"# new")
        workspace.refresh(workspace.course.step(1))
        assert not learner.path(f"work/01_first/{self.TEST}").exists()
        assert learner.read(f"work/01_first/{other}") == b"# mine"
        assert learner.read("work/01_first/exercises/test_new.py") == b"# new"


class TestCarrying:
    def carry(self, learner: Any) -> Any:
        workspace = learner.session.workspace
        return workspace.carry(workspace.course.step(2))

    def test_untouched_exercises_stay_solved_in_the_next_step(
        self, workspace: Workspace, learner: Any
    ) -> None:
        carried = self.carry(learner)
        assert carried.merged == ()
        assert learner.read("work/02_second/app/sums.py") == learner.read(
            "steps/02_second/app/sums.py"
        )

    def test_files_the_learner_added_come_along(self, workspace: Workspace, learner: Any) -> None:
        learner.save("work/01_first/app/own.bin", b"\xff\x00")
        assert "app/own.bin" in self.carry(learner).merged
        assert learner.read("work/02_second/app/own.bin") == b"\xff\x00"

    def test_windows_line_ends_are_no_conflict_and_stay(
        self, workspace: Workspace, learner: Any
    ) -> None:
        mine = learner.read("solutions/01_first/app/greeting.py").replace(b"\n", b"\r\n")
        learner.save("work/01_first/app/greeting.py", mine.replace(b'f"hello {name}"', b"name"))
        assert self.carry(learner).conflicts == {}
        carried = learner.read("work/02_second/app/greeting.py")
        assert b"return name\r\n" in carried
        assert b"def part" in carried
        assert carried.count(b"\r\n") == carried.count(b"\n")

    def test_a_file_changed_here_and_deleted_there_is_listed(
        self, workspace: Workspace, learner: Any
    ) -> None:
        learner.path("work/01_first/app/greeting.py").unlink()
        conflicts = self.carry(learner).conflicts
        assert "you deleted it" in conflicts["app/greeting.py"]
        assert learner.path("work/02_second/app/greeting.py").is_file()

    def test_bytes_that_cannot_hold_markers_lie_beside(
        self, workspace: Workspace, learner: Any
    ) -> None:
        learner.save("work/01_first/app/greeting.py", b"\0mine")
        assert "beside" in self.carry(learner).conflicts["app/greeting.py"]
        beside = learner.read("work/02_second/app/greeting.py.from-01_first")
        assert beside == b"\0mine"

    def test_a_file_where_the_next_step_has_a_folder_lies_beside(
        self, workspace: Workspace, learner: Any
    ) -> None:
        learner.save("steps/02_second/app/own/__init__.py", b"")
        learner.save("work/01_first/app/own", b"mine")
        (name,) = self.carry(learner).conflicts
        assert learner.read(f"work/02_second/{name}.from-01_first") == b"mine"

    def test_into_a_started_step_it_merges_after_a_copy(
        self, workspace: Workspace, learner: Any
    ) -> None:
        workspace.start(workspace.course.step(2))
        learner.save("work/02_second/app/counting.py", b"# two\n")
        mine = learner.read("solutions/01_first/app/greeting.py").replace(
            b'f"hello {name}"', b"name"
        )
        learner.save("work/01_first/app/greeting.py", mine)
        before = contents(learner.path("work/02_second"))
        self.carry(learner)
        assert b"return name" in learner.read("work/02_second/app/greeting.py")
        assert learner.read("work/02_second/app/counting.py") == b"# two\n"
        workspace.undo()
        assert contents(learner.path("work/02_second")) == before

    def test_the_step_before_must_be_there(self, learner: Any) -> None:
        with pytest.raises(UserError, match="checker start 1"):
            self.carry(learner)


@pytest.mark.parametrize("busy", [3, 100])
def test_on_windows_another_program_is_given_time_to_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: int
) -> None:
    held = iter(range(busy))
    move = Path.replace

    def attempt(self: Path, target: Path) -> Path:
        if next(held, None) is not None:
            raise PermissionError(13, "another program has it", str(target))
        return move(self, target)

    (tmp_path / "unfinished").mkdir()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", attempt)
        patched.setattr("checker.files.time.sleep", lambda _: None)
        patched.setattr(sys, "platform", "win32")
        if busy == 100:
            with pytest.raises(PermissionError):
                replace(tmp_path / "unfinished", tmp_path / "finished")
        else:
            replace(tmp_path / "unfinished", tmp_path / "finished")

    assert (tmp_path / "finished").exists() == (busy == 3)
