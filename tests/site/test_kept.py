"""What a page keeps of a reader's work: nothing of it is lost, whatever comes in."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

MODULE = Path(__file__).resolve().parents[2] / "docs/playground/src/record.js"
KEY = "build-secure-ship.record"
# A page's storage; then what is asked of the module, and what it said and kept.
PLAYED = """
const kept = JSON.parse(process.argv[1]);
globalThis.localStorage = {
  getItem: (name) => kept[name] ?? null,
  setItem: (name, text) => { kept[name] = text; },
  removeItem: (name) => { delete kept[name]; },
};
const record = await import(process.argv[2]);
const said = [];
for (const [name, ...given] of JSON.parse(process.argv[3])) {
  try {
    said.push(record[name](...given) ?? null);
  } catch (error) {
    said.push(error.message);
  }
}
console.log(JSON.stringify({ said, kept }));
"""
ENTRY = {
    "state": "solved",
    "passed": ["test_a"],
    "total": 1,
    "solved_at": None,
    "hints": 1,
    "solution_seen": False,
}
FILE, OTHER = "01_first/app.py", "01_first/other.py"
EDITED = {"1.1": [FILE], "1.2": [OTHER]}


def saved(**changes: Any) -> str:
    progress = {"version": 1, "current": None, "exercises": {"1.1": ENTRY}}
    record = {"version": 1, "progress": progress, "files": {FILE: "mine = 1\n"}, "answers": {}}
    return json.dumps(record | changes)


def play(kept: dict[str, str], *asked: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """What the module says to each call, and what the browser has kept in the end."""
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed: apt-get install npm")
    command = ["node", "--input-type=module", "--eval", PLAYED, json.dumps(kept)]
    done = subprocess.run(
        [*command, MODULE.as_uri(), json.dumps(asked)],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    found = json.loads(done.stdout)
    return found["said"], found["kept"]


def test_what_is_no_record_is_not_loaded_and_changes_nothing() -> None:
    entry = {"version": 1, "current": None, "exercises": {"1.1": {"state": "solved", "mark": 1}}}
    refused = {
        "": "no record",
        "{": "no record",
        "[]": "no record",
        saved(files={FILE: 1}): "no record",
        saved(progress={}): "no record",
        saved(progress=entry): "no record",
        saved(version=0): "no record",
        saved(version=2): "newer course (version 2, this site knows 1)",
        saved(progress={"version": 3, "exercises": {}}): "newer course (version 3",
    }

    said, kept = play({KEY: saved()}, *(["load", text, EDITED] for text in refused))

    for why, told in zip(refused.values(), said, strict=True):
        assert why in told
    assert kept == {KEY: saved()}


def test_what_is_loaded_is_laid_over_and_can_be_taken_back() -> None:
    theirs = {"1.1": ENTRY | {"state": "open", "hints": 3}, "1.2": ENTRY | {"hints": 0}}
    progress = {"version": 1, "current": None, "exercises": theirs}
    coming = saved(progress=progress, files={OTHER: "theirs = 1\n"})

    said, _ = play({KEY: saved()}, ["load", coming, EDITED], ["read"], ["unload"], ["read"])

    _, loaded, _, back = said
    assert loaded["files"] == {FILE: "mine = 1\n", OTHER: "theirs = 1\n"}
    assert loaded["progress"]["exercises"] == {
        "1.1": ENTRY | {"hints": 3},  # the verdict is on a file that did not come
        "1.2": ENTRY | {"hints": 0},
    }
    assert back == json.loads(saved())


@pytest.mark.parametrize("damaged", ["{", saved(version=2)])
def test_what_a_page_cannot_read_is_set_aside(damaged: str) -> None:
    said, kept = play({KEY: damaged}, ["read"], ["aside"])

    empty, told = said
    assert empty["files"] == {}
    [name] = kept
    assert name in told
    assert kept[name] == damaged
