"""Take in the reports of apps, and make the answers that apps get.

A report that an app sends again within 30 days (`REMEMBERED`) is stored once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import colander
from sqlalchemy import Engine, delete, select, tuple_
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import ManyOf, OneOf
from stopintimidatie.core.forms.messages import FieldError
from stopintimidatie.core.limits import rows_for
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import (
    Row,
    transaction,
    waiting_at_most,
    waits_for_row_of,
)
from stopintimidatie.core.text import Term
from stopintimidatie.municipalities.areas.queries import municipality_by_code
from stopintimidatie.municipalities.settings.queries import (
    Answers,
    asked_questions,
    faults_of,
    published_for,
)
from stopintimidatie.municipalities.settings.rules import (
    Published,
    fallback_of,
    in_language,
    let_op,
    reaction,
    read_from,
)
from stopintimidatie.municipalities.settings.standard import EMERGENCY, TEXTS
from stopintimidatie.municipalities.settings.vocabulary import Question
from stopintimidatie.reports.api.answers import (
    ChoiceAnswer,
    EmergencyAnswer,
    FormAnswer,
    HelpLineAnswer,
    HelpLineForAnswer,
    LanguageAnswer,
    MunicipalityAnswer,
    MunicipalityHereAnswer,
    NeighbourhoodAnswer,
    QuestionAnswer,
    ReactionAnswer,
    ReceiptAnswer,
    TermAnswer,
    VocabularyAnswer,
    as_json,
)
from stopintimidatie.reports.api.calls import BASE
from stopintimidatie.reports.api.models import IdempotencyKey
from stopintimidatie.reports.api.problems import Kind, ProblemError
from stopintimidatie.reports.api.queries import App, Known, look_up, token_hash
from stopintimidatie.reports.arrival import Apart, Arrival, receive
from stopintimidatie.reports.arrival.schema import MESSAGE
from stopintimidatie.reports.arrival.submission import Routing, routing_for
from stopintimidatie.reports.conversation.words import reader_status
from stopintimidatie.reports.fields import Submission
from stopintimidatie.reports.rules import derive_follow_code
from stopintimidatie.reports.vocabulary import FORMS_BY_GROUP, Language, Source, gravest_first

# The answer on the spot: what the reporter is told about the municipality and what follows.


def municipality_answer(session: Session, code: str | None) -> MunicipalityAnswer | None:
    """Return the municipality with this code as the app gets it."""
    municipality = municipality_by_code(session, code) if code else None
    if municipality is None:
        return None
    return about_municipality(
        municipality.code, municipality.name, published_for(session, municipality.code)
    )


def municipality_here(session: Session, code: str, language: str) -> MunicipalityHereAnswer | None:
    """Return the municipality as the app gets it, with its LET OP text if it isn't connected.

    None when there is no municipality with this code.
    """
    municipality = municipality_by_code(session, code)
    if municipality is None:
        return None
    published = published_for(session, code)
    about = about_municipality(code, municipality.name, published)
    warning = let_op(published, municipality.name, language)
    return MunicipalityHereAnswer(**vars(about), warning=warning)


def about_municipality(code: str, name: str, published: Published) -> MunicipalityAnswer:
    """Return a municipality as the app gets it, by what it published."""
    return MunicipalityAnswer(
        code=code,
        name=name,
        connected=published.connected,
        logo=f"{BASE}/gemeenten/{code}/logo" if published.logo else None,
    )


def receipt(
    known: Known, routing: Routing, submission: Submission, arrival: Arrival
) -> ReceiptAnswer:
    """Make the whole answer to a report that is being taken in."""
    area, published, language = known.area, known.published, submission.language.value
    status, _ = reader_status(arrival.state, routing.delivery)
    forms = gravest_first(submission.forms)
    title, text = reaction(published, area.name if area else None, language, forms)
    lines = published.help_for(published.language(language), submission.reporter_age_group, forms)
    reference, received_at = known.reference, arrival.received_at
    reading = read_from(published, received_at, received_at, language) if area else None
    text = "\n\n".join(filter(None, (text, reading)))
    municipality = neighbourhood = warning = None
    if area is not None:
        municipality = about_municipality(area.code, area.name, published)
        warning = let_op(
            published, area.name, language, reference=reference, received_at=received_at
        )
        code, name = routing.neighbourhood_code or "", area.neighbourhood_name
        # `onbekend` is ours and says nothing to the reporter.
        if code.startswith("WK") and name is not None:
            neighbourhood = NeighbourhoodAnswer(code=code, name=name)
    return ReceiptAnswer(
        reference=reference,
        follow_code=str(arrival.follow_code),
        received_at=received_at,
        status=status,
        municipality=municipality,
        neighbourhood=neighbourhood,
        reaction=ReactionAnswer(title=title, text=text),
        warning=warning,
        help_lines=tuple(HelpLineAnswer(name=line.name, phone=line.phone) for line in lines),
    )


REMEMBERED: Final = timedelta(days=30)
LONGEST_WAIT_MILLISECONDS: Final = 5_000
# One in so many reports removes this many keys that are past their term.
FORGETTING_EVERY: Final = 100
FORGOTTEN_AT_ONCE: Final = 2_000
CODE_PURPOSE: Final = "volgcode"
BODY_PURPOSE: Final = "intake-bericht"


@dataclass(frozen=True)
class Posting:
    """Request of an app: its token, its key for this report, and the body as it came."""

    token: str
    key: UUID
    body: bytes
    submission: Submission
    # Internet address of the sender, for the time of the request; see `core.limits.sender_of`.
    sender: str | None = None


def submit(registry: Any, posting: Posting) -> dict[str, Any]:
    """Store the report and return the answer; a repeated request gets the answer of the first.

    The report is committed when this returns. Most reports take two statements: one reads all that
    is needed, one writes all rows. Nothing checks beforehand whether the key was used: the database
    refuses the insert. A key older than `REMEMBERED` is removed and counts as new.

    Raises:
        ProblemError: The app's token isn't valid, an answer doesn't fit its question, the key was
            used for another body, or the first request with this key isn't finished.
    """
    engine, given = registry.engine, posting.submission
    watched = registry.senders.watch(posting.sender, token_hash(posting.token))
    known = look_up(
        engine,
        registry.locator_cache,
        posting.token,
        given.location,
        watched,
        demo=registry.app_settings.demo,
    )
    if known.app is None:
        raise ProblemError(Kind.APP_KEY)
    if given.own_answers:
        _check_own_answers(engine, known, given.own_answers)
    if secrets.randbelow(FORGETTING_EVERY) == 0:
        _forget_expired(engine)
    try:
        return _first(registry, posting, known, known.app, rows_for(watched))
    except IntegrityError:
        # Committed with this key, perhaps while this request waited for it.
        with transaction(engine, write=False) as session:
            earlier = session.get(IdempotencyKey, (known.app.id, posting.key))
        if earlier is None:
            raise
        if earlier.created_at >= utc_now() - REMEMBERED:
            return _again(registry.key_ring, posting, known.app, earlier)
    except DBAPIError as error:
        if waits_for_row_of(error, IdempotencyKey.__tablename__):
            raise ProblemError(Kind.STILL_BUSY) from None
        # A lock on something other than this key timed out: answered as an outage; the key stays
        # free.
        raise
    _forget_expired(engine, earlier)
    return submit(registry, posting)


def _check_own_answers(engine: Engine, known: Known, answers: Answers) -> None:
    """Refuse answers that don't fit their question, or belong to questions of elsewhere.

    Raises:
        ProblemError: There are some.
    """
    questions = asked_questions(engine, known.published, [name for name, _ in answers])
    faults = faults_of(known.published, questions, answers)
    if faults:
        errors = [FieldError(("antwoorden", name), fault) for name, fault in faults.items()]
        raise ProblemError(Kind.FIELDS, errors=tuple(errors))


def _first(
    registry: Any, posting: Posting, known: Known, app: App, hits: Sequence[Row]
) -> dict[str, Any]:
    """Claim the key with the answer that belongs to it, and take the report in: all or nothing."""
    keys, area, given = registry.key_ring, known.area, posting.submission
    arrival = Arrival(
        source=Source.of(app.source),
        actor=Actor("app", str(app.id), app.name),
        follow_code=follow_code(keys, posting, app, keys.current),
        received_at=utc_now(),
        quarantine=known.crowded is not None,
        quarantine_reason=known.crowded,
        reference=known.reference,
    )
    profile = known.published.profile
    level = profile.level if profile else None
    routing = routing_for(known.place, level, geocoding=registry.locator_cache.geocoding)
    answer: dict[str, Any] = as_json(receipt(known, routing, given, arrival))
    apart = Apart(
        registry.engine,
        known.published,
        (area.slug, area.neighbourhood_slug) if area else (None, None),
        LONGEST_WAIT_MILLISECONDS,
        # On PostgreSQL this waits for another transaction with the same key.
        first=[_claim(keys, posting, app, answer, arrival.received_at), *hits],
    )
    receive(apart, keys, given, routing, arrival)
    return answer


def _claim(keys: KeyRing, posting: Posting, app: App, answer: dict[str, Any], now: datetime) -> Row:
    """Make the row of the key that the app gave this report: what a repetition is answered."""
    return IdempotencyKey, {
        "app_key_id": app.id,
        "key": posting.key,
        "body_hash": keys.keyed_hash(BODY_PURPOSE, posting.body),
        "secret_version": keys.current,
        "created_at": now,
        "answer": {name: value for name, value in answer.items() if name != "volgcode"},
    }


def _again(keys: KeyRing, posting: Posting, app: App, earlier: IdempotencyKey) -> dict[str, Any]:
    """Return the answer that the first request with this key got; derive its follow code again.

    Raises:
        ProblemError: The key was used for another body.
    """
    version = earlier.secret_version
    if keys.keyed_hash(BODY_PURPOSE, posting.body, version) != earlier.body_hash:
        raise ProblemError(Kind.KEY_REUSED)
    reference = {"kenmerk": earlier.answer["kenmerk"]}
    return {**reference, "volgcode": follow_code(keys, posting, app, version), **earlier.answer}


def follow_code(keys: KeyRing, posting: Posting, app: App, version: int) -> str:
    """Derive the follow code that belongs to this key of this app; it is never stored."""
    return derive_follow_code(keys.derive(CODE_PURPOSE, version), app.id, posting.key)


def _forget_expired(engine: Engine, met: IdempotencyKey | None = None) -> None:
    """Delete the oldest keys that are past `REMEMBERED`, and `met` if that is past it too.

    At most `FORGOTTEN_AT_ONCE` besides `met`.
    """
    key = tuple_(IdempotencyKey.app_key_id, IdempotencyKey.key)
    expired = IdempotencyKey.created_at < utc_now() - REMEMBERED
    oldest = (
        select(IdempotencyKey.app_key_id, IdempotencyKey.key)
        .where(expired)
        .order_by(IdempotencyKey.created_at)
        .limit(FORGOTTEN_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    with transaction(waiting_at_most(engine, LONGEST_WAIT_MILLISECONDS)) as session:
        forgetting = delete(IdempotencyKey).where(key.in_(oldest))
        session.execute(forgetting.execution_options(synchronize_session=False))
        if met is not None:
            this = key == tuple_(met.app_key_id, met.key)
            session.execute(delete(IdempotencyKey).where(expired, this))


# The questions for a reporter, with their words: the answer of `GET /formulier`.
#
# The vocabularies are those of the message that the intake checks, found by walking through it.
# So what is offered and what is accepted can't drift apart.


def form_answer(session: Session, code: str | None, wanted: str) -> FormAnswer | None:
    """Return the questions and texts for a report to this municipality, in this language.

    Args:
        session: The transaction.
        code: The municipality; None for the national form.
        wanted: The language asked for; where a text isn't there, Dutch or English is used.

    Returns:
        The form, or None when there is no municipality with this code.
    """
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
        questions=tuple(_question(question, language) for question in published.questions("app")),
        help_lines=_help_lines(published, language),
    )


def _emergency(language: str) -> EmergencyAnswer:
    words = TEXTS["spoedvraag"][fallback_of(language)]
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
    """Return every field of the message that takes a code, with the codes it takes."""
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
        if isinstance(child.typ, OneOf):
            yield name, child.typ.codes, isinstance(child.typ, ManyOf)
        else:
            yield from _coded(child, name)
