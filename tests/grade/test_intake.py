"""Folders as each LMS delivers them: whose is what, and what is wrong."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import archives
import pytest

from checker.errors import UserError
from checker.grade.intake import take_in
from checker.grade.roster import read_roster

ZIP = archives.zipped({"app/__init__.py": b"", "wsgi.py": b""})

METADATA = """\
---
submission_1001:
  :submitters:
  - :name: Ada Lovelace
    :sid: '10815'
    :email: ada@example.org
  :created_at: 2026-11-20 21:50:38.610430000 Z
  :score: 12.0
  :status: processed
  :results:
    :tests: []
submission_1002:
  :submitters:
  - :name: Grace Hopper
    :sid: ''
    :email: grace@example.org
  - :name: Alan Turing
    :sid: '10816'
    :email: alan@example.org
  :created_at: 2026-11-21 08:00:00.000000000 Z
  :history:
  - :id: 7
submission_1003:
  :submitters: []
submission_1004:
  :submitters:
  - :name: Nobody
    :sid: '1'
    :email: gone@example.org
"""


def made(folder: Path, *names: str) -> Path:
    """Each name is a zip, or with a slash at its end a folder with work in it."""
    for name in names:
        if name.endswith("/"):
            archives.put(folder / name / "wsgi.py", b"")
        else:
            archives.put(folder / name, ZIP)
    return folder


def ids(intake):
    return [submission.student for submission in intake.submissions]


def problems(intake):
    return [(problem.code, problem.where) for problem in intake.problems]


def test_folders_zips_and_tarballs_are_called_after_their_learner(tmp_path):
    made(tmp_path, "alice/", "bob.zip", "carol.tar.gz", "dora.rar", ".DS_Store", "__MACOSX/")
    intake = take_in(tmp_path)
    assert ids(intake) == ["alice", "bob", "carol", "dora"]
    assert intake.problems == ()


def test_canvas(tmp_path):
    made(
        tmp_path,
        "lovelaceada_12345_67890_library-api.zip",
        "hoppergrace_LATE_12346_67891_work (1).zip",
        "turingalan_12347_67892_step_1.zip",
        "turingalan_12347_67893_step_2.zip",
    )
    intake = take_in(tmp_path)
    assert ids(intake) == ["12345", "12346", "12347"]
    assert [each.name for each in intake.submissions] == [
        "lovelaceada",
        "hoppergrace",
        "turingalan",
    ]
    assert [each.late for each in intake.submissions] == [False, True, False]
    assert len(intake.submissions[2].sources) == 2, "two attachments of one submission"


def test_moodle(tmp_path):
    made(
        tmp_path,
        "Ada Lovelace_1234567_assignsubmission_file_/",
        "Grace Hopper_1234568_assignsubmission_file/",
        "Alan_Turing_1234569_assignsubmission_file_work.zip",
        "Ada Lovelace_1234567_assignsubmission_onlinetext_/",
    )
    intake = take_in(tmp_path)
    assert ids(intake) == ["1234567", "1234568", "1234569"]
    assert [each.name for each in intake.submissions] == [
        "Ada Lovelace",
        "Grace Hopper",
        "Alan_Turing",
    ]
    assert [each.late for each in intake.submissions] == [None, None, None]


def test_gradescope(tmp_path):
    export = tmp_path / "assignment_9100_export"
    made(export, "submission_1001/", "submission_1002/", "submission_1003/")
    (export / "submission_metadata.yml").write_text(METADATA, encoding="utf-8")
    intake = take_in(tmp_path)
    assert ids(intake) == ["10815", "10816", "grace@example.org"]
    ada, alan, grace = intake.submissions
    assert ada.submitted_at == datetime(2026, 11, 20, 21, 50, 38, 610430, tzinfo=UTC)
    assert alan.sources == grace.sources, "a group hands in once, for each of them"
    assert ada.member_ids == {"sid": "10815", "email": "ada@example.org"}
    assert problems(intake) == [
        ("no_submitter", "submission_1003"),
        ("not_in_export", "submission_1004"),
    ]


@pytest.mark.parametrize("text", ["- a list", "a: [", "!!python/object:os.system {}", "12: x"])
def test_metadata_that_is_none_is_said_to_be(tmp_path, text):
    (tmp_path / "submission_metadata.yml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="download the export again"):
        take_in(tmp_path)


def test_forks_are_called_after_their_owner_where_a_roster_tells(tmp_path):
    made(tmp_path / "in", "library-api-octocat/", "library-api-mona-lisa/")
    (tmp_path / "in" / "library-api-octocat" / ".git").mkdir()
    file = tmp_path / "roster.csv"
    file.write_text("id,name,github\ns1,Octo,octocat\ns2,Mona,mona-lisa\n", encoding="utf-8")
    assert ids(take_in(tmp_path / "in", read_roster(file))) == ["s1", "s2"]
    assert ids(take_in(tmp_path / "in")) == ["library-api-mona-lisa", "library-api-octocat"]


def test_the_roster_gives_names_and_tells_who_is_missing_and_who_is_unknown(tmp_path):
    made(tmp_path / "in", "Alice/", "lisa@example.org.zip", "stranger.zip")
    file = tmp_path / "in" / "roster.csv"
    file.write_text(
        "ID,Name,email,section\n"
        "alice,Alice A.,alice@example.org,1\n"
        "1002,Lisa,lisa@example.org,2\n"
        "1003,Missing,m@example.org,2\n",
        encoding="utf-8",
    )
    intake = take_in(tmp_path / "in", read_roster(file), file)
    assert ids(intake) == ["1002", "alice"]
    assert [each.name for each in intake.submissions] == ["Lisa", "Alice A."]
    assert intake.submissions[0].member_ids == {"email": "lisa@example.org", "section": "2"}
    assert [each.student for each in intake.missing] == ["1003"]
    assert problems(intake) == [("missing_submission", "1003"), ("unknown_student", "stranger.zip")]


def test_what_fits_two_of_the_roster_fits_none(tmp_path):
    made(tmp_path / "in", "same/")
    file = tmp_path / "roster.csv"
    file.write_text("id,team\na,same\nb,same\n", encoding="utf-8")
    assert ("unknown_student", "same") in problems(take_in(tmp_path / "in", read_roster(file)))


def test_two_submissions_of_one_learner_are_an_error_and_never_merged(tmp_path):
    made(tmp_path, "alice/", "Alice.zip", "bob/")
    intake = take_in(tmp_path)
    assert ids(intake) == ["Alice", "bob"]
    assert intake.submissions[0].sources == ()
    assert "leave the one that counts" in intake.contested["Alice"]
    assert [code for code, _ in problems(intake)] == ["duplicate_student"]


def test_one_number_with_two_names_is_no_single_canvas_submission(tmp_path):
    made(tmp_path, "one_12345_1_a.zip", "other_12345_2_a.zip")
    assert list(take_in(tmp_path).contested) == ["12345"]


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_a_name_with_control_characters_is_spelt_out(tmp_path):
    made(tmp_path, "evil\x1b[2J\u202e/", "odd\udcff.zip")
    assert ids(take_in(tmp_path)) == ["evil\\x1b[2J\\u202e", "odd\\udcff"]


def test_a_stray_file_is_told_and_nothing_else_stops(tmp_path):
    made(tmp_path, "alice/")
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    intake = take_in(tmp_path)
    assert ids(intake) == ["alice"]
    assert problems(intake) == [("not_a_submission", "notes.txt")]


def test_a_folder_that_is_none_says_what_to_give(tmp_path):
    with pytest.raises(UserError, match="is no folder"):
        take_in(tmp_path / "nowhere")
    with pytest.raises(UserError, match="unpack it"):
        take_in(archives.put(tmp_path / "export.zip", ZIP))
    with pytest.raises(UserError, match="one folder, zip or tarball"):
        take_in(made(tmp_path / "empty", ".hidden/"))
