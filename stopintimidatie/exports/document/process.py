"""The child process that renders a document, within limits, seen from its parent.

The child gets the content on standard input and nothing of ours: no environment with secrets, no
open files but the one to fill, its own session, so that it is killed with everything it started.
Content and result have no name on the disk: whoever is killed, nothing readable stays behind. What
goes wrong becomes a RenderingError that says what to do.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from stopintimidatie.core.sandbox.process import (
    OUT_OF_MEMORY,
    OUT_OF_TIME,
    Limits,
    child,
    module_command,
)
from stopintimidatie.exports.document.content import SheetContent, StatementContent
from stopintimidatie.exports.redaction.content import DossierContent, to_json

# Limits on the attachments of a rendering. Plain values, so that the child can read them too.


# On their way to the child each is told in so many bytes how long it is.
LENGTH_BYTES = 8


ERROR_MAX = 4000

# Without fonts of the machine the same content gives the same bytes on every machine.
FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><cachedir>{folder}/fontcache</cachedir></fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a rendering: `opmaken` with its page, then `schrijven`."""

    step: str
    page: int


class RenderingError(RuntimeError):
    """A PDF that couldn't be made. `detail` is for the log, the message for a person."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class RenderingTooSlowError(RenderingError):
    """A rendering that took more time than it may."""


class RenderingTooBigError(RenderingError):
    """A rendering that took more memory, or made a bigger file, than it may."""


def render_in_process(
    content: DossierContent | StatementContent | SheetContent,
    files: Sequence[bytes] = (),
    *,
    limits: Limits | None = None,
    on_progress: Callable[[Step], None] | None = None,
    archive: bool = True,
) -> bytes:
    """Return the PDF of this content, made by a child process.

    Args:
        content: the frozen content.
        files: the attachments, in the order of the content.
        limits: bounds on time and memory.
        on_progress: is called with each step.
        archive: whether it is PDF/A; without it the file claims PDF/UA alone.

    Raises:
        RenderingError: it couldn't be made; the message says what to do.
    """
    bounds = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="dossier-") as name:
        folder = Path(name)
        (folder / "fonts.conf").write_text(FONTS_CONF.format(folder=name), encoding="utf-8")
        with (
            _nameless(folder, to_json(content)) as given,
            _nameless(folder, *_in_one(files)) as along,
            _nameless(folder) as made,
        ):
            kind = "archief" if archive else "open"
            if not isinstance(content, DossierContent):
                kind = "verklaring" if isinstance(content, StatementContent) else "blad"
            with _child(folder, (given, along, made), bounds, kind) as (running, errors):
                _follow(running, bounds, on_progress)
                made.seek(0)
                pdf = made.read()
                if running.returncode != 0 or not pdf:
                    raise _failure(running.returncode, errors)
            return pdf


def _in_one(files: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the length of each file, and then the file itself."""
    for file in files:
        yield len(file).to_bytes(LENGTH_BYTES, "big")
        yield file


def _nameless(folder: Path, *content: bytes) -> IO[bytes]:
    """Open a file without a name, which is gone with the last process that has it open."""
    file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the caller closes it
    for part in content:
        file.write(part)
    file.seek(0)
    return file


@contextmanager
def _child(
    folder: Path, open_files: tuple[IO[bytes], IO[bytes], IO[bytes]], limits: Limits, kind: str
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Start the child with three open files: the content, the attachments, and the one to fill."""
    given, along, made = open_files
    numbers = (str(made.fileno()), str(along.fileno()))
    program = module_command("stopintimidatie.exports.document.child")
    with _nameless(folder) as errors:
        command = [*program, limits.as_text(), *numbers, str(folder), kind, str(os.getpid())]
        more = _variables(folder)
        with child(
            command, (made, along), folder=folder, variables=more, stdin=given, stderr=errors
        ) as running:
            yield running, errors


def _variables(folder: Path) -> dict[str, str]:
    """Return the environment variables for the fonts."""
    return {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
    }


def _follow(
    running: subprocess.Popen[bytes], limits: Limits, on_progress: Callable[[Step], None] | None
) -> None:
    """Pass progress on until the child closes its output; never longer than agreed."""
    deadline = time.monotonic() + limits.wall_seconds
    assert running.stdout is not None  # noqa: S101 - it was opened as a pipe
    os.set_blocking(running.stdout.fileno(), False)
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(running.stdout, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise RenderingTooSlowError(
                    "Het maken van de PDF duurde te lang. Kies minder meldingen, of vraag de "
                    "beheerder om meer tijd in te stellen."
                )
            chunk = running.stdout.read()
            if not chunk:
                break
            pending = _report(pending + chunk, on_progress)
    _wait(running, deadline)


def _wait(running: subprocess.Popen[bytes], deadline: float) -> None:
    try:
        running.wait(max(deadline - time.monotonic(), 1))
    except subprocess.TimeoutExpired as error:
        raise RenderingTooSlowError(
            "Het maken van de PDF hield niet op. Probeer het opnieuw."
        ) from error


def _report(pending: bytes, on_progress: Callable[[Step], None] | None) -> bytes:
    """Report the steps in whole lines; return what isn't a whole line yet."""
    *lines, rest = pending.split(b"\n")
    for line in lines:
        if on_progress is not None:
            progress = json.loads(line)
            on_progress(Step(str(progress["stap"]), int(progress["pagina"])))
    return rest


def _failure(code: int, errors: IO[bytes]) -> RenderingError:
    errors.seek(0, os.SEEK_END)
    errors.seek(max(errors.tell() - ERROR_MAX, 0))
    detail = errors.read().decode("utf-8", "replace").strip()
    if code in OUT_OF_TIME:
        return RenderingTooSlowError(
            "Het maken van de PDF kostte te veel rekentijd. Kies minder meldingen.", detail
        )
    if "MemoryError" in detail or code in OUT_OF_MEMORY:
        return RenderingTooBigError(
            "Het maken van de PDF kostte te veel geheugen. Kies minder meldingen.", detail
        )
    last = detail.rsplit("\n", 1)[-1]
    if "AssetsMissingError" in last:
        return RenderingError(last.partition(": ")[2], detail)
    return RenderingError(
        "De PDF kon niet worden gemaakt. Probeer het opnieuw; lukt het weer niet, meld het dan "
        "aan de beheerder.",
        detail,
    )
