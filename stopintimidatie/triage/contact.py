"""The reporter was called or written to: the promised contact is kept, and the term is over."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.reports import summary
from stopintimidatie.reports.doubles import contact_over, waiting_doubles
from stopintimidatie.reports.forms import conflict, seen
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import (
    KIND,
    StaleReportError,
    append_move,
    changed,
    take_in_hand,
)
from stopintimidatie.reports.steps import Action
from stopintimidatie.reports.views import contact_of
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.web.forms import (
    Button,
    Form,
    Hidden,
    Integer,
    OneOf,
    Schema,
    Text,
    field,
    handle_form,
)
from stopintimidatie.web.request import Request

OUTCOMES: Final = (
    ("gesproken", "gesproken of gemaild"),
    ("geen_gehoor", "niet bereikt, en het is genoeg geprobeerd"),
    ("niet_meer_nodig", "contact is niet meer nodig"),
)
LATEST: Final = 2_147_483_647


class ContactSchema(Schema):
    """How the contact went."""

    uitkomst = field(OneOf(OUTCOMES, radio=True), "Hoe ging het contact?")
    toelichting = field(
        Text(1000, lines=True),
        "Toelichting",
        description="Kort, zonder namen en nummers. Dit komt in de geschiedenis.",
        missing="",
    )
    versie = field(Integer(0, LATEST), "Versie", widget=Hidden())
    gezien = field(Integer(0, LATEST * 2), "Gezien", widget=Hidden())


def record_contact(session: Session, report: Report, outcome: str, note: str, actor: Actor) -> None:
    """Keep that there was contact (or no need for it); the term for it ends."""
    contact_over(session, report)
    values = {"uitkomst": dict(OUTCOMES)[outcome], "reden": note}
    append_move(session, report, actor, "contact", report.state, values)
    changed(session, report)
    record(session, actor, "melding.contact", report.holder, KIND, [report.id], fields=[outcome])


def contact_action(request: Any, context: ReportResource) -> Action | None:
    """The button, as long as somebody waits for a call or a mail."""
    if context.report.contact_deadline is None:
        return None
    if not request.has_permission(Permission.TRIAGE, context):
        return None
    return Action("Contact vastleggen", request.resource_path(context, "contact"))


@view_config(
    context=ReportResource,
    name="contact",
    request_method=("GET", "POST"),
    permission=Permission.TRIAGE,
    renderer="stopintimidatie.triage:templates/contact.jinja2",
)
def contact_view(context: ReportResource, request: Request) -> Any:
    report, here = context.report, request.resource_path(context)
    note_read(request, context.holder, KIND, [report.id], task="contact vastleggen")
    form = Form(
        ContactSchema(),
        request,
        buttons=[Button("opslaan", "Contact vastleggen")],
        appstruct=seen(report),
        cancel_url=here,
    )

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        try:
            take_in_hand(request.db, report, values["versie"])
        except StaleReportError:
            raise conflict(request.db, form, report, values["gezien"], ()) from None
        actor = request.actor
        record_contact(request.db, report, values["uitkomst"], values["toelichting"], actor)
        request.flash(f"{report.reference}: het contact is vastgelegd.")
        return HTTPSeeOther(here)

    page = {
        "report": report,
        "summary": summary,
        "doubles": waiting_doubles(request.db, report),
        **contact_of(context, request, "contact vastleggen"),
    }
    return handle_form(request, form, on_valid, page)
