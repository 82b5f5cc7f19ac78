"""A page has one process for all checks: nobody goes on listening for an app that is gone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from checker.engine.here import listening


def test_who_listens_to_all_sessions_does_so_for_as_long_as_its_app_is_there() -> None:
    heard: list[Any] = []

    def hear(session: Session) -> None:
        """Be told."""

    with listening(heard):
        event.listens_for(Session, "after_commit")(hear)
        assert event.contains(Session, "after_commit", hear)

    assert not event.contains(Session, "after_commit", hear)
    with listening([]):
        assert not event.contains(Session, "after_commit", hear)
    with listening(heard):
        assert event.contains(Session, "after_commit", hear)
    assert not event.contains(Session, "after_commit", hear)
