"""Campaigns of a municipality: a code in the address of `/melden` that tells where it was read."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Say that the table holds nobody's data."""
    config.add_impersonal_table("campaign", "what a municipality does itself; names nobody")
