"""The national desk's own tree: what has no connected municipality waits here."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.core.storage import NATIONAL
    from stopintimidatie.desk.resources import (
        LEVELS,
        Desk,
        agreements_item,
        desk_item,
        onboarding_item,
    )

    config.add_tree_root(NATIONAL, Desk)
    for level in LEVELS:
        config.add_tree_level(level)
    config.add_impersonal_table("local_policy", "what municipalities publish of themselves")
    config.add_nav_item("landelijk", desk_item, order=19)
    config.add_nav_item("afspraken", agreements_item, order=24)
    config.add_nav_item("aansluitingen", onboarding_item, order=26)
