"""The pages of consultations and participants: planning, tabling, reporting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, Schema, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import AMSTERDAM, datetime_short
from stopintimidatie.core.tree.services import is_restricted, restrictions_on
from stopintimidatie.core.web.request import Paging, Request, page_view, query_pairs
from stopintimidatie.dossiers.consultations.services import (
    Seat,
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
    frozen,
    put_on_table,
    read_tabled,
    restricted_now,
    unwilling,
)
from stopintimidatie.dossiers.filing.views import choice_of
from stopintimidatie.dossiers.forms import Choices, version_field
from stopintimidatie.dossiers.models import Consultation
from stopintimidatie.dossiers.pages import (
    HIDDEN,
    Values,
    agreement_lines,
    back_to,
    dossier_form,
    dossier_form_view,
    dossier_post_view,
    form_page,
    hidden_reports,
    may_edit,
    only_live,
    page_of,
    sees_reports,
    submit,
)
from stopintimidatie.dossiers.queries import Member, members
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import DossierError, check_version
from stopintimidatie.dossiers.workflow import ConsultationKind, ConsultationState, TabledState
from stopintimidatie.municipalities.partners.vocabulary import RestrictedUse
from stopintimidatie.reports.models import Report

LINES: Final = 8000


class PlanSchema(Schema):
    """The form of a plan: moment, location and agenda."""

    moment = field(forms.Moment(), "Wanneer")
    plek = field(forms.Text(200), "Waar", missing=None)
    agenda = field(
        forms.Text(LINES, lines=True),
        "Agenda",
        description="Een punt per regel.",
        missing=None,
    )
    versie = version_field()


class ParticipantSchema(Schema):
    """The form of a participant."""

    functie = field(
        forms.Text(200), "Functie", description="Geen naam. Zoals wijkagent of jongerenwerker."
    )
    organisatie = field(forms.Text(200), "Organisatie")
    taak = field(forms.Text(1000, lines=True), "Taak in dit dossier", missing=None)


def minutes_schema(people: Choices) -> Any:
    """Return the form for the minutes of a consultation: who was there and what was decided.

    Args:
        people: Who can be ticked; each value is "function, organisation", for `seats_from`.
    """
    question = "Wie zaten er aan tafel?"
    present = field(forms.ManyOf(people), question, name="aanwezig", missing=())
    return Schema(
        *((present,) if people else ()),
        field(
            forms.Text(2000, lines=True),
            "Anderen aan tafel" if people else question,
            name="anderen",
            description="Eén per regel: functie, komma, organisatie. Geen namen. Zoals: wijkagent,"
            " Politie Drechtsteden.",
            missing="",
        ),
        field(
            forms.Text(LINES, lines=True),
            "Besluiten",
            name="besluiten",
            description="Wat is er besloten? Afspraken maakt u hierna.",
        ),
        field(
            forms.Date(),
            "Volgend overleg",
            name="volgende",
            description="Leeg als er geen nieuwe datum is.",
            missing=None,
        ),
        version_field(),
    )


def table_schema(reports: Choices, *, restricted: bool) -> Any:
    """Return the form to choose which reports and notes are shown at a consultation.

    `restricted`: the use of something that can be chosen, or of the dossier, is restricted.
    """
    chosen = field(
        forms.ManyOf(reports),
        "Welke meldingen komen op tafel?",
        name="meldingen",
        description="Zonder contactgegevens en zonder signalement.",
        missing=(),
    )
    return Schema(
        *((chosen,) if reports else ()),
        field(forms.Flag(), "Ook de duiding", name="duiding", missing=False),
        field(forms.Flag(), "Ook de open afspraken", name="afspraken", missing=False),
        field(
            forms.Text(2000, lines=True),
            "Reden",
            name="reden",
            description="Alleen nodig als een melder de melding niet met iedereen wil delen.",
            missing=None,
        ),
        *(_bound_fields() if restricted else ()),
    )


def _bound_fields() -> tuple[Any, ...]:
    """Return the fields for the ground and reason to table what is restricted (art. 18(2) AVG)."""
    return (
        field(
            forms.OneOf(RestrictedUse.choices()),
            "Gebruik beperkt: grond om het toch op tafel te leggen",
            name="grond",
            description="Alleen nodig als op tafel komt wat beperkt is. Het mag alleen voor een"
            " rechtsvordering of om iemand anders te beschermen.",
            missing=None,
        ),
        field(
            forms.Text(500, lines=True),
            "Gebruik beperkt: reden",
            name="grond_reden",
            description="Dit staat in de geschiedenis van het dossier.",
            missing=None,
        ),
    )


def seats_from(values: dict[str, Any]) -> list[Seat]:
    """Return who was there, as (function, organisation), from the form of the minutes.

    The list may be empty. What is longer than 200 characters is cut off.

    Raises:
        DossierError: A line has no function or no organisation around its first comma.
    """
    typed = filter(str.strip, values["anderen"].splitlines())
    return [_seat(line) for line in (*values.get("aanwezig", ()), *typed)]


def _seat(line: str) -> Seat:
    function, _, organisation = line.partition(",")
    if not function.strip() or not organisation.strip():
        raise DossierError(
            f"Schrijf functie en organisatie op, met een komma ertussen: ‘{line.strip()[:60]}’.",
            "anderen",
        )
    return function.strip()[:200], organisation.strip()[:200]


MOST_TABLED = 100
# The time of a consultation that is planned by its day alone.
USUAL_TIME = time(10, 0)


def _wanted(context: DossierResource, request: Request) -> Consultation:
    serial = dict(query_pairs(request)).get("nr", "")
    consultation = find_consultation(request.db, context.dossier, serial)
    if consultation is None:
        raise HTTPNotFound()
    return consultation


def _name(consultation: Consultation) -> str:
    return f"{ConsultationKind.word(consultation.kind).capitalize()} {consultation.serial}"


def _address(context: DossierResource, request: Request, consultation: Consultation) -> str:
    return f"{page_of(context, request)}/overleg-bekijken?nr={consultation.serial}"


@dossier_form_view("overleg", only_live)
def plan_view(context: DossierResource, request: Request) -> Any:
    """Show the form that plans a consultation, or changes its plan (`?nr=…`), and save it."""
    known = _wanted(context, request) if "nr" in dict(query_pairs(request)) else None
    button = Button("opslaan", "Overleg opslaan")
    values = _plan_of(request, known)
    form = dossier_form(context, request, PlanSchema(), button, values, part="overleg")
    word = kind_for(context.dossier).nl
    heading = f"{_name(known)} wijzigen" if known else f"{word.capitalize()} plannen"

    def act(values: Values) -> Any:
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


def _plan_of(request: Request, known: Consultation | None) -> Values:
    if known is not None:
        return {
            "moment": known.planned_at,
            "plek": known.place,
            "agenda": known.agenda,
            "versie": known.version,
        }
    day = dict(query_pairs(request)).get("dag", "")[:10]
    try:
        return {"moment": datetime.combine(date.fromisoformat(day), USUAL_TIME, AMSTERDAM)}
    except ValueError:
        return {}


@page_view(
    DossierResource, "overleg-bekijken", Permission.VIEW_DOSSIER, "templates/consultation.jinja2"
)
def consultation_view(context: DossierResource, request: Request) -> Values:
    """Show a consultation: agenda, seats, tabled papers, decisions and agreements."""
    consultation = _wanted(context, request)
    note_read(request, context.holder, "dossier", [context.dossier.id], task="overleg bekijken")
    agreed = [(row, None) for row in agreements_from(request.db, consultation)]
    papers = frozen(request.db, request.registry.key_ring, consultation)
    here, next_on = page_of(context, request), consultation.next_on
    return {
        **form_page(context, request, _name(consultation)),
        "consultation": consultation,
        "badge": badge_of(consultation.state, consultation.planned_at),
        "when": datetime_short(consultation.planned_at),
        "seats": seats_of(request.db, consultation),
        "lines": agreement_lines(context, request, agreed),
        "tabled": TabledState.word(consultation.tabled_state),
        "readable": papers is not None,
        "restricted": papers is not None
        and restricted_now(request.db, request.registry, context.dossier, papers),
        "here": here,
        "may_edit": may_edit(context, request),
        "planned": consultation.state == ConsultationState.PLANNED,
        "held": consultation.state == ConsultationState.HELD,
        "next_href": f"{here}/overleg?dag={next_on.isoformat()}" if next_on else None,
    }


@dossier_form_view("overleg-verslag", only_live)
def report_view(context: DossierResource, request: Request) -> Any:
    """Show the form that reports on a consultation (`?nr=…`), and save it."""
    consultation = _wanted(context, request)
    rows = participants(request.db, context.dossier)
    people = [f"{row.function}, {row.organisation}" for row in rows if row.left_at is None]
    form = Form(
        minutes_schema([(name, name) for name in dict.fromkeys(people)]),
        request,
        buttons=[Button("opslaan", "Verslag opslaan")],
        appstruct=_report_of(request, consultation, people),
        cancel_url=_address(context, request, consultation),
    )

    def act(values: Values) -> Any:
        check_version(consultation, values["versie"])
        report_on(
            request.db,
            context.dossier,
            consultation,
            seats_from(values),
            values["besluiten"],
            values["volgende"],
            request.actor,
        )
        request.flash("Het verslag is opgeslagen.")
        return HTTPSeeOther(_address(context, request, consultation))

    page = form_page(context, request, f"Verslag van {_name(consultation).lower()}")
    return submit(request, form, act, page)


def _report_of(request: Request, consultation: Consultation, people: list[str]) -> Values:
    seats = [", ".join(seat) for seat in seats_of(request.db, consultation)]
    return {
        "aanwezig": [seat for seat in seats if seat in people],
        "anderen": "\n".join(seat for seat in seats if seat not in people),
        "besluiten": consultation.decisions,
        "volgende": consultation.next_on,
        "versie": consultation.version,
    }


@dossier_post_view("overleg-vervalt")
def drop_view(context: DossierResource, request: Request) -> Any:
    """Note that a consultation doesn't take place: `?nr=…`."""
    consultation = _wanted(context, request)
    try:
        drop_consultation(request.db, context.dossier, consultation, request.actor)
        request.flash("Het overleg vervalt.")
    except DossierError as problem:
        request.flash(str(problem), "warning")
    return HTTPSeeOther(_address(context, request, consultation))


