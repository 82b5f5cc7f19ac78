"""Two desks at one queue at once: both really run, and wait for each other where they lock.

Run in a copy of step 8, with TEST_DATABASE_URL naming an empty PostgreSQL database. Prints as JSON
what each race left behind, and whether the moments of a reservation come back as they went in.
"""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, get_ident

from sqlalchemy import event, text

sys.path.insert(0, str(Path.cwd()))

from app import create_app
from app.extensions import db
from app.models import Book, Copy, Loan, Reservation, User
from app.services import loans, reservations

COMMIT, LOCK_OF_THE_BOOK = "COMMIT", "FROM books"
LOCKED_OUT = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
Act = Callable[[], object]
app = create_app("testing")


class Shelf:
    """A book: one copy each is out to ``out`` readers, ``within`` are in, and these queue up."""

    made = 0

    def __init__(self, *queue: str, out: int = 0, within: int = 0, held_for: int = 3) -> None:
        Shelf.made += 1
        now = datetime.now(UTC)
        book = Book(title=f"Book {Shelf.made}", isbn13=f"978{Shelf.made:010}")
        copies = [Copy(book=book, barcode=f"{Shelf.made}-{n}") for n in range(out + within)]
        users = [
            User(email=f"{Shelf.made}.{n}@example.org", name=str(n))
            for n in range(out + len(queue) + 1)
        ]
        due = now + timedelta(days=20)
        lent = [
            Loan(copy=copy, user=user, borrowed_at=now, due_at=due)
            for copy, user in zip(copies, users[:out], strict=False)
        ]
        db.session.add_all([book, *copies, *users, *lent])
        db.session.flush()
        places = [
            Reservation(book_id=book.id, user_id=user.id, status=status, created_at=now)
            for status, user in zip(queue, users[out:], strict=False)
        ]
        for place in places:
            if place.status == "ready":
                place.ready_until = now + timedelta(days=held_for)
            db.session.add(place)
            db.session.flush()  # the queue goes by id
        db.session.commit()
        self.book = book.id
        self.copies = [copy.id for copy in copies]
        self.loans = [loan.id for loan in lent]
        self.places = [place.id for place in places]
        self.waiting = [place.user_id for place in places]
        self.stranger = users[-1].id
        db.session.remove()

    def statuses(self) -> str:
        rows = db.session.scalars(db.select(Reservation).filter_by(book_id=self.book))
        return " ".join(row.status for row in sorted(rows, key=lambda row: row.id))


def race(first: Act, second: Act, before: str = COMMIT) -> list[str]:
    """What became of both, where ``second`` begins when ``first`` is about to say ``before``.

    The first goes on when the second has ended, or waits for a lock. One who never says it locks
    nothing: then the second comes after it.
    """
    thread: list[int] = []
    there, go_on = Event(), Event()

    def begin() -> str:
        thread.append(get_ident())
        return outcome(first)

    def meet() -> None:
        if thread == [get_ident()]:
            thread.clear()
            there.set()
            go_on.wait()

    def committing(_connection: object) -> None:
        if before == COMMIT:
            meet()

    def saying(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        said = " ".join(sql.split())
        if before in said and "FOR UPDATE" in said:
            meet()

    event.listen(db.engine, "commit", committing)
    event.listen(db.engine, "before_cursor_execute", saying)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(begin)
        one.add_done_callback(lambda _: there.set())
        there.wait()
        other = pool.submit(outcome, second)
        while not other.done() and not somebody_waits_for_a_lock():
            wait([other], timeout=0.01)
        go_on.set()
    event.remove(db.engine, "commit", committing)
    event.remove(db.engine, "before_cursor_execute", saying)
    return [one.result(), other.result()]


def outcome(act: Act) -> str:
    """``done``, a Conflict's code, or the name of what was raised."""
    with app.app_context():
        try:
            act()
        except Exception as error:  # noqa: BLE001 - judged by the test
            return str(getattr(error, "code", "") or type(error).__name__)
    return "done"


def somebody_waits_for_a_lock() -> bool:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as onlooker:
        return bool(onlooker.scalar(LOCKED_OUT))


def give_back(loan: int) -> Act:
    return lambda: loans.give_back(loan)


def lend(copy: int, user: int) -> Act:
    return lambda: loans.lend(copy, user)


def reserve(book: int, user: int) -> Act:
    return lambda: reservations.reserve(book, user)


def cancel(place: int) -> Act:
    return lambda: reservations.cancel(place)


def run() -> dict[str, list[str]]:
    found = {}

    def tell(what: str, shelf: Shelf, first: Act, second: Act, before: str = COMMIT) -> None:
        found[what] = [*race(first, second, before), shelf.statuses()]

    shelf = Shelf("waiting", "waiting", out=2)
    tell("two come back", shelf, *map(give_back, shelf.loans))
    shelf = Shelf("ready", "waiting", "waiting", out=1, within=1)
    back, gone = give_back(shelf.loans[0]), cancel(shelf.places[0])
    tell("one comes back, one is given up", shelf, back, gone)
    shelf = Shelf("waiting", out=1)
    back, taken = give_back(shelf.loans[0]), lend(shelf.copies[0], shelf.stranger)
    tell("one comes back, a stranger takes it", shelf, back, taken)
    shelf = Shelf(out=1)
    back, queue = give_back(shelf.loans[0]), reserve(shelf.book, shelf.stranger)
    tell("one comes back, a stranger reserves", shelf, back, queue)
    shelf = Shelf("ready", "waiting", within=1)
    fetch, gone = lend(shelf.copies[0], shelf.waiting[0]), cancel(shelf.places[0])
    tell("one is fetched and given up", shelf, fetch, gone)
    shelf = Shelf("ready", "waiting", within=1, held_for=-1)
    fetch = lend(shelf.copies[0], shelf.waiting[0])
    tell("one is fetched too late", shelf, fetch, reservations.expire)
    shelf = Shelf(out=1)
    twice = [reserve(shelf.book, shelf.stranger)] * 2
    tell("one reserves twice", shelf, *twice)
    shelf = Shelf(within=1)
    fetch, queue = lend(shelf.copies[0], shelf.stranger), reserve(shelf.book, shelf.stranger)
    tell("one borrows and reserves", shelf, fetch, queue, LOCK_OF_THE_BOOK)
    return found


def moments() -> list[str]:
    """Of a reservation that is ready: how its moments were told to us, and when they are."""
    shelf = Shelf(out=1)
    reservations.reserve(shelf.book, shelf.stranger)
    loans.give_back(shelf.loans[0])
    db.session.remove()
    place = db.session.scalars(db.select(Reservation).filter_by(book_id=shelf.book)).one()
    assert place.ready_until
    found = (place.created_at, place.ready_until - reservations.HOLD_PERIOD)
    return [f"{round((each - datetime.now(UTC)) / timedelta(hours=1))} h" for each in found]


if __name__ == "__main__":
    with app.app_context():
        from flask_migrate import upgrade

        upgrade()
        print(json.dumps({"races": run(), "moments": moments()}))
