"""LET OP with its term, the promise of contact, and when boas are empowered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pyramid.view import view_config

from stopintimidatie.municipalities.editing import (
    PREVIEW,
    SAVE,
    content_of,
    is_national,
    name_of,
    published_here,
    save,
    seen_version,
    waiting_plan,
)
from stopintimidatie.municipalities.forms import (
    MOST_PERIODS,
    contact_schema,
    let_op_schema,
    officers_schema,
    periods_of,
)
from stopintimidatie.municipalities.languages import asked_language, more_languages, shown_languages
from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.municipalities.previewing import (
    EXAMPLE_PLACE,
    Preview,
    answer_preview,
    at_level,
    with_part,
)
from stopintimidatie.municipalities.published import ALWAYS, Part, Published
from stopintimidatie.municipalities.resources import Administration, MunicipalityAdministration
from stopintimidatie.municipalities.vocabularies import Choices
from stopintimidatie.security import Permission
from stopintimidatie.web.forms import Form, handle_form
from stopintimidatie.web.request import Request

P = Permission.EDIT_SETTINGS
PAGE = "templates/part.jinja2"
LET_OP_ABOUT = (
    "Dit lezen melders zolang de gemeente niet is aangesloten: vóór het versturen, in het antwoord"
    " en op de volgpagina."
)
CONTACT_ABOUT = (
    "Wat u de melder belooft, ziet uw team terug als uiterste dag in het postvak. Het nummer staat"
    " in uitvoer en in de LET OP-tekst."
)
OFFICERS_ABOUT = (
    "Alleen in gemeenten met bevoegde boa's mag de boa seksuele intimidatie op straat bekeuren"
    " (art. 429ter Wetboek van Strafrecht). Vul de dagen in waarop dat geldt."
)


@view_config(
    context=Administration,
    name="let-op",
    request_method=("GET", "POST"),
    permission=P,
    renderer=PAGE,
)
def let_op(context: Administration, request: Request) -> Any:
    """The text per language, and the term."""
    published = published_here(context, request)
    content = content_of(context, published, Part.LET_OP)
    texts = content.get("teksten", {})
    others = shown_languages(request, published.languages, texts)
    languages = [("nl", "Nederlands"), *others]
    form = Form(
        let_op_schema(languages),
        request,
        buttons=[SAVE, PREVIEW],
        appstruct={
            **_let_op_texts(context, published, texts, languages),
            "werkdagen": published.let_op_working_days,
            **seen_version(request.db, context, Part.LET_OP),
        },
        cancel_url=request.resource_path(context),
    )
    page = _page(context, request, "LET OP-tekst", LET_OP_ABOUT, Part.LET_OP)
    page["preview"] = _let_op_preview(context, published, asked_language(request))
    page["more_languages"] = more_languages(request, others)

    def on_valid(values: dict[str, Any]) -> Any:
        given = {code: values[f"tekst_{code}"] for code, _ in languages}
        changed = {
            "teksten": {code: text for code, text in given.items() if text},
            "werkdagen": values["werkdagen"],
        }
        if form.pressed() == PREVIEW.name:
            tried = with_part(published, Part.LET_OP, changed, national=is_national(context))
            return {
                **page,
                "form": form,
                "preview": _let_op_preview(context, tried, asked_language(request)),
                "tried": True,
            }
        return save(context, request, Part.LET_OP, changed, values)

    return handle_form(request, form, on_valid, page)


def _let_op_texts(
    context: Administration, published: Published, own: Mapping[str, str], languages: Choices
) -> dict[str, str | None]:
    """The desk changes the text that all get; a municipality may write its own."""
    desk = is_national(context)
    return {
        f"tekst_{code}": published.let_op(code) if desk and code in ALWAYS else own.get(code)
        for code, _ in languages
    }


def _let_op_preview(context: Administration, published: Published, language: str) -> Preview:
    shown = at_level(published, ParticipationLevel.NO_AGREEMENT)
    return answer_preview(shown, name_of(context) or EXAMPLE_PLACE, language=language)


def _page(
    context: Administration, request: Request, heading: str, about: str, part: Part
) -> dict[str, Any]:
    return {
        "heading": heading,
        "about": about,
        "plan": waiting_plan(request.db, context, part),
        "more_languages": [],
        "preview": None,
        "tried": False,
    }


@view_config(
    context=MunicipalityAdministration,
    name="termijn",
    request_method=("GET", "POST"),
    permission=P,
    renderer=PAGE,
)
def contact(context: MunicipalityAdministration, request: Request) -> Any:
    """Within how many days, and the number."""
    published = published_here(context, request)
    form = Form(
        contact_schema(),
        request,
        appstruct={
            "dagen": published.contact_within_days,
            "telefoon": published.telephone,
            **seen_version(request.db, context, Part.CONTACT),
        },
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        content = {"dagen": values["dagen"], "telefoon": values["telefoon"]}
        return save(context, request, Part.CONTACT, content, values)

    page = _page(context, request, "Contact met de melder", CONTACT_ABOUT, Part.CONTACT)
    return handle_form(request, form, on_valid, page)


@view_config(
    context=MunicipalityAdministration,
    name="boas",
    request_method=("GET", "POST"),
    permission=P,
    renderer=PAGE,
)
def officers(context: MunicipalityAdministration, request: Request) -> Any:
    """The periods."""
    published = published_here(context, request)
    periods = content_of(context, published, Part.OFFICERS).get("perioden", [])
    known = {
        f"periode{number}": {"van": _day(period["van"]), "tot": _day(period["tot"])}
        for number, period in enumerate(periods[:MOST_PERIODS], 1)
    }
    form = Form(
        officers_schema(),
        request,
        appstruct={**known, **seen_version(request.db, context, Part.OFFICERS)},
        cancel_url=request.resource_path(context),
    )

    def on_valid(values: dict[str, Any]) -> Any:
        return save(context, request, Part.OFFICERS, {"perioden": periods_of(values)}, values)

    page = _page(context, request, "Bevoegdheid van boa's", OFFICERS_ABOUT, Part.OFFICERS)
    return handle_form(request, form, on_valid, page)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
