"""Breaches of personal data: the register, with the clock of 72 hours."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the personal data of the register of breaches."""
    from stopintimidatie.privacy.breaches.personal import PERSONAL_DATA, RETENTION

    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
