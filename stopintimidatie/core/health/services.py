"""The checks of an installation: can it do its work, and which release is it.

A balancer asks every few seconds, several of them at once. So the answer is kept for a second, it
costs a fixed number of statements on a connection of its own, and a database that hangs holds up
one thread, not the web server.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    Label,
    Row,
    and_,
    column,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    table,
)
from sqlalchemy.exc import DBAPIError

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.jobs.schedule import Kinds, is_misplanned
from stopintimidatie.core.mail.message import words_of
from stopintimidatie.core.mail.services import JOB as MAIL
from stopintimidatie.core.registry import Directive, keyed_as
from stopintimidatie.core.search.registry import INDEX
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.database import (
    OLD_VERSIONS,
    known_versions,
    newest_version,
    old_database_words,
)
from stopintimidatie.core.storage.session import is_lock_timeout, kind_of, probe_engine, sqlite_file
from stopintimidatie.core.text import date_text
from stopintimidatie.settings import PROGRAM, Settings

log = logging.getLogger(__name__)

# As setup.cfg says; a test compares the two.
VERSION: Final = "1.0.0"
PACKAGE: Final = Path(__file__).parents[2]
# A build without a repository around it (an image, a package) writes the commit here.
COMMIT_FILE: Final = PACKAGE / "COMMIT"
KEPT_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 3.0
# Counted no further: more says nothing else, and costs.
MOST_DEAD: Final = 1_000
MOST_WAITING: Final = 100_000
VERSIONS: Final = table("alembic_version", column("version_num"))
MIGRATE: Final = f"De database is niet bij. Draai: {PROGRAM} database migreren"
NEWER: Final = (
    "De database is van een latere uitgave dan dit programma. Dat werkt één uitgave lang; zet"
    " daarna de nieuwe versie weer neer."
)
NO_ROOM: Final = (
    "Er kan niets worden weggeschreven ({where}): de schijf is vol, of de dienst mag hier alleen"
    " lezen. Maak ruimte, kijk of de schijf en de database schrijven toestaan en van wie zij zijn,"
    f" en geef de rechten opnieuw ({PROGRAM} database rollen)."
)
# About the size of a report with its photo, in bytes.
PROBE_BYTES: Final = 256 * 1024
# PostgreSQL must write these to a file: a row that is rolled back needs no new disk space.
_ROWS_ON_DISK: Final = select(func.count()).select_from(func.generate_series(1, 20_000).alias())
_A_JOB: Final = insert(OutboxJob).values(holder=NATIONAL, kind="", payload={})
# The rights to the log are asked, and no row of it is left for vacuum.
_NO_EVENT: Final = insert(AuditEvent).from_select(["id"], select(AuditEvent.id).where(false()))
ASTRAY: Final = (
    "Taken zijn gepland tot {}: de klok van de machine staat of stond verkeerd. De worker plant ze"
    " binnen een minuut opnieuw, zodra de klok goed staat."
)
WORKER: Final = "Kijk of er een worker draait, en wat die in het logboek van de dienst zet."


class State(StrEnum):
    """State of a part. Only `BAD` makes an installation unready."""

    GOOD = "goed"
    NOTE = "let op"
    BAD = "fout"
    NONE = "niet van toepassing"
    UNKNOWN = "niet bekeken"


@dataclass(frozen=True)
class Check:
    """One part that was looked at: its state, and what to do about it."""

    name: str
    state: State
    message: str = ""
    # For the figures: what was measured, by its name there.
    numbers: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, str]:
        """Return the check as `/health` shows it."""
        return {"naam": self.name, "toestand": self.state, "melding": self.message}


@dataclass(frozen=True)
class HealthCheck:
    """A check of a room's own tables, which that room adds.

    Attributes:
        columns: what it needs, as labelled scalar subqueries. They are read in one statement
            with the figures of the other checks.
        check: (settings, the row with these columns) -> Check.
    """

    columns: Sequence[Label[Any]]
    check: Callable[[Settings, Row[Any]], Check]


HEALTH_CHECKS: Final = Directive[str, HealthCheck](
    "add_health_check", "health_checks", keyed_as(HealthCheck)
)
Added = Mapping[str, HealthCheck]
"""The checks that rooms added, by name."""
NOTHING_ADDED: Final[Added] = MappingProxyType({})
# The checks that rooms add stand between these in the answer.
FIRST: Final = ("database", "migraties", "opslag")
LAST: Final = ("wachtrij", "planning", "zoekindex", "dode taken", "post")


class Readiness:
    """The state of one installation, as seen from this process."""

    def __init__(self, inspect: Callable[[], tuple[Check, ...]], added: Added) -> None:
        """Keep the answer of `inspect`, which looks at everything and may hang."""
        self._inspect = inspect
        self._added = added
        self._lock = threading.Lock()
        self._known: tuple[float, tuple[Check, ...]] | None = None
        self._looking: _Look | None = None

    def checks(self) -> tuple[Check, ...]:
        """Return all checks, at most a second old; a silence of three seconds fails them."""
        with self._lock:
            if self._known is None or time.monotonic() - self._known[0] > KEPT_SECONDS:
                self._known = (time.monotonic(), self._look())
            return self._known[1]

    def _look(self) -> tuple[Check, ...]:
        """Inspect, but never beside an inspection that hangs: those would pile up."""
        if self._looking is None:
            self._looking = _Look(self._inspect, self._added)
        checks = self._looking.wait(LONGEST_SECONDS)
        if checks is None:
            return _without_database(
                self._added,
                f"De database geeft binnen {LONGEST_SECONDS:.0f} seconden geen antwoord. Kijk of"
                " zij draait, en of het netwerk ernaartoe werkt.",
            )
        self._looking = None
        return checks


class _Look:
    """One inspection in a thread of its own, which doesn't keep the process from ending."""

    def __init__(self, inspect: Callable[[], tuple[Check, ...]], added: Added) -> None:
        self._checks: tuple[Check, ...] | None = None
        self._added = added
        self._thread = threading.Thread(target=self._run, args=(inspect,), daemon=True)
        self._thread.start()

    def _run(self, inspect: Callable[[], tuple[Check, ...]]) -> None:
        try:
            self._checks = inspect()
        except Exception as error:  # whatever it is: not ready, and the next look may be better
            log.error("not ready: %s", type(error).__name__)
            self._checks = _without_database(
                self._added,
                "De database is niet bereikbaar, of de dienst mag er niet in. Kijk of zij draait,"
                " en of sqlalchemy.url klopt.",
            )

    def wait(self, seconds: float) -> tuple[Check, ...] | None:
        self._thread.join(seconds)
        return self._checks


