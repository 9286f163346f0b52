"""A municipality that ends gets everything in open formats.

The folder is a bag: it appears under its name when it is whole. All that is destroyed later is in
it, opened; what isn't, its index names with the reason.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, Table, func, insert, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing, Vault
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.text import date_text, day_of, plural
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.exports.models import VAULT as EXPORTS
from stopintimidatie.exports.models import BlobKind, Export
from stopintimidatie.exports.request.queries import with_withdrawn
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of
from stopintimidatie.municipalities.settings.models import MunicipalityLogo
from stopintimidatie.privacy.destruction.models import (
    ArchiveTransfer,
    DestructionStatement,
    TransferState,
)
from stopintimidatie.privacy.requests.models import SubjectRequest
from stopintimidatie.privacy.subjects.models import VAULT as COPIES
from stopintimidatie.privacy.transfer.archive import Bag, FolderTarget, manifest, whole_folder
from stopintimidatie.privacy.transfer.rows import Rows, as_csv, as_json
from stopintimidatie.privacy.transfer.services import EVERYTHING, find_transfer
from stopintimidatie.privacy.transfer.snapshot import records_of_dossier, records_of_report
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import ReportState

KIND: Final = "gemeente"
Progress = Callable[[str], None]
# Tables that aren't in the package; its index says why.
LEFT_OUT: Final = (
    *("attachment_part", "consultation_blob", "export_blob", "subject_copy_blob"),
    *("consultation_key", "export_key", "subject_copy_key", "signing_certificate"),
    *("archive_part", "outbox_job", "search_document", "search_gap", "report_transfer"),
)
# In the place of a document that holds the content of a withdrawn report.
NOT_GIVEN: Final = (
    "In deze pdf staat een melding die de melder heeft ingetrokken. Haar inhoud leest niemand meer;"
    " daarom gaat de pdf niet mee."
)
INDEX: Final = "stopintimidatie.privacy.transfer:templates/index.html.jinja2"
APART: Final = "politie/"
CHUNK: Final = 1 << 20
# Documents that are read in one transaction.
AT_ONCE: Final = 50
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
    destroys: bool = False,
) -> int:
    """Write all data of a municipality in a folder, and return how many files that are.

    `destroys`: what is left goes after this, by the receipt of the package before it.

    Raises:
        ArchiveError: the folder isn't empty, or can't be written.
        DecryptionError: an attachment can't be read.
    """
    began = utc_now()
    moment = began.replace(microsecond=0)
    with whole_folder(folder) as half:
        bag = Bag(FolderTarget(half))
        for kind, entity in ((DOSSIER, Dossier), (REPORT, Report)):
            numbers = ids_of(engine, code, entity)
            for start in range(0, len(numbers), AT_ONCE):
                with transaction(engine, code, write=False) as session:
                    rows = Rows(session, registry, whole=True)
                    for number in numbers[start : start + AT_ONCE]:
                        _write_document(bag, session, registry.key_ring, rows, kind, number)
                progress(f"{kind}: {min(start + AT_ONCE, len(numbers))} van {len(numbers)}")
        with transaction(engine, code, write=False) as session:
            missing = [
                *_write_exports(bag, session, registry),
                *_write_copies(bag, session, registry),
            ]
            tables = list(_write_tables(bag, session, registry, code, progress))
            missing += _withdrawn(session)
        bag.add("index.html", _index(registry, name, code, moment, tables, missing))
        bag.close(
            moment, [("Source-Organization", f"Gemeente {name}"), ("External-Identifier", code)]
        )
    with transaction(engine, code) as session:
        _note_package(session, code, began, actor, bag, destroys=destroys)
        record(session, actor, "gemeente.uitgevoerd", code, KIND)
        if any(path.startswith(APART) for path, _ in tables):
            _note_apart(session, code, actor)
    return len(bag.files)


def _note_package(
    session: Session, code: str, began: datetime, actor: Actor, bag: Bag, *, destroys: bool
) -> None:
    """Note the package, which then waits for the decision and the receipt of the municipality."""
    row = find_transfer(session, EVERYTHING)
    if row is None:
        row = ArchiveTransfer(holder=code, dossier_id=EVERYTHING, reference=code)
        session.add(row)
    # Destroying that was begun goes on by the receipt that there is.
    if not (row.reports or (destroys and row.received_at)):
        forget_receipt(row)
        # The package that is received holds nothing of after this moment.
        row.requested_at = began
    row.made_at = utc_now()
    row.requested_by_id, row.requested_by = actor.id, actor.name
    row.size, row.sha256 = len(bag.files), sha256(manifest(bag.files)).hexdigest()


def forget_receipt(row: ArchiveTransfer) -> None:
    """Have the package of a leaving wait again for a decision and a receipt."""
    row.receipt_from = row.receipt_number = row.receipt_on = None
    row.received_at = row.received_by_id = row.received_by = None
    row.state = TransferState.WAITS.value


def _note_apart(session: Session, code: str, actor: Actor) -> None:
    """Tell in the log of what is kept apart that it went along."""
    for table, column in tables_of():
        if table.info.get("apart") and table.info.get("log"):
            who = {"actor_id": actor.id, "actor_name": actor.name}
            session.execute(insert(table).values(**{column: code}, action="uitgevoerd", **who))


def _withdrawn(session: Session) -> list[tuple[str, str]]:
    """Return what the index says of withdrawn reports, if there are any."""
    mine = select(func.count(Report.id)).where(Report.state == ReportState.WITHDRAWN)
    number = session.scalar(mine) or 0
    about = "ingetrokken: alleen dat zij er was staat erin, haar inhoud leest niemand meer"
    return [(plural(number, "melding", "meldingen"), about)] if number else []


def ids_of(engine: Engine, code: str, entity: Any) -> Sequence[UUID]:
    """Return the ids of all documents of a kind."""
    with transaction(engine, code, write=False) as session:
        # A double before its original, which says its category.
        order = (entity.duplicate_of_id.is_(None),) if entity is Report else ()
        rows = select(entity.id).order_by(*order, entity.id)
        numbers: Sequence[UUID] = session.scalars(rows).all()
        return numbers


def _write_document(
    bag: Bag, session: Session, keys: KeyRing, rows: Rows, kind: str, number: UUID
) -> None:
    """Write the rows of a document, and its attachments and papers in a folder of its own."""
    if kind == REPORT:
        report = session.get_one(Report, number)
        path = f"meldingen/{report.reference}"
        records = records_of_report(session, keys, report)
    else:
        dossier = session.get_one(Dossier, number)
        path, records = f"dossiers/{dossier.number}", records_of_dossier(session, keys, dossier)
    bag.add(f"{path}.json", as_json(rows.of_document(kind, number)))
    for entry in records:
        for file in entry.files:
            bag.add(f"{path}/{file.name}", file.content(session))


def _write_exports(bag: Bag, session: Session, registry: Any) -> Iterator[tuple[str, str]]:
    """Write what there is of exports, and the statements; yield what can't be read, and why."""
    locked = set(session.scalars(with_withdrawn()))
    for export in session.scalars(select(Export).order_by(Export.reference)):
        kinds = [kind for kind in EXPORTS.kinds(session, export) if kind != BlobKind.LOCK]
        if kinds and export.id in locked:
            yield f"uitvoer {export.reference}", NOT_GIVEN
            continue
        yield from _write_vault(bag, session, registry, EXPORTS, export, "uitvoer", kinds)
    # Read the statements one at a time: each row holds a PDF.
    statements = select(DestructionStatement).execution_options(yield_per=1)
    for statement in session.scalars(statements):
        bag.add(f"verklaringen/{statement.number}.pdf", statement.pdf)
        bag.add(f"verklaringen/{statement.number}.json", as_json(statement.content))


