"""Waiting until something is so, with an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 20.0


def until(settled: Callable[[], Any], *, seconds: float = PATIENCE) -> None:
    """Wait until it is settled; fail when that takes longer."""
    deadline = time.monotonic() + seconds
    while not settled():
        assert time.monotonic() < deadline, f"waited {seconds} seconds in vain"
        time.sleep(0.01)
