"""There is one clock."""

from __future__ import annotations

import re
from pathlib import Path

import stopintimidatie

PACKAGE = Path(stopintimidatie.__file__).parent
CLOCK = PACKAGE / "core" / "clock.py"
# The demo's day is asked of the machine once, before the clock is set to it.
EXCEPTIONS = {CLOCK, PACKAGE / "demo" / "stories" / "generator.py"}


def test_nothing_but_the_clock_asks_the_machine_for_the_time() -> None:
    asking = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if path not in EXCEPTIONS
        and re.search(r"datetime\.(utc)?now\(|date\.today\(", path.read_text(encoding="utf-8"))
    ]
    assert not asking
