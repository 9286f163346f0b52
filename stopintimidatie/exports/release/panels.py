"""Panels and start-page lists for municipal staff: requests, answers and copies that wait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, datetime_short, plural
from stopintimidatie.core.web.components import ListItem, Panel, TimelineEntry
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure, DisclosureEvent, Pickup
from stopintimidatie.disclosures.pickup import KIND, who_picked_up
from stopintimidatie.disclosures.resources import KIND as EXPORT
from stopintimidatie.disclosures.services import (
    EventKind,
    copy_of,
    event_words,
    events_of,
    find_disclosure,
)
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import sees_reports
from stopintimidatie.dossiers.resources import dossier_path, visible_to
from stopintimidatie.exports.models import CopyCorrection, Done, Export, ExportState, PartnerAnswer
from stopintimidatie.exports.release.copies import correction_words, corrections_of, is_out
from stopintimidatie.exports.release.services import answers_of, pickups_of, refusal, who_answered
from stopintimidatie.municipalities.areas.models import Neighbourhood

SHOWN: Final = 10


def _of_dossiers(session: Session, query: Any, roles: Iterable[Role]) -> Any:
    """Return the first rows about exports, joined with their dossiers, that these roles see."""
    return session.execute(
        query.join(Dossier, Dossier.id == Export.dossier_id)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(visible_to(roles))
        .limit(SHOWN)
    )


def copies_to_chase(session: Session, slug: str, roles: Iterable[Role]) -> list[ListItem]:
    """Return copies that a partner didn't confirm to have destroyed: somebody must call."""
    query = (
        select(Export.reference, Export.recipient, Dossier.number, Neighbourhood.slug)
        .select_from(DisclosedCopy)
        .join(Disclosure, Disclosure.id == DisclosedCopy.disclosure_id)
        .join(Export, Export.id == Disclosure.document_id)
        .where(DisclosedCopy.alarm_at.is_not(None))
        .order_by(DisclosedCopy.alarm_at)
    )
    return [
        ListItem(
            f"Bel {recipient}: vernietigen niet bevestigd",
            f"{dossier_path(slug, area, number)}/{reference}",
            ["te_laat"],
            [f"dossier {number}", reference],
        )
        for reference, recipient, number, area in _of_dossiers(session, query, roles)
    ]


def to_decide(session: Session, slug: str, roles: Iterable[Role], person: UUID) -> list[ListItem]:
    """Return what a colleague asked for and nobody decided on yet; who asked can't decide."""
    query = (
        select(Export, Dossier.number, Neighbourhood.slug)
        .where(Export.state == ExportState.REQUESTED.value)
        .where(Export.requested_by_id.is_distinct_from(str(person)))
        .order_by(Export.requested_at)
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
        for export, number, area in _of_dossiers(session, query, roles)
    ]


def urgent_to_judge(session: Session, slug: str, roles: Iterable[Role]) -> list[ListItem]:
    """Return what went out with urgency and nobody else judged; late after a working day."""
    query = (
        select(Export, Dossier.number, Neighbourhood.slug)
        .where(Export.urgent.is_(True), Export.decided_at.is_(None))
        .where(Export.state != ExportState.WITHDRAWN.value)
        .order_by(Export.approve_by)
    )
    return [
        ListItem(
            f"Spoed beoordelen: {export.recipient}",
            f"{dossier_path(slug, area, number)}/{export.reference}",
            ["spoed", *(["te_laat"] if export.overdue_at else [])],
            [f"dossier {number}", f"uiterlijk {datetime_short(export.approve_by)}"],
        )
        for export, number, area in _of_dossiers(session, query, roles)
    ]


def unread_answers(session: Session, slug: str, roles: Iterable[Role]) -> list[ListItem]:
    """Return one line per document of dossiers that these roles see, the latest first."""
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


TEMPLATE: Final = "stopintimidatie.exports.release:templates/panel.jinja2"
OFFER, CODE, SEEN = "laten-ophalen", "ophaalcode", "antwoord-gelezen"
HAND_OVER = "zelf-gegeven"
WITHDRAW, DESTROYED, CORRECTION_DONE = "intrekken", "vernietigd-gehoord", "correctie-gehoord"


