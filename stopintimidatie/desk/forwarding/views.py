"""Pages and panels about forwarding: returned messages, and the pick-ups of a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.mail.addresses import readable
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_text, datetime_short
from stopintimidatie.core.web.components import ListItem, Panel
from stopintimidatie.core.web.request import Request, page_view, post_view
from stopintimidatie.desk.forwarding.pickup import STATES
from stopintimidatie.desk.forwarding.services import mobile_of, send_code_by_text, try_offer
from stopintimidatie.desk.resources import Desk, DeskMunicipality
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.disclosures.pickup import KIND, make_code, who_picked_up
from stopintimidatie.municipalities.agreements import services as agreements
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import ReportResource

MOST_SHOWN: Final = 100


def number_returned() -> ScalarSelect[int]:
    """Return a subquery that counts the messages that came back and whose report still waits."""
    pickups = select(func.count()).select_from(Pickup).join(Report, Report.id == Pickup.document_id)
    return pickups.where(*_unsolved()).scalar_subquery()


def returned_messages(session: Session) -> Sequence[Any]:
    """Return the messages that came back and whose report still waits, the latest first.

    Each row has `state` and `returned_at` of the pick-up, `reference` and `id` of the report, and
    the `name` of its municipality.
    """
    return session.execute(
        select(Pickup.state, Pickup.returned_at, Report.reference, Report.id, Municipality.name)
        .join(Report, Report.id == Pickup.document_id)
        .join(Municipality, Municipality.code == Report.municipality_code)
        .where(*_unsolved())
        .order_by(Pickup.returned_at.desc(), Pickup.id)
        .limit(MOST_SHOWN)
    ).all()


def _unsolved() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions: came back, not picked up or offered anew, and the report waits."""
    later = aliased(Pickup)
    anew = exists().where(later.document_id == Pickup.document_id, later.made_at > Pickup.made_at)
    return (
        Pickup.returned_at.is_not(None),
        Pickup.state != PickupState.PICKED_UP,
        Report.state.in_(STATES),
        ~anew,
    )


