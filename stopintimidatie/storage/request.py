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
    """A session that commits and rolls back with the request.

    That of a page can't write: what a page has to write, such as its audit row, is noted and
    written when it has been made (`security.trail`). So whoever reads holds nobody up.
    """
    engine = request.registry.engine
    session = Session(reading(engine) if request.method in SAFE_METHODS else engine)
    # "changed" from the start: a Core insert without a flush would be rolled back otherwise.
    zope.sqlalchemy.register(session, initial_state=STATUS_CHANGED, transaction_manager=request.tm)
    return session


@contextmanager
def between_transactions(request: Any) -> Iterator[None]:
    """Time for slow work: what the request did so far is committed, and its lock is let go of.

    Afterwards it works in a new transaction, for the same holder; the rows it had are read anew.
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
