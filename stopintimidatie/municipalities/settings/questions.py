"""Pages of lists: help lines by age and form, and own questions per use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound

from stopintimidatie.core.forms import Button, FormError, handle_form
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.areas.resources import (
    Administration,
    MunicipalityAdministration,
)
from stopintimidatie.municipalities.settings import pages
from stopintimidatie.municipalities.settings.forms import (
    content_of_question,
    help_line_schema,
    languages_of,
    question_schema,
    question_values,
)
from stopintimidatie.municipalities.settings.rules import Part, Published
from stopintimidatie.municipalities.settings.services import add_question
from stopintimidatie.municipalities.settings.standard import HELP_LINES
from stopintimidatie.municipalities.settings.vocabulary import (
    MOST_QUESTIONS,
    USES,
    Choices,
    Question,
    question_of,
    vocabulary,
)

NEW_LINE: Final = "nieuw"
MOST_LINES: Final = 15
REMOVE_LINE: Final = Button("weghalen", "Lijn weghalen", "secondary")
ABOUT: Final = (
    "De melder ziet alleen de lijnen die passen bij leeftijd en wat er gebeurde. 112 staat altijd"
    " bovenaan."
)
Line = dict[str, Any]


def _lines(context: Administration, published: Published) -> list[Line]:
    """Return the owner's own lines; the desk begins with the standard ones."""
    default = HELP_LINES if pages.is_national(context) else []
    return list(pages.content_of(context, published, Part.HELP).get("lijnen", default))


@pages.settings_page(
    name="hulplijnen", request_method="GET", renderer="templates/help_lines.jinja2"
)
def help_lines(context: Administration, request: Request) -> dict[str, Any]:
    """Show the own help lines to change, and all those that a reporter may see."""
    published = pages.published_here(context, request)
    ages, forms = dict(vocabulary(request, "leeftijden")), dict(vocabulary(request, "vormen"))
    return {
        "national": pages.is_national(context),
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
        "plan": pages.waiting_plan(request.db, context, Part.HELP),
        "back": request.resource_path(context),
    }


def _for_whom(line: Mapping[str, Any], ages: Mapping[str, str], forms: Mapping[str, str]) -> str:
    """Return the ages and forms that a line is for, in words."""
    parts = [
        ", ".join(labels.get(code, code) for code in line.get(name, ()))
        for name, labels in (("leeftijden", ages), ("vormen", forms))
    ]
    return "; ".join(part for part in parts if part) or "iedereen"


@pages.settings_page(
    name="hulplijn", request_method=("GET", "POST"), renderer="templates/part.jinja2"
)
def help_line(context: Administration, request: Request) -> Any:
    """Show the form of a help line, with a preview, and add, change or remove it."""
    published = pages.published_here(context, request)
    lines = _lines(context, published)
    number = _number(request, lines)
    line = lines[number - 1] if number else {"naam": {}}
    languages = pages.shown_languages(request, pages.used_in(line["naam"], line.get("uitleg")))
    ages, happened = vocabulary(request, "leeftijden"), vocabulary(request, "vormen")
    schema = help_line_schema(ages, happened, languages)
    first = _filled_in(line, languages) if number else {}
    first["plaats"] = number or len(lines) + 1
    buttons = [pages.PREVIEW, *([REMOVE_LINE] if number else [])]
    form = pages.part_form(context, request, Part.HELP, schema, first, *buttons, back="hulplijnen")
    heading = "Hulplijn wijzigen" if number else "Hulplijn toevoegen"
    page = pages.part_page(context, request, heading, ABOUT, Part.HELP, languages)

    def on_valid(values: dict[str, Any]) -> Any:
        new = None if form.pressed() == REMOVE_LINE.name else _line(values, languages)
        content = {"lijnen": _lines_with(lines, number, new, values["plaats"])}
        if form.pressed() == pages.PREVIEW.name:
            tried = pages.with_part(context, published, Part.HELP, content)
            shown = _preview(context, tried, values)
            return {**page, "form": form, "preview": shown, "tried": True}
        return pages.save(context, request, Part.HELP, content, values, back="hulplijnen")

    return handle_form(request, form, on_valid, page)


def _number(request: Request, lines: Sequence[Line]) -> int:
    """Return the number of the line in the address, from one; 0 for a new one.

    Raises:
        HTTPNotFound: there is no such line.
    """
    wanted = request.GET.get("nummer", NEW_LINE)
    if wanted == NEW_LINE:
        return 0
    if not (wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:3]) <= len(lines)):
        raise HTTPNotFound()
    return int(wanted[:3])


def _filled_in(line: Line, languages: Choices) -> dict[str, Any]:
    return {
        **pages.typed_words("naam", line["naam"], languages),
        **pages.typed_words("uitleg", line.get("uitleg", {}), languages),
        "telefoon": line["telefoon"],
        "leeftijden": line.get("leeftijden", ()),
        "vormen": line.get("vormen", ()),
    }


