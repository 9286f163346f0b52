"""The virus scanner of the machine: clamd, asked over its socket before a file is opened.

ClamAV's own protocol, as `man clamd` gives it: a command ends with a zero byte, and so does the
answer; a file goes in lengths and pieces. Only the answer *OK* is clean: silence, an error and
words that we don't know are trouble, never a pass. (docs/dev/adr/0025)
"""

from __future__ import annotations

import contextlib
import math
import re
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import func, select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.health.services import Check, State
from stopintimidatie.core.telemetry import scan_done
from stopintimidatie.core.text import date_text
from stopintimidatie.core.web.components import Panel
from stopintimidatie.settings import Settings

# For the whole of a scan; the largest file that we take costs clamd about a second.
SCAN_SECONDS: Final = 20.0
# For a question of the health check, which all checks together may take three seconds.
ASK_SECONDS: Final = 0.5
OLD_AFTER: Final = timedelta(days=7)
_PIECE: Final = 64 * 1024
_LONGEST_ANSWER: Final = 4096
_TOO_LARGE: Final = "INSTREAM size limit exceeded. ERROR"
_SIGNATURE: Final = re.compile(r"stream: ([\x21-\x7e]{1,200}) FOUND")
_BUILT: Final = "%a %b %d %H:%M:%S %Y"
NAME: Final = "virusscanner"
WAIT: Final = "wachten"
# Lines of the log about a file that was refused for what the scanner knew in it.
STOPPED: Final = ("melding.bestand_tegengehouden", "dossier.bestand_tegengehouden")
COUNTED_DAYS: Final = 30
ABSENT: Final = (
    "Bestanden worden niet op virussen nagekeken: er is geen virusscanner ingesteld (scanner.socket"
    " in het ini-bestand). Wel wordt elke foto opnieuw getekend en elk geluid opnieuw ingepakt."
)
AWAY: Final = (
    "De virusscanner antwoordt niet. Kijk of clamd draait, en of deze dienst bij scanner.socket"
    " mag. Zolang dat niet zo is, {}; meldingen komen gewoon binnen."
)
REFUSED_MEANWHILE: Final = "nemen wij geen bestanden aan"
WAITS_MEANWHILE: Final = (
    "wacht een bestand van een melder verzegeld tot het is nagekeken, en nemen wij van medewerkers"
    " geen bestand aan"
)
UNDATED: Final = (
    "De virusscanner zegt niet van wanneer zijn lijsten zijn. Kijk of freshclam ze ophaalt, en of"
    " clamd ze gebruikt."
)
OLD: Final = (
    "De virusscanner werkt met lijsten van {}: ouder dan een week. Kijk of freshclam draait, en of"
    " die naar buiten mag."
)


def includeme(config: Any) -> None:
    """Give the application its scanner, when there is one, and the health check of it."""
    config.registry.scanner = scanner_of(config.registry.app_settings)
    config.add_health_check(NAME, [], scanner_check)
    config.add_panel("beheer", NAME, scanner_panel, order=95)


class Trouble(StrEnum):
    """Kind of trouble by which a file was not scanned."""

    AWAY = "weg"
    TOO_LARGE = "te-groot"
    ODD = "onbegrepen"


class ScannerError(Exception):
    """The file was not scanned; `trouble` says why. Nothing of the file stands in it."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Release:
    """The version of a scanner, and the moment its newest signatures were made, if it says so."""

    version: str
    signatures: datetime | None


@dataclass(frozen=True, slots=True)
class Scanner:
    """The clamd behind a UNIX socket.

    `files_wait`: reporters' files are kept sealed while it is away, instead of refused.
    """

    path: Path
    files_wait: bool = False

    def scan(self, file: BinaryIO) -> str | None:
        """Return the name of the signature that a file matches; None when it is clean.

        The file is read from its beginning, and is at its beginning afterwards.

        Raises:
            ScannerError: It was not scanned.
        """
        started, outcome = time.perf_counter(), "mislukt"
        file.flush()
        file.seek(0)
        try:
            signature = _read_verdict(self._ask(b"INSTREAM", SCAN_SECONDS, file))
            outcome = "schoon" if signature is None else "gevonden"
        except ScannerError as error:
            outcome = error.trouble.value
            raise
        finally:
            scan_done(outcome, time.perf_counter() - started)
            file.seek(0)
        return signature

    def release(self) -> Release:
        """Return which clamd answers, and of when its signatures are.

        Raises:
            ScannerError: It doesn't answer, or with something else.
        """
        words = self._ask(b"VERSION", ASK_SECONDS)
        if not words.startswith("ClamAV "):
            raise ScannerError(Trouble.ODD)
        version, _, rest = words.removeprefix("ClamAV ").partition("/")
        with contextlib.suppress(ValueError):
            made = datetime.strptime(rest.partition("/")[2], _BUILT)
            return Release(version, made.replace(tzinfo=UTC))
        return Release(version, None)

    def _ask(self, command: bytes, seconds: float, file: BinaryIO | None = None) -> str:
        """Return the answer to a command, within so many seconds in all."""
        deadline = time.monotonic() + seconds
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                _leave(line, deadline)
                line.connect(str(self.path))
                # clamd hangs up while we send when a file is too large; its answer says so.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    for piece in _pieces(command, file):
                        _leave(line, deadline)
                        line.sendall(piece)
                return _answer(line, deadline)
        except OSError:
            raise ScannerError(Trouble.AWAY) from None


def scanner_of(settings: Settings) -> Scanner | None:
    """Return the scanner of an installation; None: it has none."""
    if settings.scanner_socket is None:
        return None
    return Scanner(settings.scanner_socket, settings.scanner_when_down == WAIT)


def _leave(line: socket.socket, deadline: float) -> None:
    """Let the next step on a line take what is left of the time, and no more."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    line.settimeout(left)


