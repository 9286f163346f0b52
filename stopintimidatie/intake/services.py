"""Taking a report in, exactly once, however often it is sent."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, delete, select, tuple_
from sqlalchemy.exc import DBAPIError, IntegrityError

from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.intake.answers import as_json
from stopintimidatie.intake.app_keys import token_hash
from stopintimidatie.intake.fields import FieldError
from stopintimidatie.intake.look_up import App, Known, look_up
from stopintimidatie.intake.models import IdempotencyKey
from stopintimidatie.intake.problems import Kind, ProblemError
from stopintimidatie.intake.receipts import receipt
from stopintimidatie.municipalities.answers import Answers, asked_questions, faults_of
from stopintimidatie.register.locating import LocatorCache
from stopintimidatie.reports.arriving import Apart, Arrival, Arrived, receive
from stopintimidatie.reports.fields import Submission
from stopintimidatie.reports.references import derive_follow_code
from stopintimidatie.reports.routing import routing_for
from stopintimidatie.reports.senders import Senders, rows_for
from stopintimidatie.reports.vocabulary import Source
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.rows import Row
from stopintimidatie.storage.session import transaction, waits_for_row_of

REMEMBERED: Final = timedelta(days=30)
LONGEST_WAIT_MILLISECONDS: Final = 5_000
# One in so many reports removes this many keys that are past their term.
FORGETTING_EVERY: Final = 100
FORGOTTEN_AT_ONCE: Final = 2_000
CODE_PURPOSE: Final = "volgcode"
BODY_PURPOSE: Final = "intake-bericht"


@dataclass(frozen=True)
class Intake:
    """What taking a report in needs of the installation."""

    engine: Engine
    keys: KeyRing
    locators: LocatorCache
    demo: bool
    senders: Senders


@dataclass(frozen=True)
class Posting:
    """One request: the app's token, its key for this report, and the body as it came."""

    token: str
    key: UUID
    body: bytes
    submission: Submission
    # Who sent it, for the time of the request; see `reports.senders`.
    sender: str | None = None


def submit(intake: Intake, posting: Posting) -> dict[str, Any]:
    """Store the report and answer; a repeated request gets the answer of the first.

    When this returns, the report is committed. Two statements: one asks all that must be known,
    one writes all rows. That the key is new is hoped for, and refused by the database if not.

    :raises ProblemError: the app's key doesn't count, its key for this report belongs to another
        body, or the first request with it is still being handled.
    """
    watched = intake.senders.watch(posting.sender, token_hash(posting.token))
    known = look_up(
        intake.engine,
        intake.locators,
        posting.token,
        posting.submission.location,
        watched,
        demo=intake.demo,
    )
    if known.app is None:
        raise ProblemError(Kind.APP_KEY)
    _check_own_answers(intake, known, posting.submission.own_answers)
    if secrets.randbelow(FORGETTING_EVERY) == 0:
        _forget_expired(intake.engine)
    try:
        return _first(intake, posting, known, known.app, rows_for(watched))
    except IntegrityError:
        earlier = _earlier(intake.engine, known.app, posting.key)
        if earlier is None:
            raise
        if earlier.created_at >= utc_now() - REMEMBERED:
            return _again(intake.keys, posting, known.app, earlier)
    except DBAPIError as error:
        if waits_for_row_of(error, IdempotencyKey.__tablename__):
            raise ProblemError(Kind.STILL_BUSY) from None
        # A lock on something other than this key timed out: answered as an outage; the key stays
        # free.
        raise
    _forget_expired(intake.engine, earlier)
    return submit(intake, posting)


def _check_own_answers(intake: Intake, known: Known, answers: Answers) -> None:
    """:raises ProblemError: answers that don't fit their question, or questions of elsewhere."""
    if not answers:
        return
    questions = asked_questions(intake.engine, known.published, [name for name, _ in answers])
    faults = faults_of(known.published, questions, answers)
    if faults:
        errors = [FieldError(("antwoorden", name), fault) for name, fault in faults.items()]
        raise ProblemError(Kind.FIELDS, errors=tuple(errors))


def _first(
    intake: Intake, posting: Posting, known: Known, app: App, hits: Sequence[Row]
) -> dict[str, Any]:
    """Claim the key with the answer that belongs to it, and take the report in: all or nothing."""
    keys, area, given = intake.keys, known.area, posting.submission
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
    routing = routing_for(known.place, level, geocoding=intake.locators.geocoding)
    answer: dict[str, Any] = {}

    def claim(arrived: Arrived) -> list[Row]:
        answer.update(as_json(receipt(known, routing, arrived, given, arrival)))
        # On PostgreSQL this waits for another transaction with the same key.
        return [_claim(keys, posting, app, answer, arrival.received_at), *hits]

    apart = Apart(
        intake.engine,
        known.published.contact_within_days,
        (area.slug, area.neighbourhood_slug) if area else (None, None),
        LONGEST_WAIT_MILLISECONDS,
        first=claim,
    )
    receive(apart, keys, given, routing, arrival)
    return answer


def _claim(keys: KeyRing, posting: Posting, app: App, answer: dict[str, Any], now: datetime) -> Row:
    """The key that the app gave this report, with what a repetition of it is answered."""
    return IdempotencyKey, {
        "app_key_id": app.id,
        "key": posting.key,
        "body_hash": keys.keyed_hash(BODY_PURPOSE, posting.body),
        "secret_version": keys.current,
        "created_at": now,
        "answer": {name: value for name, value in answer.items() if name != "volgcode"},
    }


def _earlier(engine: Engine, app: App, key: UUID) -> IdempotencyKey | None:
    """What was committed with this key, perhaps while this one waited for it."""
    with transaction(engine, write=False) as session:
        return session.get(IdempotencyKey, (app.id, key))


def _again(keys: KeyRing, posting: Posting, app: App, earlier: IdempotencyKey) -> dict[str, Any]:
    version = earlier.secret_version
    if keys.keyed_hash(BODY_PURPOSE, posting.body, version) != earlier.body_hash:
        raise ProblemError(Kind.KEY_REUSED)
    reference = {"kenmerk": earlier.answer["kenmerk"]}
    return {**reference, "volgcode": follow_code(keys, posting, app, version), **earlier.answer}


def follow_code(keys: KeyRing, posting: Posting, app: App, version: int) -> str:
    """The follow code that belongs to this key of this app: derived, never stored."""
    return derive_follow_code(keys.derive(CODE_PURPOSE, version), app.id, posting.key)


def _forget_expired(engine: Engine, met: IdempotencyKey | None = None) -> None:
    """Remove keys that are past their term: now and then some, and always one that was met."""
    key = tuple_(IdempotencyKey.app_key_id, IdempotencyKey.key)
    expired = IdempotencyKey.created_at < utc_now() - REMEMBERED
    oldest = (
        select(IdempotencyKey.app_key_id, IdempotencyKey.key)
        .where(expired)
        .order_by(IdempotencyKey.created_at)
        .limit(FORGOTTEN_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    with transaction(engine) as session:
        forgetting = delete(IdempotencyKey).where(key.in_(oldest))
        session.execute(forgetting.execution_options(synchronize_session=False))
        if met is not None:
            this = key == tuple_(met.app_key_id, met.key)
            session.execute(delete(IdempotencyKey).where(expired, this))
