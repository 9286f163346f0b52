"""The panel of an export for municipal staff: pick-ups, answers, corrections and the copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.web.components import Panel
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
from stopintimidatie.exports.models import Done, Export, ExportState
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
            "pickups": [(row, who_picked_up(keys, row)) for row in pickups],
            "answers": [(row, who_answered(keys, row)) for row in answers],
            "done": dict(Done.choices()),
            "hint": keeper.hint(request.db, export) if keeper else "",
            "events": [(row, event_words(row)) for row in events],
            "unsaid": there and not (copy and copy.given_at) and _was_opened(events),
            "offer_href": address(OFFER, when=ready),
            "again": bool(pickups),
            "code_href": address(CODE, when=may and waits),
            "copy": copy,
            "corrections": [(row, correction_words(row)) for row in corrections],
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


def _was_opened(events: Sequence[DisclosureEvent]) -> bool:
    """Tell whether somebody of the municipality has opened the file."""
    return any(row.kind == EventKind.OPENED for row in events)
