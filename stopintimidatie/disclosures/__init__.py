"""The disclosure register: what of whom did whom get, when, why, until when. Append-only."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.disclosures.menu import disclosures_item
    from stopintimidatie.disclosures.resources import LEVELS

    for level in LEVELS:
        config.add_tree_level(level)
    config.add_impersonal_table(
        "disclosure", "ids, hashes and grounds; append-only, with a term of its own"
    )
    config.add_impersonal_table("disclosure_subject", "ids and categories; append-only")
    config.add_nav_item("verstrekkingen", disclosures_item, order=70)
    config.scan("stopintimidatie.disclosures.views")
