"""Actions on a pattern: accept, snooze, reject; its personal data; the settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import Actor, AuditEvent, AuditSubject, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import ConflictError
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import (
    ErasureCount,
    Fragment,
    PersonalDataHolder,
    Subject,
    Treatment,
    empty_rows,
    redact_rows,
)
from stopintimidatie.core.storage.retention import RetentionClass, Way, years
from stopintimidatie.core.text import local
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.dossiers.case.services import DossierPlan, create_dossier
from stopintimidatie.dossiers.filing.services import REFERABLE, file_report, membership_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.patterns.models import (
    DECIDABLE,
    KIND,
    Choice,
    Pattern,
    PatternReport,
    PatternSetting,
    PatternState,
)
from stopintimidatie.dossiers.services import COLLEAGUE, set_fields
from stopintimidatie.dossiers.workflow import LIVE, DossierKind
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.reports import personal as reports_personal
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import proposed_among
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import LEFT_OUT, ReportState

FILABLE: Final = REFERABLE | {ReportState.IN_HAND}


@dataclass(frozen=True, slots=True)
class Filed:
    """The result of accepting: the dossier, how many reports went in, and which have to wait.

    `referred`: to so many others the dossier only refers. `proposed`: those that wait for a second
    person, who answers a proposal about them first.
    """

    dossier: Dossier
    filed: int
    referred: int
    waiting: tuple[str, ...]
    proposed: tuple[str, ...]


def reports_of(session: Session, pattern: Pattern) -> Sequence[Report]:
    """Return the reports that show a pattern and still count, oldest first."""
    shown = select(PatternReport.report_id).where(PatternReport.pattern_id == pattern.id)
    return session.scalars(
        select(Report)
        .where(Report.id.in_(shown), Report.state.not_in(LEFT_OUT))
        .order_by(Report.incident_start, Report.id)
    ).all()


def take_in_hand(session: Session, pattern: Pattern, version: int) -> None:
    """Lock a pattern for a decision.

    Raises:
        ConflictError: It isn't the one this person saw.
        WorkflowError: There is nothing to decide (any more).
    """
    session.flush()
    session.refresh(pattern, with_for_update=True)
    if pattern.version != version:
        raise ConflictError("Het patroon is intussen veranderd. Bekijk het opnieuw voor u beslist.")
    if pattern.state not in DECIDABLE:
        raise WorkflowError("Over dit patroon is al besloten, of het is vervallen.")


def accept(
    session: Session,
    effects: Mapping[str, Any],
    pattern: Pattern,
    plan: DossierPlan | UUID,
    actor: Actor,
    *,
    elsewhere: Collection[UUID] = (),
) -> Filed:
    """Make a dossier of it, or add it to the one of which `plan` is the id.

    New reports wait for triage: the caller takes them in hand first. `elsewhere`: the ids of those
    that stay in a dossier that this person doesn't see.

    Raises:
        WorkflowError: The dossier isn't there or runs no more.
    """
    if isinstance(plan, DossierPlan):
        dossier = create_dossier(session, actor, pattern.holder, plan)
    else:
        dossier = _running(session, plan)
    reason = f"Hoort bij patroon P-{pattern.number}: zelfde plek en tijd."
    filed, waiting, asked = [], [], []
    reports = reports_of(session, pattern)
    proposed = proposed_among(session, reports)
    for report in reports:
        if report.id in elsewhere or membership_of(session, dossier.id, report.id) is not None:
            continue
        if report.id in proposed:
            asked.append(report.reference)
        elif report.state in FILABLE:
            filed.append(file_report(session, effects, dossier, report, reason, actor))
        else:
            waiting.append(report.reference)
    pattern.dossier_id = dossier.id
    _decide(session, pattern, PatternState.ACCEPTED, actor, None, None)
    referred = sum(membership.reference for membership in filed)
    return Filed(dossier, len(filed) - referred, referred, tuple(waiting), tuple(asked))


def ask_colleagues(
    session: Session, pattern: Pattern, owners: Collection[UUID], actor: Actor
) -> None:
    """Have who leads a dossier with reports of the pattern asked about it, without content.

    Of one and the same pattern once a day.
    """
    day = local(utc_now()).date().isoformat()
    for owner in owners:
        to, key = Recipient(COLLEAGUE, str(owner)), f"{QUESTION.name}:{pattern.id}:{owner}:{day}"
        queue_mail(session, pattern.holder, QUESTION.name, to, about=pattern.id, key=key)
    record(session, actor, ASKED, pattern.holder, KIND, [pattern.id])


def leaders(session: Session, holder: str) -> list[UUID]:
    """Return the ids of those who may lead a dossier that few see: asked where nobody does yet."""
    rows = session.scalars(
        select(RoleAssignment.user_id).where(
            RoleAssignment.holder == holder,
            RoleAssignment.role == Role.DOSSIER_OWNER.value,
            RoleAssignment.counting(),
        )
    )
    return list(rows)


def who_asked(session: Session, pattern: Pattern) -> tuple[str, datetime] | None:
    """Return the name of the last person who asked about the pattern, and when; by the log."""
    row = session.execute(
        select(AuditEvent.actor_name, AuditEvent.at)
        .join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
        .where(AuditSubject.subject_id == pattern.id, AuditEvent.action == ASKED)
        .order_by(AuditEvent.at.desc())
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1])


def _letter(writing: Writing) -> Letter | None:
    pattern = writing.session.get(Pattern, writing.message.about_id)
    if pattern is None or pattern.state not in DECIDABLE:
        return None
    slug = writing.session.scalar(
        select(Municipality.slug).where(Municipality.code == pattern.holder)
    )
    return Letter({"link": writing.link(f"/gemeenten/{slug}/P-{pattern.number}")})


ASKED: Final = "patroon.gevraagd"
QUESTION: Final = MailTemplate(
    "patroon_vraag", "Een collega vraagt of u hieraan werkt", __package__, _letter, work=True
)


def _running(session: Session, dossier_id: UUID) -> Dossier:
    dossier = session.scalars(select(Dossier).where(Dossier.id == dossier_id)).one_or_none()
    if dossier is None or dossier.state not in LIVE or dossier.kind == DossierKind.PERSON.value:
        raise WorkflowError("Dit dossier loopt niet (meer). Kies een ander.", "dossier")
    return dossier


def snooze(session: Session, pattern: Pattern, until: date, actor: Actor) -> None:
    """Put a pattern off: it comes back on that day, if it is still there.

    Raises:
        WorkflowError: The day has passed.
    """
    _later(until)
    _decide(session, pattern, PatternState.SNOOZED, actor, until, None)


def reject(session: Session, pattern: Pattern, reason: str, until: date, actor: Actor) -> None:
    """Reject a pattern with a reason; until that day it isn't proposed again.

    Raises:
        WorkflowError: The day has passed.
    """
    _later(until)
    _decide(session, pattern, PatternState.REJECTED, actor, until, reason)


def _later(day: date) -> None:
    if day <= local(utc_now()).date():
        raise WorkflowError("Kies een dag na vandaag.", "tot")


def _decide(
    session: Session,
    pattern: Pattern,
    state: PatternState,
    actor: Actor,
    until: date | None,
    reason: str | None,
) -> None:
    pattern.state, pattern.until, pattern.reason = state, until, reason
    pattern.decided_at, pattern.decided_by = utc_now(), actor.name
    record(session, actor, "patroon.besluit", pattern.holder, KIND, [pattern.id], fields=[state])


T: Final = Treatment
COLUMNS: Final = {
    "pattern": {"reason": T.TEXT, "decided_by": T.STAFF, "state": T.CODES},
    "pattern_report": {"report_id": T.CODES},
}


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find every pattern that a report of the subject is part of."""
    about_them = PatternReport.report_id.in_(reports_personal.find(session, keys, subject))
    patterns = select(PatternReport.pattern_id).where(about_them).distinct()
    return session.scalars(select(Pattern.id).where(Pattern.id.in_(patterns))).all()


