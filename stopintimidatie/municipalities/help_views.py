"""Help lines by age and form: the list, and one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.view import view_config

from stopintimidatie.municipalities.default_texts import HELP_LINES
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
from stopintimidatie.municipalities.forms import help_line_schema
from stopintimidatie.municipalities.languages import (
    more_languages,
    shown_languages,
    typed_words,
    used_in,
    words_of,
)
from stopintimidatie.municipalities.previewing import EXAMPLE_PLACE, answer_preview, with_part
from stopintimidatie.municipalities.published import Part, Published
from stopintimidatie.municipalities.resources import Administration
from stopintimidatie.municipalities.vocabularies import Choices, vocabulary
from stopintimidatie.security import Permission
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.request import Request

P = Permission.EDIT_SETTINGS
NEW: Final = "nieuw"
MOST_LINES: Final = 15
REMOVE: Final = Button("weghalen", "Lijn weghalen", "secondary")
ABOUT: Final = (
    "De melder ziet alleen de lijnen die passen bij leeftijd en wat er gebeurde. 112 staat altijd"
    " bovenaan."
)
Line = dict[str, Any]


def _lines(context: Administration, published: Published) -> list[Line]:
    """The owner's own lines; the desk begins with those of the house."""
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
    """Own lines to change, and all that a reporter may get to see."""
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
        "add": f"{request.resource_path(context, 'hulplijn')}?nummer={NEW}",
        "all": published.help_lines("nl"),
        "plan": waiting_plan(request.db, context, Part.HELP),
        "back": request.resource_path(context),
    }


def _for_whom(line: Mapping[str, Any], ages: Mapping[str, str], forms: Mapping[str, str]) -> str:
    """For whom a line is, in words."""
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
        buttons=[SAVE, PREVIEW, *([REMOVE] if number else [])],
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
        new = None if form.pressed() == REMOVE.name else _line(values, languages)
        content = {"lijnen": _placed(lines, number, new, values["plaats"])}
        if form.pressed() == PREVIEW.name:
            tried = with_part(published, Part.HELP, content, national=is_national(context))
            shown = _preview(context, tried, values)
            return {**page, "form": form, "preview": shown, "tried": True}
        return save(context, request, Part.HELP, content, values, back="hulplijnen")

    return handle_form(request, form, on_valid, page)


def _number(request: Request, lines: Sequence[Line]) -> int:
    """Which line, from one; 0 is a new one."""
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


def _placed(lines: Sequence[Line], number: int, line: Line | None, place: int) -> list[Line]:
    """The list with this line in its place, or without it."""
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
    """As somebody sees it for whom the line is."""
    age = values["leeftijden"][0] if values["leeftijden"] else None
    form = values["vormen"][0] if values["vormen"] else None
    return answer_preview(tried, name_of(context) or EXAMPLE_PLACE, age=age, form=form)
