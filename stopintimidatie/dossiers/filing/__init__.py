"""Reports into a dossier and out of it, and the address that they then have."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the way back of a report that was put in a dossier, and the views."""
    from stopintimidatie.dossiers.filing.services import undo_filing, undo_move
    from stopintimidatie.reports.workflow import TO_NEIGHBOURHOOD

    config.add_undo("dossier.toevoegen", undo_filing)
    config.add_undo(TO_NEIGHBOURHOOD, undo_move)
    config.scan("stopintimidatie.dossiers.filing.views")
