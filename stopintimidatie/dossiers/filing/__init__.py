"""Reports into a dossier and out of it, and the address that they then have."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the views."""
    config.scan("stopintimidatie.dossiers.filing.views")
