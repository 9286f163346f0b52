"""Free text looked at by a person, who marks what must go."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register what this room hands to the others."""
    from stopintimidatie.exports.review.services import PERSONAL_DATA
    from stopintimidatie.exports.review.views import report_panel

    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_panel("melding", "tekst", report_panel, order=60)
    config.scan("stopintimidatie.exports.review.views")
