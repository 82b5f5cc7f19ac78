"""``python -m checker.author.pages.canary``: would Zensical, Material's successor, do?

Told, not judged. Zensical passes over plugins that it does not know, without a word; so it is given
the Markdown after the macros, and what is compared are the pages and the headings on them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from mkdocs.commands.build import build
from mkdocs.config import load_config

HEADING = re.compile(r'<h[1-6][^>]*\bid="([^"]+)"')
PLUGINS = re.compile(r"^plugins:\n(?:[ ].*\n)+", re.MULTILINE)


def main(arguments: list[str]) -> int:
    """Returns 0 where both agree, 1 where they do not, 2 where there is no Zensical."""
    zensical = shutil.which("zensical", path=str(Path(sys.executable).parent))
    zensical = arguments[0] if arguments else zensical
    if zensical is None:
        print("zensical is not installed: see requirements-canary.lock", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = load_config("mkdocs.yml", site_dir=str(folder / "expected"))
        build(config)
        macros: Any = config.plugins["macros"]
        lay_out(macros.variables["afterwards"].texts, folder)
        done = subprocess.run(
            [zensical, "build"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        told = differences(headings(folder / "expected"), headings(folder / "site"))
    print("\n".join(line for line in done.stdout.splitlines() if "issues found" in line))
    print("\n".join(told) or "Zensical makes the same pages with the same headings.")
    return 1 if told else 0


def lay_out(texts: dict[str, str], folder: Path) -> None:
    """A site that needs no plugin but the search, of the course in the current folder."""
    shutil.copytree("docs/assets", folder / "docs" / "assets")
    shutil.copytree("docs/templates", folder / "docs" / "templates")
    for source, text in texts.items():
        file = folder / "docs" / source
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    config = PLUGINS.sub("plugins:\n  - search\n", Path("mkdocs.yml").read_text("utf-8"))
    (folder / "mkdocs.yml").write_text(config, encoding="utf-8")


def headings(site: Path) -> dict[str, list[str]]:
    """The names of the headings on each page, in their order."""
    return {
        file.relative_to(site).as_posix(): HEADING.findall(file.read_text("utf-8"))
        for file in sorted(site.rglob("*.html"))
        if file.name != "404.html" and file.parent.name != "print"
    }


def differences(expected: dict[str, list[str]], made: dict[str, list[str]]) -> list[str]:
    """One line for each page that is missing, or new, or has other headings."""
    told = [f"{name}: missing" for name in sorted(expected.keys() - made.keys())]
    told += [f"{name}: nobody asked for it" for name in sorted(made.keys() - expected.keys())]
    for name in sorted(expected.keys() & made.keys()):
        lost = [each for each in expected[name] if each not in made[name]]
        new = [each for each in made[name] if each not in expected[name]]
        if lost or new:
            told.append(f"{name}: without {lost or 'nothing'}, with {new or 'nothing'} instead")
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
