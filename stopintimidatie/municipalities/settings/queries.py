"""Reading the settings that count now, and answers to own questions.

The settings of an owner are cached in the process. The number of its versions that count, with the
moment the newest was made (a stamp), tells whether the cache is up to date. So each reading costs
one small query, and a changed text counts at once in every process.

An answer names its question, and a question never changes. So an app may still send answers to
questions that a newer version of the list leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, Label, Select, bindparam, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.session import reads_only, transaction
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.municipalities.levels.models import MunicipalityProfile
from stopintimidatie.municipalities.levels.services import empty_profile
from stopintimidatie.municipalities.settings.models import (
    MunicipalityLogo,
    MunicipalityQuestion,
    MunicipalitySetting,
    TownRegister,
)
from stopintimidatie.municipalities.settings.rules import (
    NOTHING,
    Contents,
    Part,
    Published,
)
from stopintimidatie.municipalities.settings.vocabulary import Question, fault_of, question_of

Stamp = tuple[int, datetime | None]
_kept: WeakKeyDictionary[Engine, dict[str, tuple[Stamp, Contents]]] = WeakKeyDictionary()


def published_for(session: Session, code: str | None) -> Published:
    """Return the settings that count now for a municipality; for None, those of the desk.

    A page asks once, for its session writes nothing in between.
    """
    known: dict[str | None, Published] = session.info.setdefault(published_for, {})
    kept = known if reads_only(session) else {}
    if code not in kept:
        kept[code] = _asked(session, code)
    return kept[code]


def _asked(session: Session, code: str | None) -> Published:
    now = utc_now()
    row = session.execute(_stamps(), {"own": code or "", "now": now}).one()
    return Published(
        (row.MunicipalityProfile or empty_profile(code)) if code else None,
        _contents(session, code or "", (row.own_number, row.own_newest), now),
        _contents(session, NATIONAL, (row.national_number, row.national_newest), now),
        row.telephone,
        row.wrong or (),
    )


# Built once: every page asks it.
@cache
def _stamps() -> Select[Any]:
    """Build the query for a municipality's profile, its stamp and the desk's at a moment."""
    now: Any = bindparam("now")
    own: Any = bindparam("own")
    always = select(own.label("code")).subquery()
    return select(
        *version_columns(own, now, "own"),
        *version_columns(NATIONAL, now, "national"),
        MunicipalityProfile,
        TownRegister.telephone,
        TownRegister.wrong,
    ).select_from(
        always.outerjoin(MunicipalityProfile, MunicipalityProfile.code == always.c.code).outerjoin(
            TownRegister, TownRegister.code == always.c.code
        )
    )


def version_columns(owner: Any, now: Any, name: str) -> tuple[Label[Any], ...]:
    """Return the columns of an owner's stamp, for a query of somebody else."""
    versions = select(MunicipalitySetting).where(*_counting(owner, now))
    number = versions.with_only_columns(func.count())
    newest = versions.with_only_columns(func.max(MunicipalitySetting.recorded_at))
    return (
        number.scalar_subquery().label(f"{name}_number"),
        newest.scalar_subquery().label(f"{name}_newest"),
    )


def kept_or_read(engine: Engine, owner: str, row: Any, name: str) -> Contents:
    """Return the settings of an owner, for a caller whose row has the columns of its stamp.

    The `name` is the one that `version_columns` was given.
    """
    stamp = getattr(row, f"{name}_number"), getattr(row, f"{name}_newest")
    kept = _kept_for(engine, owner, stamp)
    if kept is not None:
        return kept
    with transaction(engine, write=False) as session:
        return _contents(session, owner, stamp, utc_now())


def _contents(session: Session, owner: str, stamp: Stamp, now: datetime) -> Contents:
    engine = session.get_bind().engine
    contents = _kept_for(engine, owner, stamp)
    if contents is None:
        contents = _read(session, owner, now)
        _kept.setdefault(engine, {})[owner] = stamp, contents
    return contents


def _kept_for(engine: Engine, owner: str, stamp: Stamp) -> Contents | None:
    if stamp[0] == 0:
        return NOTHING
    known, contents = _kept.get(engine, {}).get(owner, (None, None))
    return contents if known == stamp else None


