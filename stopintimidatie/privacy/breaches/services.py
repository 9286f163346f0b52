"""Entering a breach, the steps that follow, the facts about it, and whose data it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import new_code, uuid_of
from stopintimidatie.core.workflow import Transition, WorkflowError, line
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.services import subjects_of
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.profiles.rules import Field, Treatment
from stopintimidatie.exports.profiles.services import profile_at
from stopintimidatie.privacy.breaches.mail import plan_reminders, tell_officers
from stopintimidatie.privacy.breaches.models import (
    Breach,
    BreachDocument,
    BreachMove,
    BreachNotice,
)
from stopintimidatie.privacy.breaches.vocabulary import (
    KIND,
    PREFIX,
    Cause,
    Group,
    NoticeKind,
    categories_of,
)
from stopintimidatie.privacy.breaches.workflow import (
    INVESTIGATED,
    REOPEN,
    REOPEN_REPORTED,
    WORKFLOW,
    Judged,
    due_at,
    is_late,
    why_not_closed,
    why_not_unreported,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT

PROGRESS: Final = Job("datalek.voortgang")
# The same words again within this time are an impatient click.
IMPATIENCE: Final = timedelta(minutes=10)
NOTICE_OF: Final = {
    "ap_melden": NoticeKind.FIRST,
    "ap_aanvullen": NoticeKind.MORE,
    "ap_compleet": NoticeKind.LAST,
    "ap_intrekken": NoticeKind.WITHDRAWN,
}


@dataclass(frozen=True)
class Entry:
    """Breach as somebody reports it; `lost` is the disclosed document that is lost."""

    description: str
    aware_at: datetime
    cause: str
    lost: Disclosure | None = None


def enter_breach(
    session: Session, holder: str, entry: Entry, actor: Actor, *, shared_id: UUID | None = None
) -> tuple[Breach, bool]:
    """Enter a breach with its clock, and have the privacy officers mailed.

    A document that is lost already, and words that were just sent, make no second breach: the
    message is added to the one that is open.

    Returns:
        The breach, and whether it is new.
    """
    _queue_up(session, actor)
    known = _known(session, holder, entry, actor)
    if known is not None:
        return _add_message(session, known, entry, actor), False
    lost = entry.lost
    breach = Breach(
        holder=holder,
        reference=new_code(PREFIX),
        state=INVESTIGATED,
        aware_at=entry.aware_at,
        due_at=due_at(entry.aware_at),
        reported_by_id=actor.id,
        reported_by=actor.name,
        changed_by=actor.name,
        origin_kind=lost.source_kind if lost else None,
        origin_id=lost.id if lost else None,
        origin_reference=lost.reference if lost else None,
        shared_id=shared_id,
        description=entry.description,
        cause=entry.cause,
        groups=[Group.REPORTERS.value] if lost else [],
        categories=categories_of(_fields_in(session, lost)) if lost else [],
    )
    try:
        with session.begin_nested():
            session.add(breach)
    except IntegrityError:
        # The unique index refused it: a colleague reported the same lost document meanwhile.
        known = _known(session, holder, entry, actor)
        if known is None:
            raise
        return _add_message(session, known, entry, actor), False
    append(session, breach, actor, "ingevoerd", {})
    if lost is not None:
        _add_subjects(session, breach, lost)
    record(session, actor, "datalek.gemeld", holder, KIND, [breach.id])
    tell_officers(session, breach)
    return breach, True


def _add_message(session: Session, known: Breach, entry: Entry, actor: Actor) -> Breach:
    """Add what somebody writes to the breach that is open about it, and return that."""
    if known.description != entry.description:
        append(session, known, actor, "nog_een_bericht", {"reden": entry.description})
        record(session, actor, "datalek.bericht", known.holder, KIND, [known.id])
    return known


def _queue_up(session: Session, actor: Actor) -> None:
    """Let a second click of the same person wait for the first one."""
    number = uuid_of(actor.id or "")
    if number is not None:
        session.execute(select(User.id).where(User.id == number).with_for_update())


def _known(session: Session, holder: str, entry: Entry, actor: Actor) -> Breach | None:
    """Return the open breach that this entry is about, if it was reported already."""
    mine = select(Breach).where(Breach.holder == holder, Breach.closed_at.is_(None))
    if entry.lost is not None:
        mine = mine.where(Breach.origin_id == entry.lost.id)
    else:
        mine = mine.where(
            Breach.origin_id.is_(None),
            Breach.reported_by_id == actor.id,
            Breach.description == entry.description,
            Breach.made_at > utc_now() - IMPATIENCE,
        )
    return session.scalars(
        mine.order_by(Breach.made_at, Breach.reference).limit(1).with_for_update()
    ).one_or_none()


def _add_subjects(session: Session, breach: Breach, lost: Disclosure) -> None:
    """Note the reports that stand in the document that is lost."""
    subjects = [row for row in subjects_of(session, lost.id) if row.kind == REPORT]
    names = dict(
        session.execute(
            select(Report.id, Report.reference).where(
                Report.id.in_([row.subject_id for row in subjects])
            )
        ).all()
    )
    session.add_all(
        BreachDocument(
            holder=breach.holder,
            breach_id=breach.id,
            document_kind=REPORT,
            document_id=subject.subject_id,
            reference=names.get(subject.subject_id) or subject.label,
        )
        for subject in {row.subject_id: row for row in subjects}.values()
    )


def append(
    session: Session,
    breach: Breach,
    actor: Actor,
    name: str,
    values: Mapping[str, Any],
    *,
    before: str | None = None,
) -> None:
    """Append a line to the history of a breach, and note who changed it last."""
    columns = line(actor, name, before, breach.state, values)
    session.add(BreachMove(holder=breach.holder, breach_id=breach.id, **columns))
    breach.changed_at, breach.changed_by = utc_now(), actor.name
    tell_desk(session, breach)


def tell_desk(session: Session, breach: Breach) -> None:
    """Have the desk's entry note how far this municipality is, when it came from there."""
    if breach.shared_id is not None:
        values = {"lek": str(breach.shared_id), "gemeente": breach.holder}
        enqueue(session, PROGRESS, NATIONAL, values)


