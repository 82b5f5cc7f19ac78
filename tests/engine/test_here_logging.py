"""What one check has told its loggers, the next one does not know: in a page it is one process."""

from __future__ import annotations

import logging

from checker.engine.here import as_before


def test_a_logger_of_an_earlier_check_has_left_neither_level_nor_handler() -> None:
    with as_before():
        logging.getLogger("app.of_a_check").setLevel(logging.ERROR)
        logging.getLogger("app.of_a_check").addHandler(logging.NullHandler())

    with as_before():
        fresh = logging.getLogger("app.of_a_check")
        assert fresh.level == logging.NOTSET
        assert fresh.handlers == []
        assert fresh.isEnabledFor(logging.root.level)


def test_a_logger_that_came_above_another_one_is_not_asked_for_its_level_any_more() -> None:
    low = logging.getLogger("library.part.of_a_check")
    with as_before():
        logging.getLogger("library.part").setLevel(logging.ERROR)
        assert not low.isEnabledFor(logging.WARNING)

    assert low.isEnabledFor(logging.WARNING)
