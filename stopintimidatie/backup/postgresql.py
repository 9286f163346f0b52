"""A snapshot of a PostgreSQL database by pg_dump, and its restore by pg_restore.

Rows are counted and summed up in the very snapshot that pg_dump reads, so that after a restore
every table can be compared: not just its number of rows, also what stands in them.

pg_dump refuses a server newer than itself, and pg_restore an archive newer than itself, so the
programs of the server's own version are looked for first. What they print may quote rows: it is
read for what it means, and never passed on.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from stopintimidatie.backup.archive import Packer, Progress
from stopintimidatie.backup.manifest import (
    BackupError,
    Manifest,
    Snapshot,
    TableState,
    left_out,
)
from stopintimidatie.backup.marker import TABLE as MARK
from stopintimidatie.backup.marker import remove_mark, write_mark
from stopintimidatie.core.storage.database import INSUFFICIENT_PRIVILEGE
from stopintimidatie.settings import PROGRAM, Settings

# The programs

# Folders in which Debian and Red Hat keep the programs of each version.
FOLDERS: Final = ("/usr/lib/postgresql/{major}/bin", "/usr/pgsql-{major}/bin")
NEWEST_THOUGHT_OF: Final = 40
VERSION: Final = re.compile(rb"\(PostgreSQL\) (\d+)")
# Passed to libpq in the environment instead: a command line is there for all to read.
SECRETS: Final = {"password": "PGPASSWORD"}
MEANINGS: Final = (
    (
        b"row-level security",
        "deze databaserol mag niet alle rijen lezen: gebruik database.backup_url",
    ),
    (b"permission denied", "deze databaserol mist rechten"),
    (b"password authentication failed", "het wachtwoord klopt niet"),
    (b"connection to server", "de server is niet bereikbaar"),
    (b"No space left", "de schijf van de server is vol"),
    (b"could not extend", "de schijf van de server is vol"),
    (b"already exists", "de database is niet leeg"),
    (b"does not exist", "iets wat de database nodig heeft bestaat niet op deze server"),
    (b"extension", "een uitbreiding (extension) ontbreekt op deze server"),
    (b"unsupported version", "het programma is te oud voor deze reservekopie"),
    (b"server version", "het programma is te oud voor deze server"),
)


@dataclass(frozen=True)
class Program:
    """A program and its major version."""

    path: Path
    major: int


def find_program(name: str, wanted: int, folder: Path | None) -> Program:
    """Find the program for a server: of the server's own version, else the oldest newer one.

    Where a folder is given, the setting `backup.programs`, nowhere else is looked.

    Raises:
        BackupError: absent, or only older ones.
    """
    programs = [
        Program(path, major)
        for path in _candidates(name, folder)
        if (major := _program_version(path))
    ]
    fitting = [program for program in programs if program.major >= wanted]
    if fitting:
        return min(fitting, key=lambda program: program.major)
    where = f" in {folder}" if folder else ""
    state = (
        f"{name} is te oud: versie {max(p.major for p in programs)}"
        if programs
        else f"{name} ontbreekt"
    )
    raise BackupError(
        f"{state}{where}; de database vraagt versie {wanted} of nieuwer. Installeer"
        f" postgresql-client-{wanted}, of zet in backup.programs de map waar {name} staat."
    )


def _candidates(name: str, folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder / name
        return
    for major in range(1, NEWEST_THOUGHT_OF):
        yield from (Path(pattern.format(major=major)) / name for pattern in FOLDERS)
    on_path = shutil.which(name)
    if on_path:
        yield Path(on_path)


def _program_version(path: Path) -> int | None:
    if not path.is_file():
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a path of our own, and no words of others
            [path, "--version"], capture_output=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = VERSION.search(answer.stdout)
    return int(version[1]) if version else None


def connection_of(url: str) -> tuple[str, dict[str, str]]:
    """Return a database's address as libpq's words without secrets, and its environment."""
    address = make_url(url)
    _, words = address.get_dialect()().create_connect_args(address)
    plain: dict[str, Any] = {key: value for key, value in words.items() if key not in SECRETS}
    if "sslpassword" in plain:
        raise BackupError(
            "Zet sslpassword niet in het adres; gebruik een sleutel zonder wachtwoord."
        )
    secret = {SECRETS[key]: str(value) for key, value in words.items() if key in SECRETS}
    return make_conninfo(**plain), secret


@contextmanager
def run_program(
    program: Program, words: list[str], secret: Mapping[str, str], **streams: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program during the block; kill it when something goes wrong on our side.

    Raises:
        BackupError: it failed.
    """
    environment = {
        **os.environ,
        "LC_ALL": "C",
        "PGAPPNAME": "stopintimidatie-reservekopie",
        **secret,
    }
    with TemporaryFile() as messages:
        command = [str(program.path), "--no-password", *words]
        with subprocess.Popen(  # noqa: S603 - a path of our own, and no words of others
            command, stderr=messages, env=environment, **streams
        ) as process:
            try:
                yield process
            except BrokenPipeError:
                # It stopped reading; why, it has written.
                if process.wait() == 0:
                    raise
            except BaseException:
                process.kill()
                _let_go(process)
                raise
        if process.returncode != 0:
            raise BackupError(_meaning(program, messages))


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Close our end; what was still on its way there is for nobody."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def _meaning(program: Program, messages: IO[bytes]) -> str:
    messages.seek(0)
    text = messages.read(100_000)
    causes = [meaning for words, meaning in MEANINGS if words in text]
    why = causes[0] if causes else "de oorzaak staat in het logboek van PostgreSQL"
    return f"{program.path.name} is mislukt: {why}. Los dat op en begin opnieuw."


