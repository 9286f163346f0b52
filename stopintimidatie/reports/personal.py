"""Personal data of a report: contact data apart and encrypted; found, redacted and erased."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.ledger import CONTACT_GONE, note_gone
from stopintimidatie.core.search.services import enqueue_purge
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    empty_rows,
    redact_rows,
    treated,
)
from stopintimidatie.core.storage.retention import RetentionClass, Way, days, months, years
from stopintimidatie.core.storage.session import Row
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.reports.fields import BY_COLUMN
from stopintimidatie.reports.models import (
    AttachmentPart,
    Report,
    ReportAttachment,
    ReportContact,
    ReportDecision,
    ReporterMessage,
    ReportMove,
    ReportNote,
    ReportProposal,
)
from stopintimidatie.reports.rules import FOLLOW_PURPOSE, hash_follow_code, normalise_follow_code
from stopintimidatie.reports.services import reindex_report
from stopintimidatie.reports.vocabulary import KIND


def destroy(session: Session, entity: type[Any], mine: ColumnElement[bool]) -> None:
    """Delete the key and the content of all attachments in a table that meet a condition."""
    for row_id in session.scalars(select(entity.id).where(mine)).all():
        session.execute(delete(AttachmentPart).where(AttachmentPart.attachment_id == row_id))
        session.execute(delete(entity).where(entity.id == row_id))


PURPOSE = "contact"
INDEX_PURPOSE = "contact-index"


@dataclass(frozen=True)
class ContactData:
    """Contact data in clear; never in a repr."""

    name: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    when: str | None = field(repr=False)
    # For `phone` and `email`: what was there before the reporter changed it, and when that was.
    earlier: Mapping[str, Sequence[Sequence[str | None]]] = field(default_factory=dict, repr=False)

    def change(self, name: str) -> str:
        """Return the words about the last change of `phone` or `email`; empty without one."""
        if not self.earlier.get(name):
            return ""
        was, at = self.earlier[name][-1]
        day = date_text(day_of(datetime.fromisoformat(at or "")))
        return f" (gewijzigd op {day}, was {was})" if was else f" (later gegeven, op {day})"

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The term and value of each, with the former value beside a changed one."""
        phone, email = (self.phone, self.change("phone")), (self.email, self.change("email"))
        shown = {"Naam": (self.name, ""), "Telefoon": phone, "E-mail": email}
        shown["Wanneer bellen"] = self.when, ""
        return [(term, f"{value}{more}") for term, (value, more) in shown.items() if value]


NO_CONTACT: Final[Mapping[str, None]] = {"name": None, "phone": None, "email": None, "when": None}


def contact_rows(keys: KeyRing, holder: str, report_id: UUID, data: ContactData) -> list[Row]:
    """Return the row of contact data, encrypted; none when nothing was given."""
    columns = _sealed(keys, report_id, data)
    owner = {"holder": holder, "report_id": report_id}
    return [(ReportContact, {**owner, **columns})] if any(columns.values()) else []


def _sealed(keys: KeyRing, report_id: UUID, data: ContactData) -> dict[str, str | None]:
    given = {"name": data.name, "phone": data.phone, "email": data.email, "contact_when": data.when}
    given["earlier"] = json.dumps(data.earlier) if data.earlier else None
    sealed = {
        name: keys.encrypt(PURPOSE, value, str(report_id)) if value else None
        for name, value in given.items()
    }
    return {
        **sealed,
        "phone_index": contact_index(keys, data.phone),
        "email_index": contact_index(keys, data.email),
    }


def change_contact(
    session: Session, keys: KeyRing, report: Report, given: Mapping[str, str | None]
) -> bool:
    """Set `phone` and `email` as given, and keep what was there; tell whether anything changed."""
    known = read_contact(session, keys, report)
    data = asdict(known) if known else {**NO_CONTACT, "earlier": {}}
    new = {name: value for name, value in given.items() if value and value != data[name]}
    for name in new:
        # A hold keeps all that there was; else the last one is enough to ring and ask.
        before = data["earlier"].get(name, []) if report.frozen else []
        data["earlier"][name] = [*before, [data[name], utc_now().isoformat()]]
    if new:
        columns = _sealed(keys, report.id, ContactData(**{**data, **new}))
        if known is None:
            session.add(ReportContact(holder=report.holder, report_id=report.id, **columns))
        else:
            mine = ReportContact.report_id == report.id
            session.execute(update(ReportContact).where(mine).values(columns))
    return bool(new)


def contact_index(keys: KeyRing, value: str | None) -> str | None:
    """Return the keyed hash that this value is found by, or None without a value."""
    return keys.keyed_hash(INDEX_PURPOSE, value.lower().encode()) if value else None


def contact_indexes(keys: KeyRing, value: str) -> list[str]:
    """Return the keyed hashes that this value is found by, one for each version of the key."""
    return [keys.keyed_hash(INDEX_PURPOSE, value.lower().encode(), v) for v in keys.masters]


