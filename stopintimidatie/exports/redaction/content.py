"""The content of a dossier PDF: frozen, already redacted, ready to be laid out.

The canonical JSON of this content is what the register keeps: its SHA-256 is the content hash
that stands in the annex. Reading it back is strict: another spelling of the same content is
refused, so one content has one text and one hash.
"""

from __future__ import annotations

import hashlib
import re
import typing
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from stopintimidatie.exports.vocabulary import is_clean

SCHEMA = "stopintimidatie.dossier/3"
LOGO_TYPES = ("image/png", "image/jpeg", "image/svg+xml")
LOGO_MAX_BYTES = 300_000

Content = typing.TypeVar("Content")
_FOR_MACHINES = frozenset(
    {"schema", "colour", "logo", "verification_url", "file_name", "media_type", "sha256"}
)


class ContentError(ValueError):
    """Content, or a text in it, that no dossier PDF can be made from."""


@dataclass(frozen=True, slots=True)
class Logo:
    """The municipality's own logo, in the content itself because rendering fetches nothing."""

    media_type: str
    data: str
    alt: str

    def __post_init__(self) -> None:
        if self.media_type not in LOGO_TYPES:
            raise ContentError("het logo moet een PNG, JPEG of SVG zijn")
        try:
            size = len(b64decode(self.data, validate=True))
        except ValueError as error:
            raise ContentError("het logo is geen geldige base64") from error
        if size > LOGO_MAX_BYTES:
            raise ContentError("het logo is groter dan 300 kB; kies een kleiner bestand")
        if not self.alt.strip():
            raise ContentError("het logo heeft geen tekst voor wie het niet ziet")


@dataclass(frozen=True, slots=True)
class House:
    """The municipality that the dossier is of, and the look of its papers."""

    name: str
    department: str
    colour: str
    logo: Logo | None

    def __post_init__(self) -> None:
        if re.fullmatch(r"#[0-9a-f]{6}", self.colour, re.ASCII) is None:
            raise ContentError("de kleur moet zes kleine hexadecimale cijfers zijn: #0b5394")


@dataclass(frozen=True, slots=True)
class Delivery:
    """This export: its id, its moment, for whom."""

    export_id: str
    version: int
    frozen_at: datetime
    recipient: str
    # Empty in a document that the register doesn't know: the one for an archive.
    verification_url: str

    def __post_init__(self) -> None:
        if re.fullmatch(r"(?:https?://[^\s<>\"']+)?", self.verification_url) is None:
            raise ContentError("het adres om de echtheid te controleren is geen webadres")
        if self.frozen_at.tzinfo is not UTC or self.frozen_at.microsecond:
            raise ContentError("een tijdstip heeft een tijdzone en hele seconden")


