"""Pages of texts: LET OP with its term, the promise of contact, boas, the answers on the spot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from stopintimidatie.core.forms import FormError, handle_form
from stopintimidatie.core.web.request import NavItem, Request, with_params
from stopintimidatie.municipalities.areas.resources import (
    Administration,
    MunicipalityAdministration,
)
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.settings import pages
from stopintimidatie.municipalities.settings import words as house
from stopintimidatie.municipalities.settings.forms import (
    MOST_PERIODS,
    answer_schema,
    contact_schema,
    let_op_schema,
    officers_schema,
    periods_of,
)
from stopintimidatie.municipalities.settings.rules import ALWAYS, Part, Published
from stopintimidatie.municipalities.settings.vocabulary import Choices, vocabulary

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


@pages.settings_page(name="let-op", request_method=("GET", "POST"), renderer=PAGE)
def let_op(context: Administration, request: Request) -> Any:
    """Show the form of the LET OP text in each language and its term, and save it."""
    published = pages.published_here(context, request)
    content = pages.content_of(context, published, Part.LET_OP)
    texts = content.get("teksten", {})
    others = pages.shown_languages(request, published.languages, texts)
    languages = [("nl", "Nederlands"), *others]
    schema, first = let_op_schema(languages), _let_op_texts(context, published, texts, languages)
    first["werkdagen"] = published.let_op_working_days
    form = pages.part_form(context, request, Part.LET_OP, schema, first, pages.PREVIEW)
    page = {
        **pages.part_page(context, request, "LET OP-tekst", LET_OP_ABOUT, Part.LET_OP, others),
        "preview": _let_op_preview(context, published, pages.asked_language(request)),
    }

    def on_valid(values: dict[str, Any]) -> Any:
        given = {code: values[f"tekst_{code}"] for code, _ in languages}
        changed = {
            "teksten": {code: text for code, text in given.items() if text},
            "werkdagen": values["werkdagen"],
        }
        if form.pressed() == pages.PREVIEW.name:
            tried = pages.with_part(context, published, Part.LET_OP, changed)
            shown = _let_op_preview(context, tried, pages.asked_language(request))
            return {**page, "form": form, "preview": shown, "tried": True}
        return pages.save(context, request, Part.LET_OP, changed, values)

    return handle_form(request, form, on_valid, page)


def _let_op_texts(
    context: Administration, published: Published, own: Mapping[str, str], languages: Choices
) -> dict[str, Any]:
    """Return the texts as first values: a municipality's own; at the desk the standard ones too."""
    desk = pages.is_national(context)
    return {
        f"tekst_{code}": published.let_op(code) if desk and code in ALWAYS else own.get(code)
        for code, _ in languages
    }


def _let_op_preview(context: Administration, published: Published, language: str) -> pages.Preview:
    shown = pages.at_level(published, ParticipationLevel.NO_AGREEMENT)
    return pages.answer_preview(
        shown, pages.name_of(context) or pages.EXAMPLE_PLACE, language=language
    )


@pages.municipality_page(name="termijn", request_method=("GET", "POST"), renderer=PAGE)
def contact(context: MunicipalityAdministration, request: Request) -> Any:
    """Show the form of the term of contact and the telephone number, and save it."""
    published = pages.published_here(context, request)
    first = {"dagen": published.contact_within_days, "telefoon": published.telephone}
    form = pages.part_form(context, request, Part.CONTACT, contact_schema(), first)

    def on_valid(values: dict[str, Any]) -> Any:
        content = {"dagen": values["dagen"], "telefoon": values["telefoon"]}
        return pages.save(context, request, Part.CONTACT, content, values)

    page = pages.part_page(context, request, "Contact met de melder", CONTACT_ABOUT, Part.CONTACT)
    return handle_form(request, form, on_valid, page)


@pages.municipality_page(name="boas", request_method=("GET", "POST"), renderer=PAGE)
def officers(context: MunicipalityAdministration, request: Request) -> Any:
    """Show the form of the periods in which boas may enforce, and save it."""
    published = pages.published_here(context, request)
    periods = pages.content_of(context, published, Part.OFFICERS).get("perioden", [])
    known = {
        f"periode{number}": {"van": _day(period["van"]), "tot": _day(period["tot"])}
        for number, period in enumerate(periods[:MOST_PERIODS], 1)
    }
    form = pages.part_form(context, request, Part.OFFICERS, officers_schema(), known)

    def on_valid(values: dict[str, Any]) -> Any:
        return pages.save(context, request, Part.OFFICERS, {"perioden": periods_of(values)}, values)

    page = pages.part_page(context, request, "Bevoegdheid van boa's", OFFICERS_ABOUT, Part.OFFICERS)
    return handle_form(request, form, on_valid, page)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# The answers per language and form of harassment, with the app's view of them

