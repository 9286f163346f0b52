"""Consultations and participants: planning, tabling, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.view import view_config

from stopintimidatie.core.forms import Button, Form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import AMSTERDAM, datetime_short
from stopintimidatie.core.web.request import Paging, Request, query_pairs
from stopintimidatie.dossiers import queries as dossiers_queries
from stopintimidatie.dossiers.consultations.forms import (
    ParticipantSchema,
    PlanSchema,
    report_schema,
    seats_from,
    table_schema,
)
from stopintimidatie.dossiers.consultations.services import (
    add_participant,
    agreements_from,
    badge_of,
    change_plan,
    drop_consultation,
    find_consultation,
    kind_for,
    participants,
    plan_consultation,
    remove_participant,
    report_on,
    seats_of,
)
from stopintimidatie.dossiers.consultations.snapshot import (
    Tabled,
    put_on_table,
    read_tabled,
    unwilling,
)
from stopintimidatie.dossiers.filing.views import choice_of
from stopintimidatie.dossiers.models import Consultation
from stopintimidatie.dossiers.pages import (
    FORM_PAGE,
    HIDDEN,
    agreement_lines,
    back_to,
    crumbs,
    form_page,
    hidden_reports,
    may_edit,
    only_live,
    page_of,
    sees_reports,
    submit,
)
from stopintimidatie.dossiers.queries import Member
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import DossierError, check_version
from stopintimidatie.dossiers.workflow import ConsultationKind, ConsultationState, TabledState

MOST_TABLED = 100
# Where the next one is planned by its day alone.
USUAL_TIME = time(10, 0)


def _wanted(context: DossierResource, request: Request) -> Consultation:
    try:
        return find_consultation(
            request.db, context.dossier, dict(query_pairs(request)).get("nr", "")
        )
    except DossierError:
        raise HTTPNotFound() from None


def _name(consultation: Consultation) -> str:
    return f"{ConsultationKind.word(consultation.kind).capitalize()} {consultation.serial}"


def _address(context: DossierResource, request: Request, consultation: Consultation) -> str:
    return f"{page_of(context, request)}/overleg-bekijken?nr={consultation.serial}"


@view_config(
    context=DossierResource,
    name="overleg",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(only_live,),
)
def plan_view(context: DossierResource, request: Request) -> Any:
    """Plan a consultation, or with `?nr=…` change the plan of one."""
    known = _wanted(context, request) if "nr" in dict(query_pairs(request)) else None
    form = Form(
        PlanSchema(),
        request,
        buttons=[Button("opslaan", "Overleg opslaan")],
        appstruct=_plan_of(request, known),
        cancel_url=page_of(context, request, "overleg"),
    )
    word = kind_for(context.dossier).nl
    heading = f"{_name(known)} wijzigen" if known else f"{word.capitalize()} plannen"

    def act(values: dict[str, Any]) -> Any:
        plan = {"place": values["plek"], "agenda": values["agenda"]}
        if known is None:
            made = plan_consultation(
                request.db, context.dossier, values["moment"], request.actor, **plan
            )
        else:
            made = known
            check_version(known, values["versie"])
            change = {"planned_at": values["moment"], **plan}
            change_plan(request.db, context.dossier, known, change, request.actor)
        request.flash("Het overleg is opgeslagen.")
        return HTTPSeeOther(_address(context, request, made))

    return submit(request, form, act, form_page(context, request, heading))


def _plan_of(request: Request, known: Consultation | None) -> dict[str, Any]:
    if known is not None:
        return {
            "moment": known.planned_at,
            "plek": known.place,
            "agenda": known.agenda,
            "versie": known.version,
        }
    asked = dict(query_pairs(request)).get("dag", "")
    try:
        day = datetime.combine(datetime.fromisoformat(asked[:10]).date(), USUAL_TIME, AMSTERDAM)
    except ValueError:
        return {}
    return {"moment": day}


@view_config(
    context=DossierResource,
    name="overleg-bekijken",
    request_method="GET",
    permission=Permission.VIEW_DOSSIER,
    renderer="stopintimidatie.dossiers.consultations:templates/consultation.jinja2",
)
def consultation_view(context: DossierResource, request: Request) -> dict[str, Any]:
    """Show one consultation: agenda, who sat there, what was tabled, decided and agreed."""
    found = _wanted(context, request)
    note_read(request, context.holder, "dossier", [context.dossier.id], task="overleg bekijken")
    agreed = [(row, None) for row in agreements_from(request.db, found)]
    here = page_of(context, request)
    editing = may_edit(context, request)
    return {
        "crumbs": crumbs(request, _name(found)),
        "above": f"{context.dossier.number} {context.dossier.title}",
        "heading": _name(found),
        "consultation": found,
        "badge": badge_of(found.state, found.planned_at),
        "when": datetime_short(found.planned_at),
        "seats": seats_of(request.db, found),
        "lines": agreement_lines(context, request, agreed),
        "tabled": TabledState.word(found.tabled_state),
        "readable": found.tabled_state in (TabledState.KEPT, TabledState.REDACTED),
        "here": here,
        "may_edit": editing,
        "planned": found.state == ConsultationState.PLANNED,
        "held": found.state == ConsultationState.HELD,
        "next_href": f"{here}/overleg?dag={found.next_on.isoformat()}" if found.next_on else None,
    }


@view_config(
    context=DossierResource,
    name="overleg-verslag",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(only_live,),
)
def report_view(context: DossierResource, request: Request) -> Any:
    """Report what came of it: `?nr=…`."""
    found = _wanted(context, request)
    people = [f"{p.function}, {p.organisation}" for p in _present(context, request)]
    form = Form(
        report_schema([(one, one) for one in dict.fromkeys(people)]),
        request,
        buttons=[Button("opslaan", "Verslag opslaan")],
        appstruct=_report_of(request, found, people),
        cancel_url=_address(context, request, found),
    )

    def act(values: dict[str, Any]) -> Any:
        check_version(found, values["versie"])
        seats = seats_from(values)
        decided, following = values["besluiten"], values["volgende"]
        report_on(request.db, context.dossier, found, seats, decided, following, request.actor)
        request.flash("Het verslag is opgeslagen.")
        return HTTPSeeOther(_address(context, request, found))

    return submit(
        request, form, act, form_page(context, request, f"Verslag van {_name(found).lower()}")
    )


def _present(context: DossierResource, request: Request) -> list[Any]:
    return [p for p in participants(request.db, context.dossier) if p.left_at is None]


def _report_of(request: Request, found: Consultation, people: list[str]) -> dict[str, Any]:
    seats = [
        f"{function}, {organisation}" for function, organisation in seats_of(request.db, found)
    ]
    return {
        "aanwezig": [seat for seat in seats if seat in people],
        "anderen": "\n".join(seat for seat in seats if seat not in people),
        "besluiten": found.decisions,
        "volgende": found.next_on,
        "versie": found.version,
    }


@view_config(
    context=DossierResource,
    name="overleg-vervalt",
    request_method="POST",
    permission=Permission.EDIT_DOSSIER,
)
def drop_view(context: DossierResource, request: Request) -> Any:
    """Note that it doesn't take place: `?nr=…`."""
    found = _wanted(context, request)
    try:
        drop_consultation(request.db, context.dossier, found, request.actor)
        request.flash("Het overleg vervalt.")
    except DossierError as problem:
        request.flash(str(problem), "warning")
    return HTTPSeeOther(_address(context, request, found))


