"""Pages of the national desk about forwarding agreements, and the town register."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the pages about agreements and the town register."""
    from stopintimidatie.desk.agreements.register import register_panel

    config.add_panel("gemeente_bij_meldpunt", "nummers", register_panel, order=20)
    config.scan("stopintimidatie.desk.agreements.register")
    config.scan("stopintimidatie.desk.agreements.views")
