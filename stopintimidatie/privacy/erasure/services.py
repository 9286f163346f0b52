"""Erasing at the request of a data subject (art. 17 AVG): preview, obstacles, and erasing.

The reporter of an erased report reads that on the page of the follow code. Who left an address gets
one more mail, in the same few neutral words as any other. The address is stored sealed beside the
message until that went out, or three days at most.

Each room erases its own tables (`erase_document`), and the room of the exports tells the recipients
of copies. What stays is that there was a document, its dates, and the account of what was done:
references, codes and the names of employees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.ledger import ERASED as GONE
from stopintimidatie.core.ledger import note_gone
from stopintimidatie.core.mail import (
    Letter,
    MailRecipient,
    MailTemplate,
    Recipient,
    queue_mail,
)
from stopintimidatie.core.mail.addresses import PURPOSE, clear_address
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import (
    ErasureCount,
    count_erasure,
    erase_document,
    ground_words,
)
from stopintimidatie.core.text import day_of
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.desk.forwarding.jobs import notify_town
from stopintimidatie.disclosures.models import CopyState, DisclosedCopy, Disclosure
from stopintimidatie.disclosures.services import stand_of
from stopintimidatie.dossiers.case.services import move_dossier
from stopintimidatie.dossiers.filing.services import leave_everywhere, let_all_go
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.queries import explain_holds
from stopintimidatie.dossiers.services import append, reindex_dossier
from stopintimidatie.dossiers.workflow import DossierState
from stopintimidatie.exports.models import MAKING, Export, ExportState
from stopintimidatie.exports.request.personal import copies_of
from stopintimidatie.exports.vocabulary import DEMAND
from stopintimidatie.privacy.holds.services import kind_of
from stopintimidatie.reports import services as reports
from stopintimidatie.reports.conversation.services import PAGE, tell
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.personal import read_contact
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import Delivery, ReportState

OWNER: Final = "gewiste_melder"
JOB: Final = Job("melder.adres_weg")
NAME: Final = "bericht_na_wissen"
AT_MOST: Final = timedelta(days=3)
ERASED: Final = (
    "De inhoud van uw melding is gewist. Ook uw naam en contactgegevens zijn weg,"
    " als u die had ingevuld. Wie van ons een kopie had, vragen wij die te vernietigen. Vragen?"
    " Neem contact op met de gemeente en noem het kenmerk."
)


def mail_once(session: Session, keys: KeyRing, report: Report) -> None:
    """Queue one more mail to a reporter who left an address, which is about to be erased."""
    contact = read_contact(session, keys, report)
    if contact is None or not contact.email:
        return
    row = MailAddress(holder=report.holder, owner_kind=OWNER, owner_id=str(report.id))
    session.add(row)
    session.flush()
    row.address = keys.encrypt(PURPOSE, contact.email, str(row.id))
    queue_mail(session, report.holder, NAME, Recipient(OWNER, str(row.id)), about=row.id)
    enqueue(session, JOB, report.holder, {"id": str(row.id)}, delay=AT_MOST)


def forget(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Delete an address when the mail couldn't be sent in all that time (job)."""
    for payload in payloads:
        with context.transaction() as session:
            _forget(session, UUID(payload["id"]))


def _forget(session: Session, number: UUID | None) -> None:
    row = session.get(MailAddress, number) if number else None
    if row is not None and row.owner_kind == OWNER:
        session.delete(row)


RECIPIENT: Final = MailRecipient(
    OWNER,
    lambda session, keys, number: clear_address(keys, session.get(MailAddress, UUID(number))),
)
TEMPLATE: Final = MailTemplate(
    NAME,
    "Er staat een bericht voor u klaar",
    "stopintimidatie.reports.conversation:templates/mail/bericht_voor_melder.txt.jinja2",
    lambda writing: Letter({"pad": PAGE}),
    sent=lambda writing: _forget(writing.session, writing.message.about_id),
    returned=lambda registry, session, message: _forget(session, message.about_id),
    neutral=True,
)


# Erasing

LEFT: Final = "Gegevens gewist op verzoek."
AGAIN: Final = "Gewist na het terugzetten van een reservekopie waar het nog in stond."


# Ids of dossiers, or what selects them.
Dossiers = Sequence[UUID] | Select[UUID]
Document = Report | Dossier


@dataclass(frozen=True)
class Outlook:
    """A preview of erasing: what would go, and what stands in the way."""

    counts: tuple[ErasureCount, ...]
    # The frozen copies, each with its reference, its recipient, and its state in words.
    copies: tuple[tuple[str, str, str], ...]
    obstacles: tuple[str, ...]
    fingerprint: str


def preview_erasure(registry: Any, session: Session, row: Document) -> Outlook:
    """Return what erasing a report or dossier would take away now; change nothing."""
    kind = kind_of(row)
    counts = tuple(count_erasure(registry, session, kind, row.id))
    copies = tuple(_standing(session, export) for export, _ in copies_of(session, kind, row.id))
    seen = repr((counts, copies, row.version, str(row.state)))
    fingerprint = hashlib.sha256(seen.encode()).hexdigest()
    return Outlook(counts, copies, tuple(obstacles(session, row)), fingerprint)


def _standing(session: Session, export: Export) -> tuple[str, str, str]:
    mine = (
        select(DisclosedCopy)
        .join(Disclosure, Disclosure.id == DisclosedCopy.disclosure_id)
        .where(Disclosure.reference == export.reference)
    )
    copy = session.scalars(mine).one_or_none()
    words = stand_of(copy, day_of(utc_now())) if copy is not None else "nog niet gegeven"
    return export.reference, export.recipient, words


