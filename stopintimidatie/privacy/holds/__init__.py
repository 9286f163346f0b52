"""Holds: documents that may not be destroyed for now, each with its reason and review date."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the personal data and pages of holds."""
    from stopintimidatie.privacy.holds.services import PERSONAL_DATA, RETENTION

    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
