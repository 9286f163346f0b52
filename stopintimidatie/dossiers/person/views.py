"""The pages of the ground and the advice of a dossier, and the list of all such dossiers."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther

from stopintimidatie.core.forms import Button, Change, ConflictError
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text
from stopintimidatie.core.web.request import (
    NavItem,
    Paging,
    Request,
    page_view,
    query_pairs,
    wanted_page,
)
from stopintimidatie.dossiers.forms import differences
from stopintimidatie.dossiers.pages import (
    Values,
    back_to,
    dossier_form,
    dossier_form_view,
    form_page,
    submit,
)
from stopintimidatie.dossiers.person.forms import (
    ATTRIBUTES,
    FOLLOW,
    advice_schema,
    decision_schema,
    ground_schema,
    question_schema,
    read_ground,
    review_schema,
    stored_ground,
)
from stopintimidatie.dossiers.person.jobs import review, schedule_review
from stopintimidatie.dossiers.person.mail import LIST
from stopintimidatie.dossiers.person.panels import (
    must_stop,
    see,
)
from stopintimidatie.dossiers.person.queries import count_views, list_dossiers
from stopintimidatie.dossiers.person.services import (
    NO_GROUND,
    ask_advice,
    decide_on_advice,
    give_advice,
    ground_of,
    latest_advice,
    reviewed_apart,
    why_not_advise,
    write_ground,
)
from stopintimidatie.dossiers.person.vocabulary import Advice
from stopintimidatie.dossiers.resources import DossierResource, is_strict
from stopintimidatie.dossiers.services import StaleDossierError, check_version, lock
from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.municipalities.areas.resources import MunicipalityResource

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
COLUMNS: Final = ("Dossier", "Dossierhouder", "Toestand", "Advies", "Herzien", "Geïnformeerd")


def only_persons(context: DossierResource, request: Request) -> Any:
    """Refuse another kind of dossier; send back from one that isn't there any more."""
    if not is_strict(context.dossier.kind):
        raise HTTPNotFound()
    if request.method == "POST" or context.dossier.state not in GONE:
        return None
    request.flash("Dit dossier is er niet meer. Er kan niets meer bij.", "warning")
    return back_to(context, request)


@dossier_form_view("grond-vastleggen", only_persons)
def ground_view(context: DossierResource, request: Request) -> Any:
    """Show the form of the ground, and save it."""
    dossier, row = context.dossier, ground_of(request.db, context.dossier)
    schema = ground_schema(reviewed_apart=reviewed_apart(dossier, row))
    button = Button("opslaan", "Grond opslaan")
    form = dossier_form(context, request, schema, button, stored_ground(row))

    def act(values: Values) -> Any:
        lock(request.db, dossier)
        if row is not None:
            check_version(row, values["versie"])
        saved = write_ground(request.db, dossier, read_ground(values), request.actor)
        if not reviewed_apart(dossier, row):
            schedule_review(request.db, saved)
        request.flash("De grond van dit dossier is vastgelegd.")
        return back_to(context, request)

    def conflict(values: Values) -> list[Change]:
        return differences(row, values, ATTRIBUTES, schema.children)  # type: ignore[arg-type]

    page = form_page(context, request, "Waarom over één persoon?")
    return submit(request, form, act, page, conflict=conflict)


@dossier_form_view("herzien", only_persons)
def review_view(context: DossierResource, request: Request) -> Any:
    """Show the form that reviews a dossier about a person, and save the new day."""
    row = ground_of(request.db, context.dossier)
    if row is None:
        return _back(context, request, NO_GROUND)
    values = {"versie": row.version}
    button = Button("herzien", "Herziening vastleggen")
    form = dossier_form(context, request, review_schema(), button, values)

    def act(values: Values) -> Any:
        lock(request.db, context.dossier)
        check_version(row, values["versie"])
        day = values["herzien_op"]
        review(request.db, context.dossier, day, values["reden"], request.actor)
        request.flash(f"Herzien. U kijkt opnieuw op {date_text(day)}.")
        return back_to(context, request)

    page = form_page(context, request, "Is dit dossier nog nodig?")
    page["intro"] = (
        f"Dit stond voor {date_text(row.review_on)}. Niet meer nodig? Sluit het dossier dan af."
    )
    return submit(request, form, act, page)


NEW_GROUND: Final = (
    "De grond van dit dossier is gewijzigd sinds u deze pagina opende. Uw advies is nog niet"
    " gegeven. Hierboven staat de grond zoals die nu is. Lees die, en geef dan uw advies."
)


