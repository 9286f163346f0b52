"""Pytest plugin: write down which tests failed, for `scripts/test` to try once more.

`SI_FAILURES` names the file. One line a test: its id, with `!` before what may never be tried
again: tests marked `judged_once` (crashes, concurrency, walls, rights), files that couldn't be
collected, and tests during which a process of the run died.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "SI_FAILURES"
JUDGED_ONCE = "judged_once"
NEVER_AGAIN = "!"


class Failures:
    """The ids of the tests that failed, as the process that leads the run hears of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a failure of a test, of what it stands on, or of tidying up after it."""
        if report.failed:
            again = report.keywords and JUDGED_ONCE not in report.keywords
            self.lines[f"{'' if again else NEVER_AGAIN}{report.nodeid}"] = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep a file that couldn't be read."""
        if report.failed:
            self.lines[f"{NEVER_AGAIN}{report.nodeid}"] = None

    def pytest_sessionfinish(self) -> None:
        """Write the ids, one a line."""
        self.path.write_text("".join(f"{line}\n" for line in self.lines), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Only the process that leads the run writes."""
    path = os.environ.get(VARIABLE)
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Failures(Path(path)))
