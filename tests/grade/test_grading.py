"""`checker grade` for real: processes, the sandbox where there is one, and kill -9."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import archives
import psutil
import pytest
from click.testing import CliRunner

from checker.errors import EnvironmentTrouble
from checker.files import read
from checker.grade.commands import grade, verify_results
from checker.grade.isolation import choose
from checker.grade.model import ClassReport
from checker.grade.reading import Unreadable, from_json, read_report

LATE = "import time\n\n\ndef add(a: int, b: int) -> int:\n    time.sleep(0.05)\n    return a + b\n"


@pytest.fixture(scope="session")
def tier() -> list[str]:
    """The sandbox, where this machine has one."""
    try:
        choose(unsafe=False)
    except EnvironmentTrouble:
        return ["--unsafe"]
    return []


@pytest.fixture(scope="session")
def handed_in(tmp_path_factory, starter, half, solved):
    """Five learners, as four kinds of LMS would deliver them."""
    folder = tmp_path_factory.mktemp("class") / "in"
    for path, content in solved.items():
        archives.put(folder / "ann" / "work" / "01_first" / path, content)
    archives.put(folder / "ben.zip", archives.zipped(half))
    archives.put(folder / "cid.tar.gz", archives.tarred(starter))
    broken = {**solved, "app/greeting.py": b"def greeting(name:\n"}
    archives.put(folder / "dan.zip", archives.zipped(broken))
    slow = {**solved, "app/sums.py": LATE.encode()}
    archives.put(folder / "eve.zip", archives.zipped(slow))
    return folder


@pytest.fixture
def scratch():
    """Where the grading may leave things, and must not. Its name is short, for sockets in it."""
    folder = Path(tempfile.mkdtemp(prefix="g-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def command(root, tier, scratch):
    """Start `checker grade` in a process of its own."""

    started = []

    def start(*arguments):
        line = [sys.executable, "-P", "-m", "checker", "grade", *map(str, arguments), *tier]
        process = subprocess.Popen(
            line,
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env={**os.environ, "TMPDIR": str(scratch)},
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def ended(process):
    """What it said, and its exit code."""
    said, _ = process.communicate(timeout=300)
    return said, process.returncode


def report_files(out):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and ".grading" not in path.parts
    }


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory, root, tier, handed_in):
    """The report of a run that nothing happened to, with two jobs."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    line = [sys.executable, "-P", "-m", "checker", "grade", handed_in, "--out", out, "--jobs", "2"]
    done = subprocess.run([*line, *tier], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_everyone_is_graded(undisturbed):
    report = read_report(undisturbed / "results.json")
    assert {grade.student: grade.score for grade in report.grades} == {
        "ann": 30,
        "ben": 20,
        "cid": 0,
        "dan": 0,
        "eve": 20,
    }
    states = {
        grade.student: [exercise.state for exercise in grade.exercises] for grade in report.grades
    }
    assert states["dan"] == ["does_not_load", "does_not_load"]
    assert states["eve"] == ["solved", "not_yet"]
    assert {"results.json", "results.csv", "class.html", "learners/ann.html"} <= set(
        report_files(undisturbed)
    )


def test_nothing_in_the_results_names_a_place_on_this_machine(undisturbed, root):
    text = (undisturbed / "results.json").read_text(encoding="utf-8")
    assert "course-grade-" not in text
    assert str(root) not in text
    assert str(Path(sys.prefix)) not in text


def test_one_job_gives_the_same_bytes_as_two(command, tmp_path, handed_in, undisturbed):
    out = tmp_path / "out"
    said, code = ended(command(handed_in, "--out", out, "--jobs", 1, "--title", "in"))
    assert code == 0, said
    mine, theirs = report_files(out), report_files(undisturbed)
    assert mine.keys() == theirs.keys()
    differing = {name for name in mine if mine[name] != theirs[name]}
    # The page of the class tells how long things took, and the list of hashes covers it.
    assert differing <= {"class.html", "provenance.json"}


def test_killed_at_any_moment_it_goes_on_and_comes_to_the_same(
    command, tmp_path, handed_in, undisturbed, scratch
):
    out = tmp_path / "out"
    journal = out / ".grading" / "journal.jsonl"
    for _ in range(2):
        process = command(handed_in, "--out", out, "--jobs", 2)
        before = read(journal) or b""
        deadline = time.monotonic() + 180
        while (read(journal) or b"") == before and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(random.random() / 2)
        family = family_of(process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for child in family:
            assert is_gone(child), f"{child} was left behind"
    said, code = ended(command(handed_in, "--out", out, "--jobs", 2))
    assert code == 0, said
    assert read(out / "results.json") == read(undisturbed / "results.json")
    assert list(scratch.iterdir()) == []


def family_of(process):
    """Every process below it, that of a learner's code included."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def is_gone(process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def test_ctrl_c_ends_it_and_nothing_is_left_behind(command, tmp_path, handed_in, scratch):
    out = tmp_path / "out"
    process = command(handed_in, "--out", out, "--jobs", 2)
    journal = out / ".grading" / "journal.jsonl"
    while not read(journal) and process.poll() is None:
        time.sleep(0.02)
    time.sleep(0.5)
    family = family_of(process)
    os.killpg(process.pid, signal.SIGINT)
    said, code = ended(process)
    assert code == 130, said
    assert "Traceback" not in said
    for child in family:
        assert is_gone(child), f"{child} was left behind"
    assert list(scratch.iterdir()) == []


def test_the_instructors_own_tests_are_run_and_stay_hidden(command, tmp_path, solved):
    archives.put(
        tmp_path / "extra" / "01_first" / "test_polite.py",
        b'"""Politeness."""\nPOINTS = 5\n\n\n'
        b"def test_nobody_is_greeted_twice(client):\n"
        b"    text = client.get('/greet/you').text\n"
        b"    assert text.count('Hello') == 1, f'a secret sentence, for {text!r}'\n\n\n"
        b"def test_it_runs(client):\n"
        b"    assert client.get('/').status_code == 200, 'it must run'\n",
    )
    rude = {**solved, "app/greeting.py": b"def greeting(name):\n    return 'Hello Hello'\n"}
    archives.put(tmp_path / "in" / "ann.zip", archives.zipped(solved))
    archives.put(tmp_path / "in" / "ben.zip", archives.zipped(rude))
    out, extra = tmp_path / "out", tmp_path / "extra"
    said, code = ended(command(tmp_path / "in", "--out", out, "--extra-tests", extra))
    assert code == 0, said
    ann, ben = read_report(out / "results.json").grades
    assert (ann.score, ann.possible, ben.score) == (35, 35, 20)
    polite = ben.exercises[-1]
    assert (polite.id, polite.title, polite.earned) == ("1.polite", "Politeness", 0)
    assert {(test.name, test.guard, test.hidden, test.outcome) for test in polite.tests} == {
        ("test_nobody_is_greeted_twice", False, True, "failed"),
        ("test_it_runs", True, True, "passed"),
    }
    assert "a secret sentence" in (out / "results.json").read_text("utf-8")
    assert "a secret sentence" not in (out / "learners" / "ben.html").read_text("utf-8")


@pytest.fixture
def graded(root, tier, monkeypatch):
    """Run the command in this very process."""
    monkeypatch.chdir(root)

    def run(*arguments):
        return CliRunner().invoke(grade, [*map(str, arguments), *tier])

    return run


def test_an_unchanged_class_is_not_graded_again(graded, handed_in, undisturbed, monkeypatch):
    before = report_files(undisturbed)
    monkeypatch.setattr("checker.grade.workers.LocalWorkers", None)
    done = graded(handed_in, "--out", undisturbed, "--jobs", 2)
    assert done.exit_code == 0, done.output
    assert "nothing has changed" in done.output
    assert report_files(undisturbed) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--step", "9"], "there is no step '9'"),
        (["--late-policy", "late.toml"], "--late-policy needs --due"),
        (["--due", "2026-11-20 23:59"], "has no time zone"),
        (["--student", "ann", "--failed-only"], "one of them"),
        (["--student", "zoe"], "no submission of 'zoe'"),
        (["--format", "json,word"], "'word' is no format; they are json"),
        (["--failed-only"], "nothing was graded in"),
        (["--roster", "nowhere.csv"], "cannot be read"),
        (["--extra-tests", "nowhere"], "is no folder"),
    ],
)
def test_what_cannot_be_meant_says_what_to_type(graded, tmp_path, handed_in, arguments, words):
    done = graded(handed_in, "--out", tmp_path / "out", *arguments)
    said = done.output + str(done.exception or "")
    assert words in said
    assert done.exit_code in (1, 2)
    assert getattr(done.exception, "exit_code", 2) == 2
    assert not (tmp_path / "out" / "results.json").exists()


def test_results_do_not_go_among_the_submissions(graded, handed_in):
    done = graded(handed_in, "--out", handed_in / "out")
    assert "choose an --out beside it" in str(done.exception)


def test_without_a_sandbox_it_refuses(root, tmp_path, handed_in, monkeypatch):
    def none(unsafe, wanted=None):
        raise EnvironmentTrouble("no sandbox to grade in; --unsafe grades without")

    monkeypatch.chdir(root)
    monkeypatch.setattr("checker.grade.run.choose", none)
    done = CliRunner().invoke(grade, [str(handed_in), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, EnvironmentTrouble)
    assert done.exception.exit_code == 4


class TestVerifying:
    @pytest.fixture
    def report(self, tmp_path, undisturbed, graded, handed_in):
        """A signed report, and its key."""
        out, key = tmp_path / "out", tmp_path / "key.pem"
        workshop = out / ".grading"
        workshop.mkdir(parents=True)
        # What the undisturbed run found out need not be found out again.
        known = undisturbed / ".grading" / "journal.jsonl"
        (workshop / "journal.jsonl").write_bytes(known.read_bytes())
        done = graded(handed_in, "--out", out, "--key", key, "--format", "csv")
        assert done.exit_code == 0, done.output
        return out, key

    def verified(self, *arguments):
        return CliRunner().invoke(verify_results, [str(each) for each in arguments])

    def test_what_was_not_touched_holds(self, report):
        out, key = report
        for each in (key, key.with_name("key.pem.pub")):
            done = self.verified(out, "--key", each)
            assert done.exit_code == 0
            assert "signed with" in done.output
        assert key.stat().st_mode & 0o077 == 0 or sys.platform == "win32"
        assert "give --key to check" in self.verified(out).output

    @pytest.mark.parametrize("name", ["results.json", "results.csv"])
    def test_a_changed_file_is_named(self, report, name):
        out, key = report
        file = out / name
        file.write_bytes(file.read_bytes().replace(b"20", b"30"))
        done = self.verified(out, "--key", key)
        assert done.exit_code == 1
        assert f"CHANGED  {name}" in done.output

    def test_a_file_too_many_or_too_few_is_named(self, report):
        out, _ = report
        (out / "results.csv").unlink()
        archives.put(out / "learners" / "new.html", b"")
        done = self.verified(out)
        assert done.exit_code == 1
        assert "CHANGED  learners/new.html\nCHANGED  results.csv" in done.output

    def test_a_list_that_was_made_to_fit_is_forged(self, report):
        out, key = report
        file = out / "results.json"
        file.write_bytes(file.read_bytes().replace(b"20", b"30"))
        sealed = json.loads((out / "provenance.json").read_text("utf-8"))
        from checker.grade.signing import digests

        sealed["files"] = digests(out)
        (out / "provenance.json").write_text(json.dumps(sealed), "utf-8")
        assert self.verified(out).exit_code == 0, "without a key nobody can tell"
        done = self.verified(out, "--key", key)
        assert done.exit_code == 1
        assert "FORGED" in done.output

    def test_another_key_did_not_sign_it(self, report, tmp_path):
        from checker.grade.signing import private_key

        private_key(tmp_path / "other.pem")
        assert self.verified(report[0], "--key", tmp_path / "other.pem").exit_code == 1

    @pytest.mark.parametrize(
        ("content", "words"), [(None, "cannot be read"), (b"secret", "no key of ours")]
    )
    def test_what_is_no_key_is_said_to_be(self, report, tmp_path, content, words):
        file = tmp_path / "mine.pem"
        if content is not None:
            file.write_bytes(content)
        assert words in str(self.verified(report[0], "--key", file).exception)

    def test_a_folder_that_is_no_report_is_said_to_be(self, tmp_path):
        assert "a report?" in str(self.verified(tmp_path).exception)


class TestReading:
    @pytest.fixture
    def table(self, undisturbed):
        table = json.loads((undisturbed / "results.json").read_text("utf-8"))
        table.pop("version")
        return table

    def test_what_was_written_is_read_back(self, table):
        report = from_json(ClassReport, table)
        assert [grade.student for grade in report.grades] == ["ann", "ben", "cid", "dan", "eve"]
        assert report.grades[0].exercises[0].tests[0].outcome == "passed"

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda t: t.update(extra=1), "ClassReport has unknown keys: extra"),
            (lambda t: t.pop("steps"), "ClassReport lacks steps"),
            (lambda t: t.update(grades={}), "ClassReport.grades must be an array"),
            (lambda t: t["grades"][0].update(score="30"), r"grades\[0\].score must be float"),
            (lambda t: t["grades"][0].update(score=True), "score must be float, not True"),
            (lambda t: t["grades"][0].update(standing="fine"), "standing must be one of graded"),
            (lambda t: t["grades"][0].update(student=None), "student must be str, not None"),
        ],
    )
    def test_anything_else_is_refused_with_its_place(self, table, spoil, words):
        spoil(table)
        with pytest.raises(Unreadable, match=words):
            from_json(ClassReport, table)
