"""The virtual environment in .venv: made once, filled from a lock, left alone while that holds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from .common import (
    ROOT,
    SHARED,
    VENV,
    VENV_PYTHON,
    SetupError,
    fingerprint,
    home_is_usable,
    read_stamp,
    run_quietly,
    say,
)

# What one lock brings, another may bring too: the tests' lock holds the whole runtime.
COVERS = {"runtime": ("runtime",), "test": ("runtime", "test")}
STEP = 20
FAILURE = "De Python-pakketten konden niet worden geïnstalleerd.\n" + (
    "Controleer de internetverbinding en start het script daarna opnieuw."
)


def ensure(lock: str) -> None:
    """Bring .venv in line with requirements/<lock>.txt; does nothing when it is."""
    if all(read_stamp(_stamp(name)) == _wanted(name) for name in COVERS[lock]) and _works():
        return
    if read_stamp(_stamp("place")) != str(ROOT) or not _works():
        _make()
    say(f"Python-pakketten installeren (requirements/{lock}.txt)…")
    _install(ROOT / "requirements" / f"{lock}.txt")
    run_quietly(
        [*_pip(), "--no-deps", "--no-build-isolation", "--no-index", "-e", ROOT],
        failure=FAILURE,
        env=environment(),
    )
    for name in COVERS[lock]:
        _stamp(name).write_text(_wanted(name) + "\n", encoding="utf-8")


def environment() -> dict[str, str]:
    """The caller's environment, less what would send Python or pip elsewhere or slow us down."""
    unwanted = {"PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIREMENT"}
    # Web, worker and many tests start processes: each would compile the whole product again.
    unwanted.add("PYTHONDONTWRITEBYTECODE")
    env = {name: value for name, value in os.environ.items() if name not in unwanted}
    env |= {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    if not home_is_usable():
        env["PIP_NO_CACHE_DIR"] = "1"
    return env


def _stamp(name: str) -> Path:
    return VENV / f".stamp-{name}"


def _wanted(lock: str) -> str:
    """Changes with the lock, our own metadata and the folder (an environment can't move)."""
    files = [ROOT / "requirements" / f"{lock}.txt", ROOT / "setup.cfg", ROOT / "pyproject.toml"]
    return fingerprint(files, extra=str(ROOT))


def _works() -> bool:
    """A Python that an upgrade of the machine took away leaves a dead link behind."""
    try:
        return not subprocess.run(
            [VENV_PYTHON, "-c", ""], capture_output=True, check=False
        ).returncode
    except OSError:
        return False


def _make() -> None:
    say(f"Virtuele omgeving maken in .venv (Python {sys.version.split()[0]})…")
    if VENV.is_symlink():
        VENV.unlink()
    shutil.rmtree(VENV, ignore_errors=True)
    run_quietly(
        [sys.executable, "-m", "venv", VENV],
        failure="De virtuele omgeving kon niet worden gemaakt.",
        env=environment(),
    )
    _stamp("place").write_text(f"{ROOT}\n", encoding="utf-8")


def _pip() -> list[str]:
    return [str(VENV_PYTHON), "-m", "pip", "install"]


def _install(lock: Path) -> None:
    """From wheels only, each checked by its hash; says every now and then how far it is."""
    total = len(re.findall(r"^[A-Za-z]", lock.read_text(encoding="utf-8"), re.MULTILINE))
    command = [*_pip(), "--require-hashes", "--only-binary=:all:", "--progress-bar=off", "-r", lock]
    with subprocess.Popen(
        [str(part) for part in command],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=SHARED,
    ) as pip:
        tail = list(_tell_progress(pip.stdout or (), total))[-20:]
    if pip.returncode:
        said = "\n".join(f"    {line}" for line in tail)
        raise SetupError(f"{FAILURE}\n\nDit zei pip:\n{said}")


def _tell_progress(lines: Iterable[str], total: int) -> Iterator[str]:
    """Passes pip's lines on, and tells the person how far it is now and then."""
    seen = 0
    for line in lines:
        if line.startswith("Collecting "):
            seen += 1
            if seen % STEP == 0:
                say(f"  {seen} van zo'n {total} pakketten opgehaald…")
        elif line.startswith("Installing "):
            say("  uitpakken…")
        yield line.rstrip()