NAME: Final = "postgresql"
# A backup would rather fail than wait for hours behind a migration.
LOCK_WAIT: Final = 60_000
# Text of a row depends on these; here they are always the same.
PLAIN_TEXT: Final = (
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL intervalstyle = 'postgres'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
    # Rather an error than a table that seems empty.
    "SET LOCAL row_security = off",
    f"SET LOCAL lock_timeout = {LOCK_WAIT}",
)
TABLES: Final = f"""
    SELECT relname FROM pg_class c
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND relname <> '{MARK}'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""  # noqa: S608 - a name of our own
# A sum doesn't care in which order rows come.
STATE: Final = """
    SELECT count(*),
      coalesce(sum(('x' || substr(md5(t::text), 1, 16))::bit(64)::bigint::numeric), 0)::text
    FROM "{table}" t
"""


def engine_of(url: str) -> Engine:
    """Make an engine that keeps no connection and tells no values."""
    return create_engine(url, hide_parameters=True, poolclass=NullPool)


def pack(settings: Settings, packer: Packer, progress: Progress) -> Snapshot:
    """Take a snapshot, pack it, and return the state that it holds."""
    with _frozen(settings.backup_url) as connection:
        major = _major(connection)
        program = find_program("pg_dump", major, settings.backup_programs)
        frozen = connection.scalar(text("SELECT pg_export_snapshot()"))
        progress("Rijen tellen…")
        snapshot = _state(connection, program.major)
        address, secret = connection_of(settings.backup_url)
        words = ["--format=custom", "--compress=0", f"--snapshot={frozen}", f"--dbname={address}"]
        words += [f"--lock-wait-timeout={LOCK_WAIT}"]
        words += [f"--exclude-table-data=public.{name}" for name in sorted(left_out())]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
        with run_program(program, words, secret, **streams) as process:
            assert process.stdout is not None  # noqa: S101 - asked for, above
            packer.add_database(process.stdout)
    return snapshot


@contextmanager
def _frozen(url: str) -> Iterator[Connection]:
    """Give a transaction that sees one moment, and reads only."""
    engine = engine_of(url).execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    try:
        with engine.begin() as connection:
            for statement in PLAIN_TEXT:
                connection.execute(text(statement))
            yield connection
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != INSUFFICIENT_PRIVILEGE:
            raise
        raise BackupError(
            "Deze databaserol mag niet alle rijen lezen. Zet in database.backup_url het adres met"
            f" de rol stopintimidatie_backup; ‘{PROGRAM} database rollen’ maakt die rol."
        ) from None


def _major(connection: Connection) -> int:
    return int(str(connection.scalar(text("SHOW server_version_num")))) // 10_000


def _state(connection: Connection, program: int | None = None) -> Snapshot:
    names = set(connection.scalars(text(TABLES)))
    if "alembic_version" not in names:
        raise BackupError(f"De database is leeg. Draai eerst: {PROGRAM} database migreren")
    migration = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    tables = {}
    for name in sorted(names - left_out()):
        rows, content = connection.execute(text(STATE.format(table=name))).one()
        tables[name] = TableState(rows, content)
    return Snapshot(NAME, migration, tables, program)


def state(settings: Settings, *, as_owner: bool = False) -> Snapshot:
    """Return the present state of the database.

    As its owner just after a restore, for nobody else has rights yet.
    """
    with _frozen(settings.owner_url if as_owner else settings.backup_url) as connection:
        return _state(connection)


def number_of_tables(settings: Settings) -> int:
    """Count the tables in the place where a restore would go."""
    with _frozen(settings.owner_url) as connection:
        return len(connection.scalars(text(TABLES)).all())


@contextmanager
def filling(settings: Settings, manifest: Manifest) -> Iterator[IO[bytes]]:
    """Give a stream for a database, put back by its owner in one transaction.

    It is marked before: until the ledger was applied, no portal opens on it.

    Rights aren't restored but given again by the migrations, which always end with that.
    """
    with _frozen(settings.owner_url) as connection:
        wanted = max(_major(connection), manifest.snapshot.program or 0)
    restorer = find_program("pg_restore", wanted, settings.backup_programs)
    address, secret = connection_of(settings.owner_url)
    words = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
    words += ["--no-comments", "--format=custom", f"--dbname={address}"]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    with (
        _marked(settings, manifest),
        run_program(restorer, words, secret, **streams) as process,
    ):
        assert process.stdin is not None  # noqa: S101 - asked for, above
        yield process.stdin
        process.stdin.close()
    with engine_of(settings.owner_url).connect() as connection:
        # Without it the first days would run on plans made for empty tables.
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


@contextmanager
def _marked(settings: Settings, manifest: Manifest) -> Iterator[None]:
    """Mark the database during the block and after it; not when nothing was put back."""
    engine = engine_of(settings.owner_url)
    with engine.begin() as connection:
        write_mark(connection.exec_driver_sql, manifest.made_at, manifest.ledger)
    try:
        yield
    except BaseException:
        with engine.begin() as connection:
            remove_mark(connection.exec_driver_sql)
        raise
