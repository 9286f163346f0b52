"""Which release this is: version, commit when that is known, and the migration it wants."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Final

from stopintimidatie.storage.migrations import newest_version

# As setup.cfg says; a test compares the two.
VERSION: Final = "0.1.0"
PACKAGE: Final = Path(__file__).parent.parent
# A build without a repository around it (an image, a package) writes the commit here.
COMMIT_FILE: Final = PACKAGE / "COMMIT"
COMMIT_LENGTH: Final = 40


@lru_cache(maxsize=1)
def commit() -> str | None:
    """The commit this runs from: of the build, else of the clone around it, else unknown."""
    try:
        return _checked(COMMIT_FILE.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):
        return _of_clone()


def _of_clone() -> str | None:
    if not (PACKAGE.parent / ".git").exists():
        return None
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 - wherever the machine has it
            cwd=PACKAGE,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return _checked(asked.stdout)


def _checked(text: str) -> str | None:
    found = text.strip().lower()
    good = len(found) == COMMIT_LENGTH and not set(found) - set("0123456789abcdef")
    return found if good else None


def version_of(migrations: Path) -> dict[str, str | None]:
    """As `/version` answers."""
    return {
        "versie": VERSION,
        "commit": commit(),
        "migratie": newest_version(migrations),
    }
