"""Choose what the machine needs for the tests that were asked for: less than for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from . import system
from .common import ROOT

# Needs of some tests alone, each by a text that stands in the files that use it.
USED = {
    "git": '"git"',
    "openssl": '"openssl"',
    "reuse": '"reuse"',
    "clamav-daemon": r"\bclamd\b",
    "nginx-light": r"\bproxy_before\b",
    "chromium-headless-shell": r"\bsync_playwright\b",
    "default-jdk-headless": r"\bjavac\b",
    "libjaxb-java": r"\bjavac\b",
    "libreoffice-writer-nogui": r"\bsoffice\b",
    "libreoffice-impress-nogui": r"\bsoffice\b",
}
NODE = r"\brunning_node\b|\bnode_modules\b"
MODULE = re.compile(r"^\s*(?:from|import) (tests(?:\.\w+)+)(?: import ([\w, ]+))?", re.M)


def needs_of(arguments: Sequence[str]) -> tuple[list[system.Need], bool]:
    """Return the packages of the machine, and whether npm's for tests are needed.

    All of them when no argument is a path.
    """
    named = [ROOT / argument.partition("::")[0] for argument in arguments]
    texts = list(_texts(path for path in named if path.exists() and path != ROOT))
    if not texts:
        return [*system.TO_TEST, *(system.TO_CONVERT if "alles" in arguments else ())], True
    whole = "\n".join(texts)
    needs = [
        need
        for need in (*system.TO_TEST, *system.TO_CONVERT)
        if need.package not in USED or re.search(USED[need.package], whole)
    ]
    return needs, bool(re.search(NODE, whole))


def _texts(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the text of test files, of the conftest beside them, and of all that they import."""
    rest = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*.py"))]
    # The conftest of all tests brings fixtures: who uses one names it.
    rest += [file.parent / "conftest.py" for file in rest if file.parent != ROOT / "tests"]
    seen: set[Path] = set()
    while rest:
        file = rest.pop()
        if file in seen or not file.is_file():
            continue
        seen.add(file)
        text = file.read_text(encoding="utf-8", errors="ignore")
        yield text
        for module, names in MODULE.findall(text):
            place = ROOT / module.replace(".", "/")
            rest += [place.with_suffix(".py"), place / "__init__.py"]
            rest += [place / f"{name.strip()}.py" for name in names.split(",") if names]
