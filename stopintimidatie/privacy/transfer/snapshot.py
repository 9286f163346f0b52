"""The package of one dossier: the whole document, its rows, attachments, tabled papers, metadata.

The metadata are XML, MDTO 1.0.1 of the Nationaal Archief (`templates/mdto.xml.jinja2`): a file
tells of an `informatieobject` (the dossier, and each record in it) or a `bestand` of a record.
https://www.nationaalarchief.nl/archiveren/mdto

Nothing is left out of it but contact data, which has a term of its own, and the content of
withdrawn reports, which nobody reads: the archive keeps what happened, not how to reach whom.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.mail.message import render
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.dossiers.actions.services import attachments, file_name
from stopintimidatie.dossiers.consultations.snapshot import label, read_tabled
from stopintimidatie.dossiers.models import Consultation, Dossier, DossierMembership
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.exports.extract.queries import LoadedDossier, load_dossier
from stopintimidatie.exports.profiles.defaults import INTERNAL
from stopintimidatie.exports.profiles.rules import SHOWN, Profile, Section
from stopintimidatie.exports.redaction.content import (
    AttachmentsContent,
    DossierContent,
    Hidden,
    Pair,
)
from stopintimidatie.exports.redaction.rules import redact
from stopintimidatie.exports.redaction.selection import Selection
from stopintimidatie.exports.redaction.source import DossierSource, Edition, KnownDossier
from stopintimidatie.exports.vocabulary import ExportRequest, listed
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.privacy.transfer.archive import Bag
from stopintimidatie.privacy.transfer.rows import Rows, as_csv, as_json
from stopintimidatie.reports.attachments.cleaner import EXTENSIONS
from stopintimidatie.reports.attachments.services import content_of
from stopintimidatie.reports.models import Report, ReportAttachment
from stopintimidatie.reports.vocabulary import KIND as REPORT

# Everything is in it, also what no recipient of an export gets.
WHOLE: Final[Profile] = replace(
    INTERNAL,
    label="Archief (het hele dossier)",
    sections=MappingProxyType(dict.fromkeys(Section, SHOWN)),
    not_allowed="Geef dit dossier niet door buiten het archief zonder te kijken of dat mag.",
    destroy_note="Dit dossier wordt blijvend bewaard.",
)
ABOUT: Final = (
    "Dit is het hele dossier, zoals het is afgesloten. De gemeente brengt het over naar het archief"
    " om het blijvend te bewaren."
)
LOCKED: Final = (
    "Melding {} is ingetrokken door de melder. Haar inhoud leest niemand meer en gaat niet mee:"
    " alleen dat zij er was."
)
WITHDRAWN_RULE: Final = "de melder trok de melding in: niemand leest haar inhoud"
ARCHIVE: Final = "het archief van de gemeente"
FILES: Final = "De bijlagen staan als losse bestanden bij dit document, in de map ‘bijlagen’."
MDTO: Final = "stopintimidatie.privacy.transfer:templates/mdto.xml.jinja2"
PDF: Final = "application/pdf"
JSON: Final = "application/json"
CSV: Final = "text/csv"
Chunks = Callable[[Session], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Source:
    """The dossier, as far as every part of the package names it.

    Args:
        number: of the dossier.
        code: of the municipality, as CBS writes it.
        moment: on which the package was made, also when it is made again.
        law: the archive law in force at that moment, with its article about limited openness.
    """

    number: str
    title: str
    municipality: str
    code: str
    neighbourhood: str
    begun: date
    closed: date
    moment: datetime
    category: str
    selection_list: str
    law: str

    @property
    def origin(self) -> str:
        """The system that the numbers are of."""
        return f"Stopintimidatie, gemeente {self.municipality}"

    @property
    def name(self) -> str:
        """The name of the dossier."""
        return f"Dossier {self.number}: {self.title}" if self.title else f"Dossier {self.number}"


@dataclass(frozen=True, slots=True)
class Part:
    """A record of the dossier: its number within the package, its name, its files."""

    number: str
    name: str
    files: tuple[Described, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """A file of a record."""

    number: str
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Planned:
    """A file of the package, whose content is read when it is written."""

    name: str
    media_type: str
    content: Chunks


@dataclass(frozen=True)
class Record:
    """A record of the dossier: a folder with the files that it consists of."""

    folder: str
    name: str
    files: tuple[Planned, ...]


@dataclass(frozen=True)
class Package:
    """The package of one dossier, before it is written."""

    source: Source
    document: DossierContent
    records: tuple[Record, ...]
    # SHA-256 of the rows: tells whether the dossier changed since.
    fingerprint: str
    reports: tuple[UUID, ...]
    # Sentences about the dossier, for its metadata.
    remarks: tuple[str, ...] = ()


def load_package(
    session: Session, registry: Any, dossier: Dossier, moment: datetime, category: tuple[str, str]
) -> Package:
    """Read a dossier whole.

    Args:
        session: a transaction of the dossier's holder.
        registry: of the installation.
        dossier: which was closed.
        moment: the moment that stands in the package.
        category: of the selection list, and the name of that list.

    Raises:
        ContentError: the dossier can't be put in a document; the message says why.
    """
    # Kept is kept whole: a restriction stops using and giving, not storing.
    loaded = load_dossier(session, dossier, None)
    law = registry.app_settings.archive_law(day_of(moment))
    members = _members(session, dossier)
    locked = [serial for serial, report in members.items() if report.locked]
    data, fingerprint = _data(session, registry, dossier, members)
    records = [
        Record("gegevens", "Gegevens van het dossier en de meldingen", data),
        *_attachments(session, registry.key_ring, dossier, members),
        *_papers(session, registry.key_ring, dossier),
    ]
    return Package(
        _source(session, dossier, moment, category, law),
        whole_document(loaded, moment, law, locked),
        tuple(records),
        fingerprint,
        tuple(report.id for report in members.values()),
        tuple(LOCKED.format(label(serial)) for serial in locked),
    )


def fingerprint_of(session: Session, registry: Any, dossier: Dossier) -> str:
    """Return the fingerprint of the rows of a dossier as they are now."""
    return _data(session, registry, dossier, _members(session, dossier))[1]


def _members(session: Session, dossier: Dossier) -> dict[int, Report]:
    """Return the reports that are in the dossier, or that it refers to, by their number in it."""
    rows = session.execute(
        select(DossierMembership.serial, Report)
        .join(Report, Report.id == DossierMembership.report_id)
        .where(DossierMembership.dossier_id == dossier.id, DossierMembership.left_at.is_(None))
        .order_by(DossierMembership.serial)
    )
    return {row[0]: row[1] for row in rows}


def _source(
    session: Session, dossier: Dossier, moment: datetime, category: tuple[str, str], law: str
) -> Source:
    return Source(
        number=dossier.number,
        title=dossier.title,
        municipality=session.get_one(Municipality, dossier.holder).name,
        code=dossier.holder,
        neighbourhood=session.get_one(Neighbourhood, dossier.neighbourhood_code).name,
        begun=day_of(dossier.made_at),
        closed=day_of(dossier.closed_at or moment),
        moment=moment,
        category=category[0],
        selection_list=category[1],
        law=law,
    )


def whole_document(
    loaded: LoadedDossier, moment: datetime, law: str, locked: Sequence[int] = ()
) -> DossierContent:
    """Return the content of the whole dossier: nothing coarser, nothing left out. Pure.

    `locked`: the numbers of reports that were withdrawn, which it only names.
    """
    known = {field.name: getattr(loaded.known, field.name) for field in fields(KnownDossier)}
    reports = tuple(sorted(loaded.known.reports, key=lambda row: (row.happened_at, row.serial)))
    serials = frozenset(report.serial for report in reports)
    hidden: Mapping[int, tuple[Any, ...]] = dict.fromkeys(serials, ())
    chosen = Selection(WHOLE, reports, serials, hidden, frozenset(), frozenset(), {})
    closed = day_of(loaded.row.closed_at or moment)
    asked = ExportRequest(
        profile=WHOLE.name,
        recipient=ARCHIVE,
        question=ABOUT,
        answer_by=closed,
        purpose="Blijvend bewaren in het archief.",
        legal_basis="archiefwet",
        destroy_by=closed,
    )
    edition = Edition(
        export_id=loaded.row.number,
        version=1,
        frozen_at=moment,
        verification_url="",
        legal_basis=law.partition(",")[0],
    )
    content = redact(DossierSource(**known, request=asked, edition=edition), chosen)
    rules = (Pair("Niet", WHOLE.not_allowed), Pair("Grondslag", f"{law.partition(',')[0]}."))
    news = (f"Het dossier is afgesloten op {date_text(closed)}.",)
    files = content.attachments
    left_out = content.annex.hidden
    if locked:
        names = listed([label(serial) for serial in locked])
        left_out += (Hidden(f"Ingetrokken: {names}", "weggelaten", WITHDRAWN_RULE, len(locked)),)
    return replace(
        content,
        page_one=replace(content.page_one, answer_by=None, rules=rules, news=news),
        annex=replace(content.annex, destroy_by=None, hidden=left_out),
        attachments=AttachmentsContent(FILES if files.files else files.note, ()),
    )


def _data(
    session: Session, registry: Any, dossier: Dossier, members: Mapping[int, Report]
) -> tuple[tuple[Planned, ...], str]:
    """Return the rows as files, and the hash over all of them."""
    rows = Rows(session, registry)
    whole = rows.of_document(DOSSIER, dossier.id)
    files = {
        f"{dossier.number}.json": (JSON, as_json(whole)),
        "chronologie.csv": (CSV, b"".join(as_csv(whole.get("dossier_move", ())))),
    }
    for serial, report in members.items():
        name = f"{label(serial)}-{report.reference}.json"
        files[name] = JSON, as_json(rows.of_document(REPORT, report.id))
    digest = hashlib.sha256()
    for name, (_, content) in files.items():
        digest.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
    planned = tuple(Planned(n, kind, _ready(content)) for n, (kind, content) in files.items())
    return planned, digest.hexdigest()


def _ready(content: bytes) -> Chunks:
    return lambda session: (content,)


def _attachments(
    session: Session, keys: KeyRing, dossier: Dossier, members: Mapping[int, Report]
) -> Iterator[Record]:
    """Yield the files of the dossier and of its reports, each as a record of its own."""
    for row in attachments(session, dossier):
        yield _attached(keys, row, file_name(dossier, row), f"Bijlage {row.number} van het dossier")
    serials = {report.id: serial for serial, report in members.items() if not report.locked}
    sent = session.scalars(
        select(ReportAttachment)
        .where(ReportAttachment.report_id.in_(serials), ReportAttachment.sealed.is_(None))
        .order_by(ReportAttachment.report_id, ReportAttachment.number)
    ).all()
    for sent_file in sorted(sent, key=lambda row: (serials[row.report_id], row.number)):
        report = label(serials[sent_file.report_id])
        ending = EXTENSIONS.get(sent_file.media_type, "bin")
        name = f"{report}-bijlage-{sent_file.number}.{ending}"
        yield _attached(keys, sent_file, name, f"Bijlage {sent_file.number} bij melding {report}")


def records_of_dossier(session: Session, keys: KeyRing, dossier: Dossier) -> Iterator[Record]:
    """Yield the attachments of the dossier itself, and what lay on its tables."""
    yield from _attachments(session, keys, dossier, {})
    yield from _papers(session, keys, dossier)


def records_of_report(session: Session, keys: KeyRing, report: Report) -> Iterator[Record]:
    """Yield the attachments that came with a report; of a withdrawn one none."""
    if report.locked:
        return
    sent = session.scalars(
        select(ReportAttachment)
        .where(ReportAttachment.report_id == report.id, ReportAttachment.sealed.is_(None))
        .order_by(ReportAttachment.number)
    )
    for row in sent.all():
        name = f"bijlage-{row.number}.{EXTENSIONS.get(row.media_type, 'bin')}"
        yield _attached(keys, row, name, f"Bijlage {row.number}")


def _attached(keys: KeyRing, row: Any, name: str, title: str) -> Record:
    def content(session: Session) -> Iterable[bytes]:
        return content_of(session, keys, row)

    return Record("bijlagen", title, (Planned(name, row.media_type, content),))


def _papers(session: Session, keys: KeyRing, dossier: Dossier) -> Iterator[Record]:
    """Yield what lay on the table of each consultation, as far as it is still there."""
    consultations = session.scalars(
        select(Consultation)
        .where(Consultation.dossier_id == dossier.id, Consultation.tabled_at.is_not(None))
        .order_by(Consultation.serial)
    )
    for consultation in consultations.all():
        papers = read_tabled(session, keys, consultation)
        if papers is not None:
            name = f"overleg-{consultation.serial}.json"
            title = f"Stukken van overleg {consultation.serial}"
            yield Record("overleggen", title, (Planned(name, JSON, _ready(as_json(papers))),))


def write_package(
    bag: Bag,
    package: Package,
    pdf: bytes,
    open_session: Callable[[], Any],
    progress: Callable[[str], None],
) -> None:
    """Write all files of a package, each with its metadata, and the bag's own files.

    Args:
        bag: empty.
        package: which was loaded.
        pdf: its document.
        open_session: gives a transaction of the dossier's holder; one per record.
        progress: is called with words for each record that is written.
    """
    source = package.source
    document = Planned(f"{source.number}.pdf", PDF, _ready(pdf))
    first = Record("document", f"Dossier {source.number} als document", (document,))
    parts = []
    records = (first, *package.records)
    for number, record in enumerate(records, 1):
        progress(f"onderdeel {number} van {len(records)}")
        with open_session() as session:
            parts.append(_write_record(bag, source, record, session))
    whole = describe(source, "Dossier", parts=parts, remarks=package.remarks)
    bag.add(f"{source.number}/{source.number}.mdto.xml", whole)
    bag.close(
        source.moment,
        [
            ("Source-Organization", f"Gemeente {source.municipality}"),
            ("External-Identifier", f"{source.code}-{source.number}"),
            ("External-Description", f"Dossier {source.number}, over te brengen naar het archief"),
        ],
    )


def _write_record(bag: Bag, source: Source, record: Record, session: Session) -> Part:
    """Write the files of a record, and tell of each and of the record in XML beside it."""
    described = []
    for file in record.files:
        path = f"{source.number}/{record.folder}/{file.name}"
        added = bag.add(path, file.content(session))
        described.append(Described(path, file.name, file.media_type, added.size, added.sha256))
    own = record.files[0].name if len(record.files) == 1 else record.folder
    number = f"{source.number}/{record.folder}" + (f"/{own}" if own != record.folder else "")
    part = Part(f"{number}#archiefstuk", record.name, tuple(described))
    folder = f"{source.number}/{record.folder}"
    bag.add(f"{folder}/{own}.mdto.xml", describe(source, "Archiefstuk", part=part))
    for row in described:
        bag.add(f"{row.number}.bestand.mdto.xml", describe(source, part=part, file=row))
    return part


def describe(source: Source, level: str = "", **about: Any) -> bytes:
    """Describe the dossier with its records by name (`parts`), a record (`part`), or its `file`.

    `level`: *Dossier* or *Archiefstuk*, none for a file. `remarks`: sentences on what isn't in it.
    """
    moment = source.moment.astimezone(UTC).replace(microsecond=0).isoformat()
    values = {"source": source, "moment": moment.replace("+00:00", "Z"), "level": level, **about}
    return render(MDTO, values).encode()
