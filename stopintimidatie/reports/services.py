"""Receiving a report, and moving it through its life. One transaction each, with its audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.jobs import enqueue
from stopintimidatie.municipalities.services import profile_of
from stopintimidatie.reports.contacts import store_contact
from stopintimidatie.reports.models import Report, ReportForm, ReportMove
from stopintimidatie.reports.references import hash_follow_code, new_reference
from stopintimidatie.reports.routing import Routing
from stopintimidatie.reports.submission import Submission
from stopintimidatie.reports.vocabulary import ContactWish, Source
from stopintimidatie.reports.workflow import REPORT_WORKFLOW
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.tenancy import NATIONAL, enter
from stopintimidatie.storage.types import utc_now
from stopintimidatie.tree import Reference, register_reference
from stopintimidatie.workflow import Transition
from stopintimidatie.workflow.history import line

KIND = "melding"
FOLLOW_PURPOSE = "follow-code"


class StaleReportError(Exception):
    """Somebody else changed the report since this person saw it."""

    def __init__(self, report: Report) -> None:
        super().__init__("the report was changed meanwhile")
        self.report = report


@dataclass(frozen=True)
class Arrival:
    """How a report came in: through what, by whom, with which follow code, when.

    A reference is given only by the demo, which is the same every time.
    """

    source: Source
    actor: Actor
    follow_code: str
    received_at: datetime
    quarantine: bool = False
    # The id it must get, for who can be asked twice to store the same report.
    report_id: UUID | None = None
    reference: str | None = None


def receive(
    session: Session, keys: KeyRing, given: Submission, routing: Routing, arrival: Arrival
) -> Report:
    """Take a report in: the one way for app, telephone, counter, partner and public page.

    Enters the holder of the routing. The reference is new; contact data goes apart, encrypted.
    """
    enter(session, routing.holder)
    reference = arrival.reference or _free_reference(session)
    report = _new_report(given, routing, arrival, reference)
    report.follow_code_hash = hash_follow_code(
        keys.derive(FOLLOW_PURPOSE), reference, arrival.follow_code
    )
    report.follow_code_version = keys.current
    report.contact_deadline = contact_deadline(session, report)
    session.add(report)
    register_reference(session, reference, routing.holder, KIND)
    session.flush()
    store_contact(session, keys, report, given)
    append_move(session, report, arrival.actor, "ontvangen", None, {}, at=arrival.received_at)
    changed(session, report)
    record(session, arrival.actor, "melding.ontvangen", report.holder, KIND, [report.id])
    return report


def _free_reference(session: Session) -> str:
    while True:
        reference = new_reference()
        taken = select(Reference.holder).where(Reference.reference == reference)
        if session.execute(taken.limit(1)).first() is None:
            return reference


def _new_report(given: Submission, routing: Routing, arrival: Arrival, reference: str) -> Report:
    where = given.location
    return Report(
        id=arrival.report_id or uuid4(),
        holder=routing.holder,
        reference=reference,
        received_at=arrival.received_at,
        source=arrival.source.value,
        state="quarantaine" if arrival.quarantine else "nieuw",
        delivery=routing.delivery,
        municipality_code=routing.place.municipality_code,
        neighbourhood_code=routing.neighbourhood_code,
        subneighbourhood_code=routing.place.subneighbourhood_code,
        located_by=routing.place.method.value,
        lat=where.lat,
        lon=where.lon,
        accuracy_m=where.accuracy_m,
        location_source=_code(where.source),
        address=_filled(where.address),
        transit=_filled(where.transit),
        location_text=where.description,
        **_account(given, routing.holder),
        **_people(given),
    )


def _account(given: Submission, holder: str) -> dict[str, Any]:
    return {
        "language": given.language.value,
        "client_platform": given.client.platform,
        "client_app_version": given.client.app_version,
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
        "form_rows": [
            ReportForm(holder=holder, code=form.value, confirmed=False) for form in given.forms
        ],
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


def contact_deadline(session: Session, report: Report) -> datetime | None:
    """By when the reporter must have been called or written to; None when that wasn't asked."""
    wishes = {ContactWish.CALL, ContactWish.MAIL, ContactWish.VIA_APP}
    if report.holder == NATIONAL or report.wants_contact not in wishes:
        return None
    days = profile_of(session, report.holder).contact_within_days
    return report.received_at + timedelta(days=days)


def changed(session: Session, report: Report) -> None:
    """Have the report indexed anew: call it after anything that search shows was changed."""
    enqueue(session, "zoekindex", report.holder, {"kind": KIND, "id": str(report.id)})


def set_forms(report: Report, codes: list[str], *, confirmed: bool) -> None:
    """Replace the reported or the confirmed forms of a report."""
    report.form_rows = [
        *(row for row in report.form_rows if row.confirmed is not confirmed),
        *(ReportForm(holder=report.holder, code=code, confirmed=confirmed) for code in codes),
    ]


def check_version(report: Report, version: int) -> None:
    """:raises StaleReportError: when the report isn't the one this person saw."""
    if report.version != version:
        raise StaleReportError(report)


def take_in_hand(session: Session, report: Report, version: int) -> None:
    """Lock the report for a change by somebody who saw this version of it.

    The lock makes two changes at once wait for each other, so that the second sees the first.

    :raises StaleReportError: somebody else changed it meanwhile.
    """
    session.refresh(report, with_for_update=True)
    check_version(report, version)


def move(
    session: Session,
    effects: Mapping[str, Any],
    report: Report,
    name: str,
    values: Mapping[str, Any],
    actor: Actor,
) -> Transition:
    """Make one step of the workflow: state, effect, history, audit, index.

    :raises WorkflowError: the step isn't possible now, or an answer is missing.
    """
    transition = REPORT_WORKFLOW.check(report.state, name, values)
    before = report.state
    report.state = transition.target
    report.ended_at = utc_now() if REPORT_WORKFLOW.state(transition.target).ended else None
    if transition.effect is not None:
        effects[transition.effect](session, report, values, actor)
    append_move(session, report, actor, name, before, values)
    changed(session, report)
    record(
        session, actor, "melding.toestand", report.holder, KIND, [report.id], fields=[report.state]
    )
    return transition


def append_move(
    session: Session,
    report: Report,
    actor: Actor,
    name: str,
    before: str | None,
    values: Mapping[str, Any],
    *,
    at: datetime | None = None,
) -> None:
    """Append a line to the history of a report; its state now is where the step led to."""
    told = line(actor, name, before, report.state, values, at)
    session.add(ReportMove(holder=report.holder, report_id=report.id, **told))
