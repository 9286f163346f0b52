"""The forwarding agreement: making, refusing and ending it, in a transaction of the desk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update
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
from stopintimidatie.core.storage.personal import Subject, Treatment, holder_of_rows
from stopintimidatie.core.storage.retention import RetentionClass, Way, years
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import day_of
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement
from stopintimidatie.municipalities.agreements.rules import ENDS_SOON, in_force, missing
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import (
    LevelRefusedError,
    LevelRules,
    agreed_level_of,
    set_level,
)
from stopintimidatie.municipalities.people.services import is_role_address, postbox_recipient

KIND: Final = "doorgifteafspraak"
PURPOSE: Final = "forwarding-agreement"
# Asks the desk to offer the reports that wait for this municipality.
VALID_JOB: Final = Job("afspraak.geldig")
END_JOB: Final = Job("afspraak.aflopen")


@dataclass(frozen=True)
class Official:
    """Somebody of the municipality, whose data never shows in a repr."""

    name: str = field(repr=False)
    role: str
    email: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True)
class Plan:
    """The terms of an agreement, as made by telephone."""

    official: Official
    deputy: Official | None
    wants: bool
    authorised_by: str = field(repr=False)
    authorised_on: date | None
    channel: str
    certificate: str | None = field(repr=False)
    agreed_on: date
    valid_until: date
    # Rung when a report is urgent, where that is another number than the official's.
    urgent_phone: str = field(default="", repr=False)
    # True where a mail a working day was agreed in the place of a mail for each report.
    digest: bool = False


@dataclass(frozen=True)
class Standing:
    """The present agreement of a municipality, and what it still lacks."""

    agreement: ForwardingAgreement | None
    official: MailAddress | None
    deputy: MailAddress | None
    lacking: list[str]

    @property
    def valid(self) -> bool:
        """True if reports may go out: nothing is lacking."""
        return not self.lacking


def official_of(code: str) -> Owner:
    """Return the owner of the e-mail address of a municipality's official."""
    return Owner("doorgifte", code)


def deputy_of(code: str) -> Owner:
    """Return the owner of the e-mail address of the official's deputy."""
    return Owner("doorgifte_vervanger", code)


def today() -> date:
    """Return today's date in the Netherlands."""
    return day_of(utc_now())


def running_agreement(session: Session, code: str) -> ForwardingAgreement | None:
    """Return the latest agreement or refusal that wasn't ended, whether or not it is valid."""
    return session.scalars(
        select(ForwardingAgreement)
        .where(_present(code))
        .order_by(ForwardingAgreement.made_at.desc())
        .limit(1)
    ).one_or_none()


def towns_in_force(session: Session) -> set[str]:
    """Return the municipalities with an agreement in force, in one statement."""
    present = select(ForwardingAgreement).where(ForwardingAgreement.ended_at.is_(None))
    return {row.municipality_code for row in session.scalars(present) if in_force(row, today())}


def _present(code: str) -> ColumnElement[bool]:
    return and_(
        ForwardingAgreement.municipality_code == code, ForwardingAgreement.ended_at.is_(None)
    )


def standing_of(session: Session, keys: KeyRing, code: str) -> Standing:
    """Return the present agreement of a municipality with its addresses and what it lacks."""
    agreement = running_agreement(session, code)
    official = find_address(session, official_of(code))
    deputy = find_address(session, deputy_of(code))
    address = clear_address(keys, official)
    role = bool(address and is_role_address(address))
    lacking = missing(agreement, official, deputy, role_address=role, today=today())
    return Standing(agreement, official, deputy, lacking)


def people_of(keys: KeyRing, agreement: ForwardingAgreement) -> dict[str, Any]:
    """Return the people of an agreement by their part in it, in clear: the caller logs the read."""
    if agreement.people is None:
        return {}
    people: dict[str, Any] = json.loads(keys.decrypt(PURPOSE, agreement.people, str(agreement.id)))
    return people


def history(session: Session, code: str) -> Sequence[ForwardingAgreement]:
    """Return every agreement and refusal of a municipality, newest first."""
    return session.scalars(
        select(ForwardingAgreement)
        .where(ForwardingAgreement.municipality_code == code)
        .order_by(ForwardingAgreement.made_at.desc())
    ).all()


def make(
    session: Session, keys: KeyRing, rules: LevelRules, code: str, plan: Plan, actor: Actor
) -> ForwardingAgreement:
    """Record an agreement in the place of the present one, and mail its addresses a code."""
    row = _new(session, code, plan.agreed_on, actor)
    row.wants, row.authorised_on = plan.wants, plan.authorised_on
    row.channel, row.certificate = plan.channel, plan.certificate
    row.valid_until, row.digest = plan.valid_until, plan.digest
    people = {"functionaris": _person(plan.official), "goedgekeurd_door": plan.authorised_by}
    if plan.deputy is not None:
        people["vervanger"] = _person(plan.deputy)
    if plan.urgent_phone:
        people["spoed"] = plan.urgent_phone
    row.people = keys.encrypt(PURPOSE, json.dumps(people), str(row.id))
    set_address(session, keys, NATIONAL, official_of(code), plan.official.email, actor)
    if plan.deputy is None:
        remove_address(session, deputy_of(code), actor)
    else:
        set_address(session, keys, NATIONAL, deputy_of(code), plan.deputy.email, actor)
    record(session, actor, "afspraak.gemaakt", NATIONAL, KIND, [row.id], fields=[code])
    _plan_end(session, row)
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
    """Record that a municipality doesn't want reports, so that none go there."""
    row = _new(session, code, agreed_on, actor)
    row.declined, row.declined_reason = True, reason
    record(session, actor, "afspraak.geweigerd", NATIONAL, KIND, [row.id], fields=[code])
    settle(session, keys, rules, code, actor)
    return row


