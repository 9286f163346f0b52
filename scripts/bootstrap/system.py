"""Install the libraries and programs of the machine that no wheel brings.

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
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser")
BROWSERS = (*CHROMIUM, "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Need:
    """Something to look for, and the Debian package that brings it."""

    package: str
    present: Callable[[], object]


def library(name: str) -> Callable[[], bool]:
    """Give a function that tells whether the loader finds a shared library."""

    def present() -> bool:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True

    return present


def program(*names: str) -> Callable[[], bool]:
    """Give a function that tells whether one of these programs is on the path."""
    return lambda: any(map(shutil.which, names))


TO_RUN = (
    # Debian leaves ensurepip, with pip, out of its bare python3.
    Need(f"python3.{sys.version_info.minor}-venv", lambda: importlib.util.find_spec("ensurepip")),
    Need("libpango-1.0-0", library("libpango-1.0.so.0")),
    Need("libpangoft2-1.0-0", library("libpangoft2-1.0.so.0")),
    Need("libharfbuzz-subset0", library("libharfbuzz-subset.so.0")),
    # For the signs that our own font lacks, such as arrows.
    Need("fonts-dejavu-core", Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf").exists),
)
TO_TEST = (
    *TO_RUN,
    Need("git", program("git")),
    # The time-stamping service of the tests.
    Need("openssl", program("openssl")),
    Need("reuse", program("reuse")),
    # The scanner of uploads; the tests write a signature of their own.
    Need("clamav-daemon", program("clamd", "/usr/sbin/clamd")),
    # The proxy before web servers that are restarted under load.
    Need("nginx-light", program("nginx", "/usr/sbin/nginx")),
    Need("chromium-headless-shell", program(*BROWSERS)),
    Need("default-jdk-headless", program("javac")),
    Need("libjaxb-java", Path("/usr/share/java/jaxb-runtime.jar").exists),
)
# For tests of `alles` alone: half a minute, and hundreds of megabytes.
TO_CONVERT = tuple(
    Need(f"libreoffice-{part}-nogui", program("soffice")) for part in ("writer", "impress")
)
TO_PICTURE = (*TO_TEST, Need("poppler-utils", program("pdftoppm")))


def ensure(needs: Iterable[Need]) -> None:
    """Install what is missing, or say exactly which command an administrator must give."""
    missing = [need.package for need in needs if not need.present()]
    if not missing:
        return
    become_root = _way_to_root()
    say(f"Op deze machine ontbreekt nog: {', '.join(missing)}.")
    if become_root is None or not Path(APT).exists():
        command = shlex.join(["sudo", "apt-get", "install", "--no-install-recommends", *missing])
        raise SetupError(
            "Installeren mag dit script hier niet zelf. Geef, of vraag uw beheerder, deze\n"
            f"opdracht (Debian en Ubuntu) en start daarna opnieuw:\n\n    {command}"
        )
    say("Dat installeren met apt-get (dit kan een paar minuten duren)…")
    for step in (["update", "-q"], ["install", *APT_FLAGS, *missing]):
        run_quietly(
            [*become_root, "env", *APT_ENVIRONMENT, APT, *step],
            failure=f"apt-get {step[0]} lukte niet. Los op wat het meldt en start opnieuw.",
        )


def _way_to_root() -> list[str] | None:
    """Return how to act as administrator without a password; None when we can't."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None
