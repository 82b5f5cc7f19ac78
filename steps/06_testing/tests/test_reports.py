"""Reports: who must be reminded, and the history of all loans. With rows from the factories.

To be held here, each in a test that fails when it no longer is so:

``overdue_report()``
    One row for each user with overdue loans: ``loans`` counts them, ``due_at`` is the oldest of
    their moments. A loan that came back counts no more, nor one that is still to come back in
    time. Whoever has waited longest comes first, whatever their ``id``.
``read_history(after, per_page)``
    ``per_page`` loans at most, and a cursor: the latest ``borrowed_at`` first, whatever their
    ``id``. Whoever follows the cursors from ``None`` until there is none meets every loan, and
    each once.

Both need an app context, and no request.
"""

from flask import Flask

from app.services.reports import overdue_report


def test_nobody_is_reminded_in_an_empty_library(app: Flask) -> None:
    with app.app_context():
        assert overdue_report() == []


# exercise 6.2 starts here
