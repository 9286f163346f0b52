"""The forwarding agreement: making, refusing and ending it, in a transaction of the desk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import AMSTERDAM, utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.mail.addresses import (
    Owner,
    clear_address,
    find_address,
    remove_address,
    set_address,
)
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.storage.personal import (
    Fragment,
    PersonalDataHolder,
    Subject,
    Treatment,
    empty_rows,
    redact_rows,
)
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement
from stopintimidatie.municipalities.agreements.rules import ENDS_SOON, missing
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import (
    LevelRefusedError,
    LevelRules,
    level_of,
    set_level,
)
from stopintimidatie.municipalities.people.services import is_role_address, postbox_recipient

KIND: Final = "doorgifteafspraak"
PURPOSE: Final = "forwarding-agreement"
# What waits for this municipality may go out; the desk does it.
VALID_JOB: Final = Job("afspraak.geldig")
END_JOB: Final = Job("afspraak.aflopen")


@dataclass(frozen=True)
class Official:
    """Somebody of the municipality; never in a repr."""

    name: str = field(repr=False)
    role: str
    email: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True)
class Plan:
    """Agreement as it was made by telephone."""

    official: Official
    deputy: Official | None
    wants: bool
    authorised_by: str = field(repr=False)
    authorised_on: date | None
    channel: str
    certificate: str | None = field(repr=False)
    agreed_on: date
    valid_until: date


@dataclass(frozen=True)
class Standing:
    """The present agreement of a municipality, and what it still lacks."""

    agreement: ForwardingAgreement | None
    official: MailAddress | None
    deputy: MailAddress | None
    lacking: list[str]

    @property
    def valid(self) -> bool:
        return not self.lacking


def official_of(code: str) -> Owner:
    return Owner("doorgifte", code)


def deputy_of(code: str) -> Owner:
    return Owner("doorgifte_vervanger", code)


def today() -> date:
    """Return the day in the Netherlands."""
    return utc_now().astimezone(AMSTERDAM).date()


def running_agreement(session: Session, code: str) -> ForwardingAgreement | None:
    """Return the agreement or refusal that counts now, valid or not."""
    return session.scalars(
        select(ForwardingAgreement)
        .where(
            ForwardingAgreement.municipality_code == code, ForwardingAgreement.ended_at.is_(None)
        )
        .order_by(ForwardingAgreement.made_at.desc())
        .limit(1)
    ).one_or_none()


def standing_of(session: Session, keys: KeyRing, code: str) -> Standing:
    """Return where it stands with a municipality."""
    agreement = running_agreement(session, code)
    official = find_address(session, official_of(code))
    deputy = find_address(session, deputy_of(code))
    address = clear_address(keys, official)
    role = bool(address and is_role_address(address))
    lacking = missing(agreement, official, deputy, role_address=role, today=today())
    return Standing(agreement, official, deputy, lacking)


def people_of(keys: KeyRing, agreement: ForwardingAgreement) -> dict[str, Any]:
    """Return who it was agreed with, in clear: the caller notes the read."""
    if agreement.people is None:
        return {}
    found: dict[str, Any] = json.loads(keys.decrypt(PURPOSE, agreement.people, str(agreement.id)))
    return found


def history(session: Session, code: str) -> Sequence[ForwardingAgreement]:
    """Return every agreement and refusal, newest first."""
    return session.scalars(
        select(ForwardingAgreement)
        .where(ForwardingAgreement.municipality_code == code)
        .order_by(ForwardingAgreement.made_at.desc())
    ).all()


def make(
    session: Session, keys: KeyRing, rules: LevelRules, code: str, plan: Plan, actor: Actor
) -> ForwardingAgreement:
    """Record what was agreed; it takes the place of what there was."""
    row = _new(session, code, plan.agreed_on, actor)
    row.wants, row.authorised_on = plan.wants, plan.authorised_on
    row.channel, row.certificate = plan.channel, plan.certificate
    row.valid_until = plan.valid_until
    people = {"functionaris": _person(plan.official), "goedgekeurd_door": plan.authorised_by}
    if plan.deputy is not None:
        people["vervanger"] = _person(plan.deputy)
    row.people = keys.encrypt(PURPOSE, json.dumps(people), str(row.id))
    set_address(session, keys, NATIONAL, official_of(code), plan.official.email, actor)
    if plan.deputy is None:
        remove_address(session, deputy_of(code), actor)
    else:
        set_address(session, keys, NATIONAL, deputy_of(code), plan.deputy.email, actor)
    record(session, actor, "afspraak.gemaakt", NATIONAL, KIND, [row.id], fields=[code])
    _watch_the_end(session, row)
    settle(session, keys, rules, code, actor)
    return row


def _person(official: Official) -> dict[str, str]:
    return {"naam": official.name, "functie": official.role, "telefoon": official.phone}


def decline(
    session: Session,
    keys: KeyRing,
    rules: LevelRules,
    code: str,
    reason: str,
    agreed_on: date,
    actor: Actor,
) -> ForwardingAgreement:
    """Record that the municipality doesn't want reports, so that nothing goes there."""
    row = _new(session, code, agreed_on, actor)
    row.declined, row.declined_reason = True, reason
    record(session, actor, "afspraak.geweigerd", NATIONAL, KIND, [row.id], fields=[code])
    settle(session, keys, rules, code, actor)
    return row


