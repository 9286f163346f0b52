"""The municipality's own questions on the triage form: as fields, and their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from stopintimidatie.municipalities.asking import answer_given, question_field
from stopintimidatie.municipalities.questions import Kind, Question
from stopintimidatie.web.forms import Schema

OWN: Final = "eigen"


def own_questions(questions: Sequence[Question]) -> Any:
    """A part of the form; none of it is obligatory."""
    part = Schema(title="Vragen van uw gemeente", name=OWN)
    for question in questions:
        part.add(question_field(question))
    return part


def answers_filled_in(questions: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that are there, as the fields show them."""
    return {
        question.id: _shown(question, answers[question.id])
        for question in questions
        if question.id in answers
    }


def _shown(question: Question, answer: Any) -> Any:
    if question.kind is Kind.YES_NO and answer is not None:
        return "ja" if answer else "nee"
    return answer


def answers_given(
    questions: Sequence[Question], values: Mapping[str, Any], present: Mapping[str, Any]
) -> dict[str, Any]:
    """The answers to what is asked now; those to earlier questions stay."""
    asked = {question.id for question in questions}
    kept = {name: answer for name, answer in present.items() if name not in asked}
    for question in questions:
        answer = answer_given(question, values.get(question.id))
        if answer is not None:
            kept[question.id] = answer
    return kept
