"""Measures of a dossier, and the reports before and after them."""

from __future__ import annotations

from typing import Any, Final

from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound
from pyramid.view import view_config

from stopintimidatie.dossiers import measures
from stopintimidatie.dossiers.chronology import Counts
from stopintimidatie.dossiers.forms import version_field
from stopintimidatie.dossiers.handling import (
    FORM_PAGE,
    back_to,
    form_page,
    only_live,
    page_of,
    submit,
    today,
)
from stopintimidatie.dossiers.history import DossierError, check_version
from stopintimidatie.dossiers.measures import Effect
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.words import link
from stopintimidatie.dossiers.work_models import DossierMeasure
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.register.kinds import NeighbourhoodKind
from stopintimidatie.reports.vocabulary import FollowUp
from stopintimidatie.security import Permission
from stopintimidatie.web import charts, forms
from stopintimidatie.web.filters import SHORT_MONTHS, date_text
from stopintimidatie.web.forms import Button, Form, Schema, field
from stopintimidatie.web.request import Request
from stopintimidatie.web.theme import DEFAULT_COLOUR
from stopintimidatie.web.urls import query_pairs

PART: Final = "maatregelen"
ATTRIBUTES: Final = {
    "soort": "kind",
    "wat": "what",
    "wie": "who",
    "vanaf": "started_on",
    "tot": "ended_on",
    "effect": "effect",
}


def measure_schema() -> Any:
    """What is done, by whom, since when."""
    schema = Schema()
    schema.add(field(forms.OneOf(FollowUp.choices()), "Soort maatregel", name="soort"))
    schema.add(field(forms.Text(2000, lines=True), "Wat wordt er gedaan?", name="wat"))
    schema.add(
        field(
            forms.Text(200),
            "Wie doet het?",
            name="wie",
            description="Een functie of organisatie, geen naam.",
        )
    )
    schema.add(field(forms.Date(), "Vanaf", name="vanaf"))
    schema.add(field(forms.Date(), "Tot en met", name="tot", missing=None))
    schema.add(
        field(
            forms.Text(4000, lines=True),
            "Effect",
            name="effect",
            description="Wat ziet u ervan op straat? De aantallen meldingen staan er al bij.",
            missing=None,
        )
    )
    schema.add(version_field())
    return schema


@view_config(
    context=DossierResource,
    name="maatregel",
    request_method=("GET", "POST"),
    permission=Permission.EDIT_DOSSIER,
    renderer=FORM_PAGE,
    guards=(only_live,),
)
def measure_view(context: DossierResource, request: Request) -> Any:
    """A new measure, or with `?maatregel=…` one that exists."""
    known = _known(context, request)
    given = (
        {name: getattr(known, attribute) for name, attribute in ATTRIBUTES.items()}
        if known
        else {"vanaf": today()}
    )
    form = Form(
        measure_schema(),
        request,
        buttons=[Button("opslaan", "Maatregel opslaan")],
        appstruct={**given, "versie": known.version if known else 0},
        cancel_url=page_of(context, request, PART),
    )

    def act(values: dict[str, Any]) -> Any:
        told = {attribute: values[name] for name, attribute in ATTRIBUTES.items()}
        actor = request.actor
        try:
            if known is None:
                measures.add_measure(request.db, context.dossier, told, actor)
            else:
                check_version(known, values["versie"])
                measures.change_measure(request.db, context.dossier, known, told, actor)
        except DossierError as problem:
            place = "tot" if problem.field == "ended_on" else problem.field
            raise DossierError(str(problem), place) from None
        request.flash("De maatregel is opgeslagen.")
        return back_to(context, request, PART)

    heading = "Maatregel bijwerken" if known else "Maatregel toevoegen"
    return submit(request, form, act, form_page(context, request, heading))


def _known(context: DossierResource, request: Request) -> DossierMeasure | None:
    asked = dict(query_pairs(request)).get("maatregel")
    try:
        return None if asked is None else measures.find_measure(request.db, context.dossier, asked)
    except DossierError:
        raise HTTPNotFound() from None


def effects_of(context: DossierResource, request: Request) -> list[Effect]:
    whole = context.neighbourhood.kind == NeighbourhoodKind.WHOLE
    return measures.effects(request.db, context.dossier, today(), whole=whole)


def measures_part(context: DossierResource, request: Request, numbers: Counts) -> dict[str, Any]:
    """The measures, their counts, and the months in a chart with its table."""
    found = effects_of(context, request)
    months = measures.per_month(request.db, context.dossier, today())
    items = [
        (f"{SHORT_MONTHS[day.month - 1]} {day.year % 100:02d}", count) for day, count in months
    ]
    live = context.dossier.state in LIVE
    editing = live and bool(request.has_permission(Permission.EDIT_DOSSIER, context))
    edit = f"{page_of(context, request)}/maatregel?maatregel="
    rows = [
        [
            link(f"{edit}{one.measure.id}", _name(one)) if editing else _name(one),
            date_text(one.measure.started_on),
            _days(one),
            *([""] * 4 if one.too_soon else _numbers(one)),
        ]
        for one in found
    ]
    return {
        "found": found,
        "rows": rows,
        "columns": [
            "Maatregel",
            "Vanaf",
            ("Dagen voor en na", "number"),
            ("Dossier voor", "number"),
            ("Dossier na", "number"),
            ("Wijk voor", "number"),
            ("Wijk na", "number"),
        ],
        "words": [(_name(one), one.words, one.measure) for one in found],
        "months": [[label, str(count)] for label, count in items],
        "chart": _chart(items),
        "alt": charts.bar_summary("Meldingen in dit dossier per maand", items),
    }


def _name(one: Effect) -> str:
    return FollowUp.word(one.measure.kind).capitalize()


def _days(one: Effect) -> str:
    return "te kort" if one.too_soon else str(one.days)


def _numbers(one: Effect) -> list[str]:
    return [str(n) for n in (one.before, one.after, one.area_before, one.area_after)]


def _chart(items: list[tuple[str, int]]) -> Markup:
    """As an address that holds the picture itself."""
    drawn = charts.trend_chart(items, colour=DEFAULT_COLOUR)
    return Markup(charts.data_uri(drawn))  # noqa: S704 - base64 of our own drawing
