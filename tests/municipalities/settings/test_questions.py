"""Own questions: what answers fit, what a form makes of them, how an officer reads them."""

from __future__ import annotations

from typing import Any

import pytest

from stopintimidatie.municipalities.settings.forms import choices_of
from stopintimidatie.municipalities.settings.queries import (
    OFFICER,
    REPORTER,
    answers_by,
    free_texts,
    stored_answers,
    with_answers_of,
)
from stopintimidatie.municipalities.settings.vocabulary import Kind, Question, fault_of
from stopintimidatie.reports.triage.forms import answers_filled_in, answers_given

CHOICES = (("fietspad", {"nl": "Fietspad"}), ("stoep", {"nl": "Stoep"}))


def question(kind: Kind) -> Question:
    return Question("vraag000001", "GM0505", "app", kind, {"nl": "Waar?"}, {}, CHOICES)


@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [
        (Kind.CHOICE, ["fietspad", None], ["weg", ["fietspad"], True, 1, ""]),
        (
            Kind.SEVERAL,
            [["stoep", "fietspad"], [], None],
            ["stoep", ["x"], ["stoep", "stoep"], [1]],
        ),
        (Kind.TEXT, ["x" * 500, None], ["x" * 501, True, ["x"]]),
        (Kind.YES_NO, [True, False, None], ["ja", 1, []]),
    ],
)
def test_an_answer_fits_the_kind_of_its_question(
    kind: Kind, good: list[Any], wrong: list[Any]
) -> None:
    assert [answer for answer in good if fault_of(question(kind), answer)] == []
    assert [answer for answer in wrong if not fault_of(question(kind), answer)] == []


def test_an_officer_reads_words_and_no_codes() -> None:
    assert question(Kind.CHOICE).said("stoep") == "Stoep"
    assert question(Kind.SEVERAL).said(["stoep", "fietspad"]) == "Stoep, Fietspad"
    assert question(Kind.YES_NO).said(False) == "nee"
    assert question(Kind.TEXT).said(None) == "niet beantwoord"


def test_choices_are_read_line_by_line_with_english_behind_a_bar() -> None:
    assert choices_of("Op het plein | In the square\n\nÉlders\n☺") == [
        {"code": "op_het_plein", "label": {"nl": "Op het plein", "en": "In the square"}},
        {"code": "elders", "label": {"nl": "Élders"}},
        {"code": "keuze_3", "label": {"nl": "☺"}},
    ]


def test_answers_of_reporter_and_officer_stay_apart() -> None:
    stored = stored_answers((("vraag1", "Tekst."), ("vraag2", None)), REPORTER)
    both = with_answers_of(stored, OFFICER, {"vraag3": ["a"]})
    assert answers_by(both, REPORTER) == {"vraag1": "Tekst.", "vraag2": None}
    assert answers_by(both, OFFICER) == {"vraag3": ["a"]}
    assert answers_by(with_answers_of(both, OFFICER, {}), OFFICER) == {}
    assert free_texts(both) == ["Tekst."]
    assert stored_answers((), REPORTER) is None


def test_triage_keeps_answers_to_questions_that_are_asked_no_more() -> None:
    asked = [question(Kind.YES_NO)]
    given = answers_given(asked, {"vraag000001": "nee"}, {"vraag000009": "oud"})
    assert given == {"vraag000009": "oud", "vraag000001": False}
    assert answers_filled_in(asked, given) == {"vraag000001": "nee"}
    assert answers_given(asked, {"vraag000001": None}, given) == {"vraag000009": "oud"}
