"""The pages of the ground and the advice of a dossier, and the list of all such dossiers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.forms import (
    Button,
    Change,
    ConflictError,
    Form,
    FormError,
    Opened,
    Schema,
    TextArea,
    field,
)
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import NavItem, Request, page_view, query_pairs
from stopintimidatie.dossiers.forms import differences, lines, version_field
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.pages import (
    Values,
    back_to,
    dossier_form,
    dossier_form_view,
    page_of,
    submit,
)
from stopintimidatie.dossiers.person import services
from stopintimidatie.dossiers.person.jobs import review, schedule_review
from stopintimidatie.dossiers.person.models import (
    FOLLOW,
    NOT_FOLLOW,
    Advice,
    CrimeGround,
    PersonGround,
    PrivacyAdvice,
)
from stopintimidatie.dossiers.person.queries import count_views, list_dossiers
from stopintimidatie.dossiers.person.services import LIST
from stopintimidatie.dossiers.resources import DossierResource, is_strict
from stopintimidatie.dossiers.services import StaleDossierError, check_version, lock
from stopintimidatie.dossiers.workflow import GONE, LIVE, DossierState
from stopintimidatie.municipalities.areas.resources import MunicipalityResource

INFORMED, POSTPONED = "geinformeerd", "uitgesteld"


def _review_day() -> Any:
    question = "Wanneer kijkt u opnieuw of dit dossier nodig is?"
    return field(forms.Date(), question, name="herzien_op", description="Binnen zes maanden.")


def ground_schema(*, reviewed_apart: bool) -> Any:
    """Return the schema of the ground; the review day of a started dossier isn't in it."""
    informed = Opened("Wanneer de persoon is geïnformeerd", (INFORMED,))
    postponed = Opened("Het uitstel", (POSTPONED,))
    return Schema(
        field(
            forms.OneOf(CrimeGround.choices(), radio=True),
            "Waarom mag u gegevens over strafbare feiten van deze persoon verwerken?",
            name="strafgrond",
            description="Artikel 10 AVG, artikel 31 tot en met 33 UAVG. Twijfelt u? Vraag het in"
            " uw vraag om advies.",
        ),
        lines(
            "evenredigheid",
            "Waarom is dit nodig, en kan het niet met minder?",
            "Weeg af: wat wilt u bereiken, wat betekent het voor de persoon, en waarom is een"
            " dossier over een plek of groep niet genoeg? Geen namen.",
        ),
        *(() if reviewed_apart else (_review_day(),)),
        field(
            forms.OneOf(
                [(INFORMED, "Ja, geïnformeerd"), (POSTPONED, "Nee, dat stel ik uit")], radio=True
            ),
            "Weet de persoon van dit dossier?",
            name="informeren",
            description="Wie in een dossier staat, hoort dat (artikel 14 AVG). Uitstel kan als"
            " informeren het doel in gevaar brengt (artikel 14, lid 5, AVG; artikel 41 UAVG).",
        ),
        field(
            forms.Date(),
            "Geïnformeerd op",
            name="geinformeerd_op",
            missing=None,
            drawn=informed,
            validator=forms.in_past,
        ),
        field(
            forms.Date(),
            "Uitgesteld tot",
            name="uitgesteld_tot",
            missing=None,
            drawn=postponed,
            description="Uiterlijk de dag waarop u het dossier herziet.",
        ),
        lines("uitstel_reden", "Omdat", missing=None, drawn=postponed, widget=TextArea(rows=3)),
        version_field(),
    )


def stored_ground(row: PersonGround | None) -> dict[str, Any]:
    """Return what a ground holds under the names of the controls."""
    if row is None:
        return {"versie": 0}
    values = {name: getattr(row, column) for name, column in services.ATTRIBUTES.items()}
    informed = INFORMED if row.informed_on is not None else POSTPONED
    return {**values, "informeren": informed, "versie": row.version}