def _lines_with(lines: Sequence[Line], number: int, line: Line | None, place: int) -> list[Line]:
    """Return the lines with this one in its place, or without it.

    Raises:
        FormError: there are too many.
    """
    others = [line for position, line in enumerate(lines, 1) if position != number]
    if line is None:
        return others
    if len(others) >= MOST_LINES:
        raise FormError(f"Er staan al {MOST_LINES} lijnen. Haal er eerst een weg.")
    others.insert(place - 1, line)
    return others


def _line(values: Mapping[str, Any], languages: Choices) -> Line:
    return {
        "naam": pages.words_of(values, "naam", languages),
        "telefoon": values["telefoon"],
        "uitleg": pages.words_of(values, "uitleg", languages),
        "leeftijden": list(values["leeftijden"]),
        "vormen": list(values["vormen"]),
    }


def _preview(context: Administration, tried: Published, values: Mapping[str, Any]) -> Any:
    """Return the screen of a reporter that the line is for."""
    age = values["leeftijden"][0] if values["leeftijden"] else None
    form = values["vormen"][0] if values["vormen"] else None
    return pages.answer_preview(
        tried, pages.name_of(context) or pages.EXAMPLE_PLACE, age=age, form=form
    )


# Questions

NEW: Final = "nieuw"
REMOVE: Final = Button("weghalen", "Vraag weghalen", "secondary")
QUESTION_ABOUT: Final = (
    "Een eigen vraag is nooit verplicht. Vraag niet naar namen, kentekens, afkomst of geloof."
    " Wijzigt u een vraag, dan houden oude meldingen de vraag zoals zij gesteld is."
)


@pages.municipality_page(name="vragen", request_method="GET", renderer="templates/questions.jinja2")
def questions(context: MunicipalityAdministration, request: Request) -> dict[str, Any]:
    """Show the questions that are asked now, in the app and at triage."""
    published = pages.published_here(context, request)
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
        "plan": pages.waiting_plan(request.db, context, Part.QUESTIONS),
        "preview": pages.question_preview(context, published, published.questions("app")),
        "back": request.resource_path(context),
    }


@pages.municipality_page(
    name="vraag", request_method=("GET", "POST"), renderer="templates/part.jinja2"
)
def question(context: MunicipalityAdministration, request: Request) -> Any:
    """Show the form of a question, with a preview, and add, change or remove it."""
    published = pages.published_here(context, request)
    present = _chosen(request, published)
    languages = pages.shown_languages(request, languages_of(present))
    schema = question_schema(languages)
    first = _first_values(request, published, present, languages)
    buttons = [pages.PREVIEW, *([REMOVE] if present else [])]
    form = pages.part_form(context, request, Part.QUESTIONS, schema, first, *buttons, back="vragen")
    heading = "Eigen vraag wijzigen" if present else "Eigen vraag toevoegen"
    page = pages.part_page(context, request, heading, QUESTION_ABOUT, Part.QUESTIONS, languages)

    def on_valid(values: dict[str, Any]) -> Any:
        content = content_of_question(values, languages)
        if form.pressed() == pages.PREVIEW.name:
            example = question_of("voorbeeld", context.holder, content)
            language = pages.asked_language(request)
            preview = pages.question_preview(context, published, [example], language)
            return {**page, "form": form, "preview": preview, "tried": True}
        kept = None if form.pressed() == REMOVE.name else content
        ids = _names_in_order(context, request, published, present, kept, values["plaats"])
        return pages.save(context, request, Part.QUESTIONS, {"vragen": ids}, values, back="vragen")

    return handle_form(request, form, on_valid, page)


def _chosen(request: Request, published: Published) -> Question | None:
    """Return the question in the address; None for a new one.

    Raises:
        HTTPNotFound: it isn't asked now.
    """
    wanted = request.GET.get("nummer", NEW)
    if wanted == NEW:
        return None
    for question in published.own.questions:
        if question.id == wanted:
            return question
    raise HTTPNotFound()


def _first_values(
    request: Request, published: Published, present: Question | None, languages: Choices
) -> Mapping[str, Any]:
    if present is None:
        use = request.GET.get("gebruik", "app")
        use = use if use in USES else "app"
        return {"gebruik": use, "plaats": len(published.questions(use)) + 1}
    place = [question.id for question in published.questions(present.use)].index(present.id) + 1
    return {**question_values(present, languages), "plaats": place}


def _names_in_order(
    context: MunicipalityAdministration,
    request: Request,
    published: Published,
    present: Question | None,
    content: Mapping[str, Any] | None,
    place: int,
) -> list[str]:
    """Return the ids of all questions asked from now on, in order; other words make a new id.

    Raises:
        FormError: there are too many.
    """
    kept = [question for question in published.own.questions if question != present]
    if content is None:
        return [question.id for question in kept]
    use = content["gebruik"]
    alike = [question.id for question in kept if question.use == use]
    if len(alike) >= MOST_QUESTIONS:
        raise FormError(f"Er zijn al {MOST_QUESTIONS} vragen. Haal er eerst een weg.")
    same = present is not None and question_of(present.id, context.holder, content) == present
    name = present.id if same and present else add_question(request.db, context.holder, content)
    alike.insert(place - 1, name)
    others = [question.id for question in kept if question.use != use]
    return [*alike, *others] if use == "app" else [*others, *alike]
