"""Transferring a dossier to an archive: the package, and the receipt by which it goes here.

An operator, who could read everything anyway, makes the package in a folder on the machine, where
the archive has a key encrypted for it: lost on its way it is no data leak then. The dossier goes
here with the archive's receipt, once its line on a destruction list is authorised.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import IO, Any, Final
from uuid import UUID

import pyrage
from pyrage import x25519
from sqlalchemy import ColumnElement, Engine, Select, and_, exists, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.jobs import Job, JobContext
from stopintimidatie.core.security import Identity
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.dossiers.workflow import DossierState
from stopintimidatie.exports.document.process import render_in_process
from stopintimidatie.exports.document.services import limits_of
from stopintimidatie.privacy.destruction.documents import destroy_document, fate_of
from stopintimidatie.privacy.destruction.jobs import copies_out, waits_for
from stopintimidatie.privacy.destruction.models import (
    ArchiveTransfer,
    DestructionLine,
    DestructionList,
    LineState,
    TransferState,
)
from stopintimidatie.privacy.destruction.personal import forget_package
from stopintimidatie.privacy.destruction.services import mark_transfer
from stopintimidatie.privacy.erasure.services import export_obstacles
from stopintimidatie.privacy.holds.services import BELONGS
from stopintimidatie.privacy.retention.queries import present_schedule
from stopintimidatie.privacy.retention.rules import DOSSIER_CLOSED, Outcome
from stopintimidatie.privacy.transfer.archive import Bag, ZipTarget
from stopintimidatie.privacy.transfer.snapshot import (
    Package,
    fingerprint_of,
    load_package,
    write_package,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import ReportState

JOB: Final = Job("overbrengen.pakket")
NAME: Final = "overbrengen"
# In the place of a dossier: all of a municipality that ends.
EVERYTHING: Final = UUID(int=0)
# The package is read in parts of this size.
PART_BYTES: Final = 1024 * 1024
UNDER_WAY: Final = frozenset({TransferState.ASKED, TransferState.MAKING})
# Is called with words for the step.
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Receipt:
    """The receipt of the archive: its number, its day, and the name of the archive."""

    number: str
    on: date
    giver: str


def find_dossier(session: Session, number: str) -> Dossier | None:
    """Return the dossier of the holder with this number."""
    return session.scalars(select(Dossier).where(Dossier.number == number)).one_or_none()


def find_transfer(session: Session, dossier: UUID) -> ArchiveTransfer | None:
    """Return the transfer of a dossier, whatever its state."""
    return session.scalars(
        select(ArchiveTransfer).where(ArchiveTransfer.dossier_id == dossier)
    ).one_or_none()


def why_not(session: Session, dossier: Dossier) -> str | None:
    """Return why a dossier can't be transferred now, and what to do; None when it can."""
    if dossier.state != DossierState.CLOSED:
        return "Dit dossier is niet afgesloten. Vraag de dossierhouder het eerst af te sluiten."
    if dossier.frozen:
        return (
            "Dit dossier is bevroren. Vraag de proceseigenaar of de privacyfunctionaris de"
            " bevriezing eerst op te heffen."
        )
    obstacles = export_obstacles(session, [dossier.id])
    if obstacles:
        return obstacles[0]
    if copies_out(session, [dossier.id]):
        return (
            "Een ontvanger mag een kopie van dit dossier nog gebruiken. Breng het over na de dag"
            " waarop die kopie vernietigd moet zijn."
        )
    return None


def known_key(text: str) -> str:
    """Return a public age key as it is kept.

    Raises:
        FormError: it isn't one.
    """
    try:
        return str(x25519.Recipient.from_str(text.strip()))
    except pyrage.RecipientError:
        raise FormError(
            "Dit is geen openbare sleutel. Hij begint met ‘age1’ en is 62 tekens lang. Vraag hem"
            " aan het archief."
        ) from None


def line_of(session: Session, document: UUID) -> DestructionLine | None:
    """Return the line of a document on a destruction list, while it isn't gone."""
    return session.scalars(
        select(DestructionLine)
        .where(DestructionLine.document_id == document, DestructionLine.gone_at.is_(None))
        .order_by(DestructionLine.due_on)
        .limit(1)
    ).one_or_none()


