"""Pytest plugin that writes down which tests failed, for `scripts/test` to run once more.

`SI_FAILURES` names the file. It has a line for each test: its id, after `!` if it may never be run
again: a test marked `judged_once` (crashes, concurrency, walls, rights), a file that couldn't be
collected, or a test during which a process of the run died.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "SI_FAILURES"
JUDGED_ONCE = "judged_once"
NEVER_AGAIN = "!"


class Failures:
    """The ids of the failed tests, as the main process of the run gets them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a test failed, or its set-up or tear-down."""
        if report.failed:
            again = report.keywords and JUDGED_ONCE not in report.keywords
            self.lines[f"{'' if again else NEVER_AGAIN}{report.nodeid}"] = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note that a test file couldn't be collected."""
        if report.failed:
            self.lines[f"{NEVER_AGAIN}{report.nodeid}"] = None

    def pytest_sessionfinish(self) -> None:
        """Write the ids to the file, one a line."""
        self.path.write_text("".join(f"{line}\n" for line in self.lines), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin in the main process only."""
    path = os.environ.get(VARIABLE)
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Failures(Path(path)))
