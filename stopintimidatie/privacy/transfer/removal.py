"""Removal of what is left here of a municipality that ended, with a statement.

First each document gets its tombstone and its line in the ledger, then every table is emptied: some
rows at a time, each time in a transaction of its own, so that nobody else waits long for the one
writer, and a repeated command goes on with what is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Table, and_, delete, func, not_, or_, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.jobs.models import OutboxJob
from stopintimidatie.core.ledger import JOB as LEDGER
from stopintimidatie.core.ledger import note_gone
from stopintimidatie.core.search.registry import INDEX, enqueue_index
from stopintimidatie.core.search.services import PURGE, enqueue_purge
from stopintimidatie.core.second import SecondError
from stopintimidatie.core.storage import NATIONAL, in_portions, transaction
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.text import date_text, datetime_long, day_of, plural
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of, set_level
from stopintimidatie.municipalities.people.access import end_when_empty
from stopintimidatie.privacy.destruction.documents import GONE, Fate, category_of, tombstone_for
from stopintimidatie.privacy.destruction.models import ArchiveTransfer, Tombstone
from stopintimidatie.privacy.destruction.statement import Decision, make_statement
from stopintimidatie.privacy.holds.models import Hold
from stopintimidatie.privacy.requests.models import SubjectRequest
from stopintimidatie.privacy.retention.queries import present_schedule
from stopintimidatie.privacy.retention.rules import DOSSIER_CLOSED, Outcome, class_of_report
from stopintimidatie.privacy.transfer.departure import (
    AT_ONCE,
    KIND,
    Progress,
    forget_receipt,
    ids_of,
    tables_of,
)
from stopintimidatie.privacy.transfer.services import (
    EVERYTHING,
    Receipt,
    find_transfer,
    note_receipt,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT

# Words for tables that stay: the law says so, or the programme's own work goes on.
STAYS: Final[Mapping[str, str]] = {
    "tombstone": "grafstenen, een jaar",
    "destruction_list": "vernietigingslijsten",
    "destruction_line": "regels van vernietigingslijsten",
    "retention_schedule": "besluiten over bewaartermijnen",
    "retention_extension": "besluiten om langer te bewaren",
    "archive_transfer": "overbrengingen naar een archief",
    "disclosed_copy": "kopieën bij ontvangers",
    "reference": "kenmerken, zodat ze niet opnieuw worden uitgegeven",
    "redirect": "oude adressen van documenten",
    "outbox_job": "taken die nog lopen, zoals het opruimen van de zoekindex",
    "search_document": "regels van de zoekindex, tot die is opgeruimd",
    "search_gap": "het werk van de zoekindex",
    "municipality_level": "hoe ver de gemeente meedeed, en sinds wanneer",
    "municipality_profile": "hoe ver de gemeente nu meedoet",
}

OBJECTED: Final = "Over {} loopt een bezwaar. Leg bij het verzoek vast als dat voorbij is."
MAY_COME: Final = "Over {} kan nog bezwaar komen. Wacht tot na de dag die bij het verzoek staat."
APART: Final = "gegevens die apart stonden"
# Emptied last: it tells whose accounts end.
LAST: Final = "role_assignment"


def receive_everything(
    session: Session, row: ArchiveTransfer, receipt: Receipt, actor: Actor
) -> None:
    """Note that the municipality has the package, and by which decision the rest may go.

    Raises:
        FormError: that was noted already.
    """
    session.refresh(row, with_for_update=True)
    if row.received_at is not None:
        raise FormError(f"Dit is al vastgelegd, door {row.received_by}. Neem dat eerst terug.")
    note_receipt(row, receipt, actor)
    record(session, actor, "gemeente.vertrek_ontvangen", row.holder, KIND)


def take_back(session: Session, row: ArchiveTransfer, actor: Actor) -> None:
    """Take back the decision and the receipt.

    Raises:
        SecondError: the destroying was begun.
    """
    session.refresh(row, with_for_update=True)
    if row.reports:
        raise SecondError("Het vernietigen is al begonnen. Dit kan niet meer terug.")
    forget_receipt(row)
    record(session, actor, "gemeente.vertrek_teruggenomen", row.holder, KIND)


def obstacles(session: Session) -> list[str]:
    """Return what stops the rest of a municipality from being destroyed, in words."""
    row, held = SubjectRequest, ("bevriezing is", "bevriezingen zijn")
    asked = "verzoek van een betrokkene loopt", "verzoeken van betrokkenen lopen"
    answered, ended = ("beantwoord verzoek", "beantwoorde verzoeken"), row.ended_at.is_not(None)
    runs = and_(row.objection_on.is_not(None), row.objection_ended_on.is_(None))
    may_come = and_(not_(runs), row.objection_until >= day_of(utc_now()))
    words = []
    for condition, (single, several), text in (
        (Hold.lifted_at.is_(None), held, "{} van kracht. Hef die eerst op."),
        (row.ended_at.is_(None), asked, "{}. Rond die eerst af."),
        (and_(ended, runs), answered, OBJECTED),
        (and_(ended, may_come), answered, MAY_COME),
    ):
        if number := session.scalar(select(func.count()).where(condition)):
            words.append(text.format(plural(number, single, several)))
    return words


def check_may_go(session: Session) -> ArchiveTransfer:
    """Check that the rest of a municipality may be destroyed, and return its leaving.

    Raises:
        FormError: something is frozen or asked for, nobody noted decision and receipt, or
            something changed since the package that was received.
    """
    words, row = obstacles(session), find_transfer(session, EVERYTHING)
    if words:
        raise FormError(" ".join(words))
    if row is None or row.received_at is None:
        raise FormError(NOT_RECEIVED)
    # Destroying that was begun goes on: nobody works there any more.
    if not row.reports and _changed_since(session, row.requested_at):
        raise FormError(CHANGED)
    return row


def _changed_since(session: Session, moment: datetime) -> bool:
    """Tell whether the log of a municipality has a change by a person after a moment.

    The nightly work only takes away; who reads, is refused or signs in changes nothing.
    """
    event = AuditEvent
    no_change = or_(
        event.actor_kind == SYSTEM.kind,
        event.action.in_(("gelezen", "toegang.geweigerd", "aanmelden.gelukt", "afmelden")),
        event.action.startswith("gemeente."),
    )
    newer = select(event.id).where(event.at > moment, not_(no_change)).limit(1)
    return session.scalar(newer) is not None


CHANGED: Final = (
    "Er is iets gewijzigd nadat het ontvangen pakket is gemaakt. Maak een nieuw pakket, zonder"
    " --vernietigen, en laat de archivaris de ontvangst daarvan vastleggen."
)
NOT_RECEIVED: Final = (
    "De gemeente heeft het pakket nog niet ontvangen. Maak het zonder --vernietigen; de archivaris"
    " legt daarna besluit en ontvangst vast op de pagina ‘Vertrek’, onder ‘Overbrengen’."
)


def destroy_everything(
    registry: Any, engine: Engine, code: str, actor: Actor, progress: Progress
) -> tuple[str, bytes]:
    """Destroy the data of a municipality that has left; return number and PDF of the statement.

    Raises:
        FormError: something stops it.
    """
    with transaction(engine, code) as session:
        row = check_may_go(session)
        # Once, for the statement of a command that broke off and is given again.
        row.reports = row.reports or [f"{n} {k}" for n, k in numbers_of(session, code).items()]
        schedule = present_schedule(session)
    for entity in (Dossier, Report):
        numbers = ids_of(engine, code, entity)
        for session, some in in_portions(engine, code, numbers, AT_ONCE):
            _mark(session, schedule, entity, some, actor)
    for table, mine in reversed(list(_rows_of(code))):
        if table.info.get("append_only", False) or table.name in {*STAYS, LAST}:
            continue
        if number := _empty(engine, code, table, mine):
            progress(f"tabel {table.name} geleegd: {number}")
    with transaction(engine, code) as session:
        _end_roles(session, code)
        enqueue_purge(session, code)
        record(session, actor, "gemeente.vernietigd", code, KIND)
    _end(registry, engine, code, actor)
    with transaction(engine, code) as session:
        return _state(registry, session, code, actor)


def _mark(
    session: Session, schedule: Any, entity: Any, numbers: Sequence[UUID], actor: Actor
) -> None:
    """Give these documents a tombstone and a line in the ledger; those that have them, don't."""
    before = select(Tombstone.document_id).where(Tombstone.document_id.in_(numbers))
    known = set(session.scalars(before))
    rows = session.scalars(select(entity).where(entity.id.in_(set(numbers) - known))).all()
    for row in rows:
        group = DOSSIER_CLOSED
        if isinstance(row, Report):
            group = class_of_report(row.state, row.ended_reason)
        fate = Fate(group, category_of(session, schedule, group, row.id))
        session.add(tombstone_for(row, fate, GONE[fate.outcome]))
    if rows:
        kind, ids = (REPORT if entity is Report else DOSSIER), [row.id for row in rows]
        holder, word = rows[0].holder, GONE[Outcome.DESTROY]
        record(session, actor, f"{kind}.{word}", holder, kind, ids)
        note_gone(session, holder, kind, ids, word)


