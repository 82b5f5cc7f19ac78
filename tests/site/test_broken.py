"""Something wrong is planted on a page of the real course; a gate that CI runs refuses it.

With ``SITE_TEST=full`` one of each kind: code, links of three kinds, an image, and a page that no
menu leads to. The rest of the time only the first is, for each of them costs a build. An output
that went stale is planted in ``test_recording``, on a small course.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

STEP = "docs/learn/01_architecture.md"
BUILD = ["{python}", "-m", "mkdocs", "build", "--strict", "--site-dir", "site"]
LYCHEE = ["{bin}/lychee", "--offline", "--include-fragments", "--index-files", "index.html"]
LYCHEE += ["--root-dir", "{course}/site", "{course}/site/**/*.html"]


@dataclass(frozen=True)
class Planted:
    """What is written in place of what, and the gate that says so."""

    file: str
    right: str
    wrong: str
    gates: tuple[list[str], ...]
    says: str


KINDS = {
    "code": Planted(
        "docs/examples/two_apps.py", "def create_app(", "def make_app(", (BUILD,), "'create_app'"
    ),
    "link": Planted(STEP, "\n## Recap", "\n[there](gone.md)\n\n## Recap", (BUILD,), "gone.md"),
    "anchor": Planted(STEP, "\n## Recap", "\n[there](#gone)\n\n## Recap", (BUILD,), "#gone"),
    "image": Planted(STEP, "\n## Recap", "\n![there](gone.png)\n\n## Recap", (BUILD,), "gone.png"),
    "page": Planted("mkdocs.yml", "      - reference/errors.md\n", "", (BUILD,), "errors.md"),
    "link of a template": Planted(
        "docs/templates/partials/source-file.html",
        "{% if page.file %}",
        '{% if page.file %}<a href="gone/">there</a>',
        (BUILD, LYCHEE),
        "gone",
    ),
}
CHOSEN = list(KINDS) if os.environ.get("SITE_TEST") == "full" else ["code"]


@pytest.mark.parametrize("kind", CHOSEN)
def test_what_is_wrong_is_refused(copied: Path, kind: str) -> None:
    planted = KINDS[kind]
    text = (copied / planted.file).read_text("utf-8")
    assert planted.right in text
    (copied / planted.file).write_text(text.replace(planted.right, planted.wrong), encoding="utf-8")
    *before, last = (
        [
            part.format(python=sys.executable, bin=Path(sys.executable).parent, course=copied)
            for part in gate
        ]
        for gate in planted.gates
    )
    for gate in before:
        subprocess.run(gate, cwd=copied, check=True, capture_output=True)

    done = subprocess.run(last, cwd=copied, capture_output=True, encoding="utf-8", check=False)

    assert done.returncode != 0, "the gate passed over it"
    assert planted.says in done.stdout + done.stderr
