"""The kept messages in the menu of the demo."""

from __future__ import annotations

from typing import Any

from stopintimidatie.web.navigation import NavItem


def mail_item(request: Any) -> NavItem | None:
    courier = request.registry.courier
    return NavItem("Post (demo)", "/post") if courier.keeps and request.identity.holders else None
