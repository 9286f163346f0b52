"""Many reports decided at once: those in quarantine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import datetime_short, plural
from stopintimidatie.core.web.register import COUNTED, count_at_most
from stopintimidatie.core.web.request import Request, form_view
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.handling.bulk import read_choices
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page import decisions
from stopintimidatie.reports.page.proposals import IN_DANGER
from stopintimidatie.reports.page.steps import contact_fields, must_ask_danger
from stopintimidatie.reports.rules import needs_second_look
from stopintimidatie.reports.services import StaleReportError, lock_report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import heading, signals_of
from stopintimidatie.reports.workflow import NOT_HANDLED_REASONS, TURN_DOWN, ReportState

PAGE: Final = 100
# A double isn't closed in bulk: the other report is asked for each.
REASONS: Final = tuple(reason for reason in NOT_HANDLED_REASONS if reason[0] != "dubbel")
TEMPLATE: Final = "stopintimidatie.reports.inbox:templates/quarantine.jinja2"
# Characters of the description in quarantine.
QUARANTINE_SNIPPET: Final = 160
RELEASE, REJECT = "vrijgeven", "afwijzen"
# One choice and one button: each reason for not handling a report is one of the choices.
DECISIONS: Final = (
    (RELEASE, "Uit quarantaine halen"),
    *((code, f"Niet in behandeling nemen: {label}") for code, label in REASONS),
)
DONE: Final = {RELEASE: "uit quarantaine gehaald", REJECT: "niet in behandeling genomen"}


def quarantine_schema(choices: list[tuple[str, str]], reports: Sequence[Report]) -> Any:
    """Build the form that decides about these reports in quarantine."""
    return Schema(
        field(
            forms.ManyOf(choices),
            "Meldingen",
            name="meldingen",
            description="Vink aan waarover u beslist, of vink er onder alles tegelijk aan.",
            missing=(),
        ),
        field(forms.Flag(), "Alle meldingen op deze pagina", name="alle", missing=False),
        field(forms.OneOf(DECISIONS, radio=True), "Wat besluit u?", name="besluit"),
        field(
            forms.Text(500),
            "Reden",
            name="reden",
            description="Waarom u dit besluit. Dit komt bij elke melding in de geschiedenis.",
        ),
        *next((fields for fields in map(contact_fields, reports) if fields), ()),
    )


@form_view(MunicipalityResource, "quarantaine", Permission.RELEASE, TEMPLATE)
def quarantine_view(context: Any, request: Request) -> Any:
    """Show the form that decides about reports in quarantine, and decide; the desk uses it too."""
    reports = quarantined(request.db, context.holder)
    # Also those that were ticked and are no longer there.
    posted = request.POST.getall("meldingen")[:1000] if request.method == "POST" else []
    ticked = {text for text in posted if isinstance(text, str) and read_choices([text])}
    form = _form(request, reports, ticked - {choice_of(report) for report in reports})

    def page() -> dict[str, Any]:
        ids = [report.id for report in reports]
        note_read(request, context.holder, KIND, ids, task="quarantaine")
        return {
            "total": count_quarantined(request.db, context.holder, COUNTED),
            "counted": COUNTED,
            "shown": len(ids),
            "failed": [],
        }

    return handle_form(
        request, form, lambda values: _decide(context, request, reports, values, page), page
    )


def _form(request: Request, reports: Sequence[Report], gone: Iterable[str] = ()) -> Form:
    choices = [(choice_of(report), _label(report)) for report in reports]
    choices += [(text, text.partition(".")[0]) for text in sorted(gone)]
    buttons = [Button("vastleggen", "Vastleggen")]
    return Form(quarantine_schema(choices, reports), request, buttons=buttons)


def _label(report: Report) -> str:
    text = " ".join((report.description or "Zonder verhaal.").split())
    short = text if len(text) <= QUARANTINE_SNIPPET else text[: QUARANTINE_SNIPPET - 1] + "…"
    when = datetime_short(report.received_at)
    return f"{report.reference} · {when} · {heading(report)}. {short}"


def _decide(
    context: Any, request: Request, reports: Any, values: Any, page: Callable[[], dict[str, Any]]
) -> Any:
    """Decide about the ticked reports; show the page anew when some couldn't be decided."""
    decision = values["besluit"]
    step = RELEASE if decision == RELEASE else REJECT
    chosen = list(values["meldingen"])
    if values["alle"]:
        chosen += [c for c in map(choice_of, reports) if c not in chosen]
    if not chosen:
        raise FormError("Kies ten minste één melding.", "meldingen")
    answers = {"reden": values["reden"]}
    if step == REJECT:
        answers |= {"reden_code": decision, "contact": values.get("contact")}
    session, effects = request.db, WORKFLOW_EFFECTS.of(request.registry)
    failed = decide(session, effects, context.holder, chosen, step, answers, request.actor)
    number = len(chosen) - len(failed)
    if not failed:
        request.flash(f"{plural(number, 'melding', 'meldingen')} {DONE[step]}.")
        return HTTPSeeOther(request.path)
    done = f"{number} {DONE[step]}"
    left, shown = quarantined(session, context.holder), page()
    total = count_quarantined(session, context.holder, COUNTED)
    return {**shown, "form": _form(request, left), "failed": failed, "done": done, "total": total}


