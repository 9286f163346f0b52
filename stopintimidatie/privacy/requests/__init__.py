"""Requests of data subjects: cases with a clock, letters, and what follows from them."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the personal data of requests."""
    from stopintimidatie.privacy.requests.personal import PERSONAL_DATA, RETENTION

    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
