"""The form of a municipality's own question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import colander

from stopintimidatie.municipalities.editing import add_moment
from stopintimidatie.municipalities.forms import add_words
from stopintimidatie.municipalities.languages import typed_words, used_in, words_of
from stopintimidatie.municipalities.questions import (
    MOST_CHOICES,
    MOST_QUESTIONS,
    USES,
    Kind,
    Question,
)
from stopintimidatie.municipalities.vocabularies import Choices
from stopintimidatie.register.names import slugify
from stopintimidatie.web import forms
from stopintimidatie.web.forms import Schema, field

LONGEST_WORDS: Final = 200
LONGEST_LABEL: Final = 80
BETWEEN: Final = "|"
_CODED: Final = re.compile(r"(de|fr|tr|ar|pl|uk|es|pap|en):\s*(.+)")


def question_schema(languages: Choices) -> Any:
    """Words in Dutch and in these languages, kind, choices, place."""
    schema = Schema()
    schema.add(
        field(forms.OneOf(USES.items(), radio=True), "Waar stelt u de vraag?", name="gebruik")
    )
    schema.add(field(forms.Text(LONGEST_WORDS), "Vraag", name="vraag"))
    add_words(schema, "Vraag", "vraag", LONGEST_WORDS, languages)
    schema.add(field(forms.Text(LONGEST_WORDS), "Uitleg", name="uitleg", missing=None))
    add_words(schema, "Uitleg", "uitleg", LONGEST_WORDS, languages)
    kinds = [(kind.value, kind.label) for kind in Kind]
    schema.add(field(forms.OneOf(kinds, radio=True), "Soort antwoord", name="soort"))
    schema.add(
        field(
            forms.Text(4_000, lines=True),
            "Keuzes",
            description="Bij één of meer keuzes: elke keuze op een eigen regel. Engels schrijft u"
            f" erachter, na een {BETWEEN}; een andere taal met haar code ervoor. Bijvoorbeeld: Op"
            f" straat {BETWEEN} In the street {BETWEEN} tr: Sokakta",
            name="keuzes",
            missing=None,
            widget=forms.TextArea(rows=6),
        )
    )
    schema.add(field(forms.Integer(1, MOST_QUESTIONS), "Plaats in de lijst", name="plaats"))
    add_moment(schema)
    schema.validator = _choices_fit
    return schema


def _choices_fit(node: Any, values: Mapping[str, Any]) -> None:
    """Choices where the kind asks for them, each different and not too long."""
    choices = choices_of(values["keuzes"])
    labels = [label for choice in choices for label in choice["label"].values()]
    problem = None
    if values["soort"] not in (Kind.CHOICE, Kind.SEVERAL):
        problem = "Haal de keuzes weg: bij dit soort antwoord zijn ze er niet." if choices else None
    elif len(choices) < 2:
        problem = "Schrijf ten minste twee keuzes op, elk op een eigen regel."
    elif len(choices) > MOST_CHOICES:
        problem = f"Schrijf hoogstens {MOST_CHOICES} keuzes op."
    elif len({choice["code"] for choice in choices}) < len(choices):
        problem = "Twee keuzes zijn hetzelfde. Maak ze verschillend."
    elif any(len(label) > LONGEST_LABEL for label in labels):
        problem = f"Maak elke keuze hoogstens {LONGEST_LABEL} tekens lang."
    if problem:
        error = colander.Invalid(node)
        error["keuzes"] = problem
        raise error


def choices_of(text: str | None) -> list[dict[str, Any]]:
    """One choice a line: its code follows from its Dutch words."""
    found: list[dict[str, Any]] = []
    for line in (text or "").splitlines():
        dutch, *others = (part.strip() for part in line.split(BETWEEN))
        if dutch:
            label = {"nl": dutch, **dict(_in_another(part) for part in others if part)}
            code = slugify(dutch).replace("-", "_")[:60] or f"keuze_{len(found) + 1}"
            found.append({"code": code, "label": label})
    return found


def _in_another(part: str) -> tuple[str, str]:
    """Language and words: `tr: Sokakta`; without a code it is English."""
    found = _CODED.fullmatch(part)
    return (found.group(1), found.group(2)) if found else ("en", part)


def content_of_question(values: Mapping[str, Any], languages: Choices) -> dict[str, Any]:
    """The question as it is stored."""
    return {
        "gebruik": values["gebruik"],
        "soort": values["soort"],
        "vraag": words_of(values, "vraag", languages),
        "uitleg": words_of(values, "uitleg", languages),
        "keuzes": choices_of(values["keuzes"]),
    }


def languages_of(question: Question | None) -> Sequence[str]:
    """The languages that a question has words in."""
    return used_in(question.words, question.help) if question else ()


def filled_in(question: Question, languages: Choices) -> dict[str, Any]:
    """The form of a question that is there already."""
    lines = [f" {BETWEEN} ".join(_said_in(label)) for _, label in question.choices]
    return {
        "gebruik": question.use,
        **typed_words("vraag", question.words, languages),
        **typed_words("uitleg", question.help, languages),
        "soort": question.kind.value,
        "keuzes": "\n".join(lines) or None,
    }


def _said_in(label: Mapping[str, str]) -> Iterable[str]:
    """A choice as it is typed: Dutch, English, then the others with their code."""
    yield label["nl"]
    if label.get("en"):
        yield label["en"]
    yield from (f"{code}: {words}" for code, words in label.items() if code not in ("nl", "en"))