def choice_of(report: Report) -> str:
    """Return the value of the checkbox of a report: its reference and version."""
    return f"{report.reference}.{report.version}"


def quarantined(session: Session, holder: str) -> Sequence[Report]:
    """Return the reports in quarantine, the oldest first: those came before the flood."""
    mine = select(Report).where(Report.holder == holder, Report.state == ReportState.QUARANTINE)
    oldest = mine.order_by(Report.received_at, Report.id)
    return session.scalars(oldest.limit(PAGE)).all()


def count_quarantined(session: Session, holder: str, most: int) -> int:
    """Count the reports in quarantine, up to one more than `most`."""
    ids = select(Report.id).where(Report.holder == holder, Report.state == ReportState.QUARANTINE)
    return count_at_most(session, ids.order_by(Report.received_at), most)


def _alone(report: Report) -> str:
    """Return why a report can't be turned down with others; empty when it can."""
    if report.danger_now:
        return IN_DANGER
    if must_ask_danger(report):
        return (
            f"Er is een signaal: {', '.join(signals_of(report))}. Open de melding en besluit daar:"
            " eerst wordt gevraagd of er iemand in gevaar is."
        )
    if needs_second_look(report.all_forms, report.reporter_age_group):
        return "Een collega moet meekijken. Open de melding en besluit daar."
    return ""


def decide(
    session: Session,
    effects: Mapping[str, Any],
    holder: str,
    choices: Sequence[str],
    step: str,
    answers: Mapping[str, Any],
    actor: Actor,
) -> list[tuple[str, str]]:
    """Make a step with each chosen report; return those that couldn't be, each with the reason.

    What would pass the question about danger, or a second look, is decided on apart.
    """
    pairs = read_choices(choices)
    references = [reference for reference, _ in pairs]
    wanted = select(Report).where(Report.holder == holder, Report.reference.in_(references))
    reports = {report.reference: report for report in session.scalars(wanted)}

    def refusal(reference: str, version: int) -> str:
        """Make the step; return the reason that it can't be, which comes before any change."""
        report = reports.get(reference)
        if report is None:
            return "Deze melding is hier niet."
        try:
            lock_report(session, report, version)
            if step == TURN_DOWN and (why := _alone(report)):
                return why
            decisions.decide(session, effects, report, [(step, answers)], actor)
        except StaleReportError:
            label = ReportState.word(report.state).lower()
            return f"Intussen door iemand anders gewijzigd; de toestand is nu ‘{label}’."
        except WorkflowError as problem:
            return str(problem)
        return ""

    refusals = [(reference, refusal(reference, version)) for reference, version in pairs]
    session.flush()
    return [(reference, why) for reference, why in refusals if why]
