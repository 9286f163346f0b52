"""A municipality's own question as a field of a form, and what was answered."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.municipalities.questions import LONGEST_ANSWER, Kind, Question
from stopintimidatie.web import forms
from stopintimidatie.web.forms import field

YES_NO: Final = (("ja", "ja"), ("nee", "nee"))


def question_field(question: Question, language: str = "nl") -> Any:
    """The field; no question of a municipality's own is obligatory.

    :param language: where the municipality gave no words in it, they are Dutch.
    """
    kind, missing = _kind(question, language)
    return field(
        kind,
        question.words.get(language) or question.words["nl"],
        description=question.help.get(language) or question.help.get("nl", ""),
        name=question.id,
        missing=missing,
    )


def answer_given(question: Question, value: Any) -> Any:
    """What the field gave, as it is kept; None when nothing was answered."""
    if value in (None, (), []):
        return None
    return value == "ja" if question.kind is Kind.YES_NO else value


def _kind(question: Question, language: str) -> tuple[Any, Any]:
    choices = [(code, label.get(language) or label["nl"]) for code, label in question.choices]
    match question.kind:
        case Kind.CHOICE:
            return forms.OneOf(choices, radio=True), None
        case Kind.SEVERAL:
            return forms.ManyOf(choices), ()
        case Kind.YES_NO:
            return forms.OneOf(YES_NO, radio=True), None
    return forms.Text(LONGEST_ANSWER, lines=True), None