def end(session: Session, keys: KeyRing, rules: LevelRules, code: str, actor: Actor) -> None:
    """End the present agreement of a municipality, if it has one."""
    row = running_agreement(session, code)
    if row is not None:
        row.ended_at = utc_now()
        record(session, actor, "afspraak.beeindigd", NATIONAL, KIND, [row.id], fields=[code])
        settle(session, keys, rules, code, actor)


def _new(session: Session, code: str, agreed_on: date, actor: Actor) -> ForwardingAgreement:
    """Add an agreement without terms yet, and end the present one."""
    session.execute(update(ForwardingAgreement).where(_present(code)).values(ended_at=utc_now()))
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
    """Set the level that follows from the agreement, and have waiting reports go out when valid.

    A municipality in the programme keeps that level.
    """
    session.flush()
    valid, level = standing_of(session, keys, code).valid, agreed_level_of(session, code)
    wanted = ParticipationLevel.FORWARDING if valid else ParticipationLevel.NO_AGREEMENT
    if level is not ParticipationLevel.PROGRAMME and level is not wanted:
        # The agreement stays when another room refuses the level; the page shows both.
        with suppress(LevelRefusedError):
            set_level(session, rules, actor, code, wanted, reason=KIND)
    if valid:
        enqueue(session, VALID_JOB, NATIONAL, {"gemeente": code})


def _plan_end(session: Session, row: ForwardingAgreement) -> None:
    """Plan the jobs that remind of the end of an agreement, and end it."""
    assert row.valid_until is not None  # noqa: S101 - `make` has set it
    for day, step in ((row.valid_until - ENDS_SOON, "herinneren"), (row.valid_until, "einde")):
        moment = datetime.combine(day + timedelta(days=step == "einde"), time(7), AMSTERDAM)
        payload = {"afspraak": str(row.id), "stap": step}
        enqueue(session, END_JOB, NATIONAL, payload, delay=max(moment - utc_now(), timedelta(0)))


# Jobs and messages at the end of an agreement


def handle_end(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Mail the desk that an agreement ends soon, or settle its end (job)."""
    keys, rules = context.registry.key_ring, context.registry.level_rules
    for payload in payloads:
        with context.transaction() as session:
            row = session.get(ForwardingAgreement, UUID(payload["afspraak"]))
            if row is None or row.ended_at is not None:
                continue
            if payload["stap"] == "einde":
                record(session, SYSTEM, "afspraak.verlopen", NATIONAL, KIND, [row.id])
                settle(session, keys, rules, row.municipality_code, SYSTEM)
            elif (desk := postbox_recipient(session, NATIONAL)) is not None:
                key = f"{ENDS.name}:{row.id}"
                queue_mail(session, NATIONAL, ENDS.name, desk, about=row.id, key=key)


def _write_ends(writing: Writing) -> Letter | None:
    row = writing.session.get(ForwardingAgreement, writing.message.about_id)
    if row is None or row.ended_at is not None:
        return None
    town = writing.session.get_one(Municipality, row.municipality_code)
    return Letter({"gemeente": town.name, "pad": f"/{NATIONAL}/{town.slug}"})


ENDS: Final = MailTemplate(
    "afspraak_loopt_af", "Een doorgifteafspraak loopt af", __package__, _write_ends
)


# Personal data: officials of municipalities, encrypted like contact data

COLUMNS: Final = {
    "people": Treatment.SEALED,
    "certificate": Treatment.SEALED,
    "declined_reason": Treatment.TEXT,
    "agreed_by": Treatment.STAFF,
    "agreed_by_id": Treatment.STAFF,
    "code_nonce": Treatment.CODES,
    "code_by": Treatment.STAFF,
}
SEALED: Final = Sealed(ForwardingAgreement, PURPOSE, ("people",), "id")


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Return the agreements with this telephone number; addresses have a table of their own."""
    if not subject.phone:
        return []
    wanted = subject.phone.strip()
    rows = session.scalars(
        select(ForwardingAgreement).where(ForwardingAgreement.people.is_not(None))
    )
    return [row.id for row in rows if wanted in str(people_of(keys, row))]


# That there was an agreement, and until when, stays.
PERSONAL_DATA: Final = holder_of_rows(KIND, ForwardingAgreement, COLUMNS, find)

RETENTION: Final = RetentionClass(
    "doorgifteafspraak",
    "Doorgifteafspraken: de ambtenaar en de vervanger, met adres en nummer",
    ("forwarding_agreement",),
    Way.STANDING,
    "de dag waarop de afspraak is beëindigd",
    years(1),
    source="eigen beleid",
    desk=True,
)