@view_config(
    context=DossierResource,
    name="overleg-voorleggen",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(hidden_reports, only_live),
)
def table_view(context: DossierResource, request: Request) -> Any:
    """Choose what comes on the table, and freeze it: `?nr=…`."""
    found = _wanted(context, request)
    paging = Paging(1, MOST_TABLED, MOST_TABLED)
    members = dossiers_queries.members(request.db, context.dossier, paging)
    ids = [member.report.id for member in members]
    note_read(request, context.holder, "melding", ids, task="meldingen op tafel leggen")
    form = Form(
        table_schema([(m.report.reference, _choice(m)) for m in members]),
        request,
        buttons=[Button("vastleggen", "Vastleggen wat voorligt")],
        appstruct={
            "meldingen": [m.report.reference for m in members if not unwilling(m.report)],
            "duiding": True,
            "afspraken": True,
        },
        cancel_url=_address(context, request, found),
    )
    page = form_page(context, request, f"Op tafel bij {_name(found).lower()}")
    page["intro"] = (
        "U legt vast wat de deelnemers te zien krijgen, zoals het nu is. Later ziet u hier nog"
        " precies wat er op tafel lag, ook als het dossier verandert."
    )

    def act(values: dict[str, Any]) -> Any:
        chosen = [m for m in members if m.report.reference in values.get("meldingen", ())]
        tabled = Tabled(chosen, values["duiding"], values["afspraken"], values["reden"])
        keys = request.registry.key_ring
        put_on_table(request.db, keys, context.dossier, found, tabled, request.actor)
        request.flash("Vastgelegd is wat er op tafel ligt.")
        return HTTPSeeOther(_address(context, request, found))

    return submit(request, form, act, page)


