"""Placing and lifting holds; the flag `frozen` of the document follows. Personal data of holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Select, and_, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security.permissions import Identity, Role
from stopintimidatie.core.storage import in_portions, transaction
from stopintimidatie.core.storage.models import day_in
from stopintimidatie.core.storage.personal import holder_of_rows, treated
from stopintimidatie.core.storage.retention import RetentionClass, Way, months
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import date_short, day_of
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.resources import visible_to
from stopintimidatie.dossiers.services import reindex_dossier
from stopintimidatie.dossiers.workflow import GONE as DOSSIERS_GONE
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.privacy.retention.queries import due_documents, due_of, present_schedule
from stopintimidatie.privacy.retention.rules import Schedule
from stopintimidatie.privacy.retention.timelines import not_held, told_day
from stopintimidatie.reports.conversation.queries import Keeping
from stopintimidatie.reports.conversation.services import MAIL_OWNER, PAGE, REPORTER
from stopintimidatie.reports.models import Report, ReportContact
from stopintimidatie.reports.personal import delete_contact, has_contact
from stopintimidatie.reports.rules import normalise_reference
from stopintimidatie.reports.services import reindex_report
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import ReportState

MOST_AT_ONCE: Final = 200
# Letters in one transaction.
AT_ONCE: Final = 25
# States of reports and dossiers of which nothing is left here.
GONE: Final = DOSSIERS_GONE | {ReportState.DESTROYED, ReportState.HANDED_OVER}
# The membership of a report that is in a dossier, and isn't only referred to.
BELONGS: Final = (DossierMembership.left_at.is_(None), DossierMembership.reference.is_(False))
_BETWEEN: Final = re.compile(r"[\s,;]+")
COLUMNS: Final = treated(
    text="case_reference note lifted_reason",
    staff="placed_by_id placed_by lifted_by_id lifted_by",
)
PERSONAL_DATA: Final = holder_of_rows("bevriezing", Hold, COLUMNS)
RETENTION: Final = RetentionClass(
    "bevriezing",
    "Bevriezingen: reden, zaaknummer en wie dat besliste",
    ("hold",),
    Way.ALONG,
    "het document wordt vernietigd",
    until="met het document",
    source="eigen beleid",
)


def place_hold(
    session: Session,
    row: Report | Dossier,
    reason: HoldReason,
    review_on: date,
    actor: Actor,
    *,
    case_reference: str | None = None,
    note: str | None = None,
) -> Hold:
    """Freeze a report or dossier against destruction until the hold is lifted."""
    session.refresh(row, with_for_update=True)
    hold = Hold(
        holder=row.holder,
        document_kind=kind_of(row),
        document_id=row.id,
        reference=reference_of(row),
        reason=reason.value,
        case_reference=case_reference,
        note=note,
        review_on=review_on,
        placed_by_id=actor.id,
        placed_by=actor.name,
    )
    session.add(hold)
    _set_frozen(session, row, frozen=True)
    record(
        session, actor, "bevriezing.geplaatst", row.holder, kind_of(row), [row.id], fields=[reason]
    )
    return hold


def lift_hold(session: Session, row: Report | Dossier, hold: Hold, why: str, actor: Actor) -> None:
    """End a hold; the document stays frozen while another one is in force."""
    session.refresh(row, with_for_update=True)
    hold.lifted_at, hold.lifted_reason = utc_now(), why
    hold.lifted_by_id, hold.lifted_by = actor.id, actor.name
    session.flush()
    _set_frozen(session, row, frozen=bool(holds_on(session, row.id)))
    _let_contact_go(session, row)
    record(session, actor, "bevriezing.opgeheven", row.holder, kind_of(row), [row.id])


def _let_contact_go(session: Session, row: Report | Dossier) -> None:
    """Delete the contact data of withdrawn reports that only this hold kept."""
    session.flush()
    inside = select(DossierMembership.report_id).where(
        DossierMembership.dossier_id == row.id, *BELONGS
    )
    mine = Report.id == row.id if isinstance(row, Report) else Report.id.in_(inside)
    for report in session.scalars(
        select(Report).where(mine, Report.state == ReportState.WITHDRAWN, not_held())
    ):
        delete_contact(session, report)


def is_held(session: Session, report: Report) -> bool:
    """Tell whether a hold that its reporter is told of keeps the contact data of a report.

    The copy for another who asks never has it: for theirs it needn't stay.
    """
    return bool(_days_told(session, report))


def _days_told(session: Session, report: Report) -> list[date]:
    """Return the review days of the holds on a report or its dossier that its reporter is told of.

    A request of another isn't told: the reporter would read from it that somebody asked.
    """
    asked_here = and_(Hold.placed_by_id.is_(None), Hold.placed_by == REPORTER.name)
    mine = select(Hold.review_on).where(
        Hold.lifted_at.is_(None),
        or_(Hold.document_id == report.id, Hold.document_id.in_(_dossier_of(report))),
        or_(Hold.reason != HoldReason.REQUEST.value, asked_here),
    )
    return list(session.scalars(mine.order_by(Hold.review_on)))


def holds_on(session: Session, document: UUID) -> list[Hold]:
    """Return the holds in force on a document, the oldest first."""
    mine = select(Hold).where(Hold.document_id == document, Hold.lifted_at.is_(None))
    return list(session.scalars(mine.order_by(Hold.placed_at)))


def prolong_hold(
    session: Session, row: Report | Dossier, hold: Hold, review_on: date, why: str, actor: Actor
) -> None:
    """Keep a hold in force, and decide anew on a later day; the reason goes below the note."""
    session.refresh(row, with_for_update=True)
    hold.review_on = review_on
    hold.note = "\n".join(filter(None, (hold.note, f"{date_short(day_of(utc_now()))}: {why}")))
    record(session, actor, "bevriezing.verlengd", row.holder, kind_of(row), [row.id])


def place_holds(
    session: Session,
    typed: str,
    roles: Iterable[Role],
    actor: Actor,
    reason: HoldReason,
    review_on: date,
    *,
    case_reference: str | None = None,
    note: str | None = None,
) -> list[Hold]:
    """Freeze the documents whose references were typed, all for one case.

    Those that are frozen for this reason and case already stay as they are. A dossier that these
    roles may not see is unknown to them.

    Raises:
        FormError: A document isn't here, or nothing of it is left; the message says which. Or it
            is for a Woo request without a number.
    """
    if reason is HoldReason.WOO and not case_reference:
        raise FormError(
            "Vul het nummer van het Woo-verzoek in: daarmee vindt u de stukken terug.", "zaak"
        )
    rows = documents_of(session, typed, roles)
    gone = [reference_of(row) for row in rows if row.state in GONE]
    if gone:
        raise FormError(f"Van {', '.join(gone)} is hier niets meer te bevriezen.", "kenmerken")
    offered = [reference_of(row) for row in rows if row.state == ReportState.OFFERED]
    if offered:
        raise FormError(
            f"{', '.join(offered)} is aangeboden aan een andere gemeente. Laat dat aanbod eerst"
            " intrekken, of wacht op het antwoord.",
            "kenmerken",
        )
    here, about = (reason.value, case_reference), {"case_reference": case_reference, "note": note}
    return [
        place_hold(session, row, reason, review_on, actor, **about)
        for row in rows
        if here not in {(hold.reason, hold.case_reference) for hold in holds_on(session, row.id)}
    ]


def documents_of(
    session: Session, typed: str, roles: Iterable[Role], *, place: str = "kenmerken"
) -> list[Report | Dossier]:
    """Return the reports and dossiers that these roles may know, in the order they were typed.

    `place`: the control that they were typed in.

    Raises:
        FormError: Nothing was typed, too much, or something that isn't here.
    """
    words = list(dict.fromkeys(word for word in _BETWEEN.split(typed) if word))
    if not words or len(words) > MOST_AT_ONCE:
        much = f"Vul hoogstens {MOST_AT_ONCE} kenmerken tegelijk in."
        raise FormError(much if words else "Vul een kenmerk of dossiernummer in.", place)
    names = {word: normalise_reference(word) or word for word in words}
    known: dict[str, Report | Dossier] = {
        report.reference: report
        for report in session.scalars(select(Report).where(Report.reference.in_(names.values())))
    }
    mine = select(Dossier).where(Dossier.number.in_(names.values()), visible_to(roles))
    for dossier in session.scalars(mine):
        known[dossier.number] = dossier
    missing = [name for name in dict.fromkeys(names.values()) if name not in known]
    if missing:
        raise FormError(f"Hier niet gevonden: {', '.join(missing)}. Controleer het kenmerk.", place)
    return [known[name] for name in dict.fromkeys(names.values())]


def row_of(session: Session, named: Any) -> Report | Dossier | None:
    """Return the document that a hold, or another row with its kind and id, is about."""
    if named.document_kind == REPORT:
        return session.get(Report, named.document_id)
    return session.get(Dossier, named.document_id)


def reference_of(row: Report | Dossier) -> str:
    """Return the reference of a report, or the number of a dossier."""
    return row.reference if isinstance(row, Report) else row.number


def listed(roles: Iterable[Role]) -> ColumnElement[bool]:
    """Return the condition of holds on documents of which these roles may know that they exist."""
    return Hold.document_id.not_in(select(Dossier.id).where(~visible_to(roles)))


def in_force(holder: str, roles: Iterable[Role]) -> Select[Hold]:
    """Select the holds in force that these roles may know of, the first to decide on first."""
    mine = select(Hold).where(Hold.holder == holder, Hold.lifted_at.is_(None), listed(roles))
    return mine.order_by(Hold.review_on, Hold.case_reference, Hold.reference)


def waiting(holder: str, identity: Identity) -> Select[Any]:
    """Select the holds whose review day has come, for the menu."""
    return select(Hold.id).where(
        Hold.holder == holder,
        Hold.lifted_at.is_(None),
        Hold.review_on <= day_in(),
        listed(identity.roles_for(holder)),
    )


def keeping_of(session: Session, report: Report) -> Keeping:
    """Return how long a report is kept, as its reporter may know it: no reason and no case.

    The day of destruction is told a month before; without approved terms no day is promised.
    """
    if report.state in GONE:
        return Keeping()
    soon = months(1).after(day_of(utc_now()))
    due = _due_on(session, report)
    near = due is not None and due <= soon
    days = _days_told(session, report)
    own = _of_reporter(session, report)
    return Keeping(
        goes_on=due if near and not days else None,
        kept=bool(days),
        kept_until=max(days, default=None),
        # At the desk the standing decision decided it for all at once.
        decided=near and report.holder == NATIONAL,
        contact_kept=bool(days) and has_contact(session, report),
        may_ask=near and (own is None or own.review_on <= soon),
        asked=own is not None,
    )


def _due_on(session: Session, report: Report) -> date | None:
    """Return the day on which a report goes; at the desk, once its reporter was told."""
    schedule = present_schedule(session)
    if schedule is None or report.holder == NATIONAL:
        return told_day(session, report, schedule) if schedule else None
    due = due_of(session, schedule, REPORT, report.id)
    return due.on if due else None


def keep_for_reporter(session: Session, report: Report) -> None:
    """Freeze a report for half a year from now, because its reporter wants to go to the police."""
    day = months(6).after(day_of(utc_now()))
    hold = _of_reporter(session, report)
    if hold is None:
        place_hold(session, report, HoldReason.POLICE_REPORT, day, REPORTER)
        return
    hold.review_on = day
    record(session, REPORTER, "bevriezing.verlengd", report.holder, REPORT, [report.id])


ANNOUNCED: Final = "dag_van_vernietigen"


def announce_destruction(
    engine: Engine, holder: str, schedule: Schedule, kept: Callable[[Session], Collection[UUID]]
) -> None:
    """Mail reporters who left an address, once, that their report goes within a month.

    The mail is as neutral as any to a reporter: the day stands on the page of the follow code.
    `kept`: reads the documents that don't go although their term is over.
    """
    soon = months(1).after(day_of(utc_now()))
    with transaction(engine, holder, write=False) as session:
        stays = kept(session)
        keys = {
            row.id: f"{ANNOUNCED}:{row.id}:{row.due.on}"
            for row in due_documents(session, schedule, soon)
            if row.kind == REPORT and not row.frozen and row.id not in stays
        }
        reachable = select(ReportContact.report_id).where(
            ReportContact.report_id.in_(keys), ReportContact.email.is_not(None)
        )
        known = select(MailMessage.key).where(MailMessage.key.in_(keys.values()))
        mailed = set(session.scalars(known))
        new = [number for number in session.scalars(reachable) if keys[number] not in mailed]
    for session, some in in_portions(engine, holder, new, AT_ONCE):
        for number in some:
            to = Recipient(MAIL_OWNER, str(number))
            queue_mail(session, holder, ANNOUNCED, to, about=number, key=keys[number])


def _write(writing: Writing) -> Letter | None:
    return Letter({"pad": PAGE})


TEMPLATE: Final = MailTemplate(
    ANNOUNCED,
    "Er staat een bericht voor u klaar",
    "stopintimidatie.reports.conversation:templates/mail/bericht_voor_melder.txt.jinja2",
    _write,
    neutral=True,
)


def _of_reporter(session: Session, report: Report) -> Hold | None:
    """Return the hold in force that the reporter asked for."""
    own = (hold for hold in holds_on(session, report.id) if hold.placed_by_id is None)
    return next((hold for hold in own if hold.reason == HoldReason.POLICE_REPORT), None)


def _dossier_of(report: Report) -> Select[UUID]:
    return select(DossierMembership.dossier_id).where(
        DossierMembership.report_id == report.id, *BELONGS
    )


def kind_of(row: Report | Dossier) -> str:
    """Return the kind of a document."""
    return REPORT if isinstance(row, Report) else "dossier"


def _set_frozen(session: Session, row: Report | Dossier, *, frozen: bool) -> None:
    row.frozen = frozen
    if isinstance(row, Report):
        reindex_report(session, row)
    else:
        reindex_dossier(session, row)
