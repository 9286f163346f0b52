"""The services of a report: its lock, its steps, redaction, its address and search documents.

Each step is one transaction, with its line of history and its audit event.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import in_office_hours, utc_now
from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.mail import send_now
from stopintimidatie.core.registry import Directive, single
from stopintimidatie.core.search import enqueue_index
from stopintimidatie.core.search.backend import OPEN_ACCESS, Kind, SearchDocument, Text
from stopintimidatie.core.search.registry import Load
from stopintimidatie.core.security import GRANTS
from stopintimidatie.core.storage import NATIONAL, personal
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import Fragment, PersonalDataHolder, Subject
from stopintimidatie.core.workflow import Transition, WorkflowError, line
from stopintimidatie.municipalities.agreements.services import VALID_JOB
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.reports.models import (
    Report,
    ReportDecision,
    ReporterMessage,
    ReportForm,
    ReportMove,
    ReportProposal,
    ReportTransfer,
)
from stopintimidatie.reports.vocabulary import KIND, Form, HandoverState, PlaceType, in_order
from stopintimidatie.reports.workflow import CONTACT, ENDED, LIVE, REPORT_WORKFLOW, ReportState

# Shorter than this a word stands within others: "Ed" in "iedereen".
WITHIN_OTHERS: Final = 5
_FINDABLE: Final = Report.state != ReportState.DESTROYED
# The value of the desk's facet for a report without a known municipality.
NOWHERE: Final = "onbekend"
# The messages of reporter and municipality, as one text.
_CONVERSATION: Final = (
    select(func.aggregate_strings(ReporterMessage.text, "\n"))
    .where(ReporterMessage.report_id == Report.id)
    .scalar_subquery()
)
# (session, report ids) -> the numbers of the dossiers that each is in.
FindDossiers = Callable[[Session, Sequence[UUID]], Mapping[UUID, Sequence[str]]]
REPORT_DOSSIERS: Final = Directive[None, FindDossiers](
    "add_report_dossiers", "report_dossiers", single
)


PROPOSAL_WAITS: Final = (
    "Deze melding wacht op een tweede blik. Laat eerst een collega het voorstel beantwoorden."
)


def close_offer(session: Session, report: Report) -> None:
    """Withdraw an open offer of the report and delete what the other municipality saw of it."""
    session.flush()
    session.execute(
        update(ReportTransfer)
        .where(
            ReportTransfer.giver == report.holder,
            ReportTransfer.reference == report.reference,
            ReportTransfer.state == HandoverState.OPEN,
        )
        .values(state=HandoverState.WITHDRAWN, offer=None)
        .execution_options(synchronize_session="fetch")
    )


# A decision can be undone for this time, in which nothing leaves the house because of it.
UNDO_FOR: Final = timedelta(minutes=10)


def held_until(report: Report, actor: Actor) -> datetime | None:
    """Return until when what leaves because of this person's decision is held; None: at once.

    Nothing of an urgent report is held.
    """
    if actor.kind != "gebruiker" or report.urgent or report.danger_now:
        return None
    return utc_now() + UNDO_FOR


def _hold_status(report: Report, before: str, actor: Actor) -> None:
    """Let the reporter read the status of before the decision as long as it can be undone."""
    until = held_until(report, actor) if report.state in LIVE else None
    if until is None:
        report.shown_state = report.shown_until = None
        return
    if report.shown_until is None or report.shown_until <= utc_now():
        report.shown_state = before
    report.shown_until = until


class StaleReportError(Exception):
    """Somebody else changed the report since this person saw it."""

    def __init__(self, report: Report) -> None:
        super().__init__("the report was changed meanwhile")
        self.report = report


def keep_undoable(session: Session, report: Report, version: int | None) -> None:
    """Let the decision that left the report at this version be undone, though it has a later one.

    That is so when a later decision was undone, and when the reporter added something.
    """
    session.execute(
        update(ReportDecision)
        .where(
            ReportDecision.report_id == report.id,
            ReportDecision.version == version,
            ReportDecision.undone_at.is_(None),
        )
        .values(version=report.version)
        .execution_options(synchronize_session="fetch")
    )


def reindex_report(session: Session, report: Report) -> None:
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
    """Check that the report is still the one that this person saw.

    Raises:
        StaleReportError: Somebody else changed it meanwhile.
    """
    if report.version != version:
        raise StaleReportError(report)


def lock_report(session: Session, report: Report, version: int) -> None:
    """Lock the report for a change by somebody who saw this version of it.

    Of two changes at once the second waits, and then sees the first.

    Raises:
        StaleReportError: Somebody else changed it meanwhile.
    """
    session.refresh(report, with_for_update=True)
    check_version(report, version)


def check_no_proposal(session: Session, report: Report) -> None:
    """Check that nobody was asked to look at this report: that comes before any other decision.

    Raises:
        WorkflowError: A proposal waits for a second person.
    """
    if proposed_among(session, [report]):
        raise WorkflowError(PROPOSAL_WAITS)


def proposed_among(session: Session, reports: Iterable[Report]) -> set[UUID]:
    """Return the ids of these reports of which a proposal waits for a second person."""
    ids = [report.id for report in reports]
    waits = select(ReportProposal.report_id).where(
        ReportProposal.report_id.in_(ids), ReportProposal.waiting()
    )
    return set(session.scalars(waits)) if ids else set()


def move_report(
    session: Session,
    effects: Mapping[str, Any],
    report: Report,
    name: str,
    values: Mapping[str, Any],
    actor: Actor,
) -> Transition:
    """Make one step of the workflow: state, effect, history, audit, index.

    Raises:
        WorkflowError: The step isn't possible now, an answer is missing, or a proposal waits.
    """
    if report.contact_due is None:
        # The answer given for many at once is about those who wait.
        values = {name: value for name, value in values.items() if name != CONTACT.name}
    transition = REPORT_WORKFLOW.check(report.state, name, values)
    if actor.kind == "gebruiker" and GRANTS[transition.permission]:
        check_no_proposal(session, report)
    before = report.state
    report.state = transition.target
    report.leaves_at = None
    report.ended_at = utc_now() if transition.target in ENDED else None
    if report.ended_at is not None:
        _close_proposals(session, report, actor)
    if transition.effect is not None:
        effects[transition.effect](session, report, values, actor)
    if actor.kind == "gebruiker":
        # Whoever decides has read what the reporter wrote; who gets it next has not.
        report.reporter_spoke_at = None
    _hold_status(report, before, actor)
    if before == ReportState.OFFERED:
        close_offer(session, report)
    append_move(session, report, actor, name, before, values)
    reindex_report(session, report)
    fields = [report.state]
    record(session, actor, "melding.toestand", report.holder, KIND, [report.id], fields=fields)
    return transition


# Tells who must know of spoed; the inbox does it.
URGENT_JOB: Final = Job("melding.spoed")
SINCE_URGENT: Final = "Het werd daarna spoed, en toen ging alles weg. Dat is niet terug te halen."


def becomes_urgent(session: Session, report: Report) -> None:
    """Let go what is held of a report that becomes urgent, and have town and number on duty told.

    The number is told outside office hours; the decisions so far can't be undone any more.
    """
    now, mine = utc_now(), ReporterMessage.report_id == report.id
    session.execute(
        update(ReporterMessage).where(mine, ReporterMessage.held_until > now).values(held_until=now)
    )
    send_now(session, report.holder, report.id)
    report.shown_state = report.shown_until = None
    session.execute(
        update(ReportDecision)
        .where(ReportDecision.report_id == report.id, ReportDecision.until > now)
        .values(final=SINCE_URGENT)
        .execution_options(synchronize_session="fetch")
    )
    if report.holder == NATIONAL and report.municipality_code is not None:
        enqueue(session, VALID_JOB, NATIONAL, {"gemeente": report.municipality_code})
    if not in_office_hours(now):
        payload = {"report": str(report.id), "number": 0, "later": True}
        enqueue(session, URGENT_JOB, report.holder, payload)


def _close_proposals(session: Session, report: Report, actor: Actor) -> None:
    """Answer the proposals that wait: the report has ended another way."""
    session.execute(
        update(ReportProposal)
        .where(ReportProposal.report_id == report.id, ReportProposal.waiting())
        .values(
            answered_at=utc_now(),
            answered_by_id=actor.id,
            answered_by=actor.name,
            accepted=False,
            answer=f"De melding is intussen {ReportState.word(report.state).lower()}.",
        )
        .execution_options(synchronize_session="fetch")
    )


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
    columns = line(actor, name, before, report.state, values, at)
    session.add(ReportMove(holder=report.holder, report_id=report.id, **columns))


def fragment_of(words: str) -> Fragment:
    """Return the fragment to look for: within longer words ("Sannes fiets"), unless it is short."""
    return Fragment(words.strip(), whole_words=len(words.strip()) < WITHIN_OTHERS)


def redact_words(
    session: Session,
    keys: KeyRing,
    holders: Mapping[str, PersonalDataHolder],
    report: Report,
    words: Iterable[str],
    ground: str,
    reason: str,
    actor: Actor,
) -> int:
    """Make words unreadable in all tables about the report; return the number of texts changed.

    Each room takes them out of its own tables, history and frozen papers. The history and the log
    keep who did it, on which ground to erase (`ground_words`), and in how many texts, never which.
    """
    # The longest first: a name within a marked sentence would break the sentence up.
    fragments = [fragment_of(phrase) for phrase in sorted(set(words), key=len, reverse=True)]
    subject = Subject(reference=report.reference)
    session.flush()
    # Copies first: whoever has one is told of which report it is, and what to do.
    count = sum(
        holder.source_redacted(session, keys, KIND, report.id, fragment)
        for holder in holders.values()
        for fragment in fragments
    )
    documents = [
        (holder, document)
        for holder in holders.values()
        for document in holder.find(session, keys, subject)
    ]
    count += sum(
        holder.redact(session, keys, document, fragment)
        for holder, document in documents
        for fragment in fragments
    )
    for fragment in fragments:
        reason = fragment.taken_out_of(reason)
    values = {"grond": personal.ground_words(ground), "reden": reason, "teksten": count}
    append_move(session, report, actor, "onleesbaar", report.state, values)
    record(session, actor, "melding.onleesbaar", report.holder, KIND, [report.id], fields=[ground])
    return count


def search_loader(registry: Any) -> Load:
    """Return the loader of reports for search; it asks a higher room which dossiers they are in."""

    def load(session: Session, holder: str, ids: Sequence[UUID]) -> Iterator[SearchDocument]:
        find = REPORT_DOSSIERS.only(registry)
        return _search_documents(session, ids, find(session, ids) if find else {})

    return load


def _search_documents(
    session: Session, ids: Sequence[UUID], numbers: Mapping[UUID, Sequence[str]]
) -> Iterator[SearchDocument]:
    """Yield the search documents of these reports with their conversation; none of destroyed."""
    statement = _with_slugs(_CONVERSATION).where(Report.id.in_(ids), _FINDABLE)
    for report, municipality, neighbourhood, conversation in session.execute(statement):
        dossiers = tuple(numbers.get(report.id, ()))
        document = search_document(report, municipality, neighbourhood, dossiers)
        if conversation and not report.locked:
            document = replace(document, texts=(*document.texts, Text("gesprek", conversation)))
        yield document


def search_versions(session: Session, holder: str) -> Iterable[tuple[UUID, int]]:
    """Return (id, version) of every report that can be found."""
    rows = session.execute(select(Report.id, Report.version).where(_FINDABLE))
    return ((row[0], row[1]) for row in rows)


def report_path(
    report: Report, municipality_slug: str | None, neighbourhood_slug: str | None
) -> str:
    """Return the address of a report, from what a list query already knows."""
    if report.holder == NATIONAL:
        return f"/{NATIONAL}/{report.reference}"
    parts = ["gemeenten", municipality_slug, neighbourhood_slug, report.dossier_number]
    return "/" + "/".join([*(part for part in parts if part), report.reference])


def paths_of_reports(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the addresses of the reports that are there, by id, in one query."""
    rows = session.execute(_with_slugs().where(Report.id.in_(ids)))
    return {report.id: report_path(report, *slugs) for report, *slugs in rows}


