"""A step's form asks what the step asks, no more and no less."""

from datetime import date
from typing import Any

import deform
import pytest
from bs4 import BeautifulSoup
from pyramid.testing import DummyRequest
from webob.multidict import MultiDict

from stopintimidatie.core.forms import Form
from stopintimidatie.core.forms.transitions import derive_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import Term
from stopintimidatie.core.workflow import FieldKind, InputField, Transition

pytestmark = pytest.mark.usefixtures("pyramid_config")


class Course(Term):
    """States of the step that the tests ask about."""

    OPEN = "open", "open", "open"
    DONE = "klaar", "klaar", "done"


STEP = Transition(
    "afronden",
    "Afronden",
    frozenset({Course.OPEN}),
    Course.DONE,
    Permission.TRIAGE,
    (
        InputField("uitleg", "Uitleg"),
        InputField("wie", "Wie", FieldKind.LINE),
        InputField("dag", "Dag", FieldKind.DATE, required=False),
        InputField("uitkomst", "Uitkomst", FieldKind.CHOICE, options="outcomes"),
        InputField("anders", "Namelijk", when=("uitkomst", frozenset({"anders"}))),
        InputField("melding", "Melding", FieldKind.DOCUMENT, required=False),
    ),
)
OPTIONS = {"outcomes": (("goed", "goed"), ("anders", "anders"))}


def made(**kw: Any) -> Form:
    request = DummyRequest(post=MultiDict())
    return derive_form(STEP, OPTIONS, request, version=7, **kw)


def answers(**values: str) -> list[tuple[str, str]]:
    plain = {"uitleg": "zo was het", "wie": "boa", "uitkomst": "goed", "versie": "7"}
    return list({**plain, **values}.items())


def test_the_answers_come_back_under_the_names_of_the_step() -> None:
    values = made().validate(answers(dag="2026-11-24"))
    assert values == {
        "uitleg": "zo was het",
        "wie": "boa",
        "dag": date(2026, 11, 24),
        "uitkomst": "goed",
        "anders": None,
        "melding": None,
        "versie": 7,
    }


def test_a_field_that_hangs_on_the_choice_before_it_is_asked_with_that_answer_only() -> None:
    html = BeautifulSoup(made().render(), "html.parser")
    (group,) = html.select(".si-opens")
    assert [legend.get_text() for legend in group.select("legend")] == ["Bij ‘anders’"]
    assert [field["name"] for field in group.select("[name]")] == ["anders"]
    (opens,) = html.select("[data-opent]")
    assert (opens["name"], opens["value"]) == ("uitkomst", "anders")


def test_the_button_is_named_after_the_step_and_the_version_travels_along() -> None:
    html = made().render()
    assert ">Afronden</button>" in html
    assert 'name="versie" value="7"' in html


def test_a_field_that_hangs_on_another_is_asked_for_then_only() -> None:
    form = made()
    with pytest.raises(deform.ValidationFailure):
        form.validate(answers(uitkomst="anders"))
    assert [error.message for error in form.error_list] == ["Vul ‘Namelijk’ in."]
    assert made().validate(answers(uitkomst="anders", anders="een gesprek"))["anders"]


def test_what_is_known_already_counts_as_an_answer() -> None:
    step = Transition(
        "starten",
        "Starten",
        frozenset({Course.OPEN}),
        Course.DONE,
        Permission.TRIAGE,
        (InputField("advies", "Advies", when=("soort", frozenset({"streng"}))),),
    )
    strict = derive_form(step, {}, DummyRequest(), version=1, given={"soort": "streng"})
    with pytest.raises(deform.ValidationFailure):
        strict.validate([])
    light = derive_form(step, {}, DummyRequest(), version=1, given={"soort": "licht"})
    assert light.validate([])["advies"] is None


def test_a_field_that_is_left_out_is_not_asked() -> None:
    form = made(leave_out=frozenset({"uitleg"}))
    assert "uitleg" not in form.validate(answers())
    assert 'name="uitleg"' not in form.render()
