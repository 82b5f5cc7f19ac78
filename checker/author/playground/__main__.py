"""``python -m checker.author.playground SITE``: let a built site run the course in its pages."""

from __future__ import annotations

import sys
from pathlib import Path

from checker.author.playground.build import Builder
from checker.course import Course
from checker.errors import EnvironmentTrouble


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not (Path(arguments[0]) / "index.html").is_file():
        print("usage: python -m checker.author.playground SITE, after mkdocs build -d SITE")
        return 2
    try:
        Builder(Course.load(Path.cwd()), Path(arguments[0])).build()
    except EnvironmentTrouble as trouble:
        print(trouble, file=sys.stderr)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