def _without_database(added: Added, message: str) -> tuple[Check, ...]:
    unknown = _unknown((*FIRST[1:], *added, *LAST), "Eerst moet de database antwoorden.")
    return (Check(FIRST[0], State.BAD, message), *unknown)


def _unknown(names: Sequence[str], why: str) -> tuple[Check, ...]:
    return tuple(Check(name, State.UNKNOWN, why) for name in names)


def inspect_installation(
    settings: Settings, kinds: Kinds = MappingProxyType({}), added: Added = NOTHING_ADDED
) -> tuple[Check, ...]:
    """Check the whole installation, with kinds of job and checks of other rooms by name."""
    engine = probe_engine(settings)
    try:
        return _inspect(engine, settings, kinds, added)
    finally:
        engine.dispose()


def _inspect(engine: Engine, settings: Settings, kinds: Kinds, added: Added) -> tuple[Check, ...]:
    now = utc_now()
    with engine.connect() as connection:
        migrations = _migrations(_version(connection), settings)
        if migrations.state is State.BAD:
            later = _unknown((*FIRST[2:], *added, *LAST), "Eerst moet de database bij zijn.")
            return Check("database", State.GOOD), migrations, *later
        row = connection.execute(_figures(now, kinds, added)).one()
        database, storage = _storage(connection, settings)
    return (
        database,
        migrations,
        storage,
        *(check.check(settings, row) for check in added.values()),
        _queue(settings, row, now),
        _planning(row),
        _index(settings, row, now),
        _dead(row.dead),
        _mail(row),
    )


