"""The append-only log: who did or read what, when and why. Ids, never content.

The table has no key to users: an event outlives the account. Security events go to a file besides,
for the collector of an installation that wants one.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Dialect, Index, LargeBinary, String, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, belongs_to, held_table
from stopintimidatie.core.storage.retention import RetentionClass, Way, years
from stopintimidatie.core.storage.session import SECURITY_FILE, Row
from stopintimidatie.core.telemetry import REQUEST_ID

READ: Final = "gelezen"


class PackedIds(TypeDecorator[Sequence[UUID]]):
    """Ids side by side in their order, sixteen bytes each: a row and its indexes would cost 200."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Sequence[UUID] | None, dialect: Dialect) -> bytes | None:
        """Return the bytes of these ids, each once."""
        return b"".join(sorted({number.bytes for number in value})) if value else None

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Sequence[UUID]:
        """Return the ids in these bytes."""
        whole = value or b""
        return [UUID(bytes=whole[at : at + 16]) for at in range(0, len(whole), 16)]


class AuditEvent(Held, Base):
    """Hold one event. `fields` are names of fields, never values.

    The documents are `AuditSubject`s, or `listed`: several that were read on one page.
    """

    __tablename__ = "audit_event"
    __table_args__ = held_table(
        Index(None, "holder", "at"),
        Index(None, "holder", "action", "at"),
        # A person reads what was done under the own name.
        Index(None, "holder", "actor_id", "at"),
        append_only=True,
    )

    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(64))
    actor_name: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    fields: Mapped[list[str]] = mapped_column(default=list)
    reason: Mapped[str | None] = mapped_column(String(2000))
    task: Mapped[str | None] = mapped_column(String(100))
    listed: Mapped[Sequence[UUID]] = mapped_column(PackedIds, nullable=True)

    subjects: Mapped[list[AuditSubject]] = relationship(lazy="raise")


class AuditSubject(Held, Base):
    """A document that an event was about: one row each, so that its log is one index away."""

    __tablename__ = "audit_subject"
    __table_args__ = held_table(
        belongs_to("audit_event", "event_id"),
        Index(None, "holder", "subject_id"),
        Index(None, "event_id"),
        append_only=True,
    )

    event_id: Mapped[UUID]
    subject_id: Mapped[UUID]


# Writing is always in the transaction of what is logged.

_TABLES: Final = (AuditEvent.__tablename__, AuditSubject.__tablename__)


class NotRecordedError(Exception):
    """An action or a read that can't be recorded in the log, so it isn't done, or isn't shown."""


@dataclass(frozen=True)
class Actor:
    """Actor of an event.

    Kinds: gebruiker, app, melder, systeem, bezoeker, beheerder (command line).
    """

    kind: str
    id: str | None
    name: str


SYSTEM: Final = Actor("systeem", None, "Stopintimidatie")


def event_rows(
    actor: Actor,
    action: str,
    holder: str,
    kind: str,
    subject_ids: Sequence[UUID] = (),
    *,
    reason: str | None = None,
    task: str | None = None,
    fields: Iterable[str] = (),
    at: datetime | None = None,
) -> list[Row]:
    """Return one event and the documents that it is about, as rows.

    The action is a code of docs/audit.md, such as `melding.toestand`; fields are the names of what
    changed or was read, never the values. It happened now, unless a moment is given.
    """
    event: dict[str, Any] = {
        "id": uuid4(),
        "at": at or utc_now(),
        "holder": holder,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "action": action,
        "subject_kind": kind,
        "fields": sorted(fields),
        "reason": reason,
        "task": task,
    }
    subjects = [
        {"holder": holder, "event_id": event["id"], "subject_id": subject}
        for subject in subject_ids
    ]
    return [(AuditEvent, event), *((AuditSubject, subject) for subject in subjects)]


def record(
    session: Session,
    actor: Actor,
    action: str,
    holder: str,
    kind: str,
    subject_ids: Sequence[UUID] = (),
    *,
    reason: str | None = None,
    task: str | None = None,
    fields: Iterable[str] = (),
) -> None:
    """Append one event, in the transaction at hand; what it holds: see `event_rows`."""
    (_, values), *subjects = event_rows(
        actor, action, holder, kind, subject_ids, reason=reason, task=task, fields=fields
    )
    row = AuditEvent(**values, subjects=[AuditSubject(**subject) for _, subject in subjects])
    session.add(row)
    if action in SECURITY and _file_of(session):
        accounts = subject_ids if kind == "gebruiker" else ()
        session.info.setdefault(_NOTED, []).append((row, _line(values, accounts)))


def record_read(
    session: Session,
    actor: Actor,
    holder: str,
    kind: str,
    subject_ids: Sequence[UUID],
    *,
    task: str,
    fields: Iterable[str] = (),
    action: str = READ,
) -> None:
    """Write one row for a page with personal data of these documents; none for an empty page."""
    if len(subject_ids) == 1:
        record(session, actor, action, holder, kind, subject_ids, task=task, fields=fields)
    elif subject_ids:
        ((_, event),) = event_rows(actor, action, holder, kind, task=task, fields=fields)
        session.add(AuditEvent(**event, listed=subject_ids))