def read_ground(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was filled in under the names of the columns.

    Raises:
        FormError: The other choice was filled in as well, or the day that was chosen is missing.
    """
    late = bool(values["uitgesteld_tot"] or values["uitstel_reden"])
    if values["informeren"] == INFORMED:
        if late:
            raise FormError(BOTH, "informeren")
        if values["geinformeerd_op"] is None:
            raise FormError("Vul in wanneer u de persoon informeerde.", "geinformeerd_op")
    elif values["geinformeerd_op"] is not None:
        raise FormError(BOTH, "informeren")
    return {column: values[name] for name, column in services.ATTRIBUTES.items() if name in values}


BOTH: Final = (
    "U vulde geïnformeerd én uitgesteld in. Maak leeg wat niet hoort bij wat u hier koos, of kies"
    " anders."
)


PANEL: Final = "stopintimidatie.dossiers.person:templates/panel.jinja2"
_LABELS: Final = {
    "lopend": "Lopend",
    "advies": "Wachten op advies",
    "besluit": "Advies, nog niet besloten",
    "stoppen": "Negatief advies gevolgd: stop",
    "herzien": "Herzien",
    "informeren": "Informeren is te laat",
    "niet-gevolgd": "Advies niet gevolgd",
    "niet-gestart": "Niet gestart",
}


def only_persons(context: DossierResource, request: Request) -> Any:
    """Refuse another kind of dossier; send back from one that isn't there any more."""
    if not is_strict(context.dossier.kind):
        raise HTTPNotFound()
    if request.method == "POST" or context.dossier.state not in GONE:
        return None
    return _back(context, request, "Dit dossier is er niet meer. Er kan niets meer bij.")


def _back(context: DossierResource, request: Request, message: str) -> HTTPSeeOther:
    request.flash(message, "warning")
    return back_to(context, request)


@dossier_form_view("grond-vastleggen", only_persons)
def ground_view(context: DossierResource, request: Request) -> Any:
    """Show the form of the ground, and save it."""
    dossier, row = context.dossier, services.ground_of(request.db, context.dossier)
    schema = ground_schema(reviewed_apart=services.reviewed_apart(dossier, row))

    def act(values: Values) -> str:
        lock(request.db, dossier)
        if row is not None:
            check_version(row, values["versie"])
        saved = services.write_ground(request.db, dossier, read_ground(values), request.actor)
        if not services.reviewed_apart(dossier, row):
            schedule_review(request.db, saved)
        return "De grond van dit dossier is vastgelegd."

    def conflict(values: Values) -> list[Change]:
        return differences(row, values, services.ATTRIBUTES, schema.children)  # type: ignore[arg-type]

    button, values = Button("opslaan", "Grond opslaan"), stored_ground(row)
    return dossier_form(context, request, schema, button, act, values, conflict=conflict)


@dossier_form_view("herzien", only_persons)
def review_view(context: DossierResource, request: Request) -> Any:
    """Show the form that reviews a dossier about a person, and save the new day."""
    row = services.ground_of(request.db, context.dossier)
    if row is None:
        return _back(context, request, services.NO_GROUND)
    schema = Schema(
        _review_day(),
        lines("reden", "Waarom is het dossier nog nodig?", "Weeg opnieuw af. Geen namen."),
        version_field(),
    )

    def act(values: Values) -> str:
        lock(request.db, context.dossier)
        check_version(row, values["versie"])
        day = values["herzien_op"]
        review(request.db, context.dossier, day, values["reden"], request.actor)
        return f"Herzien. U kijkt opnieuw op {date_text(day)}."

    button, values = Button("herzien", "Herziening vastleggen"), {"versie": row.version}
    return dossier_form(context, request, schema, button, act, values, ground=row)


@dossier_form_view("advies-vragen", only_persons)
def question_view(context: DossierResource, request: Request) -> Any:
    """Show the form that asks the privacy officer for advice, and send the question."""
    if request.method != "POST" and services.ground_of(request.db, context.dossier) is None:
        return _back(context, request, services.NO_GROUND)
    also = "het doel, " if context.dossier.purpose else ""
    read = f"De privacyfunctionaris leest ook {also}de grond en uw afweging. Geen namen."
    schema = Schema(lines("vraag", "Wat vraagt u aan de privacyfunctionaris?", read))

    def act(values: Values) -> str:
        services.ask_advice(request.db, context.dossier, values["vraag"], request.actor)
        return "De vraag is gesteld. Zij wacht op de privacyfunctionaris."

    return dossier_form(context, request, schema, Button("vragen", "Advies vragen"), act)


@dossier_form_view(
    "advies-geven",
    only_persons,
    permission=Permission.ADVISE_DOSSIER,
    renderer="stopintimidatie.dossiers.person:templates/advice.jinja2",
)
def advice_view(context: DossierResource, request: Request) -> Any:
    """Show what was asked and the form of the advice, and give it."""
    dossier = context.dossier
    row = services.latest_advice(request.db, dossier)
    ground = services.ground_of(request.db, dossier)
    problem = services.why_not_advise(request.db, dossier, row, request.actor.id)
    if request.method != "POST" and problem:
        return _back(context, request, problem)
    schema = Schema(
        field(forms.OneOf(Advice.choices(), radio=True), "Uw advies", name="advies"),
        lines(
            "toelichting",
            "Toelichting",
            "Waarom adviseert u dit, en welke voorwaarden stelt u? Geen namen.",
        ),
        version_field(),
    )

    seen = {"versie": ground.version if ground else 0}
    back, button = page_of(context, request), Button("geven", "Advies geven")
    form = Form(schema, request, buttons=[button], appstruct=seen, cancel_url=back)

    def act(values: Values) -> HTTPSeeOther:
        outcome, words = Advice.of(values["advies"]), values["toelichting"]
        try:
            given, version = (outcome, words, request.actor), values["versie"]
            services.give_advice(request.db, dossier, *given, seen=version)
        except StaleDossierError as stale:
            # The page shows this row: as it is now.
            form["versie"].cstruct = str(stale.row.version)
            raise ConflictError(
                "De grond van dit dossier is gewijzigd sinds u deze pagina opende. Uw advies is nog"
                " niet gegeven. Hierboven staat de grond zoals die nu is. Lees die, en geef dan uw"
                " advies."
            ) from None
        request.flash("Uw advies is gegeven. De dossierhouder besluit of die het volgt.")
        return HTTPSeeOther(back)

    note_read(request, context.holder, "dossier", [dossier.id], task="dossier bewerken")
    page = {"advice": row, "ground": ground, "see": see()}
    return submit(request, form, act, page)


@dossier_form_view("advies-volgen", only_persons)
def decision_view(context: DossierResource, request: Request) -> Any:
    """Show the form that follows the advice or says why not, and save the decision."""
    dossier = context.dossier
    row = services.latest_advice(request.db, dossier)
    decided = row is None or row.outcome is None or row.followed is not None
    if request.method != "POST" and decided:
        return _back(context, request, "Er is geen advies om over te besluiten.")
    choices = [(FOLLOW, "Ja, ik volg het advies"), (NOT_FOLLOW, "Nee, ik volg het niet")]
    schema = Schema(
        field(forms.OneOf(choices, radio=True), "Volgt u het advies?", name="besluit"),
        lines(
            "reden",
            "Waarom niet?",
            "De functionaris gegevensbescherming leest dit.",
            missing=None,
            drawn=Opened("Waarom u het advies niet volgt", (NOT_FOLLOW,)),
        ),
    )

    def act(values: Values) -> str:
        followed = values["besluit"] == FOLLOW
        services.decide_on_advice(request.db, dossier, followed, values["reden"], request.actor)
        return must_stop(dossier, row) or "Vastgelegd of u het advies volgt."

    button = Button("besluiten", "Vastleggen")
    return dossier_form(context, request, schema, button, act, advice=row, words=Advice)


@page_view(MunicipalityResource, LIST, Permission.VIEW_PERSON_DOSSIERS, "templates/persons.jinja2")
def list_view(context: MunicipalityResource, request: Request) -> Values:
    """Show the person-directed dossiers of a municipality in one view (`?wat=advies`)."""
    holder = context.holder
    wanted = dict(query_pairs(request)).get("wat", "")
    view = wanted if wanted in _LABELS else next(iter(_LABELS))
    numbers = count_views(request.db, holder)
    find = partial(list_dossiers, request.db, holder, view)
    dossiers = read_register(request, numbers[view], find)
    ids = [row[0].id for row in dossiers.rows]
    note_read(request, holder, "dossier", ids, task="persoonsgerichte dossiers bekijken")
    town = f"/gemeenten/{context.municipality.slug}"
    return {
        "owner": context.title,
        "tabs": [
            NavItem(label, f"{town}/{LIST}?wat={name}", name == view, numbers[name])
            for name, label in _LABELS.items()
            # On a phone seven of them hide what there is.
            if numbers[name] or name in ("lopend", view)
        ],
        "label": _LABELS[view],
        "dossiers": dossiers,
        "town": town,
        "see": see(),
    }


def dossier_panel(context: DossierResource, request: Any) -> Panel | None:
    """Show ground and advice of a person-directed dossier, and what there is to do about them."""
    dossier = context.dossier
    if not is_strict(dossier.kind):
        return None
    ground = services.ground_of(request.db, dossier)
    advices = services.advices_of(request.db, dossier)
    latest = advices[0] if advices else None
    # Advice was given, and nobody said whether it is followed.
    undecided = latest is not None and latest.outcome is not None and latest.followed is None
    runs = dossier.state not in GONE and dossier.shown_state == dossier.state
    able = services.why_not_advise(request.db, dossier, latest, request.actor.id) == ""
    values = {
        "dossier": dossier,
        "here": page_of(context, request),
        "ground": ground,
        "advices": advices,
        "see": see(),
        "undecided": undecided,
        "may_ask": (latest is None or latest.outcome is not None)
        and (services.is_outdated(ground, latest) or not undecided),
        "runs": runs,
        "may_edit": runs and request.has_permission(Permission.EDIT_DOSSIER, context),
        "may_advise": runs and able and request.has_permission(Permission.ADVISE_DOSSIER, context),
        "stop": must_stop(dossier, latest),
        "outdated": dossier.state in LIVE and services.is_outdated(ground, latest),
    }
    return Panel("Persoonsgericht", PANEL, values)


def see() -> dict[str, Any]:
    """Return what the words of ground and advice depend on, for `facts.jinja2`."""
    now = utc_now()
    known = {"grounds": CrimeGround, "advice": Advice, "is_outdated": services.is_outdated}
    return {"now": now, "today": local_date(now), **known}


def must_stop(dossier: Dossier, advice: PrivacyAdvice | None) -> str:
    """Return how to stop a dossier that is still there although a negative advice is followed.

    Either it never began, or it did with urgency, before the advice. Empty: it need not stop.
    """
    if dossier.state not in LIVE or not services.is_against(advice):
        return ""
    way = {
        DossierState.PREPARING: "dit dossier start niet. Kies ‘Niet starten’.",
        DossierState.ACTIVE: "stop dit dossier. Kies ‘Naar monitoring’ en daarna ‘Afsluiten’.",
    }.get(DossierState.of(dossier.state), "stop dit dossier. Kies ‘Afsluiten’.")
    return f"Negatief advies gevolgd: {way} Is er iets veranderd? Vraag opnieuw advies."
