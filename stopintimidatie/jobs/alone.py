"""One worker, and one machine: what an index in files asks, looked at when a process starts.

Whoosh's files have one writer and lie on one machine. A second worker finds the lock in `data_dir`
taken; on PostgreSQL a process with another `data_dir` (so of another machine) is seen by the
advisory lock that each process holds under the number of its place. The kernel and the database
let go of both when a process dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection, text

from stopintimidatie.settings import Settings
from stopintimidatie.storage import make_engine

# The first half of the advisory locks' key: nothing else of ours uses it.
SPACE: Final = 20_261_124
LOCK: Final = "worker.slot"
PLACE: Final = "plek"
_HELD: Final[list[Any]] = []  # for as long as the process lives


class NotAloneError(Exception):
    """Another process is in the way; the message says what to do."""


def stay_one_worker(settings: Settings) -> None:
    """Be the only worker, where the index is in files.

    :raises NotAloneError: there is another.
    """
    if settings.search_backend != "whoosh":
        return
    _HELD.append(_locked(settings.data_dir))


def stay_on_one_machine(settings: Settings) -> None:
    """Be on the machine of the other processes, where the index is in files.

    :raises NotAloneError: there are processes elsewhere.
    """
    if settings.search_backend != "whoosh" or settings.sqlite:
        return
    engine = make_engine(settings)
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    _HELD.append((engine, connection))
    _claim(connection, _place(settings.data_dir))


def _locked(data_dir: Path) -> IO[str]:
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = (data_dir / LOCK).open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise NotAloneError(
            "Er draait al een worker. Met search.backend = whoosh kan er maar één zijn. Stop de"
            " andere, of gebruik PostgreSQL met search.backend = postgresql."
        ) from None
    return handle


def _place(data_dir: Path) -> int:
    """The number of this folder, drawn once and kept in it: containers may share the folder."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = data_dir / PLACE
    if not path.exists():
        drawn = data_dir / f"{PLACE}.{os.getpid()}"
        drawn.write_text(str(secrets.randbelow(2**31)), encoding="ascii")
        with suppress(FileExistsError):  # another process was first
            os.link(drawn, path)
        drawn.unlink()
    return int(path.read_text(encoding="ascii"))


def _claim(connection: Connection, place: int) -> None:
    key = {"space": SPACE, "place": place}
    connection.execute(text("select pg_advisory_lock_shared(:space, :place)"), key)
    others = text(
        "select count(*) from pg_locks where locktype = 'advisory' and classid = :space"
        " and objid <> :place and granted"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    if connection.scalar(others, key):
        raise NotAloneError(
            "Op een andere machine (of met een andere data_dir) werkt al iets op deze database. Met"
            " search.backend = whoosh kan dat niet: de zoekindex staat op één machine. Stop de"
            " andere, of kies overal search.backend = postgresql."
        )
