"""What the machine itself must have: libraries and programs that pip can't bring.

Looked for by trying, not by asking a package manager: whatever way they got here is fine. Only
what is missing is installed, with apt, after saying so, and without ever asking a question.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from .common import SetupError, run_quietly, say

APT = "/usr/bin/apt-get"
APT_FLAGS = (
    *("-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"),
    *("-o", "Dpkg::Options::=--force-confold"),
)
# Nothing that apt or a package's script may ask reaches a person.
APT_ENVIRONMENT = ("DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=l", "UCF_FORCE_CONFFOLD=1")
# The first, Chromium without windows, is what the tests take when it is there.
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)


@dataclass(frozen=True)
class Need:
    """Something to look for, and the Debian package that brings it."""

    package: str
    present: Callable[[], bool]


def library(name: str) -> Callable[[], bool]:
    """Whether the loader finds a shared library."""

    def present() -> bool:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True

    return present


def program(*names: str) -> Callable[[], bool]:
    """Whether one of these programs is on the path."""
    return lambda: any(map(shutil.which, names))


def file(path: str) -> Callable[[], bool]:
    """Whether a file is there."""
    return Path(path).exists


def can_make_environments() -> bool:
    """Debian leaves ensurepip out of its bare python3."""
    return importlib.util.find_spec("ensurepip") is not None


TO_RUN = (
    Need(f"python3.{sys.version_info.minor}-venv", can_make_environments),
    Need("libpango-1.0-0", library("libpango-1.0.so.0")),
    Need("libpangoft2-1.0-0", library("libpangoft2-1.0.so.0")),
    Need("libharfbuzz-subset0", library("libharfbuzz-subset.so.0")),
    # For the signs that our own font lacks, such as arrows.
    Need("fonts-dejavu-core", file("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")),
)
TO_TEST = (
    *TO_RUN,
    Need("git", program("git")),
    Need("chromium-headless-shell", program(*BROWSERS)),
    Need("default-jdk-headless", program("javac")),
    Need("libjaxb-java", file("/usr/share/java/jaxb-runtime.jar")),
)
TO_PICTURE = (*TO_TEST, Need("poppler-utils", program("pdftoppm")))


def ensure(needs: Iterable[Need]) -> None:
    """Install what is missing, or say exactly which command an administrator must give."""
    missing = [need.package for need in needs if not need.present()]
    if not missing:
        return
    become_root = _way_to_root()
    if become_root is None or not Path(APT).exists():
        raise SetupError(_what_to_install(missing))
    say(f"Op deze machine ontbreekt nog: {', '.join(missing)}.")
    say("Dat installeren met apt-get (dit kan een paar minuten duren)…")
    _apt(become_root, "update", "-q")
    _apt(become_root, "install", *APT_FLAGS, *missing)


def _way_to_root() -> list[str] | None:
    """How to act as administrator without being asked for a password; None when we can't."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if (
        sudo
        and not subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode
    ):
        return [sudo, "-n"]
    return None


def _apt(become_root: list[str], *arguments: str) -> None:
    run_quietly(
        [*become_root, "env", *APT_ENVIRONMENT, APT, *arguments],
        failure=f"apt-get {arguments[0]} lukte niet. Los op wat het meldt en start opnieuw.",
    )


def _what_to_install(missing: list[str]) -> str:
    command = shlex.join(["sudo", "apt-get", "install", "--no-install-recommends", *missing])
    return (
        f"Op deze machine ontbreekt: {', '.join(missing)}.\n"
        "Installeren mag dit script hier niet zelf. Geef, of vraag uw beheerder, deze opdracht\n"
        f"(Debian en Ubuntu) en start daarna opnieuw:\n\n    {command}"
    )
