"""How far each municipality takes part, how it looks, and what it answers a reporter."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.municipalities.resources import LEVELS, Municipalities

    config.add_impersonal_table("municipality_profile", "level, look and words, all public")
    config.add_tree_root("gemeenten", Municipalities)
    for level in LEVELS:
        config.add_tree_level(level)
