"""A request must hold no place and no transaction while it calls another machine (S12).

In tests each connection over the network asks this. What stands behind the gateway in production
stands behind `InPlace` here: while it answers, its thread holds a place, which only
`core.web.limits.outside` gives back.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, event

from stopintimidatie.core.web.limits import OUTSIDE

_connect = socket.socket.connect
_held = threading.local()
# The thread that began each transaction that is open.
_transactions: WeakKeyDictionary[Connection, int] = WeakKeyDictionary()


class InPlace:
    """An application whose requests hold a place, as behind the gateway."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        theirs = environ.get(OUTSIDE, nullcontext)

        @contextmanager
        def outside() -> Iterator[None]:
            _held.place = False
            try:
                with theirs():
                    yield
            finally:
                _held.place = True

        environ[OUTSIDE] = outside
        _held.place = True
        try:
            return self._app(environ, start_response)
        finally:
            _held.place = False
            environ[OUTSIDE] = theirs


def refuse_calls_from_a_place() -> None:
    """Have each connection over the network ask what its thread holds, from now on."""
    socket.socket.connect = _refusing  # type: ignore[assignment,method-assign]
    event.listen(Engine, "begin", _begin)
    for ending in ("commit", "rollback"):
        event.listen(Engine, ending, _end)


def _begin(connection: Connection) -> None:
    _transactions[connection] = threading.get_ident()


def _end(connection: Connection) -> None:
    _transactions.pop(connection, None)


def _refusing(self: socket.socket, address: Any) -> None:
    if self.family != socket.AF_UNIX:
        assert not getattr(_held, "place", False), "a request calls a machine from its place"
        mine = threading.get_ident() in list(_transactions.values())
        assert not mine, "a machine is called while a transaction is open"
    _connect(self, address)
