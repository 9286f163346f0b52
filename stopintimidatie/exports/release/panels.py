"""The panel of an export for municipal staff: pick-ups, answers, corrections and the copy."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.web.components import Panel
from stopintimidatie.disclosures.models import Pickup
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
            "opened": any(row.kind == EventKind.OPENED for row in events),
            "export": export,
            "here": request.resource_path(context).rstrip("/"),
            "works": works,
            "there": there,
            "may": may,
            "waits": waits,
            "copy": copy,
            "is_out": is_out(copy),
            "corrections": [(row, correction_words(row)) for row in corrections],
        },
    )


def _note(request: Any, context: Any, pickups: list[Pickup], answers: Any) -> None:
    """Note the read: who came for it and who answered is personal data too."""
    if pickups:
        ids = [row.id for row in pickups]
        note_read(request, context.holder, KIND, ids, task="uitvoer bekijken")
    if answers:
        note_read(request, context.holder, EXPORT, [context.export.id], task="antwoord lezen")