def lock(session: Session, breach: Breach) -> None:
    """Take a breach for oneself, as it is now."""
    session.refresh(breach, with_for_update=True)


def move(
    session: Session, breach: Breach, name: str, values: Mapping[str, Any], actor: Actor
) -> None:
    """Make a step of the workflow; the breach is locked.

    Raises:
        WorkflowError: It can't be made now; the message says what to do first.
    """
    step = WORKFLOW.check(breach.state, name, values)
    if name in NOTICE_OF:
        _notify_ap(session, breach, NOTICE_OF[name], values, actor)
    elif name in ("beoordelen", "herbeoordelen"):
        breach.risk, breach.risk_reason = values["risico"], values["reden"]
    problem = _problem(session, breach, name)
    if problem:
        raise WorkflowError(problem)
    before, breach.state = breach.state, step.target
    breach.closed_at = utc_now() if name == "afsluiten" else None
    kept = {"risico": values.get("risico"), "reden": values.get("reden") or values.get("te_laat")}
    append(session, breach, actor, name, kept, before=before)
    record(session, actor, "datalek.stap", breach.holder, KIND, [breach.id], fields=[name])


def steps_of(breach: Breach, notices: Sequence[BreachNotice]) -> list[Transition]:
    """Return the steps that can be made now; a notification that stands decides how it reopens."""
    kinds = [row.kind for row in notices]
    stands = kinds.count(NoticeKind.FIRST) > kinds.count(NoticeKind.WITHDRAWN)
    other = REOPEN if stands else REOPEN_REPORTED
    return [step for step in WORKFLOW.moves_from(breach.state) if step.name != other]


def _problem(session: Session, breach: Breach, name: str) -> str | None:
    if name == "niet_melden":
        return why_not_unreported(breach.risk)
    if name in (REOPEN, REOPEN_REPORTED) and breach.origin_reference is not None:
        later = breach_about(session, breach.holder, breach.origin_reference)
        if later is not None and later.closed_at is None:
            return f"Dit stuk is daarna opnieuw gemeld. Ga verder met datalek {later.reference}."
    if name == "afsluiten":
        kinds = [notice.kind for notice in notices_of(session, breach)]
        return why_not_closed(Judged(breach.risk, is_complete(breach), kinds))
    return None


def is_complete(breach: Breach) -> bool:
    """Tell whether the facts that article 33(3) and 33(5) ask are there."""
    return bool(
        breach.description
        and breach.categories
        and breach.people is not None
        and breach.consequences
        and breach.measures
    )


def _notify_ap(
    session: Session, breach: Breach, kind: NoticeKind, values: Mapping[str, Any], actor: Actor
) -> None:
    sent_at: datetime = values["op"]
    # A form knows whole minutes.
    if sent_at < breach.aware_at.replace(second=0, microsecond=0):
        raise WorkflowError("Dit ligt voor het moment waarop het datalek bekend werd.", "op")
    if kind is NoticeKind.FIRST and breach.late_reason is None:
        if is_late(breach.due_at, sent_at) and not values.get("te_laat"):
            raise WorkflowError(
                "Dit is later dan 72 uur. Schrijf op waarom: de AP vraagt daarnaar.", "te_laat"
            )
        breach.late_reason = values.get("te_laat")
    session.add(
        BreachNotice(
            holder=breach.holder,
            breach_id=breach.id,
            kind=kind.value,
            sent_at=sent_at,
            sent_by=actor.name,
            number=values.get("nummer"),
            text=values.get("toelichting"),
        )
    )


@dataclass(frozen=True)
class Facts:
    """Facts that article 33(3) AVG asks."""

    description: str
    cause: str
    happened_from: datetime | None
    happened_until: datetime | None
    categories: Sequence[str]
    groups: Sequence[str]
    people: int | None
    consequences: str | None
    measures: str | None


