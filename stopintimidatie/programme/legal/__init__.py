"""Legal documents: DPIA, annexes, covenant and decisions, filled in from live declarations."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the tree and the pages of the legal documents."""
    from stopintimidatie.programme.legal.views import LEVELS

    for level in LEVELS:
        config.add_tree_level(level)
    config.scan("stopintimidatie.programme.legal.views")
