"""Nodes of the tree: /gemeenten, a municipality, its neighbourhoods and its settings (beheer).

``add_own_place(config, "patronen", "Patronen", Permission.VIEW_REPORT, order=35)`` gives the menu
an item for whoever has that permission somewhere. It leads to the list of the municipality one is
in; elsewhere to `/patronen`, which goes on to one's only municipality, or lets one choose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType, NoneType
from typing import Any, ClassVar, Final

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.traversal import find_root
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session

from stopintimidatie.core.registry import Directive, named
from stopintimidatie.core.second import Second
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.security.permissions import holders_where
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.storage.tenancy import current_holder, enter
from stopintimidatie.core.tree import Branch, Container, Level, Resource, Root, lineage
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import NavItem
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood

SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Municipalities(Container):
    """/gemeenten: the municipalities one works for."""

    @property
    def title(self) -> str:
        """The step in the breadcrumb; none for who works for one municipality, as in the menu."""
        person = find_root(self).request.identity
        towns = {*person.holders} - {NATIONAL} if person else ()
        return "Gemeenten" if len(towns) > 1 else ""


class OfMunicipality(Resource):
    """Node made from the row of a municipality, its holder."""

    def __init__(self, name: str, parent: Any, row: Municipality) -> None:
        super().__init__(name, parent, row.code)
        self.municipality = row


class MunicipalityResource(OfMunicipality, Branch):
    """/gemeenten/dordrecht."""

    kind = "gemeente"

    @property
    def title(self) -> str:
        """The name of the municipality."""
        return self.municipality.name


class NeighbourhoodResource(Branch):
    """/gemeenten/dordrecht/binnenstad."""

    kind = "wijk"

    def __init__(self, name: str, parent: MunicipalityResource, row: Neighbourhood) -> None:
        super().__init__(name, parent, parent.holder)
        self.neighbourhood = row
        self.municipality = parent.municipality

    @property
    def title(self) -> str:
        """The name of the neighbourhood."""
        return self.neighbourhood.name


class Administration(Resource):
    """…/beheer: what its owner set, in versions; of a municipality, or of the desk for all."""

    kind = "beheer"
    label = "Beheer"


class MunicipalityAdministration(OfMunicipality, Administration):
    """/gemeenten/dordrecht/beheer."""


class NationalAdministration(Administration):
    """/landelijk/beheer: what every municipality gets that set nothing itself."""

    def __init__(self, name: str, parent: Any, row: Holder) -> None:
        super().__init__(name, parent, NATIONAL)


def settings_link(
    name: str, title: str, permission: Permission, template: str
) -> Callable[[Administration, Any], Panel | None]:
    """Return the panel on the page of the settings that leads to a page of the municipality.

    None at the desk, and for who lacks the permission of that page. The template has its address.
    """

    def panel(context: Administration, request: Any) -> Panel | None:
        municipality = context.__parent__
        if context.holder == NATIONAL or not request.has_permission(permission, municipality):
            return None
        return Panel(title, template, {"href": request.resource_path(municipality, name)})

    return panel


DESK: Final = "Landelijk meldpunt"


class HolderBranch(Branch):
    """A node with a fixed name below a municipality or the desk: the `owner` of what is there."""

    def __init__(self, name: str, parent: Any, row: Municipality | Holder) -> None:
        super().__init__(name, parent, row.code)
        self.owner = row.name if isinstance(row, Municipality) else DESK


def holder_levels(factory: type[Resource], desk: type[Resource] | None = None) -> Iterator[Level]:
    """Yield the levels of nodes without a row of their own, named as their kind.

    Args:
        factory: makes the node below a municipality.
        desk: makes that below the desk; None: it has none.
    """
    kind = factory.kind
    pattern = re.compile(kind)
    yield Level(
        kind=kind,
        parent="gemeente",
        pattern=pattern,
        entity=Municipality,
        link=lambda row, parent, name: row.code == parent.code,
        factory=factory,
        fixed=True,
    )
    if desk is not None:
        yield Level(
            kind=f"{kind}_meldpunt",
            parent=NATIONAL,
            pattern=pattern,
            entity=Holder,
            link=lambda row, _, name: row.code == NATIONAL,
            factory=desk,
            holder=NATIONAL,
            fixed=True,
        )


class RowResource(Resource):
    """A row of a holder below such a node, named by its reference or number."""

    def __init__(self, name: str, parent: Any, row: Any) -> None:
        super().__init__(name, parent, row.holder)
        self.row = row
        self.document_id = row.id
        self.owner = parent.owner

    @property
    def title(self) -> str:
        """The name in the trail."""
        return str(self.__name__)


def row_levels(
    factory: type[RowResource], parent: str, pattern: re.Pattern[str], entity: Any
) -> Iterator[Level]:
    """Yield the levels of rows below such a node, at a municipality and at the desk."""

    def link(row: Any, parent: Any, name: Any) -> ColumnElement[bool]:
        named = row.reference if hasattr(row, "reference") else row.number
        return and_(row.holder == parent.code, named == name)

    for suffix in ("", "_meldpunt"):
        above, kind = f"{parent}{suffix}", f"{factory.kind}{suffix}"
        yield Level(kind, above, pattern, entity, link, factory)


LEVELS: Final = (
    Level(
        kind="gemeente",
        parent="gemeenten",
        pattern=SLUG,
        entity=Municipality,
        link=lambda row, _, name: row.slug == name,
        factory=MunicipalityResource,
    ),
    *holder_levels(MunicipalityAdministration, NationalAdministration),
    Level(
        kind="wijk",
        parent="gemeente",
        pattern=SLUG,
        entity=Neighbourhood,
        link=lambda row, parent, name: and_(row.municipality_code == parent.code, row.slug == name),
        factory=NeighbourhoodResource,
    ),
)


# Lists of a holder

PLACES: Final = frozenset({"gemeente", "meldpunt"})


@dataclass(frozen=True)
class OwnPlace:
    """Page at `{holder}/{name}`, and who may go there."""

    name: str
    label: str
    permission: Permission
    # The desk has one too.
    desk: bool = False
    # (holder, identity) -> what waits there for the answer of this person; None: nothing ever
    # does. It holds no value of a person or moment but by parameters (`Reader`, `NOW`).
    waiting: Callable[[str, Any], Select[Any] | None] | None = None
    # For answering, one of these; none: seeing the page is enough. For others nothing waits.
    answers: Permission | frozenset[Permission] | None = None

    @property
    def shared(self) -> bool:
        """True where the list of all that waits for a second person counts the same."""
        return isinstance(getattr(self.waiting, "__self__", None), Second)

    def holders(self, request: Any) -> list[str]:
        """Return the holders for which this person may see the page."""
        holders = holders_where(request.identity, self.permission)
        return [holder for holder in holders if self.desk or holder != NATIONAL]

    def item(self, request: Any) -> NavItem | None:
        """Return the item of the menu, or None for who may see the page nowhere.

        On the pages of a municipality it leads to its own page, if the person may see that; so it
        does on a page that says where one works (`works_at`).
        """
        holders, item = self.holders(request), partial(NavItem, self.label, shared=self.shared)
        for node in lineage(getattr(request, "context", None)):
            if getattr(node, "kind", "") in PLACES and node.holder in holders:
                address = request.resource_path(node, self.name)
                return item(address, count=self._count(request, node.holder))
        holder, home = request.works_at or (None, "")
        if holder in holders:
            return item(f"{home}/{self.name}", count=self._count(request, holder))
        if holders == [NATIONAL]:
            return item(f"/{NATIONAL}/{self.name}")
        count = self._count(request, holders[0]) if len(holders) == 1 else None
        if len(holders) > 1:
            count = sum(self.counted(request, holder) for holder in holders) or None
        return item(f"/{self.name}", count=count) if holders else None

    def _count(self, request: Any, holder: str) -> int | None:
        if self.waiting is None or not self.is_answered_by(request, holder):
            return None
        if not _can_count(request, holder):
            return None
        if holder not in request.waiting:
            count_with_menu(request, holder)
        return request.waiting[holder].get(self.name) or None

    def counted(self, request: Any, holder: str) -> int:
        """Return how many wait at a holder for this person, as far as that was counted."""
        if self.waiting is None or not self.is_answered_by(request, holder):
            return 0
        number: int = request.waiting.get(holder, {}).get(self.name, 0)
        return number

    def is_answered_by(self, request: Any, holder: str) -> bool:
        """Tell whether something here can wait for this person."""
        asked = self.answers or self.permission
        either = {asked} if isinstance(asked, Permission) else asked
        return any(holder in holders_where(request.identity, answer) for answer in either)

    def add_page(self, config: Any, name: str) -> None:
        """Register `/{name}`, which leads on to the page of a holder."""
        config.add_view(
            self.view,
            context=Root,
            name=name,
            request_method="GET",
            permission=Permission.SIGNED_IN,
            renderer="stopintimidatie.municipalities.areas:templates/own_places.jinja2",
        )

    def view(self, context: Root, request: Any) -> Any:
        """Go to the page of the only holder, or show the pages to choose from."""
        holders = self.holders(request)
        rows = request.db.scalars(
            select(Municipality).where(Municipality.code.in_(holders)).order_by(Municipality.name)
        ).all()
        places = {f"/{NATIONAL}/{self.name}": DESK} if NATIONAL in holders else {}
        places |= {f"/gemeenten/{row.slug}/{self.name}": row.name for row in rows}
        if not places:
            raise HTTPNotFound()
        if len(places) == 1:
            return HTTPSeeOther(next(iter(places)))
        return {"label": self.label, "places": places}


# Every list of a holder that stands in the menu.
OWN_PLACES: Final = Directive[str, OwnPlace]("add_place", "own_places", named)
MOST_COUNTED: Final = 99
# The most places that the start page counts for.
MOST_PLACES: Final = 10


def count_with_menu(
    request: Any,
    holder: str,
    counts: Mapping[str, ColumnElement[Any]] = MappingProxyType({}),
    values: Mapping[str, Any] = MappingProxyType({}),
    session: Session | None = None,
) -> dict[str, int]:
    """Count for a page of this holder, in the one statement that counts for its menu as well.

    What waits in each list of the menu is counted up to a hundred, and kept for the layout.

    `values`: of the parameters of `counts` that are made once; the statement is kept by those.
    `session`: another than that of the request.
    """
    identity = request.identity
    reader = Reader(identity.roles_for(holder), holder == NATIONAL)
    lists = tuple(
        place.name
        for place in OWN_PLACES.of(request.registry).values()
        if place.waiting is not None and place.is_answered_by(request, holder)
    )
    if not lists and not counts:
        request.waiting[holder] = {}
        return {}
    statement = request.registry.menu_of(reader, lists, tuple(counts.values()) if values else ())
    if counts and not values:
        statement = statement.add_columns(*counts.values())
    own = {name: getattr(identity, name) for name in ("user_id", "person", "username")}
    session = session or request.db
    # Not after a flush: a refused form may have left changes that can't be written.
    with session.no_autoflush:
        row = session.execute(statement, {"holder": holder, **own, **values}).one()
    request.waiting[holder] = dict(zip(lists, row, strict=False))
    return dict(zip(counts, row[len(lists) :], strict=True))


def count_places(request: Any) -> dict[str, int]:
    """Count what waits for this person at each holder, and keep it for the menu as well.

    Every holder is read in a transaction of its own. Of somebody with very many, nothing is
    counted: their menu then refers to this page.
    """
    holders = request.identity.holders
    if len(holders) > MOST_PLACES:
        return {}
    for holder in holders:
        with transaction(request.registry.engine, holder, write=False) as session:
            count_with_menu(request, holder, session=session)
    places = OWN_PLACES.of(request.registry).values()
    return {
        holder: sum(
            place.counted(request, holder)
            for place in places
            if holder in place.holders(request) and not place.shared
        )
        for holder in holders
    }


@dataclass(frozen=True)
class Reader:
    """Stand for the identity of everybody with these roles, in a statement that is made once.

    The values that are a person's own are given when it runs.
    """

    roles: frozenset[Role]
    national: bool
    user_id: ClassVar[Any] = bindparam("user_id", type_=Uuid())
    person: ClassVar[Any] = bindparam("person", type_=String())
    username: ClassVar[Any] = bindparam("username", type_=String())

    @property
    def holder(self) -> Any:
        """Return the holder for which they have the roles."""
        return NATIONAL if self.national else bindparam("holder", type_=String())

    def roles_for(self, holder: Any) -> frozenset[Role]:
        """Return the roles for that holder."""
        return self.roles


def menu_of(
    registry: Any, reader: Reader, lists: Sequence[str], counts: Sequence[ColumnElement[Any]] = ()
) -> Select[Any]:
    """Make the statement that counts what waits in these lists, with the counts of a page.

    To make it costs as much as the rest of a page: `registry.menu_of` keeps it for its roles.
    """
    numbers: list[Any] = []
    for name in lists:
        waiting: Any = OWN_PLACES.of(registry)[name].waiting
        rows = waiting(reader.holder, reader)
        if rows is None:
            numbers.append(literal(0))
            continue
        some = rows.with_only_columns(rows.selected_columns.id, maintain_column_froms=True)
        some = some.order_by(None).limit(MOST_COUNTED + 1).subquery()
        numbers.append(select(func.count()).select_from(some).scalar_subquery())
    return select(*numbers, *counts)


def _can_count(request: Any, holder: str) -> bool:
    """Have the transaction work for this holder, if it is sound and works for no other."""
    # After other errors the transaction may be lost.
    sound = isinstance(getattr(request, "exception", None), (HTTPNotFound, HTTPForbidden, NoneType))
    if not sound or current_holder(request.db) not in (None, holder):
        return False
    enter(request.db, holder)
    return True


def add_own_place(
    config: Any, name: str, label: str, permission: Permission, *, order: int, **more: Any
) -> None:
    """Add a menu item and its page; `more` are other fields of `OwnPlace`."""
    place = OwnPlace(name, label, permission, **more)
    config.add_place(place)
    config.add_nav_item(name, place.item, order=order)
    place.add_page(config, name)
