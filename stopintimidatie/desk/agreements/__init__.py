"""Pages of the national desk about forwarding agreements."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the pages about agreements."""
    config.scan("stopintimidatie.desk.agreements.views")
