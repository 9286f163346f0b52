"""The session of a request, in the request's own transaction (pyramid_tm)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import zope.sqlalchemy
from pyramid_retry import is_last_attempt
from sqlalchemy.orm import Session
from zope.sqlalchemy.datamanager import STATUS_CHANGED

from stopintimidatie.storage.session import reading
from stopintimidatie.storage.tenancy import current_holder, enter

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def request_session(request: Any) -> Session:
    """A session that commits and rolls back with the request.

    A page reads first and writes its audit row last. On SQLite that change from reading to
    writing can meet a newer commit; the request is then tried again, and takes the lock at once
    the last time.
    """
    engine = request.registry.engine
    if request.method in SAFE_METHODS and not is_last_attempt(request):
        engine = reading(engine)
    session = Session(engine)
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
