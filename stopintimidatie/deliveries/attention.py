"""What waits for somebody of the municipality: requests, answers, copies. For the start page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.deliveries.models import PartnerAnswer
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure
from stopintimidatie.dossiers.access import visible_to
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.paths import dossier_path
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.register.models import Neighbourhood
from stopintimidatie.security import Role
from stopintimidatie.web.components import ListItem
from stopintimidatie.web.filters import date_text, datetime_short

SHOWN: Final = 10


def copies_to_chase(session: Session, slug: str, roles: Iterable[Role]) -> list[ListItem]:
    """Copies that a partner didn't confirm to have destroyed: somebody must call."""
    rows = session.execute(
        select(Export.reference, Export.recipient, Dossier.number, Neighbourhood.slug)
        .select_from(DisclosedCopy)
        .join(Disclosure, Disclosure.id == DisclosedCopy.disclosure_id)
        .join(Export, Export.id == Disclosure.document_id)
        .join(Dossier, Dossier.id == Export.dossier_id)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(DisclosedCopy.alarm_at.is_not(None), visible_to(roles))
        .order_by(DisclosedCopy.alarm_at)
        .limit(SHOWN)
    )
    return [
        ListItem(
            f"Bel {recipient}: vernietigen niet bevestigd",
            f"{dossier_path(slug, area, number)}/{reference}",
            ["te_laat"],
            [f"dossier {number}", reference],
        )
        for reference, recipient, number, area in rows
    ]


def to_decide(session: Session, slug: str, roles: Iterable[Role], person: UUID) -> list[ListItem]:
    """What a colleague asked for and nobody decided on yet; who asked can't decide."""
    rows = session.execute(
        select(Export, Dossier.number, Neighbourhood.slug)
        .join(Dossier, Dossier.id == Export.dossier_id)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(
            Export.state == ExportState.REQUESTED.value,
            Export.requested_by_id.is_distinct_from(str(person)),
            visible_to(roles),
        )
        .order_by(Export.requested_at)
        .limit(SHOWN)
    )
    return [
        ListItem(
            f"Besluiten over uitvoer: {export.recipient}",
            f"{dossier_path(slug, area, number)}/{export.reference}",
            meta=[
                f"dossier {number}",
                f"aangevraagd {date_text(export.requested_at)} door {export.requested_by}",
            ],
        )
        for export, number, area in rows
    ]


def urgent_to_judge(session: Session, slug: str, roles: Iterable[Role]) -> list[ListItem]:
    """What went out with urgency and that nobody else judged; late after a working day."""
    rows = session.execute(
        select(Export, Dossier.number, Neighbourhood.slug)
        .join(Dossier, Dossier.id == Export.dossier_id)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(
            Export.urgent.is_(True),
            Export.decided_at.is_(None),
            Export.state != ExportState.WITHDRAWN.value,
            visible_to(roles),
        )
        .order_by(Export.approve_by)
        .limit(SHOWN)
    )
    return [
        ListItem(
            f"Spoed beoordelen: {export.recipient}",
            f"{dossier_path(slug, area, number)}/{export.reference}",
            ["spoed", *(["te_laat"] if export.overdue_at else [])],
            [f"dossier {number}", f"uiterlijk {datetime_short(export.approve_by)}"],
        )
        for export, number, area in rows
    ]


def unread_answers(session: Session, slug: str, roles: Iterable[Role]) -> list[ListItem]:
    """Of dossiers these roles may see, one line per document, the latest first."""
    latest = func.max(PartnerAnswer.at)
    rows = session.execute(
        select(Export.reference, Export.recipient, Dossier.number, Neighbourhood.slug, latest)
        .join(Export, Export.id == PartnerAnswer.export_id)
        .join(Dossier, Dossier.id == PartnerAnswer.dossier_id)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(PartnerAnswer.seen_at.is_(None), visible_to(roles))
        .group_by(Export.reference, Export.recipient, Dossier.number, Neighbourhood.slug)
        .order_by(latest.desc())
        .limit(SHOWN)
    )
    return [
        ListItem(
            f"Antwoord van {recipient}",
            f"{dossier_path(slug, area, number)}/{reference}",
            meta=[f"dossier {number}", reference, date_text(at)],
        )
        for reference, recipient, number, area, at in rows
    ]
