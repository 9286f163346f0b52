"""Nodes of the tree: /landelijk (the desk) and the municipalities below it.

The desk's own reports lie directly below it, as in a municipality.
"""

from __future__ import annotations

from collections.abc import Callable
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


def address_of(municipality: Municipality, page: str = "aansluiting") -> str:
    """Return the address of a page of the desk about a municipality that joins."""
    return f"/landelijk/{page}?gemeente={municipality.slug}"


class DeskMunicipality(Resource):
    """/landelijk/zwijndrecht: a municipality as the desk sees it, without its documents."""

    kind = "gemeente_bij_meldpunt"

    def __init__(self, name: str, parent: Any, row: Municipality) -> None:
        super().__init__(name, parent, NATIONAL)
        self.municipality = row

    @property
    def title(self) -> str:
        """The name of the municipality."""
        return self.municipality.name


LEVELS: Final = (
    Level(
        kind="gemeente_bij_meldpunt",
        parent=NATIONAL,
        pattern=SLUG,
        entity=Municipality,
        link=lambda row, _, name: row.slug == name,
        factory=DeskMunicipality,
        holder=NATIONAL,
    ),
)


def menu_item(label: str, path: str, permission: Permission) -> Callable[[Any], NavItem | None]:
    """Return the menu item of a page of the desk, for who has this permission there."""

    def item(request: Any) -> NavItem | None:
        allowed = may(request.identity.roles_for(NATIONAL), permission)
        return NavItem(label, path) if allowed else None

    return item
