"""Front page for strangers, and `/programma`: what the programme hands to a municipality."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add the node of the files, and say that both addresses are public."""
    from stopintimidatie.programme.front import views

    config.add_public_prefix("", "Stop Intimidatie")
    config.add_public_prefix(views.NAME)
    config.add_tree_root(views.NAME, views.Programme)
    config.scan("stopintimidatie.programme.front.views")
