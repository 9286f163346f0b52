"""Pages of lists: help lines by age and form, and own questions per use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.view import view_config

from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.areas.resources import (
    Administration,
    MunicipalityAdministration,
)
from stopintimidatie.municipalities.settings.forms import (
    content_of_question,
    help_line_schema,
    languages_of,
    question_schema,
    question_values,
)
from stopintimidatie.municipalities.settings.pages import (
    EXAMPLE_PLACE,
    PREVIEW,
    SAVE,
    answer_preview,
    asked_language,
    content_of,
    is_national,
    more_languages,
    name_of,
    published_here,
    question_preview,
    save,
    seen_version,
    shown_languages,
    typed_words,
    used_in,
    waiting_plan,
    with_part,
    words_of,
)
from stopintimidatie.municipalities.settings.rules import Part, Published
from stopintimidatie.municipalities.settings.services import add_question
from stopintimidatie.municipalities.settings.views import logo_address
from stopintimidatie.municipalities.settings.vocabulary import (
    MOST_QUESTIONS,
    USES,
    Choices,
    Question,
    question_of,
    vocabulary,
)
from stopintimidatie.municipalities.settings.words import HELP_LINES

P = Permission.EDIT_SETTINGS
NEW_LINE: Final = "nieuw"
MOST_LINES: Final = 15
REMOVE_LINE: Final = Button("weghalen", "Lijn weghalen", "secondary")
ABOUT: Final = (
    "De melder ziet alleen de lijnen die passen bij leeftijd en wat er gebeurde. 112 staat altijd"
    " bovenaan."
)
Line = dict[str, Any]


def _lines(context: Administration, published: Published) -> list[Line]:
    """Return the owner's own lines; the desk begins with those of the house."""
    default = HELP_LINES if is_national(context) else []
    return list(content_of(context, published, Part.HELP).get("lijnen", default))


@view_config(
    context=Administration,
    name="hulplijnen",
    request_method="GET",
    permission=P,
    renderer="templates/help_lines.jinja2",
)
def help_lines(context: Administration, request: Request) -> dict[str, Any]:
    """Show own lines to change, and all that a reporter may get to see."""
    published = published_here(context, request)
    ages, forms = dict(vocabulary(request, "leeftijden")), dict(vocabulary(request, "vormen"))
    return {
        "national": is_national(context),
        "own": [
            {
                "name": line["naam"]["nl"],
                "phone": line["telefoon"],
                "for_whom": _for_whom(line, ages, forms),
                "href": f"{request.resource_path(context, 'hulplijn')}?nummer={number}",
            }
            for number, line in enumerate(_lines(context, published), 1)
        ],
        "add": f"{request.resource_path(context, 'hulplijn')}?nummer={NEW_LINE}",
        "all": published.help_lines("nl"),
        "plan": waiting_plan(request.db, context, Part.HELP),
        "back": request.resource_path(context),
    }


def _for_whom(line: Mapping[str, Any], ages: Mapping[str, str], forms: Mapping[str, str]) -> str:
    """Say for whom a line is."""
    parts = [
        ", ".join(labels.get(code, code) for code in line.get(name, ()))
        for name, labels in (("leeftijden", ages), ("vormen", forms))
    ]
    return "; ".join(part for part in parts if part) or "iedereen"


