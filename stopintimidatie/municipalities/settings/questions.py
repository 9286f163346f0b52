"""Pages of lists: help lines by age and form, and own questions per use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound

from stopintimidatie.core.forms import FormError
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.areas.resources import (
    Administration,
    MunicipalityAdministration,
)
from stopintimidatie.municipalities.settings.forms import (
    content_of_question,
    help_line_schema,
    question_schema,
    question_values,
)
from stopintimidatie.municipalities.settings.pages import (
    PART_PAGE,
    PartPage,
    asked_language,
    more_languages,
    municipality_page,
    settings_page,
    shown_languages,
    typed_words,
    used_in,
    words_of,
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

NEW: Final = "nieuw"
MOST_LINES: Final = 15
Line = dict[str, Any]


def _lines(page: PartPage) -> list[Line]:
    """Return the owner's own lines; the desk begins with the standard ones."""
    return list(page.content.get("lijnen", HELP_LINES if page.national else []))


@settings_page(name="hulplijnen", request_method="GET", renderer="templates/help_lines.jinja2")
def help_lines(context: Administration, request: Request) -> dict[str, Any]:
    """Show the own help lines to change, and all those that a reporter may see."""
    page = PartPage(context, request, Part.HELP)
    return page.show(
        own=_lines(page),
        all=page.published.help_lines("nl"),
        ages=dict(vocabulary(request, "leeftijden")),
        happened=dict(vocabulary(request, "vormen")),
        here=request.resource_path(context, "hulplijn"),
    )


@settings_page(name="hulplijn", request_method=("GET", "POST"), renderer=PART_PAGE)
def help_line(context: Administration, request: Request) -> Any:
    """Show the form of a help line, with a preview, and add, change or remove it."""
    page = PartPage(context, request, Part.HELP, back="hulplijnen")
    lines = _lines(page)
    number = _number(request, lines)
    line = lines[number - 1] if number else {"naam": {}}
    languages = shown_languages(request, used_in(line["naam"], line.get("uitleg")))
    ages, happened = vocabulary(request, "leeftijden"), vocabulary(request, "vormen")
    first = _filled_in(line, languages) if number else {}

    def read(values: dict[str, Any] | None) -> dict[str, Any]:
        new = _line(values, languages) if values else None
        return {"lijnen": _lines_with(lines, number, new, values["plaats"] if values else 0)}

    def attempt(values: dict[str, Any]) -> dict[str, Any]:
        # Shown to a reporter that the line is for.
        tried, age = page.with_content(read(values)), next(iter(values["leeftijden"]), None)
        return {"preview": page.answer(tried, "nl", values["vormen"][:1], age, logo=None)}

    return page.handle(
        help_line_schema(ages, happened, languages),
        {**first, "plaats": number or len(lines) + 1},
        read,
        attempt,
        "Lijn weghalen" if number else "",
        heading="Hulplijn wijzigen" if number else "Hulplijn toevoegen",
        more_languages=more_languages(request, languages),
    )


def _number(request: Request, lines: Sequence[Line]) -> int:
    """Return the number of the line in the address, from one; 0 for a new one.

    Raises:
        HTTPNotFound: there is no such line.
    """
    wanted = request.GET.get("nummer", NEW)
    if wanted == NEW:
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
        "naam": words_of(values, "naam", languages),
        "telefoon": values["telefoon"],
        "uitleg": words_of(values, "uitleg", languages),
        "leeftijden": list(values["leeftijden"]),
        "vormen": list(values["vormen"]),
    }


# Questions


def _question_screen(
    page: PartPage, questions: Sequence[Question], language: str = "nl"
) -> dict[str, Any]:
    return page.screen(language, title="Vragen van uw gemeente", questions=questions)


@municipality_page(name="vragen", request_method="GET", renderer="templates/questions.jinja2")
def questions(context: MunicipalityAdministration, request: Request) -> dict[str, Any]:
    """Show the questions that are asked now, in the app and at triage."""
    page = PartPage(context, request, Part.QUESTIONS)
    asked = {use: page.published.questions(use) for use in USES}
    return page.show(
        uses=USES,
        questions=asked,
        here=request.resource_path(context, "vraag"),
        preview=_question_screen(page, asked["app"]),
    )


@municipality_page(name="vraag", request_method=("GET", "POST"), renderer=PART_PAGE)
def question(context: MunicipalityAdministration, request: Request) -> Any:
    """Show the form of a question, with a preview, and add, change or remove it."""
    page = PartPage(context, request, Part.QUESTIONS, back="vragen")
    published = page.published
    present = _chosen(request, published)
    languages = shown_languages(request, used_in(present.words, present.help) if present else ())

    def read(values: dict[str, Any] | None) -> dict[str, Any]:
        kept = content_of_question(values, languages) if values else None
        place = values["plaats"] if values else 0
        return {"vragen": _names_in_order(context, request, published, present, kept, place)}

    def attempt(values: dict[str, Any]) -> dict[str, Any]:
        content = content_of_question(values, languages)
        example = question_of("voorbeeld", context.holder, content)
        return {"preview": _question_screen(page, [example], asked_language(request))}

    return page.handle(
        question_schema(languages),
        _first_values(request, published, present, languages),
        read,
        attempt,
        "Vraag weghalen" if present else "",
        heading="Eigen vraag wijzigen" if present else "Eigen vraag toevoegen",
        more_languages=more_languages(request, languages),
    )


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
