"""Answers to a municipality's own questions, as a field of the message: by their form alone.

Whether the question is one of the place's municipality, and the answer one of its choices, is
known when the place is: `municipalities.answers`.
"""

from __future__ import annotations

import re
from typing import Any, Final

import colander

from stopintimidatie.intake.fields import NO_NUL, Description, Text, Type, collect
from stopintimidatie.municipalities.questions import LONGEST_ANSWER, MOST_CHOICES

QUESTION_NAME: Final = "^vraag[0-9a-f]{6}$"


class OwnAnswers(Type):
    """Answers by the name of their question; which question it is, only its municipality knows."""

    most = 40

    def check(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError("Hier hoort een object te staan.")
        if len(value) > self.most:
            raise ValueError(f"Geef hoogstens {self.most} antwoorden.")
        return value

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        answers = super().deserialize(node, cstruct)
        if answers is colander.null:
            return answers
        members = ((colander.SchemaNode(OwnAnswer(), name=name), answers[name]) for name in answers)
        return collect(node, members, None)

    def describe(self, node: colander.SchemaNode) -> Description:
        answer = [
            {"type": ["boolean", "null"]},
            {"type": "string", "maxLength": LONGEST_ANSWER, "pattern": NO_NUL},
            {"type": "array", "maxItems": MOST_CHOICES, "items": {"type": "string"}},
        ]
        return {
            "type": "object",
            "maxProperties": self.most,
            "patternProperties": {QUESTION_NAME: {"anyOf": answer}},
            "additionalProperties": False,
        }


class OwnAnswer(Type):
    """One of them, by its form alone."""

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        if not re.fullmatch(QUESTION_NAME.strip("^$"), node.name, re.ASCII):
            raise colander.Invalid(node, "Deze vraag bestaat niet. Laat haar weg.")
        if cstruct is None or isinstance(cstruct, bool):
            return cstruct
        parts = cstruct if isinstance(cstruct, list) else [cstruct]
        text = Text(LONGEST_ANSWER)
        if len(parts) > MOST_CHOICES:
            raise colander.Invalid(node, f"Kies er hoogstens {MOST_CHOICES}.")
        try:
            checked = [text.check(part) for part in parts]
        except ValueError as e:
            raise colander.Invalid(node, str(e)) from None
        kept = [part for part in checked if part is not colander.null]
        return kept if isinstance(cstruct, list) else (kept[0] if kept else None)
