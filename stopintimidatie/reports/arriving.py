"""What a report that comes in leaves behind: every row of it, from what was given. Pure.

The one declaration for the app, the telephone, the counter and the public page. Rows and no ORM
documents, for reports come in all day and all are written the same way (`storage.rows`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID, uuid4

from stopintimidatie.audit import Actor, event_rows
from stopintimidatie.clock import utc_now
from stopintimidatie.jobs import OutboxJob
from stopintimidatie.jobs.services import job_row
from stopintimidatie.municipalities.answers import REPORTER, stored_answers
from stopintimidatie.register.geocoding import WantedAddress
from stopintimidatie.reports.contacts import contact_rows
from stopintimidatie.reports.models import Report, ReportForm, ReportMove
from stopintimidatie.reports.references import hash_follow_code
from stopintimidatie.reports.routing import Routing
from stopintimidatie.reports.searching import document_of
from stopintimidatie.reports.submission import Submission
from stopintimidatie.reports.vocabulary import ContactWish, Source
from stopintimidatie.search.backend import SearchDocument
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.rows import Row
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.tree import reference_row
from stopintimidatie.workflow.history import line

KIND: Final = "melding"
ARRIVED: Final = "melding.binnengekomen"
FOLLOW_PURPOSE: Final = "follow-code"
FIND_ADDRESS: Final = "melding.adres"
_WANTS_CONTACT: Final = frozenset({ContactWish.CALL, ContactWish.MAIL, ContactWish.VIA_APP})


@dataclass(frozen=True)
class Arrival:
    """How a report came in: through what, by whom, with which follow code, when.

    A reference is given by who looked for a free one already, and by the demo, which is the same
    every time.
    """

    source: Source
    actor: Actor
    follow_code: str
    received_at: datetime
    quarantine: bool = False
    # Why it stands in quarantine, for who must decide about it.
    quarantine_reason: str | None = None
    # The id it must get, for who can be asked twice to store the same report.
    report_id: UUID | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Arrived:
    """A report that came in, its own row, and all rows that make it so once they are written."""

    id: UUID
    reference: str
    state: str
    report: Mapping[str, Any]
    rows: Sequence[Row]


def arriving(
    keys: KeyRing,
    given: Submission,
    routing: Routing,
    arrival: Arrival,
    reference: str,
    contact_within_days: int,
) -> Arrived:
    """The report, with its forms, contact data (apart, encrypted), history and log.

    That it is indexed is up to who writes them: `enqueue_index`, or rows of `document_of_new`.
    """
    report_id = arrival.report_id or uuid4()
    holder, at = routing.holder, arrival.received_at
    state = "quarantaine" if arrival.quarantine else "nieuw"
    secret = keys.derive(FOLLOW_PURPOSE)
    report = {
        "id": report_id,
        "reference": reference,
        "received_at": at,
        "source": arrival.source.value,
        "state": state,
        "contact_deadline": deadline(holder, given.wants_contact, at, contact_within_days),
        "follow_code_hash": hash_follow_code(secret, reference, arrival.follow_code),
        "follow_code_version": keys.current,
        **_where(given, routing),
        **_account(given),
        **_people(given),
    }
    announced = [] if arrival.quarantine else announcement(holder, report_id)
    why = {"reden": arrival.quarantine_reason}
    told = line(arrival.actor, "ontvangen", None, state, why, at)
    rows: list[Row] = [
        (Report, report),
        reference_row(reference, holder, KIND),
        *((ReportForm, _form(holder, report_id, form.value)) for form in given.forms),
        *contact_rows(keys, holder, report_id, given),
        (ReportMove, {"holder": holder, "report_id": report_id, **told}),
        *announced,
        *event_rows(arrival.actor, "melding.ontvangen", holder, KIND, [report_id]),
        *_address_to_find(given, routing, report_id),
    ]
    return Arrived(report_id, reference, state, report, rows)


def announcement(holder: str, report_id: UUID) -> list[Row]:
    """The job that tells whoever must know of a new report; higher rooms do it.

    Written with the index's job where that is one, hence with the same columns.
    """
    now, payload = utc_now(), {"report": str(report_id)}
    job = {"kind": ARRIVED, "holder": holder, "payload": payload, "attempts": 0}
    return [(OutboxJob, {**job, "created_at": now, "run_after": now, "dead": False})]


def document_of_new(
    arrived: Arrived,
    given: Submission,
    municipality_slug: str | None,
    neighbourhood_slug: str | None,
) -> SearchDocument:
    """The report as search will know it; the slugs are those of its holder and neighbourhood."""
    forms = [form.value for form in given.forms]
    report: Any = SimpleNamespace(**arrived.report, forms=forms, version=1, dossier_number=None)
    return document_of(report, municipality_slug, neighbourhood_slug)


def deadline(holder: str, wish: str, received_at: datetime, days: int) -> datetime | None:
    """By when the reporter must have been called or written to; None when that wasn't asked."""
    if holder == NATIONAL or wish not in _WANTS_CONTACT:
        return None
    return received_at + timedelta(days=days)


