"""What to ask a reporter, and in which words: the answer of `GET /formulier`.

The vocabularies are those of the message that the intake checks, found by walking through it. So
what is offered and what is accepted can't drift apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import colander
from sqlalchemy.orm import Session

from stopintimidatie.intake.answers import (
    ChoiceAnswer,
    EmergencyAnswer,
    FormAnswer,
    HelpLineForAnswer,
    LanguageAnswer,
    QuestionAnswer,
    TermAnswer,
    VocabularyAnswer,
)
from stopintimidatie.intake.fields import Code
from stopintimidatie.intake.receipts import about_municipality
from stopintimidatie.intake.schema import MESSAGE
from stopintimidatie.municipalities.default_texts import EMERGENCY, EMERGENCY_QUESTION
from stopintimidatie.municipalities.published import Published, fallback_of, in_language
from stopintimidatie.municipalities.questions import Question
from stopintimidatie.municipalities.reading import published_for
from stopintimidatie.municipalities.words import let_op
from stopintimidatie.register.queries import municipality_by_code
from stopintimidatie.reports.vocabulary import FORMS_BY_GROUP, Language, Term


def form_answer(session: Session, code: str | None, wanted: str) -> FormAnswer | None:
    """The form for a municipality, or without one; None when there is no such municipality."""
    municipality = municipality_by_code(session, code) if code is not None else None
    if code is not None and municipality is None:
        return None
    published = published_for(session, code)
    language = published.language(wanted)
    name = municipality.name if municipality else None
    return FormAnswer(
        municipality=about_municipality(municipality.code, municipality.name, published)
        if municipality
        else None,
        language=language,
        languages=tuple(
            LanguageAnswer(code=known, name=Language.of(known).public)
            for known in published.languages
        ),
        emergency=_emergency(language),
        warning=let_op(published, name, wanted) if name is not None else None,
        vocabularies=_vocabularies(fallback_of(language)),
        questions=tuple(_question(asked, language) for asked in published.questions("app")),
        help_lines=_help_lines(published, language),
    )


def _emergency(language: str) -> EmergencyAnswer:
    words = EMERGENCY_QUESTION[fallback_of(language)]
    return EmergencyAnswer(
        question=words["vraag"], about=words["uitleg"], phone=EMERGENCY["telefoon"]
    )


def _question(question: Question, language: str) -> QuestionAnswer:
    return QuestionAnswer(
        id=question.id,
        kind=question.kind.value,
        question=in_language(question.words, language),
        about=in_language(question.help, language) if question.help.get("nl") else "",
        choices=tuple(
            ChoiceAnswer(code=code, label=in_language(label, language))
            for code, label in question.choices
        ),
    )


def _help_lines(published: Published, language: str) -> tuple[HelpLineForAnswer, ...]:
    return tuple(
        HelpLineForAnswer(
            name=line.name, phone=line.phone, about=line.about, ages=line.ages, forms=line.forms
        )
        for line in published.help_lines(language)
    )


@cache
def _vocabularies(language: str) -> tuple[VocabularyAnswer, ...]:
    """Every field of the message that takes a code, with the codes it takes."""
    groups = {form.value: group.value for group, forms in FORMS_BY_GROUP.items() for form in forms}
    return tuple(
        VocabularyAnswer(
            field=name,
            several=several,
            terms=tuple(
                TermAnswer(
                    code=code,
                    label=term.label(language),
                    group=groups.get(code) if name == "vormen" else None,
                )
                for code, term in terms.items()
            ),
        )
        for name, terms, several in _coded(MESSAGE, "")
    )


def _coded(node: colander.SchemaNode, path: str) -> Iterator[tuple[str, dict[str, Term], bool]]:
    for child in node.children:
        name = f"{path}.{child.name}".strip(".")
        if isinstance(child.typ, Code):
            yield name, child.typ.terms, child.name == ""
        else:
            yield from _coded(child, name)
