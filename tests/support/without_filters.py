"""The application's own filters taken away: only the database keeps holders apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pyramid.authorization import ACLAllowed
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from stopintimidatie.core.security.policy import SecurityPolicy
from stopintimidatie.core.storage import tenancy
from tests.support.town import Town


def allow_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ACL wall taken away: everybody may do everything."""

    def allow(self: Any, request: Any, context: Any, permission: str) -> Any:
        return ACLAllowed("<test>", (), permission, (), context)

    monkeypatch.setattr(SecurityPolicy, "permits", allow)


@contextmanager
def no_filter() -> Iterator[None]:
    """Without the ORM's criteria on the holder; a flush still refuses (the database would too)."""
    criteria = tenancy._only_rows_of_the_holder
    event.remove(Session, "do_orm_execute", criteria)
    try:
        yield
    finally:
        event.listen(Session, "do_orm_execute", criteria)


@contextmanager
def changed(town: Town, *there: str, back: tuple[str, ...]) -> Iterator[None]:
    """The database with a statement done by its owner, and undone afterwards."""
    try:
        _change(town, there)
        yield
    finally:
        _change(town, back)


def _change(town: Town, statements: tuple[str, ...]) -> None:
    with town.installation.owner.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
