"""The first items of the menu."""

from __future__ import annotations

from typing import Any

from stopintimidatie.storage import NATIONAL
from stopintimidatie.web.navigation import NavItem


def start_item(request: Any) -> NavItem:
    return NavItem("Start", "/")


def areas_item(request: Any) -> NavItem | None:
    """Only for who works for more than one municipality; others land on their own."""
    municipalities = [holder for holder in request.identity.holders if holder != NATIONAL]
    return NavItem("Gemeenten", "/gemeenten") if len(municipalities) > 1 else None
