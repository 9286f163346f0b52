"""The mark of a restore that isn't finished: a table in the database itself, gone when it is.

It comes with the restored rows, in one step, so that no kill lets the portal open on what the
ledger still has to take out. It stands in the database, for the portal may run on other machines.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Label, Row, inspect, literal_column, text
from sqlalchemy.exc import SQLAlchemyError

from stopintimidatie.core.health.services import Check, State
from stopintimidatie.core.ledger import Position
from stopintimidatie.core.storage import make_engine
from stopintimidatie.core.storage.session import reading, sqlite_file
from stopintimidatie.settings import PROGRAM, Settings, SettingsError

log = logging.getLogger(__name__)
TABLE: Final = "restore_pending"
UNFINISHED: Final = (
    "De reservekopie is nog niet helemaal teruggezet: wat daarna is vernietigd of gewist, kan er"
    f" nog in staan. Geef de opdracht ‘{PROGRAM} reservekopie terugzetten’ nog eens."
)


@dataclass(frozen=True)
class Pending:
    """A restore that isn't finished.

    Attributes:
        filled: the whole copy was put back and counted; only the ledger is still to be applied.
        made_at: the moment of the copy.
        ledger: the last line of the ledger at that moment.
    """

    filled: bool
    made_at: datetime
    ledger: Position


Run = Callable[[str], Any]
"""Runs a statement; each driver has its own way."""


def write_mark(run: Run, made_at: datetime, ledger: Position) -> None:
    """Mark the database as one that is being filled."""
    run(
        f"CREATE TABLE IF NOT EXISTS {TABLE}"
        " (filled INTEGER, made_at TEXT, number INTEGER, signature TEXT)"
    )
    run(f"DELETE FROM {TABLE}")  # noqa: S608 - a name of our own
    run(
        f"INSERT INTO {TABLE} VALUES"  # noqa: S608 - moments, numbers and hashes
        f" (0, '{made_at.isoformat()}', {int(ledger.number)}, '{_hex(ledger.signature)}')"
    )


def _hex(signature: str) -> str:
    return bytes.fromhex(signature).hex()


def remove_mark(run: Run) -> None:
    """Take the mark away."""
    run(f"DROP TABLE IF EXISTS {TABLE}")


@contextmanager
def _as_owner(settings: Settings) -> Iterator[Connection]:
    engine = make_engine(settings, settings.owner_url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def pending_restore(settings: Settings) -> Pending | None:
    """Return the restore that isn't finished here; None when there is none."""
    database = sqlite_file(settings)
    if database is not None and not database.exists():
        return None
    with _as_owner(settings) as connection:
        if not inspect(connection).has_table(TABLE):
            return None
        row = connection.execute(text(f"SELECT * FROM {TABLE}")).one_or_none()  # noqa: S608
    if row is None:
        return None
    made_at = datetime.fromisoformat(row.made_at)
    return Pending(bool(row.filled), made_at, Position(row.number, row.signature))


def mark_filled(settings: Settings) -> None:
    """Note that the whole copy was put back and counted."""
    with _as_owner(settings) as connection:
        connection.execute(text(f"UPDATE {TABLE} SET filled = 1"))  # noqa: S608


def mark_finished(settings: Settings) -> None:
    """Let the portal open: the ledger was applied."""
    with _as_owner(settings) as connection:
        remove_mark(connection.exec_driver_sql)


def refuse_unfinished_restore(engine: Engine) -> None:
    """Refuse to start on a restored copy to which the ledger wasn't applied yet.

    Raises:
        SettingsError: a restore isn't finished.
    """
    unfinished = False
    # A database that is away can't be asked: readiness reports that.
    with suppress(SQLAlchemyError), reading(engine).connect() as connection:
        unfinished = inspect(connection).has_table(TABLE)
    if unfinished:
        raise SettingsError([UNFINISHED])


def marked(settings: Settings) -> Label[Any]:
    """Return the column of the check: how many such tables there are."""
    place = (
        f"sqlite_schema WHERE name = '{TABLE}'"
        if settings.sqlite
        else f"pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename = '{TABLE}'"
    )
    return literal_column(f"(SELECT count(*) FROM {place})").label("restores_pending")  # noqa: S608


def restore_check(settings: Settings, row: Row[Any]) -> Check:
    """Check that no restore is half done: then the portal isn't ready."""
    if row.restores_pending:
        return Check("terugzetten", State.BAD, UNFINISHED)
    return Check("terugzetten", State.GOOD)