def _version(connection: Connection) -> str | None:
    """Return the version of the database; None when nothing was ever put in it."""
    try:
        version: str | None = connection.scalar(select(func.max(VERSIONS.c.version_num)))
    except DBAPIError as error:
        if VERSIONS.name in str(error.orig):  # there is no such table
            return None
        raise
    return version


def _migrations(version: str | None, settings: Settings) -> Check:
    """Check the version; one that this code doesn't know is of a later release, and works."""
    if version == newest_version(settings.migrations):
        return Check("migraties", State.GOOD)
    if version is None or version in known_versions(settings.migrations):
        return Check("migraties", State.BAD, MIGRATE)
    if version in OLD_VERSIONS:
        return Check("migraties", State.BAD, old_database_words(settings, version))
    return Check("migraties", State.NOTE, NEWER)


def _storage(connection: Connection, settings: Settings) -> tuple[Check, Check]:
    """Check that the database can be written, and then the folders of the data."""
    file, database, storage = sqlite_file(settings), Check("database", State.GOOD), State.GOOD
    wrong = ""
    try:
        _write_rows(connection)
        for folder in {settings.data_dir.absolute(), *([file.parent] if file else [])}:
            _write_file(folder)
    except OSError as error:
        storage, wrong = State.BAD, NO_ROOM.format(where=f"data_dir, {error.strerror}")
    except DBAPIError as error:
        storage, wrong = State.BAD, NO_ROOM.format(where=f"database, {kind_of(error)}")
        database = replace(database, state=storage, message=wrong)
    return database, Check("opslag", storage, wrong)


