"""Signing in through a municipality's own identity provider (OpenID Connect)."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the tables of groups."""
    config.add_impersonal_table(
        "group_role", "groups of an organisation, and in office who proposed them"
    )
