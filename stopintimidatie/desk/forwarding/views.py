"""Panels about forwarding: returned messages counted, and the pick-ups of a report."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.audit import record
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.mail.addresses import readable
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import post_view
from stopintimidatie.desk.forwarding import access
from stopintimidatie.desk.forwarding.access import WAITING
from stopintimidatie.desk.forwarding.pickup import OPENED, STATES, STOPPED, notice_of
from stopintimidatie.desk.forwarding.services import WAITING as TO_OFFER
from stopintimidatie.desk.forwarding.services import try_offer
from stopintimidatie.desk.resources import DeskMunicipality
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.disclosures.pickup import KIND, later_readers, renew_code, who_picked_up
from stopintimidatie.municipalities.agreements import services as agreements
from stopintimidatie.municipalities.agreements.rules import in_force
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.reports.conversation.queries import goes_on
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import ReportResource


def number_returned() -> ScalarSelect[int]:
    """Return a subquery that counts the messages that came back and whose report still waits."""
    pickups = select(func.count()).select_from(Pickup).join(Report, Report.id == Pickup.document_id)
    return pickups.where(*_unsolved()).scalar_subquery()


def returned_by_town(session: Session) -> dict[str, int]:
    """Count the messages that came back and whose report still waits, by municipality."""
    town = Report.municipality_code
    rows = select(town, func.count()).join(Pickup, Report.id == Pickup.document_id)
    counted = rows.where(*_unsolved(), town.is_not(None)).group_by(town)
    return {str(code): number for code, number in session.execute(counted)}


def _unsolved() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions: came back, not picked up or offered anew, and the report waits."""
    later = aliased(Pickup)
    anew = exists().where(later.document_id == Pickup.document_id, later.made_at > Pickup.made_at)
    return (
        Pickup.returned_at.is_not(None),
        Pickup.state.not_in(OPENED),
        Report.state.in_(STATES),
        ~anew,
    )


# Panels, and the code to read out

_TEMPLATES: Final = "stopintimidatie.desk.forwarding:templates"
SHOWN: Final = 25
OPEN: Final = (*WAITING, PickupState.PICKED_UP)
NO_CODE: Final = (
    "Er is geen code gemaakt: er is geen geldige afspraak met de gemeente, of er staat niets klaar."
)
OVER: Final = (PickupState.EXPIRED, PickupState.RETURNED)


def report_panel(context: Any, request: Any) -> Panel | None:
    """Return the panel with the pick-ups of a report, on its page at the desk."""
    if context.holder != NATIONAL or not request.has_permission(Permission.VIEW_DESK, context):
        return None
    report: Report = context.report
    if report.municipality_code is None or report.delivery is None:
        return None
    town = request.db.get_one(Municipality, report.municipality_code)
    back = access.returned_reasons(request.db, [report.id])
    waits, notice = report.state in STATES, notice_of(request.db, report)
    pickups = _pickups(request, Pickup.document_id == report.id)
    keys = request.registry.key_ring
    standing = agreements.standing_of(request.db, keys, town.code)
    agreement, lacking = standing.agreement, standing.lacking
    waiting = next((p for p in pickups if p.state in OPEN and not p.destroyed_at), None)
    return Panel(
        "Doorgifte",
        f"{_TEMPLATES}/forwarding_panel.jinja2",
        {
            "delivery": access.delivery_of(report, back),
            "ready": waiting is not None and waiting.state == PickupState.READY and not lacking,
            "daily": agreement and agreement.digest and not report.urgent,
            "town": town.name,
            "town_href": f"/{NATIONAL}/{town.slug}",
            "goes_on": goes_on(request, report),
            "lacking": lacking if waits and report.delivery in TO_OFFER else [],
            "notice": STOPPED.get(notice or "") if any(p.state in OPENED for p in pickups) else "",
            "pickups": [
                (pickup, who_picked_up(keys, pickup).values(), later_readers(keys, pickup))
                for pickup in pickups
            ],
            "code_for": in_force(agreement, agreements.today())
            and access.number_of(request.db, town.code, Pickup.document_id == report.id),
            "shut": waiting is not None,
            "answers": access.answers_of(request.db, [pickup.id for pickup in pickups]),
            "answer_words": access.answer_words,
            "may_offer": waits and not lacking and all(p.state in OVER for p in pickups),
            "offer_href": request.resource_path(context, "aanbieden"),
            "code_href": request.resource_path(context, "ophaalcode"),
        },
    )