def _choice(member: Member) -> str:
    wish = " (melder wil niet met iedereen delen)" if unwilling(member.report) else ""
    return f"M-{member.membership.serial:02d}, {choice_of(member.report)}{wish}"


@view_config(
    context=DossierResource,
    name="overleg-stuk",
    request_method="GET",
    permission=Permission.VIEW_DOSSIER,
    renderer="stopintimidatie.dossiers.consultations:templates/tabled.jinja2",
)
def tabled_view(context: DossierResource, request: Request) -> dict[str, Any]:
    """Show what was tabled, as it was then: `?nr=…`."""
    found = _wanted(context, request)
    content: Mapping[str, Any] | None = read_tabled(request.db, request.registry.key_ring, found)
    if content is None:
        raise HTTPNotFound()
    note_read(request, context.holder, "dossier", [context.dossier.id], task="wat voorlag bekijken")
    return {
        "crumbs": crumbs(request, f"Op tafel bij {_name(found).lower()}"),
        "heading": f"Op tafel bij {_name(found).lower()}",
        "above": content["dossier"],
        "consultation": found,
        "content": content,
        "hidden": "" if sees_reports(context, request) else HIDDEN,
        "redacted": found.tabled_state == TabledState.REDACTED,
        "back": _address(context, request, found),
    }


@view_config(
    context=DossierResource,
    name="deelnemer",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(only_live,),
)
def participant_view(context: DossierResource, request: Request) -> Any:
    """Add a participant."""
    cancel = page_of(context, request, "deelnemers")
    buttons = [Button("opslaan", "Deelnemer opslaan")]
    form = Form(ParticipantSchema(), request, buttons=buttons, cancel_url=cancel)

    def act(values: dict[str, Any]) -> Any:
        function, organisation, task = values["functie"], values["organisatie"], values["taak"]
        actor = request.actor
        add_participant(request.db, context.dossier, function, organisation, task, actor)
        request.flash("De deelnemer is opgeslagen.")
        return back_to(context, request, "deelnemers")

    return submit(request, form, act, form_page(context, request, "Deelnemer toevoegen"))


@view_config(
    context=DossierResource,
    name="deelnemer-weg",
    request_method="POST",
    permission=Permission.EDIT_DOSSIER,
)
def participant_gone_view(context: DossierResource, request: Request) -> Any:
    """Note that somebody takes part no longer: `deelnemer` in the form."""
    try:
        number = UUID(request.POST.get("deelnemer", "")[:40])
        remove_participant(request.db, context.dossier, number, request.actor)
        request.flash("De deelnemer doet niet meer mee.")
    except (ValueError, DossierError):
        request.flash("Deze deelnemer is er niet meer.", "warning")
    return back_to(context, request, "deelnemers")