def _write_copies(bag: Bag, session: Session, registry: Any) -> Iterator[tuple[str, str]]:
    """Write the copies for data subjects that are still there; yield what can't be read."""
    for request in session.scalars(select(SubjectRequest).order_by(SubjectRequest.reference)):
        kinds = COPIES.kinds(session, request)
        yield from _write_vault(bag, session, registry, COPIES, request, "verzoeken", kinds)


def _write_vault(
    bag: Bag,
    session: Session,
    registry: Any,
    vault: Vault,
    owner: Any,
    folder: str,
    kinds: Iterable[str],
) -> Iterator[tuple[str, str]]:
    """Write what a vault keeps of one document; yield what its keys don't open."""
    for kind in kinds:
        try:
            data = vault.read(session, registry.key_ring, owner, kind)
        except DecryptionError:
            yield f"{folder} {owner.reference}, {kind}", "de sleutel is weg: niemand kan het openen"
            continue
        ending = "pdf" if data.startswith(b"%PDF") else "json" if data[:1] in b"[{" else "bin"
        bag.add(f"{folder}/{owner.reference}/{kind}.{ending}", data)


def _write_tables(
    bag: Bag, session: Session, registry: Any, code: str, progress: Progress
) -> Iterator[tuple[str, int]]:
    """Write each table as CSV and JSON, and yield its name and number of rows."""
    rows = Rows(session, registry, whole=True)
    for table, column in tables_of():
        if table.name in LEFT_OUT:
            continue
        # Apart, so that it can be given to who may read it.
        path = f"{APART if table.info.get('apart', False) else 'tabellen/'}{table.name}"
        condition = table.c[column] == code
        if table.name == "reference":
            # A report that came from the police stands there, and nowhere else.
            apart = [each.c for each, _ in tables_of() if each.info.get("apart")]
            own = next(columns.reference for columns in apart if "reference" in columns)
            condition &= table.c.reference.not_in(select(own).where(own.is_not(None)))
        number = _write_table(bag, path, rows.of_table(table.name, condition))
        if number:
            progress(f"tabel {table.name}: {number}")
            yield path, number
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
        bag.add(f"{name}.csv", as_csv(counted()))
        listed.write(b"\n]\n")
        listed.seek(0)
        bag.add(f"{name}.json", iter(lambda: listed.read(CHUNK), b""))
    return number


def tables_of() -> Iterator[tuple[Table, str]]:
    """Yield the tables with rows of a municipality, each with the column that names it."""
    for table in Base.metadata.sorted_tables:
        if "holder" in table.c:
            yield table, "holder"
        elif table.name in _SETTINGS:
            yield table, "owner"
        elif table.name in ("municipality_level", "municipality_profile"):
            yield table, "code"
        elif table.name == "shared_practice":
            yield table, "municipality"


def _index(
    registry: Any,
    name: str,
    code: str,
    moment: datetime,
    tables: Sequence[tuple[str, int]],
    missing: Sequence[tuple[str, str]],
) -> bytes:
    """Make the page that says what is in each file, and what is in none, with the reason."""
    labels: dict[str, str] = {}
    for kind in RETENTION_CLASSES.of(registry).values():
        for table in kind.tables if not kind.desk else ():
            known = "Meldingen" if table.startswith("report") else kind.label
            labels.setdefault(table, known)
    rows = [(path, path.rpartition("/")[2], number) for path, number in tables]
    about = {"name": name, "code": code, "made": date_text(moment), "labels": labels}
    return render(
        INDEX, {**about, "tables": rows, "without": LEFT_OUT, "missing": missing}
    ).encode()
