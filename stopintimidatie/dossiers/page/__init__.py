"""The page of a dossier, which draws all its parts, and the personal data of the whole."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the holders of personal data, and the views."""
    from stopintimidatie.dossiers.page.personal import PERSONAL_DATA, RETENTION, TABLED

    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_personal_data_holder(TABLED)
    for kind in RETENTION:
        config.add_retention_class(kind)
    config.scan("stopintimidatie.dossiers.page.views")
