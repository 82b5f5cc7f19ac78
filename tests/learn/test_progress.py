"""Progress: atomic, rebuilt when damaged, safe between processes."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.errors import EnvironmentTrouble
from checker.learn.progress import Progress, ProgressStore


@pytest.fixture
def store(tmp_path: Path) -> ProgressStore:
    return ProgressStore(tmp_path)


def test_what_is_saved_is_read_again(store: ProgressStore) -> None:
    saved = store.update(
        lambda p: replace(p.with_verdict("1.1", "solved", ["test_a"], 1), current="1.2")
    )
    assert ProgressStore(store.file.parent).read() == saved
    assert saved["1.1"].is_solved
    assert saved["1.1"].solved_at is not None
    assert json.loads(store.file.read_text())["version"] == 1


def test_a_regression_reopens_the_exercise_and_keeps_the_day(store: ProgressStore) -> None:
    store.update(lambda p: p.with_verdict("1.1", "solved", ["test_a"], 1))
    after = store.update(lambda p: p.with_verdict("1.1", "not_yet", [], 1))
    assert not after["1.1"].is_solved
    assert after["1.1"].solved_at is not None


@pytest.mark.parametrize("state", ["environment", "fault"])
def test_trouble_that_is_not_the_learners_changes_nothing(store: ProgressStore, state: str) -> None:
    before = store.update(lambda p: p.with_verdict("1.1", "solved", ["test_a"], 1))
    assert store.update(lambda p: p.with_verdict("1.1", state, [], 0)) == before


def test_replaced_files_are_forgotten_hints_are_not(store: ProgressStore) -> None:
    store.update(lambda p: p.with_verdict("1.1", "solved", ["a"], 1).with_entry("1.1", hints=2))
    after = store.update(lambda p: p.forgetting(["1.1"]))
    assert after["1.1"].state == "open"
    assert after["1.1"].hints == 2


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["version", "current", "exercises", "1.1"]), inner)
    ),
    max_leaves=8,
)


@given(damage=st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_damage_is_kept_aside_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, damage: bytes
) -> None:
    store = ProgressStore(tmp_path_factory.mktemp("damaged"))
    store.file.write_bytes(damage)
    try:
        progress = store.read()
    except EnvironmentTrouble:
        assert store.file.read_bytes() == damage, "of a newer checker: left alone"
        return
    aside = list(store.file.parent.glob("progress.damaged-*.json"))
    if aside:
        assert progress == Progress()
        assert [file.read_bytes() for file in aside] == [damage]
        assert "checker check --all" in store.warning
    store.update(lambda p: p.with_verdict("1.1", "solved", ["a"], 1))
    assert ProgressStore(store.file.parent).read()["1.1"].is_solved


def test_many_at_once_lose_no_update(store: ProgressStore) -> None:
    def work(name: str) -> None:
        own = ProgressStore(store.file.parent)
        for _ in range(10):
            own.update(lambda p: p.with_entry(name, total=p[name].total + 1))
            own.update(lambda p: p.with_entry("shared", total=p["shared"].total + 1))

    threads = [threading.Thread(target=work, args=(f"{n}.1",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    progress = store.read()
    assert [progress[f"{n}.1"].total for n in range(4)] == [10] * 4
    assert progress["shared"].total == 40