def _back(context: DossierResource, request: Request, message: str) -> HTTPSeeOther:
    request.flash(message, "warning")
    return back_to(context, request)


@dossier_form_view("advies-vragen", only_persons)
def question_view(context: DossierResource, request: Request) -> Any:
    """Show the form that asks the privacy officer for advice, and send the question."""
    if request.method != "POST" and ground_of(request.db, context.dossier) is None:
        return _back(context, request, NO_GROUND)
    schema = question_schema(purpose=bool(context.dossier.purpose))
    form = dossier_form(context, request, schema, Button("vragen", "Advies vragen"))

    def act(values: Values) -> Any:
        ask_advice(request.db, context.dossier, values["vraag"], request.actor)
        request.flash("De vraag is gesteld. Zij wacht op de privacyfunctionaris.")
        return back_to(context, request)

    return submit(request, form, act, form_page(context, request, "Advies vragen"))


@dossier_form_view(
    "advies-geven",
    only_persons,
    permission=Permission.ADVISE_DOSSIER,
    renderer="stopintimidatie.dossiers.person:templates/advice.jinja2",
)
def advice_view(context: DossierResource, request: Request) -> Any:
    """Show what was asked and the form of the advice, and give it."""
    dossier = context.dossier
    row, ground = latest_advice(request.db, dossier), ground_of(request.db, dossier)
    problem = why_not_advise(request.db, dossier, row, request.actor.id)
    if request.method != "POST" and problem:
        return _back(context, request, problem)
    button, seen = Button("geven", "Advies geven"), {"versie": ground.version if ground else 0}
    form = dossier_form(context, request, advice_schema(), button, seen)

    def act(values: Values) -> Any:
        outcome, words = Advice.of(values["advies"]), values["toelichting"]
        try:
            give_advice(request.db, dossier, outcome, words, request.actor, seen=values["versie"])
        except StaleDossierError as stale:
            page["ground"] = stale.row
            form["versie"].cstruct = str(stale.row.version)
            raise ConflictError(NEW_GROUND) from None
        request.flash("Uw advies is gegeven. De dossierhouder besluit of die het volgt.")
        return back_to(context, request)

    page = form_page(context, request, "Advies geven")
    page |= {"advice": row, "ground": ground, "see": see(), "purpose": dossier.purpose}
    return submit(request, form, act, page)


@dossier_form_view("advies-volgen", only_persons)
def decision_view(context: DossierResource, request: Request) -> Any:
    """Show the form that follows the advice or says why not, and save the decision."""
    dossier = context.dossier
    row = latest_advice(request.db, dossier)
    decided = row is None or row.outcome is None or row.followed is not None
    if request.method != "POST" and decided:
        return _back(context, request, "Er is geen advies om over te besluiten.")
    form = dossier_form(context, request, decision_schema(), Button("besluiten", "Vastleggen"))

    def act(values: Values) -> Any:
        followed = values["besluit"] == FOLLOW
        decide_on_advice(request.db, dossier, followed, values["reden"], request.actor)
        request.flash(must_stop(dossier, row) or "Vastgelegd of u het advies volgt.")
        return back_to(context, request)

    page = form_page(context, request, "Volgt u het advies?")
    if row is not None and row.outcome is not None:
        page["intro"] = f"Het advies is {Advice.word(row.outcome)}: {row.words}"
    return submit(request, form, act, page)


@page_view(MunicipalityResource, LIST, Permission.VIEW_PERSON_DOSSIERS, "templates/persons.jinja2")
def list_view(context: MunicipalityResource, request: Request) -> Values:
    """Show the person-directed dossiers of a municipality in one view (`?wat=advies`)."""
    holder = context.holder
    wanted = dict(query_pairs(request)).get("wat", "")
    view = wanted if wanted in _LABELS else next(iter(_LABELS))
    numbers = count_views(request.db, holder)
    paging = Paging(wanted_page(request), numbers[view])
    rows = list_dossiers(request.db, holder, view, paging)
    ids = [row[0].id for row in rows]
    note_read(request, holder, "dossier", ids, task="persoonsgerichte dossiers bekijken")
    here = f"{request.resource_path(context).rstrip('/')}/{LIST}"
    return {
        "owner": context.title,
        "tabs": [
            NavItem(label, f"{here}?wat={name}", name == view, numbers[name])
            for name, label in _LABELS.items()
            # On a phone seven of them hide what there is.
            if numbers[name] or name in ("lopend", view)
        ],
        "label": _LABELS[view],
        "columns": COLUMNS,
        "rows": rows,
        "town": f"/gemeenten/{context.municipality.slug}",
        "see": see(),
        "paging": paging,
    }
