"""Practices: what municipalities share with each other, looked at by the desk."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Say that the table holds nobody's data."""
    import stopintimidatie.programme.knowledge.models

    config.add_impersonal_table("shared_practice", "in office: who proposed and who placed it")
