"""What scripts/test becomes: lint, type checks and tests side by side.

`scripts/test` leaves out the long tests (marked `alles`); `scripts/test alles` runs them too. At
most three failed tests are run once more, alone, at the end. A test that passes then is named as
*wankel* and doesn't fail the run; tests marked `judged_once` never get a second try.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
PYTHON = (sys.executable, "-m")
CHECKED = ("stopintimidatie", "tests", "scripts/bootstrap", "alembic", "bench")
CHECKS = {
    "lint": (*PYTHON, "ruff", "check", "--quiet", "."),
    "opmaak": (*PYTHON, "ruff", "format", "--check", "--quiet", "."),
    "typen": (*PYTHON, "mypy", *CHECKED),
}
PYTEST = (*PYTHON, "pytest")
# Tests of the browser and of crashes mostly wait: one worker more than there are processors. A
# stolen test goes to whoever is idle, while a file's tests mostly stay together.
PARALLEL = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal")
WITHOUT_CROSSINGS = ("-m", "not alles")
MOST_TRIED_AGAIN = 3
FAILURES_VARIABLE = "SI_FAILURES"  # written by tests/support/failures.py
NEVER_AGAIN = "!"


def say(message: str) -> None:
    """Tell the person at the keyboard (or the log) how far we are, at once."""
    print(message, flush=True)  # noqa: T201 (a script)


@dataclass(frozen=True)
class Check:
    """A check that runs beside the tests, its words kept until it is its turn."""

    name: str
    process: subprocess.Popen[bytes]
    output: IO[bytes]

    @classmethod
    def start(cls, name: str, command: Sequence[str]) -> Check:
        output = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the check)
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        return cls(name, process, output)

    def report(self) -> bool:
        """Wait for it, show what it found, tell whether all is well."""
        right = self.process.wait() == 0
        say(f"{self.name}: {'in orde' if right else 'NIET in orde'}")
        if not right:
            with self.output:
                self.output.seek(0)
                say(self.output.read().decode(errors="replace").rstrip())
        return right


def check_everything(*, crossings: bool) -> int:
    """Run lint and type checks beside the tests; show their outcome before pytest's last line.

    :param crossings: also run the tests marked `alles`.
    :returns: the exit code: 0 when everything passes.
    """
    checks = [Check.start(name, command) for name, command in CHECKS.items()]
    try:
        with tempfile.TemporaryDirectory() as folder:
            failures = Path(folder) / "failures"
            chosen = () if crossings else WITHOUT_CROSSINGS
            returncode, closing_line = _run_tests([*PARALLEL, *chosen], failures)
            if returncode == 1 and (few := _worth_a_second_try(failures)):
                sys.stdout.buffer.write(closing_line)
                returncode, closing_line = _try_again(few, failures)
    finally:
        reports = [check.report() for check in checks]  # each says its piece
    right = all(reports)
    if not right:
        say("Lint, opmaak of typen zijn niet in orde: zie hierboven. De tests zelf:")
    sys.stdout.buffer.write(closing_line)
    sys.stdout.flush()
    return returncode or (0 if right else 1)


def _run_tests(arguments: Sequence[str], failures: Path) -> tuple[int, bytes]:
    """Run pytest and echo its output; return its exit code and its last line, not echoed yet."""
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    with subprocess.Popen(
        [*PYTEST, *arguments, *colour],
        cwd=ROOT,
        env={**os.environ, FAILURES_VARIABLE: str(failures)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as tests:
        closing_line = _echo_all_but_last(tests.stdout or ())
    return tests.returncode, closing_line


def _worth_a_second_try(failures: Path) -> list[str]:
    """Return the ids of the failed tests; none if they are too many or one may not be repeated."""
    failed = failures.read_text(encoding="utf-8").splitlines()
    never = any(line.startswith(NEVER_AGAIN) for line in failed)
    return [] if never or len(failed) > MOST_TRIED_AGAIN else failed


def _try_again(failed: Sequence[str], failures: Path) -> tuple[int, bytes]:
    """Run failed tests once more, alone, and name those that pass now."""
    say(f"\nNog één keer, alleen: {', '.join(failed)}")
    returncode, closing_line = _run_tests(["-n", "0", *failed], failures)
    still = failures.read_text(encoding="utf-8").splitlines()
    for name in failed:
        if name not in still:
            say(f"WANKEL: {name} faalde en slaagde bij herhaling; repareer deze test.")
    return returncode, closing_line


def _echo_all_but_last(lines: Iterable[bytes]) -> bytes:
    """Pass lines on as they come, holding one back: pytest's closing summary must come last."""
    held = b""
    for line in lines:
        sys.stdout.buffer.write(held)
        sys.stdout.buffer.flush()
        held = line
    return held


if __name__ == "__main__":
    try:
        sys.exit(check_everything(crossings="alles" in sys.argv))
    except KeyboardInterrupt:
        sys.exit(130)