def _with_slugs(*columns: Any) -> Select[Any]:
    """Select reports with the slugs of their holder and neighbourhood, and more columns."""
    return (
        select(Report, Municipality.slug, Neighbourhood.slug, *columns)
        .outerjoin(Municipality, Municipality.code == Report.holder)
        .outerjoin(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
    )


def path_of_report(session: Session, report_id: UUID) -> str | None:
    """Return the address of a report, or None when it isn't there."""
    return paths_of_reports(session, [report_id]).get(report_id)


def search_document(
    report: Report,
    municipality_slug: str | None,
    neighbourhood_slug: str | None,
    dossiers: tuple[str, ...] = (),
) -> SearchDocument:
    """Return a report as search knows it: never contact data, appearance or suspicion. Pure.

    The slugs are those of its holder and its neighbourhood. A report that only just arrived comes
    here with its forms as they were sent.
    """
    # Only the reference of a withdrawn report can be found.
    locked = report.state == ReportState.WITHDRAWN
    forms = [] if locked else in_order(report.forms)
    title = ", ".join(Form.word(code) for code in forms).capitalize()
    return SearchDocument(
        holder=report.holder,
        kind=Kind.REPORT,
        id=report.id,
        version=report.version,
        reference=report.reference,
        path=report_path(report, municipality_slug, neighbourhood_slug),
        title="Ingetrokken melding" if locked else title,
        moment=report.received_at if locked else report.incident_start,
        state=report.state,
        neighbourhood=_area(report),
        access=OPEN_ACCESS,
        forms=tuple(forms),
        dossier=report.dossier_number,
        dossiers=dossiers,
        texts=() if locked else tuple(text for text in _texts(report) if text.text),
    )


def _area(report: Report) -> str:
    """Return the area that the facet counts: the neighbourhood; at the desk, the municipality."""
    desk = report.holder == NATIONAL
    return (report.municipality_code if desk else report.neighbourhood_code) or NOWHERE


def _texts(report: Report) -> Iterator[Text]:
    yield Text("omschrijving", report.description or "")
    place = [PlaceType.word(report.place_type), report.location_text or ""]
    yield Text("plek", "; ".join(part for part in place if part))
    yield Text("adres", _words(report.address))
    yield Text("openbaar vervoer", _words(report.transit))


def _words(part: dict[str, Any] | None) -> str:
    return " ".join(str(value) for value in (part or {}).values() if value)
