"""Many reports handed out at once: to one colleague, evenly over some, or to nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, FormError, Opened, Schema, ask_values, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.session import between_transactions, in_portions
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.handling.services import assign, share_out
from stopintimidatie.reports.handling.views import REASON, people_to_choose
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.steps import Choices, add_way_back, state_label, way_out
from stopintimidatie.reports.page.views import came_from
from stopintimidatie.reports.rules import normalise_reference
from stopintimidatie.reports.services import StaleReportError, lock_report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import heading, when_short

GIVE, LET_GO = "geven", "loslaten"
MOST: Final = 100
# Reports in one transaction: a decision writes thirty rows, and others write between two portions.
PORTION: Final = 3
# Seconds after which the others wait for a next time; a proxy gives up after sixty.
LONGEST: Final = 25
NO_TIME: Final = "Hier was nu geen tijd meer voor. Kies haar opnieuw."
# Does something with a report that is locked; raises `WorkflowError` where that can't be.
Make = Callable[[Session, Report], None]
# The value of a checkbox: the reference and the version that this person saw.
_CHOICE: Final = re.compile(r"(M-[0-9A-Z]{4}-[0-9A-Z]{4})\.([0-9]{1,9})", re.ASCII)


@form_view(MunicipalityResource, "uitdelen", Permission.TRIAGE, "templates/hand_out.jinja2")
def hand_out_view(context: MunicipalityResource, request: Request) -> Any:
    """Show the reports of the address with the form that hands them out, and do it."""
    seen = _seen(request)
    reports = reports_named(request.db, context.holder, seen or asked_references(request))
    choices = [
        (
            f"{report.reference}.{seen.get(report.reference, report.version)}",
            f"{report.reference}: {heading(report)}, {when_short(report)}",
        )
        for report in reports
    ]
    people = people_to_choose(request, context.holder)
    back = came_from(request, request.resource_path(context, "postvak"))
    schema = hand_out_schema(choices, people, gives=request.POST.get("besluit") == GIVE)

    def act(values: dict[str, Any]) -> HTTPSeeOther:
        wanted = dict(read_choices(values["meldingen"]))
        turns = _turns([report for report in reports if report.reference in wanted], values)

        def make(session: Session, report: Report) -> None:
            assign(session, report, turns[report.id], values["reden"], request.actor)

        failed = [
            f"{reference}: {why}"
            for reference, why in decide(request, context.holder, values["meldingen"], make)
        ]
        number = len(wanted) - len(failed)
        if not number:
            raise FormError(" ".join(failed), "meldingen")
        are = "is" if number == 1 else "zijn"
        done = "uitgedeeld" if values["besluit"] == GIVE else "losgelaten"
        only = " Ongedaan maken geldt alleen voor de laatste." if number > 1 else ""
        request.flash(f"{plural(number, 'melding', 'meldingen')} {are} {done}.{only}")
        if failed:
            request.flash("\n".join(["Dit lukte niet:", *failed]), "warning")
        return HTTPSeeOther(way_out(values, back))

    def page() -> dict[str, Any]:
        note_read(request, context.holder, KIND, [report.id for report in reports], task="uitdelen")
        return {"number": len(reports), "back": back}

    given = {"meldingen": [code for code, _ in choices], "terug": back}
    button = Button("uitdelen", "Uitdelen")
    return ask_values(request, schema, button, act, back, page, given=given)


def _turns(reports: Sequence[Report], values: Mapping[str, Any]) -> Mapping[UUID, UUID | None]:
    """Return who gets each report; nobody when they are let go.

    Raises:
        FormError: Somebody was ticked where nobody gets them.
    """
    people = [UUID(person) for person in values["aan"]]
    if values["besluit"] == GIVE:
        return share_out(reports, people)
    if people:
        raise FormError(
            "U koos loslaten. Haal de vinkjes bij de collega’s weg, of kies ‘geven’.", "aan"
        )
    return dict.fromkeys((report.id for report in reports), None)


def choice_of(report: Report) -> str:
    """Return the value of the checkbox of a report: its reference and version."""
    return f"{report.reference}.{report.version}"


def decide(
    request: Request, holder: str, chosen: Sequence[str], make: Make
) -> list[tuple[str, str]]:
    """Do something with each chosen report, a few in each transaction.

    Returns the references of those that it couldn't be done with, each with the reason.
    """
    failed: list[tuple[str, str]] = []
    engine, pairs, end = request.registry.engine, read_choices(chosen), monotonic() + LONGEST
    with between_transactions(request):
        for session, portion in in_portions(engine, holder, pairs, PORTION):
            rows = reports_named(session, holder, [reference for reference, _ in portion])
            reports = {report.reference: report for report in rows}
            for reference, version in portion:
                why = NO_TIME
                if monotonic() < end:
                    why = _refusal(session, reports.get(reference), version, make)
                failed += [(reference, why)] if why else []
    return failed


def _refusal(session: Session, report: Report | None, version: int, make: Make) -> str:
    """Do it with a report; return the reason that it can't be done, empty when it was."""
    if report is None:
        return "Deze melding is hier niet."
    try:
        lock_report(session, report, version)
        with session.begin_nested():
            make(session, report)
    except StaleReportError:
        label = state_label(report).lower()
        return f"Intussen door iemand anders gewijzigd; de toestand is nu ‘{label}’."
    except WorkflowError as problem:
        return str(problem)
    return ""


def _seen(request: Request) -> dict[str, int]:
    """Return the posted references, each with the version that this person saw."""
    return dict(read_choices(request.POST.getall("meldingen") if request.POST else [])[:MOST])


def read_choices(posted: Iterable[str]) -> list[tuple[str, int]]:
    """Return the references of values of checkboxes, each with the version that was seen."""
    pairs = [match.groups() for match in map(_CHOICE.fullmatch, posted) if match]
    return [(reference, int(version)) for reference, version in pairs]


def asked_references(request: Request) -> list[str]:
    """Return the references that the address names."""
    named = [value for name, value in query_pairs(request) if name == "melding"]
    return [reference for reference in map(normalise_reference, named[:MOST]) if reference]


def reports_named(session: Session, holder: str, references: Iterable[str]) -> Sequence[Report]:
    """Return the reports of a holder with these references: spoed first, then the oldest."""
    wanted = list(references)
    if not wanted:
        return []
    return session.scalars(
        select(Report)
        .where(Report.holder == holder, Report.reference.in_(wanted))
        .order_by(Report.urgent.desc(), Report.received_at, Report.id)
    ).all()


def hand_out_schema(reports: Choices, people: Choices, *, gives: bool) -> Any:
    """Make the form that hands out many reports at once; `gives`: somebody must be ticked."""
    needed: dict[str, Any] = {} if gives else {"missing": ()}
    ways = [
        (GIVE, "geven aan wie u aanvinkt; bij meer collega’s gelijk verdeeld"),
        (LET_GO, "loslaten: zij wachten weer op een collega"),
    ]
    schema = Schema(
        field(forms.ManyOf(reports, least=1), "Welke meldingen?", name="meldingen"),
        field(forms.OneOf(ways, radio=True), "Wat wilt u doen?", name="besluit"),
        field(
            forms.ManyOf(people),
            "Aan wie?",
            name="aan",
            **needed,
            drawn=Opened("De collega’s", (GIVE,)),
        ),
        field(forms.Text(1000, lines=True), "Reden", name="reden", description=REASON),
    )
    add_way_back(schema)
    return schema
