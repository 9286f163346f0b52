"""The session of a request, in the request's own transaction (pyramid_tm)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import zope.sqlalchemy
from sqlalchemy.orm import Session
from zope.sqlalchemy.datamanager import STATUS_CHANGED

from stopintimidatie.storage.session import reading
from stopintimidatie.storage.tenancy import current_holder, enter

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def request_session(request: Any) -> Session:
    """Return a session that commits or rolls back with the request.

    The session of a page (GET) can't write, so that a reader makes nobody wait. What a page has to
    write, such as its audit record, is noted and written after the page is made (`security.trail`).
    """
    engine = request.registry.engine
    session = Session(reading(engine) if request.method in SAFE_METHODS else engine)
    # "changed" from the start: a Core insert without a flush would be rolled back otherwise.
    zope.sqlalchemy.register(session, initial_state=STATUS_CHANGED, transaction_manager=request.tm)
    return session


@contextmanager
def between_transactions(request: Any) -> Iterator[None]:
    """Commit the request's transaction before the block, for slow work without a lock.

    After the block a new transaction begins for the same holder; rows are read again when used.
    """
    session, manager = request.db, request.tm
    holder, rows = current_holder(session), list(session)
    manager.commit()
    try:
        yield
    finally:
        manager.begin()
        if holder is not None:
            enter(session, holder)
        session.add_all(rows)
