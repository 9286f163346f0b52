"""The answers on the spot: per language and form of harassment, with the app's view of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.view import view_config

from stopintimidatie.municipalities import default_texts as house
from stopintimidatie.municipalities.editing import (
    PREVIEW,
    REMOVE,
    SAVE,
    content_of,
    is_national,
    name_of,
    published_here,
    save,
    seen_version,
    waiting_plan,
)
from stopintimidatie.municipalities.forms import answer_schema
from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.municipalities.overview_views import logo_address
from stopintimidatie.municipalities.previewing import (
    EXAMPLE_PLACE,
    Preview,
    answer_preview,
    at_level,
    with_part,
)
from stopintimidatie.municipalities.published import Part, Published
from stopintimidatie.municipalities.resources import Administration
from stopintimidatie.municipalities.vocabularies import vocabulary
from stopintimidatie.security import Permission
from stopintimidatie.web.forms import Form, FormError, handle_form
from stopintimidatie.web.navigation import NavItem
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import with_params

P = Permission.EDIT_SETTINGS
LEVEL_OF = {
    house.NOT_CONNECTED: ParticipationLevel.NO_AGREEMENT,
    house.NOT_PLACED: ParticipationLevel.NO_AGREEMENT,
}


@view_config(
    context=Administration,
    name="teksten",
    request_method=("GET", "POST"),
    permission=P,
    renderer="templates/texts.jinja2",
)
def texts(context: Administration, request: Request) -> Any:
    """One answer at a time; which one stands in the address."""
    published = published_here(context, request)
    language, name = _chosen(context, request)
    content = content_of(context, published, Part.ANSWERS)
    own = content.get(language, {}).get(name)
    form = Form(
        answer_schema(language),
        request,
        buttons=[SAVE, PREVIEW, *([REMOVE] if own else [])],
        appstruct={
            **(own or _starting_point(published, language, name)),
            **seen_version(request.db, context, Part.ANSWERS),
        },
        cancel_url=request.resource_path(context),
    )
    page = {
        "languages": _languages(context, request, content, language),
        "answers": _answers(context, request, content, language, name),
        "own": own is not None,
        "heading": _label(context, request, name),
        "plan": waiting_plan(request.db, context, Part.ANSWERS),
        "preview": _preview(context, published, language, name),
        "tried": False,
    }

    def on_valid(values: dict[str, Any]) -> Any:
        changed = _changed(
            content, language, name, None if form.pressed() == REMOVE.name else values
        )
        if form.pressed() == PREVIEW.name:
            tried = with_part(published, Part.ANSWERS, changed, national=is_national(context))
            preview = _preview(context, tried, language, name)
            return {**page, "form": form, "preview": preview, "tried": True}
        if changed == content:
            raise FormError("Er is niets veranderd. Pas de tekst aan, of ga terug.")
        return save(context, request, Part.ANSWERS, changed, values)

    return handle_form(request, form, on_valid, page)


def _chosen(context: Administration, request: Request) -> tuple[str, str]:
    """Language and answer of the address; what we don't know is the first of the list."""
    languages = [code for code, _ in vocabulary(request, "talen")]
    names = [name for name, _ in _names(context, request)]
    language = request.GET.get("taal", "")
    name = request.GET.get("vorm", "")
    return (
        language if language in languages else languages[0],
        name if name in names else names[0],
    )


def _names(context: Administration, request: Request) -> list[tuple[str, str]]:
    """The answers that can be written: the general ones, then those per form."""
    general = house.KINDS if is_national(context) else {house.CONNECTED: "Standaardantwoord"}
    return [*general.items(), *reversed(vocabulary(request, "vormen"))]


def _label(context: Administration, request: Request, name: str) -> str:
    label = dict(_names(context, request))[name]
    return label if name in house.KINDS else f"Na ‘{label}’"


def _starting_point(published: Published, language: str, name: str) -> dict[str, str]:
    """What is said now in its place, to begin with."""
    level = LEVEL_OF.get(name, ParticipationLevel.PROGRAMME)
    shown = Published(None, national=published.national)
    if name != house.NOT_PLACED:
        shown = at_level(published, level)
    title, text = shown.answer(shown.language(language), [name])
    return {"titel": title, "tekst": text}


def _changed(
    content: Mapping[str, Any], language: str, name: str, values: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The whole part with this answer changed, or without it."""
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


def _preview(context: Administration, published: Published, language: str, name: str) -> Preview:
    form = None if name in house.KINDS else name
    if name == house.NOT_PLACED:
        return answer_preview(Published(None, national=published.national), None, language=language)
    shown = at_level(published, LEVEL_OF.get(name, ParticipationLevel.PROGRAMME))
    logo = None if is_national(context) else logo_address(context, published)
    place = name_of(context) or EXAMPLE_PLACE
    return answer_preview(shown, place, language=language, form=form, logo=logo)
