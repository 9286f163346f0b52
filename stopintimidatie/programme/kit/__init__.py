"""The material of a campaign: pictures and words in the look of its municipality."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the pages, and the folder of links that need no account."""
    from stopintimidatie.programme.kit.views import SHARED, SharedFolder

    config.add_tree_root(SHARED, SharedFolder)
    config.add_public_prefix(SHARED)
    config.scan("stopintimidatie.programme.kit.views")