def _index_contact(row: ReportContact, keys: KeyRing, clear: Mapping[str, str]) -> None:
    row.phone_index = contact_index(keys, clear.get("phone"))
    row.email_index = contact_index(keys, clear.get("email"))


SEALED = Sealed(
    ReportContact,
    PURPOSE,
    ("name", "phone", "email", "contact_when", "earlier"),
    "report_id",
    _index_contact,
)


def read_contact(session: Session, keys: KeyRing, report: Report) -> ContactData | None:
    """Return the contact data in clear, or None; the caller checks the permission and notes it."""
    row = session.scalars(
        select(ReportContact).where(ReportContact.report_id == report.id)
    ).one_or_none()
    if row is None:
        return None

    def clear(stored: str | None) -> str | None:
        return keys.decrypt(PURPOSE, stored, str(report.id)) if stored else None

    known = clear(row.name), clear(row.phone), clear(row.email), clear(row.contact_when)
    return ContactData(*known, json.loads(clear(row.earlier) or "{}"))


def has_contact(session: Session, report: Report) -> bool:
    """Tell whether there is contact data, without reading it."""
    mine = select(ReportContact.id).where(ReportContact.report_id == report.id)
    return session.scalar(mine.limit(1)) is not None


def delete_contact(session: Session, report: Report) -> None:
    """Delete the contact data of a report that goes on without it, and have that in the ledger."""
    mine = delete(ReportContact).where(ReportContact.report_id == report.id)
    if session.scalars(mine.returning(ReportContact.report_id)).all():
        note_gone(session, report.holder, KIND, [report.id], CONTACT_GONE)


def reached_by(session: Session, report: Report) -> tuple[bool, bool]:
    """Tell whether a telephone number and a mail address are there, without reading them."""
    given = select(ReportContact.phone.is_not(None), ReportContact.email.is_not(None))
    row = session.execute(given.where(ReportContact.report_id == report.id)).one_or_none()
    return (bool(row[0]), bool(row[1])) if row else (False, False)


