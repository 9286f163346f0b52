"""Consultations with partners: planned, tabled with a frozen document, agreed."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the keys of what was tabled, and the views."""
    from stopintimidatie.dossiers.consultations.snapshot import VAULT

    config.add_sealed(VAULT.sealed)
    config.scan("stopintimidatie.dossiers.consultations.views")