def export_panel(context: Any, request: Any) -> Panel | None:
    """Return the panel of an export; None before there is a file."""
    export: Export = context.export
    if export.made_at is None:
        return None
    keys, sees = request.registry.key_ring, sees_reports(context.__parent__, request)
    works = sees and bool(request.has_permission(Permission.REQUEST_EXPORT, context))
    disclosure = find_disclosure(request.db, export.reference)
    pickups = pickups_of(request.db, export.id)
    # Answers and corrections may tell of the reports of a person-directed dossier.
    answers = answers_of(request.db, export.id) if sees else []
    _note(request, context, pickups, answers)
    latest = pickups[0] if pickups else None
    waits = latest is not None and refusal(latest, export) is None
    there = works and export.state == ExportState.READY
    ready = there and export.partner_id is not None

    def address(name: str, *, when: bool) -> str | None:
        return request.resource_path(context, name) if when else None

    copy = copy_of(request.db, disclosure.id) if disclosure else None
    events = events_of(request.db, disclosure.id) if disclosure else []
    corrections = corrections_of(request.db, export.id) if sees else []
    return Panel(
        "Geven en terughoren",
        TEMPLATE,
        {
            "pickups": [pickup_rows(keys, row) for row in pickups],
            "answers": [answer_rows(keys, row) for row in answers],
            "events": [_line(row) for row in events],
            "unsaid": there and not is_out(copy) and _was_opened(events),
            "offer_href": address(OFFER, when=ready),
            "again": bool(pickups),
            "code_href": address(CODE, when=works and waits),
            "copy": copy,
            "corrections": [(str(row.id), _correction(row), row) for row in corrections],
            "correction_href": address(CORRECTION_DONE, when=works),
            "withdraw_href": address(WITHDRAW, when=there),
            "hand_over_href": address(HAND_OVER, when=there and not is_out(copy)),
            "recipient": export.recipient,
            "destroyed_href": address(DESTROYED, when=works and is_out(copy)),
            "seen_href": address(SEEN, when=works and any(not row.seen_at for row in answers)),
        },
    )


def _note(request: Any, context: Any, pickups: list[Pickup], answers: Any) -> None:
    """Note the read: who came for it and who answered is personal data too."""
    if pickups:
        ids = [row.id for row in pickups]
        note_read(request, context.holder, KIND, ids, task="uitvoer bekijken")
    if answers:
        note_read(request, context.holder, EXPORT, [context.export.id], task="antwoord lezen")


def pickup_rows(keys: Any, row: Pickup) -> list[tuple[str, str]]:
    """Return how one pick-up goes, as rows of (label, text)."""
    who = who_picked_up(keys, row)
    rows = [
        ("Nummer", row.reference),
        ("Stand", "bericht onderweg" if row.state == "klaar" else row.state),
        ("Bericht verstuurd", _when(row.offered_at)),
        ("Bericht kwam terug", _when(row.returned_at)),
        ("Op te halen tot", _when(row.expires_at)),
        ("Opgehaald", plural(row.downloads, "keer", "keer") + f" van {row.downloads_most}"),
        ("Eerste keer", _when(row.picked_up_at)),
        ("Laatst door", ", ".join(who.values())),
        ("Code gegeven door", row.code_by or ""),
    ]
    return [(term, value) for term, value in rows if value]


def _when(moment: Any) -> str:
    return datetime_short(moment) if moment else ""


def answer_rows(keys: Any, row: PartnerAnswer) -> list[tuple[str, str]]:
    """Return one answer as rows of (label, text); what wasn't filled in isn't there."""
    rows = [
        ("Antwoord", datetime_short(row.at)),
        ("Van", who_answered(keys, row)),
        ("Gedaan", ", ".join(Done.word(code) for code in row.done)),
        ("Wanneer", date_text(row.done_on) if row.done_on else ""),
        ("Toelichting", row.text or ""),
        ("Wil met een melder praten", row.wants_about or "" if row.wants_reporter else ""),
        ("Gelezen", f"{row.seen_by}, {datetime_short(row.seen_at)}" if row.seen_at else ""),
    ]
    return [(term, value) for term, value in rows if value]


def _correction(row: CopyCorrection) -> list[tuple[str, str]]:
    rows = [
        ("Melding in dit document", row.label),
        ("Wat", correction_words(row)),
        ("Toelichting", row.note or ""),
        ("Gemeld", f"{datetime_short(row.made_at)} door {row.made_by}"),
        ("Bericht verstuurd", _when(row.told_at) or "nee: bel de ontvanger"),
        ("Verwerkt", f"{row.confirmed_by}, {_when(row.confirmed_at)}" if row.confirmed_at else ""),
    ]
    return [(term, value) for term, value in rows if value]


def _was_opened(events: Sequence[DisclosureEvent]) -> bool:
    """Tell whether somebody of the municipality has opened the file."""
    return any(row.kind == EventKind.OPENED for row in events)


def _line(row: Any) -> TimelineEntry:
    return TimelineEntry(row.at, event_words(row), row.actor_name)