def _read(session: Session, owner: str, now: datetime) -> Contents:
    rows = session.scalars(
        select(MunicipalitySetting)
        .where(*_counting(owner, now))
        .order_by(MunicipalitySetting.effective_from, MunicipalitySetting.number)
    )
    # A later version of a part replaces the earlier one.
    parts = {row.part: row.content for row in rows}
    ids = parts.get(Part.QUESTIONS, {}).get("vragen", [])
    known = questions_by_id(session, ids)
    return Contents(parts, tuple(known[name] for name in ids if name in known))


def _counting(owner: Any, now: Any) -> tuple[ColumnElement[bool], ...]:
    return (
        MunicipalitySetting.owner == owner,
        MunicipalitySetting.effective_from <= now,
        MunicipalitySetting.withdrawn_at.is_(None),
    )


def questions_by_id(session: Session, ids: Iterable[str]) -> Mapping[str, Question]:
    """Return questions by id, whoever asked them and however long ago."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = session.scalars(select(MunicipalityQuestion).where(MunicipalityQuestion.id.in_(wanted)))
    return {row.id: question_of(row.id, row.owner, row.content) for row in rows}


@dataclass(frozen=True)
class Logo:
    """A logo to be served or put in a document."""

    content: bytes
    media_type: str


def logo_of(session: Session, code: str, published: Published | None = None) -> Logo | None:
    """Return the logo of a municipality that counts now, or None."""
    sha256 = (published or published_for(session, code)).logo
    row = session.get(MunicipalityLogo, (code, sha256)) if sha256 else None
    return None if row is None else Logo(row.content, row.media_type)


# Answers

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
    """Return these questions by id; query the database only for those not asked any more."""
    known = {question.id: question for question in published.own.questions}
    missing = [name for name in ids if name not in known]
    if not missing:
        return known
    with transaction(engine, write=False) as session:
        return {**known, **questions_by_id(session, missing)}


def faults_of(
    published: Published, questions: Mapping[str, Question], answers: Answers
) -> dict[str, str]:
    """Return what is wrong with the answers, by the id of their question.

    A report without a municipality may answer questions of any: the app asked those of the
    municipality that the reporter thought of.
    """
    owner = published.profile.code if published.profile is not None else None
    faults = {}
    for name, answer in answers:
        question = questions.get(name)
        if question is None or question.use != "app" or owner not in (None, question.owner):
            faults[name] = NO_QUESTION
        elif fault := fault_of(question, answer):
            faults[name] = fault
    return faults


def stored_answers(answers: Answers, said_by: str) -> list[dict[str, Any]] | None:
    """Return answers as a report stores them: question, answer, and who answered."""
    return [
        {"vraag": name, "antwoord": answer, "door": said_by} for name, answer in answers
    ] or None


def answers_by(stored: Iterable[Mapping[str, Any]] | None, said_by: str) -> dict[str, Any]:
    """Return the answers of the reporter (`melder`) or officer (`behandelaar`), by question."""
    return {row["vraag"]: row["antwoord"] for row in stored or () if row.get("door") == said_by}


def in_words(
    session: Session, stored: Iterable[Mapping[str, Any]] | None, said_by: str
) -> list[tuple[str, str]]:
    """Return questions as they were asked with their answers, in Dutch for an officer."""
    answers = answers_by(stored, said_by)
    questions = questions_by_id(session, answers)
    pairs = []
    for name, answer in answers.items():
        if question := questions.get(name):
            pairs.append((question.words["nl"], question.said(answer)))
        else:
            plain = ", ".join(map(str, answer)) if isinstance(answer, list) else str(answer)
            pairs.append(("Een eigen vraag", plain))
    return pairs


def answers_in_words(session: Session, answers: Mapping[str, Any]) -> dict[str, str]:
    """Return answers that aren't stored yet in words, as `in_words` does."""
    return dict(in_words(session, stored_answers(tuple(answers.items()), OFFICER), OFFICER))


def with_answers_of(
    stored: Iterable[Mapping[str, Any]] | None, said_by: str, answers: Mapping[str, Any]
) -> list[dict[str, Any]] | None:
    """Return the stored answers, with those of the reporter or the officer replaced."""
    others = [dict(row) for row in stored or () if row.get("door") != said_by]
    return [*others, *(stored_answers(tuple(answers.items()), said_by) or ())] or None


def free_texts(stored: Iterable[Mapping[str, Any]] | None) -> list[str]:
    """Return the answers that are free text, which may hold personal data."""
    return [row["antwoord"] for row in stored or () if isinstance(row.get("antwoord"), str)]
