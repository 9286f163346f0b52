"""The pages of consultations and participants: planning, tabling, reporting."""

from __future__ import annotations

from datetime import date, datetime, time
from itertools import chain
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Schema, field
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.core.tree.services import is_restricted, restrictions_on
from stopintimidatie.core.web.request import Request, page_view, post_view, query_pairs
from stopintimidatie.dossiers.consultations import services, snapshot
from stopintimidatie.dossiers.consultations.services import Seat
from stopintimidatie.dossiers.consultations.snapshot import Tabled, label
from stopintimidatie.dossiers.filing.views import choice_of
from stopintimidatie.dossiers.forms import Choices, lines, version_field
from stopintimidatie.dossiers.models import Consultation
from stopintimidatie.dossiers.pages import (
    HIDDEN,
    Values,
    back_to,
    dossier_form,
    dossier_form_view,
    hidden_reports,
    may_edit,
    only_live,
    page_of,
    sees_reports,
    today,
)
from stopintimidatie.dossiers.queries import Member, members
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.services import DossierError, check_version
from stopintimidatie.dossiers.workflow import TabledState
from stopintimidatie.municipalities.partners.vocabulary import RestrictedUse
from stopintimidatie.reports.models import Report

LINES: Final = 8000


class PlanSchema(Schema):
    """The form of a plan: moment, location and agenda."""

    moment = field(forms.Moment(), "Wanneer")
    plek = field(forms.Text(200), "Waar", missing=None)
    agenda = lines("agenda", "Agenda", "Een punt per regel.", limit=LINES, missing=None)
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
        lines(
            "besluiten",
            "Besluiten",
            "Wat is er besloten? Afspraken maakt u hierna.",
            limit=LINES,
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

    `restricted`: the use of something that can be chosen, or of the dossier, is restricted: ground
    and reason are asked (art. 18(2) AVG).
    """
    schema = Schema(
        field(
            forms.ManyOf(reports),
            "Welke meldingen komen op tafel?",
            name="meldingen",
            description="Zonder contactgegevens en zonder signalement.",
            missing=(),
        ),
        field(forms.Flag(), "Ook de duiding", name="duiding", missing=False),
        field(forms.Flag(), "Ook de open afspraken", name="afspraken", missing=False),
        lines(
            "reden",
            "Reden",
            "Alleen nodig als een melder de melding niet met iedereen wil delen.",
            limit=2000,
            missing=None,
        ),
        field(
            forms.OneOf(RestrictedUse.choices()),
            "Gebruik beperkt: grond om het toch op tafel te leggen",
            name="grond",
            description="Alleen nodig als op tafel komt wat beperkt is. Het mag alleen voor een"
            " rechtsvordering of om iemand anders te beschermen.",
            missing=None,
        ),
        lines(
            "grond_reden",
            "Gebruik beperkt: reden",
            "Dit staat in de geschiedenis van het dossier.",
            limit=500,
            missing=None,
        ),
    )
    unasked = (() if reports else ("meldingen",), () if restricted else ("grond", "grond_reden"))
    for name in chain(*unasked):
        del schema[name]
    return schema


def seats_from(values: dict[str, Any]) -> list[Seat]:
    """Return who was there, as (function, organisation), from the form of the minutes.

    The list may be empty. What is longer than 200 characters is cut off.

    Raises:
        DossierError: A line has no function or no organisation around its first comma.
    """
    typed = filter(str.strip, values["anderen"].splitlines())
    seats = []
    for line in (*values.get("aanwezig", ()), *typed):
        function, _, organisation = (part.strip()[:200] for part in line.partition(","))
        if not function or not organisation:
            raise DossierError(
                "Schrijf functie en organisatie op, met een komma ertussen:"
                f" ‘{line.strip()[:60]}’.",
                "anderen",
            )
        seats.append((function, organisation))
    return seats


MOST_TABLED = 100
# The time of a consultation that is planned by its day alone.
USUAL_TIME = time(10, 0)


def _wanted(context: DossierResource, request: Request) -> Consultation:
    serial = dict(query_pairs(request)).get("nr", "")
    consultation = services.find_consultation(request.db, context.dossier, serial)
    if consultation is None:
        raise HTTPNotFound()
    return consultation


def _address(context: DossierResource, request: Request, consultation: Consultation) -> str:
    return f"{page_of(context, request)}/overleg-bekijken?nr={consultation.serial}"


@dossier_form_view("overleg", only_live)
def plan_view(context: DossierResource, request: Request) -> Any:
    """Show the form that plans a consultation, or changes its plan (`?nr=…`), and save it."""
    known = _wanted(context, request) if "nr" in dict(query_pairs(request)) else None

    def act(values: Values) -> HTTPSeeOther:
        session, dossier, actor = request.db, context.dossier, request.actor
        plan = {"place": values["plek"], "agenda": values["agenda"]}
        if known is None:
            made = services.plan_consultation(session, dossier, values["moment"], actor, **plan)
        else:
            made = known
            check_version(known, values["versie"])
            services.change_plan(
                session, dossier, known, {"planned_at": values["moment"], **plan}, actor
            )
        request.flash("Het overleg is opgeslagen.")
        return HTTPSeeOther(_address(context, request, made))

    schema, button = PlanSchema(), Button("opslaan", "Overleg opslaan")
    word = services.kind_for(context.dossier).nl
    page: Values = {"part": "overleg", "known": known, "word": word}
    return dossier_form(context, request, schema, button, act, _plan_of(request, known), **page)


def _plan_of(request: Request, known: Consultation | None) -> Values:
    if known is not None:
        values = {"moment": known.planned_at, "plek": known.place, "agenda": known.agenda}
        return {**values, "versie": known.version}
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
    consultation, session = _wanted(context, request), request.db
    note_read(request, context.holder, "dossier", [context.dossier.id], task="overleg bekijken")
    papers = snapshot.frozen(session, request.registry.key_ring, consultation)
    return {
        "consultation": consultation,
        "badge": services.badge_of(consultation.state, consultation.planned_at),
        "seats": services.seats_of(session, consultation),
        "agreements": [(row, "") for row in services.agreements_from(session, consultation)],
        "tabled": TabledState.word(consultation.tabled_state),
        "readable": papers is not None,
        "restricted": papers is not None
        and snapshot.restricted_now(session, request.registry, context.dossier, papers),
        "here": page_of(context, request),
        "today": today(),
        "may_edit": may_edit(context, request),
    }


@dossier_form_view("overleg-verslag", only_live)
def report_view(context: DossierResource, request: Request) -> Any:
    """Show the form that reports on a consultation (`?nr=…`), and save it."""
    consultation, session, dossier = _wanted(context, request), request.db, context.dossier
    rows = services.participants(session, dossier)
    people = [f"{row.function}, {row.organisation}" for row in rows if row.left_at is None]
    seats = [", ".join(seat) for seat in services.seats_of(session, consultation)]
    values = {
        "aanwezig": [seat for seat in seats if seat in people],
        "anderen": "\n".join(seat for seat in seats if seat not in people),
        "besluiten": consultation.decisions,
        "volgende": consultation.next_on,
        "versie": consultation.version,
    }

    def act(values: Values) -> str:
        check_version(consultation, values["versie"])
        said = seats_from(values), values["besluiten"], values["volgende"]
        services.report_on(session, dossier, consultation, *said, request.actor)
        return "Het verslag is opgeslagen."

    return dossier_form(
        context,
        request,
        minutes_schema([(name, name) for name in dict.fromkeys(people)]),
        Button("opslaan", "Verslag opslaan"),
        act,
        values,
        back=_address(context, request, consultation),
        known=consultation,
    )


@post_view(DossierResource, "overleg-vervalt", Permission.EDIT_DOSSIER)
def drop_view(context: DossierResource, request: Request) -> Any:
    """Note that a consultation doesn't take place: `?nr=…`."""
    consultation = _wanted(context, request)
    try:
        services.drop_consultation(request.db, context.dossier, consultation, request.actor)
        request.flash("Het overleg vervalt.")
    except DossierError as problem:
        request.flash(str(problem), "warning")
    return HTTPSeeOther(_address(context, request, consultation))


@dossier_form_view("overleg-voorleggen", hidden_reports, only_live)
def table_view(context: DossierResource, request: Request) -> Any:
    """Show the form that chooses what is tabled (`?nr=…`), and freeze that."""
    consultation = _wanted(context, request)
    dossier, registry = context.dossier, request.registry
    newest = members(request.db, dossier, 0, MOST_TABLED, is_restricted(registry, Report.id))
    whole = dossier.id in restrictions_on(request.db, registry, [dossier.id])
    latest = [member for member in newest if not member.report.locked]
    ids = [member.report.id for member in latest]
    note_read(request, context.holder, "melding", ids, task="meldingen op tafel leggen")
    # Nothing stands in the way of what is ticked at first.
    ready = [
        m.report.reference for m in latest if not (m.restricted or snapshot.unwilling(m.report))
    ]

    def act(values: Values) -> str:
        tabled = Tabled(
            [m for m in latest if m.report.reference in values.get("meldingen", ())],
            values["duiding"],
            values["afspraken"],
            values["reden"],
            whole,
            values.get("grond"),
            values.get("grond_reden"),
        )
        snapshot.put_on_table(
            request.db, registry.key_ring, dossier, consultation, tabled, request.actor
        )
        return "Vastgelegd is wat er op tafel ligt."

    return dossier_form(
        context,
        request,
        table_schema(
            [(m.report.reference, _choice(m)) for m in latest],
            restricted=whole or any(m.restricted for m in latest),
        ),
        Button("vastleggen", "Vastleggen wat voorligt"),
        act,
        {"meldingen": ready, "duiding": True, "afspraken": True},
        back=_address(context, request, consultation),
        known=consultation,
        restricted=whole,
    )


def _choice(member: Member) -> str:
    wish = " (melder wil niet met iedereen delen)" if snapshot.unwilling(member.report) else ""
    bound = " (gebruik beperkt)" if member.restricted else ""
    return f"{label(member.membership.serial)}, {choice_of(member.report)}{wish}{bound}"


@page_view(DossierResource, "overleg-stuk", Permission.VIEW_DOSSIER, "templates/tabled.jinja2")
def tabled_view(context: DossierResource, request: Request) -> Values:
    """Show the papers that were tabled, as they were then: `?nr=…`."""
    consultation = _wanted(context, request)
    content = snapshot.read_tabled(request.db, request.registry.key_ring, consultation)
    if content is None:
        raise HTTPNotFound()
    note_read(request, context.holder, "dossier", [context.dossier.id], task="wat voorlag bekijken")
    return {
        "consultation": consultation,
        "content": content,
        "hidden": "" if sees_reports(context, request) else HIDDEN,
        "restricted": snapshot.restricted_now(
            request.db, request.registry, context.dossier, content
        ),
        "back": _address(context, request, consultation),
    }


@dossier_form_view("deelnemer", only_live)
def participant_view(context: DossierResource, request: Request) -> Any:
    """Show the form of a new participant, and add the participant."""

    def act(values: Values) -> str:
        given = (values["functie"], values["organisatie"], values["taak"])
        services.add_participant(request.db, context.dossier, *given, request.actor)
        return "De deelnemer is opgeslagen."

    schema, button = ParticipantSchema(), Button("opslaan", "Deelnemer opslaan")
    return dossier_form(context, request, schema, button, act, part="deelnemers")


@post_view(DossierResource, "deelnemer-weg", Permission.EDIT_DOSSIER)
def participant_gone_view(context: DossierResource, request: Request) -> Any:
    """Note that somebody takes part no longer: `deelnemer` in the form."""
    try:
        number = UUID(request.POST.get("deelnemer", "")[:40])
        services.remove_participant(request.db, context.dossier, number, request.actor)
        request.flash("De deelnemer doet niet meer mee.")
    except (ValueError, DossierError):
        request.flash("Deze deelnemer is er niet meer.", "warning")
    return back_to(context, request, "deelnemers")
