"""The panel of an export for municipal staff: pick-ups, answers, corrections and the copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, datetime_short, plural
from stopintimidatie.core.web.components import Panel, TimelineEntry
from stopintimidatie.disclosures.models import CopyState, DisclosedCopy, DisclosureEvent, Pickup
from stopintimidatie.disclosures.pickup import KIND, who_picked_up
from stopintimidatie.disclosures.resources import KIND as EXPORT
from stopintimidatie.disclosures.services import (
    EventKind,
    copy_of,
    event_words,
    events_of,
    find_disclosure,
)
from stopintimidatie.dossiers.pages import sees_reports
from stopintimidatie.exports.models import CopyCorrection, Done, Export, ExportState, PartnerAnswer
from stopintimidatie.exports.release.copies import correction_words, corrections_of, is_out
from stopintimidatie.exports.release.services import (
    ANSWER_KEEPER,
    answers_of,
    pickups_of,
    refusal,
    who_answered,
)
from stopintimidatie.exports.request.queries import shut_by

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
    may = there and shut_by(request.db, request.registry, export) is None
    ready = may and export.partner_id is not None

    def address(name: str, *, when: bool) -> str | None:
        return request.resource_path(context, name) if when else None

    keeper = ANSWER_KEEPER.only(request.registry) if answers else None
    copy = copy_of(request.db, disclosure.id) if disclosure else None
    events = events_of(request.db, disclosure.id) if disclosure else []
    corrections = corrections_of(request.db, export.id) if sees else []
    return Panel(
        "Geven en terughoren",
        TEMPLATE,
        {
            "pickups": [pickup_rows(keys, row) for row in pickups],
            "answers": [answer_rows(keys, row) for row in answers],
            "hint": keeper.hint(request.db, export) if keeper else "",
            "events": [_line(row) for row in events],
            "unsaid": there and not (copy and copy.given_at) and _was_opened(events),
            "offer_href": address(OFFER, when=ready),
            "again": bool(pickups),
            "code_href": address(CODE, when=may and waits),
            "copy": copy,
            "corrections": [(str(row.id), _correction(row), row) for row in corrections],
            "correction_href": address(CORRECTION_DONE, when=works),
            "withdraw_href": address(WITHDRAW, when=there),
            "hand_over_href": address(HAND_OVER, when=may and not _has_it(copy)),
            "recipient": export.recipient,
            "destroyed_href": address(DESTROYED, when=works and is_out(copy)),
            "seen_href": address(SEEN, when=works and any(not row.seen_at for row in answers)),
        },
    )


def _has_it(copy: DisclosedCopy | None) -> bool:
    """Tell whether the recipient has it, or everybody."""
    return is_out(copy) or (copy is not None and copy.state == CopyState.PUBLIC)


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
    most = f" van {row.downloads_most}" if row.downloads_most else ""
    rows = [
        ("Nummer", row.reference),
        ("Stand", "bericht onderweg" if row.state == "klaar" else row.state),
        ("Bericht verstuurd", _when(row.offered_at)),
        ("Bericht kwam terug", _when(row.returned_at)),
        ("Op te halen tot", _when(row.expires_at)),
        ("Opgehaald", plural(row.downloads, "keer", "keer") + most),
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
        ("Wil met een melder praten", (row.wants_about or CALL) if row.wants_reporter else ""),
        ("Gelezen", f"{row.seen_by}, {datetime_short(row.seen_at)}" if row.seen_at else ""),
    ]
    return [(term, value) for term, value in rows if value]


CALL: Final = "ja. Bel de partner: over welke melding?"


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
