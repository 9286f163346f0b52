"""…/quarantaine: the reports that were put aside, and one decision for all that are ticked."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.reports import summary
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import KIND
from stopintimidatie.security import Permission
from stopintimidatie.security.trail import note_read
from stopintimidatie.storage.counting import COUNTED
from stopintimidatie.triage import quarantine
from stopintimidatie.web import forms
from stopintimidatie.web.filters import datetime_short, plural
from stopintimidatie.web.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.web.request import Request
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS

TEMPLATE: Final = "stopintimidatie.triage:templates/quarantine.jinja2"
SNIPPET: Final = 160
RELEASE, REJECT = "vrijgeven", "afwijzen"
# One choice and one button: each reason for not handling a report is one of the choices.
DECISIONS: Final = (
    (RELEASE, "Uit quarantaine halen"),
    *((code, f"Niet in behandeling nemen: {words}") for code, words in quarantine.REASONS),
)
DONE: Final = {RELEASE: "uit quarantaine gehaald", REJECT: "niet in behandeling genomen"}


def quarantine_schema(choices: list[tuple[str, str]]) -> Any:
    schema = Schema()
    schema.add(
        field(
            forms.ManyOf(choices),
            "Meldingen",
            name="meldingen",
            description="Vink aan waarover u beslist, of vink er onder alles tegelijk aan.",
            missing=(),
        )
    )
    schema.add(field(forms.Flag(), "Alle meldingen op deze pagina", name="alle", missing=False))
    schema.add(field(forms.OneOf(DECISIONS, radio=True), "Wat besluit u?", name="besluit"))
    schema.add(
        field(
            forms.Text(500),
            "Reden",
            name="reden",
            description="Waarom u dit besluit. Dit komt bij elke melding in de geschiedenis.",
        )
    )
    return schema


@view_config(
    context=MunicipalityResource,
    name="quarantaine",
    request_method=("GET", "POST"),
    permission=Permission.RELEASE,
    renderer=TEMPLATE,
)
def quarantine_view(context: Any, request: Request) -> Any:
    """What was put aside at this holder. The desk's own tree has the same page."""
    reports = quarantine.waiting(request.db, context.holder)
    note_read(request, context.holder, KIND, [r.id for r in reports], task="quarantaine")
    form = _form(request, _choices(reports, request))
    page = {
        "total": quarantine.count(request.db, context.holder, COUNTED),
        "counted": COUNTED,
        "shown": len(reports),
        "failed": [],
        "done": 0,
    }
    return handle_form(
        request, form, lambda values: _decide(context, request, reports, values, page), page
    )


def _form(request: Request, choices: list[tuple[str, str]]) -> Form:
    return Form(quarantine_schema(choices), request, buttons=[Button("vastleggen", "Vastleggen")])


def _choices(reports: Any, request: Request) -> list[tuple[str, str]]:
    """Those on the page, and those that were ticked and aren't there any more."""
    here = [(quarantine.choice_of(report), _label(report)) for report in reports]
    posted = request.POST.getall("meldingen") if request.method == "POST" else []
    known = {code for code, _ in here}
    gone = {text for text in posted[:1000] if isinstance(text, str) and quarantine.is_choice(text)}
    return [*here, *((text, text.partition(".")[0]) for text in sorted(gone - known))]


def _label(report: Report) -> str:
    text = " ".join((report.description or "Zonder verhaal.").split())
    short = text if len(text) <= SNIPPET else text[: SNIPPET - 1] + "…"
    when = datetime_short(report.received_at)
    return f"{report.reference} · {when} · {summary.heading(report)}. {short}"


def _decide(context: Any, request: Request, reports: Any, values: Any, page: dict[str, Any]) -> Any:
    decision = values["besluit"]
    step = RELEASE if decision == RELEASE else REJECT
    chosen = list(values["meldingen"])
    if values["alle"]:
        chosen += [c for c in map(quarantine.choice_of, reports) if c not in chosen]
    if not chosen:
        raise FormError("Kies ten minste één melding.", "meldingen")
    answers = {"reden": values["reden"]}
    if step == REJECT:
        answers["reden_code"] = decision
    failed = quarantine.decide(
        request.db,
        WORKFLOW_EFFECTS.of(request.registry),
        context.holder,
        chosen,
        step,
        answers,
        request.actor,
    )
    number = len(chosen) - len(failed)
    if not failed:
        request.flash(f"{plural(number, 'melding', 'meldingen')} {DONE[step]}.")
        return HTTPSeeOther(request.path)
    return _with_failures(context, request, page, failed, f"{number} {DONE[step]}")


def _with_failures(
    context: Any, request: Request, page: dict[str, Any], failed: Any, done: str
) -> dict[str, Any]:
    """The page anew, with what couldn't be decided and why."""
    left = quarantine.waiting(request.db, context.holder)
    fresh = _form(request, [(quarantine.choice_of(report), _label(report)) for report in left])
    total = quarantine.count(request.db, context.holder, COUNTED)
    return {**page, "form": fresh, "failed": failed, "done": done, "total": total}
