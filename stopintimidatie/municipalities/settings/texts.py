"""Pages of texts: LET OP, the answers on the spot, and the replies."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound

from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.areas.resources import Administration
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.settings import standard
from stopintimidatie.municipalities.settings.forms import answer_schema, let_op_schema, reply_schema
from stopintimidatie.municipalities.settings.pages import (
    EXAMPLE_REFERENCE,
    PART_PAGE,
    PartPage,
    asked_language,
    at_level,
    more_languages,
    settings_page,
    shown_languages,
    typed_words,
    used_in,
    words_of,
)
from stopintimidatie.municipalities.settings.rules import (
    ALWAYS,
    Part,
    Published,
    fill_reply,
    help_in_words,
)
from stopintimidatie.municipalities.settings.standard import REPLIES, REPLY_KINDS, Reply, reply_of
from stopintimidatie.municipalities.settings.vocabulary import vocabulary


@settings_page(name="let-op", request_method=("GET", "POST"), renderer=PART_PAGE)
def let_op(context: Administration, request: Request) -> Any:
    """Show the form of the LET OP text in each language and its term, and save it."""
    page = PartPage(context, request, Part.LET_OP)
    published, own = page.published, page.content.get("teksten", {})
    others = shown_languages(request, published.languages, own)
    languages = [("nl", "Nederlands"), *others]
    # A municipality changes its own texts; the desk begins with the standard ones.
    texts = {
        f"tekst_{code}": published.let_op(code)
        if page.national and code in ALWAYS
        else own.get(code)
        for code, _ in languages
    }

    def read(values: dict[str, Any]) -> dict[str, Any]:
        given = {code: values[f"tekst_{code}"] for code, _ in languages}
        written = {code: text for code, text in given.items() if text}
        return {"teksten": written, "werkdagen": values["werkdagen"]}

    def preview(counting: Published) -> dict[str, Any]:
        shown = at_level(counting, ParticipationLevel.NO_AGREEMENT)
        return page.answer(shown, asked_language(request), logo=None)

    return page.handle(
        let_op_schema(languages),
        {**texts, "werkdagen": published.let_op_working_days},
        read,
        lambda values: {"preview": preview(page.with_content(read(values)))},
        heading="LET OP-tekst",
        preview=preview(published),
        more_languages=more_languages(request, others),
    )


# The answers per language and form of harassment, with the app's view of them


@settings_page(name="teksten", request_method=("GET", "POST"), renderer="templates/texts.jinja2")
def texts(context: Administration, request: Request) -> Any:
    """Show the form of the answer that the address names, with a preview, and save it."""
    page = PartPage(context, request, Part.ANSWERS)
    content, languages = page.content, vocabulary(request, "talen")
    # The answers that can be set: the general ones, then one for each form.
    general = standard.KINDS if page.national else {standard.CONNECTED: "Standaardantwoord"}
    names = dict([*general.items(), *reversed(vocabulary(request, "vormen"))])
    # The first there is, where the address names none or one that isn't there.
    language, name = request.GET.get("taal", ""), request.GET.get("vorm", "")
    language = language if language in dict(languages) else languages[0][0]
    name = name if name in names else next(iter(names))
    own = content.get(language, {}).get(name)
    # Without an own answer the form begins with the one that counts in its place.
    counting = _as_answered(page.published, name)
    title, text = counting.answer(counting.language(language), [name])

    def read(values: dict[str, Any] | None) -> dict[str, Any]:
        changed = _changed(content, language, name, values)
        if changed == content:
            raise FormError("Er is niets veranderd. Pas de tekst aan, of ga terug.")
        return changed

    def attempt(values: dict[str, Any]) -> dict[str, Any]:
        tried = page.with_content(_changed(content, language, name, values))
        return {"preview": _preview(page, tried, language, name)}

    return page.handle(
        answer_schema(language),
        own or {"titel": title, "tekst": text},
        read,
        attempt,
        "Eigen tekst weghalen" if own else "",
        content=content,
        languages=languages,
        shown=language,
        names=names,
        name=name,
        own=own is not None,
        heading=names[name] if name in standard.KINDS else f"Na ‘{names[name]}’",
        preview=_preview(page, page.published, language, name),
    )


def _as_answered(published: Published, name: str) -> Published:
    """Return the settings as they count for a report that gets this answer."""
    if name == standard.NOT_PLACED:
        return Published(None, national=published.national)
    level = ParticipationLevel.PROGRAMME
    if name == standard.NOT_CONNECTED:
        level = ParticipationLevel.NO_AGREEMENT
    return at_level(published, level)


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


def _preview(page: PartPage, published: Published, language: str, name: str) -> dict[str, Any]:
    happened = [] if name in standard.KINDS else [name]
    shown = _as_answered(published, name)
    return page.answer(shown, language, happened, placed=name != standard.NOT_PLACED)


# Replies: what officers begin a question, a message or feedback with

NEW: Final = "nieuw"
MOST_REPLIES: Final = 40


def _own_replies(page: PartPage) -> list[Reply]:
    """Return the owner's own replies; the desk begins with the standard ones."""
    rows = page.content.get("sjablonen", REPLIES if page.national else [])
    return [reply_of(row) for row in rows]