@dossier_form_view("overleg-voorleggen", hidden_reports, only_live)
def table_view(context: DossierResource, request: Request) -> Any:
    """Show the form that chooses what is tabled (`?nr=…`), and freeze that."""
    consultation = _wanted(context, request)
    dossier, registry = context.dossier, request.registry
    first, bound = Paging(1, MOST_TABLED, MOST_TABLED), is_restricted(registry, Report.id)
    newest = members(request.db, dossier, first, bound)
    whole = dossier.id in restrictions_on(request.db, registry, [dossier.id])
    latest = [member for member in newest if not member.report.locked]
    ids = [member.report.id for member in latest]
    note_read(request, context.holder, "melding", ids, task="meldingen op tafel leggen")
    form = Form(
        table_schema(
            [(m.report.reference, _choice(m)) for m in latest],
            restricted=whole or any(m.restricted for m in latest),
        ),
        request,
        buttons=[Button("vastleggen", "Vastleggen wat voorligt")],
        appstruct={"meldingen": _ready(latest), "duiding": True, "afspraken": True},
        cancel_url=_address(context, request, consultation),
    )
    page = form_page(context, request, f"Op tafel bij {_name(consultation).lower()}")
    page["intro"] = ("Het gebruik van dit dossier is beperkt. " if whole else "") + (
        "U legt vast wat de deelnemers te zien krijgen, zoals het nu is. Later ziet u hier nog"
        " precies wat er op tafel lag, ook als het dossier verandert."
    )

    def act(values: Values) -> Any:
        chosen = [m for m in latest if m.report.reference in values.get("meldingen", ())]
        parts, reason = (values["duiding"], values["afspraken"]), values["reden"]
        ground = values.get("grond"), values.get("grond_reden")
        tabled = Tabled(chosen, *parts, reason, whole, *ground)
        put_on_table(request.db, registry.key_ring, dossier, consultation, tabled, request.actor)
        request.flash("Vastgelegd is wat er op tafel ligt.")
        return HTTPSeeOther(_address(context, request, consultation))

    return submit(request, form, act, page)


