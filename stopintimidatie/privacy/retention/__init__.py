"""Terms of a holder's documents: proposed and approved in versions, and what they will do."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the tables, the tree, the menu item, the pages and the check of the terms."""
    from stopintimidatie.core.second import Second
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.privacy.retention.models import RetentionSchedule
    from stopintimidatie.privacy.retention.queries import TERMS, terms_check, waiting_for
    from stopintimidatie.privacy.retention.views import LEVELS, NAME

    config.add_impersonal_table("retention_schedule", "terms, and in office who set them")
    config.add_impersonal_table(
        "retention_extension", "references and dates, and in office who advised and decided"
    )
    config.add_second(
        Second(
            "bewaartermijnen",
            "Bewaartermijnen goedkeuren",
            RetentionSchedule,
            Permission.APPROVE_TERMS,
            lambda row: f"/{NAME}/beslissen?nr={row.key}",
            own_path=lambda row: f"/{NAME}",
            key=RetentionSchedule.number,
        )
    )
    for level in LEVELS:
        config.add_tree_level(level)
    add_own_place(
        config,
        NAME,
        "Bewaartermijnen",
        Permission.VIEW_RETENTION,
        order=75,
        desk=True,
        waiting=waiting_for,
        answers=Permission.APPROVE_TERMS,
    )
    config.add_health_check("bewaartermijnen", TERMS, terms_check)
    config.scan("stopintimidatie.privacy.retention.views")