def end(session: Session, keys: KeyRing, rules: LevelRules, code: str, actor: Actor) -> None:
    """End what was agreed."""
    row = running_agreement(session, code)
    if row is not None:
        row.ended_at = utc_now()
        record(session, actor, "afspraak.beeindigd", NATIONAL, KIND, [row.id], fields=[code])
        settle(session, keys, rules, code, actor)


def _new(session: Session, code: str, agreed_on: date, actor: Actor) -> ForwardingAgreement:
    present = (ForwardingAgreement.municipality_code == code) & (
        ForwardingAgreement.ended_at.is_(None)
    )
    session.execute(update(ForwardingAgreement).where(present).values(ended_at=utc_now()))
    row = ForwardingAgreement(
        holder=NATIONAL,
        municipality_code=code,
        agreed_on=agreed_on,
        agreed_by_id=actor.id,
        agreed_by=actor.name,
        made_at=utc_now(),
    )
    session.add(row)
    session.flush()
    return row


def settle(session: Session, keys: KeyRing, rules: LevelRules, code: str, actor: Actor) -> None:
    """Let the level follow the agreement, and have what waits go out when it may.

    A municipality in the programme stays there: its agreement no longer decides.
    """
    session.flush()
    valid, level = standing_of(session, keys, code).valid, level_of(session, code)
    wanted = ParticipationLevel.FORWARDING if valid else ParticipationLevel.NO_AGREEMENT
    if level is not ParticipationLevel.PROGRAMME and level is not wanted:
        # Another room's condition: the agreement stands all the same, and the page shows it.
        with suppress(LevelRefusedError):
            set_level(session, rules, actor, code, wanted, reason=KIND)
    if valid:
        enqueue(session, VALID_JOB, NATIONAL, {"gemeente": code})


def _watch_the_end(session: Session, row: ForwardingAgreement) -> None:
    """Plan a reminder before the end, and the end itself."""
    assert row.valid_until is not None  # noqa: S101 - `make` has set it
    for day, step in ((row.valid_until - ENDS_SOON, "herinneren"), (row.valid_until, "einde")):
        moment = datetime.combine(day + timedelta(days=step == "einde"), time(7), AMSTERDAM)
        payload = {"afspraak": str(row.id), "stap": step}
        enqueue(session, END_JOB, NATIONAL, payload, delay=max(moment - utc_now(), timedelta(0)))


def follow_end(context: JobContext, row: ForwardingAgreement, session: Session) -> None:
    """Follow with the level when the last day has passed."""
    registry = context.registry
    record(session, SYSTEM, "afspraak.verlopen", NATIONAL, KIND, [row.id])
    settle(session, registry.key_ring, registry.level_rules, row.municipality_code, SYSTEM)


# Jobs and messages: the end that comes near, and the end


def handle_end(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Remind that an agreement ends soon, or end it (job)."""
    for payload in payloads:
        with context.transaction() as session:
            row = session.get(ForwardingAgreement, UUID(payload["afspraak"]))
            if row is None or row.ended_at is not None:
                continue
            if payload["stap"] == "einde":
                follow_end(context, row, session)
                continue
            desk = postbox_recipient(session, NATIONAL)
            if desk is not None:
                key = f"{ENDS.name}:{row.id}"
                queue_mail(session, NATIONAL, ENDS.name, desk, about=row.id, key=key)


def _which(writing: Writing) -> Letter | None:
    row = writing.session.get(ForwardingAgreement, writing.message.about_id)
    if row is None or row.ended_at is not None:
        return None
    town = writing.session.get_one(Municipality, row.municipality_code)
    return Letter({"gemeente": town.name, "pad": f"/{NATIONAL}/{town.slug}"})


ENDS: Final = MailTemplate(
    "afspraak_loopt_af",
    "Een doorgifteafspraak loopt af",
    "stopintimidatie.municipalities.agreements:templates/mail/afspraak_loopt_af.txt.jinja2",
    _which,
)


# Personal data: officials of municipalities, encrypted like contact data

T: Final = Treatment
COLUMNS: Final = {
    "forwarding_agreement": {
        "people": T.SEALED,
        "certificate": T.SEALED,
        "declined_reason": T.TEXT,
        "agreed_by": T.STAFF,
        "agreed_by_id": T.STAFF,
    }
}
SEALED: Final = Sealed(ForwardingAgreement, PURPOSE, ("people",), "id")


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find agreements by telephone number; e-mail addresses are found in their own table."""
    if not subject.phone:
        return []
    wanted = subject.phone.strip()
    rows = session.scalars(
        select(ForwardingAgreement).where(ForwardingAgreement.people.is_not(None))
    )
    return [row.id for row in rows if wanted in str(people_of(keys, row))]


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    mine = ForwardingAgreement.id == document
    columns = COLUMNS["forwarding_agreement"]
    return redact_rows(session, ForwardingAgreement, mine, columns, fragment)


def erase(session: Session, document: UUID) -> None:
    """Empty names and numbers; that there was an agreement, and until when, stays."""
    mine = ForwardingAgreement.id == document
    empty_rows(session, ForwardingAgreement, mine, COLUMNS["forwarding_agreement"])


PERSONAL_DATA: Final = PersonalDataHolder(KIND, COLUMNS, find, redact, erase)
