"""The work is found whatever it is wrapped in, and nothing else is taken for it."""

from __future__ import annotations

import archives
import pytest

from checker.grade.locate import digest, locate
from checker.grade.unpack import Refused

FIRST, SECOND = "01_first", "02_second"


def below(place, files):
    return {f"{place}/{name}": content for name, content in files.items()}


@pytest.mark.parametrize(
    "place",
    [
        "01_first",
        "work/01_first",
        "library-api-main/work/01_first",
        "01_first/01_first",
        "Step 1/project",
        "step-1",
        "1",
        "01-First",
        "my solution/final/01_first (1)/src",
        "some/folder/that says nothing",
    ],
)
def test_a_step_is_found_by_its_name_or_by_what_it_is_like(course, solved, place):
    assert locate(below(place, solved), course).work == {FIRST: solved}


def test_a_step_without_any_folder_around_it_is_told_by_its_files(course, solved):
    assert locate(solved, course).work == {FIRST: solved}


def test_several_steps_come_in_one_submission(course, solved):
    second = {"wsgi.py": b"", "app/__init__.py": b"", "app/times.py": b""}
    files = {**below("work/01_first", solved), **below("work/02_second", second)}
    assert locate(files, course).work == {FIRST: solved, SECOND: second}


def test_a_step_with_a_file_missing_is_still_found(course, solved):
    files = {name: content for name, content in solved.items() if name != "wsgi.py"}
    assert locate(below(FIRST, files), course).work == {FIRST: files}


def test_a_package_called_app_within_the_app_is_no_other_step(course, solved):
    files = {**solved, "app/app/__init__.py": b"", "app/tools/app/wsgi.py": b""}
    assert locate(files, course).work == {FIRST: files}


def test_a_fork_of_the_course_is_searched_where_the_learner_works(course, starter, solved):
    fork = {
        **below("steps/01_first", starter),
        **below("solutions/01_first", solved),
        **below("work/01_first", solved),
        "checker/course.py": b"",
    }
    located = locate(fork, course)
    assert located.work == {FIRST: solved}
    assert located.flags == ()


def test_what_was_edited_in_steps_counts_and_is_told(course, starter, solved):
    fork = {**below("repo/steps/01_first", solved), **below("repo/solutions/01_first", starter)}
    located = locate(fork, course)
    assert located.work == {FIRST: solved}
    assert [flag.code for flag in located.flags] == ["work_in_steps"]


def test_a_fork_that_nobody_worked_in_holds_no_work(course, starter):
    with pytest.raises(Refused, match="no step is in it"):
        locate(below("repo/steps/01_first", starter), course)


def test_two_different_copies_of_a_step_are_not_chosen_between(course, starter, solved):
    files = {**below("a/01_first", starter), **below("b/01_first", solved)}
    with pytest.raises(Refused, match="more than once, in 'a/01_first', 'b/01_first'"):
        locate(files, course)


def test_two_equal_copies_of_a_step_are_one(course, solved):
    files = {**below("a/01_first", solved), **below("b/01_first", solved)}
    assert locate(files, course).work == {FIRST: solved}


def test_an_archive_within_the_archive_is_opened_where_nothing_else_is(course, solved):
    inner = archives.zipped(below("work/01_first", solved))
    nested = {"report.txt": b"", "handed in.zip": archives.zipped({"inner.zip": inner})}
    assert locate(nested, course).work == {FIRST: solved}


def test_an_archive_beside_the_work_is_left_alone(course, solved):
    files = {**solved, "app/data.zip": b"no zip at all"}
    assert locate(files, course).work == {FIRST: files}


def test_archives_are_not_opened_for_ever(course, solved):
    packed = archives.zipped(solved)
    for _ in range(4):
        packed = archives.zipped({"a.zip": packed})
    with pytest.raises(Refused, match="no step is in it"):
        locate({"a.zip": packed}, course)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "it is empty"),
        ({"essay.pdf": b""}, "needs a folder with app/ and wsgi.py.*it holds 'essay.pdf'"),
        ({"greeting.py": b""}, "it holds 'greeting.py'"),
    ],
)
def test_where_there_is_nothing_to_grade_the_reason_says_what_there_is(course, files, reason):
    with pytest.raises(Refused, match=reason):
        locate(files, course)


def test_a_digest_tells_names_and_contents_apart():
    trees = [{}, {"a": b"bc"}, {"ab": b"c"}, {"a": b"", "b": b"c"}, {"a": b"b", "c": b""}]
    assert len({digest(tree) for tree in trees}) == len(trees)
    assert digest({"a": b"1", "b": b"2"}) == digest({"b": b"2", "a": b"1"})