def is_unrecorded(error: BaseException) -> bool:
    """Tell whether an error is about a table of the log that can't be written or found."""
    message = str(error.orig) if isinstance(error, DBAPIError) else ""
    return isinstance(error, NotRecordedError) or any(name in message for name in _TABLES)


# The file of security events: a line of JSON each, once the event is committed.

log = logging.getLogger(__name__)
# All that goes there, by the first part of the action; docs/audit.md lists them.
_SECURITY: Final = {
    "toegang": "geweigerd",
    "aanmelden": "gelukt mislukt gemeente_geweigerd link_gevraagd link_gebruikt",
    "wachtwoord": "gewijzigd mislukt link_gevraagd link_gebruikt",
    "factor": "app_ingesteld app_verwijderd passkey_ingesteld passkey_verwijderd hersteld"
    " herstelcodes_gemaakt herstelcode_gebruikt",
    "account": "sessie",
    "uitnodiging": "gebruikt",
    "gebruiker": "rol uitgenodigd rol_bevestigd rol_geweigerd rol_ingetrokken rol_aanvaard"
    " rol_afgeslagen rol_weg rol_verlopen rol_stil einddatum groep_voorgesteld groep_weg"
    " geblokkeerd gedeblokkeerd toegang_geblokkeerd toegang_hersteld afgemeld wachtwoord_weg",
    "gemeente": "aanmelden aanmelden_bevestigd aanmelden_geweigerd maildomeinen zonder_beheerder"
    " uitgevoerd",
    "appsleutel": "gemaakt ingetrokken",
    "handtekening": "ingesteld verwijderd",
    "ophalen": "verkeerde_code",
    "melding": "bestand_tegengehouden bestand_uitgepakt",
    "dossier": "bestand_tegengehouden",
    "logboek": "gedownload opgeschoond",
    "reservekopie": "gemaakt teruggezet opgeruimd",
}
SECURITY: Final = frozenset(
    f"{about}.{done}" for about, names in _SECURITY.items() for done in names.split()
)
_REFUSED: Final = ("geweigerd", "mislukt", "verkeerde_code", "tegengehouden")
_NOTED: Final = "stopintimidatie.security_events"
# The files that couldn't be written: each is told once, until it can be written again.
_failing: Final[set[Path]] = set()


def _file_of(session: Session) -> Path | None:
    path: Path | None = session.get_bind().get_execution_options().get(SECURITY_FILE)
    return path


def _line(values: Mapping[str, Any], accounts: Iterable[UUID]) -> str:
    """Write an event as a line: never a name, a reason, a field or the id of a report."""
    line = {
        "tijd": values["at"].isoformat(timespec="milliseconds"),
        "handeling": values["action"],
        "houder": values["holder"],
        "soort": values["actor_kind"],
        "wie": values["actor_id"],
        "accounts": [str(account) for account in accounts],
        "uitkomst": "geweigerd" if values["action"].endswith(_REFUSED) else "gedaan",
        "verzoek": REQUEST_ID.get(),
    }
    return json.dumps({name: value for name, value in line.items() if value}) + "\n"


@event.listens_for(Session, "after_commit")
def _tell(session: Session) -> None:
    if _NOTED in session.info and not session.in_nested_transaction():
        # Rows that a savepoint took back are not in the session any more.
        lines = [line for row, line in session.info.pop(_NOTED) if row in session]
        if lines and (path := _file_of(session)):
            _append(path, "".join(lines))


def _append(path: Path, text: str) -> None:
    """Append lines in one write; what goes wrong is logged, and is nobody's error."""
    try:
        new = not path.exists()
        with path.open("ab", buffering=0) as file:
            if new:
                os.fchmod(file.fileno(), 0o640)  # whatever the umask
            # A full disk may have taken half a line.
            content = ("\n" * (path in _failing) + text).encode()
            if file.write(content) < len(content):
                raise OSError("short write")
    except OSError as error:
        if path not in _failing:
            log.error("security events aren't written to their file: %s", error.strerror)
        _failing.add(path)
    else:
        _failing.discard(path)


def includeme(config: Any) -> None:
    """Say why the tables of the log need no treatment of personal data."""
    config.add_impersonal_table(
        "audit_event", "ids, codes and names of employees; append-only, with a term of its own"
    )
    config.add_impersonal_table("audit_subject", "ids of documents; append-only")
    config.add_retention_class(
        RetentionClass(
            "logboek",
            "Het logboek: wie deed of las wat, en de aanmeldingen",
            ("audit_event", "audit_subject"),
            Way.MAINTENANCE,
            "de dag van de regel",
            years(5),
            until="aanmeldingen 3 jaar",
            source="eigen beleid, naar risico; instellingen log.keep_*",
        )
    )
