"""A municipality's own questions, for the app and for triage: what they are, what answers fit.

A question never changes: other words, other choices make another question, with another name. So
an answer always belongs to the question as it was asked. Own questions are never obligatory: a
frightened person isn't kept from reporting by them. Pure.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from stopintimidatie.core.registry import Directive

LONGEST_ANSWER: Final = 500
MOST_QUESTIONS: Final = 20
MOST_CHOICES: Final = 20


class Kind(StrEnum):
    """Kind of question: how it is answered."""

    CHOICE = "keuze"
    SEVERAL = "meerkeuze"
    TEXT = "tekst"
    YES_NO = "ja_nee"

    @property
    def label(self) -> str:
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
    """One question with its words per language; choices are (code, words per language)."""

    id: str
    owner: str
    use: str
    kind: Kind
    words: Mapping[str, str]
    help: Mapping[str, str]
    choices: tuple[tuple[str, Mapping[str, str]], ...] = ()

    def said(self, answer: Any) -> str:
        """Say an answer in Dutch words, for an officer."""
        if answer is None:
            return "niet beantwoord"
        if self.kind is Kind.YES_NO:
            return "ja" if answer else "nee"
        words = {code: label["nl"] for code, label in self.choices}
        chosen = (
            answer if isinstance(answer, Sequence) and not isinstance(answer, str) else [answer]
        )
        return ", ".join(words.get(str(code), str(code)) for code in chosen)


def new_question_id() -> str:
    """Draw a name that no other question has, short enough to be sent along."""
    return f"vraag{secrets.token_hex(3)}"


def question_of(question_id: str, owner: str, content: Mapping[str, Any]) -> Question:
    """Return a question as it is stored."""
    return Question(
        question_id,
        owner,
        content["gebruik"],
        Kind(content["soort"]),
        content["vraag"],
        content.get("uitleg", {}),
        tuple((choice["code"], choice["label"]) for choice in content.get("keuzes", ())),
    )


def fault_of(question: Question, answer: Any) -> str | None:
    """Return why this answer doesn't fit the question; None when it does, or says nothing."""
    if answer is None:
        return None
    codes = [code for code, _ in question.choices]
    match question.kind:
        case Kind.YES_NO:
            right = isinstance(answer, bool)
            return None if right else "Hier hoort true of false te staan, zonder aanhalingstekens."
        case Kind.CHOICE:
            right = isinstance(answer, str) and answer in codes
            return None if right else f"Kies een van: {', '.join(codes)}."
        case Kind.SEVERAL:
            right = isinstance(answer, list) and all(
                isinstance(code, str) and code in codes for code in answer
            )
            if not right:
                return f"Geef een lijst met codes uit: {', '.join(codes)}."
            return None if len(set(answer)) == len(answer) else "Noem elke waarde maar één keer."
        case Kind.TEXT:
            if not isinstance(answer, str):
                return "Hier hoort een tekst te staan, tussen aanhalingstekens."
            if len(answer) > LONGEST_ANSWER:
                return f"Deze tekst is langer dan {LONGEST_ANSWER} tekens. Maak haar korter."
    return None


# Vocabularies of reports, a higher room: `config.add_public_vocabulary`

Choices = list[tuple[str, str]]


def _vocabulary(name: str, choices: Iterable[tuple[str, str]]) -> tuple[str, Choices]:
    """Return (code, Dutch label) pairs; names are `vormen`, `leeftijden` and `talen`."""
    return name, list(choices)


PUBLIC_VOCABULARIES: Final = Directive[str, Choices](
    "add_public_vocabulary", "public_vocabularies", _vocabulary
)


def vocabulary(request: Any, name: str) -> Choices:
    """Return the codes with their labels."""
    return PUBLIC_VOCABULARIES.of(request.registry)[name]
