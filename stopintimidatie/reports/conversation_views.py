"""The officer's side of the conversation: a message, and that the reporter's was read."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.reports.conversation import CLOSED, mark_read, write_to_reporter
from stopintimidatie.reports.forms import add_seen, conflict, seen
from stopintimidatie.reports.resources import ReportResource
from stopintimidatie.reports.services import StaleReportError, take_in_hand
from stopintimidatie.reports.views import STEP_PAGE, impossible, step_page
from stopintimidatie.security import Permission
from stopintimidatie.web import forms
from stopintimidatie.web.errors import error_response
from stopintimidatie.web.forms import Button, Form, Schema, field, handle_form
from stopintimidatie.web.request import Request

LONGEST: int = 4000


class MessageSchema(Schema):
    """A message to the reporter."""

    tekst = field(
        forms.Text(LONGEST, lines=True),
        "Bericht aan de melder",
        description="De melder leest dit met de volgcode. Uw naam staat er niet bij. Noem geen"
        " namen van anderen. Wilt u antwoord voor een bepaalde dag? Kies dan ‘Vraag stellen aan de"
        " melder’.",
    )


@view_config(
    context=ReportResource,
    name="bericht",
    request_method=("GET", "POST"),
    permission=Permission.TRIAGE,
    renderer=STEP_PAGE,
)
def message_view(context: ReportResource, request: Request) -> Any:
    """Write to the reporter."""
    page = step_page(context, request, "Bericht schrijven")
    report, here = context.report, request.resource_path(context)
    if report.state in CLOSED and request.method != "POST":
        return impossible(context, request, page)
    schema = MessageSchema()
    add_seen(schema)
    buttons = [Button("versturen", "Bericht versturen")]
    form = Form(schema, request, buttons=buttons, appstruct=seen(report), cancel_url=here)
    page["nothing_to_choose"] = []

    def on_valid(values: dict[str, Any]) -> Any:
        try:
            take_in_hand(request.db, report, values["versie"])
        except StaleReportError:
            raise conflict(request.db, form, report, values["gezien"], ()) from None
        if report.state in CLOSED:
            raise forms.FormError("Deze melding is niet meer bij u. Het bericht is niet verstuurd.")
        actor = request.actor
        write_to_reporter(request.db, report, values["tekst"], actor)
        request.flash(f"{report.reference}: het bericht staat klaar voor de melder.")
        return HTTPSeeOther(f"{here}#gesprek")

    return handle_form(request, form, on_valid, page)


@view_config(
    context=ReportResource, name="gezien", request_method="POST", permission=Permission.TRIAGE
)
def read_view(context: ReportResource, request: Request) -> Any:
    """What the reporter wrote was read: of the version that this person saw, not of a later one."""
    version = request.POST.get("versie", "")
    try:
        known = int(version) if version.isascii() and version.isdigit() else 0
        take_in_hand(request.db, context.report, known if len(version) < 10 else 0)
    except StaleReportError:
        return error_response(request, 409)
    mark_read(request.db, context.report, request.actor)
    return HTTPSeeOther(f"{request.resource_path(context)}#gesprek")
