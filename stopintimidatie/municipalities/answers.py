"""Answers to own questions: checked against the question as it was asked. Pure, but for the asking.

An answer names its question, and a question never changes. So whichever version of the list an app
was served, its answers are judged by what that version asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from stopintimidatie.municipalities.published import Published
from stopintimidatie.municipalities.questions import Question, fault_of
from stopintimidatie.municipalities.reading import questions_by_id
from stopintimidatie.storage.session import transaction

NO_QUESTION: Final = (
    "Deze vraag hoort niet bij de gemeente van deze plek. Haal het formulier van die gemeente op,"
    " of laat dit antwoord weg."
)
REPORTER: Final = "melder"
OFFICER: Final = "behandelaar"
Answers = Sequence[tuple[str, Any]]


def asked_questions(
    engine: Engine, published: Published, ids: Iterable[str]
) -> Mapping[str, Question]:
    """The questions of these names; of the database only those that aren't asked any more."""
    known = {question.id: question for question in published.own.questions}
    missing = [name for name in ids if name not in known]
    if not missing:
        return known
    with transaction(engine, write=False) as session:
        return {**known, **questions_by_id(session, missing)}


def faults_of(
    published: Published, questions: Mapping[str, Question], answers: Answers
) -> dict[str, str]:
    """What is wrong, by the name of the question.

    A report without a municipality may answer questions of any: the app asked those of the one
    that the reporter thought of.
    """
    owner = published.profile.code if published.profile is not None else None
    found = {}
    for name, answer in answers:
        question = questions.get(name)
        if question is None or question.use != "app" or owner not in (None, question.owner):
            found[name] = NO_QUESTION
        elif fault := fault_of(question, answer):
            found[name] = fault
    return found


def stored_answers(answers: Answers, said_by: str) -> list[dict[str, Any]] | None:
    """As a report keeps them: question, answer, and who answered."""
    return [
        {"vraag": name, "antwoord": answer, "door": said_by} for name, answer in answers
    ] or None


def answers_by(stored: Iterable[Mapping[str, Any]] | None, said_by: str) -> dict[str, Any]:
    """The answers of the reporter (`melder`) or at triage (`behandelaar`), by question."""
    return {row["vraag"]: row["antwoord"] for row in stored or () if row.get("door") == said_by}


def in_words(
    session: Session, stored: Iterable[Mapping[str, Any]] | None, said_by: str
) -> list[tuple[str, str]]:
    """Questions with their answers, in Dutch, for an officer; as they were asked then."""
    answers = answers_by(stored, said_by)
    questions = questions_by_id(session, answers)
    return [
        (
            questions[name].words["nl"] if name in questions else "Een eigen vraag",
            questions[name].said(answer) if name in questions else _plain(answer),
        )
        for name, answer in answers.items()
    ]


def answers_in_words(session: Session, answers: Mapping[str, Any]) -> dict[str, str]:
    """The same for answers at hand."""
    return dict(in_words(session, stored_answers(tuple(answers.items()), OFFICER), OFFICER))


def with_answers_of(
    stored: Iterable[Mapping[str, Any]] | None, said_by: str, answers: Mapping[str, Any]
) -> list[dict[str, Any]] | None:
    """What is stored, with the answers of one of the two replaced."""
    others = [dict(row) for row in stored or () if row.get("door") != said_by]
    return [*others, *(stored_answers(tuple(answers.items()), said_by) or ())] or None


def _plain(answer: Any) -> str:
    return ", ".join(map(str, answer)) if isinstance(answer, list) else str(answer)


def free_texts(stored: Iterable[Mapping[str, Any]] | None) -> list[str]:
    """What the reporter typed: free text, to be looked at as such."""
    return [row["antwoord"] for row in stored or () if isinstance(row.get("antwoord"), str)]