@dataclass(frozen=True, slots=True)
class Heading:
    """The number, title and state of the dossier; the title is neutral, never a name."""

    number: str
    title: str
    kind: str
    neighbourhood: str
    place: str
    state: str
    owner: str
    owner_phone: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and what stands behind it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class PageOne:
    """Page one, for a reader with two minutes."""

    question: str
    # None: nothing is asked of the reader.
    answer_by: date | None
    essentials: tuple[Pair, ...]
    facts: str
    perceptions: str
    assumptions: str
    news: tuple[str, ...]
    agreements: tuple[str, ...]
    minors: str
    rules: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """A number of reports; None is a small cell that isn't told."""

    label: str
    number: int | None


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One weekday: the numbers per part of day."""

    label: str
    cells: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Beeld: the assessment and the key figures."""

    assessment: str
    facts: str
    perceptions: str
    assumptions: str
    tiles: tuple[Pair, ...]
    forms: tuple[Count, ...]
    parts_of_day: tuple[str, ...]
    weekdays: tuple[HeatRow, ...]
    months: tuple[Count, ...]
    places: tuple[Count, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MapArea:
    """A neighbourhood on the map, in metres from its corner in the north-west.

    `rings` are x, y, x, y…; without any, only the middle is known. `number` is what happened
    there, in words, when the map tells that per area.
    """

    name: str
    home: bool
    rings: tuple[tuple[int, ...], ...]
    x: int
    y: int
    number: str


@dataclass(frozen=True, slots=True)
class MapSpot:
    """Reports at one spot, under a letter that the table explains."""

    x: int
    y: int
    number: int
    letter: str


@dataclass(frozen=True, slots=True)
class MapRow:
    """A row of the table below the map."""

    letter: str
    place: str
    number: int | None
    reports: str


@dataclass(frozen=True, slots=True)
class MapContent:
    """Kaart; without a width nothing can be drawn, and the notes say why."""

    width_m: int
    height_m: int
    areas: tuple[MapArea, ...]
    spots: tuple[MapSpot, ...]
    rows: tuple[MapRow, ...]
    notes: tuple[str, ...]
    source: str
    summary: str


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the chronology."""

    when: str
    what: str
    source: str
    reliability: str


@dataclass(frozen=True, slots=True)
class ReportContent:
    """One report under its pseudonym."""

    pseudonym: str
    heading: str
    new: bool
    minor: bool
    details: tuple[Pair, ...]
    account: str


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report that isn't told in full: one row of a table."""

    pseudonym: str
    when: str
    place: str
    forms: str
    reference: str
    new: bool
    minor: bool


@dataclass(frozen=True, slots=True)
class OffenderContent:
    """The offenders of one report in closed choices: facts, impressions and assumptions apart."""

    pseudonym: str
    report: str
    facts: tuple[Pair, ...]
    impressions: tuple[Pair, ...]
    assumptions: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class ActionContent:
    """An action or measure that was taken, and its effect."""

    what: str
    who: str
    when: str
    counts: str
    effect: str


@dataclass(frozen=True, slots=True)
class AgreementContent:
    """A decision or agreement: what, who, by when, how far."""

    what: str
    who: str
    due: str
    state: str
    next_date: str


@dataclass(frozen=True, slots=True)
class ConsultationContent:
    """A meeting: who sat at the table (functions, never names), what was decided, what follows."""

    when: str
    kind: str
    seats: str
    decisions: str
    next_date: str


@dataclass(frozen=True, slots=True)
class AttachmentContent:
    """A file of the dossier. One that goes along has a `file_name`, and `sha256` once frozen."""

    name: str
    when: str
    about: str
    size: str
    file_name: str
    media_type: str
    sha256: str


@dataclass(frozen=True, slots=True)
class AttachmentsContent:
    """The files of the dossier: what is to be said of them, and each that may be named."""

    note: str
    files: tuple[AttachmentContent, ...]


@dataclass(frozen=True, slots=True)
class FeedbackContent:
    """The function that informs the reporters, and what may be said to them."""

    informs: str
    may_be_said: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """Something coarsened or left out, with the rule and how often."""

    what: str
    how: str
    rule: str
    number: int


@dataclass(frozen=True, slots=True)
class Annex:
    """The account: why this was given, what may be done with it, what is missing."""

    purpose: str
    legal_basis: str
    covenant: str
    recipients: str
    # None: it is kept for good.
    destroy_by: date | None
    destroy_note: str
    data_leak: str
    profile: str
    method: tuple[Pair, ...]
    hidden: tuple[Hidden, ...]
    # Reports that go along although the reporter would rather not, each with ground and reason.
    deviations: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class DossierContent:
    """Everything the PDF shows, and nothing else."""

    schema: str
    house: House
    delivery: Delivery
    heading: Heading
    page_one: PageOne
    picture: Picture
    map: MapContent
    chronology: tuple[Event, ...]
    reports: tuple[ReportContent, ...]
    report_rows: tuple[ReportRow, ...]
    offenders: tuple[OffenderContent, ...]
    actions: tuple[ActionContent, ...]
    consultations: tuple[ConsultationContent, ...]
    agreements: tuple[AgreementContent, ...]
    attachments: AttachmentsContent
    feedback: FeedbackContent
    annex: Annex
    # The parts that this recipient doesn't get, by their names in `profile_rules.Section`.
    left_out: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise ContentError(f"onbekende versie van de inhoud: {self.schema!r}")


def to_json(content: Any) -> bytes:
    """Write the canonical text of a dossier or statement: keys sorted, no spaces, UTF-8.

    Raises:
        ContentError: a text holds characters that may not stand in a document.
    """
    for text in _texts(content):
        if not is_clean(text):
            raise ContentError(f"tekst met tekens die niet mogen: {text[:40]!r}")
    return msgspec.json.encode(content, order="sorted")


def content_hash(content: Any) -> str:
    """Return the SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(to_json(content)).hexdigest()


def from_json(text: bytes) -> DossierContent:
    """Read back a dossier that `to_json` wrote.

    Raises:
        ContentError: it is anything else.
    """
    return read_as(DossierContent, text)


def read_as(kind: type[Content], text: bytes) -> Content:
    """Read back content of a kind that `to_json` wrote.

    Raises:
        ContentError: it is anything else.
    """
    try:
        content = msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ContentError(f"dit is geen inhoud van een document: {error}") from error
    if to_json(content) != text:
        raise ContentError("de inhoud is niet in de vaste schrijfwijze")
    return content


def map_text(content: Content, change: Callable[[str], str]) -> Content:
    """Return the content with every text changed that a person reads."""
    return typing.cast(Content, _mapped(content, change))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_mapped(part, change) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        read = [field.name for field in fields(value) if field.name not in _FOR_MACHINES]
        return replace(value, **{name: _mapped(getattr(value, name), change) for name in read})
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _texts(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))
