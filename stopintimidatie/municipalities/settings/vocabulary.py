"""A municipality's own questions, for the app and for triage, and the answers that fit. Pure.

A question never changes: other words or choices make another question, with another id. So an
answer always belongs to the question as it was asked. Own questions are never obligatory, so that
they keep no frightened person from reporting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import colander

from stopintimidatie.core.forms.types import Flag, ManyOf, OneOf, Text, Type
from stopintimidatie.core.registry import Directive, keyed_as

LONGEST_ANSWER: Final = 500
MOST_QUESTIONS: Final = 20
MOST_CHOICES: Final = 20


class Kind(StrEnum):
    """Kind of a question, by how it is answered."""

    CHOICE = "keuze"
    SEVERAL = "meerkeuze"
    TEXT = "tekst"
    YES_NO = "ja_nee"

    @property
    def label(self) -> str:
        """The kind as people read it."""
        return _KINDS[self]


_KINDS: Final = {
    Kind.CHOICE: "één keuze",
    Kind.SEVERAL: "meer keuzes",
    Kind.TEXT: "korte tekst",
    Kind.YES_NO: "ja of nee",
}
USES: Final = {"app": "In de app, aan de melder", "triage": "Bij het beoordelen, aan de medewerker"}


@dataclass(frozen=True)
class Question:
    """A question with its words by language; each choice is a code with its words by language."""

    id: str
    owner: str
    use: str
    kind: Kind
    words: Mapping[str, str]
    help: Mapping[str, str]
    choices: tuple[tuple[str, Mapping[str, str]], ...] = ()

    def said(self, answer: Any) -> str:
        """Return an answer in Dutch words, for an officer."""
        if answer is None:
            return "niet beantwoord"
        if self.kind is Kind.YES_NO:
            return "ja" if answer else "nee"
        words = {code: label["nl"] for code, label in self.choices}
        chosen = [answer] if isinstance(answer, str) or not isinstance(answer, Sequence) else answer
        return ", ".join(words.get(str(code), str(code)) for code in chosen)


def question_of(question_id: str, owner: str, content: Mapping[str, Any]) -> Question:
    """Return a question from its stored content."""
    return Question(
        question_id,
        owner,
        content["gebruik"],
        Kind(content["soort"]),
        content["vraag"],
        content.get("uitleg", {}),
        tuple((choice["code"], choice["label"]) for choice in content.get("keuzes", ())),
    )


YES_NO: Final = (("ja", "ja"), ("nee", "nee"))


def answer_type(question: Question, language: str = "nl", *, json: bool = False) -> Type:
    """Return the type of an answer, for the field of a form or for what an app sends.

    Choices without words in this language are Dutch.
    """
    choices = [(code, label.get(language) or label["nl"]) for code, label in question.choices]
    match question.kind:
        case Kind.CHOICE:
            return OneOf(choices, radio=True, json=json)
        case Kind.SEVERAL:
            return ManyOf(choices, json=json)
        case Kind.YES_NO:
            return Flag(json=True) if json else OneOf(YES_NO, radio=True)
    return Text(LONGEST_ANSWER, lines=True, json=json)


def fault_of(question: Question, answer: Any) -> str | None:
    """Return why an app's answer doesn't fit the question; None when it fits, or is no answer."""
    try:
        if answer is not None:
            answer_type(question, json=True).deserialize(None, answer)
    except colander.Invalid as invalid:
        if question.kind is Kind.SEVERAL and (invalid.children or not isinstance(answer, list)):
            codes = ", ".join(code for code, _ in question.choices)
            return f"Geef een lijst met codes uit: {codes}."
        return str(invalid.msg)
    return None


# Vocabularies of reports, which a higher room registers: `vormen`, `leeftijden` and `talen`

Choices = list[tuple[str, str]]


PUBLIC_VOCABULARIES: Final = Directive[str, Choices](
    "add_public_vocabulary", "public_vocabularies", keyed_as(list)
)


def vocabulary(request: Any, name: str) -> Choices:
    """Return the codes of a public vocabulary with their Dutch labels."""
    return PUBLIC_VOCABULARIES.of(request.registry)[name]