def _pieces(command: bytes, file: BinaryIO | None) -> Iterator[bytes]:
    """Yield what is sent: the command, then the file with the length before each piece."""
    yield b"z" + command + b"\0"
    if file is not None:
        while piece := file.read(_PIECE):
            yield struct.pack("!L", len(piece)) + piece
        yield struct.pack("!L", 0)


def _answer(line: socket.socket, deadline: float) -> str:
    """Read one answer, without the zero byte that ends it."""
    answer = b""
    while not answer.endswith(b"\0"):
        _leave(line, deadline)
        part = line.recv(_LONGEST_ANSWER)
        answer += part
        if not part or len(answer) > _LONGEST_ANSWER:
            raise ScannerError(Trouble.ODD if answer else Trouble.AWAY)
    return answer[:-1].decode("utf-8", "replace")


def _read_verdict(answer: str) -> str | None:
    if answer == "stream: OK":
        return None
    if match := _SIGNATURE.fullmatch(answer):
        return match[1]
    raise ScannerError(Trouble.TOO_LARGE if answer == _TOO_LARGE else Trouble.ODD)


def scanner_check(settings: Settings, row: Any) -> Check:
    """Check the scanner. Without it reports still come in, so it never makes us unready."""
    return _check(scanner_of(settings))


def _check(scanner: Scanner | None) -> Check:
    numbers = {"scanner_away": 0.0, "scanner_signatures_seconds": 0.0}
    if scanner is None:
        return Check(NAME, State.NONE, ABSENT, numbers)
    try:
        release = scanner.release()
    except ScannerError:
        words = AWAY.format(WAITS_MEANWHILE if scanner.files_wait else REFUSED_MEANWHILE)
        return Check(NAME, State.NOTE, words, {**numbers, "scanner_away": 1.0})
    if release.signatures is None:
        # Older than any alarm allows.
        numbers["scanner_signatures_seconds"] = math.inf
        return Check(NAME, State.NOTE, UNDATED, numbers)
    age = utc_now() - release.signatures
    numbers["scanner_signatures_seconds"] = max(age.total_seconds(), 0.0)
    day = date_text(release.signatures)
    if age > OLD_AFTER:
        return Check(NAME, State.NOTE, OLD.format(day), numbers)
    return Check(NAME, State.GOOD, f"ClamAV {release.version}, lijsten van {day}", numbers)


def scanner_panel(context: Any, request: Any) -> Panel:
    """Return the panel of who administers: whether files are scanned, and how many were stopped."""
    since = utc_now() - timedelta(days=COUNTED_DAYS)
    mine = (AuditEvent.holder == context.holder, AuditEvent.action.in_(STOPPED))
    count = request.db.scalar(select(func.count()).where(*mine, AuditEvent.at > since))
    values = {**_seen(request.registry.scanner), "stopped": count, "days": COUNTED_DAYS}
    return Panel("Virusscanner", "stopintimidatie.core.web:templates/scanner.jinja2", values)


def _seen(scanner: Scanner | None) -> dict[str, Any]:
    """Return how the scanner is, for the panel."""
    check = _check(scanner)
    return {
        "there": scanner is not None,
        "good": check.message if check.state is State.GOOD else "",
        "away": bool(check.numbers["scanner_away"]),
        "undated": math.isinf(check.numbers["scanner_signatures_seconds"]),
    }