@page_view(
    Desk,
    "teruggekomen",
    Permission.VIEW_DESK,
    "stopintimidatie.desk.queue:templates/returned.jinja2",
)
def returned_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show the messages that came back, so that an officer rings and offers the report again."""
    rows = returned_messages(request.db)
    ids = [row.id for row in rows]
    note_read(request, context.holder, "melding", ids, task="teruggekomen berichten")
    return {
        "items": [
            ListItem(
                title=row.reference,
                href=f"/{context.holder}/{row.reference}",
                badges=[row.state],
                meta=[row.name, f"kwam terug {datetime_short(row.returned_at)}"],
            )
            for row in rows
        ],
    }


# Panels, and the code to read out

_TEMPLATES: Final = "stopintimidatie.desk.forwarding:templates"
SHOWN: Final = 25
OPEN: Final = (PickupState.OFFERED, PickupState.PICKED_UP)


def report_panel(context: Any, request: Any) -> Panel | None:
    """Return the panel with the pick-ups of a report, on its page at the desk."""
    if context.holder != NATIONAL or not request.has_permission(Permission.VIEW_DESK, context):
        return None
    report: Report = context.report
    if report.municipality_code is None or report.delivery is None:
        return None
    town = request.db.get_one(Municipality, report.municipality_code)
    pickups = _pickups(request, Pickup.document_id == report.id)
    lacking = agreements.standing_of(request.db, request.registry.key_ring, town.code).lacking
    return Panel(
        "Doorgifte",
        f"{_TEMPLATES}/forwarding_panel.jinja2",
        {
            "delivery": report.delivery,
            "town": town.name,
            "town_href": f"/{NATIONAL}/{town.slug}",
            "lacking": lacking if report.delivery in ("wacht_op_afspraak", "verlopen") else [],
            "pickups": [_facts(request, pickup) for pickup in pickups],
            "code_for": next((p for p in pickups if p.state in OPEN and not p.destroyed_at), None),
            "may_offer": not lacking and not any(p.state != PickupState.EXPIRED for p in pickups),
            "offer_href": request.resource_path(context, "aanbieden"),
            "code_href": request.resource_path(context, "ophaalcode"),
        },
    )


def _pickups(request: Any, condition: Any) -> list[Pickup]:
    rows = request.db.scalars(
        select(Pickup).where(condition).order_by(Pickup.made_at.desc()).limit(SHOWN)
    ).all()
    note_read(request, NATIONAL, KIND, [row.id for row in rows], task="doorgifte bekijken")
    return list(rows)


def _facts(request: Any, pickup: Pickup) -> list[tuple[str, Any]]:
    visitor = who_picked_up(request.registry.key_ring, pickup)
    rows = [
        ("Nummer", pickup.reference),
        ("Stand", "bericht onderweg" if pickup.state == PickupState.READY else pickup.state),
        ("Voor", pickup.recipient),
        ("Aangeboden", _when(pickup.offered_at)),
        ("Vervanger bericht gestuurd", _when(pickup.told_at)),
        ("Bericht kwam terug", _when(pickup.returned_at)),
        ("Meldpunt gewaarschuwd", _when(pickup.escalated_at)),
        ("Code gegeven door", pickup.code_by),
        ("Opgehaald", _when(pickup.picked_up_at)),
        ("Opgehaald door", ", ".join(visitor.values())),
        ("Inhoud hier vernietigd", _destroyed(pickup)),
    ]
    return [(term, value) for term, value in rows if value]


def _when(moment: Any) -> str:
    return datetime_short(moment) if moment else ""


def _destroyed(pickup: Pickup) -> str:
    if pickup.destroyed_at:
        return f"op {date_text(pickup.destroyed_at)}"
    return f"gebeurt op {date_text(pickup.destroy_on)}" if pickup.destroy_on else ""


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
    """Make a code for the pick-up of a report; show it once to read out, or have it texted."""
    pickup = request.db.scalars(
        select(Pickup)
        .where(Pickup.document_id == context.report.id, Pickup.state.in_(OPEN))
        .order_by(Pickup.made_at.desc())
        .limit(1)
    ).one_or_none()
    if pickup is None or pickup.destroyed_at is not None:
        raise HTTPNotFound()
    keys = request.registry.key_ring
    code = make_code(request.db, keys, pickup, request.actor)
    town = request.db.get_one(Municipality, context.report.municipality_code)
    standing = agreements.standing_of(request.db, keys, town.code)
    people = agreements.people_of(keys, standing.agreement) if standing.agreement else {}
    if standing.agreement is not None:
        ids = [standing.agreement.id]
        note_read(request, NATIONAL, agreements.KIND, ids, task="code voorlezen")
    phone = mobile_of(people)
    if phone and request.registry.texter.on and request.POST.get("sms") == "ja":
        send_code_by_text(request.db, pickup)
        request.flash("De code gaat per sms naar de functionaris.")
        return HTTPSeeOther(request.resource_path(context))
    return {
        "may_text": bool(phone and request.registry.texter.on),
        "code_href": request.resource_path(context, "ophaalcode"),
        "code": readable(code),
        "pickup": pickup,
        "town": town.name,
        "people": [
            people[function] for function in ("functionaris", "vervanger") if people.get(function)
        ],
        "back": request.resource_path(context),
    }


def municipality_panel(context: DeskMunicipality, request: Any) -> Panel | None:
    """Return the panel with the latest pick-ups of a municipality, on its page at the desk."""
    reports = select(Report.id).where(Report.municipality_code == context.municipality.code)
    pickups = _pickups(request, Pickup.document_id.in_(reports))
    names = dict(
        request.db.execute(
            select(Report.id, Report.reference).where(
                Report.id.in_([pickup.document_id for pickup in pickups])
            )
        ).all()
    )
    return Panel(
        "Wat er naar deze gemeente ging",
        f"{_TEMPLATES}/forwarded.jinja2",
        {"rows": [(names.get(p.document_id, ""), p) for p in pickups], "desk": f"/{NATIONAL}/"},
    )
