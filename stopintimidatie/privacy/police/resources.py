"""The node /gemeenten/dordrecht/politiegegevens, and queries of what a named person may read.

For everybody else nothing here is there: each page answers 404, and nothing of it is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Select, false, not_, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.hands import hands_of
from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.second import is_second
from stopintimidatie.core.security import Identity, Permission, Role
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.storage.models import day_in
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.resources import dossier_path, visible_to
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.municipalities.areas.resources import HolderBranch, holder_levels
from stopintimidatie.privacy.log.resources import home_of
from stopintimidatie.privacy.police.models import PoliceItem
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import normalise_reference
from stopintimidatie.reports.services import paths_of_reports

NAME: Final = "politiegegevens"
ITEM: Final = "stuk"
OWN_MARK: Final = "U markeerde dit. Een tweede persoon bevestigt het, of zet het terug."
# An item asks for a decision from this long before its review day.
NEAR: Final = timedelta(days=14)


class PoliceList(HolderBranch):
    """/gemeenten/dordrecht/politiegegevens."""

    kind = NAME
    label = "Politiegegevens"


LEVELS: Final = tuple(holder_levels(PoliceList))


def list_address(context: Any, request: Any) -> str:
    """Return the address of the list of the municipality that a document belongs to."""
    return f"{home_of(context, request)}/{NAME}"


def readable(roles: Iterable[Role]) -> ColumnElement[bool]:
    """Return the condition of items that a named person with these roles may read.

    What is about a person-directed dossier is for those alone who may see that dossier as well.
    """
    held = set(roles)
    if not may(held, Permission.POLICE_DATA):
        return false()
    strict = select(Dossier.id).where(~visible_to(held))
    return or_(PoliceItem.document_id.is_(None), PoliceItem.document_id.not_in(strict))


def named_persons(session: Session, holder: str) -> Mapping[UUID, frozenset[Role]]:
    """Return who is named for police data at a holder, with all roles there."""
    rows = session.execute(
        select(RoleAssignment.user_id, RoleAssignment.role)
        .join(User, User.id == RoleAssignment.user_id)
        .where(
            RoleAssignment.holder == holder, RoleAssignment.counting(), User.blocked_at.is_(None)
        )
        .order_by(RoleAssignment.user_id)
    )
    roles: dict[UUID, set[Role]] = defaultdict(set)
    for person, role in rows:
        roles[person].add(Role(role))
    return {
        person: frozenset(held)
        for person, held in roles.items()
        if may(held, Permission.POLICE_DATA)
    }


def judges_of(session: Session, item: PoliceItem) -> list[UUID]:
    """Return who is named for police data, may read a marked item, and is another hand."""
    hands = hands_of(session, item.proposed_by_id)
    return [
        person
        for person, roles in named_persons(session, item.holder).items()
        if str(person) not in hands
        and session.scalar(select(PoliceItem.id).where(PoliceItem.id == item.id, readable(roles)))
    ]


def waiting_marks(session: Session, holder: str) -> list[tuple[PoliceItem, list[UUID]]]:
    """Return the marked items that wait, the oldest first, each with who may confirm it."""
    mine = select(PoliceItem).where(PoliceItem.holder == holder, PoliceItem.waiting())
    items = session.scalars(mine.order_by(PoliceItem.made_at)).all()
    return [(item, judges_of(session, item)) for item in items]


def open_marks(session: Session, holder: str, identity: Identity) -> list[PoliceItem]:
    """Return the marked items that somebody reads without being named.

    Those are one's own, and for the privacy officer those that nobody can confirm.
    """
    guards = may(identity.roles_for(holder), Permission.HANDLE_REQUESTS)
    return [
        item
        for item, judges in waiting_marks(session, holder)
        if item.proposed_by_id == identity.actor.id or (guards and not judges)
    ]


def items_of(holder: str, roles: Iterable[Role]) -> Select[PoliceItem]:
    """Select what a named person may read; the first to decide on first, destroyed ones last."""
    mine = select(PoliceItem).where(PoliceItem.holder == holder, readable(roles))
    return mine.order_by(
        PoliceItem.destroyed_at.is_not(None),
        PoliceItem.review_on,
        PoliceItem.received_on,
        PoliceItem.id,
    )


def items_about(
    session: Session, holder: str, document: UUID, roles: Iterable[Role]
) -> Sequence[PoliceItem]:
    """Return the items about one report or dossier that aren't destroyed."""
    about = (PoliceItem.document_id == document, PoliceItem.destroyed_at.is_(None))
    return session.scalars(items_of(holder, roles).where(*about)).all()


def waiting(holder: str, identity: Identity) -> Select[Any]:
    """Select the items that ask a decision of this named person, for the menu."""
    return select(PoliceItem.id).where(
        PoliceItem.holder == holder,
        PoliceItem.destroyed_at.is_(None),
        or_(not_(PoliceItem.waiting()), is_second(PoliceItem, identity.person)),
        PoliceItem.review_on <= day_in(NEAR),
        readable(identity.roles_for(holder)),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Title of an item, what it is about, and the address of that for who may open it."""

    title: str
    about: str
    path: str | None = None


def places_of(
    session: Session, items: Collection[PoliceItem], roles: Iterable[Role]
) -> Mapping[UUID, Place]:
    """Return what these items are called and are about, by their id."""
    held = set(roles)
    ids = {item.document_id for item in items if item.document_id is not None}
    named, paths = dict[UUID, str](), dict[UUID, str]()
    if ids:
        reports = select(Report.id, Report.reference).where(Report.id.in_(ids))
        named = {number: f"melding {name}" for number, name in session.execute(reports)}
        if may(held, Permission.VIEW_REPORT):
            paths.update(paths_of_reports(session, named))
        dossiers = session.execute(
            select(Dossier.id, Dossier.number, Municipality.slug, Neighbourhood.slug)
            .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
            .join(Municipality, Municipality.code == Dossier.holder)
            .where(Dossier.id.in_(ids))
        )
        for number, name, town, area in dossiers:
            named[number] = f"dossier {name}"
            if may(held, Permission.VIEW_DOSSIER):
                paths[number] = dossier_path(town, area, name)
    places = {}
    for item in items:
        about = named.get(item.document_id or item.id, "een stuk dat hier niet meer is")
        title = f"Melding {item.reference}" if item.reference else f"Bij {about}"
        places[item.id] = Place(title, about, paths.get(item.document_id or item.id))
    return places


def path_of_own_report(
    engine: Engine, identity: Identity, typed: str, holders: Sequence[str]
) -> str | None:
    """Return the address of a report that came from the police, for the persons named for it."""
    reference = normalise_reference(typed)
    named = [
        holder for holder in holders if may(identity.roles_for(holder), Permission.POLICE_DATA)
    ]
    for holder in named if reference else ():
        with transaction(engine, holder, write=False) as session:
            number = session.scalar(select(PoliceItem.id).where(PoliceItem.reference == reference))
            slug = session.scalar(select(Municipality.slug).where(Municipality.code == holder))
        if number is not None and slug is not None:
            return f"/gemeenten/{slug}/{NAME}/{ITEM}?nr={number}"
    return None
