"""What a request costs, as ratios taken in one run: python benchmarks/api.py

The solved step 5 answers ``GET /api/v1/books?per_page=20`` in this process, to somebody with an
access token; a bare Flask app says hello. Both are asked by Flask's own test client. CPU seconds
of this process (``time.process_time``) and SQL statements are counted, per request. The sides take
turns, so that a busy machine slows them all, and it is medians that are compared.

    list       nothing of the list is remembered, the caller is
    stranger   nothing is remembered, not even the caller
    hit        everything is

--budget exits with 1 when a number is not what the design promises.
"""

import argparse
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event, insert

from checker.author.trees import solved, write_tree
from checker.course import Course

QUIET = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
ROOT = Path(__file__).resolve().parents[1]
SIZES = (200, 20_000)
ADDRESS = "/api/v1/books?per_page=20"
BUDGETS = {"list": (3, 40.0), "hit": (0, 5.0)}
"""At most so many SQL statements, and so many times the CPU of a hello."""
GROWTH = 1.5
"""A hundred times the books: at most so many times the CPU of a list."""


@dataclass
class Side:
    """Something that is measured: CPU seconds of one request, a value for each round."""

    name: str
    ask: Callable[[], None]
    before: Callable[[], None]
    seen: list[str]
    counts: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def measure(self, times: int) -> None:
        spent = 0.0
        for _ in range(times):
            self.before()
            self.seen.clear()
            start = time.process_time()
            self.ask()
            spent += time.process_time() - start
            self.counts.append(len(self.seen))
        self.seconds.append(spent / times)

    @property
    def statements(self) -> int:
        """Of most requests: a caller is remembered for seconds, and then asked for again."""
        return statistics.mode(self.counts)

    @property
    def cost(self) -> float:
        return statistics.median(self.seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--budget", action="store_true", help="exit with 1 beyond the budget")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--times", type=int, default=40, help="requests of each side in a round")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        step = Path(folder) / "step"
        write_tree(solved(Course.load(ROOT).step(5)), step)
        sys.path.insert(0, str(step))
        os.environ["RATE_LIMIT"] = "1000000 per second"
        sides = [hello()]
        for size in SIZES:
            sides += library(size, f"sqlite:///{folder}/{size}.db")
        for side in sides:
            side.measure(arguments.times)  # the first round warms up
            side.seconds.clear()
            side.counts.clear()
        for _ in range(arguments.rounds):
            for side in sides:
                side.measure(arguments.times)
    broken = report(sides)
    print(*broken, sep="\n")
    return int(arguments.budget and bool(broken))


def hello() -> Side:
    app = Flask("hello")

    @app.get("/")
    def say() -> dict[str, str]:
        return {"hello": "world"}

    return Side("hello", asking(app, "/", {}), nothing, [])


def library(size: int, database: str) -> list[Side]:
    os.environ["TEST_DATABASE_URL"] = database
    from app import create_app
    from app.extensions import cache, db
    from app.memo import forget

    with redirect_stdout(QUIET):  # where the log goes, which is a part of the cost
        app: Flask = create_app("testing")
    seen: list[str] = []
    with app.app_context():
        headers = fill(size, db)

        @event.listens_for(db.engine, "before_cursor_execute")
        def remember(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if not statement.startswith("BEGIN"):
                seen.append(statement)

    def within(act: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            with app.app_context():
                act()

        return run

    ask = asking(app, ADDRESS, headers)
    states = {
        "list": within(lambda: forget({"books"})),
        "stranger": within(cache.clear),
        "hit": nothing,
    }
    return [Side(f"{name} of {size:,}", ask, before, seen) for name, before in states.items()]


def fill(size: int, db: Any) -> dict[str, str]:
    """Books with two authors each; the header of somebody who may list them."""
    from app.auth.grants import first_tokens
    from app.models import Author, Authorship, Book, User

    db.create_all()
    numbers = range(1, size + 1)
    authors = [{"id": n, "name": f"Author {n}"} for n in range(1, 51)]
    books = [{"id": n, "title": f"Book {n}", "isbn13": f"{n:013}", "version": 1} for n in numbers]
    covers = [
        {"book_id": n, "author_id": (n + place) % 50 + 1, "position": place}
        for n in numbers
        for place in range(2)
    ]
    for model, rows in ((Author, authors), (Book, books), (Authorship, covers)):
        db.session.execute(insert(model), rows)
    user = User(email=f"{secrets.token_hex(4)}@example.org", name="Ada")
    db.session.add(user)
    db.session.commit()
    return {"Authorization": f"Bearer {first_tokens(user, None)['access_token']}"}


def asking(app: Flask, address: str, headers: dict[str, str]) -> Callable[[], None]:
    client = app.test_client()

    def ask() -> None:
        answer = client.get(address, headers=headers)
        if answer.status_code != 200:
            raise SystemExit(f"{address} was answered with {answer.status}")

    return ask


def nothing() -> None:
    """Nothing has to be forgotten before."""


def report(sides: list[Side]) -> list[str]:
    """Print the table, and return what is beyond the budget."""
    bare = sides[0].cost
    broken = []
    costs = {}
    print("| request | SQL statements | CPU, times a hello |\n|---|---:|---:|")
    for side in sides:
        times = costs[side.name] = side.cost / bare
        print(f"| {side.name} | {side.statements} | {times:.1f} |")
        statements, most = BUDGETS.get(side.name.partition(" ")[0], (side.statements, times))
        if side.statements > statements or times > most:
            allowed = f"{statements} statements and {most:g} times"
            broken.append(f"beyond the budget: {side.name} may cost {allowed}")
    small, large = (costs[f"list of {size:,}"] for size in SIZES)
    if large > small * GROWTH:
        broken.append(
            f"beyond the budget: a list grows with the library, {large / small:.1f} times"
        )
    return broken


if __name__ == "__main__":
    sys.exit(main())
