"""A snapshot of an SQLite database, and putting one back.

`VACUUM INTO` reads in one transaction while the product writes on, and what was deleted isn't in
the copy any more, where a copy of the file would still hold it in its free pages.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final
from urllib.parse import quote

from stopintimidatie.backup.archive import Packer, Progress
from stopintimidatie.backup.manifest import (
    SIDECARS,
    WORK_PREFIX,
    BackupError,
    DamagedError,
    Manifest,
    Snapshot,
    TableState,
    left_out,
)
from stopintimidatie.backup.marker import TABLE as MARK
from stopintimidatie.backup.marker import write_mark
from stopintimidatie.core.storage.session import sqlite_file
from stopintimidatie.core.storage.sqlite import BUSY_MILLISECONDS
from stopintimidatie.settings import PROGRAM, Settings

NAME: Final = "sqlite"


def database_path(settings: Settings) -> Path:
    """Return the file of the database.

    Raises:
        BackupError: it is held in memory.
    """
    path = sqlite_file(settings)
    if path is None:
        raise BackupError("Van een database in het geheugen is geen reservekopie te maken.")
    return path


def pack(settings: Settings, packer: Packer, progress: Progress) -> Snapshot:
    """Take a snapshot, pack it, and return the state that it holds."""
    source = database_path(settings)
    with TemporaryDirectory(prefix=WORK_PREFIX, dir=settings.data_dir) as folder:
        copy = Path(folder) / "database.sqlite"
        copy.touch(0o600)
        progress("Momentopname van de database…")
        try:
            _vacuum(source, copy)
            snapshot = _trim(copy)
        except sqlite3.OperationalError as error:
            raise _explained(error) from None
        with copy.open("rb") as handle:
            packer.add_database(handle)
    return snapshot


def _explained(error: sqlite3.OperationalError) -> BackupError:
    """Explain an error by its code only: SQLite's text may quote what is in the database."""
    code = error.sqlite_errorname
    if code.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return BackupError(
            "Er is geen ruimte meer op de schijf voor een momentopname. In data_dir moet nog eens"
            " zo veel ruimte vrij zijn als de database groot is."
        )
    return BackupError(
        f"De database is niet te lezen ({code}). Bestaat zij, en is ‘{PROGRAM} database"
        " migreren’ gedraaid?"
    )


def _vacuum(source: Path, copy: Path) -> None:
    address = f"file:{quote(str(source))}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        connection.execute("VACUUM INTO ?", (str(copy),))


def _trim(copy: Path) -> Snapshot:
    """Empty what doesn't belong in a copy, and count the rest."""
    with closing(sqlite3.connect(copy)) as connection:
        # Overwritten, not just released: nothing of a session stays in the file.
        connection.execute("PRAGMA secure_delete = ON")
        for table in left_out() & _tables(connection):
            connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a name of our own
        connection.commit()
        return _state(connection)


def _tables(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'"
    )
    return {row[0] for row in rows} - {MARK}


def _state(connection: sqlite3.Connection) -> Snapshot:
    (migration,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    tables = {}
    for name in sorted(_tables(connection) - left_out()):
        rows = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # noqa: S608
        tables[name] = TableState(rows[0])
    return Snapshot(NAME, migration, tables)


def state(settings: Settings, *, as_owner: bool = False) -> Snapshot:
    """Return the present state of the database; SQLite has no owners."""
    address = f"file:{quote(str(database_path(settings)))}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            return _state(connection)
    except sqlite3.OperationalError as error:
        raise _explained(error) from None


def number_of_tables(settings: Settings) -> int:
    """Count the tables in the place where a restore would go."""
    path = database_path(settings)
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as connection:
        return len(_tables(connection))


@contextmanager
def filling(settings: Settings, manifest: Manifest) -> Iterator[BinaryIO]:
    """Give a stream for a database; it is moved to its place once it has proved to be good.

    It is marked before: until the ledger was applied, no portal opens on it.
    """
    path = database_path(settings)
    staged = path.with_name(f"{WORK_PREFIX}{path.name}")
    try:
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        _must_be_sound(staged)
        with closing(sqlite3.connect(staged)) as connection, connection:
            write_mark(connection.execute, manifest.made_at, manifest.ledger)
        for sidecar in SIDECARS:
            path.with_name(path.name + sidecar).unlink(missing_ok=True)
        staged.rename(path)
    finally:
        staged.unlink(missing_ok=True)


def _must_be_sound(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as connection:
            sound = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            loose = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError:
        sound, loose = False, None
    if not sound or loose:
        raise DamagedError("de database zelf klopt niet")
