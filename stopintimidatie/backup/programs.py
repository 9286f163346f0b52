"""Finding and running pg_dump and pg_restore.

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
from sqlalchemy import make_url

from stopintimidatie.backup.errors import BackupError

# Where Debian and Red Hat keep the programs of each version.
FOLDERS: Final = ("/usr/lib/postgresql/{major}/bin", "/usr/pgsql-{major}/bin")
NEWEST_THOUGHT_OF: Final = 40
VERSION: Final = re.compile(rb"\(PostgreSQL\) (\d+)")
# What libpq takes from the environment instead: a command line is there for all to read.
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
    """The program for a server, best of the server's own version, else the oldest newer one.

    :param folder: the setting `backup.programs`; when set, nowhere else is looked.
    :raises BackupError: absent, or only older ones.
    """
    found = [Program(path, major) for path in _candidates(name, folder) if (major := _major(path))]
    fitting = [program for program in found if program.major >= wanted]
    if fitting:
        return min(fitting, key=lambda program: program.major)
    place = f" in {folder}" if folder else ""
    state = (
        f"{name} is te oud: versie {max(p.major for p in found)}" if found else f"{name} ontbreekt"
    )
    raise BackupError(
        f"{state}{place}; de database vraagt versie {wanted} of nieuwer. Installeer"
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


def _major(path: Path) -> int | None:
    if not path.is_file():
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a path of our own, and no words of others
            [path, "--version"], capture_output=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = VERSION.search(answer.stdout)
    return int(found[1]) if found else None


def connection_of(url: str) -> tuple[str, dict[str, str]]:
    """A database's address as libpq's words without secrets, and an environment with them."""
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
def running(
    program: Program, words: list[str], secret: Mapping[str, str], **streams: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A program at work; killed when something goes wrong on our side.

    :raises BackupError: it failed.
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
    told = [meaning for words, meaning in MEANINGS if words in text]
    why = told[0] if told else "de oorzaak staat in het logboek van PostgreSQL"
    return f"{program.path.name} is mislukt: {why}. Los dat op en begin opnieuw."
