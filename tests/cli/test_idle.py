"""Tests that web and worker cost next to nothing while nobody asks them anything."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench.idle import idle, megabytes, running, wait_until_quiet
from tests.support.installation import Variant

# A worker without work took 45 to 90; it takes 1 now, and the machine may be busy.
MOST_MILLISECONDS = 15
MOST_MEGABYTES = 80
ASK = """
import sys
import stopintimidatie.cli
print(*(name for name in sys.modules if name.startswith(("sqlalchemy", "stopintimidatie"))))
"""


def test_the_main_process_of_the_web_server_reads_nothing_of_the_application() -> None:
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    rooms = {name.removeprefix("stopintimidatie").strip(".") for name in done.stdout.split()}
    light = {"settings", "rooms", "core", "core.clock", "core.text", "core.telemetry"}
    assert rooms <= {"", "cli", "cli.server", "cli.words", *light}


@pytest.mark.alles
@pytest.mark.both_databases
def test_web_and_worker_without_work_take_next_to_no_processor(variant: Variant) -> None:
    installation = variant(worker_poll_milliseconds=100)
    with running(installation) as (_, processes):
        wait_until_quiet(installation)
        cost = idle(processes, 10)
        assert sum(cost.values()) <= MOST_MILLISECONDS, cost
        assert megabytes(processes["hoofd"]) <= MOST_MEGABYTES
