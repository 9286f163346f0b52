"""Consultations with partners: planned, tabled with a frozen document, agreed."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.dossiers.consultations.snapshot import VAULT

    config.add_sealed(VAULT.sealed)
    config.scan("stopintimidatie.dossiers.consultations.views")