def _ready(latest: Sequence[Member]) -> list[str]:
    """Return the reports that are ticked at first: nothing stands in the way of those."""
    return [m.report.reference for m in latest if not (m.restricted or unwilling(m.report))]


def _choice(member: Member) -> str:
    wish = " (melder wil niet met iedereen delen)" if unwilling(member.report) else ""
    bound = " (gebruik beperkt)" if member.restricted else ""
    return f"M-{member.membership.serial:02d}, {choice_of(member.report)}{wish}{bound}"


@page_view(DossierResource, "overleg-stuk", Permission.VIEW_DOSSIER, "templates/tabled.jinja2")
def tabled_view(context: DossierResource, request: Request) -> Values:
    """Show the papers that were tabled, as they were then: `?nr=…`."""
    consultation = _wanted(context, request)
    content = read_tabled(request.db, request.registry.key_ring, consultation)
    if content is None:
        raise HTTPNotFound()
    note_read(request, context.holder, "dossier", [context.dossier.id], task="wat voorlag bekijken")
    return {
        **form_page(context, request, f"Op tafel bij {_name(consultation).lower()}"),
        "above": content["dossier"],
        "consultation": consultation,
        "content": content,
        "hidden": "" if sees_reports(context, request) else HIDDEN,
        "redacted": consultation.tabled_state == TabledState.REDACTED,
        "restricted": restricted_now(request.db, request.registry, context.dossier, content),
        "back": _address(context, request, consultation),
    }


@dossier_form_view("deelnemer", only_live)
def participant_view(context: DossierResource, request: Request) -> Any:
    """Show the form of a new participant, and add the participant."""
    button = Button("opslaan", "Deelnemer opslaan")
    form = dossier_form(context, request, ParticipantSchema(), button, part="deelnemers")

    def act(values: Values) -> Any:
        given = (values["functie"], values["organisatie"], values["taak"])
        add_participant(request.db, context.dossier, *given, request.actor)
        request.flash("De deelnemer is opgeslagen.")
        return back_to(context, request, "deelnemers")

    return submit(request, form, act, form_page(context, request, "Deelnemer toevoegen"))


@dossier_post_view("deelnemer-weg")
def participant_gone_view(context: DossierResource, request: Request) -> Any:
    """Note that somebody takes part no longer: `deelnemer` in the form."""
    try:
        number = UUID(request.POST.get("deelnemer", "")[:40])
        remove_participant(request.db, context.dossier, number, request.actor)
        request.flash("De deelnemer doet niet meer mee.")
    except (ValueError, DossierError):
        request.flash("Deze deelnemer is er niet meer.", "warning")
    return back_to(context, request, "deelnemers")
