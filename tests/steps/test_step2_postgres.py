"""Step 2 solved on a real PostgreSQL: what one process with SQLite cannot show.

SQLite lets one writer in at a time; here transactions truly run side by side. Needs
``TEST_POSTGRES_URL``, such as postgresql://localhost/postgres, and a user who may create
databases.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checker.author.trees import solved, write_tree
from checker.course import Course

ROOT = Path(__file__).resolve().parents[2]

START = """
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

from flask_migrate import downgrade, upgrade
from sqlalchemy import select

from app import create_app
from app.extensions import db
from app.models import Author, Book, Copy, Loan, User

app = create_app("testing")


def store(*rows):
    with app.app_context():
        db.session.add_all(rows)
        db.session.commit()
        return [row.id for row in rows]


def copies(count):
    book = Book(title="Emma", isbn13="9780306406157", authors=[Author(name="Jane Austen")])
    return store(*(Copy(book=book, barcode=f"LIB-{n}") for n in range(count)))


def users(count):
    return store(*(User(email=f"{n}@example.org", name="Ada") for n in range(count)))


def at_once(method, path, bodies):
    barrier = Barrier(len(bodies))

    def ask(body):
        barrier.wait()
        answer = app.test_client().open(path, method=method, json=body)
        return f"{answer.status_code} {answer.get_json().get('code', '')}".strip()

    with ThreadPoolExecutor(len(bodies)) as pool:
        return sorted(pool.map(ask, bodies))


with app.app_context():
    upgrade()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("step2")
    write_tree(solved(Course.load(ROOT).step(2)), folder)
    return folder


@pytest.fixture
def run(folder: Path, database: str) -> Any:
    """Runs code within the solved step, on the database; the JSON that it prints last."""

    def run(code: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", f"{START}\n{code}"],
            cwd=folder,
            env={**os.environ, "TEST_DATABASE_URL": database},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_eight_want_one_copy(run: Any) -> None:
    answers = run("""
(copy,) = copies(1)
bodies = [{"copy_id": copy, "user_id": user} for user in users(8)]
print(json.dumps(at_once("POST", "/api/v1/loans", bodies)))
""")

    assert answers == ["201"] + ["409 copy_on_loan"] * 7


def test_one_user_at_eight_desks_gets_five_copies(run: Any) -> None:
    answers = run("""
(user,) = users(1)
bodies = [{"copy_id": copy, "user_id": user} for copy in copies(8)]
print(json.dumps(at_once("POST", "/api/v1/loans", bodies)))
""")

    assert answers == ["201"] * 5 + ["409 loan_limit_reached"] * 3


def test_eight_return_one_loan(run: Any) -> None:
    answers = run("""
(copy,), (user,) = copies(1), users(1)
loan = app.test_client().post("/api/v1/loans", json={"copy_id": copy, "user_id": user})
print(json.dumps(at_once("POST", f"{loan.headers['Location']}/return", [{}] * 8)))
""")

    assert answers == ["200"] + ["409 already_returned"] * 7


def test_eight_replace_one_version(run: Any) -> None:
    answers = run("""
copies(1)
with app.app_context():
    book = db.session.scalars(select(Book.id)).one()
    author = db.session.scalars(select(Author.id)).one()
bodies = [
    {"title": f"Emma {n}", "isbn13": "9780306406157", "author_ids": [author], "version": 1}
    for n in range(8)
]
print(json.dumps(at_once("PUT", f"/api/v1/books/{book}", bodies)))
""")

    assert answers == ["200"] + ["409 stale_version"] * 7


def test_eight_add_one_isbn(run: Any) -> None:
    answers = run("""
(author,) = store(Author(name="Jane Austen"))
bodies = [{"title": "Emma", "isbn13": "9780306406157", "author_ids": [author]}] * 8
print(json.dumps(at_once("POST", "/api/v1/books", bodies)))
""")

    assert answers == ["201"] + ["409 isbn_taken"] * 7


def test_a_branch_with_two_open_loans_of_a_copy_is_migrated(run: Any) -> None:
    returned = run("""
with app.app_context():
    downgrade(revision="0001")
(copy,), readers = copies(1), users(3)
borrowed = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
store(*(
    Loan(copy_id=copy, user_id=user, borrowed_at=at, due_at=at + timedelta(days=21))
    for user, at in zip(readers, borrowed)
))
with app.app_context():
    upgrade()
    loans = db.session.scalars(select(Loan).order_by(Loan.id)).all()
    print(json.dumps([loan.returned_at and loan.returned_at.isoformat() for loan in loans]))
""")

    assert returned == ["2026-01-03T00:00:00+00:00"] * 2 + [None]


def test_the_history_and_the_report(run: Any) -> None:
    found = run("""
now = datetime.now(UTC)
ids, readers = copies(9), users(3)
store(*(
    Loan(copy_id=copy, user_id=readers[n % 3], borrowed_at=now - timedelta(days=30 + n % 2),
         due_at=now - timedelta(days=9 + n % 3))
    for n, copy in enumerate(ids)
))
app.config["ADMIN_KEY"] = "k"
client = app.test_client()
seen, cursor = [], ""
while cursor is not None:
    page = client.get(f"/api/v1/loans/history?per_page=2{cursor and '&after=' + cursor}").json
    seen += [(loan["borrowed_at"], loan["id"]) for loan in page["items"]]
    cursor = page["next"]
report = client.get("/api/v1/admin/overdue", headers={"X-Admin-Key": "k"}).json["items"]
facts = [len(seen), seen == sorted(set(seen), reverse=True), [row["loans"] for row in report],
         [row["id"] for row in report] == readers[::-1]]
print(json.dumps(facts))
""")

    assert found == [9, True, [3, 3, 3], True]
