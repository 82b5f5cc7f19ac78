"""A page has one process for all checks: nobody goes on listening for an app that is gone."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    configure_mappers,
    mapped_column,
    relationship,
)

from checker.engine.here import listening, unmap


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


def test_an_app_that_failed_half_way_is_no_trouble_to_the_next() -> None:
    class Base(DeclarativeBase):
        """Of an app whose second model could not be imported."""

    class Authorship(Base):
        __tablename__ = "authorships"
        id: Mapped[int] = mapped_column(primary_key=True)
        book: Mapped[Any] = relationship("Book")

    module = ModuleType("app.database")
    vars(module)["Base"] = Base

    unmap({"app.database": module, "app": ModuleType("app")})

    configure_mappers()  # it would look for Book, which never came
    assert Authorship  # and somebody still holds it
