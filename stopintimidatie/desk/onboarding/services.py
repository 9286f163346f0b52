"""Onboarding at the desk: the checklist, and handing over reports when a municipality joins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.hands import hands_of_each
from stopintimidatie.core.accounts.links import NO_PASSWORD
from stopintimidatie.core.accounts.models import ProviderAccount, User
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.mail.addresses import find_address
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.security import GRANTS, Permission, Role
from stopintimidatie.core.security.permissions import NEVER_APPROVE
from stopintimidatie.core.storage.personal import holder_of_rows, treated
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.desk.models import Onboarding
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.dossiers.services import set_fields
from stopintimidatie.municipalities.agreements.services import official_of, today
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import LevelChange
from stopintimidatie.municipalities.people.services import (
    actor_of,
    domains_of,
    recipient_of,
    users_of,
)
from stopintimidatie.reports.handover.transfer import stays
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.workflow import ReportState

KIND: Final = "aansluiting"
JOB: Final = Job("aansluiting.overdragen")
# A report takes some 25 statements: others wait no longer than for these.
HANDED_OVER_AT_ONCE: Final = 4
REASON: Final = "De gemeente is nu aangesloten."


def checklist_of(session: Session, code: str) -> Onboarding | None:
    """Return the checklist of a municipality, or None when nothing was noted yet."""
    return session.scalars(
        select(Onboarding).where(Onboarding.municipality_code == code)
    ).one_or_none()


def colleagues_of(session: Session, code: str) -> list[Colleague]:
    """Return everybody with a role in the municipality, by name."""
    through = select(ProviderAccount.user_id).where(ProviderAccount.holder == code)
    by_provider = set(session.scalars(through))
    users = users_of(session, code)
    hands = hands_of_each(session, [str(user.id) for user in users])
    return [
        Colleague(
            id=user.id,
            name=user.name,
            username=user.username,
            roles=frozenset(Role(row.role) for row in user.roles if row.holder == code),
            elsewhere=any(row.holder != code for row in user.roles),
            active=user.blocked_at is None
            and (user.password_hash != NO_PASSWORD or user.id in by_provider),
            trained_on=user.trained_on,
            hands=hands[str(user.id)],
        )
        for user in users
    ]


def save_checklist(
    session: Session, code: str, values: Mapping[str, Any], actor: Actor
) -> Onboarding:
    """Save the values of a checklist by column; an emptied one is to be done again."""
    row = checklist_of(session, code)
    if row is None:
        row = Onboarding(holder=NATIONAL, municipality_code=code)
        session.add(row)
    changed = set_fields(row, values, values)
    session.flush()
    if changed:
        fields = [code, *changed]
        record(session, actor, "aansluiting.gewijzigd", NATIONAL, KIND, [row.id], fields=fields)
    return row


def set_trained(
    session: Session, actor: Actor, codes: Iterable[str], person: UUID, day: date | None
) -> None:
    """Record the day on which somebody of these holders was trained."""
    user = session.get_one(User, person)
    user.trained_on = day
    enter(session, NATIONAL)
    record(session, actor, "gebruiker.opgeleid", NATIONAL, "gebruiker", [user.id], fields=codes)


def checklist_complete(session: Session, change: LevelChange) -> Iterable[str]:
    """Return what the checklist lacks of a municipality that wants to join (level condition)."""
    if change.after is not ParticipationLevel.PROGRAMME:
        return []
    domains = domains_of(session, [change.code])[change.code]
    people = colleagues_of(session, change.code)
    lines = items(checklist_of(session, change.code), people, domains)
    return [item.missing for item in lines if not item.done]


def hand_over_what_waits(session: Session, change: LevelChange) -> None:
    """Queue handing over the reports that wait for a municipality that joins (level effect)."""
    if change.after is ParticipationLevel.PROGRAMME:
        enqueue(session, JOB, NATIONAL, {"code": change.code, "by": change.actor.id})


def hand_over(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Hand over all waiting reports to a municipality, some in each transaction (job)."""
    for payload in payloads:
        more = True
        while more:
            with context.transaction() as session:
                by = actor_of(session, payload["by"])
                more = _hand_some_over(session, context.registry, payload["code"], by)