def obstacles(session: Session, row: Report | Dossier) -> list[str]:
    """Return why a report or dossier can't be erased now, each with what to do about it."""
    reasons = explain_holds(session, row)
    if isinstance(row, Report):
        reasons += _of_report(row)
    return [*reasons, *export_obstacles(session, dossiers_of(row))]


def _of_report(report: Report) -> list[str]:
    if report.state == ReportState.OFFERED:
        return [
            "Deze melding is aangeboden aan een andere gemeente. Laat dat aanbod eerst intrekken,"
            " of wacht op het antwoord."
        ]
    if report.delivery == Delivery.OFFERED:
        return [
            "Deze melding staat klaar om te worden opgehaald. Wacht tot zij is opgehaald, of tot"
            " het aanbod is verlopen."
        ]
    return []


def dossiers_of(row: Report | Dossier) -> Dossiers:
    """Select the dossiers that a report is in or that refer to it; of a dossier: itself."""
    if isinstance(row, Dossier):
        return [row.id]
    inside = DossierMembership.report_id == row.id, DossierMembership.left_at.is_(None)
    return select(DossierMembership.dossier_id).where(*inside)


def export_obstacles(session: Session, dossiers: Dossiers) -> list[str]:
    """Return which exports keep these dossiers from going, each with what to do about it."""
    mine = select(Export).where(Export.dossier_id.in_(dossiers), keeps_dossier())
    return [_obstacle(export) for export in session.scalars(mine.order_by(Export.reference))]


def keeps_dossier() -> ColumnElement[bool]:
    """Return the condition of exports that keep their dossier from going: under way, or demanded.

    What was demanded stays until it is given.
    """
    given = exists().where(
        Disclosure.reference == Export.reference,
        DisclosedCopy.disclosure_id == Disclosure.id,
        DisclosedCopy.state.not_in([CopyState.MADE, CopyState.OFFERED]),
    )
    owed = or_(
        Export.state == ExportState.FAILED, and_(Export.state == ExportState.READY, not_(given))
    )
    return or_(
        Export.state.in_([ExportState.REQUESTED, *MAKING]), and_(Export.legal_basis == DEMAND, owed)
    )


def _obstacle(export: Export) -> str:
    if export.legal_basis == DEMAND:
        return (
            f"Er loopt een vordering: uitvoer {export.reference}. Wat gevorderd is, mag nu niet"
            " weg. Laat het document eerst geven. Is de vordering vervallen? Laat de uitvoer dan"
            " afwijzen of intrekken."
        )
    if export.state in MAKING:
        return (
            f"Uitvoer {export.reference} wordt nu gemaakt. Wacht tot die klaar is, of breek het"
            " maken af."
        )
    return (
        f"Over uitvoer {export.reference} is nog niet beslist. Vraag een collega om die af te"
        " wijzen, of wacht tot die klaar is."
    )


def erase(
    registry: Any, session: Session, row: Document, ground: str, reason: str, actor: Actor
) -> None:
    """Erase the personal data of a report everywhere, or of a dossier; it can't be undone.

    The reports of a dossier leave it, and stay as they are. Only `approval.carry_out` calls this,
    which locked it and looked whether something stands in the way: one person alone erases nothing.
    """
    effects, kind = WORKFLOW_EFFECTS.of(registry), kind_of(row)
    if isinstance(row, Report):
        # Before the address is erased.
        mail_once(session, registry.key_ring, row)
        leave_everywhere(session, row, LEFT, actor)
    else:
        let_all_go(session, effects, row, LEFT)
    erase_document(registry, session, kind, row.id)
    note_gone(session, row.holder, kind, [row.id], GONE)
    values = {"grond": ground_words(ground), "reden": reason}
    if isinstance(row, Report):
        reports.move_report(session, effects, row, "wissen", values, actor)
        tell(session, row, "bericht", ERASED, SYSTEM)
        notify_town(session, row, "gewist")
    else:
        move_dossier(session, effects, row, "wissen", values, actor)
    record(session, actor, f"{kind}.gewist", row.holder, kind, [row.id], fields=[ground])


def erase_again(registry: Any, session: Session, kind: str, document: UUID) -> bool:
    """Erase a document that a restored backup copy brought back; False when it is erased there.

    Whatever it was in the middle of ends: that it went was decided after the copy was made.
    """
    entity: Any = Report if kind == REPORT else Dossier
    row: Report | Dossier | None = session.get(entity, document, with_for_update=True)
    destroyed = ReportState.DESTROYED if kind == REPORT else DossierState.DESTROYED
    if row is None or row.state == destroyed:
        return False
    effects, before = WORKFLOW_EFFECTS.of(registry), row.state
    if isinstance(row, Report):
        leave_everywhere(session, row, LEFT, SYSTEM)
        reports.close_offer(session, row)
    else:
        let_all_go(session, effects, row, LEFT)
    erase_document(registry, session, kind, row.id)
    row.state = destroyed
    effects[f"{kind}.wissen"](session, row, {}, SYSTEM)
    if isinstance(row, Report):
        row.leaves_at, row.ended_at = None, utc_now()
        reports.append_move(session, row, SYSTEM, "wissen", before, {"reden": AGAIN})
        reports.reindex_report(session, row)
        tell(session, row, "bericht", ERASED, SYSTEM)
    else:
        row.closed_at = utc_now()
        append(session, row, SYSTEM, "wissen", before=before, values={"reden": AGAIN})
        reindex_dossier(session, row)
    return True
