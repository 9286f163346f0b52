"""The session of a request, in the request's own transaction (pyramid_tm)."""

from __future__ import annotations

from typing import Any

import zope.sqlalchemy
from pyramid_retry import is_last_attempt
from sqlalchemy.orm import Session
from zope.sqlalchemy.datamanager import STATUS_CHANGED

from stopintimidatie.storage.session import reading

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
