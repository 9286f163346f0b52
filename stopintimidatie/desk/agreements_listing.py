"""The list of agreements: a fixed number of queries, whatever there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.mail.addresses import clear_address
from stopintimidatie.mail.models import MailAddress
from stopintimidatie.municipalities.agreements import deputy_of, official_of, today
from stopintimidatie.municipalities.agreements_models import ForwardingAgreement
from stopintimidatie.municipalities.agreements_rules import missing, standing_word
from stopintimidatie.municipalities.postbox import is_role_address
from stopintimidatie.register.called import listed
from stopintimidatie.register.models import Municipality
from stopintimidatie.reports.models import Report
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.web.filters import date_short

# What asks for work comes first.
_ORDER: Final = ("loopt bijna af", "verlopen", "nog niet rond", "geen afspraak", "geweigerd")


@dataclass(frozen=True)
class AgreedRow:
    """One municipality in the list."""

    name: str
    slug: str
    word: str
    until: str
    waiting: int


def agreed_rows(session: Session, keys: KeyRing) -> list[AgreedRow]:
    """Every municipality with an agreement, or with reports that wait for one."""
    waiting: dict[str, int] = {code: n for code, n in session.execute(_waiting())}  # noqa: C416
    present = {
        row.municipality_code: row
        for row in session.scalars(
            select(ForwardingAgreement).where(ForwardingAgreement.ended_at.is_(None))
        )
    }
    addresses = {(a.owner_kind, a.owner_id): a for a in session.scalars(select(MailAddress))}
    towns = session.scalars(
        select(Municipality).where(Municipality.code.in_({*waiting, *present}))
    ).all()
    day = today()
    rows = [
        _row(keys, town, present.get(town.code), addresses, waiting.get(town.code, 0), day)
        for town in towns
    ]
    return sorted(rows, key=lambda row: (_rank(row.word), -row.waiting, row.name))


def _waiting() -> Any:
    return (
        select(Report.municipality_code, func.count())
        .where(Report.delivery == "wacht_op_afspraak")
        .group_by(Report.municipality_code)
    )


def _rank(word: str) -> int:
    return _ORDER.index(word) if word in _ORDER else len(_ORDER)


def _row(
    keys: KeyRing,
    town: Municipality,
    agreement: ForwardingAgreement | None,
    addresses: dict[tuple[str, str], MailAddress],
    waiting: int,
    day: date,
) -> AgreedRow:
    owners = official_of(town.code), deputy_of(town.code)
    official, deputy = (addresses.get((owner.kind, owner.id)) for owner in owners)
    role = is_role_address(clear_address(keys, official) or "")
    lacking = missing(agreement, official, deputy, role_address=role, today=day)
    until = date_short(agreement.valid_until) if agreement else ""
    word = standing_word(agreement, lacking, day)[0]
    return AgreedRow(town.name, town.slug, word, until, waiting)


def choices(session: Session) -> Sequence[tuple[str, str]]:
    """Every municipality, to choose one: slug and name."""
    rows = listed(session.scalars(select(Municipality)))
    return [(row.municipality.slug, row.label) for row in rows]
