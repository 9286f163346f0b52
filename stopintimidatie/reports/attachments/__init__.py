"""Files of strangers: made clean, kept, handed on."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the keys of attachments."""
    from stopintimidatie.reports.attachments.services import SEALED

    config.add_sealed(SEALED)
