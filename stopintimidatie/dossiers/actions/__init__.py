"""Actions in a dossier: steps, notes, agreements, measures and their effect, files."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the keys of attachments, and the views."""
    from stopintimidatie.dossiers.actions.services import SEALED

    config.add_sealed(SEALED)
    config.scan("stopintimidatie.dossiers.actions.views")
