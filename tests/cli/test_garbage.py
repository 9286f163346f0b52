"""A long-running process doesn't search for garbage in its own application."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = """
import gc
from stopintimidatie.cli.gateway import THRESHOLDS, spare_what_stays
loop = []; loop.append(loop); del loop
spare_what_stays()
assert gc.get_threshold() == THRESHOLDS
print(gc.get_freeze_count(), gc.get_count()[0])
"""


@pytest.mark.alles
def test_what_stands_is_out_of_the_search_and_what_is_new_is_not() -> None:
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    frozen, counted = map(int, done.stdout.split())
    assert frozen > 5_000
    assert counted < 500
