"""The search for garbage in a process that runs long: seldom, and not through what stays anyway."""

from __future__ import annotations

import gc
from typing import Final

# Python's own 700 makes a request of some thousands of objects pay for several searches.
THRESHOLDS: Final = (50_000, 20, 50)


def spare_what_stays() -> None:
    """Once the application stands: its modules, views and outlines are never garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
