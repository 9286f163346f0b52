"""One way in for a report: the app, /melden, the telephone and the counter, a hand-over, the demo.

Whoever brings it says what it tells (`Submission`, or `Content` of another holder), where it goes
and how it came. All that an arrival leaves behind is then made here, so no door forgets a part:
its row, its reference, forms, contact data, history, log, jobs and the index. Rows and no ORM
documents, for reports come in all day (`storage.rows`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, event_rows
from stopintimidatie.clock import utc_now
from stopintimidatie.jobs import Job, OutboxJob
from stopintimidatie.jobs.services import job_row, rows_committed
from stopintimidatie.jobs.waking import wake_after_commit
from stopintimidatie.municipalities.answers import REPORTER, stored_answers
from stopintimidatie.municipalities.reading import published_for
from stopintimidatie.register.geocoding import WantedAddress
from stopintimidatie.reports.contacts import ContactData, contact_rows
from stopintimidatie.reports.fields import Contact, Submission, columns_of
from stopintimidatie.reports.models import Report, ReportForm, ReportMove
from stopintimidatie.reports.references import hash_follow_code, new_reference
from stopintimidatie.reports.routing import Routing
from stopintimidatie.reports.searching import document_of
from stopintimidatie.reports.vocabulary import ContactWish, Source
from stopintimidatie.search import enqueue_index
from stopintimidatie.search.backend import SearchDocument
from stopintimidatie.search.writing import rows_of_new
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.rows import Row, insert_rows, write_rows
from stopintimidatie.storage.tenancy import NATIONAL, enter
from stopintimidatie.tree import is_taken, reference_row
from stopintimidatie.workflow.history import line

KIND: Final = "melding"
ARRIVED: Final = Job("melding.binnengekomen")
FOLLOW_PURPOSE: Final = "follow-code"
FIND_ADDRESS: Final = Job("melding.adres")
TAKEN_OVER: Final = "overgenomen"
_WANTS_CONTACT: Final = frozenset({ContactWish.CALL, ContactWish.MAIL, ContactWish.VIA_APP})


@dataclass(frozen=True)
class HandedOver:
    """The step by which a report comes from another holder, and what its history tells of it."""

    values: Mapping[str, Any]
    # What its first holder left of it here once: it comes back to its own tombstone.
    tombstone: Report | None = None


@dataclass(frozen=True)
class Arrival:
    """How a report came in: through what, by whom, with which follow code, when.

    A reference is given by who looked for a free one already, by another holder, and by the demo,
    which is the same every time.
    """

    source: Source
    actor: Actor
    # None when the content has its hash, because another holder gave it out.
    follow_code: str | None
    received_at: datetime
    quarantine: bool = False
    # Why it stands in quarantine, for who must decide about it.
    quarantine_reason: str | None = None
    # The id it must get, for who can be asked twice to store the same report.
    report_id: UUID | None = None
    reference: str | None = None
    handed_over: HandedOver | None = None


@dataclass(frozen=True)
class Content:
    """What a report tells, as it is stored: columns of its row, forms and contact data.

    A form is its code, and whether an officer confirmed it.
    """

    columns: Mapping[str, Any]
    forms: Sequence[tuple[str, bool]]
    contact: ContactData


@dataclass(frozen=True)
class Arrived:
    """A report that came in, its own row, and all rows that make it so once they are written."""

    id: UUID
    reference: str
    state: str
    report: Mapping[str, Any]
    forms: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Apart:
    """A transaction for this report alone, in as few statements as there can be.

    For the app: it has looked up what a session would be asked for. `first` makes the rows that
    are written before all others, or nothing is.
    """

    engine: Engine
    contact_within_days: int
    # Of its municipality and its neighbourhood, for the index.
    slugs: tuple[str | None, str | None]
    wait_milliseconds: int
    first: Callable[[Arrived], Sequence[Row]]


def receive(
    into: Session | Apart,
    keys: KeyRing,
    given: Submission | Content,
    routing: Routing,
    arrival: Arrival,
) -> Arrived:
    """Take a report in: the only way that there is, whoever brings it.

    :param into: the transaction at hand, which enters the holder of the routing; or one apart,
        committed when this returns.
    """
    content = content_of(given) if isinstance(given, Submission) else given
    if isinstance(into, Apart):
        days = into.contact_within_days
        arrived = arriving(keys, content, routing, arrival, str(arrival.reference), days)
        _write_apart(into, routing.holder, arrived)
        return arrived
    enter(into, routing.holder)
    reference = arrival.reference or _free_reference(into)
    days = contact_days(into, routing.holder)
    arrived = arriving(keys, content, routing, arrival, reference, days)
    _write_within(into, routing.holder, arrived, arrival)
    return arrived


def _write_apart(apart: Apart, holder: str, arrived: Arrived) -> None:
    document = document_of_new(arrived, *apart.slugs)
    rows = [*apart.first(arrived), *arrived.rows, *rows_of_new(apart.engine, document)]
    write_rows(apart.engine, holder, rows, apart.wait_milliseconds)
    rows_committed(apart.engine, rows)


def _write_within(session: Session, holder: str, arrived: Arrived, arrival: Arrival) -> None:
    if arrival.handed_over and arrival.handed_over.tombstone:
        for name, value in arrived.report.items():
            setattr(arrival.handed_over.tombstone, name, value)
    insert_rows(session, arrived.rows)
    wake_after_commit(session)
    # Before it commits, so with all that is added to the report until then.
    enqueue_index(session, holder, KIND, arrived.id)


def _free_reference(session: Session) -> str:
    while True:
        reference = new_reference()
        if session.scalar(select(is_taken(reference))) is False:
            return reference


def contact_days(session: Session, holder: str) -> int:
    """Within how many days a holder promises to call or write."""
    return published_for(session, None if holder == NATIONAL else holder).contact_within_days


def arriving(
    keys: KeyRing,
    content: Content,
    routing: Routing,
    arrival: Arrival,
    reference: str,
    contact_within_days: int,
) -> Arrived:
    """Say what a report leaves behind, as rows; all but the index. Pure."""
    handed, holder = arrival.handed_over, routing.holder
    back = handed.tombstone if handed else None
    report_id = back.id if back else arrival.report_id or uuid4()
    state = "quarantaine" if arrival.quarantine else "nieuw"
    days, wish = contact_within_days, content.columns["wants_contact"]
    report = {
        "id": report_id,
        "reference": reference,
        "received_at": arrival.received_at,
        "source": arrival.source.value,
        "state": state,
        "contact_deadline": deadline(holder, wish, arrival.received_at, days),
        **_follow_code(keys, reference, arrival.follow_code),
        **_filed(routing),
        **content.columns,
    }
    rows: list[Row] = [
        *(() if back else ((Report, report), reference_row(reference, holder, KIND))),
        *((ReportForm, _form(holder, report_id, *form)) for form in content.forms),
        *contact_rows(keys, holder, report_id, content.contact),
        (ReportMove, {"holder": holder, "report_id": report_id, **_step(arrival, state)}),
        *([] if arrival.quarantine else announcement(holder, report_id)),
        *event_rows(arrival.actor, _action(arrival), holder, KIND, [report_id]),
        *_address_to_find(content, routing, report_id),
    ]
    codes = [code for code, _ in content.forms]
    return Arrived(report_id, reference, state, report, codes, rows)


def _follow_code(keys: KeyRing, reference: str, code: str | None) -> dict[str, Any]:
    if code is None:
        return {}
    hashed = hash_follow_code(keys.derive(FOLLOW_PURPOSE), reference, code)
    return {"follow_code_hash": hashed, "follow_code_version": keys.current}


def _step(arrival: Arrival, state: str) -> dict[str, Any]:
    """Its first line of history here."""
    if arrival.handed_over:
        return line(arrival.actor, TAKEN_OVER, None, state, arrival.handed_over.values)
    why = {"reden": arrival.quarantine_reason}
    return line(arrival.actor, "ontvangen", None, state, why, arrival.received_at)


def _action(arrival: Arrival) -> str:
    return "melding.overgenomen" if arrival.handed_over else "melding.ontvangen"


def announcement(holder: str, report_id: UUID) -> list[Row]:
    """The job that tells whoever must know of a new report; higher rooms do it.

    Written with the index's job where that is one, hence with the same columns.
    """
    now, payload = utc_now(), {"report": str(report_id)}
    job = {"kind": ARRIVED.name, "holder": holder, "payload": payload, "attempts": 0}
    return [(OutboxJob, {**job, "created_at": now, "run_after": now, "dead": False})]


def document_of_new(
    arrived: Arrived, municipality_slug: str | None, neighbourhood_slug: str | None
) -> SearchDocument:
    """The report as search will know it; the slugs are those of its holder and neighbourhood."""
    row: Any = SimpleNamespace(
        **arrived.report, forms=arrived.forms, version=1, dossier_number=None
    )
    return document_of(row, municipality_slug, neighbourhood_slug)


def deadline(holder: str, wish: str, received_at: datetime, days: int) -> datetime | None:
    """By when the reporter must have been called or written to; None when that wasn't asked."""
    if holder == NATIONAL or wish not in _WANTS_CONTACT:
        return None
    return received_at + timedelta(days=days)


