"""Accounting for personal data: the register of processing, and each year in numbers."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the tree and the pages of the register and of the yearly account."""
    from stopintimidatie.privacy.processing.views import LEVELS

    for level in LEVELS:
        config.add_tree_level(level)
    config.scan("stopintimidatie.privacy.processing.views")