def set_facts(session: Session, breach: Breach, facts: Facts, actor: Actor) -> None:
    """Write the facts down; the breach is locked. The history tells which ones changed."""
    new = {
        **vars(facts),
        "categories": sorted(facts.categories),
        "groups": sorted(facts.groups),
    }
    changed = sorted(name for name, value in new.items() if getattr(breach, name) != value)
    if not changed:
        return
    for name in changed:
        setattr(breach, name, new[name])
    append(session, breach, actor, "feiten", {"velden": changed})
    record(session, actor, "datalek.feiten", breach.holder, KIND, [breach.id], fields=changed)


def set_aware(
    session: Session, breach: Breach, aware_at: datetime, reason: str, actor: Actor
) -> None:
    """Correct since when the breach is known, with the reason; the breach is locked."""
    values = {"was": breach.aware_at.isoformat(), "reden": reason}
    breach.aware_at, breach.due_at = aware_at, due_at(aware_at)
    append(session, breach, actor, "tijdstip", values)
    plan_reminders(session, breach)
    record(session, actor, "datalek.feiten", breach.holder, KIND, [breach.id], fields=["aware_at"])


def notices_of(session: Session, breach: Breach) -> Sequence[BreachNotice]:
    """Return the notifications about a breach, the first one first."""
    return session.scalars(
        select(BreachNotice)
        .where(BreachNotice.breach_id == breach.id)
        .order_by(BreachNotice.sent_at, BreachNotice.id)
    ).all()


def first_notices(session: Session, breaches: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return the moments of the first notifications about breaches, by breach."""
    about = BreachNotice.breach_id.in_(breaches), BreachNotice.kind == NoticeKind.FIRST
    moment = func.min(BreachNotice.sent_at)
    rows = select(BreachNotice.breach_id, moment).where(*about).group_by(BreachNotice.breach_id)
    return dict(session.execute(rows).all())


def documents_of(
    session: Session, breach: Breach, offset: int, size: int
) -> Sequence[BreachDocument]:
    """Return a page of the documents of which data went astray, by reference."""
    return session.scalars(
        select(BreachDocument)
        .where(BreachDocument.breach_id == breach.id)
        .order_by(BreachDocument.reference, BreachDocument.id)
        .offset(offset)
        .limit(size)
    ).all()


@dataclass(frozen=True)
class Tally:
    """Number of reports in a breach, of those whose reporter was told, and who can't be told."""

    total: int
    reached: int
    hindered: int

    @property
    def left(self) -> int:
        """The number of reporters who can be told yet."""
        return self.total - self.reached - self.hindered


def tally(session: Session, breach: Breach) -> Tally:
    """Count the reports of a breach."""
    row = session.execute(
        select(
            func.count(BreachDocument.id),
            func.count(BreachDocument.told_at),
            func.count(case((BreachDocument.told_at.is_(None), BreachDocument.obstacle))),
        ).where(BreachDocument.breach_id == breach.id)
    ).one()
    return Tally(*row)


def moves_of(session: Session, breach: Breach) -> Sequence[BreachMove]:
    """Return the history of a breach, the latest first."""
    return session.scalars(
        select(BreachMove)
        .where(BreachMove.breach_id == breach.id)
        .order_by(BreachMove.at.desc(), BreachMove.id)
    ).all()


def lost_of(session: Session, breach: Breach) -> Disclosure | None:
    """Return the disclosed document that is lost, if the breach began with one."""
    return session.get(Disclosure, breach.origin_id) if breach.origin_id else None


def breach_about(session: Session, holder: str, reference: str) -> Breach | None:
    """Return the latest breach that began with the loss of this disclosed document."""
    mine = select(Breach).where(Breach.holder == holder, Breach.origin_reference == reference)
    return session.scalars(mine.order_by(Breach.made_at.desc(), Breach.id).limit(1)).first()


def is_lost(session: Session, holder: str, reference: str) -> bool:
    """Tell whether a disclosed document was reported as lost, and that isn't closed yet."""
    mine = Breach.holder == holder, Breach.origin_reference == reference
    open_ = select(Breach.id).where(*mine, Breach.closed_at.is_(None)).limit(1)
    return session.scalar(open_) is not None


def _fields_in(session: Session, lost: Disclosure) -> list[str]:
    """Return the kinds of data that went along, as the register of disclosures has them."""
    rows = (row for row in subjects_of(session, lost.id) if row.kind == REPORT)
    return list(dict.fromkeys(kind for row in rows for kind in row.categories))


def kinds_in(session: Session, lost: Disclosure) -> str:
    """Return in words which data stands in a disclosed document, as coarse as its profile gave it.

    A document that no profile made has the words of the register.
    """
    profile = None
    if lost.profile in PROFILES:
        profile = profile_at(session, lost.holder, lost.profile, lost.profile_version)
    words = []
    for kind in _fields_in(session, lost):
        rule = profile.rule(Field(kind)) if profile and kind in _FIELDS else None
        coarse = rule is not None and rule.treatment is Treatment.COARSENED
        words.append(f"{kind} ({rule.label})" if rule and coarse else kind)
    return ", ".join(words)


_FIELDS: Final = frozenset(field.value for field in Field)
# Documents that whoever reports a loss chooses as the cause.
LOST: Final = Cause.LOST.value