@settings_page(name="sjablonen", request_method="GET", renderer="templates/replies.jinja2")
def replies(context: Administration, request: Request) -> dict[str, Any]:
    """Show the replies that officers can choose from, by kind."""
    page = PartPage(context, request, Part.REPLIES)
    return page.show(
        kinds=REPLY_KINDS,
        replies={kind: page.published.replies(kind) for kind in REPLY_KINDS},
        own={reply.id for reply in _own_replies(page)},
        here=request.resource_path(context, "sjabloon"),
    )


@settings_page(name="sjabloon", request_method=("GET", "POST"), renderer=PART_PAGE)
def reply(context: Administration, request: Request) -> Any:
    """Show the form of a reply with an example filled in; add, change or remove it."""
    page = PartPage(context, request, Part.REPLIES, back="sjablonen")
    own = _own_replies(page)
    present, kind = _chosen_reply(request, page.published)
    languages = shown_languages(request, used_in(present.texts if present else {}))
    first: dict[str, Any] = {}
    if present:
        first = {"titel": present.title, **typed_words("tekst", present.texts, languages)}
    mine = present is not None and present.id in {reply.id for reply in own}
    name = present.id if present else f"sjabloon{secrets.token_hex(3)}"
    language = asked_language(request)

    def typed(values: dict[str, Any]) -> Reply:
        return Reply(name, kind, values["titel"], words_of(values, "tekst", languages))

    def read(values: dict[str, Any] | None) -> dict[str, Any]:
        return {"sjablonen": _replies_with(own, name, typed(values) if values else None)}

    return page.handle(
        reply_schema(kind, languages),
        first,
        read,
        lambda values: {"preview": _reply_preview(page, typed(values), language)},
        "Sjabloon weghalen" if mine else "",
        heading=f"{REPLY_KINDS[kind]}: sjabloon",
        preview=_reply_preview(page, present, language) if present else None,
        more_languages=more_languages(request, languages),
    )


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


def _reply_preview(page: PartPage, reply: Reply, language: str) -> dict[str, Any]:
    """Return what the reporter of an example reads."""
    today = local_date(utc_now())
    values = {
        "kenmerk": EXAMPLE_REFERENCE,
        "gemeente": page.place,
        "datum": today - timedelta(days=2),
        "plek": "Voorbeeldwijk",
        "uiterlijk": today + timedelta(days=14),
        "hulplijnen": help_in_words(page.published.help_for(language, "16_17", ["betasten"])),
    }
    text = fill_reply(reply, language, values)
    return page.screen(language, title="Er is een bericht voor u", text=text)
