"""Move a report through its life: each step one transaction, with its audit event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.search import enqueue_index
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import Fragment, PersonalDataHolder, Subject
from stopintimidatie.core.workflow import Transition, line
from stopintimidatie.reports.models import Report, ReportForm, ReportMove, ReportTransfer
from stopintimidatie.reports.vocabulary import KIND, OPEN, WITHDRAWN, in_order
from stopintimidatie.reports.workflow import OFFERED, REPORT_WORKFLOW

# The states of an offer, and closing one because its report went another way.


def close_offer(session: Session, report: Report) -> None:
    """Nobody can answer any more, and what was shown of the report is gone."""
    session.flush()
    session.execute(
        update(ReportTransfer)
        .where(
            ReportTransfer.giver == report.holder,
            ReportTransfer.reference == report.reference,
            ReportTransfer.state == OPEN,
        )
        .values(state=WITHDRAWN, offer=None)
        .execution_options(synchronize_session="fetch")
    )


class StaleReportError(Exception):
    """Somebody else changed the report since this person saw it."""

    def __init__(self, report: Report) -> None:
        super().__init__("the report was changed meanwhile")
        self.report = report


def changed(session: Session, report: Report) -> None:
    """Have the report indexed anew: call it after anything that search shows was changed."""
    enqueue_index(session, report.holder, KIND, report.id)


def set_forms(report: Report, codes: Iterable[str], *, confirmed: bool) -> None:
    """Replace the reported or the confirmed forms of a report.

    Rows that stay are kept: SQLAlchemy inserts before it deletes, so a new row for the same form
    would clash with the old one.
    """
    wanted = set(codes)
    for row in [row for row in report.form_rows if row.confirmed is confirmed]:
        if row.code in wanted:
            wanted.remove(row.code)
        else:
            report.form_rows.remove(row)
    for code in in_order(wanted):
        report.form_rows.append(ReportForm(holder=report.holder, code=code, confirmed=confirmed))


def check_version(report: Report, version: int) -> None:
    """:raises StaleReportError: when the report isn't the one this person saw."""
    if report.version != version:
        raise StaleReportError(report)


def take_in_hand(session: Session, report: Report, version: int) -> None:
    """Lock the report for a change by somebody who saw this version of it.

    The lock makes two changes at once wait for each other, so that the second sees the first.

    :raises StaleReportError: somebody else changed it meanwhile.
    """
    session.refresh(report, with_for_update=True)
    check_version(report, version)


def move(
    session: Session,
    effects: Mapping[str, Any],
    report: Report,
    name: str,
    values: Mapping[str, Any],
    actor: Actor,
) -> Transition:
    """Make one step of the workflow: state, effect, history, audit, index.

    :raises WorkflowError: the step isn't possible now, or an answer is missing.
    """
    transition = REPORT_WORKFLOW.check(report.state, name, values)
    before = report.state
    report.state = transition.target
    report.ended_at = utc_now() if REPORT_WORKFLOW.state(transition.target).ended else None
    if transition.effect is not None:
        effects[transition.effect](session, report, values, actor)
    if actor.kind == "gebruiker":
        # Whoever decides has read what the reporter wrote; who gets it next has not.
        report.reporter_spoke_at = None
    if before == OFFERED:
        close_offer(session, report)
    append_move(session, report, actor, name, before, values)
    changed(session, report)
    record(
        session, actor, "melding.toestand", report.holder, KIND, [report.id], fields=[report.state]
    )
    return transition


def append_move(
    session: Session,
    report: Report,
    actor: Actor,
    name: str,
    before: str | None,
    values: Mapping[str, Any],
    *,
    at: datetime | None = None,
) -> None:
    """Append a line to the history of a report; its state now is where the step led to."""
    told = line(actor, name, before, report.state, values, at)
    session.add(ReportMove(holder=report.holder, report_id=report.id, **told))


# Words of a report made unreadable for good, wherever they went with it.
#
# Each room takes them out of its own tables, history and frozen papers (`storage.personal`); the
# index is written anew. What stays is that it was done, by whom, why and how often: never the
# words.


# Shorter than this a word stands within others: "Ed" in "iedereen".
WITHIN_OTHERS: Final = 5


def fragment_of(words: str) -> Fragment:
    """A name may stand in a longer word ("Sannes fiets"); a very short one is only itself."""
    return Fragment(words.strip(), whole_words=len(words.strip()) < WITHIN_OTHERS)


def redact_words(
    session: Session,
    keys: KeyRing,
    holders: Mapping[str, PersonalDataHolder],
    report: Report,
    words: Iterable[str],
    reason: str,
    actor: Actor,
) -> int:
    """Take these words out of everything that is about the report; in how many texts they stood."""
    # The longest first: a name within a marked sentence would break the sentence up.
    fragments = [fragment_of(one) for one in sorted(set(words), key=len, reverse=True)]
    subject = Subject(reference=report.reference)
    session.flush()
    # What was frozen of this report first: who has a copy hears of which report and what to do.
    copies = sum(
        holder.source_redacted(session, keys, KIND, report.id, fragment)
        for holder in holders.values()
        for fragment in fragments
    )
    found = [
        (holder, document)
        for holder in holders.values()
        for document in holder.find(session, keys, subject)
    ]
    count = copies + sum(
        holder.redact(session, keys, document, fragment)
        for holder, document in found
        for fragment in fragments
    )
    for fragment in fragments:
        reason = fragment.taken_out_of(reason)
    values = {"reden": reason, "teksten": count}
    append_move(session, report, actor, "onleesbaar", report.state, values)
    record(session, actor, "melding.onleesbaar", report.holder, KIND, [report.id])
    return count
