"""The partners of a municipality in a list: those one works with first, then those of before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.partners.models import PartnerContact, PartnerOrganisation
from stopintimidatie.partners.vocabulary import PartnerKind
from stopintimidatie.web.components import ListItem
from stopintimidatie.web.filters import date_text, plural
from stopintimidatie.web.paging import Paging

Row = tuple[PartnerOrganisation, int]


def count_partners(session: Session) -> int:
    return session.scalar(select(func.count(PartnerOrganisation.id))) or 0


def list_partners(session: Session, paging: Paging) -> Sequence[Row]:
    """A page of them, each with how many people there are to ask."""
    people = (
        select(func.count(PartnerContact.id))
        .where(PartnerContact.organisation_id == PartnerOrganisation.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(PartnerOrganisation, people)
        .order_by(
            PartnerOrganisation.ended_at.is_not(None),
            func.lower(PartnerOrganisation.name),
            PartnerOrganisation.id,
        )
        .offset(paging.offset)
        .limit(paging.size)
    )
    return [(row[0], row[1]) for row in rows]


def partner_item(row: PartnerOrganisation, people: int, href: str, today: date) -> ListItem:
    """A partner as one entry of the list."""
    meta = [PartnerKind.word(row.kind)]
    if row.ended_at is not None:
        return ListItem(row.name, href, ["beeindigd"], [*meta, date_text(row.ended_at)])
    meta.append(plural(people, "contactpersoon", "contactpersonen"))
    covenant, badges = row.covenant, []
    if covenant is not None and covenant.over(today):
        badges.append("convenant_verlopen")
    elif covenant is not None and covenant.ends_soon(today):
        badges.append("convenant_verloopt")
    return ListItem(row.name, href, badges, meta)
