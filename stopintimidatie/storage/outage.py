"""Telling a database that can't be used for a moment from a mistake of ours.

Away, restarting, out of disk or of connections: whoever asked hears that, with a 503 and the time
to try again, instead of an error page that blames the product.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError

# What a visitor or an app is told to wait before it tries again.
RETRY_AFTER_SECONDS: Final = 10
# SQLite calls a missing table an OperationalError as well; these are about the machine.
_SQLITE: Final = (
    "SQLITE_BUSY",
    "SQLITE_CANTOPEN",
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_LOCKED",
    "SQLITE_NOMEM",
    "SQLITE_READONLY",
)
# PostgreSQL's code for a read-only transaction: a standby, or a database that is set read-only.
_READ_ONLY: Final = "25006"


def is_outage(error: BaseException) -> bool:
    """Whether the database couldn't do it now, and may a little later."""
    if isinstance(error, TimeoutError):
        # No connection of the pool came free.
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        return str(name).startswith(_SQLITE)
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(error, OperationalError) or state == _READ_ONLY


def kind_of(error: BaseException) -> str:
    """What the operator's log says of it: a class or a code, never a text."""
    original = getattr(error, "orig", None)
    return str(getattr(original, "sqlite_errorname", None) or type(original or error).__name__)
