"""What the desk has to do per municipality: whom to ring, and figures. A fixed number of queries.

Only of what the desk itself holds or held: nothing here looks inside a connected municipality.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from stopintimidatie.clock import utc_now
from stopintimidatie.desk.agreements_listing import agreed_rows
from stopintimidatie.desk.models import LocalPolicy
from stopintimidatie.desk.queue import TO_RING
from stopintimidatie.municipalities.models import (
    MunicipalityProfile,
    MunicipalitySetting,
    ParticipationLevel,
)
from stopintimidatie.municipalities.published import Part
from stopintimidatie.register.models import FormerArea, Municipality
from stopintimidatie.reports.models import Report
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.tenancy import NATIONAL

FIGURES_OVER: Final = timedelta(days=365)
_HANDED: Final = "doorgegeven"


@dataclass(frozen=True, slots=True)
class CallRow:
    """A municipality to ring, and why."""

    name: str
    slug: str
    waiting: int
    urgent: int
    oldest: datetime
    telephone: str | None
    standing: str
    policy: str | None


def call_list(session: Session, keys: KeyRing) -> list[CallRow]:
    """Where reports wait for an agreement: the urgent first, then the longest waiting."""
    rows = session.execute(
        select(
            Report.municipality_code,
            func.count(),
            func.sum(case((Report.urgent, 1), else_=0)),
            func.min(Report.received_at),
        )
        .where(Report.holder == NATIONAL, Report.delivery.in_(TO_RING), Report.ended_at.is_(None))
        .group_by(Report.municipality_code)
    ).all()
    codes = [code for code, *_ in rows]
    towns = _towns(session, codes)
    phones = telephones(session, codes)
    policies = policies_of(session, codes)
    standings = {row.slug: row.word for row in agreed_rows(session, keys)}
    found = [
        CallRow(
            towns[code].name,
            towns[code].slug,
            waiting,
            int(urgent or 0),
            oldest,
            phones.get(code),
            standings.get(towns[code].slug, "geen afspraak"),
            policies.get(code),
        )
        for code, waiting, urgent, oldest in rows
        if code in towns
    ]
    return sorted(found, key=lambda row: (-row.urgent, row.oldest))


def _towns(session: Session, codes: Collection[str]) -> dict[str, Municipality]:
    rows = session.scalars(select(Municipality).where(Municipality.code.in_(codes)))
    return {row.code: row for row in rows}


def telephones(session: Session, codes: Collection[str]) -> dict[str, str]:
    """The number of each municipality, as reporters are given it."""
    known = select(MunicipalityProfile.code, MunicipalityProfile.telephone).where(
        MunicipalityProfile.code.in_(codes), MunicipalityProfile.telephone.is_not(None)
    )
    found = {code: str(phone) for code, phone in session.execute(known)}
    published = (
        select(MunicipalitySetting.owner, MunicipalitySetting.content)
        .where(
            MunicipalitySetting.part == Part.CONTACT,
            MunicipalitySetting.owner.in_(codes),
            MunicipalitySetting.effective_from <= utc_now(),
            MunicipalitySetting.withdrawn_at.is_(None),
        )
        .order_by(MunicipalitySetting.effective_from, MunicipalitySetting.number)
    )
    for code, content in session.execute(published):
        if content.get("telefoon"):
            found[code] = str(content["telefoon"])
    return found


def policies_of(session: Session, codes: Collection[str]) -> dict[str, str]:
    """What municipalities do of their own, in words."""
    rows = session.scalars(select(LocalPolicy).where(LocalPolicy.code.in_(codes)))
    return {row.code: f"eigen {row.kind}: {row.name}" for row in rows}


@dataclass(frozen=True, slots=True)
class FigureRow:
    """What passed the desk for one municipality in the last year."""

    name: str
    slug: str
    level: ParticipationLevel
    waiting: int
    offered: int
    picked_up: int
    handed_over: int
    policy: str | None

    @property
    def total(self) -> int:
        return self.waiting + self.offered + self.picked_up + self.handed_over

    @property
    def offer_programme(self) -> bool:
        """Does something of its own, and isn't connected: a good reason to ring."""
        return self.policy is not None and self.level is not ParticipationLevel.PROGRAMME


@dataclass(frozen=True, slots=True)
class Figures:
    """Per municipality, the busiest first; how many there are at each level; what has no place."""

    rows: Sequence[FigureRow]
    levels: Mapping[ParticipationLevel, int]
    unplaced: int


def figures(session: Session) -> Figures:
    """What passed the desk in the last year, and what municipalities do of their own."""
    counts = _counts(session)
    unplaced = sum(counts.pop(None, {}).values())
    marked = set(session.scalars(select(LocalPolicy.code)))
    codes = {code for code in (*counts, *marked) if code is not None}
    towns, policies = _towns(session, codes), policies_of(session, codes)
    levels = _levels(session)
    rows = [
        _figure(town, levels.get(code), counts.get(code, {}), policies.get(code))
        for code, town in towns.items()
    ]
    return Figures(
        sorted(rows, key=lambda row: (not row.offer_programme, -row.total, row.name)),
        _per_level(session, levels),
        unplaced,
    )


def _counts(session: Session) -> dict[str | None, dict[str, int]]:
    """Per municipality, per state of delivery, how many reports."""
    whose = func.coalesce(Report.handed_to, Report.municipality_code)
    how = case((Report.state == "overgedragen", _HANDED), else_=Report.delivery)
    rows = session.execute(
        select(whose, how, func.count())
        .where(Report.holder == NATIONAL, Report.received_at >= utc_now() - FIGURES_OVER)
        .group_by(whose, how)
    )
    found: dict[str | None, dict[str, int]] = {}
    for code, state, number in rows:
        found.setdefault(code, {})[state or ""] = number
    return found


def _levels(session: Session) -> dict[str, ParticipationLevel]:
    rows = session.execute(select(MunicipalityProfile.code, MunicipalityProfile.level))
    return {code: ParticipationLevel(level) for code, level in rows}


def _figure(
    town: Municipality,
    level: ParticipationLevel | None,
    counts: Mapping[str, int],
    policy: str | None,
) -> FigureRow:
    return FigureRow(
        town.name,
        town.slug,
        level or ParticipationLevel.NO_AGREEMENT,
        waiting=sum(counts.get(state, 0) for state in ("te_routeren", *TO_RING)),
        offered=counts.get("aangeboden", 0),
        picked_up=counts.get("opgehaald", 0),
        handed_over=counts.get(_HANDED, 0),
        policy=policy,
    )


def _per_level(
    session: Session, levels: Mapping[str, ParticipationLevel]
) -> dict[ParticipationLevel, int]:
    """Of the municipalities of today, how many take part how far."""
    ended = select(FormerArea.code)
    codes = session.scalars(select(Municipality.code).where(Municipality.code.not_in(ended)))
    found: dict[ParticipationLevel, Any] = dict.fromkeys(ParticipationLevel, 0)
    for code in codes:
        found[levels.get(code, ParticipationLevel.NO_AGREEMENT)] += 1
    return found
