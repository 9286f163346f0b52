"""Terms of a municipality's documents: proposed and approved in versions."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the tables of the terms."""
    config.add_impersonal_table("retention_schedule", "terms, and in office who set them")
