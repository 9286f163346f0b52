"""A list that each holder has: in the menu, and at an address of no holder for who is nowhere.

``add_own_place(config, "patronen", "Patronen", Permission.VIEW_REPORT, order=35)`` gives the menu
an item for whoever has that permission somewhere. It leads to the list of the municipality one is
in; elsewhere to `/patronen`, which goes on to one's only municipality, or lets one choose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.register.models import Municipality
from stopintimidatie.security import Permission
from stopintimidatie.security.permissions import holders_where
from stopintimidatie.storage import NATIONAL
from stopintimidatie.tree import Root, lineage
from stopintimidatie.web.components import ListItem
from stopintimidatie.web.navigation import NavItem

DESK: Final = "Landelijk meldpunt"
PLACES: Final = frozenset({"gemeente", "meldpunt"})


@dataclass(frozen=True)
class OwnPlace:
    """What is at `{holder}/{name}`, and who may go there.

    :ivar desk: the desk has one too.
    :ivar waiting: (session, holder) -> how many wait there for somebody's answer.
    """

    name: str
    label: str
    permission: Permission
    desk: bool = False
    waiting: Callable[[Session, str], int] | None = None

    def holders(self, request: Any) -> list[str]:
        """Where this person may see it."""
        found = holders_where(request.identity, self.permission)
        return [holder for holder in found if self.desk or holder != NATIONAL]

    def item(self, request: Any) -> NavItem | None:
        """The menu's item; on the pages of a municipality it leads there, if one may."""
        holders = self.holders(request)
        for node in lineage(getattr(request, "context", None)):
            if getattr(node, "kind", "") in PLACES and node.holder in holders:
                address = request.resource_path(node, self.name)
                return NavItem(self.label, address, count=self._count(request, node.holder))
        if holders == [NATIONAL]:
            return NavItem(self.label, f"/{NATIONAL}/{self.name}")
        return NavItem(self.label, f"/{self.name}") if holders else None

    def _count(self, request: Any, holder: str) -> int | None:
        # An error page has no sound transaction to count in.
        if self.waiting is None or getattr(request, "exception", None) is not None:
            return None
        return self.waiting(request.db, holder) or None

    def view(self, context: Root, request: Any) -> Any:
        """To the only place there is; with several, choose."""
        holders = self.holders(request)
        rows = request.db.scalars(
            select(Municipality).where(Municipality.code.in_(holders)).order_by(Municipality.name)
        ).all()
        places = [ListItem(row.name, f"/gemeenten/{row.slug}/{self.name}") for row in rows]
        if NATIONAL in holders:
            places.insert(0, ListItem(DESK, f"/{NATIONAL}/{self.name}"))
        if not places:
            raise HTTPNotFound()
        if len(places) == 1:
            return HTTPSeeOther(places[0].href)
        return {"label": self.label, "places": places}


def add_own_place(
    config: Any, name: str, label: str, permission: Permission, *, order: int, **more: Any
) -> None:
    """Add a menu item and its page. `more` is what else :class:`OwnPlace` may be told."""
    place = OwnPlace(name, label, permission, **more)
    config.add_nav_item(name, place.item, order=order)
    config.add_view(
        place.view,
        context=Root,
        name=name,
        request_method="GET",
        permission=Permission.SIGNED_IN,
        renderer="stopintimidatie.web:templates/own_places.jinja2",
    )
