"""A municipality's own questions: the list per use, and one question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.view import view_config

from stopintimidatie.municipalities.editing import (
    PREVIEW,
    SAVE,
    name_of,
    published_here,
    save,
    seen_version,
    waiting_plan,
)
from stopintimidatie.municipalities.languages import asked_language, more_languages, shown_languages
from stopintimidatie.municipalities.overview_views import logo_address
from stopintimidatie.municipalities.previewing import question_preview
from stopintimidatie.municipalities.published import Part, Published
from stopintimidatie.municipalities.publishing import add_question
from stopintimidatie.municipalities.question_forms import (
    content_of_question,
    filled_in,
    languages_of,
    question_schema,
)
from stopintimidatie.municipalities.questions import MOST_QUESTIONS, USES, Question, question_of
from stopintimidatie.municipalities.resources import MunicipalityAdministration
from stopintimidatie.municipalities.vocabularies import Choices
from stopintimidatie.security import Permission
from stopintimidatie.web.forms import Button, Form, FormError, handle_form
from stopintimidatie.web.request import Request

P = Permission.EDIT_SETTINGS
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
    """What is asked now, in the app and at triage."""
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
        ids = _placed(context, request, published, present, kept, values["plaats"])
        return save(context, request, Part.QUESTIONS, {"vragen": ids}, values, back="vragen")

    return handle_form(request, form, on_valid, page)


def _chosen(request: Request, published: Published) -> Question | None:
    """The question of the address, if it is asked now; None is a new one."""
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
    return {**filled_in(present, languages), "plaats": place}


def _placed(
    context: MunicipalityAdministration,
    request: Request,
    published: Published,
    present: Question | None,
    content: Mapping[str, Any] | None,
    place: int,
) -> list[str]:
    """The names of all questions asked from now on, in order; other words are another question.

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
