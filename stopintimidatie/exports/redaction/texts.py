"""Texts of officers in a dossier: outside the department they go as somebody looked at them. Pure.

As the account of a reporter, a text stays behind until somebody looked at it and marked what must
go; a changed text must be looked at again. With urgency who asks looks at their own words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from stopintimidatie.core.text import date_text
from stopintimidatie.exports.redaction.source import (
    DossierSource,
    KnownDossier,
    SourceAction,
    SourceEvent,
    SourceMeasure,
)
from stopintimidatie.exports.vocabulary import ExportRequest

# Fields that are typed in a request beside the question itself, and what a page calls them.
TYPED: Final = {
    "facts": "Feiten",
    "perceptions": "Beleving",
    "assumptions": "Vermoedens",
    "feedback": "Terugkoppeling aan melders",
}


def texts_of_officers(known: KnownDossier, requests: Iterable[ExportRequest]) -> dict[str, str]:
    """Return each text that may go along with one of these requests, with the name of the first."""
    named: dict[str, str] = {}
    for name, text in _texts(known, requests):
        if text.strip():
            named.setdefault(text, name)
    return named


def _texts(known: KnownDossier, requests: Iterable[ExportRequest]) -> Iterator[tuple[str, str]]:
    for asked in requests:
        if not asked.urgent:
            yield from ((label, getattr(asked, name) or "") for name, label in TYPED.items())
    yield "Duiding", known.assessment
    yield TYPED["feedback"], known.feedback_text
    done: list[SourceMeasure | SourceAction] = [*known.measures, *known.actions]
    for row in done:
        name = f"{'Maatregel' if isinstance(row, SourceMeasure) else 'Actie'} {date_text(row.on)}"
        yield from ((name, row.text), (f"{name}: wie", row.who or ""))
        yield f"{name}: effect", row.effect
    for agreement in known.agreements:
        name = f"Afspraak {date_text(agreement.made_on)}"
        yield from ((name, agreement.text), (f"{name}: wie", agreement.who or ""))
    for meeting in known.consultations:
        yield f"Verslag van overleg {date_text(meeting.on)}", meeting.decisions
    for file in known.attachments:
        yield f"Bijlage {file.number}: waar die over gaat", file.about


def as_looked_at(source: DossierSource, reviewed: Mapping[str, str]) -> DossierSource:
    """Return a dossier with the texts of officers as they were looked at; others are gone.

    Args:
        source: all that the dossier knows.
        reviewed: by text, what a recipient may read of it.
    """

    def shown(text: str | None) -> str:
        return reviewed.get(text, "") if text else ""

    def kept(rows: Iterable[Any], *names: str) -> tuple[Any, ...]:
        return tuple(replace(row, **{n: shown(getattr(row, n)) for n in names}) for row in rows)

    asked = source.request
    if not asked.urgent:
        typed: dict[str, Any] = {name: shown(getattr(asked, name)) or None for name in TYPED}
        asked = replace(asked, **typed)
    done = [row for row in source.actions if shown(row.text)]
    return replace(
        source,
        request=asked,
        assessment=shown(source.assessment),
        feedback_text=shown(source.feedback_text),
        measures=kept((row for row in source.measures if shown(row.text)), "text", "who", "effect"),
        actions=kept(done, "text", "who", "effect"),
        agreements=kept((row for row in source.agreements if shown(row.text)), "text", "who"),
        consultations=kept(source.consultations, "decisions"),
        attachments=kept(source.attachments, "about"),
        events=tuple(_events(source.events, shown)),
    )


def _events(events: Iterable[SourceEvent], shown: Callable[[str], str]) -> Iterator[SourceEvent]:
    for event in events:
        if not event.written:
            yield event
        elif words := shown(event.written):
            yield replace(event, text=event.text.replace(event.written, words))
