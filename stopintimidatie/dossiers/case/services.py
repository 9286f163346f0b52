"""The services of a dossier: make, change and split it, take a step, agree, remind of agreements.

Each is one transaction, with its line of history and its audit event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.mail import reader_of
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.mail.services import MailRecipient, Recipient
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import AMSTERDAM, date_text
from stopintimidatie.core.tree import remember_address
from stopintimidatie.core.workflow import Transition
from stopintimidatie.dossiers.filing.services import (
    address_of,
    reports_in,
    settle_in,
)
from stopintimidatie.dossiers.models import Dossier, DossierAgreement
from stopintimidatie.dossiers.person.services import check_kind
from stopintimidatie.dossiers.resources import EDITORS, is_strict, path_of_dossier, roles_for
from stopintimidatie.dossiers.services import (
    COLLEAGUE as COLLEAGUE,
)
from stopintimidatie.dossiers.services import (
    KIND,
    VERSIONED,
    DossierError,
    append,
    begin_versions,
    check_hand_over,
    check_live,
    keep_version,
    lock,
    lock_live,
    log,
    made_by,
    next_number,
    people_with,
    reindex_dossier,
    set_fields,
    touch,
    write_number,
)
from stopintimidatie.dossiers.workflow import (
    DOSSIER_WORKFLOW,
    ENDED,
    AgreementState,
    DossierState,
)
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.people.absence import acting_for
from stopintimidatie.reports.services import reindex_report
from stopintimidatie.reports.vocabulary import KIND as REPORT

# The columns that a dossier needs from its first step on.
FOOTING: Final = ("purpose", "legal_basis", "responsible_body", "owner_id")
AGREEMENT_FIELDS: Final = ("what", "who", "owner_id", "due_on", "state", "result")

# The mail before the day of an agreement says that there is one, never what was agreed.
REMINDER_JOB: Final = Job("afspraak.herinneren")
DAYS_BEFORE: Final = 3
TIME_OF_DAY: Final = time(8, 0)


@dataclass(frozen=True, kw_only=True)
class DossierPlan:
    """The fields that a new dossier starts with."""

    title: str
    kind: str
    neighbourhood_code: str
    urgent: bool = False
    owner_id: UUID | None = None
    summary: str | None = None
    assessment: str | None = None
    goal: str | None = None
    purpose: str | None = None
    legal_basis: str | None = None
    responsible_body: str | None = None


# The columns that the edit form changes; the others change by steps.
EDITABLE: Final = tuple(field.name for field in fields(DossierPlan))


def create_dossier(session: Session, actor: Actor, holder: str, plan: DossierPlan) -> Dossier:
    """Open a dossier in preparation, with the next number of its year.

    Raises:
        DossierError: The neighbourhood isn't one of this municipality.
    """
    moment = utc_now()
    _check_neighbourhood(session, holder, plan.neighbourhood_code)
    year, sequence = next_number(session, holder, moment)
    dossier = Dossier(
        holder=holder,
        year=year,
        sequence=sequence,
        number=write_number(year, sequence),
        state=DossierState.PREPARING,
        made_at=moment,
        changed_at=moment,
        changed_by=actor.name,
        **asdict(plan),
    )
    check_owner(session, dossier, plan.owner_id)
    session.add(dossier)
    session.flush()
    begin_versions(session, dossier, actor, moment)
    append(session, dossier, actor, "gemaakt", values={"soort": dossier.kind})
    log(session, dossier, actor, "gemaakt")
    reindex_dossier(session, dossier)
    return dossier


def owners_for(session: Session, holder: str, kind: str) -> list[tuple[str, str]]:
    """Return (id, name) of who may lead a dossier of this kind, by name."""
    return people_with(session, holder, EDITORS & roles_for(kind))


def check_owner(
    session: Session,
    dossier: Dossier,
    owner_id: UUID | None,
    *,
    kind: str | None = None,
    field: str = "owner_id",
) -> None:
    """Check that somebody may lead the dossier.

    Raises:
        DossierError: This person may not lead a dossier of this kind here.
    """
    if owner_id is None:
        return
    if str(owner_id) not in dict(owners_for(session, dossier.holder, kind or dossier.kind)):
        raise DossierError("Deze persoon kan dit dossier niet houden. Kies een ander.", field)


def _check_neighbourhood(session: Session, holder: str, code: str) -> None:
    area = session.get(Neighbourhood, code)
    if area is None or area.municipality_code != holder:
        raise DossierError("Kies een wijk van deze gemeente.", "wijk")


def change_dossier(
    session: Session, dossier: Dossier, values: Mapping[str, Any], actor: Actor
) -> list[str]:
    """Change the columns of the edit form; return the names of those that differ.

    The caller has locked the dossier and checked the version.

    Raises:
        DossierError: The dossier is closed, or a field can't become this.
    """
    check_live(dossier)
    changed = [
        name for name in EDITABLE if name in values and values[name] != getattr(dossier, name)
    ]
    _check_changes(session, dossier, {name: values[name] for name in changed}, actor)
    if {"neighbourhood_code", "kind"} & set(changed):
        code = values.get("neighbourhood_code", dossier.neighbourhood_code)
        _move_to(session, dossier, code, values.get("kind", dossier.kind))
    for name in changed:
        before = getattr(dossier, name)
        setattr(dossier, name, values[name])
        if name in VERSIONED:
            keep_version(session, dossier, name, before, actor)
    if changed:
        append(session, dossier, actor, "gewijzigd", values={"velden": changed})
        log(session, dossier, actor, "gewijzigd", changed)
        reindex_dossier(session, dossier)
    return changed


def _check_changes(
    session: Session, dossier: Dossier, new: Mapping[str, Any], actor: Actor
) -> None:
    started = dossier.state != DossierState.PREPARING
    if started and is_strict(new.get("kind", "")):
        raise DossierError(
            "Alleen een dossier in voorbereiding kan persoonsgericht worden. Maak een nieuw"
            " dossier.",
            "kind",
        )
    if "kind" in new:
        check_kind(session, dossier)
    for name in FOOTING:
        if started and name in new and not new[name]:
            raise DossierError("Dit is nodig zolang het dossier loopt. Vul het in.", name)
    if "owner_id" in new:
        check_hand_over(dossier, actor)
    if "neighbourhood_code" in new:
        _check_neighbourhood(session, dossier.holder, new["neighbourhood_code"])
    if "owner_id" in new or "kind" in new:
        owner = new.get("owner_id", dossier.owner_id)
        check_owner(session, dossier, owner, kind=new.get("kind"))


def _move_to(session: Session, dossier: Dossier, code: str, kind: str) -> None:
    """Give the dossier another neighbourhood or kind; the old addresses go on working."""
    inside = reports_in(session, dossier)
    old = {report.id: address_of(session, report) for _, report in inside}
    before = path_of_dossier(session, dossier.id)
    moved = dossier.neighbourhood_code != code
    dossier.neighbourhood_code, dossier.kind = code, kind
    for membership, report in inside:
        settle_in(dossier, membership, report)
        if address_of(session, report) != old[report.id]:
            remember_address(session, dossier.holder, old[report.id], REPORT, report.id)
            reindex_report(session, report)
    if before is not None and moved:
        remember_address(session, dossier.holder, before, KIND, dossier.id)


def move_dossier(
    session: Session,
    effects: Mapping[str, Any],
    dossier: Dossier,
    name: str,
    values: Mapping[str, Any],
    actor: Actor,
) -> Transition:
    """Make one step of the workflow: preconditions, effect, state, history, audit, index.

    Raises:
        WorkflowError: The step isn't possible now, or an answer is missing.
    """
    lock(session, dossier)
    transition = DOSSIER_WORKFLOW.check(dossier.state, name, {**values, "soort": dossier.kind})
    if transition.effect is not None:
        effects[transition.effect](session, dossier, values, actor)
    before, dossier.state = dossier.state, transition.target
    dossier.closed_at = utc_now() if transition.target in ENDED else None
    append(session, dossier, actor, name, before=before, values=values)
    log(session, dossier, actor, "toestand", [dossier.state])
    reindex_dossier(session, dossier)
    return transition


def still_open(dossier: Dossier) -> ColumnElement[bool]:
    """Return the condition of the open agreements of a dossier."""
    mine = DossierAgreement.dossier_id == dossier.id
    return and_(mine, DossierAgreement.state == AgreementState.OPEN.value)


def open_agreements(session: Session, dossier: Dossier) -> int:
    """Count the open agreements of a dossier."""
    number = select(func.count(DossierAgreement.id)).where(still_open(dossier))
    return session.scalar(number) or 0


def make_agreement(
    session: Session,
    dossier: Dossier,
    text: str,
    who: str,
    due_on: date,
    actor: Actor,
    *,
    owner_id: UUID | None = None,
) -> DossierAgreement:
    """Agree that somebody does something before a day.

    Raises:
        DossierError: The dossier is closed.
    """
    lock_live(session, dossier)
    agreement = DossierAgreement(
        holder=dossier.holder,
        dossier_id=dossier.id,
        what=text,
        who=who,
        owner_id=owner_id or dossier.owner_id,
        due_on=due_on,
        state=AgreementState.OPEN.value,
        **made_by(actor),
    )
    session.add(agreement)
    session.flush()
    schedule_reminder(session, agreement)
    touch(session, dossier, actor)
    log(session, dossier, actor, "afspraak_gemaakt")
    reindex_dossier(session, dossier)
    return agreement


def change_agreement(
    session: Session,
    dossier: Dossier,
    agreement: DossierAgreement,
    values: Mapping[str, Any],
    actor: Actor,
) -> list[str]:
    """Change an agreement or say how it ended; return the names of the fields that differ.

    Raises:
        DossierError: The dossier is closed, or the result isn't told.
    """
    lock_live(session, dossier)
    state = values.get("state", agreement.state)
    if state != AgreementState.OPEN and not values.get("result", agreement.result):
        raise DossierError("Schrijf op wat het resultaat was, of waarom het vervalt.", "result")
    changed = set_fields(agreement, values, AGREEMENT_FIELDS)
    if changed:
        _agreement_changed(session, dossier, agreement, changed, actor)
    return changed


def _agreement_changed(
    session: Session,
    dossier: Dossier,
    agreement: DossierAgreement,
    changed: list[str],
    actor: Actor,
) -> None:
    moment = utc_now()
    agreement.changed_at = moment
    agreement.changed_by = actor.name
    if "state" in changed:
        agreement.closed_at = None if agreement.state == AgreementState.OPEN else moment
        values = {"afspraak": agreement.what, "staat": agreement.state, "reden": agreement.result}
        append(session, dossier, actor, "afspraak", values=values)
    else:
        touch(session, dossier, actor)
    if {"due_on", "state"} & set(changed):
        schedule_reminder(session, agreement)
    log(session, dossier, actor, "afspraak_gewijzigd", changed)
    reindex_dossier(session, dossier)


def schedule_reminder(session: Session, agreement: DossierAgreement) -> None:
    """Have the owner of an agreement mailed some days before; nothing when that day is past."""
    day = agreement.due_on - timedelta(days=DAYS_BEFORE)
    delay = datetime.combine(day, TIME_OF_DAY, AMSTERDAM) - utc_now()
    if agreement.owner_id is None or delay <= timedelta(0):
        return
    payload = {"afspraak": str(agreement.id), "dag": agreement.due_on.isoformat()}
    enqueue(session, REMINDER_JOB, agreement.holder, payload, delay=delay)


def send_reminders(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Queue a mail to the owners of agreements that are open and still due on that day; a job."""
    for payload in payloads:
        with context.transaction() as session:
            row = session.get(DossierAgreement, UUID(payload["afspraak"]))
            if row is None or row.owner_id is None or not _is_due(row, payload["dag"]):
                continue
            name, day = REMINDER.name, payload["dag"]
            owner = Recipient(COLLEAGUE, str(row.owner_id))
            key, values = f"{name}:{row.id}:{day}", {"dag": day}
            queue_mail(session, row.holder, name, owner, about=row.id, values=values, key=key)


def _is_due(row: DossierAgreement, day: str) -> bool:
    return row.state == AgreementState.OPEN and row.due_on.isoformat() == day


def _letter(writing: Writing) -> Letter | None:
    row = writing.session.get(DossierAgreement, writing.message.about_id)
    if row is None or not _is_due(row, str(writing.message.values["dag"])):
        return None
    return Letter({"dag": date_text(row.due_on), "link": writing.link("/dossiers")})


def _address(session: Session, keys: KeyRing, number: str) -> str | None:
    """Return the address to write somebody at: who is away has a substitute; None: is blocked."""
    person = _acting(session, number)
    active = select(User.username).where(User.id == person, User.blocked_at.is_(None))
    return session.scalar(active)


def _acting(session: Session, number: str) -> UUID:
    return acting_for(session, UUID(number), local_date(utc_now()))


REMINDER: Final = MailTemplate(
    "afspraak_herinnering", "Een afspraak loopt bijna af", __package__, _letter, work=True
)
# The choice of the substitute counts for who is away.
REMINDER_RECIPIENT: Final = MailRecipient(
    COLLEAGUE, _address, reader=lambda session, number: reader_of(session, _acting(session, number))
)
