"""Police data: a compartment of its own, for the persons named for it."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the personal data of the compartment."""
    from stopintimidatie.privacy.police.personal import PERSONAL_DATA, RETENTION

    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
