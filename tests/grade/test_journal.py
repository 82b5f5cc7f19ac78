"""What is in the journal stays, whenever the process that writes it is killed."""

from __future__ import annotations

import hashlib
import multiprocessing

import pytest

from checker.errors import UserError
from checker.grade.journal import Journal, only_one


def key(name):
    return hashlib.sha256(str(name).encode()).hexdigest()


VALUES = {key(n): {"number": n, "text": 'a "quote"\n}\u2028é'} for n in range(3)}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "workshop" / "journal.jsonl"


def filled(file, values):
    journal = Journal(file)
    for name, value in values.items():
        journal.put(name, value)
    return journal


def read(file):
    journal = Journal(file)
    try:
        return {name: journal.get(name) for name in VALUES if name in journal}
    finally:
        journal.close()


def test_what_was_put_is_there_at_once_and_later(file):
    journal = filled(file, VALUES)
    assert {name: journal.get(name) for name in VALUES} == VALUES
    journal.close()
    assert read(file) == VALUES
    assert all(line.startswith("{") for line in file.read_text("utf-8").splitlines(True))


def test_the_last_word_on_a_key_counts(file):
    filled(file, VALUES).close()
    filled(file, {key(0): "anew"}).close()
    assert read(file) == {**VALUES, key(0): "anew"}


def test_torn_at_any_byte_it_loses_no_whole_line_and_goes_on(file):
    filled(file, VALUES).close()
    whole = file.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        file.write_bytes(whole[:cut])
        kept = sum(end <= cut for end in ends)
        assert read(file) == dict(list(VALUES.items())[:kept]), f"cut at byte {cut}"
        filled(file, {key("next"): cut}).close()
        journal = Journal(file)
        assert journal.get(key("next")) == cut, f"cut at byte {cut}"
        journal.close()


def test_a_damaged_line_is_no_value_and_harms_no_other(file):
    filled(file, VALUES).close()
    whole = bytearray(file.read_bytes())
    second = whole.index(b"\n") + 1
    for at in range(second, whole.index(b"\n", second), 7):
        damaged = bytearray(whole)
        damaged[at] ^= 0x01
        file.write_bytes(damaged)
        found = read(file)
        assert found.get(key(0)) == VALUES[key(0)]
        assert found.get(key(2)) == VALUES[key(2)]
        assert found.get(key(1)) in (None, VALUES[key(1)])


def test_it_is_tidied_when_most_of_it_is_of_no_more_use(file):
    journal = filled(file, {key(n): "x" * 300_000 for n in range(10)})
    journal.tidy([key(1)])
    journal.put(key(20), "after")
    assert (journal.get(key(1)), journal.get(key(20))) == ("x" * 300_000, "after")
    assert key(2) not in journal
    journal.close()
    assert file.stat().st_size < 400_000


def _hold(file, held, let_go):
    with only_one(file):
        held.set()
        let_go.wait(60)


def test_two_runs_do_not_write_to_one_report(tmp_path):
    file = tmp_path / "report" / ".grading" / "lock"
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(file, held, let_go))
    process.start()
    try:
        assert held.wait(60)
        with pytest.raises(UserError, match="another `checker grade`"), only_one(file):
            pass
    finally:
        let_go.set()
        process.join(60)
    with only_one(file):
        pass
