"""A municipality that ends gets everything in open formats; the rest is destroyed with a statement.

The folder is a bag: it appears under its name when it is whole. Keys, passwords and hashes of
secrets are never in it, and contact data only when asked for. Destroying goes document by document,
each in a transaction of its own, so a repeated command goes on with what is left.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from html import escape
from itertools import chain
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, Table, delete, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.search.services import enqueue_purge
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.storage.encryption import DecryptionError
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.exports import models as exports_models
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.request.queries import with_withdrawn
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of, set_level
from stopintimidatie.municipalities.people.access import end_when_empty
from stopintimidatie.municipalities.settings.models import MunicipalityLogo
from stopintimidatie.privacy.destruction.documents import Fate, category_of, destroy_document
from stopintimidatie.privacy.destruction.models import DestructionStatement, Tombstone
from stopintimidatie.privacy.destruction.statement import Decision, make_statement
from stopintimidatie.privacy.holds.models import Hold
from stopintimidatie.privacy.retention.queries import present_schedule
from stopintimidatie.privacy.retention.rules import DOSSIER_CLOSED, class_of_report
from stopintimidatie.privacy.transfer.archive import Bag, FolderTarget, whole_folder
from stopintimidatie.privacy.transfer.rows import CONTACT, KEYS, Rows, as_csv, as_json
from stopintimidatie.privacy.transfer.services import TransferError
from stopintimidatie.privacy.transfer.snapshot import records_of_dossier, records_of_report
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT

KIND: Final = "gemeente"
Progress = Callable[[str], None]
# Work of the programme itself, and what only makes sense inside it.
_INNER: Final = KEYS | {
    *("archive_part", "outbox_job", "search_document", "search_gap", "redirect", "reference"),
    *("signing_certificate", "identity_provider", "provider_account", "mail_message"),
}
# The register, statements and decisions stay as the law says; the programme's own work goes on.
_STAYS: Final = frozenset(
    [
        *("tombstone", "destruction_list", "destruction_line", "retention_schedule"),
        *("retention_extension", "archive_transfer", "disclosed_copy", "reference", "redirect"),
        *("outbox_job", "search_document", "search_gap"),
    ]
)
# In the place of a document that holds the content of a withdrawn report.
NOT_GIVEN: Final = (
    "In deze pdf staat een melding die de melder heeft ingetrokken. Haar inhoud leest niemand meer;"
    " daarom gaat de pdf niet mee."
)
CHUNK: Final = 1 << 20
_SETTINGS: Final = ("municipality_setting", "municipality_question", "municipality_logo")


def why_not_leave(session: Session, code: str, ended: datetime | None) -> str | None:
    """Return why a municipality's data can't be given to it as to one that ended; None if it can.

    `ended`: the day on which it ended, as the operator says.
    """
    if ended is not None and ended.date() > day_of(utc_now()):
        return "De datum bij --einde ligt in de toekomst. Geef de opdracht op of na die dag."
    if ended is None and level_of(session, code) == ParticipationLevel.PROGRAMME:
        return (
            "Deze gemeente doet nog mee met het programma. Beëindig dat eerst met ‘gemeente"
            " niveau’, of noem met --einde de dag waarop zij stopte."
        )
    return None


def write_everything(
    registry: Any,
    engine: Engine,
    code: str,
    name: str,
    folder: Path,
    actor: Actor,
    progress: Progress,
    *,
    clear: bool,
) -> int:
    """Write all data of a municipality in a folder, and return how many files that are.

    `clear`: contact data goes along, readable.

    Raises:
        ArchiveError: the folder isn't empty, or can't be written.
        DecryptionError: an attachment can't be read.
    """
    moment = utc_now().replace(microsecond=0)
    contact = CONTACT if clear else frozenset()
    with whole_folder(folder) as half:
        bag = Bag(FolderTarget(half))
        for kind, entity in ((DOSSIER, Dossier), (REPORT, Report)):
            numbers = _ids(engine, code, entity)
            for done, number in enumerate(numbers, 1):
                with transaction(engine, code, write=False) as session:
                    _write_document(bag, session, registry, kind, number, contact)
                if done % 50 == 0 or done == len(numbers):
                    progress(f"{kind}: {done} van {len(numbers)}")
        with transaction(engine, code, write=False) as session:
            _write_copies(bag, session, registry)
            tables = list(_write_tables(bag, session, registry, code, contact, progress))
        bag.add("index.html", _index(registry, name, code, moment, tables, clear=clear))
        bag.close(
            moment, [("Source-Organization", f"Gemeente {name}"), ("External-Identifier", code)]
        )
    with transaction(engine, code) as session:
        fields = ["met contactgegevens"] if clear else []
        record(session, actor, "gemeente.uitgevoerd", code, KIND, fields=fields)
    return len(bag.files)


def _ids(engine: Engine, code: str, entity: Any) -> Sequence[UUID]:
    with transaction(engine, code, write=False) as session:
        # A double before its original, which says its category.
        order = (entity.duplicate_of_id.is_(None),) if entity is Report else ()
        rows = select(entity.id).order_by(*order, entity.id)
        numbers: Sequence[UUID] = session.scalars(rows).all()
        return numbers


def _write_document(
    bag: Bag, session: Session, registry: Any, kind: str, number: UUID, contact: frozenset[str]
) -> None:
    """Write the rows of a document, and its attachments and papers in a folder of its own."""
    rows = Rows(session, registry, contact).of_document(kind, number)
    keys = registry.key_ring
    if kind == REPORT:
        report = session.get_one(Report, number)
        path = f"meldingen/{report.reference}"
        records = records_of_report(session, keys, report)
    else:
        dossier = session.get_one(Dossier, number)
        path, records = f"dossiers/{dossier.number}", records_of_dossier(session, keys, dossier)
    bag.add(f"{path}.json", as_json(rows))
    for entry in records:
        for file in entry.files:
            bag.add(f"{path}/{file.name}", file.content(session))


def _write_copies(bag: Bag, session: Session, registry: Any) -> None:
    """Write the PDFs of exports that are still there, and the statements."""
    ready = select(Export).where(Export.state == ExportState.READY.value)
    locked = set(session.scalars(with_withdrawn()))
    for export in session.scalars(ready.order_by(Export.reference)):
        if export.id in locked:
            why = {"uitvoer": export.reference, "pdf": None, "waarom": NOT_GIVEN}
            bag.add(f"uitvoer/{export.reference}.json", as_json(why))
            continue
        try:
            kind = exports_models.BlobKind.PDF
            pdf = exports_models.read(session, registry.key_ring, export, kind)
        except DecryptionError:
            # Its term was over: the register tells that it was there.
            continue
        bag.add(f"uitvoer/{export.reference}.pdf", pdf)
    # Read the statements one at a time: each row holds a PDF.
    statements = select(DestructionStatement).execution_options(yield_per=1)
    for statement in session.scalars(statements):
        bag.add(f"verklaringen/{statement.number}.pdf", statement.pdf)
        bag.add(f"verklaringen/{statement.number}.json", as_json(statement.content))


def _write_tables(
    bag: Bag,
    session: Session,
    registry: Any,
    code: str,
    contact: frozenset[str],
    progress: Progress,
) -> Iterator[tuple[str, int]]:
    """Write each table as CSV and JSON, and yield its name and number of rows."""
    rows = Rows(session, registry, contact)
    for table, column in _tables(code):
        if table.name in _INNER or (table.name in CONTACT and table.name not in contact):
            continue
        # Whoever gets the package isn't one of the few who may know of it.
        if table.info.get("apart", False):
            continue
        number = _write_table(bag, table.name, rows.of_table(table.name, table.c[column] == code))
        if number:
            progress(f"tabel {table.name}: {number}")
            yield table.name, number
    people = session.execute(
        select(User.id, User.name)
        .where(User.id.in_(select(RoleAssignment.user_id).where(RoleAssignment.holder == code)))
        .order_by(User.name)
    ).all()
    bag.add("medewerkers.json", as_json([{"id": str(row.id), "naam": row.name} for row in people]))
    for logo in session.scalars(select(MunicipalityLogo).where(MunicipalityLogo.owner == code)):
        bag.add(f"logo/{logo.sha256}.{logo.media_type.rpartition('/')[2]}", logo.content)


def _write_table(bag: Bag, name: str, rows: Iterator[dict[str, Any]]) -> int:
    """Write the rows of a table as they come, and return how many; without any no file."""
    first = next(rows, None)
    if first is None:
        return 0
    number = 0
    with tempfile.TemporaryFile() as listed:

        def counted() -> Iterator[dict[str, Any]]:
            nonlocal number
            for row in chain([first], rows):
                listed.write((b",\n" if number else b"[\n") + as_json(row).rstrip())
                number += 1
                yield row

        # Read once for the CSV and the JSON file, so that both hold the same rows.
        bag.add(f"tabellen/{name}.csv", as_csv(counted()))
        listed.write(b"\n]\n")
        listed.seek(0)
        bag.add(f"tabellen/{name}.json", iter(lambda: listed.read(CHUNK), b""))
    return number


def _tables(code: str) -> Iterator[tuple[Table, str]]:
    """Yield the tables with rows of a municipality, each with the column that names it."""
    for table in Base.metadata.sorted_tables:
        if "holder" in table.c:
            yield table, "holder"
        elif table.name in _SETTINGS:
            yield table, "owner"
        elif table.name in ("municipality_level", "municipality_profile"):
            yield table, "code"


_ABOUT: Final = (
    (
        "meldingen/KENMERK.json",
        "Elke melding, met geschiedenis, berichten en notities. Van een ingetrokken melding alleen"
        " dat zij er was: haar inhoud leest niemand meer.",
    ),
    ("meldingen/KENMERK/", "De bijlagen van die melding, zoals ze zijn bewaard."),
    ("dossiers/NUMMER.json", "Elk dossier, met notities, afspraken, overleggen en uitvoer."),
    ("dossiers/NUMMER/", "De bijlagen van dat dossier, en wat per overleg op tafel lag."),
    (
        "uitvoer/",
        "De pdf's van uitvoer die er nog zijn. Staat er een ingetrokken melding in, dan staat hier"
        " alleen dat de pdf er was.",
    ),
    ("verklaringen/", "De verklaringen van vernietiging, als pdf en als gegevens."),
    ("tabellen/", "Elke tabel als CSV (voor een rekenblad) en als JSON (precies)."),
    ("medewerkers.json", "De namen bij de nummers van medewerkers."),
    ("logo/", "Het logo van de gemeente."),
    ("manifest-sha256.txt", "De controlesom van elk bestand (BagIt 1.0, een map hoger)."),
)


# Tables that have no term of their own.
_LABELS: Final = {
    "dossier_counter": "Het laatste nummer van een dossier, per jaar",
    "municipality_level": "Hoe ver de gemeente meedeed, en sinds wanneer",
    "municipality_profile": "Hoe ver de gemeente nu meedoet",
    "municipality_question": "Eigen vragen van de gemeente",
    "municipality_setting": "Instellingen van de gemeente, in versies",
    "municipality_logo": "Logo's van de gemeente",
}


def _index(
    registry: Any,
    name: str,
    code: str,
    moment: datetime,
    tables: Sequence[tuple[str, int]],
    *,
    clear: bool,
) -> bytes:
    """Make the page that says of each file what is in it."""
    labels = dict(_LABELS)
    for kind in RETENTION_CLASSES.of(registry).values():
        for table in kind.tables if not kind.desk else ():
            known = "Meldingen" if table.startswith("report") else kind.label
            labels.setdefault(table, known)
    files = "".join(f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>\n" for a, b in _ABOUT)
    rows = "".join(
        f"<tr><th>tabellen/{table}</th><td>{number}</td>"
        f"<td>{escape(labels.get(table, ''))}</td></tr>\n"
        for table, number in tables
    )
    contact = "staan erin, leesbaar" if clear else "staan er niet in"
    return (
        '<!DOCTYPE html>\n<html lang="nl"><head><meta charset="utf-8">'
        f"<title>Gegevens van gemeente {escape(name)}</title></head><body>\n"
        f"<h1>Gegevens van gemeente {escape(name)} ({code})</h1>\n"
        f"<p>Gemaakt op {date_text(moment)} door Stopintimidatie. Contactgegevens {contact}."
        " Velden van meldingen heten zoals in het bericht van de app; andere kolommen zoals in de"
        " database. Tijdstippen zijn in UTC.</p>\n"
        f"<h2>Bestanden</h2>\n<table>\n{files}</table>\n"
        "<h2>Tabellen</h2>\n<table>\n<tr><th>Tabel</th><th>Rijen</th><th>Wat</th></tr>\n"
        f"{rows}</table>\n</body></html>\n"
    ).encode()


# Destroying the rest


def destroy_everything(
    registry: Any, engine: Engine, code: str, actor: Actor, progress: Progress
) -> tuple[str, bytes] | None:
    """Destroy the data of a municipality that has left; return number and PDF of the statement.

    None: there was no document left to state anything of.

    Raises:
        TransferError: documents are frozen.
    """
    refuse_when_held(engine, code)
    for kind, entity in ((DOSSIER, Dossier), (REPORT, Report)):
        numbers = _ids(engine, code, entity)
        for done, number in enumerate(numbers, 1):
            with transaction(engine, code) as session:
                _destroy(registry, session, kind, number, actor)
            if done % 50 == 0 or done == len(numbers):
                progress(f"{kind} vernietigd: {done} van {len(numbers)}")
    with transaction(engine, code) as session:
        statement = _state(registry, session, actor)
    with transaction(engine, code) as session:
        _empty_tables(session, code)
        enqueue_purge(session, code)
        record(session, actor, "gemeente.vernietigd", code, KIND)
    _end(registry, engine, code, actor)
    return statement


def refuse_when_held(engine: Engine, code: str) -> None:
    """Refuse to destroy what a municipality has while some of it is frozen.

    Raises:
        TransferError: documents are frozen.
    """
    with transaction(engine, code, write=False) as session:
        frozen = session.scalar(select(func.count(Hold.id)).where(Hold.lifted_at.is_(None)))
    if frozen:
        raise TransferError(
            f"Er zijn nog {frozen} bevriezingen van kracht. Hef die eerst op: wat bevroren is, mag"
            " niet worden vernietigd."
        )


def _destroy(registry: Any, session: Session, kind: str, number: UUID, actor: Actor) -> None:
    group = DOSSIER_CLOSED
    if kind == REPORT:
        report = session.get(Report, number)
        group = class_of_report(report.state, report.ended_reason) if report else ""
    category = category_of(session, present_schedule(session), group, number)
    destroy_document(registry, session, kind, number, Fate(group, category), actor)


def _state(registry: Any, session: Session, actor: Actor) -> tuple[str, bytes] | None:
    gone = session.scalars(
        select(Tombstone)
        .where(Tombstone.statement_id.is_(None))
        .order_by(Tombstone.gone_on, Tombstone.reference)
    ).all()
    if not gone:
        return None
    words = (
        "De gemeente is gestopt en kreeg al haar gegevens. Wat overbleef is vernietigd, zoals de"
        " verwerkersovereenkomst zegt (art. 28 lid 3 g AVG)."
    )
    pairs = (("Opdracht", actor.name), ("Datum", date_text(utc_now())))
    made = make_statement(registry, session, gone, Decision("vertrek", words, pairs))
    return made.number, made.pdf


def _empty_tables(session: Session, code: str) -> None:
    """Delete the other rows of a municipality, those that refer to others first."""
    people = session.scalars(
        select(User).where(
            User.id.in_(select(RoleAssignment.user_id).where(RoleAssignment.holder == code))
        )
    ).all()
    for table, column in reversed(list(_tables(code))):
        append_only = table.info.get("append_only", False)
        if column == "code" or append_only or table.name in _STAYS:
            continue
        session.execute(delete(table).where(table.c[column] == code))
    session.expire_all()
    for user in people:
        end_when_empty(session, user)


def _end(registry: Any, engine: Engine, code: str, actor: Actor) -> None:
    """Let the municipality take part no more."""
    with transaction(engine, NATIONAL) as session:
        if level_of(session, code) != ParticipationLevel.NO_AGREEMENT:
            rules = registry.level_rules
            set_level(session, rules, actor, code, ParticipationLevel.NO_AGREEMENT)
