"""Pages of texts: LET OP, the promise of contact, boas, the answers on the spot, the replies."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, FormError, handle_form
from stopintimidatie.core.text import local
from stopintimidatie.core.web.request import NavItem, Request, with_params
from stopintimidatie.core.web.theme import DEFAULT_COLOUR
from stopintimidatie.municipalities.areas.resources import (
    Administration,
    MunicipalityAdministration,
)
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.settings import pages
from stopintimidatie.municipalities.settings import standard as house
from stopintimidatie.municipalities.settings.forms import (
    MOST_PERIODS,
    answer_schema,
    contact_schema,
    let_op_schema,
    officers_schema,
    periods_of,
    reply_schema,
)
from stopintimidatie.municipalities.settings.rules import (
    ALWAYS,
    Part,
    Published,
    fill_reply,
    help_in_words,
)
from stopintimidatie.municipalities.settings.standard import REPLIES, REPLY_KINDS, Reply, reply_of
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
    first = {
        "lezen": published.read_within_days,
        "dagen": published.contact_within_days,
        "telefoon": published.own_telephone,
    }
    form = pages.part_form(context, request, Part.CONTACT, contact_schema(), first)

    def on_valid(values: dict[str, Any]) -> Any:
        content = {name: values[name] for name in first}
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


# Replies: what officers begin a question, a message or feedback with

NEW: Final = "nieuw"
MOST_REPLIES: Final = 40
REMOVE_REPLY: Final = Button("weghalen", "Sjabloon weghalen", "secondary")
REPLY_ABOUT: Final = (
    "Een sjabloon is een begin: de medewerker leest en verandert de tekst voordat zij weggaat."
    " Schrijf kort en gewoon, met ‘u’. Beloof niets wat u niet zeker weet, en noem niet wat er"
    " precies gebeurde: iemand kan meelezen."
)


def _own_replies(context: Administration, published: Published) -> list[Reply]:
    """Return the owner's own replies; the desk begins with the standard ones."""
    default = REPLIES if pages.is_national(context) else []
    rows = pages.content_of(context, published, Part.REPLIES).get("sjablonen", default)
    return [reply_of(row) for row in rows]


@pages.settings_page(name="sjablonen", request_method="GET", renderer="templates/replies.jinja2")
def replies(context: Administration, request: Request) -> dict[str, Any]:
    """Show the replies that officers can choose from, by kind."""
    published = pages.published_here(context, request)
    own = {reply.id for reply in _own_replies(context, published)}
    here = request.resource_path(context, "sjabloon")
    return {
        "national": pages.is_national(context),
        "kinds": [
            {
                "label": label,
                "add": f"{here}?nummer={NEW}&soort={kind}",
                "replies": [
                    {
                        "title": reply.title,
                        "begins": reply.text,
                        "languages": ", ".join(reply.texts),
                        "own": reply.id in own,
                        "href": f"{here}?nummer={reply.id}",
                    }
                    for reply in published.replies(kind)
                ],
            }
            for kind, label in REPLY_KINDS.items()
        ],
        "plan": pages.waiting_plan(request.db, context, Part.REPLIES),
        "back": request.resource_path(context),
    }


@pages.settings_page(name="sjabloon", request_method=("GET", "POST"), renderer=PAGE)
def reply(context: Administration, request: Request) -> Any:
    """Show the form of a reply with an example filled in; add, change or remove it."""
    published = pages.published_here(context, request)
    own = _own_replies(context, published)
    present, kind = _chosen_reply(request, published)
    languages = pages.shown_languages(request, pages.used_in(present.texts if present else {}))
    first: dict[str, Any] = {}
    if present:
        first = {"titel": present.title, **pages.typed_words("tekst", present.texts, languages)}
    mine = present is not None and present.id in {reply.id for reply in own}
    buttons = [pages.PREVIEW, *([REMOVE_REPLY] if mine else [])]
    form = pages.part_form(
        context,
        request,
        Part.REPLIES,
        reply_schema(kind, languages),
        first,
        *buttons,
        back="sjablonen",
    )
    heading = f"{REPLY_KINDS[kind]}: sjabloon"
    page = pages.part_page(context, request, heading, REPLY_ABOUT, Part.REPLIES, languages)
    language = pages.asked_language(request)
    if present:
        page["preview"] = _reply_preview(context, published, present, language)

    def on_valid(values: dict[str, Any]) -> Any:
        name = present.id if present else f"sjabloon{secrets.token_hex(3)}"
        texts = pages.words_of(values, "tekst", languages)
        typed = Reply(name, kind, values["titel"], texts)
        if form.pressed() == pages.PREVIEW.name:
            shown = _reply_preview(context, published, typed, language)
            return {**page, "form": form, "preview": shown, "tried": True}
        kept = None if form.pressed() == REMOVE_REPLY.name else typed
        content = {"sjablonen": _replies_with(own, name, kept)}
        return pages.save(context, request, Part.REPLIES, content, values, back="sjablonen")

    return handle_form(request, form, on_valid, page)


def _chosen_reply(request: Request, published: Published) -> tuple[Reply | None, str]:
    """Return the reply in the address and its kind; no reply for a new one.

    Raises:
        HTTPNotFound: there is no such reply.
    """
    wanted, kind = request.GET.get("nummer", NEW), request.GET.get("soort", "")
    if wanted == NEW:
        return None, kind if kind in REPLY_KINDS else next(iter(REPLY_KINDS))
    for kind in REPLY_KINDS:
        for known in published.replies(kind):
            if known.id == wanted:
                return known, kind
    raise HTTPNotFound()


def _replies_with(own: Sequence[Reply], name: str, changed: Reply | None) -> list[dict[str, Any]]:
    """Return the own replies as they are stored, with this one changed, added or left out.

    Raises:
        FormError: there are too many.
    """
    kept = [changed if reply.id == name else reply for reply in own]
    if changed is not None and changed not in kept:
        if len(own) >= MOST_REPLIES:
            raise FormError(f"Er zijn al {MOST_REPLIES} sjablonen. Haal er eerst een weg.")
        kept.append(changed)
    return [
        {"id": reply.id, "soort": reply.kind, "titel": reply.title, "teksten": dict(reply.texts)}
        for reply in kept
        if reply is not None
    ]


def _reply_preview(
    context: Administration, published: Published, reply: Reply, language: str
) -> pages.Preview:
    """Return what the reporter of an example reads."""
    name = pages.name_of(context) or pages.EXAMPLE_PLACE
    today = local(utc_now()).date()
    values = {
        "kenmerk": pages.EXAMPLE_REFERENCE,
        "gemeente": name,
        "datum": today - timedelta(days=2),
        "plek": "Voorbeeldwijk",
        "uiterlijk": today + timedelta(days=14),
        "hulplijnen": help_in_words(published.help_for(language, "16_17", ["betasten"])),
    }
    return pages.Preview(
        name=name,
        colour=published.colour or DEFAULT_COLOUR,
        logo=pages.logo_address(context, published) if pages.name_of(context) else None,
        language=language,
        title="Er is een bericht voor u",
        text=fill_reply(reply, language, values),
    )
