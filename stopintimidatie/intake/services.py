"""Taking a report in, exactly once, however often it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, delete, select, tuple_
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.intake.answers import as_json
from stopintimidatie.intake.models import AppKey, IdempotencyKey
from stopintimidatie.intake.problems import Kind, ProblemError
from stopintimidatie.intake.receipts import receipt
from stopintimidatie.register.locating import LocatorCache
from stopintimidatie.reports.references import derive_follow_code
from stopintimidatie.reports.routing import route
from stopintimidatie.reports.services import Arrival, receive
from stopintimidatie.reports.submission import Submission
from stopintimidatie.reports.vocabulary import Source
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.session import is_lock_timeout, transaction, waiting_at_most
from stopintimidatie.storage.types import utc_now

REMEMBERED: Final = timedelta(days=30)
LONGEST_WAIT_MILLISECONDS: Final = 5_000
FORGOTTEN_AT_ONCE: Final = 20
CODE_PURPOSE: Final = "volgcode"
BODY_PURPOSE: Final = "intake-bericht"


@dataclass(frozen=True)
class Intake:
    """What taking a report in needs of the installation."""

    engine: Engine
    keys: KeyRing
    locators: LocatorCache


@dataclass(frozen=True)
class Posting:
    """One request: which app, its key for this report, and the body as it came."""

    app: AppKey
    key: UUID
    body: bytes


def submit(intake: Intake, posting: Posting, submission: Submission) -> dict[str, Any]:
    """Store the report and answer; a repeated request gets the answer of the first.

    When this returns, the report is committed.

    :raises ProblemError: the key belongs to another body, or the first is still being handled.
    """
    engine = waiting_at_most(intake.engine, LONGEST_WAIT_MILLISECONDS)
    _have_outlines_at_hand(intake)
    try:
        with transaction(engine) as session:
            earlier = _earlier(session, posting)
            if earlier is None:
                return _first(session, intake, posting, submission)
            return _again(intake.keys, posting, earlier)
    except IntegrityError:
        # The other one with this key was committed while this one waited for it.
        with transaction(engine, write=False) as session:
            earlier = _earlier(session, posting)
            if earlier is None:
                raise
            return _again(intake.keys, posting, earlier)
    except DBAPIError as error:
        if is_lock_timeout(error):
            raise ProblemError(Kind.STILL_BUSY) from None
        raise


def _have_outlines_at_hand(intake: Intake) -> None:
    """Read new outlines, which takes seconds, before the transaction that others wait for."""
    with transaction(intake.engine, write=False) as session:
        intake.locators.current(session)


def _earlier(session: Session, posting: Posting) -> IdempotencyKey | None:
    found = session.get(IdempotencyKey, (posting.app.id, posting.key))
    if found is not None and found.created_at < utc_now() - REMEMBERED:
        session.delete(found)
        session.flush()
        return None
    return found


def _first(
    session: Session, intake: Intake, posting: Posting, submission: Submission
) -> dict[str, Any]:
    """Claim the key, take the report in, and remember the answer: one transaction."""
    now = utc_now()
    claim = IdempotencyKey(
        app_key_id=posting.app.id,
        key=posting.key,
        body_hash=intake.keys.keyed_hash(BODY_PURPOSE, posting.body),
        secret_version=intake.keys.current,
        created_at=now,
    )
    session.add(claim)
    # On PostgreSQL this waits for another transaction with the same key.
    session.flush()
    _forget_expired(session)
    code = follow_code(intake.keys, posting, claim)
    arrival = Arrival(
        source=Source.of(posting.app.source),
        actor=Actor("app", str(posting.app.id), posting.app.name),
        follow_code=code,
        received_at=now,
    )
    routing = route(session, intake.locators, submission.location)
    report = receive(session, intake.keys, submission, routing, arrival)
    answer: dict[str, Any] = as_json(receipt(session, report, submission, code))
    claim.answer = {name: value for name, value in answer.items() if name != "volgcode"}
    return answer


def _again(keys: KeyRing, posting: Posting, earlier: IdempotencyKey) -> dict[str, Any]:
    if keys.keyed_hash(BODY_PURPOSE, posting.body, earlier.secret_version) != earlier.body_hash:
        raise ProblemError(Kind.KEY_REUSED)
    reference = {"kenmerk": earlier.answer["kenmerk"]}
    return {**reference, "volgcode": follow_code(keys, posting, earlier), **earlier.answer}


def follow_code(keys: KeyRing, posting: Posting, claim: IdempotencyKey) -> str:
    """The follow code that belongs to this key of this app: derived, never stored."""
    secret = keys.derive(CODE_PURPOSE, claim.secret_version)
    return derive_follow_code(secret, posting.app.id, posting.key)


def _forget_expired(session: Session) -> None:
    """Remove some keys that are past their term; each new report does a little."""
    key = tuple_(IdempotencyKey.app_key_id, IdempotencyKey.key)
    expired = (
        select(IdempotencyKey.app_key_id, IdempotencyKey.key)
        .where(IdempotencyKey.created_at < utc_now() - REMEMBERED)
        .order_by(IdempotencyKey.created_at)
        .limit(FORGOTTEN_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    session.execute(
        delete(IdempotencyKey).where(key.in_(expired)).execution_options(synchronize_session=False)
    )