def _pickups(request: Any, *conditions: Any) -> list[Pickup]:
    rows = request.db.scalars(
        select(Pickup).where(*conditions).order_by(Pickup.made_at.desc()).limit(SHOWN)
    ).all()
    note_read(request, NATIONAL, KIND, [row.id for row in rows], task="doorgifte bekijken")
    return list(rows)


@post_view(ReportResource, "aanbieden", Permission.ROUTE_REPORT)
def offer_view(context: ReportResource, request: Any) -> Any:
    """Offer a report (again) to its municipality, or show what keeps it from that."""
    problems = try_offer(request.db, request.registry.key_ring, context.report, request.actor)
    words = " ".join(problems) or "De gemeente krijgt bericht dat er iets klaarstaat."
    request.flash(words, "error" if problems else "ok")
    return HTTPSeeOther(request.resource_path(context))


@post_view(
    ReportResource,
    "ophaalcode",
    Permission.ROUTE_REPORT,
    renderer=f"{_TEMPLATES}/code.jinja2",
    guards=(recently_confirmed,),
)
def code_view(context: ReportResource, request: Any) -> Any:
    """Make a code on the page of a report, for all that waits for its municipality."""
    return _code_page(request, context, context.report.municipality_code)


@post_view(
    DeskMunicipality,
    "ophaalcode",
    Permission.ROUTE_REPORT,
    renderer=f"{_TEMPLATES}/code.jinja2",
    guards=(recently_confirmed,),
)
def town_code_view(context: DeskMunicipality, request: Any) -> Any:
    """Make a code on the page of a municipality, for all that waits for it."""
    return _code_page(request, context, context.municipality.code)


def _code_page(request: Any, context: Any, code: str | None) -> Any:
    """Make the code of a town; show it once to read out, or have it texted."""
    session, keys = request.db, request.registry.key_ring
    agreement = access.agreement_in_force(session, code)
    if agreement is None or not access.number_of(session, agreement.municipality_code):
        request.flash(NO_CODE, "error")
        return HTTPSeeOther(request.resource_path(context))
    spoken = renew_code(keys, agreement, request.actor)
    record(session, request.actor, "ophalen.code", NATIONAL, agreements.KIND, [agreement.id])
    people = agreements.people_of(keys, agreement)
    ids = [agreement.id]
    note_read(request, NATIONAL, agreements.KIND, ids, task="code voorlezen")
    phone, back = access.mobile_of(people), request.resource_path(context)
    may_text = bool(phone and request.registry.texter.on)
    if may_text and request.POST.get("sms") == "ja":
        access.send_code_by_text(session, agreement)
        request.flash("De code gaat per sms naar de functionaris.")
        return HTTPSeeOther(back)
    waiting = Pickup.state.in_(WAITING) | Pickup.added_at.is_not(None)
    town = agreement.municipality_code
    doors = select(Pickup.reference).where(*access.in_sitting(town))
    return {
        "door": session.scalars(doors.order_by(waiting.desc(), Pickup.made_at).limit(1)).one(),
        "address": request.app_settings.public_address,
        "may_text": may_text,
        "code_href": request.resource_path(context, "ophaalcode"),
        "code": readable(spoken),
        "waiting": access.number_of(session, town, waiting),
        "town": session.get_one(Municipality, town).name,
        "people": [
            people[function] for function in ("functionaris", "vervanger") if people.get(function)
        ],
        "back": back,
    }


def municipality_panel(context: DeskMunicipality, request: Any) -> Panel | None:
    """Return the panel with the latest pick-ups of a municipality, on its page at the desk."""
    # By its name: a report that was given back, or expired there, may have another municipality.
    here = Pickup.holder == NATIONAL, Pickup.recipient == f"Gemeente {context.municipality.name}"
    pickups = _pickups(request, *here)
    listed = Report.id.in_([pickup.document_id for pickup in pickups])
    names = dict(request.db.execute(select(Report.id, Report.reference).where(listed)).all())
    code = context.municipality.code
    valid = in_force(agreements.running_agreement(request.db, code), agreements.today())
    may = valid and request.has_permission(Permission.ROUTE_REPORT, context)
    return Panel(
        "Wat er naar deze gemeente ging",
        f"{_TEMPLATES}/forwarded.jinja2",
        {
            "rows": [(names.get(p.document_id, ""), p) for p in pickups],
            "openable": access.number_of(request.db, code) if may else 0,
            "waiting": access.number_of(request.db, code, Pickup.state.in_(WAITING)),
            "code_href": request.resource_path(context, "ophaalcode"),
        },
    )