LEVEL_OF = {
    house.NOT_CONNECTED: ParticipationLevel.NO_AGREEMENT,
    house.NOT_PLACED: ParticipationLevel.NO_AGREEMENT,
}


@pages.settings_page(
    name="teksten", request_method=("GET", "POST"), renderer="templates/texts.jinja2"
)
def texts(context: Administration, request: Request) -> Any:
    """Show the form of the answer that the address names, with a preview, and save it."""
    published = pages.published_here(context, request)
    language, name = _chosen(context, request)
    content = pages.content_of(context, published, Part.ANSWERS)
    own = content.get(language, {}).get(name)
    schema, first = answer_schema(language), own or _starting_point(published, language, name)
    buttons = [pages.PREVIEW, *([pages.REMOVE] if own else [])]
    form = pages.part_form(context, request, Part.ANSWERS, schema, first, *buttons)
    page = {
        "languages": _languages(context, request, content, language),
        "answers": _answers(context, request, content, language, name),
        "own": own is not None,
        "heading": _label(context, request, name),
        "plan": pages.waiting_plan(request.db, context, Part.ANSWERS),
        "preview": _preview(context, published, language, name),
        "tried": False,
    }

    def on_valid(values: dict[str, Any]) -> Any:
        changed = _changed(
            content, language, name, None if form.pressed() == pages.REMOVE.name else values
        )
        if form.pressed() == pages.PREVIEW.name:
            tried = pages.with_part(context, published, Part.ANSWERS, changed)
            preview = _preview(context, tried, language, name)
            return {**page, "form": form, "preview": preview, "tried": True}
        if changed == content:
            raise FormError("Er is niets veranderd. Pas de tekst aan, of ga terug.")
        return pages.save(context, request, Part.ANSWERS, changed, values)

    return handle_form(request, form, on_valid, page)


def _chosen(context: Administration, request: Request) -> tuple[str, str]:
    """Return the language and the answer in the address; an unknown one is the first there is."""
    languages = [code for code, _ in vocabulary(request, "talen")]
    names = [name for name, _ in _names(context, request)]
    language = request.GET.get("taal", "")
    name = request.GET.get("vorm", "")
    return (
        language if language in languages else languages[0],
        name if name in names else names[0],
    )


def _names(context: Administration, request: Request) -> list[tuple[str, str]]:
    """Return the answers that can be set, as (name, label): the general ones, then each form."""
    general = house.KINDS if pages.is_national(context) else {house.CONNECTED: "Standaardantwoord"}
    return [*general.items(), *reversed(vocabulary(request, "vormen"))]


def _label(context: Administration, request: Request, name: str) -> str:
    label = dict(_names(context, request))[name]
    return label if name in house.KINDS else f"Na ‘{label}’"


def _starting_point(published: Published, language: str, name: str) -> dict[str, str]:
    """Return the answer that counts now in place of an own one, as first values."""
    level = LEVEL_OF.get(name, ParticipationLevel.PROGRAMME)
    shown = Published(None, national=published.national)
    if name != house.NOT_PLACED:
        shown = pages.at_level(published, level)
    title, text = shown.answer(shown.language(language), [name])
    return {"titel": title, "tekst": text}


def _changed(
    content: Mapping[str, Any], language: str, name: str, values: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the whole part with this answer changed, or without it when there are no values."""
    changed = {code: dict(answers) for code, answers in content.items()}
    answers = changed.setdefault(language, {})
    if values is None:
        answers.pop(name, None)
    else:
        answers[name] = {"titel": values["titel"], "tekst": values["tekst"]}
    return {code: answers for code, answers in changed.items() if answers}


def _languages(
    context: Administration, request: Request, content: Mapping[str, Any], chosen: str
) -> list[NavItem]:
    return [
        NavItem(
            label,
            with_params(request, taal=code),
            code == chosen,
            len(content.get(code, ())) or None,
        )
        for code, label in vocabulary(request, "talen")
    ]


def _answers(
    context: Administration,
    request: Request,
    content: Mapping[str, Any],
    language: str,
    chosen: str,
) -> list[dict[str, Any]]:
    own = content.get(language, {})
    return [
        {
            "label": label,
            "href": with_params(request, taal=language, vorm=name),
            "current": name == chosen,
            "own": name in own,
        }
        for name, label in _names(context, request)
    ]


def _preview(
    context: Administration, published: Published, language: str, name: str
) -> pages.Preview:
    form = None if name in house.KINDS else name
    if name == house.NOT_PLACED:
        return pages.answer_preview(
            Published(None, national=published.national), None, language=language
        )
    shown = pages.at_level(published, LEVEL_OF.get(name, ParticipationLevel.PROGRAMME))
    logo = None if pages.is_national(context) else pages.logo_address(context, published)
    place = pages.name_of(context) or pages.EXAMPLE_PLACE
    return pages.answer_preview(shown, place, language=language, form=form, logo=logo)