COLUMNS: Final = {
    "report": {
        **{name: field.facts.personal for name, field in BY_COLUMN.items() if field.facts.personal},
        **treated(
            text="suspected_offence_reason",
            sealed="near_place",
            codes="follow_ups follow_code_hash reporter_verdict",
        ),
    },
    "report_contact": treated(
        sealed="name phone email contact_when earlier phone_index email_index"
    ),
    "report_move": treated(text="reason values", staff="actor_id actor_name"),
    "reporter_message": treated(text="text", staff="actor_name", codes="sender"),
    "report_decision": treated(text="before values final", codes="steps", staff="actor_id"),
    "report_proposal": treated(
        text="values answer", staff="actor_id actor_name answered_by_id answered_by"
    ),
    "report_note": treated(text="text", staff="actor_id actor_name"),
    "report_attachment": treated(sealed="key", codes="sent_hash"),
    "attachment_part": treated(sealed="content"),
    "report_form": {},
}


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find reports by reference or follow code, or by mail address or number of the reporter.

    A follow code says nothing of its report, so it is tried on each.
    """
    ways: list[ColumnElement[bool]] = []
    if subject.reference:
        ways.append(Report.reference == subject.reference.strip().upper())
    if subject.email:
        ways.append(ReportContact.email_index.in_(contact_indexes(keys, subject.email.strip())))
    if subject.phone:
        ways.append(ReportContact.phone_index.in_(contact_indexes(keys, subject.phone.strip())))
    if code := normalise_follow_code(subject.follow_code or ""):
        ways.append(Report.id.in_(_opened_by(session, keys, code)))
    if not ways:
        return []
    rows = select(Report.id).outerjoin(ReportContact, ReportContact.report_id == Report.id)
    return session.scalars(rows.where(or_(*ways)).order_by(Report.received_at)).all()


def _opened_by(session: Session, keys: KeyRing, code: str) -> list[UUID]:
    """Return the reports that this follow code opens."""
    asked = select(
        Report.id, Report.reference, Report.follow_code_hash, Report.follow_code_version
    ).where(Report.follow_code_hash.is_not(None))
    rows = session.execute(asked.order_by(Report.id), execution_options={"yield_per": 1000})
    return [
        number
        for number, reference, stored, version in rows
        if version in keys.masters
        and hash_follow_code(keys.derive(FOLLOW_PURPOSE, version), reference, code) == stored
    ]


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """Redact the account, its place, the signalement, the history and the conversation."""
    count = redact_rows(session, Report, Report.id == document, COLUMNS["report"], fragment)
    for entity in (ReportMove, ReporterMessage, ReportDecision, ReportProposal, ReportNote):
        columns, mine = COLUMNS[entity.__tablename__], entity.report_id == document
        count += redact_rows(session, entity, mine, columns, fragment)
    _index_anew(session, document)
    return count


def erase(session: Session, document: UUID) -> None:
    """Delete contact data, messages and attachments; of the rest only the bare facts stay."""
    session.execute(delete(ReportContact).where(ReportContact.report_id == document))
    for entity in (ReporterMessage, ReportDecision, ReportProposal, ReportNote):
        session.execute(delete(entity).where(entity.report_id == document))
    destroy(session, ReportAttachment, ReportAttachment.report_id == document)
    empty_rows(session, Report, Report.id == document, COLUMNS["report"])
    empty_rows(session, ReportMove, ReportMove.report_id == document, COLUMNS["report_move"])
    _index_anew(session, document)


def _index_anew(session: Session, document: UUID) -> None:
    report = session.scalars(select(Report).where(Report.id == document)).one_or_none()
    if report is not None:
        reindex_report(session, report)
        # Replaced words stay in the index's files until these are written anew.
        enqueue_purge(session, report.holder)


PERSONAL_DATA: Final = PersonalDataHolder(KIND, COLUMNS, find, redact, erase)

_SELECTION_LIST: Final = "Selectielijst gemeenten 2020; de archivaris vult de categorie in"
_REPORT: Final = (
    "report",
    "report_form",
    "report_move",
    "reporter_message",
    "report_decision",
    "report_proposal",
    "report_note",
    "report_attachment",
    "attachment_part",
)
RETENTION: Final = (
    RetentionClass(
        "contactgegevens",
        "Naam en contactgegevens van de melder",
        ("report_contact",),
        Way.STANDING,
        "het laatste contact, uiterlijk het einde van de behandeling",
        months(3),
        source="dataminimalisatie (art. 5 lid 1 c AVG)",
    ),
    RetentionClass(
        "melding_afgehandeld",
        "Meldingen die zijn afgehandeld",
        _REPORT,
        Way.LIST,
        "de dag van afhandelen; uit een dossier: de dag van het sluiten of eruit halen",
        years(5),
        source=_SELECTION_LIST,
        desk=False,
    ),
    RetentionClass(
        "melding_niet_in_behandeling",
        "Meldingen die niet in behandeling zijn genomen",
        _REPORT,
        Way.LIST,
        "de dag waarop dat is besloten",
        years(1),
        source=_SELECTION_LIST,
        desk=False,
    ),
    RetentionClass(
        "melding_dubbel",
        "Meldingen die dubbel waren",
        _REPORT,
        Way.LIST,
        "de melding waarvan zij het dubbel zijn, wordt vernietigd",
        until="met die melding",
        source=_SELECTION_LIST,
        desk=False,
    ),
    RetentionClass(
        "melding_ingetrokken",
        "Meldingen die de melder heeft ingetrokken; contactgegevens meteen",
        _REPORT,
        Way.LIST,
        "de dag van intrekken",
        years(1),
        source="te bevestigen door de archivaris",
        desk=False,
    ),
    RetentionClass(
        "melding_overgedragen",
        "Wat blijft van een melding die naar een andere gemeente ging",
        _REPORT,
        Way.LIST,
        "de dag van de overdracht",
        years(1),
        source="te bevestigen door de archivaris",
        desk=False,
    ),
    RetentionClass(
        "melding_gewist",
        "Wat blijft van een melding die op verzoek is gewist",
        _REPORT,
        Way.STANDING,
        "de dag van wissen",
        years(1),
        source="eigen beleid",
        desk=False,
    ),
    RetentionClass(
        "meldpunt_inhoud",
        "De inhoud van meldingen die de gemeente bij het meldpunt heeft opgehaald",
        _REPORT,
        Way.BY_ITSELF,
        "de dag van ophalen",
        days(30),
        source="eigen beleid van het meldpunt; instelling desk.keep_days",
        desk=True,
    ),
    RetentionClass(
        "meldpunt_opgehaald",
        "Wat blijft van meldingen die de gemeente bij het meldpunt heeft opgehaald",
        _REPORT,
        Way.STANDING,
        "de dag van ophalen",
        years(1),
        source="eigen beleid van het meldpunt",
        desk=True,
    ),
    RetentionClass(
        "meldpunt_doorgegeven",
        "Wat blijft van meldingen die het meldpunt doorgaf, of op verzoek wiste",
        _REPORT,
        Way.STANDING,
        "de dag van doorgeven of wissen",
        years(1),
        source="eigen beleid van het meldpunt",
        desk=True,
    ),
    RetentionClass(
        "meldpunt_blijft_liggen",
        "Meldingen bij het meldpunt die niemand ophaalde of wilde, of die daar zijn afgesloten",
        _REPORT,
        Way.STANDING,
        "de dag van ontvangst",
        days(60),
        source="eigen beleid van het meldpunt; de melder hoort het vooraf",
        desk=True,
    ),
)
