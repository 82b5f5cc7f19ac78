"""A believable library, the same one for the same number."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from faker import Faker
from sqlalchemy import func, select

from app.extensions import db
from app.models import Author, Book, Copy, Loan, User
from app.services.loans import LOAN_PERIOD, MAX_OPEN_LOANS
from app.services.stats import count_rows

OPENINGS = ("A History of", "Letters from", "The Art of", "The Last of", "Beyond", "Notes on")
SUBJECTS = ("Lighthouses", "Small Rivers", "Winter", "Tall Ships", "Bees", "Forgotten Maps")
ENDINGS = ("", " and Other Stories", " by the Sea", " for Beginners", ", Volume Two")


class NotEmpty(Exception):
    """There are books already, and the made-up would mix with the real."""

    def __init__(self, books: int) -> None:
        self.books = books
        super().__init__(f"{books} books")


def fill(books: int, number: int) -> dict[str, int]:
    """Add ``books`` books, at least 3, and what belongs to them; returns the rows by table.

    The same ``number`` gives the same library, its moments counted back from today. Raises
    :class:`NotEmpty`, and adds nothing, where there are books already.
    """
    present = db.session.scalars(select(func.count()).select_from(Book)).one()
    if present:
        raise NotEmpty(present)
    fake = Faker()
    fake.seed_instance(number)
    shelf = known_books()
    shelf += more_books(fake, books - len(shelf))
    users = readers(fake, books // 4)
    db.session.add_all([*shelf, *users])
    db.session.flush()  # before the loans, or the ids would follow who borrowed what
    copies = [copy for book in shelf for copy in copies_of(fake, book)]
    db.session.add_all([*copies, *past_loans(fake, copies, users)])
    db.session.commit()
    return count_rows()


def known_books() -> list[Book]:
    """Three books that exist, so that a first ``curl`` has something to show."""
    lindgren = Author(name="Astrid Lindgren", birth_year=1907)
    pratchett = Author(name="Terry Pratchett", birth_year=1948)
    gaiman = Author(name="Neil Gaiman", birth_year=1960)
    books = [
        ("Ronia, the Robber's Daughter", "9780192717610", 1981, [lindgren]),
        ("Good Omens", "9780060853976", 1990, [pratchett, gaiman]),
        ("Small Gods", "9780552138901", 1992, [pratchett]),
    ]
    return [
        Book(title=title, isbn13=isbn13, published_year=year, authors=authors)
        for title, isbn13, year, authors in books
    ]


def more_books(fake: Faker, count: int) -> list[Book]:
    """Books by a third as many authors, some of them by two."""
    authors = [
        Author(name=fake.unique.name(), birth_year=fake.random_int(1850, 1990))
        for _ in range(2 + count // 3)
    ]
    return [
        Book(
            title=" ".join(map(fake.random_element, (OPENINGS, SUBJECTS)))
            + fake.random_element(ENDINGS),
            isbn13=fake.unique.isbn13(separator=""),
            published_year=fake.random_int(1880, 2024),
            authors=fake.random_elements(authors, length=fake.random_int(1, 2), unique=True),
        )
        for _ in range(count)
    ]


def copies_of(fake: Faker, book: Book) -> list[Copy]:
    return [
        Copy(
            book=book,
            barcode=fake.unique.bothify("LIB-######"),
            condition=fake.random_element(("new", "good", "worn")),
        )
        for _ in range(fake.random_int(1, 3))
    ]


def readers(fake: Faker, count: int) -> list[User]:
    """A librarian, and people who borrow."""
    return [
        User(email="ada@example.org", name="Ada Lovelace", role="librarian"),
        User(email="grace@example.org", name="Grace Hopper"),
        *(
            User(email=f"{fake.unique.user_name()}@example.org", name=fake.name())
            for _ in range(count)
        ),
    ]


def past_loans(fake: Faker, copies: list[Copy], users: list[User]) -> list[Loan]:
    """What was lent in the last months: most of it came back, a little is overdue."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    loans: list[Loan] = []
    still_out: Counter[str] = Counter()
    for copy in copies:
        borrowed_at = today - timedelta(days=fake.random_int(30, 150))
        while borrowed_at < today:
            user = fake.random_element(users)
            returned_at = borrowed_at + timedelta(days=fake.random_int(3, 25))
            is_back = returned_at < today
            if not is_back and still_out[user.email] == MAX_OPEN_LOANS:
                break
            still_out[user.email] += not is_back
            loans.append(
                Loan(
                    copy=copy,
                    user=user,
                    borrowed_at=borrowed_at,
                    due_at=borrowed_at + LOAN_PERIOD,
                    returned_at=returned_at if is_back else None,
                )
            )
            borrowed_at = returned_at + timedelta(days=fake.random_int(5, 40))
    return loans
