"""Writing an exercise: the skeleton, the mistakes, the difference between steps."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from checker.author.commands import author
from checker.author.diffs import step_changes
from checker.author.recording import generalised

DRAFT = "work/.mistakes/1.2/forgets_b/app/sums.py"
STEP_1 = "steps/01_first/step.toml"
STEP_2 = "steps/02_second/step.toml"


@pytest.fixture
def run(mini, monkeypatch):
    monkeypatch.chdir(mini.root)

    def run(*arguments):
        return CliRunner().invoke(author, arguments)

    return run


class TestNew:
    def test_a_new_exercise_loads_and_its_files_are_there(self, run, mini):
        result = run("new", "1", "1.3", "Kind words")

        assert result.exit_code == 0, result.output
        exercise = mini.course.exercise("1.3")
        assert exercise.title == "Kind words"
        assert exercise.edit == ("app/kind_words.py",)
        for name in (
            "steps/01_first/app/kind_words.py",
            "solutions/01_first/app/kind_words.py",
            "steps/01_first/exercises/test_1_3_kind_words.py",
        ):
            assert mini.path(name).is_file(), name

    def test_the_rest_of_the_manifest_stays_as_it_was(self, run, mini):
        before = mini.read(STEP_1)
        run("new", "1", "1.3", "Kind words")
        assert mini.read(STEP_1).startswith(before + '\n[[exercise]]\nid = "1.3"\n')

    def test_verify_lists_what_is_left_to_write(self, run, prove):
        run("new", "1", "1.3", "Kind words")

        left = {
            re.sub(r".*1\.3, ", "", each.where) for each in prove("manifests", "1.3") if each.what
        }
        assert left == {
            "starter.says",
            "hints, number 1",
            "hints, number 2",
            "hints, number 3",
            "steps/01_first/app/kind_words.py",
            "solutions/01_first/app/kind_words.py",
            "steps/01_first/exercises/test_1_3_kind_words.py",
        }
        assert "covers 1.0" in next(each.what for each in prove("claims", "1.3") if each.what)
        (mistakes,) = prove("mistakes", "1.3")
        assert mistakes.what == "0 of at least 3 mistakes"

    def test_a_later_step_declares_the_new_file(self, run, mini, prove):
        run("new", "2", "2.2", "Kind words")

        assert mini.course.step(2).changes["app/kind_words.py"].startswith("TODO")
        assert [each.what for each in prove("changes") if each.state == "broken"] == []
        assert any("changes.'app/kind" in each.where for each in prove("manifests") if each.what)

    def test_a_file_that_the_starter_has_is_kept(self, run, mini):
        mini.write("steps/01_first/app/words.py", "KIND = True\n")
        result = run("new", "1", "1.3", "Kind words", "--edit", "app/words.py")

        assert result.exit_code == 0, result.output
        assert mini.read("steps/01_first/app/words.py") == "KIND = True\n"
        assert mini.read("solutions/01_first/app/words.py") == "KIND = True\n"

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("1", "1.2", "Sums"), "there is an exercise 1.2 already: Sums"),
            (("1", "2.2", "Sums"), "no id of step 1"),
            (("1", "first", "Sums"), "no id of step 1"),
            (("1", "1.3", "Sums"), "app/sums.py belongs to exercise 1.2 already"),
            (("1", "1.3", "Up", "--edit", "../up.py"), "inside the step"),
            (("1", "1.3", "?"), "makes no name for a test"),
            (("7", "7.1", "Sums"), "there is no step '7'"),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_is_written(self, run, mini, arguments, said):
        before = sorted(mini.root.rglob("*"))
        result = run("new", *arguments)

        assert result.exit_code == 2
        assert said in result.output
        assert sorted(mini.root.rglob("*")) == before


class TestMistake:
    def test_it_is_laid_out_made_and_recorded(self, run, mini, prove):
        first = run("mistake", "1.2", "forgets_b")
        assert first.exit_code == 0, first.output
        assert mini.read(DRAFT) == mini.read("solutions/01_first/app/sums.py")
        mini.replace(DRAFT, "total = a + b", "total = a")

        second = run("mistake", "1.2", "forgets_b")

        assert second.exit_code == 0, second.output
        assert "reads  2 and 3 make 5, not 2" in second.output
        declared = mini.course.exercise("1.2").mistakes["forgets_b"]
        assert declared.test == "test_two_numbers_are_added[2-3]"
        assert declared.says == "2 and 3 make 5, not 2"
        assert not mini.path("work/.mistakes/1.2/forgets_b").exists()
        assert [each for each in prove("mistakes", "1.2") if each.state == "broken"] == []

    def test_what_is_random_in_the_words_is_left_open(self, run, mini):
        run("mistake", "1.1", "whispers")
        draft = "work/.mistakes/1.1/whispers/app/greeting.py"
        mini.replace(draft, "Hello, {name.strip()}!", "hello, {name.strip()}!")

        run("mistake", "1.1", "whispers")

        says = mini.course.exercise("1.1").mistakes["whispers"].says
        assert says == "… is to be greeted by name, and reads 'hello, …!'"

    def test_one_that_passes_is_no_mistake_and_writes_nothing(self, run, mini):
        run("mistake", "1.2", "forgets_b")
        mini.replace(DRAFT, "a + b", "b + a")
        before = mini.read(STEP_1)

        result = run("mistake", "1.2", "forgets_b")

        assert result.exit_code == 2
        assert "a case is missing in test_1_2_sums.py" in result.output
        assert mini.read(STEP_1) == before
        assert not mini.path("solutions/01_first/mistakes/1.2/forgets_b.patch").exists()
        assert "b + a" in mini.read(DRAFT), "the draft is kept"

    def test_one_that_no_test_judges_is_refused(self, run, mini):
        run("mistake", "1.2", "forgets_b")
        mini.replace(DRAFT, "a + b", "a +")
        result = run("mistake", "1.2", "forgets_b")
        assert result.exit_code == 2
        assert "no test judges this mistake: does_not_load" in result.output

    def test_one_that_is_not_made_yet_is_refused(self, run, mini):
        run("mistake", "1.2", "forgets_b")
        result = run("mistake", "1.2", "forgets_b")
        assert result.exit_code == 2
        assert "nothing is changed yet" in result.output

    def test_one_in_another_file_is_refused(self, run, mini):
        run("mistake", "1.2", "forgets_b")
        mini.write("work/.mistakes/1.2/forgets_b/app/greeting.py", "")
        result = run("mistake", "1.2", "forgets_b")
        assert result.exit_code == 2
        assert "no file that 1.2 edits" in result.output

    def test_a_known_one_is_laid_out_as_it_is_and_recorded_anew(self, run, mini):
        run("mistake", "1.2", "subtracts")
        draft = "work/.mistakes/1.2/subtracts/app/sums.py"
        assert "a - b" in mini.read(draft)
        mini.replace(draft, "a - b", "a - b - 1")

        run("mistake", "1.2", "subtracts")

        assert mini.course.exercise("1.2").mistakes["subtracts"].says.endswith("5, not -2")
        assert "+    total = a - b - 1" in mini.read(
            "solutions/01_first/mistakes/1.2/subtracts.patch"
        )

    def test_a_name_that_is_a_path_is_refused(self, run):
        result = run("mistake", "1.2", "../up")
        assert result.exit_code == 2
        assert "is no name for a mistake" in result.output


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        (["it reads 'a'", "it reads 'a'"], "it reads 'a'"),
        (["3 of 7 books", "4 of 7 books", "4 of 9 books"], "… of … books"),
        (["after a1 comes b2", "after c3 comes d4"], "after … comes …"),
    ],
)
def test_messages_are_generalised_where_they_differ(messages, said):
    assert generalised(messages) == said


class TestDiff:
    def test_it_shows_what_a_step_adds_with_its_reason(self, run):
        result = run("diff", "2")

        assert result.exit_code == 0
        assert "# app/times.py added: exercise 2.1" in result.output
        assert "# app/__init__.py changed: a route for products" in result.output
        assert "+from app.times import times" in result.output
        assert "test_2_1_times" not in result.output, "the course's own part is no change"

    def test_what_is_not_declared_is_said_to_be_so(self, run, mini):
        mini.replace("steps/02_second/wsgi.py", "development", "production")
        assert "# wsgi.py changed: NOT DECLARED" in run("diff", "2").output

    def test_the_first_step_follows_none(self, mini):
        assert step_changes(mini.course, mini.course.step(1)) == []

    def test_a_diff_is_a_patch(self, mini):
        (change,) = [c for c in step_changes(mini.course, mini.course.step(2)) if c.kind == "added"]
        assert re.match(r"--- /dev/null\n\+\+\+ b/app/times\.py\n@@", change.diff)
