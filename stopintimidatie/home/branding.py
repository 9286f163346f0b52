"""Whose look a page has: the municipality of its address, else the one the person works for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stopintimidatie.municipalities.reading import published_for
from stopintimidatie.register.models import Municipality
from stopintimidatie.register.practice import BANNER, is_practice
from stopintimidatie.storage import NATIONAL
from stopintimidatie.tree import lineage
from stopintimidatie.web.theme import DEFAULT_COLOUR, Branding


def branding_of(request: Any) -> Branding | None:
    """The branding for this request, or None for the national one."""
    code = _municipality_of(request)
    if code is None:
        return None
    name = request.db.scalar(select(Municipality.name).where(Municipality.code == code))
    if name is None:
        return None
    published = published_for(request.db, code)
    logo = f"/api/v1/gemeenten/{code}/logo" if published.logo else None
    banner = BANNER if is_practice(code) else ""
    return Branding(f"Gemeente {name}", published.colour or DEFAULT_COLOUR, logo, "/", banner)


def _municipality_of(request: Any) -> str | None:
    if request.identity is None:
        return None
    for node in lineage(getattr(request, "context", None)):
        holder = getattr(node, "holder", "")
        if holder and holder in request.identity.holders:
            return None if holder == NATIONAL else str(holder)
    own = request.identity.holders
    return own[0] if len(own) == 1 and own[0] != NATIONAL else None
