"""Personal data of the police compartment: all of it is sealed, and goes with its document."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage import personal
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.storage.retention import RetentionClass, Way, years
from stopintimidatie.dossiers.models import DossierMembership
from stopintimidatie.privacy.police.models import PURPOSE, PoliceAccess, PoliceItem
from stopintimidatie.privacy.police.pieces import redact_taken
from stopintimidatie.reports.models import AttachmentPart

KIND: Final = "politiegegeven"
SEALED: Final = (
    Sealed(PoliceItem, PURPOSE, ("content", "taken"), "id"),
    Sealed(PoliceAccess, PURPOSE, ("reason",), "id"),
)


def erase(session: Session, document: UUID) -> None:
    """Take the words out of an item; that it was here, and until when, stays."""
    item = session.get(PoliceItem, document)
    if item is not None:
        _delete_files(session, PoliceItem.id == document)
        item.content = item.taken = item.attachment_id = None
        item.destroyed_at = item.destroyed_at or utc_now()
        session.flush()
    session.execute(delete(PoliceAccess).where(PoliceAccess.subject_id == document))


def source_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """Delete the items about a document that is erased or destroyed; tell nobody how many."""
    _delete_files(session, PoliceItem.document_id == document)
    session.execute(delete(PoliceItem).where(PoliceItem.document_id == document))
    session.execute(delete(PoliceAccess).where(PoliceAccess.subject_id == document))
    return 0


def _delete_files(session: Session, mine: ColumnElement[bool]) -> None:
    files = select(PoliceItem.attachment_id).where(mine, PoliceItem.attachment_id.is_not(None))
    session.execute(delete(AttachmentPart).where(AttachmentPart.attachment_id.in_(files)))


def source_redacted(
    session: Session, keys: KeyRing, kind: str, document: UUID, fragment: personal.Fragment
) -> int:
    """Take words out of what waits as well: it may go back to a text without them."""
    inside = select(DossierMembership.dossier_id).where(DossierMembership.report_id == document)
    about = or_(PoliceItem.document_id == document, PoliceItem.document_id.in_(inside))
    cuts: dict[str, Callable[[Any], Any]] = {
        "content": fragment.taken_out_of,
        "taken": partial(redact_taken, fragment),
    }
    for item in session.scalars(select(PoliceItem).where(PoliceItem.waiting(), about)):
        for name, cut in cuts.items():
            known = json.loads(keys.decrypt(PURPOSE, getattr(item, name), str(item.id)))
            setattr(item, name, keys.encrypt(PURPOSE, json.dumps(cut(known)), str(item.id)))
    return 0


# Nothing is found by a subject, and nothing is counted: the pages that ask are read by others.
PERSONAL_DATA: Final = personal.PersonalDataHolder(
    KIND,
    {
        "police_item": personal.treated(
            sealed="content taken",
            staff="entered_by_id entered_by answered_by_id answered_by changed_by",
        ),
        "police_access": personal.treated(sealed="reason"),
        "police_event": personal.treated(staff="actor_id actor_name"),
    },
    personal.find_nothing,
    personal.redact_nothing,
    erase,
    source_erased=source_erased,
    source_redacted=source_redacted,
    apart=True,
)
RETENTION: Final = RetentionClass(
    KIND,
    "Gegevens die de politie verstrekte",
    ("police_item",),
    Way.BY_HAND,
    "de dag van ontvangst",
    until="zolang het doel van de verstrekking duurt; elk jaar opnieuw bekeken",
    source="besluit van verstrekking; art. 5 lid 1 e AVG",
)
LOG_RETENTION: Final = RetentionClass(
    "politielogboek",
    "Wie gegevens van de politie las of vastlegde, en waarom",
    ("police_event", "police_access"),
    Way.MAINTENANCE,
    "de dag van de regel",
    years(5),
    until="redenen om te lezen gaan eerder weg als dat waar het over gaat is gewist of vernietigd",
    source="eigen beleid, als het logboek; instelling log.keep_years",
)
