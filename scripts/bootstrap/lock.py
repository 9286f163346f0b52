"""Writes requirements/*.txt from setup.cfg: every package pinned, every file by its hash.

One lock for Python 3.11 to 3.13 on every Linux machine; where they differ, a marker tells them
apart. No address of a registry is written down: uv uses the one that pip is set up with.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Sequence

from .common import ROOT, run_quietly, say
from .environment import LOCKS as FOLDER
from .environment import environment, fetched, uv_settings

OLDEST_PYTHON = "3.11"
HEAD = "# Made by scripts/lock from setup.cfg; change versions there and run it again.\n"
# File name to the lists in setup.cfg that go into it.
LOCKS = {
    "runtime": ("install_requires",),
    "test": ("install_requires", "test"),
    "node": ("node",),
    "audit": ("audit",),
    "lock": ("lock",),
}
FLAGS = (
    *("--universal", "--generate-hashes", "--python-version", OLDEST_PYTHON, "--no-header"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--quiet"),
)


def requirements(names: Sequence[str]) -> str:
    """Return the named lists of setup.cfg, one requirement a line."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    lists = {**config["options"], **config["options.extras_require"]}
    return "\n".join(lists[name].strip() for name in names) + "\n"


def write_locks(arguments: Sequence[str]) -> None:
    """Write all locks; what is pinned stays unless `--upgrade` is among the arguments."""
    with fetched("lock") as scratch:
        # A lock must not depend on what this machine happens to have lying about.
        own = {"UV_CACHE_DIR": str(scratch / "cache"), "UV_NO_CONFIG": "1"}
        env = {**environment(), **uv_settings(), **own}
        uv_compile = (str(scratch / "bin" / "uv"), "pip", "compile")
        for name, lists in LOCKS.items():
            say(f"requirements/{name}.txt…")
            target = FOLDER / f"{name}.txt"
            # The runtime's versions hold for the tests as well: they must test what runs.
            agreed = ["-c", str(FOLDER / "runtime.txt")] if name == "test" else []
            source = scratch / f"{name}.in"
            source.write_text(requirements(lists), encoding="utf-8")
            run_quietly(
                [*uv_compile, str(source), "-o", str(target), *FLAGS, *agreed, *arguments],
                failure="De versies in setup.cfg gaan niet samen.",
                env=env,
            )
            text = target.read_text(encoding="utf-8")
            target.write_text(HEAD + re.sub(r"\A(#[^\n]*\n)+", "", text), encoding="utf-8")