def redact(session: Session, keys: KeyRing, document: UUID, fragment: Fragment) -> int:
    """Redact a fragment in the words of a pattern."""
    return redact_rows(session, Pattern, Pattern.id == document, COLUMNS["pattern"], fragment)


def erase(session: Session, document: UUID) -> None:
    """Delete which reports showed it, and the reason; that it was proposed and decided stays."""
    session.execute(delete(PatternReport).where(PatternReport.pattern_id == document))
    empty_rows(session, Pattern, Pattern.id == document, COLUMNS["pattern"])


def source_erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """Delete that an erased report showed a pattern."""
    if kind == REPORT:
        session.execute(delete(PatternReport).where(PatternReport.report_id == document))
    return 0


def source_told(session: Session, keys: KeyRing, kind: str, document: UUID) -> list[ErasureCount]:
    """Count the patterns that show a report."""
    if kind != REPORT:
        return []
    rows = select(func.count()).where(PatternReport.report_id == document)
    return [ErasureCount("pattern_report", ("report_id",), session.scalar(rows) or 0)]


PERSONAL_DATA: Final = PersonalDataHolder(
    KIND,
    COLUMNS,
    find,
    redact,
    erase,
    source_erased=source_erased,
    source_told=source_told,
)


RETENTION: Final = RetentionClass(
    "patroon",
    "Opvallende patronen: plek, uren, het besluit en de reden",
    ("pattern", "pattern_report"),
    Way.STANDING,
    "de laatste keer dat het patroon is gezien",
    years(1),
    source="eigen beleid",
    desk=False,
)
FIELDS: Final = ("enabled", "window_days", "radius_m", "least", "certainty", "quiet_days")


def row_of(session: Session, holder: str) -> PatternSetting | None:
    """Return the settings that a municipality saved, or None."""
    return session.scalars(
        select(PatternSetting).where(PatternSetting.holder == holder)
    ).one_or_none()


def choice_of(session: Session, holder: str) -> Choice:
    """Return the settings of the search of this municipality."""
    row = row_of(session, holder)
    if row is None:
        return Choice()
    return Choice(**{name: getattr(row, name) for name in (*FIELDS, "version")})


def change_settings(
    session: Session, holder: str, values: Mapping[str, Any], version: int, actor: Actor
) -> list[str]:
    """Change what is set; the names of what differs.

    Raises:
        ConflictError: Somebody else was first.
    """
    row = row_of(session, holder)
    if row is not None:
        session.refresh(row, with_for_update=True)
    before = choice_of(session, holder)
    if version != before.version:
        raise ConflictError(
            "Iemand anders heeft dit intussen gewijzigd. Kijk het na en sla opnieuw op."
        )
    if all(values[name] == getattr(before, name) for name in FIELDS):
        return []
    fields = set_fields(row or _made(session, holder, before), values, FIELDS)
    session.flush()
    record(session, actor, "patroon.instelling", holder, "gemeente", [], fields=fields)
    return fields


def note_searched(session: Session, holder: str, choice: Choice) -> None:
    """Remember when the last search was."""
    row = row_of(session, holder) or _made(session, holder, choice)
    row.searched_at = utc_now()


def _made(session: Session, holder: str, choice: Choice) -> PatternSetting:
    row = PatternSetting(holder=holder, **{name: getattr(choice, name) for name in FIELDS})
    session.add(row)
    return row
