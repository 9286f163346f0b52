"""Before and after of a measure or a campaign, beside the rest of the town."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the page."""
    config.scan("stopintimidatie.statistics.effect.views")
