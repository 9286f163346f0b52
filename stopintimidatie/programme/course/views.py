"""The course: six lessons, each with a test.

The lessons that somebody passed stand sealed in the address. There is no row, no cookie and no
answer kept: of who is signed in only the day on which all were passed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from pyramid.authorization import DENY_ALL
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.forms import Button, Form, Schema, field, handle_form
from stopintimidatie.core.health.services import VERSION
from stopintimidatie.core.storage.encryption import DecryptionError
from stopintimidatie.core.text import _
from stopintimidatie.core.tree import Container, Resource
from stopintimidatie.core.web.request import Request, form_view, page_view, query_pairs
from stopintimidatie.core.web.theme import Branding
from stopintimidatie.desk.onboarding.practice import Json, cases
from stopintimidatie.desk.onboarding.services import set_trained
from stopintimidatie.municipalities.areas.resources import DESK
from stopintimidatie.programme.queries import LESSON_MINUTES
from stopintimidatie.programme.rules import Filled, Text, fill_in, html_of, texts_in
from stopintimidatie.programme.services import answer, pdf_of
from stopintimidatie.reports import vocabulary

NAME: Final = "cursus"
TITLE: Final = "Cursus straatintimidatie"
PURPOSE: Final = "course"
# The parameter of an address that holds, sealed, which lessons were passed.
PASSED: Final = "gehaald"
MOST_WRONG: Final = 1


def lessons() -> dict[str, Text]:
    """Return the lessons by number."""
    return {name[0]: text for name, text in texts_in("course").items()}


class Course(Container):
    """Node of `/cursus`, which is open to everybody."""

    label = "Cursus"

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]

    def __getitem__(self, name: str) -> Resource:
        return Lesson(name, self, lessons()[name])


class Lesson(Resource):
    """Node of `/cursus/1`."""

    def __init__(self, name: str, parent: Any, text: Text) -> None:
        super().__init__(name, parent)
        self.text = text
        self.label = text.title

    def __acl__(self) -> list[Any]:
        return [DENY_ALL]


def questions_schema(lesson: Text) -> Any:
    """Return the form of the test of a lesson: a choice for each question."""
    schema = Schema()
    for number, question in enumerate(lesson.more["questions"], 1):
        choice = forms.OneOf([*zip("0123", question["answers"], strict=False)], radio=True)
        schema.add(field(choice, f"{number}. {question['text']}", name=f"vraag-{number}"))
    return schema


def practice_cases(lesson: Text) -> list[Json]:
    """Return the practice cases of a lesson, in the order in which it names them."""
    by_reference = {case["kenmerk"]: case for case in cases()}
    return [by_reference[reference] for reference in lesson.more["cases"]]


@page_view(Course, "", NO_PERMISSION_REQUIRED, "templates/course.jinja2")
def course_view(context: Course, request: Request) -> dict[str, Any]:
    """Show the lessons, and which of them were passed."""
    return _page(request, _passed_in(request))


@form_view(Lesson, "", NO_PERMISSION_REQUIRED, "templates/lesson.jinja2")
def lesson_view(context: Lesson, request: Request) -> Any:
    """Show a lesson with its test; after that, what was right and why."""
    number, text, before = str(context.__name__), context.text, _passed_in(request)
    buttons = [Button("nakijken", _("Antwoorden nakijken"))]
    form = Form(questions_schema(text), request, buttons=buttons, action=request.path_qs)
    filled = _filled(text)
    page = {
        "number": number,
        "lesson": filled,
        "html": html_of(filled),
        "touches_victims": text.more["touches_victims"],
        "cases": practice_cases(text),
        "words": vocabulary,
        "marks": None,
    }

    def on_valid(values: dict[str, str]) -> Any:
        marks = [*zip(text.more["questions"], map(int, values.values()), strict=True)]
        right = sum(question["right"] == answer for question, answer in marks)
        passes = right >= len(marks) - MOST_WRONG
        passed = before | {number} if passes else before
        result = {"marks": marks, "right": right, "passes": passes}
        day = _note_finished(request, passed, newly=passed != before)
        return page | _page(request, passed) | result | {"trained_on": day}

    return handle_form(request, form, on_valid, page | _page(request, before))


def _page(request: Request, passed: frozenset[str]) -> dict[str, Any]:
    """Return what both pages show. `carried`: follows an address, so that the next page knows."""
    sealed = request.registry.key_ring.encrypt(PURPOSE, "".join(sorted(passed)), _owner(request))
    return {
        "branding": Branding(),
        "lessons": lessons(),
        "minutes": LESSON_MINUTES,
        "passed": passed,
        "finished": passed == lessons().keys(),
        "carried": f"?{urlencode({PASSED: sealed})}" if passed else "",
    }


def _passed_in(request: Request) -> frozenset[str]:
    """Return the numbers of the lessons that were passed, as the address holds them."""
    sealed = dict(query_pairs(request)).get(PASSED, "")
    try:
        return frozenset(request.registry.key_ring.decrypt(PURPOSE, sealed, _owner(request)))
    except DecryptionError:
        return frozenset()


def _owner(request: Request) -> str:
    """Return the account that passes are of; those of a stranger count for no account."""
    return str(request.identity.user_id) if request.identity else ""


def _note_finished(request: Request, passed: frozenset[str], *, newly: bool) -> date | None:
    """Note the day on which somebody who is signed in passed the last lesson; return the day.

    Who finished before the account was made, has it noted with the next test.
    """
    who, today = request.identity, local_date(utc_now())
    if who is None or passed != lessons().keys():
        return None
    known = request.db.get_one(User, who.user_id).trained_on
    if known is None or (newly and known != today):
        set_trained(request.db, request.actor, who.holders, who.user_id, today)
        return today
    return known


@page_view(Course, "pdf", NO_PERMISSION_REQUIRED, "string")
@page_view(Lesson, "pdf", NO_PERMISSION_REQUIRED, "string")
def pdf_view(context: Course | Lesson, request: Request) -> Any:
    """Return a lesson as PDF, or all of them as one."""
    texts, title, name = [*lessons().values()], TITLE, NAME
    if isinstance(context, Lesson):
        texts, title, name = [context.text], context.title, f"{NAME}-{context.text.name}"
    filled = [_filled(_on_paper(text)) for text in texts]
    return answer(request, f"{name}.pdf", lambda: pdf_of(request, filled, title))


def _on_paper(lesson: Text) -> Text:
    """Return a lesson with its practice cases, and after all of them the model answers."""
    parts, rows = [lesson.body], practice_cases(lesson)
    for title, key in (("Oefenmeldingen", "verhaal"), ("Uitwerking", "uitwerking")):
        parts += [f"## {title}", *(f"**{row['kenmerk']}.** {row[key]}" for row in rows)]
    return replace(lesson, body="\n\n".join(parts))


def _filled(lesson: Text) -> Filled:
    return fill_in(lesson, {"product": VERSION, "owner": DESK})