@view_config(
    context=Administration,
    name="hulplijn",
    request_method=("GET", "POST"),
    permission=P,
    renderer="templates/part.jinja2",
)
def help_line(context: Administration, request: Request) -> Any:
    """Add, change or remove one line."""
    published = published_here(context, request)
    lines = _lines(context, published)
    number = _number(request, lines)
    line = lines[number - 1] if number else {"naam": {}}
    languages = shown_languages(request, used_in(line["naam"], line.get("uitleg")))
    ages, happened = vocabulary(request, "leeftijden"), vocabulary(request, "vormen")
    form = Form(
        help_line_schema(ages, happened, languages),
        request,
        buttons=[SAVE, PREVIEW, *([REMOVE_LINE] if number else [])],
        appstruct={
            **(_filled_in(line, languages) if number else {}),
            "plaats": number or len(lines) + 1,
            **seen_version(request.db, context, Part.HELP),
        },
        cancel_url=request.resource_path(context, "hulplijnen"),
    )
    page = {
        "heading": "Hulplijn wijzigen" if number else "Hulplijn toevoegen",
        "about": ABOUT,
        "plan": waiting_plan(request.db, context, Part.HELP),
        "more_languages": more_languages(request, languages),
        "preview": None,
        "tried": False,
    }

    def on_valid(values: dict[str, Any]) -> Any:
        new = None if form.pressed() == REMOVE_LINE.name else _line(values, languages)
        content = {"lijnen": _lines_with(lines, number, new, values["plaats"])}
        if form.pressed() == PREVIEW.name:
            tried = with_part(published, Part.HELP, content, national=is_national(context))
            shown = _preview(context, tried, values)
            return {**page, "form": form, "preview": shown, "tried": True}
        return save(context, request, Part.HELP, content, values, back="hulplijnen")

    return handle_form(request, form, on_valid, page)


def _number(request: Request, lines: Sequence[Line]) -> int:
    """Return which line, from one; 0 is a new one."""
    wanted = request.GET.get("nummer", NEW_LINE)
    if wanted == NEW_LINE:
        return 0
    if not (wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:3]) <= len(lines)):
        raise HTTPNotFound()
    return int(wanted[:3])


def _filled_in(line: Line, languages: Choices) -> dict[str, Any]:
    return {
        **typed_words("naam", line["naam"], languages),
        **typed_words("uitleg", line.get("uitleg", {}), languages),
        "telefoon": line["telefoon"],
        "leeftijden": line.get("leeftijden", ()),
        "vormen": line.get("vormen", ()),
    }


def _lines_with(lines: Sequence[Line], number: int, line: Line | None, place: int) -> list[Line]:
    """Return the list with this line in its place, or without it."""
    others = [line for position, line in enumerate(lines, 1) if position != number]
    if line is None:
        return others
    if len(others) >= MOST_LINES:
        raise FormError(f"Er staan al {MOST_LINES} lijnen. Haal er eerst een weg.")
    others.insert(place - 1, line)
    return others


def _line(values: Mapping[str, Any], languages: Choices) -> Line:
    return {
        "naam": words_of(values, "naam", languages),
        "telefoon": values["telefoon"],
        "uitleg": words_of(values, "uitleg", languages),
        "leeftijden": list(values["leeftijden"]),
        "vormen": list(values["vormen"]),
    }


def _preview(context: Administration, tried: Published, values: Mapping[str, Any]) -> Any:
    """Show what somebody sees for whom the line is."""
    age = values["leeftijden"][0] if values["leeftijden"] else None
    form = values["vormen"][0] if values["vormen"] else None
    return answer_preview(tried, name_of(context) or EXAMPLE_PLACE, age=age, form=form)


# Questions

NEW: Final = "nieuw"
REMOVE: Final = Button("weghalen", "Vraag weghalen", "secondary")


@view_config(
    context=MunicipalityAdministration,
    name="vragen",
    request_method="GET",
    permission=P,
    renderer="templates/questions.jinja2",
)
def questions(context: MunicipalityAdministration, request: Request) -> dict[str, Any]:
    """Show what is asked now, in the app and at triage."""
    published = published_here(context, request)
    here = request.resource_path(context, "vraag")
    return {
        "uses": [
            {
                "label": label,
                "add": f"{here}?nummer={NEW}&gebruik={use}",
                "questions": [
                    {
                        "words": question.words["nl"],
                        "kind": question.kind.label,
                        "languages": ", ".join(question.words),
                        "href": f"{here}?nummer={question.id}",
                    }
                    for question in published.questions(use)
                ],
            }
            for use, label in USES.items()
        ],
        "plan": waiting_plan(request.db, context, Part.QUESTIONS),
        "preview": question_preview(
            published,
            name_of(context),
            published.questions("app"),
            logo_address(context, published),
        ),
        "back": request.resource_path(context),
    }