def _write_file(folder: Path) -> None:
    """Write a small file in this folder and delete it.

    Raises:
        OSError: it can't be written.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(PROBE_BYTES))
        file.flush()
        os.fsync(file.fileno())


def _write_rows(connection: Connection) -> None:
    """Check that the database takes a job, lets the log be written, and has room; roll that back.

    When another connection holds the lock, writing evidently works.
    """
    try:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(_ROWS_ON_DISK)
        connection.execute(_A_JOB)
        connection.execute(_NO_EVENT)
    except DBAPIError as error:
        if not is_lock_timeout(error):
            raise
    finally:
        connection.rollback()


def _figures(now: datetime, kinds: Kinds, added: Added) -> Any:
    """Return the statement that gives the figures of all checks, in one row."""
    due = and_(
        ~OutboxJob.dead,
        OutboxJob.run_after <= now,
        or_(OutboxJob.lease_until.is_(None), OutboxJob.lease_until < now),
    )
    indexing = and_(~OutboxJob.dead, OutboxJob.kind == INDEX.name)
    dead = select(literal(1)).where(OutboxJob.dead).limit(MOST_DEAD).subquery()
    waiting = select(literal(1)).where(~OutboxJob.dead).limit(MOST_WAITING).subquery()
    unsent = and_(~OutboxJob.dead, OutboxJob.kind == MAIL.name, OutboxJob.attempts > 0)
    mails = select(literal(1)).where(unsent, OutboxJob.last_error.is_not(None)).limit(MOST_DEAD)
    newest = select(OutboxJob.last_error).where(unsent, OutboxJob.last_error.is_not(None))
    astray = is_misplanned(now, kinds)
    return select(
        select(func.max(OutboxJob.run_after)).where(astray).scalar_subquery().label("astray"),
        select(func.min(OutboxJob.run_after)).where(due).scalar_subquery().label("oldest"),
        select(func.min(OutboxJob.created_at)).where(indexing).scalar_subquery().label("indexing"),
        select(func.count()).select_from(dead).scalar_subquery().label("dead"),
        select(func.count()).select_from(waiting).scalar_subquery().label("waiting"),
        select(func.count()).select_from(mails.subquery()).scalar_subquery().label("mails"),
        newest.order_by(OutboxJob.id.desc()).limit(1).scalar_subquery().label("mail_problem"),
        *(column for check in added.values() for column in check.columns),
    )


def _queue(settings: Settings, row: Row[Any], now: datetime) -> Check:
    check = _age("wachtrij", row.oldest, now, settings.health_queue_seconds)
    return replace(
        check,
        numbers={"queue_oldest_seconds": _seconds(row.oldest, now), "queue_length": row.waiting},
    )


def _planning(row: Row[Any]) -> Check:
    """Check for jobs planned on a day that only a wrong clock can give; other jobs still run."""
    numbers = {"jobs_astray": float(row.astray is not None)}
    if row.astray is None:
        return Check("planning", State.GOOD, numbers=numbers)
    return Check(
        "planning", State.NOTE, f"{ASTRAY.format(date_text(row.astray))} {WORKER}", numbers
    )


def _seconds(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)


def _age(name: str, oldest: datetime | None, now: datetime, most: int) -> Check:
    """Check how long the oldest has waited; with 0 as the most it never fails."""
    waited = _seconds(oldest, now)
    words = f"Het oudste werk wacht {int(waited)} seconden."
    if not most or waited <= most:
        return Check(name, State.GOOD, words)
    return Check(name, State.BAD, f"{words} {WORKER}")


def _index(settings: Settings, row: Row[Any], now: datetime) -> Check:
    if settings.search_backend != "whoosh":
        numbers = {"index_lag_seconds": 0.0}
        return Check("zoekindex", State.NONE, "Zoeken loopt mee in de database.", numbers)
    check = _age("zoekindex", row.indexing, now, settings.health_index_seconds)
    return replace(check, numbers={"index_lag_seconds": _seconds(row.indexing, now)})


def _dead(count: int) -> Check:
    numbers = {"dead_jobs": float(count)}
    if not count:
        return Check("dode taken", State.GOOD, numbers=numbers)
    words = f"{MOST_DEAD} of meer" if count >= MOST_DEAD else str(count)
    return Check(
        "dode taken",
        State.NOTE,
        f"Mislukt en opgegeven: {words}. Bekijk ze met: {PROGRAM} wachtrij lijst",
        numbers,
    )


def _mail(row: Row[Any]) -> Check:
    """Check for messages that the mail server didn't take yet; they wait, the rest works on."""
    numbers = {"mail_waiting": float(row.mails)}
    if not row.mails:
        return Check("post", State.GOOD, numbers=numbers)
    words = f"Berichten die wachten: {row.mails}. {words_of(row.mail_problem)}"
    return Check("post", State.NOTE, f"{words} Bekijk ze met: {PROGRAM} post lijst", numbers)


def is_ready(checks: Sequence[Check]) -> bool:
    """Tell whether work may be sent here."""
    return not any(check.state is State.BAD for check in checks)


@lru_cache(maxsize=1)
def commit() -> str | None:
    """Return the commit this runs from: of the build, else of the clone around it, else None."""
    try:
        return _checked(COMMIT_FILE.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):
        return _of_clone()


def _of_clone() -> str | None:
    if not (PACKAGE.parent / ".git").exists():
        return None
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 - wherever the machine has it
            cwd=PACKAGE,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return _checked(asked.stdout)


def _checked(text: str) -> str | None:
    revision = text.strip().lower()
    return revision if re.fullmatch("[0-9a-f]{40}", revision) else None


def version_of(migrations: Path) -> dict[str, str | None]:
    """Return the version, the commit and the migration this code wants, as `/version` answers."""
    return {"versie": VERSION, "commit": commit(), "migratie": newest_version(migrations)}
