"""Starts the product's processes, and ends them together: no orphan, whatever happens to us."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType

from .common import SHARED

SECONDS_TO_END = 15
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


class AskedToStop(BaseException):
    """Ctrl-C, a service manager's SIGTERM, or the terminal that closed."""


class Group:
    """Processes that live and die together, each in a group of its own: Ctrl-C reaches only us,
    and we pass it on as an orderly end."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start a process; if we are killed outright, the kernel kills it too."""
        self._running[name] = subprocess.Popen(
            command,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=killed_with_parent(),
            pass_fds=SHARED,
        )

    def ended(self) -> str | None:
        """Say which process has ended and how (in Dutch); None while all of them run."""
        for name, process in self._running.items():
            code = process.poll()
            if code is not None:
                how = f"met code {code}" if code >= 0 else f"door signaal {-code}"
                return f"{name} is gestopt ({how})"
        return None

    def wait_for_one(self) -> str:
        """Wait until a process ends, which none should; say which one and how (in Dutch)."""
        while (told := self.ended()) is None:
            watches = [os.pidfd_open(process.pid) for process in self._running.values()]
            select.select(watches, [], [])
            for watch in watches:
                os.close(watch)
        return told

    def end(self) -> None:
        """Ask all, wait, then insist; also on what they started themselves."""
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + SECONDS_TO_END
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def killed_with_parent() -> Callable[[], None]:
    """Give a function that a new process calls first: the kernel then kills it when we are killed.

    A kill, not a request to end: the product can be killed at any moment, and a process that first
    finishes its document would keep the next start waiting.
    """
    set_option, parent = ctypes.CDLL(None).prctl, os.getpid()

    def bind() -> None:
        set_option(SET_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # our process ended before prctl was called
            os._exit(1)

    return bind


@contextlib.contextmanager
def process_group() -> Iterator[Group]:
    """Give a group that is ended on the way out, and whose owner hears of being asked to stop."""
    group = Group()
    # Who started us with nohup wants us to outlive the terminal.
    before = {n: signal.getsignal(n) for n in ENDING if _is_for_us(n)}
    for number in before:
        signal.signal(number, _stop)
    try:
        yield group
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half behind
        group.end()
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_for_us(number: int) -> bool:
    return not (number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN)


def _stop(number: int, frame: FrameType | None) -> None:
    raise AskedToStop


def wait_until(settled: Callable[[], bool], *, seconds: float) -> bool:
    """Look ten times a second; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not settled():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