@view_config(
    context=MunicipalityAdministration,
    name="vraag",
    request_method=("GET", "POST"),
    permission=P,
    renderer="templates/part.jinja2",
)
def question(context: MunicipalityAdministration, request: Request) -> Any:
    """Add, change or remove one question."""
    published = published_here(context, request)
    present = _chosen(request, published)
    languages = shown_languages(request, languages_of(present))
    form = Form(
        question_schema(languages),
        request,
        buttons=[SAVE, PREVIEW, *([REMOVE] if present else [])],
        appstruct={
            **_first_values(request, published, present, languages),
            **seen_version(request.db, context, Part.QUESTIONS),
        },
        cancel_url=request.resource_path(context, "vragen"),
    )
    page = {
        "heading": "Eigen vraag wijzigen" if present else "Eigen vraag toevoegen",
        "about": "Een eigen vraag is nooit verplicht. Vraag niet naar namen, kentekens, afkomst of"
        " geloof. Wijzigt u een vraag, dan houden oude meldingen de vraag zoals zij gesteld is.",
        "plan": waiting_plan(request.db, context, Part.QUESTIONS),
        "more_languages": more_languages(request, languages),
        "preview": None,
        "tried": False,
    }

    def on_valid(values: dict[str, Any]) -> Any:
        content = content_of_question(values, languages)
        if form.pressed() == PREVIEW.name:
            asked = question_of("voorbeeld", context.holder, content)
            preview = question_preview(
                published,
                name_of(context),
                [asked],
                logo_address(context, published),
                asked_language(request),
            )
            return {**page, "form": form, "preview": preview, "tried": True}
        kept = None if form.pressed() == REMOVE.name else content
        ids = _names_in_order(context, request, published, present, kept, values["plaats"])
        return save(context, request, Part.QUESTIONS, {"vragen": ids}, values, back="vragen")

    return handle_form(request, form, on_valid, page)


def _chosen(request: Request, published: Published) -> Question | None:
    """Return the question of the address, if it is asked now; None is a new one."""
    wanted = request.GET.get("nummer", NEW)
    if wanted == NEW:
        return None
    found = [asked for asked in published.own.questions if asked.id == wanted]
    if not found:
        raise HTTPNotFound()
    return found[0]


def _first_values(
    request: Request, published: Published, present: Question | None, languages: Choices
) -> Mapping[str, Any]:
    if present is None:
        use = request.GET.get("gebruik", "app")
        use = use if use in USES else "app"
        return {"gebruik": use, "plaats": len(published.questions(use)) + 1}
    place = [asked.id for asked in published.questions(present.use)].index(present.id) + 1
    return {**question_values(present, languages), "plaats": place}


def _names_in_order(
    context: MunicipalityAdministration,
    request: Request,
    published: Published,
    present: Question | None,
    content: Mapping[str, Any] | None,
    place: int,
) -> list[str]:
    """Return the names of all questions asked from now on, in order; other words, other name.

    :raises FormError: there are too many.
    """
    kept = [asked for asked in published.own.questions if asked != present]
    if content is None:
        return [asked.id for asked in kept]
    use = content["gebruik"]
    alike = [asked.id for asked in kept if asked.use == use]
    if len(alike) >= MOST_QUESTIONS:
        raise FormError(f"Er zijn al {MOST_QUESTIONS} vragen. Haal er eerst een weg.")
    same = present is not None and question_of(present.id, context.holder, content) == present
    name = present.id if same and present else add_question(request.db, context.holder, content)
    alike.insert(place - 1, name)
    return _in_order(alike, [asked.id for asked in kept if asked.use != use], use)


def _in_order(alike: Sequence[str], others: Sequence[str], use: str) -> list[str]:
    return [*alike, *others] if use == "app" else [*others, *alike]
