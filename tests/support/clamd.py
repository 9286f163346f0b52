"""A real clamd that knows one made-up mark, and sockets that answer as no clamd should."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stopintimidatie.core.scanner import Scanner, ScannerError
from tests.support.services import ServiceMissingError
from tests.support.waiting import until

# Nothing but this machine's own signature knows it; harmless, as EICAR's file is.
MARK = b"proefvirus-van-de-toetsen-4f1b"
SIGNATURE = "Proef.Bestand.UNOFFICIAL"
STREAM_LIMIT = 2 * 1024 * 1024


@dataclass
class Clamd:
    """A clamd in a folder of its own, that a test may end and start again."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "clamd"

    def start(self) -> None:
        """Start it, where it doesn't run, and wait until it answers."""
        if self.process is not None:
            return
        program = shutil.which("clamd") or shutil.which("/usr/sbin/clamd")
        if program is None:
            raise ServiceMissingError("no clamd on this machine; scripts/test installs one")
        command = [program, "-c", str(self.folder / "clamd.conf")]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        until(self.answers)

    def end(self) -> None:
        """Kill it, as a machine without memory does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def answers(self) -> bool:
        with contextlib.suppress(ScannerError):
            return bool(Scanner(self.socket).release())
        return False


@pytest.fixture(scope="session")
def the_clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    clamd = Clamd(tmp_path_factory.mktemp("clamd"))
    signatures = clamd.folder / "lijsten"
    signatures.mkdir()
    (signatures / "proef.ndb").write_text(f"Proef.Bestand:0:*:{MARK.hex()}\n", encoding="ascii")
    lines = (
        "Foreground yes",
        f"LocalSocket {clamd.socket}",
        f"DatabaseDirectory {signatures}",
        f"StreamMaxLength {STREAM_LIMIT}",
        "MaxThreads 2",
    )
    (clamd.folder / "clamd.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    yield clamd
    clamd.end()


@pytest.fixture
def clamd(the_clamd: Clamd) -> Clamd:
    """The clamd of this worker of pytest; it runs."""
    the_clamd.start()
    return the_clamd


def infected(content: bytes) -> bytes:
    """The same file with the mark behind it: decoders don't mind."""
    return content + MARK


@contextlib.contextmanager
def false_clamd(folder: Path, answer: Callable[[socket.socket], None]) -> Iterator[Path]:
    """A socket where something else answers one question, in this way."""
    path = folder / f"onecht-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen()
        thread = threading.Thread(target=_serve, args=(server, answer), daemon=True)
        thread.start()
        try:
            yield path
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            path.unlink()


def _serve(server: socket.socket, answer: Callable[[socket.socket], None]) -> None:
    with contextlib.suppress(OSError):
        while True:
            line, _ = server.accept()
            with line, contextlib.suppress(OSError):
                answer(line)
