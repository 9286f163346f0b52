"""Figures: what is reported and what was done, inside the house and outside it."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Say that the table holds nobody's data."""
    config.add_impersonal_table("figure_release", "numbers in fives; nothing below five is told")
