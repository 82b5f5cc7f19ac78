"""Every command as a learner types it, in a process of its own and without a terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import checker.learn
from checker import sums

SCHEMAS = Path(checker.learn.__file__).parent / "schemas"
GREETING = "work/01_first/app/greeting.py"
SUMS = "work/01_first/app/sums.py"
SOLVED = 'def greet(name):\n    return "hello " + name\n'


def validate(name: str, value: Any) -> None:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, schema, cls=jsonschema.Draft202012Validator)


@pytest.fixture
def started(learner: Any) -> Any:
    learner.session.workspace.start(learner.session.course.step(1))
    return learner


class TestStatus:
    def test_before_the_start_it_says_how_to_start(self, learner: Any) -> None:
        answer = learner.types()
        assert answer.code == 0
        assert "checker start 1" in answer.out
        validate("status", learner.types("--json").json)

    def test_it_names_the_exercise_and_the_file(self, started: Any) -> None:
        answer = started.types()
        assert "1.1 Greet the visitor" in answer.out
        assert GREETING in answer.out
        told = started.types("--json").json
        validate("status", told)
        assert told["current"]["id"] == "1.1"

    def test_it_works_in_any_folder_of_the_course(self, started: Any) -> None:
        assert "1.1 Greet" in started.types(cwd="work/01_first/app").out
        assert "1.1 Greet" in started.types(cwd="steps/02_second/exercises").out

    def test_outside_of_a_course_it_takes_the_one_it_came_with(
        self, learner: Any, tmp_path: Path
    ) -> None:
        command = [sys.executable, "-P", "-m", "checker", "list", "--json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=60)
        first = json.loads(done.stdout)["steps"][0]["name"]
        assert first == "01_architecture"
        assert first != learner.types("list", "--json").json["steps"][0]["name"]

    def test_json_before_a_command_is_a_usage_error(self, learner: Any) -> None:
        answer = learner.types("--json", "list")
        assert answer.code == 2
        assert "checker list --json" in answer.err


class TestStart:
    def test_it_copies_the_starter_whole(self, learner: Any) -> None:
        answer = learner.types("start", "1")
        assert answer.code == 0
        assert GREETING in answer.out
        starter, work = learner.path("steps/01_first"), learner.path("work/01_first")
        names = {p.relative_to(starter) for p in starter.rglob("*") if p.is_file()}
        assert names == {p.relative_to(work) for p in work.rglob("*") if p.is_file()}
        assert all((work / n).read_bytes() == (starter / n).read_bytes() for n in names)

    def test_it_never_overwrites(self, started: Any) -> None:
        started.save(GREETING, "# mine")
        answer = started.types("start", "1")
        assert answer.code == 2
        assert "checker reset 1" in answer.err
        assert started.read(GREETING) == b"# mine"

    def test_without_a_number_it_is_the_next_step(self, started: Any) -> None:
        assert started.types("start").code == 0
        assert started.path("work/02_second/wsgi.py").is_file()
        answer = started.types("start")
        assert answer.code == 2
        assert "checker next" in answer.err

    @pytest.mark.parametrize("name", ["9", "architecture", "-", "1.1"])
    def test_an_unknown_step_is_named_with_those_there_are(self, learner: Any, name: str) -> None:
        answer = learner.types("start", name)
        assert answer.code == 2
        assert "01_first" in answer.err

    def test_carry_and_adopt_are_two_things(self, started: Any) -> None:
        assert started.types("start", "2", "--carry", "--adopt").code == 2

    def test_carry_brings_the_learners_own_way_along(self, started: Any) -> None:
        started.save(GREETING, started.read(GREETING).replace(b'"hello"', b'"hello " + name'))
        answer = started.types("start", "2", "--carry")
        assert answer.code == 0
        assert "yours went into work/02_second/app/greeting.py" in answer.out
        carried = started.read("work/02_second/app/greeting.py")
        assert b'return "hello " + name' in carried
        assert b"def part" in carried

    def test_a_conflict_is_kept_with_markers_and_listed(self, started: Any) -> None:
        started.save(GREETING, "# all my own\n")
        answer = started.types("start", "2", "--carry")
        assert answer.code == 0
        assert "conflict in work/02_second/app/greeting.py" in answer.out
        carried = started.read("work/02_second/app/greeting.py")
        assert b"<<<<<<< yours, 01_first" in carried
        assert b"# all my own" in carried

    def test_undo_of_carry_takes_the_new_step_away(self, started: Any) -> None:
        started.types("start", "2", "--carry")
        assert started.types("undo").code == 0
        assert not started.path("work/02_second").exists()
        assert started.types("start", "2").code == 0

    def test_step_one_has_nothing_to_carry_from(self, learner: Any) -> None:
        answer = learner.types("start", "1", "--carry")
        assert answer.code == 2
        assert "no step before" in answer.err


class TestCheck:
    def test_the_starter_is_not_solved_yet(self, started: Any) -> None:
        answer = started.types("check")
        assert answer.code == 1
        assert "✗ not yet   the greeting does not name the visitor" in answer.out
        assert "GET /greet/visitor" in answer.out
        assert "app/greeting.py" in answer.out
        assert "site-packages" not in answer.out
        assert len(answer.out.splitlines()) <= 15

    def test_a_solved_exercise_is_recorded(self, started: Any) -> None:
        started.save(GREETING, SOLVED)
        answer = started.types("check", "1.1")
        assert answer.code == 0
        assert "✓ solved" in answer.out
        listed = started.types("list", "--json").json
        validate("list", listed)
        assert [e["state"] for e in listed["steps"][0]["exercises"]] == ["solved", "open"]
        assert "✓ 1.1" in started.types("list").out

    def test_code_that_does_not_load_has_its_own_code(self, started: Any) -> None:
        started.save(GREETING, "def greet(:\n")
        answer = started.types("check")
        assert answer.code == 3
        assert "app/greeting.py:1" in answer.out

    def test_a_deleted_file_is_named_with_the_way_back(self, started: Any) -> None:
        started.path(GREETING).unlink()
        answer = started.types("check")
        assert answer.code == 3
        assert "checker reset 1.1" in answer.out

    def test_all_of_a_step(self, started: Any) -> None:
        started.save(GREETING, SOLVED)
        answer = started.types("check", "--step", "1")
        assert answer.code == 1
        assert "1 of 2 solved" in answer.out
        told = started.types("check", "--all", "--json")
        validate("check", told.json)
        assert told.code == told.json["exit_code"] == 1
        assert [v["state"] for v in told.json["verdicts"]] == ["solved", "not_yet"]

    def test_verbose_shows_every_test_and_the_traceback(self, started: Any) -> None:
        answer = started.types("check", "--verbose")
        assert "✓ passed    test_an_answer_comes" in answer.out
        assert "✗ failed    test_the_visitor_is_named" in answer.out
        assert "Traceback" in answer.out
        told = started.types("check", "--json", "--verbose").json
        validate("check", told)
        assert "Traceback" in json.dumps(told)
        assert "Traceback" not in json.dumps(started.types("check", "--json").json)

    @pytest.mark.parametrize(
        "arguments", [["1.1", "--all"], ["1.1", "--step", "1"], ["7.7"], ["--step", "9"], ["x"]]
    )
    def test_what_makes_no_sense_is_a_usage_error(self, started: Any, arguments: list[str]) -> None:
        assert started.types("check", *arguments).code == 2

    def test_a_step_that_is_not_started_says_how(self, started: Any) -> None:
        answer = started.types("check", "2.1")
        assert answer.code == 2
        assert "checker start 2" in answer.err

    def test_the_course_tests_are_used_not_the_learners_copy(self, started: Any) -> None:
        started.save("work/01_first/exercises/test_1_1_greeting.py", "def test_nothing(): pass\n")
        assert started.types("check", "1.1").code == 1

    def test_trouble_with_a_manifest_is_not_the_learners(self, started: Any) -> None:
        started.save("steps/01_first/step.toml", "title = 7\n")
        answer = started.types("check")
        assert answer.code == 4
        assert "step.toml: " in answer.err
        assert started.types("list").code == 4

    def test_a_chosen_exercise_stays_the_current_one(self, started: Any) -> None:
        started.types("check", "1.2")
        assert started.types("--json").json["current"]["id"] == "1.2"
        started.save(SUMS, "def add(a, b):\n    return a + b\n")
        assert started.types("check").code == 0
        assert started.types("--json").json["current"]["id"] == "1.2"
        assert started.types("next", "--json").json["current"]["id"] == "1.1"

    def test_without_a_choice_the_first_unsolved_is_the_current_one(self, started: Any) -> None:
        started.save(GREETING, SOLVED)
        assert started.types("check").code == 0
        assert started.types("--json").json["current"]["id"] == "1.2"


class TestNext:
    def test_it_goes_on_and_round(self, started: Any) -> None:
        told = started.types("next", "--json")
        validate("status", told.json)
        assert told.json["current"]["id"] == "1.2"
        assert "1.1 Greet" in started.types("next").out

    def test_at_the_end_it_offers_the_next_step(self, started: Any) -> None:
        started.types("solution", "1.1", "--apply", "--yes")
        started.types("solution", "1.2", "--apply", "--yes")
        assert started.types("check", "--all").code == 0
        assert "checker start 2" in started.types("next").out


class TestHintAndSolution:
    def test_hints_rise_and_then_point_to_the_solution(self, started: Any) -> None:
        for level, word in ((1, "first"), (2, "second"), (3, "third"), (3, "third")):
            told = started.types("hint", "--json").json
            validate("hint", told)
            assert told["level"] == level
            assert word in told["hint"]
        answer = started.types("hint")
        assert "hint 3 of 3" in answer.out
        assert "checker solution 1.1" in answer.out
        assert "1 of 3 hints" not in started.types("list").out
        assert "3 of 3 hints" in started.types("list").out

    def test_without_a_hint_the_solution_asks_first(self, started: Any) -> None:
        answer = started.types("solution", "1.1")
        assert answer.code == 2
        assert "checker hint 1.1" in answer.err
        assert "hello {name}" not in answer.said

    def test_the_solution_is_a_diff_from_the_learners_work(self, started: Any) -> None:
        started.save(GREETING, "# mine\n")
        started.types("hint", "1.1")
        answer = started.types("solution", "1.1")
        assert answer.code == 0
        assert "-# mine" in answer.out
        assert '+    return f"hello {name}"' in answer.out
        assert started.read(GREETING) == b"# mine\n"

    def test_applied_it_solves_and_undo_brings_mine_back(self, started: Any) -> None:
        mine = b"# mine \xff\r\n"
        started.save(GREETING, mine)
        assert started.types("solution", "1.1", "--apply", "--yes").code == 0
        assert started.types("check", "1.1").code == 0
        assert started.types("undo").code == 0
        assert started.read(GREETING) == mine
        assert "open" in started.types("list").out.splitlines()[1]


class TestResetAndUndo:
    def test_reset_of_an_exercise_touches_its_files_alone(self, started: Any) -> None:
        started.save(GREETING, "# mine")
        started.save(SUMS, "# mine too")
        assert started.types("reset", "1.1").code == 0
        assert started.read(GREETING) == started.read("steps/01_first/app/greeting.py")
        assert started.read(SUMS) == b"# mine too"

    def test_reset_of_a_step_is_the_starter_again(self, started: Any) -> None:
        started.save(GREETING, "# mine")
        started.save("work/01_first/app/own.py", "x = 1")
        started.path("work/01_first/wsgi.py").unlink()
        assert started.types("reset", "1").code == 0
        assert not started.path("work/01_first/app/own.py").exists()
        assert started.path("work/01_first/wsgi.py").is_file()
        assert started.types("undo").code == 0
        assert started.read("work/01_first/app/own.py") == b"x = 1"
        assert started.read(GREETING) == b"# mine"
        assert not started.path("work/01_first/wsgi.py").exists()

    def test_undo_walks_back_and_can_be_undone(self, started: Any) -> None:
        for content in (b"# one", b"# two"):
            started.save(GREETING, content)
            started.types("reset", "1.1")
        started.types("undo")
        assert started.read(GREETING) == b"# two"
        answer = started.types("undo")
        assert started.read(GREETING) == b"# one"
        again = answer.out.rsplit(" ", 1)[1].strip()
        assert started.types("undo", again).code == 0
        assert started.read(GREETING) == b"# two"

    def test_with_nothing_to_undo_it_says_so(self, started: Any) -> None:
        answer = started.types("undo")
        assert answer.code == 2
        assert "nothing to undo" in answer.err
        assert started.types("undo", "7").code == 2
        assert started.types("undo", "--list").code == 0

    def test_the_copies_are_listed(self, started: Any) -> None:
        started.save(GREETING, "# mine")
        started.types("reset", "1.1")
        assert "reset 1.1" in started.types("undo", "--list").out

    def test_an_untouched_exercise_needs_no_copy(self, started: Any) -> None:
        answer = started.types("reset", "1.1")
        assert answer.code == 0
        assert "already" in answer.out
        assert not started.path("work/.checker/backups").exists()


class TestEditsInSteps:
    def test_they_are_noticed_and_moved(self, learner: Any) -> None:
        learner.commit_course()
        learner.types("start", "1")
        original = learner.read("steps/01_first/app/greeting.py")
        learner.save("steps/01_first/app/greeting.py", SOLVED)
        learner.save("steps/01_first/app/extra.py", "x = 1\n")
        answer = learner.types()
        assert "checker start 1 --adopt" in answer.err
        assert learner.types("start", "--adopt").code == 0
        assert learner.read(GREETING) == SOLVED.encode()
        assert learner.read("work/01_first/app/extra.py") == b"x = 1\n"
        assert learner.read("steps/01_first/app/greeting.py") == original
        assert not learner.path("steps/01_first/app/extra.py").exists()
        assert "--adopt" not in learner.types().err
        assert learner.types("undo").code == 0
        assert learner.read("steps/01_first/app/greeting.py") == SOLVED.encode()
        assert learner.read(GREETING) == original

    def test_a_step_that_is_not_started_is_started_by_it(self, learner: Any) -> None:
        learner.commit_course()
        learner.save("steps/01_first/app/greeting.py", SOLVED)
        assert learner.types("start", "1", "--adopt").code == 0
        assert learner.read(GREETING) == SOLVED.encode()

    def test_work_edited_too_is_merged(self, learner: Any) -> None:
        learner.commit_course()
        learner.types("start", "1")
        learner.save("steps/01_first/app/greeting.py", "# in steps\n")
        learner.save(GREETING, "# in work\n")
        answer = learner.types("start", "1", "--adopt")
        assert "conflict" in answer.out
        assert b"# in steps" in learner.read(GREETING)
        assert b"# in work" in learner.read(GREETING)

    def test_a_deletion_in_steps_is_restored_and_work_kept(self, learner: Any) -> None:
        learner.commit_course()
        learner.types("start", "1")
        learner.save(GREETING, "# mine")
        learner.path("steps/01_first/app/__init__.py").unlink()
        assert learner.types("start", "1", "--adopt").code == 0
        assert learner.path("steps/01_first/app/__init__.py").is_file()
        assert learner.path("work/01_first/app/__init__.py").is_file()

    def test_without_git_they_are_noticed_and_moved(self, learner: Any) -> None:
        course = learner.session.course
        sums.path(course).write_text(sums.written(course), encoding="utf-8")
        learner.types("start", "1")
        original = learner.read(GREETING)
        assert "--adopt" not in learner.types().err
        learner.save("steps/01_first/app/greeting.py", SOLVED)
        assert "steps/01_first/app/greeting.py changed" in learner.types().err
        assert learner.types("start", "1", "--adopt").code == 0
        assert learner.read(GREETING) == SOLVED.encode()
        assert learner.read("steps/01_first/app/greeting.py") == original
        assert "--adopt" not in learner.types().err

    def test_without_git_and_with_two_edits_it_is_said_what_to_do(self, learner: Any) -> None:
        course = learner.session.course
        sums.path(course).write_text(sums.written(course), encoding="utf-8")
        learner.types("start", "1")
        learner.save("steps/01_first/app/greeting.py", SOLVED)
        learner.save(GREETING, "# mine\n")
        answer = learner.types("start", "1", "--adopt")
        assert answer.code == 2
        assert "copy what you wrote there to work/01_first/app/greeting.py" in answer.err
        assert learner.read("steps/01_first/app/greeting.py") == SOLVED.encode()
        assert learner.read(GREETING) == b"# mine\n"

    def test_without_edits_there_is_nothing_to_adopt(self, learner: Any) -> None:
        assert learner.types("start", "--adopt").code == 2


class TestRunAndDocs:
    def test_run_is_flask_on_the_learners_step(self, started: Any, tmp_path: Path) -> None:
        started.save("work/01_first/wsgi.py", "raise SystemExit('the app of ' + __file__)\n")
        answer = started.types("run", "1", "--port", "5999")
        assert "http://localhost:5999" in answer.out
        assert str(started.path("work/01_first/wsgi.py")) in answer.err
        assert started.types("run", "2").code == 2

    def test_docs_build_the_page_and_name_its_file(self, started: Any) -> None:
        started.save("mkdocs.yml", "site_name: Small\ntheme:\n  name: mkdocs\nplugins: []\n")
        started.save("docs/index.md", "# Home\n")
        started.save("docs/one.md", '# One\n\n<h2 id="1-1-greet-the-visitor">1.1</h2>\n')
        answer = started.types("docs")
        assert answer.code == 0
        address = answer.out.strip()
        assert address.startswith("file://")
        assert address.endswith("one/index.html#1-1-greet-the-visitor")
        assert started.path("work/.checker/site/one/index.html").is_file()

    def test_docs_that_do_not_build_are_the_machines(self, started: Any) -> None:
        assert started.types("docs").code == 4
        started.save("mkdocs.yml", "site_name: Small\nplugins: [no-such-plugin]\n")
        started.save("docs/index.md", "# Home\n")
        answer = started.types("docs")
        assert answer.code == 4
        assert "no-such-plugin" in answer.err


class TestDoctor:
    def test_it_finds_what_is_in_the_way_and_how_to_repair_it(self, started: Any) -> None:
        answer = started.types("doctor")
        assert answer.code == 4
        assert "✗ not ok  packages" in answer.out
        assert "repair: " in answer.out
        assert "✓ ok      engine" in answer.out

    def test_a_sound_machine(self, started: Any) -> None:
        started.save("requirements.lock", "flask==3.1.3 \\\n    --hash=sha256:00\n")
        told = started.types("doctor", "--json")
        validate("doctor", told.json)
        assert told.json["healthy"] is True
        assert told.code == 0

    def test_a_package_of_another_version_is_named(self, started: Any) -> None:
        started.save(
            "requirements.lock",
            "flask==0.1\nnot-there==1.0\nelsewhere==1 ; sys_platform == 'plan9'\n",
        )
        told = started.types("doctor", "--json").json
        packages = next(f for f in told["findings"] if f["name"] == "packages")
        assert "flask is 3" in packages["cause"]
        assert "not-there is missing" in packages["cause"]
        assert "start.py" in packages["repair"]

    def test_missing_files_of_a_started_step_are_noted(self, started: Any) -> None:
        started.path("work/01_first/wsgi.py").unlink()
        assert "checker reset 1" in started.types("doctor").out

    def test_it_tells_how_much_the_kept_copies_take(self, started: Any) -> None:
        assert "copies: none yet" in started.types("doctor").out
        started.save(GREETING, SOLVED)
        started.types("reset", "1.1")
        copies = next(
            f for f in started.types("doctor", "--json").json["findings"] if f["name"] == "copies"
        )
        assert copies["state"] == "ok"
        assert copies["cause"].startswith("1 of your files, 0.0 MB, in ")
        assert copies["cause"].endswith("backups")

    def test_a_damaged_manifest_is_named(self, started: Any) -> None:
        started.save("steps/02_second/step.toml", "title = ")
        answer = started.types("doctor")
        assert answer.code == 4
        assert "02_second" in answer.out


class TestTrouble:
    def test_work_that_is_a_file(self, learner: Any) -> None:
        learner.save("work", "a file")
        answer = learner.types("start", "1")
        assert answer.code == 2
        assert "must be a folder" in answer.err
        assert learner.read("work") == b"a file"

    def test_a_folder_where_a_file_should_be(self, started: Any) -> None:
        started.path(GREETING).unlink()
        started.save(GREETING + "/note.txt", "mine")
        answer = started.types("reset", "1.1")
        assert answer.code == 2
        assert "must be a file" in answer.err
        assert started.read(GREETING + "/note.txt") == b"mine"

    @pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
    def test_a_link_is_not_written_through(self, started: Any, tmp_path: Path) -> None:
        target = tmp_path / "elsewhere.py"
        target.write_text("# mine")
        started.path(GREETING).unlink()
        started.path(GREETING).symlink_to(target)
        answer = started.types("reset", "1.1")
        assert answer.code == 2
        assert "symbolic link" in answer.err
        assert target.read_text() == "# mine"
        assert started.path(GREETING).is_symlink()

    def test_damaged_progress_is_kept_aside_and_rebuilt(self, started: Any) -> None:
        started.save(GREETING, SOLVED)
        started.types("check", "1.1")
        started.save("work/.checker/progress.json", b'{"version": 1, "curr')
        answer = started.types("list")
        assert answer.code == 0
        assert "checker check --all" in answer.err
        aside = list(started.path("work/.checker").glob("progress.damaged-*.json"))
        assert [file.read_bytes() for file in aside] == [b'{"version": 1, "curr']
        started.types("check", "--all")
        assert started.types("list", "--json").json["steps"][0]["solved"] == 1

    def test_progress_of_a_newer_checker_is_left_alone(self, started: Any) -> None:
        started.save("work/.checker/progress.json", '{"version": 2}')
        answer = started.types("list")
        assert answer.code == 4
        assert "git pull" in answer.err
        assert started.read("work/.checker/progress.json") == b'{"version": 2}'

    def test_an_unknown_command_is_a_usage_error(self, learner: Any) -> None:
        assert learner.types("chekc").code == 2

    def test_a_console_without_unicode_gets_plain_marks(self, started: Any) -> None:
        told = started.types("list", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
        assert told.code == 0
        assert "> - 1.1 Greet the visitor" in told.out

    def test_two_checkers_at_once_lose_nothing(self, started: Any) -> None:
        started.save(GREETING, SOLVED)
        started.save(SUMS, "def add(a, b):\n    return a + b\n")
        command = [sys.executable, "-P", "-m", "checker"]
        commands = [["check", "1.1"], ["check", "1.2"], ["hint", "1.1"], ["hint", "1.2"]] * 2
        running = [
            subprocess.Popen([*command, *c], cwd=started.root, stdout=subprocess.DEVNULL)
            for c in commands
        ]
        assert [process.wait(120) for process in running] == [0] * 8
        first, second = started.types("list", "--json").json["steps"][0]["exercises"]
        assert first["state"] == second["state"] == "solved"
        assert first["hints"] == second["hints"] == 2


class TestListIsQuick:
    def test_it_imports_nothing_heavy(self, started: Any) -> None:
        code = (
            "import sys; sys.argv = ['checker', 'list']\n"
            "from checker.__main__ import main\n"
            "try: main()\n"
            "except SystemExit: pass\n"
            "print(sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-P", "-c", code],
            cwd=started.root,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
            env=started.environment(),
        )
        loaded = set(json.loads(done.stderr.splitlines()[-1].replace("'", '"')))
        assert "1.1 Greet" in done.stdout
        assert not loaded & {"click", "rich", "flask", "pytest", "watchfiles", "subprocess"}

    def test_it_says_the_same_with_and_without_click(self, started: Any) -> None:
        code = "from checker.cli import cli; cli(['list', '--json'], prog_name='checker')"
        done = subprocess.run(
            [sys.executable, "-P", "-c", code], cwd=started.root, capture_output=True, check=True
        )
        assert json.loads(done.stdout) == started.types("list", "--json").json
