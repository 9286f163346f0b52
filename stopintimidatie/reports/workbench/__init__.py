"""The report in hand beside a list: what can be decided with which key, done and undone."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the views of decisions."""
    config.scan("stopintimidatie.reports.workbench.views")