def _hand_some_over(session: Session, registry: Any, code: str, by: Actor) -> bool:
    """Hand over the reports that wait longest; tell whether there may be more.

    Those that must stay for now are left, and those of which a decision can still be undone.
    """
    effects = WORKFLOW_EFFECTS.of(registry)
    reports = session.scalars(
        select(Report)
        .where(Report.municipality_code == code, Report.state == ReportState.NEW)
        .where(Report.holder == NATIONAL, Report.leaves_at.is_(None), ~stays(registry))
        .order_by(Report.received_at, Report.id)
        .limit(HANDED_OVER_AT_ONCE)
        .with_for_update()
    ).all()
    answers = {"gemeente": code, "reden": REASON}
    for report in reports:
        move_report(session, effects, report, "doorgeven", answers, by)
    _end_offers(session, code, [report.id for report in reports])
    return len(reports) == HANDED_OVER_AT_ONCE


def _end_offers(session: Session, code: str, reports: Sequence[UUID]) -> None:
    """End the offers of these reports under way; tell the official once where they went."""
    offered = (PickupState.READY, PickupState.OFFERED)
    open_ones = Pickup.document_id.in_(reports), Pickup.state.in_(offered)
    ids = session.scalars(select(Pickup.id).where(*open_ones)).all()
    if not ids:
        return
    ended = update(Pickup).where(Pickup.id.in_(ids))
    session.execute(ended.values(state=PickupState.EXPIRED, code_nonce=None))
    to = recipient_of(find_address(session, official_of(code)))
    if to is not None:
        key = f"{MOVED.name}:{code}:{today()}"
        queue_mail(session, NATIONAL, MOVED.name, to, values={"gemeente": code}, key=key)


def _moved(writing: Writing) -> Letter:
    """Write that the portal has now what waited for the official; nothing of the content."""
    town = writing.session.get_one(Municipality, str(writing.message.values["gemeente"]))
    return Letter({"pad": f"/gemeenten/{town.slug}/postvak"})


MOVED: Final = MailTemplate(
    "naar_portaal", "Wat voor u klaarstond, staat nu in het portaal", __package__, _moved
)


# Personal data: the names on a checklist

COLUMNS: Final = treated(text="agreement_with data_protection_officer", codes="legal_basis")
PERSONAL_DATA: Final = holder_of_rows("aansluiting", Onboarding, COLUMNS)


# The lines of the checklist


@dataclass(frozen=True)
class Colleague:
    """Somebody with a role in the municipality."""

    id: UUID
    name: str
    username: str
    roles: frozenset[Role]
    # Works for another municipality or for the desk as well.
    elsewhere: bool
    # Has set a password, and isn't blocked.
    active: bool
    trained_on: date | None
    # The accounts that are one hand with this one.
    hands: frozenset[str]

    @property
    def approves(self) -> bool:
        """True if this colleague can approve exports."""
        granted = bool(self.roles & GRANTS[Permission.APPROVE_EXPORT])
        return self.active and granted and not self.roles & NEVER_APPROVE

    @property
    def must_be_trained(self) -> bool:
        """True if this colleague has a role that needs the training."""
        return bool(self.roles & {Role.OFFICER, Role.DOSSIER_OWNER, Role.ADMIN})


@dataclass(frozen=True)
class Item:
    """A line of the checklist."""

    name: str
    done: bool
    # A sentence that says what is still to be done.
    missing: str


def items(
    kept: Onboarding | None, colleagues: Sequence[Colleague], domains: Sequence[str]
) -> list[Item]:
    """Return the lines of a checklist, in the order in which the desk goes through them."""
    row = kept or Onboarding()
    untrained = [c.name for c in colleagues if c.must_be_trained and c.trained_on is None]
    approvers = [c for c in colleagues if c.approves]
    done = {
        "Afspraak": row.agreement_on and row.agreement_with,
        "Grondslag": row.legal_basis,
        "Teksten": row.texts_on,
        "Logo": row.logo_on,
        "Maildomeinen": domains,
        "Beheerder": any(c.active and Role.ADMIN in c.roles for c in colleagues),
        "Twee goedkeurders": any(
            str(second.id) not in c.hands for c in approvers for second in approvers
        ),
        "Opleiding": row.training_on and colleagues and not untrained,
    }
    asset = "stopintimidatie.desk.onboarding:templates/missing.txt.jinja2"
    return [
        Item(name, bool(is_done), render(asset, {"name": name, "untrained": untrained}).strip())
        for name, is_done in done.items()
    ]
