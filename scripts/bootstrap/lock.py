"""Writes requirements/*.txt from setup.cfg: every package pinned, every file by its hash.

One lock for Python 3.11 to 3.13 on every Linux machine; where they differ, a marker tells them
apart. No address of a registry is written down: pip uses the one it is set up with.
"""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .common import ROOT, VENV_PYTHON, SetupError, refuse_kindly, run_quietly, say

FOLDER = ROOT / "requirements"
OLDEST_PYTHON = "3.11"
# File name to the lists in setup.cfg that go into it.
LOCKS = {
    "runtime": ("install_requires",),
    "test": ("install_requires", "test"),
    "node": ("node",),
    "lock": ("lock",),
}
FLAGS = (
    *("--universal", "--generate-hashes", "--python-version", OLDEST_PYTHON, "--no-header"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--quiet"),
)


def requirements(names: Sequence[str]) -> str:
    """The named lists of setup.cfg, one requirement a line."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    lists = {**config["options"], **config["options.extras_require"]}
    return "\n".join(lists[name].strip() for name in names) + "\n"


def write_locks(arguments: Sequence[str]) -> None:
    """All locks, with what is pinned already kept unless `--upgrade` is among the arguments."""
    with tempfile.TemporaryDirectory(prefix="lock-") as scratch:
        uv = _uv(Path(scratch))
        FOLDER.mkdir(exist_ok=True)
        for name, lists in LOCKS.items():
            say(f"requirements/{name}.txt…")
            target = FOLDER / f"{name}.txt"
            # The runtime's versions hold for the tests as well: they must test what runs.
            agreed = ["-c", str(FOLDER / "runtime.txt")] if name == "test" else []
            source = Path(scratch) / f"{name}.in"
            source.write_text(requirements(lists), encoding="utf-8")
            command = [str(uv), "pip", "compile", str(source), "-o", str(target), *FLAGS]
            done = subprocess.run(
                [*command, *agreed, *arguments], env=_environment(Path(scratch)), check=False
            )
            if done.returncode:
                raise SetupError("De versies in setup.cfg gaan niet samen; zie hierboven.")
            _write_head(target)


def _uv(scratch: Path) -> Path:
    pinned = FOLDER / "lock.txt"
    wanted = ["--require-hashes", "-r", pinned] if pinned.exists() else [requirements(["lock"])]
    run_quietly(
        [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--target", scratch, *wanted],
        failure="uv kon niet worden geïnstalleerd. Start eerst scripts/test (die maakt .venv).",
    )
    return scratch / "bin" / "uv"


def _environment(scratch: Path) -> dict[str, str]:
    """A lock must not depend on what this machine happens to have lying about."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    return {**kept, "UV_CACHE_DIR": str(scratch / "cache"), "UV_NO_CONFIG": "1"}


def _write_head(target: Path) -> None:
    text = target.read_text(encoding="utf-8")
    text = re.sub(r"\A(#[^\n]*\n)+", "", text)
    head = "# Made by scripts/lock from setup.cfg; change versions there and run it again.\n"
    target.write_text(head + text, encoding="utf-8")


def main() -> int:
    """For scripts/lock."""
    try:
        write_locks(sys.argv[1:])
    except SetupError as error:
        return refuse_kindly(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
