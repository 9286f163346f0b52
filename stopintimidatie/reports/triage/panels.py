"""The parts of triage on the page of a report: similar reports, and contact that was promised."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import (
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
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, page_view
from stopintimidatie.reports import words
from stopintimidatie.reports.conversation.services import contact_over, waiting_doubles
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.steps import (
    NEW_DOSSIER,
    Action,
    conflict,
    report_action,
    version_values,
)
from stopintimidatie.reports.page.views import contact_of
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.services import (
    StaleReportError,
    append_move,
    lock_report,
    reindex_report,
)
from stopintimidatie.reports.triage.similar import MOST, SHOWN, Similar, similar_to
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.vocabulary import Form as HarassmentForm
from stopintimidatie.reports.words import area_names

OUTCOMES: Final = (
    ("gesproken", "gesproken of gemaild"),
    ("geen_gehoor", "niet bereikt, en het is genoeg geprobeerd"),
    ("niet_meer_nodig", "contact is niet meer nodig"),
)
LATEST: Final = 2_147_483_647


class ContactSchema(Schema):
    """The form about how the contact went."""

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
    """Store how the contact with the reporter went, or that none is needed; its term ends."""
    contact_over(session, report)
    values = {"uitkomst": dict(OUTCOMES)[outcome], "reden": note}
    append_move(session, report, actor, "contact", report.state, values)
    reindex_report(session, report)
    record(session, actor, "melding.contact", report.holder, KIND, [report.id], fields=[outcome])


def contact_action(request: Any, context: ReportResource) -> Action | None:
    """Return the button, as long as the reporter waits for a call or a mail."""
    may_triage = request.has_permission(Permission.TRIAGE, context)
    if context.report.contact_deadline is None or not may_triage:
        return None
    return Action("Contact vastleggen", request.resource_path(context, "contact"))


# Asked before the form is shown: its page has the contact data, and what is typed must stay.
@form_view(
    ReportResource,
    "contact",
    Permission.TRIAGE,
    "templates/contact.jinja2",
    guards=(recently_confirmed,),
)
def contact_view(context: ReportResource, request: Request) -> Any:
    """Show the form about how the promised contact went, and store it."""
    report, here = context.report, request.resource_path(context)
    seen, buttons = version_values(report), [Button("opslaan", "Contact vastleggen")]
    form = Form(ContactSchema(), request, buttons=buttons, appstruct=seen, cancel_url=here)

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        try:
            lock_report(request.db, report, values["versie"])
        except StaleReportError:
            raise conflict(request.db, form, report, values["gezien"], ()) from None
        outcome, note = values["uitkomst"], values["toelichting"]
        record_contact(request.db, report, outcome, note, request.actor)
        request.flash(f"{report.reference}: het contact is vastgelegd.")
        return HTTPSeeOther(here)

    def page() -> dict[str, Any]:
        note_read(request, context.holder, KIND, [report.id], task="contact vastleggen")
        return {
            "report": report,
            "summary": words,
            "doubles": waiting_doubles(request.db, report),
            **contact_of(context, request, "contact vastleggen"),
        }

    return handle_form(request, form, on_valid, page)


PANEL: Final = "stopintimidatie.reports.triage:templates/similar_panel.jinja2"
PAGE: Final = "vergelijkbaar"
# The number of similar reports beside the report in hand: at triage, and in the inbox.
BESIDE: Final = 5
TASK: Final = "vergelijkbare meldingen"
# From here a report can be closed as double of another.
CLOSABLE: Final = frozenset({"nieuw", "in_behandeling"})


def similar_panel(context: ReportResource, request: Request) -> Panel | None:
    """Return the section on the page of a report; none at the desk, whose reports lie far apart."""
    if context.holder == NATIONAL or context.report.state in GONE:
        return None
    return Panel("Vergelijkbare meldingen", PANEL, {"values": similar_values(context, request)})


def similar_values(
    context: ReportResource,
    request: Request,
    limit: int = SHOWN,
    *,
    here: str | None = None,
    back: str = "",
    task: str | None = TASK,
) -> dict[str, Any]:
    """Return the values of the section and the page; that these reports were seen is noted.

    `here`: the address of the report, where the resource isn't the one at that address.
    `back`: where to go after closing this report as double.
    `task`: under which the look at them is noted; None when the caller notes it.
    """
    report, here = context.report, here or request.resource_path(context).rstrip("/")
    similar = similar_to(request.db, request.registry.search.backend, report, limit)
    if similar and task is not None:
        note_read(request, context.holder, KIND, [other.id for other in similar], task=TASK)
    may_triage = bool(request.has_permission(Permission.TRIAGE, context))
    return {
        "similar": similar,
        "titles": {other.reference: _title(other) for other in similar},
        "report": report,
        "here": here,
        "back": back,
        "more": f"{here}/{PAGE}" if len(similar) == limit else None,
        "may_close": may_triage and report.state in CLOSABLE,
        "together": _together(context, request, similar),
    }


def _title(other: Similar) -> str:
    words = ", ".join(HarassmentForm.word(code) for code in other.forms) or "melding"
    return f"{words[0].upper()}{words[1:]}"


def _together(context: ReportResource, request: Request, similar: list[Similar]) -> str | None:
    """Return the address of the form for a new dossier with this report and those ready for it."""
    action = report_action(request, context, NEW_DOSSIER)
    ready = [other.reference for other in similar if other.state == "in_behandeling"]
    if action is None or not ready:
        return None
    return f"{action.href}&{urlencode([('melding', reference) for reference in ready])}"


@page_view(ReportResource, PAGE, Permission.VIEW_REPORT, "templates/similar.jinja2")
def similar_view(context: ReportResource, request: Request) -> Any:
    """Show up to forty similar reports, the most similar first, with the parts of the score."""
    if context.holder == NATIONAL or context.report.state in GONE:
        return HTTPSeeOther(request.resource_path(context))
    values = similar_values(context, request, MOST)
    names = area_names(request.db, context.report)
    rows = [
        [other.reference, f"{other.percent}%", *_parts(other)]
        for other in values["similar"][:SHOWN]
    ]
    return {**values, "more": None, "names": names, "rows": rows}


def _parts(other: Similar) -> list[str]:
    return [
        "onbekend" if part is None else f"{round(part * 100)}%"
        for part in other.likeness.parts.values()
    ]