_AGREED: Final = and_(
    DestructionLine.outcome == Outcome.TRANSFER.value,
    DestructionLine.decision == LineState.GOES.value,
    DestructionLine.authorised_at.is_not(None),
    DestructionLine.gone_at.is_(None),
)


def is_agreed(session: Session, rows: Sequence[ArchiveTransfer]) -> frozenset[UUID]:
    """Return the dossiers of these transfers whose line is authorised to transfer them."""
    ids = [row.dossier_id for row in rows]
    mine = select(DestructionLine.document_id).where(DestructionLine.document_id.in_(ids), _AGREED)
    return frozenset(session.scalars(mine))


def to_do(session: Session) -> Sequence[DestructionLine]:
    """Return the lines of dossiers that must be transferred, and have no package yet."""
    mine = select(DestructionLine).where(_without_package())
    return session.scalars(mine.order_by(DestructionLine.due_on, DestructionLine.reference)).all()


def _without_package() -> ColumnElement[bool]:
    asked = exists().where(
        ArchiveTransfer.dossier_id == DestructionLine.document_id,
        ArchiveTransfer.holder == DestructionLine.holder,
    )
    return and_(
        DestructionLine.outcome == Outcome.TRANSFER.value,
        DestructionLine.document_kind == DOSSIER,
        DestructionLine.gone_at.is_(None),
        ~asked,
    )


def transfers(session: Session) -> Sequence[ArchiveTransfer]:
    """Return all transfers of dossiers, the latest first."""
    mine = select(ArchiveTransfer).where(ArchiveTransfer.dossier_id != EVERYTHING)
    newest = mine.order_by(ArchiveTransfer.requested_at.desc(), ArchiveTransfer.reference)
    return session.scalars(newest).all()


def waiting(holder: str, identity: Identity) -> Select[Any]:
    """Select what waits for the archivist: dossiers without a package, or without a receipt."""
    lines = select(DestructionLine.id).where(DestructionLine.holder == holder, _without_package())
    # Before its line is authorised, a package asks nothing of the archivist.
    made = select(ArchiveTransfer.id).where(
        ArchiveTransfer.holder == holder,
        ArchiveTransfer.state == TransferState.WAITS.value,
        exists().where(DestructionLine.document_id == ArchiveTransfer.dossier_id, _AGREED),
    )
    return select(lines.union_all(made).subquery().c.id)


def begin(session: Session, actor: Actor, dossier: Dossier, key: str | None) -> ArchiveTransfer:
    """Note that a package of a dossier is being made, also anew, and return its transfer.

    `key`: the archive's; None takes the one that is known. Its open line says *overbrengen*.

    Raises:
        FormError: the dossier can't be transferred now.
    """
    session.refresh(dossier, with_for_update=True)
    problem = why_not(session, dossier)
    if problem is not None:
        raise FormError(problem)
    line = line_of(session, dossier.id)
    if line is not None and line.authorised_at is None and line.outcome != Outcome.TRANSFER:
        mark_transfer(session, session.get_one(DestructionList, line.list_id), line)
    transfer = find_transfer(session, dossier.id)
    if transfer is None:
        transfer = ArchiveTransfer(
            holder=dossier.holder, dossier_id=dossier.id, reference=dossier.number
        )
        session.add(transfer)
    if transfer.state != TransferState.WAITS:
        # A package that is made again has the same moment in it.
        transfer.requested_at = utc_now().replace(microsecond=0)
    transfer.state = TransferState.MAKING.value
    transfer.requested_by_id, transfer.requested_by = actor.id, actor.name
    transfer.recipient = key or transfer.recipient
    session.flush()
    forget_package(session, transfer)
    record(session, actor, "dossier.overbrengen_gevraagd", dossier.holder, DOSSIER, [dossier.id])
    return transfer


