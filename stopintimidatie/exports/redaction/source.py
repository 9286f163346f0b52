"""All that a dossier knows, as plain values: redaction starts from these.

A loader fills this from the database; nothing here knows of one. There is no place for a
reporter's name, phone number or e-mail address: contact data is released separately and can't
end up in a dossier by mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from stopintimidatie.core.text import date_text
from stopintimidatie.exports.profiles.rules import Field
from stopintimidatie.exports.redaction.content import Logo
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.reports.vocabulary import TimePrecision


@dataclass(frozen=True, slots=True)
class Term:
    """A code from a vocabulary with the word an officer reads."""

    code: str
    label: str


class Reliability(StrEnum):
    """The reliability of an event of the chronology; the annex explains the words."""

    ESTABLISHED = "vastgesteld"
    OWN_OBSERVATION = "eigen waarneming"
    FROM_OTHERS = "van horen zeggen"
    UNKNOWN = "niet bekend"


class EventKind(StrEnum):
    """The kinds of events in the chronology; internal notes go by a rule of their own."""

    NOTE = "notitie"
    STATE = "status"
    ACTION = "actie"
    AGREEMENT = "afspraak"
    CONSULTATION = "overleg"


@dataclass(frozen=True, slots=True)
class Offenders:
    """The offender or offenders as the reporter saw them, in codes; `appearance` is free text."""

    number: Term | None = None
    in_group: bool | None = None
    known: Term | None = None
    age: Term | None = None
    gender: Term | None = None
    transport: Term | None = None
    appearance: str = ""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Free text after somebody looked at it and took out what must stay inside."""

    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class Despite:
    """The ground and reason to pass over the preference of a reporter."""

    ground: Term
    reason: str


@dataclass(frozen=True, slots=True)
class SourceAttachment:
    """A file of the dossier or of a report; its content stays where it is until it goes along."""

    number: int
    kind: str
    about: str
    on: date
    size: int
    media_type: str
    file_name: str


@dataclass(frozen=True, slots=True)
class SourceReport:
    """A report in the dossier, whole.

    `serial` is its lasting number in this dossier (the order of joining), so that M-03 stays
    M-03 in every version and for every recipient. `place` is the public place in words, `street`
    the same no more exact than a street or stop, `buurt` where neither has a name, `place_note`
    the reporter's own description.
    """

    serial: int
    reference: str
    happened_at: datetime
    precision: TimePrecision
    part_of_day: str | None
    place: str
    place_note: str
    neighbourhood: str
    place_type: Term
    forms: tuple[Term, ...]
    role: Term
    feeling: Term | None = None
    consequences: tuple[Term, ...] = ()
    recurrence: Term | None = None
    reporter_age: Term | None = None
    minor: bool = False
    offenders: Offenders = Offenders()
    bystanders: Term | None = None
    police: Term | None = None
    willing_to_talk: bool = False
    account: str = ""
    street: str = ""
    buurt: str = ""
    # Latitude and longitude, some ten metres precise; goes where the place itself may go.
    point: tuple[float, float] | None = None
    reviewed: tuple[Reviewed, ...] = ()
    share_police: bool = True
    share_partners: bool = True
    # The ground on which its use is restricted (art. 18 AVG), in words; empty when it isn't.
    restricted: str = ""
    # Goes along although its reporter would rather not: the ground, and why.
    despite: Despite | None = None
    attachments: tuple[SourceAttachment, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """Something that happened in or to the dossier. `police_sourced` marks what police told.

    `written`: the part of the text that an officer wrote.
    """

    on: date
    text: str
    source: str
    reliability: Reliability
    kind: EventKind
    police_sourced: bool = False
    written: str = ""


@dataclass(frozen=True, slots=True)
class SourceAction:
    """An earlier action and its effect."""

    on: date
    text: str
    who: str
    effect: str
    police_sourced: bool = False


@dataclass(frozen=True, slots=True)
class SourceMeasure:
    """Something that is done from a day on; what it did is counted over what a recipient gets."""

    on: date
    text: str
    who: str
    effect: str
    ended_on: date | None = None
    # Reports of the town that aren't in the dossier, as long before as after it began.
    rest: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class SourceConsultation:
    """A meeting that was held; `seats` are functions and organisations."""

    on: date
    kind: str
    seats: tuple[str, ...]
    decisions: str
    next_date: date | None = None


@dataclass(frozen=True, slots=True)
class SourceArea:
    """A neighbourhood: its outline (WGS84, WKB) where that is loaded, else roughly its middle."""

    name: str
    home: bool
    wkb: bytes | None = None
    middle: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class SourceAgreement:
    """A decision or agreement; `who` is a function, never a name."""

    made_on: date
    text: str
    who: str
    due: date | None
    state: Term
    open: bool
    next_date: date | None = None


@dataclass(frozen=True, slots=True)
class SourceHouse:
    """The municipality."""

    name: str
    department: str
    colour: str
    logo: Logo | None
    data_leak_contact: str


@dataclass(frozen=True, slots=True)
class PreviousVersion:
    """The last version this recipient got: when, with which reports (by serial number)."""

    on: date
    serials: frozenset[int]


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of an export: its id, number, moment, ground in words."""

    export_id: str
    version: int
    frozen_at: datetime
    verification_url: str
    legal_basis: str
    previous: PreviousVersion | None = None
    # The other recipients of this dossier: name and kind.
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDossier:
    """A dossier, whole, before anything is asked of it."""

    house: SourceHouse
    number: str
    title: str
    kind: Term
    state: Term
    neighbourhood: str
    place: str
    owner: str
    assessment: str
    feedback_by: str
    feedback_text: str
    reports: tuple[SourceReport, ...] = ()
    events: tuple[SourceEvent, ...] = ()
    actions: tuple[SourceAction, ...] = ()
    agreements: tuple[SourceAgreement, ...] = ()
    measures: tuple[SourceMeasure, ...] = ()
    consultations: tuple[SourceConsultation, ...] = ()
    attachments: tuple[SourceAttachment, ...] = ()
    areas: tuple[SourceArea, ...] = ()
    areas_source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierSource(KnownDossier):
    """A dossier, whole, with the request for its export and the version that it becomes."""

    request: ExportRequest
    edition: Edition


# Texts of officers in a dossier: outside the department they go as somebody looked at them. Pure.
#
# As the account of a reporter, a text stays behind until somebody looked at it and marked what must
# go; a changed text must be looked at again. With urgency who asks looks at their own words.


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