def _address_to_find(content: Content, routing: Routing, report_id: UUID) -> list[Row]:
    """A job for an address without a point, where addresses may be looked up at all."""
    if not routing.geocoding or not wanted_address(content.columns["address"]).findable:
        return []
    return [job_row(FIND_ADDRESS, routing.holder, {"id": str(report_id)})]


def wanted_address(address: Mapping[str, Any] | None) -> WantedAddress:
    """The address of a report, as a geocoder is asked for it."""
    return WantedAddress(**address) if address else WantedAddress()


def content_of(given: Submission) -> Content:
    """What a reporter told, as it is stored."""
    contact = given.contact or Contact()
    return Content(
        {**columns_of(given), "own_answers": stored_answers(given.own_answers, REPORTER)},
        [(form.value, False) for form in given.forms],
        ContactData(contact.name, contact.phone, contact.email, given.contact_when),
    )


def _form(holder: str, report_id: UUID, code: str, confirmed: bool) -> dict[str, Any]:
    return {"holder": holder, "report_id": report_id, "code": code, "confirmed": confirmed}


def _filed(routing: Routing) -> dict[str, Any]:
    return {
        "holder": routing.holder,
        "delivery": routing.delivery,
        "municipality_code": routing.place.municipality_code,
        "neighbourhood_code": routing.neighbourhood_code,
        "subneighbourhood_code": routing.place.subneighbourhood_code,
        "near_municipality_code": routing.place.near_municipality_code,
        "located_by": routing.place.method.value,
    }
