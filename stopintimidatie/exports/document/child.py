"""Program of the child process that renders a PDF: content on standard input, PDF in an open file.

Run as ``python -m stopintimidatie.exports.document.child LIMITS OUTPUT FILES FOLDER KIND PARENT``.
OUTPUT and FILES are the numbers of files that the parent opened: the one to fill, and the
attachments.
KIND is `archief` or `open` for a dossier, `verklaring`, or `blad` for a sheet; PARENT is the
process id of the parent, which waits for this one.
Before it reads any content it limits itself: memory and time, no network, no other programs, and no
files outside its own code. It writes progress to standard output, one JSON document a line.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import gc
import json
import os
import signal
import sys
import warnings
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NoReturn

from stopintimidatie.core.sandbox.process import Limits
from stopintimidatie.exports.document.process import LENGTH_BYTES

_REFUSED_EVENTS = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")
_SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_DEVICES = ("/dev/null", "/dev/urandom")


def main(limits: str, output: str, files: str, folder: str, kind: str, parent: str) -> int:
    """Render one document and return the exit code."""
    _end_with(int(parent))
    Limits.from_text(limits).bind()
    # This process lives for one document and its memory is bounded: looking for rubbish again and
    # again through all that was laid out took a fifth of the time, and found next to nothing.
    gc.disable()
    # The one thing WeasyPrint says on import: that the machine's own fonts are switched off.
    warnings.simplefilter("ignore")
    # WeasyPrint tries the names that its libraries have on other systems first. For each of those
    # ldconfig and a compiler were started: a third of a second of every document.
    ctypes.util.find_library = lambda name: None
    from stopintimidatie.exports.document.assets import load_assets
    from stopintimidatie.exports.document.content import SheetContent, StatementContent
    from stopintimidatie.exports.document.rendering import draw, draw_sheet, draw_statement
    from stopintimidatie.exports.redaction.content import from_json, read_as

    assets = load_assets()
    _close_doors(Path(folder))
    given = sys.stdin.buffer.read()
    if kind == "verklaring":
        with os.fdopen(int(output), "wb") as file:
            draw_statement(read_as(StatementContent, given), assets, file)
        return 0
    if kind == "blad":
        with os.fdopen(int(output), "wb") as file:
            draw_sheet(read_as(SheetContent, given), assets, file)
        return 0
    content = from_json(given)
    # Between two stretches it does look; not through what stays until the end.
    gc.freeze()
    with os.fdopen(int(output), "wb") as file, os.fdopen(int(files), "rb") as along:
        draw(content, assets, file, _tell, archive=kind == "archief", files=_one_by_one(along))
    return 0


def _end_with(parent: int) -> None:
    """End this process when its parent is killed: then nobody waits for the result."""
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # the parent ended before prctl was called
        sys.exit(1)


def _one_by_one(along: IO[bytes]) -> Iterator[bytes]:
    """Yield the files that go along, one at a time."""
    while length := along.read(LENGTH_BYTES):
        yield along.read(int.from_bytes(length, "big"))


def _close_doors(own: Path) -> None:
    """Refuse from here on sockets, programs, and files but our own code and our own folder."""
    allowed = tuple(
        f"{Path(root).resolve()}{os.sep}"
        for root in {*sys.path, sys.prefix, sys.base_prefix, *zoneinfo.TZPATH, str(own)}
        if root and Path(root).is_dir()
    )

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_REFUSED_EVENTS):
            _refuse(event)
        if event == "open" and not isinstance(arguments[0], int):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if path not in _DEVICES and not path.startswith(allowed):
                _refuse(f"open {path}")

    sys.addaudithook(guard)


def _refuse(action: str) -> NoReturn:
    raise PermissionError(f"a rendering may not do this: {action}")


def _tell(step: str, page: int) -> None:
    sys.stdout.write(json.dumps({"stap": step, "pagina": page}) + "\n")
    sys.stdout.flush()


def _leave(code: int) -> NoReturn:
    """End this process at once, without taking Python down.

    Python unloads Pango on its way out, while Pango's own thread for fonts may still run: on a busy
    machine that thread then crashed, and a PDF that was whole already counted as failed.
    """
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    _leave(main(*sys.argv[1:7]))
