"""/landelijk, the desk, and the municipalities below it. Its reports lie directly below it."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.tree import Branch, Level, Resource
from stopintimidatie.core.web.request import NavItem
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import SLUG


class Desk(Branch):
    """The national desk, a holder like any municipality, with its own role."""

    kind = "meldpunt"
    label = "Landelijk meldpunt"

    def __init__(self, name: str, parent: Any) -> None:
        super().__init__(name, parent, NATIONAL)


def address_of(municipality: Municipality) -> str:
    """Return the page of a municipality that is joining."""
    return f"/landelijk/aansluiting?gemeente={municipality.slug}"


# /landelijk/zwijndrecht


class DeskMunicipality(Resource):
    """A municipality as the desk sees it: nothing of what lies inside it."""

    kind = "gemeente_bij_meldpunt"

    def __init__(self, name: str, parent: Any, row: Municipality) -> None:
        super().__init__(name, parent, NATIONAL)
        self.municipality = row

    @property
    def title(self) -> str:
        return self.municipality.name


LEVELS: Final = (
    Level(
        kind="gemeente_bij_meldpunt",
        parent=NATIONAL,
        pattern=SLUG,
        entity=Municipality,
        link=lambda row, _, name: row.slug == name,
        factory=DeskMunicipality,
        holder=lambda request, name: NATIONAL,
    ),
)


# Menu: the queue, and who is joining


def agreements_item(request: Any) -> NavItem | None:
    roles = request.identity.roles_for(NATIONAL)
    if not may(roles, Permission.VIEW_DESK):
        return None
    return NavItem("Afspraken", f"/{NATIONAL}/afspraken")


def desk_item(request: Any) -> NavItem | None:
    roles = request.identity.roles_for(NATIONAL)
    return NavItem("Wachtrij", f"/{NATIONAL}") if may(roles, Permission.VIEW_DESK) else None


def onboarding_item(request: Any) -> NavItem | None:
    roles = request.identity.roles_for(NATIONAL)
    if not may(roles, Permission.CONNECT):
        return None
    return NavItem("Aansluitingen", f"/{NATIONAL}/aansluitingen")