def _address_to_find(given: Submission, routing: Routing, report_id: UUID) -> list[Row]:
    """A job for an address without a point, where addresses may be looked up at all."""
    address = given.location.address
    if not routing.geocoding or address is None or not wanted_address(asdict(address)).findable:
        return []
    return [job_row(FIND_ADDRESS, routing.holder, {"id": str(report_id)})]


def wanted_address(address: Mapping[str, Any] | None) -> WantedAddress:
    """The address of a report, as a geocoder is asked for it."""
    return WantedAddress(**address) if address else WantedAddress()


def _form(holder: str, report_id: UUID, code: str) -> dict[str, Any]:
    return {"holder": holder, "report_id": report_id, "code": code, "confirmed": False}


def _where(given: Submission, routing: Routing) -> dict[str, Any]:
    where = given.location
    return {
        "holder": routing.holder,
        "delivery": routing.delivery,
        "municipality_code": routing.place.municipality_code,
        "neighbourhood_code": routing.neighbourhood_code,
        "subneighbourhood_code": routing.place.subneighbourhood_code,
        "near_municipality_code": routing.place.near_municipality_code,
        "located_by": routing.place.method.value,
        "lat": where.lat,
        "lon": where.lon,
        "accuracy_m": where.accuracy_m,
        "location_source": _code(where.source),
        "address": _filled(where.address),
        "transit": _filled(where.transit),
        "location_text": where.description,
    }


def _account(given: Submission) -> dict[str, Any]:
    return {
        "language": given.language.value,
        "client_platform": given.client.platform,
        "client_app_version": given.client.app_version,
        "campaign": given.client.campaign,
        "place_type": given.place_type.value,
        "incident_start": given.incident_start,
        "incident_end": given.incident_end,
        "time_precision": _code(given.time_precision),
        "part_of_day": _code(given.part_of_day),
        "recurrence": _code(given.recurrence),
        "description": given.description,
        "felt_safety": _code(given.felt_safety),
        "behaviour_changes": [change.value for change in given.behaviour_changes],
        "bystanders": _code(given.bystanders),
        "police": _code(given.police),
        "own_answers": stored_answers(given.own_answers, REPORTER),
    }


def _people(given: Submission) -> dict[str, Any]:
    offenders = given.offenders
    return {
        "offender_count": _code(offenders.count),
        "offender_in_group": offenders.in_group,
        "offender_known": _code(offenders.known),
        "offender_age": _code(offenders.age_estimate),
        "offender_gender": _code(offenders.gender),
        "offender_appearance": offenders.appearance,
        "offender_transport": _code(offenders.transport),
        "role": given.role.value,
        "anonymous": given.anonymous,
        "reporter_age_group": _code(given.reporter_age_group),
        "reporter_gender": _code(given.reporter_gender),
        "wants_contact": given.wants_contact.value,
        "wants_support": given.wants_support,
        "share_with_police": given.share_with_police,
        "share_with_partners": given.share_with_partners,
    }


def _code(term: StrEnum | None) -> str | None:
    return None if term is None else term.value


def _filled(part: Any) -> dict[str, Any] | None:
    if part is None:
        return None
    return {key: value for key, value in asdict(part).items() if value is not None} or None