def _rows_of(code: str) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Yield each table with rows of a municipality, and which of its rows those are."""
    # First, so that they are emptied last: a file is there as long as its parts are.
    parts, given = (Base.metadata.tables[name] for name in ("attachment_part", "report_transfer"))
    yield parts, and_(parts.c.giver == code, parts.c.receiver == code)
    yield given, given.c.receiver == code
    for table, column in tables_of():
        yield table, table.c[column] == code


def _empty(engine: Engine, code: str, table: Table, mine: ColumnElement[bool]) -> int:
    """Delete the rows of a municipality in a table, some at a time; return how many there were."""
    total = 0
    own = {key.parent.name for key in table.foreign_keys if key.column.table is table}
    within = sorted(own - {"holder"})
    if within:
        with transaction(engine, code) as session:
            session.execute(update(table).where(mine).values(dict.fromkeys(within)))
    key = next(iter(table.primary_key))
    kind = {"report": REPORT, "dossier": DOSSIER}.get(table.name, "")
    while number := _some_go(engine, code, key, mine, kind):
        total += number
    return total


def _some_go(engine: Engine, code: str, key: Any, mine: ColumnElement[bool], kind: str = "") -> int:
    """Delete some rows by their key, and have the index forget documents; return how many."""
    with transaction(engine, code) as session:
        ids = session.scalars(select(key).where(mine).limit(AT_ONCE)).all()
        session.execute(delete(key.table).where(mine, key.in_(ids)))
        for number in ids if kind else ():
            enqueue_index(session, code, kind, number)
    return len(ids)


def numbers_of(session: Session, code: str) -> dict[str, int]:
    """Return the number of rows of each table that has any."""
    numbers = {
        table.name: session.scalar(select(func.count()).select_from(table).where(mine)) or 0
        for table, mine in _rows_of(code)
    }
    return {name: number for name, number in numbers.items() if number}


def _state(registry: Any, session: Session, code: str, actor: Actor) -> tuple[str, bytes]:
    """Make the statement, and close the leaving: the next needs a package and decision of its own.

    The statement keeps what the row told.
    """
    gone = session.scalars(
        select(Tombstone)
        .where(Tombstone.statement_id.is_(None))
        .order_by(Tombstone.gone_on, Tombstone.reference)
    ).all()
    row = find_transfer(session, EVERYTHING)
    assert row is not None  # noqa: S101 - `check_may_go` saw it
    session.delete(row)
    session.flush()
    left = numbers_of(session, code)
    before = {name: int(number) for name, number in (line.split() for line in row.reports)}
    went: Counter[str] = Counter()
    for name, number in before.items():
        went[APART if is_apart(name) else name] += number - left.get(name, 0)
    counted = "; ".join(f"{name} {number}" for name, number in went.items() if number > 0)
    words = (
        "De gemeente is gestopt en kreeg al haar gegevens. Wat overbleef is vernietigd, zoals de"
        " verwerkersovereenkomst zegt (art. 28 lid 3 g AVG)."
    )
    day = date_text(row.receipt_on) if row.receipt_on else ""
    pairs = (
        ("Besluit", f"{row.receipt_from}, nummer {row.receipt_number}, van {day}"),
        ("Pakket ontvangen", f"{row.received_by}, {datetime_long(row.received_at)}"),
        ("Pakket", f"{row.size} bestanden, SHA-256 van hun lijst {row.sha256}"),
        ("Opdracht", f"{actor.name}, {date_text(utc_now())}"),
        ("Vernietigde rijen per tabel", counted),
    )
    stayed = tuple((kept_words(name), number) for name, number in left.items())
    made = make_statement(registry, session, gone, Decision("vertrek", words, pairs, stayed))
    return made.number, made.pdf


def is_apart(name: str) -> bool:
    """Tell whether a table holds what only named persons may know to be there."""
    return bool(Base.metadata.tables[name].info.get("apart", False))


def kept_words(name: str) -> str:
    """Say what stays of a table; what only grows, stays as the law says."""
    if is_apart(name):
        return APART
    return STAYS.get(name, f"regels die niemand kan wijzigen ({name})")


def _end_roles(session: Session, code: str) -> None:
    """Take the roles there away, and end the accounts that have no other."""
    mine = RoleAssignment.holder == code
    worked = select(RoleAssignment.user_id).where(mine)
    people = session.scalars(select(User).where(User.id.in_(worked))).all()
    session.execute(delete(RoleAssignment).where(mine))
    others = OutboxJob.kind.not_in([INDEX.name, LEDGER.name, PURGE.name])
    session.execute(delete(OutboxJob).where(OutboxJob.holder == code, others))
    session.expire_all()
    for user in people:
        end_when_empty(session, user)


def _end(registry: Any, engine: Engine, code: str, actor: Actor) -> None:
    """Let the municipality take part no more."""
    with transaction(engine, NATIONAL) as session:
        if level_of(session, code) != ParticipationLevel.NO_AGREEMENT:
            rules = registry.level_rules
            set_level(session, rules, actor, code, ParticipationLevel.NO_AGREEMENT)
