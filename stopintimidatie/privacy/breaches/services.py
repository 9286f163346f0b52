"""Entering a breach, what is known of it, whom it was told to, and whose data it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.text import datetime_long, new_code, uuid_of
from stopintimidatie.core.workflow import line
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.services import subjects_of
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.privacy.breaches.clock import due_at, is_late, state_of, why_not_closed
from stopintimidatie.privacy.breaches.mail import plan_reminders, tell_officers
from stopintimidatie.privacy.breaches.models import Breach, BreachDocument, BreachMove, BreachNotice
from stopintimidatie.privacy.breaches.queries import breach_about, fields_in, notices_of
from stopintimidatie.privacy.breaches.vocabulary import (
    KIND,
    PREFIX,
    Group,
    NoticeKind,
    Risk,
    State,
    categories_of,
)
from stopintimidatie.privacy.holds.services import BELONGS
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT

TELL: Final = Job("datalek.vertellen")
SHARE: Final = Job("datalek.doorgeven")
# The same words again within this time are an impatient click.
IMPATIENCE: Final = timedelta(minutes=10)


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
        state=State.INVESTIGATED.value,
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
        categories=categories_of(fields_in(session, lost)) if lost else [],
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
    labels = {row.subject_id: row.label for row in subjects}
    session.add_all(
        _document(breach, number, names.get(number) or label) for number, label in labels.items()
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


def lock(session: Session, breach: Breach) -> None:
    """Take a breach for oneself, as it is now."""
    session.refresh(breach, with_for_update=True)


def save(session: Session, breach: Breach, known: Mapping[str, Any], actor: Actor) -> None:
    """Write down what is known by now, by column; the breach is locked.

    The history tells what changed, and since when the breach was known before.
    """
    changed = sorted(name for name, value in known.items() if getattr(breach, name) != value)
    if not changed:
        return
    values: dict[str, Any] = {"velden": changed}
    if "aware_at" in changed:
        values["reden"] = f"Bekend sinds was {datetime_long(breach.aware_at)}."
        breach.due_at = due_at(known["aware_at"])
    for name in changed:
        setattr(breach, name, known[name])
    _settle(session, breach, actor, "feiten", values)
    if "aware_at" in changed:
        plan_reminders(session, breach)
    record(session, actor, "datalek.feiten", breach.holder, KIND, [breach.id], fields=changed)


def _settle(
    session: Session, breach: Breach, actor: Actor, name: str, values: Mapping[str, Any]
) -> None:
    """Append a line to the history of an open breach, with the state that it now has."""
    kinds = [row.kind for row in notices_of(session, breach)]
    before, breach.state = breach.state, state_of(breach.risk, kinds).value
    append(session, breach, actor, name, values, before=before)


def notify_ap(session: Session, breach: Breach, values: Mapping[str, Any], actor: Actor) -> None:
    """Note what was sent to the AP: the first time, or a next phase; the breach is locked.

    Raises:
        FormError: It was sent before the breach was known, too late without a reason, or taken
            back while there is a risk.
    """
    kind, sent_at = values.get("soort") or NoticeKind.FIRST.value, values["op"]
    # A form knows whole minutes.
    if sent_at < breach.aware_at.replace(second=0, microsecond=0):
        raise FormError("Dit ligt voor het moment waarop het datalek bekend werd.", "op")
    if kind == NoticeKind.WITHDRAWN and breach.risk != Risk.NONE:
        raise FormError(
            "Intrekken kan als er geen risico is. Wijzig eerst bij het datalek het risico.", "soort"
        )
    if kind == NoticeKind.FIRST and breach.late_reason is None:
        if is_late(breach.due_at, sent_at) and not values.get("te_laat"):
            raise FormError(
                "Dit is later dan 72 uur. Schrijf op waarom: de AP vraagt daarnaar.", "te_laat"
            )
        breach.late_reason = values.get("te_laat")
    _add_notice(
        session,
        breach,
        actor,
        kind=kind,
        sent_at=sent_at,
        number=values["nummer"],
        text=values["toelichting"],
    )
    _settle(session, breach, actor, "ap", {"soort": kind, "reden": values.get("te_laat")})
    record(session, actor, "datalek.stap", breach.holder, KIND, [breach.id], fields=[kind])


def _add_notice(session: Session, breach: Breach, actor: Actor, **values: Any) -> BreachNotice:
    ids = {"holder": breach.holder, "breach_id": breach.id}
    notice = BreachNotice(**ids, sent_by=actor.name, **values)
    session.add(notice)
    session.flush()
    return notice


def note_people(
    session: Session, breach: Breach, kind: str, text: str, actor: Actor, english: str | None = None
) -> None:
    """Note how people were told, or why they aren't; the breach is locked.

    Reporters who read it on the follow page are told by the worker, with a text in their language.
    """
    notice = _add_notice(session, breach, actor, kind=kind, text=text, english=english)
    if kind == NoticeKind.PEOPLE:
        enqueue(session, TELL, breach.holder, {"bericht": str(notice.id)})
    append(session, breach, actor, "betrokkenen", {"soort": kind})
    about = [breach.id]
    record(session, actor, "datalek.betrokkenen", breach.holder, KIND, about, fields=[kind])


def close(session: Session, breach: Breach, actor: Actor) -> None:
    """Close a breach of which everything is documented; the breach is locked.

    Raises:
        FormError: Something must be done first; the message says what.
    """
    kinds = [notice.kind for notice in notices_of(session, breach)]
    problem = why_not_closed(breach.risk, kinds, complete=is_complete(breach))
    if problem:
        raise FormError(problem)
    before, breach.state, breach.closed_at = breach.state, State.CLOSED.value, utc_now()
    append(session, breach, actor, "afsluiten", {}, before=before)
    fields = ["afsluiten"]
    record(session, actor, "datalek.stap", breach.holder, KIND, [breach.id], fields=fields)


def reopen(session: Session, breach: Breach, actor: Actor) -> None:
    """Open a closed breach again; the breach is locked.

    Raises:
        FormError: The same document was reported as lost again since.
    """
    later = breach_about(session, breach.holder, breach.origin_reference)
    if later is not None and later.closed_at is None:
        words = f"Dit stuk is daarna opnieuw gemeld. Ga verder met datalek {later.reference}."
        raise FormError(words)
    breach.closed_at = None
    _settle(session, breach, actor, "heropenen", {})
    fields = ["heropenen"]
    record(session, actor, "datalek.stap", breach.holder, KIND, [breach.id], fields=fields)


def is_complete(breach: Breach) -> bool:
    """Tell whether the facts that article 33(3) and 33(5) ask are there."""
    return bool(
        breach.description
        and breach.categories
        and breach.people is not None
        and breach.consequences
        and breach.measures
    )


def add_reports(
    session: Session, breach: Breach, rows: Sequence[Report | Dossier], actor: Actor
) -> None:
    """Add reports, and those of dossiers, to a breach, as far as they aren't there yet."""
    there = select(BreachDocument.document_id).where(BreachDocument.breach_id == breach.id)
    known = set(session.scalars(there))
    reports = {row.id: row.reference for row in rows if isinstance(row, Report)}
    inside = [row.id for row in rows if isinstance(row, Dossier)]
    if inside:
        members = (
            select(Report.id, Report.reference)
            .join(DossierMembership, DossierMembership.report_id == Report.id)
            .where(DossierMembership.dossier_id.in_(inside), *BELONGS)
        )
        reports |= dict(session.execute(members).all())
    new = {number: reference for number, reference in reports.items() if number not in known}
    session.add_all(_document(breach, *report) for report in new.items())
    if new:
        append(session, breach, actor, "stukken", {"aantal": str(len(new))})
        record(session, actor, "datalek.meldingen", breach.holder, KIND, [breach.id, *new])


def _document(breach: Breach, report: UUID, reference: str) -> BreachDocument:
    return BreachDocument(
        holder=breach.holder,
        breach_id=breach.id,
        document_kind=REPORT,
        document_id=report,
        reference=reference,
    )


def share(session: Session, breach: Breach, codes: Sequence[str], actor: Actor) -> None:
    """Have a breach entered in the register of each of these municipalities."""
    for code in codes:
        enqueue(session, SHARE, code, {"lek": str(breach.id)})
    append(session, breach, actor, "doorgegeven", {"gemeenten": codes})
    about = [breach.id]
    record(session, actor, "datalek.doorgegeven", breach.holder, KIND, about, fields=codes)