def stop_packages(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Stop a package that was asked for before the upgrade; an operator makes it now (job)."""
    for payload in payloads:
        with context.transaction() as session:
            transfer = session.get(ArchiveTransfer, UUID(payload["id"]), with_for_update=True)
            if transfer is not None and transfer.state in UNDER_WAY:
                transfer.state = TransferState.AGREEING.value


def category_of(session: Session, dossier: UUID) -> tuple[str, str]:
    """Return the category of a dossier in the selection list, and the source of that choice."""
    schedule = present_schedule(session)
    choice = schedule.choices.get(DOSSIER_CLOSED) if schedule else None
    line = line_of(session, dossier)
    if line is not None:
        return line.category, choice.source if choice else ""
    return (choice.category, choice.source) if choice else ("", "")


def withdrawn_since(session: Session, transfer: ArchiveTransfer) -> bool:
    """Tell whether a report in a package was withdrawn after the package was made."""
    if transfer.made_at is None or transfer.state != TransferState.WAITS:
        return False
    inside = Report.id.in_([UUID(number) for number in transfer.reports])
    later = Report.ended_at > transfer.made_at
    gone = select(Report.id).where(inside, later, Report.state == ReportState.WITHDRAWN)
    return session.scalar(gone.limit(1)) is not None


def name_of(transfer: ArchiveTransfer) -> str:
    """Return the name of a package, without an ending."""
    return f"overbrengen-{transfer.holder.lower()}-{transfer.reference}"


def make_zip(
    registry: Any,
    engine: Engine,
    holder: str,
    number: UUID,
    file: IO[bytes],
    progress: Progress,
    key: str | None = None,
) -> Package:
    """Write the package of a transfer to a file, and return what is in it.

    It is read in transactions of the holder, and drawn outside them. `key`: encrypts it.

    Raises:
        FormError: the dossier is gone.
        ContentError: the dossier can't be put in a document.
        DecryptionError: an attachment can't be read.
        RenderingError: the document couldn't be made.
    """
    with transaction(engine, holder, write=False) as session:
        transfer = session.get(ArchiveTransfer, number)
        dossier = session.get(Dossier, transfer.dossier_id) if transfer else None
        if transfer is None or dossier is None:
            raise FormError("Dit dossier is er niet meer.")
        name, moment = name_of(transfer), transfer.requested_at
        category = category_of(session, dossier.id)
        package = load_package(session, registry, dossier, moment, category)
    progress("het document wordt opgemaakt")
    pdf = render_in_process(package.document, limits=limits_of(registry.app_settings))
    with tempfile.TemporaryFile() as clear:
        with ZipTarget(clear if key else file, name, moment) as target:
            write_package(
                Bag(target),
                package,
                pdf,
                lambda: transaction(engine, holder, write=False),
                progress,
            )
        if key:
            clear.seek(0)
            pyrage.encrypt_io(clear, file, [x25519.Recipient.from_str(key)])
    return package


def finish(
    session: Session,
    registry: Any,
    actor: Actor,
    number: UUID,
    package: Package,
    content: IO[bytes],
) -> bool:
    """Note that a package was made; False when its dossier changed meanwhile: make it again."""
    transfer = session.get(ArchiveTransfer, number, with_for_update=True, populate_existing=True)
    if transfer is None or transfer.state != TransferState.MAKING:
        return True
    dossier = session.get(Dossier, transfer.dossier_id)
    if dossier is None or fingerprint_of(session, registry, dossier) != package.fingerprint:
        return False
    digest, size = sha256(), 0
    while data := content.read(PART_BYTES):
        digest.update(data)
        size += len(data)
    transfer.state, transfer.made_at = TransferState.WAITS.value, utc_now()
    transfer.sha256, transfer.size = digest.hexdigest(), size
    transfer.rows_sha256 = package.fingerprint
    transfer.reports = [str(report) for report in package.reports]
    subjects = [transfer.dossier_id, *package.reports]
    record(session, actor, "dossier.overbrengen_pakket", transfer.holder, DOSSIER, subjects)
    return True


def receive(
    registry: Any, session: Session, transfer: ArchiveTransfer, receipt: Receipt, actor: Actor
) -> int:
    """Note the archive's receipt and destroy the dossier here; return how many reports went too.

    It goes by its authorised line of a list. Of the reports only those go along whose own line is
    authorised and due; the others stay until their day.

    Raises:
        FormError: there is no package, its line isn't authorised, or the dossier changed
            since it was made.
    """
    session.refresh(transfer, with_for_update=True)
    if transfer.state != TransferState.WAITS:
        raise FormError("Er is geen pakket dat op een ontvangstbewijs wacht.")
    if receipt.on < day_of(transfer.requested_at):
        made = date_text(transfer.requested_at)
        raise FormError(
            f"Deze dag ligt voor {made}, toen het pakket is gemaakt. Vul de datum in die op het"
            " ontvangstbewijs staat. Is dat deze? Vraag het archief dan een nieuw bewijs.",
            "datum",
        )
    dossier = session.get(
        Dossier, transfer.dossier_id, with_for_update=True, populate_existing=True
    )
    if dossier is None:
        raise FormError("Dit dossier is er niet meer.")
    problem = why_not(session, dossier)
    if problem is not None:
        raise FormError(problem)
    if withdrawn_since(session, transfer):
        raise FormError(
            "De melder van een melding in dit dossier trok die in nadat het pakket is gemaakt."
            " Vraag het archief het oude pakket weg te gooien, en maak een nieuw."
        )
    line = _locked_line(session, dossier)
    if fingerprint_of(session, registry, dossier) != transfer.rows_sha256:
        raise FormError(
            "Het dossier is veranderd nadat het pakket is gemaakt. Maak het pakket opnieuw en stuur"
            " het archief het nieuwe."
        )
    note_receipt(transfer, receipt, actor)
    session.flush()
    record(session, actor, "dossier.overbrengen_ontvangen", dossier.holder, DOSSIER, [dossier.id])
    forget_package(session, transfer)
    reports = list(_agreed_reports(session, dossier))
    for report in reports:
        _go(registry, session, report, actor)
    _go(registry, session, line, actor)
    return len(reports)


def note_receipt(row: ArchiveTransfer, receipt: Receipt, actor: Actor) -> None:
    """Note the receipt of a package, or the decision that what was in it may go."""
    row.receipt_from, row.receipt_number, row.receipt_on = receipt.giver, receipt.number, receipt.on
    row.received_at, row.state = utc_now(), TransferState.DONE.value
    row.received_by_id, row.received_by = actor.id, actor.name


def _locked_line(session: Session, dossier: Dossier) -> DestructionLine:
    """Lock and return the line that is authorised; refuse without one."""
    mine = select(DestructionLine).where(DestructionLine.document_id == dossier.id, _AGREED)
    line = session.scalars(mine.limit(1).with_for_update()).one_or_none()
    if line is None:
        raise FormError(
            "De regel van dit dossier op de vernietigingslijst is niet gemachtigd om over te"
            " brengen. Vraag de proceseigenaar haar te beoordelen; daarna machtigt u."
        )
    return line


def _agreed_reports(session: Session, dossier: Dossier) -> Iterator[DestructionLine]:
    """Yield the lines of reports in a dossier that were authorised, and may go now."""
    schedule = present_schedule(session)
    if schedule is None:
        return
    inside = select(DossierMembership.report_id).where(
        DossierMembership.dossier_id == dossier.id,
        *BELONGS,
    )
    rows = session.scalars(
        select(DestructionLine)
        .where(
            DestructionLine.document_id.in_(inside),
            DestructionLine.authorised_at.is_not(None),
            DestructionLine.gone_at.is_(None),
        )
        .order_by(DestructionLine.document_id)
        .with_for_update()
    ).all()
    for line in rows:
        if waits_for(session, line, schedule) is None:
            yield line


def _go(registry: Any, session: Session, line: DestructionLine, actor: Actor) -> None:
    """Destroy a transferred document by its authorised line."""
    number = session.get_one(DestructionList, line.list_id).number
    fate = fate_of(session, line, number)
    line.gone_at, line.waits_for = utc_now(), None
    destroy_document(registry, session, line.document_kind, line.document_id, fate, actor)
