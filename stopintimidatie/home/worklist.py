"""The worklist of the start page: one list of all that waits, the most urgent first.

Of reports, of dossiers and, for archivist and privacy officer, of privacy and keeping.

What a row says stands in `templates/tasks.jinja2`, by the kind of the task.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.clock import local_date, midnight, utc_now
from stopintimidatie.core.second import Second
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.core.web.request import Request
from stopintimidatie.dossiers.resources import dossier_path
from stopintimidatie.dossiers.workflow import ConsultationKind
from stopintimidatie.home.queries import end_of_today
from stopintimidatie.municipalities.people.services import able
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.privacy.breaches.clock import COUNTS, countdown
from stopintimidatie.privacy.breaches.queries import list_breaches
from stopintimidatie.privacy.destruction.extension import ANNOUNCED, UNANSWERED, works_on
from stopintimidatie.privacy.destruction.models import DestructionList, ListState
from stopintimidatie.privacy.destruction.queries import left_over
from stopintimidatie.privacy.destruction.resources import free_to_step
from stopintimidatie.privacy.holds.models import Hold
from stopintimidatie.privacy.police.resources import ITEM, waiting_marks
from stopintimidatie.privacy.police.resources import NAME as POLICE
from stopintimidatie.privacy.requests.models import Right
from stopintimidatie.privacy.requests.resources import unanswered
from stopintimidatie.privacy.retention.models import Extension, RetentionSchedule
from stopintimidatie.privacy.retention.queries import all_versions, paused_until, present_version
from stopintimidatie.privacy.retention.rules import Standing, standing_of
from stopintimidatie.privacy.retention.services import is_refusal
from stopintimidatie.privacy.retention.views import NAME
from stopintimidatie.reports.inbox.panels import form_words
from stopintimidatie.reports.inbox.rules import TO_DO, Reader
from stopintimidatie.reports.inbox.worklist import call_path

# The rows that are shown at once.
SHOWN: Final = 12
FIRST: Final = datetime.min.replace(tzinfo=UTC)


class Rank(IntEnum):
    """Order of the worklist, the most urgent first."""

    URGENT = 0
    LATE = 1
    CALL = 2
    DECIDE = 3
    READ = 4
    DUE = 5
    WRITE = 6
    SOON = 7
    AWAKE = 8
    SET_UP = 9


@dataclass(frozen=True)
class Task:
    """A row of the worklist.

    Args:
        kind: by which the template words it.
        rank: how urgent it is; within a rank the earliest moment (`at`) comes first.
        href: where it is opened, and `action_href` where it is done, if that is elsewhere.
        about: the row, number or day that it is about.
        words: what only the code can say of that.
        for_whom: the name of who is away, when it is theirs.
    """

    kind: str
    rank: Rank
    href: str
    about: Any = None
    at: datetime = FIRST
    action_href: str = ""
    words: str = ""
    hours: str = ""
    for_whom: str = ""
    late: bool = False


@dataclass(frozen=True)
class Place:
    """The municipality of a worklist, its reader, and when reporters can be called."""

    reader: Reader
    slug: str
    # The hours to call a reporter, by report; empty for who may not read that.
    hours: Mapping[UUID, str]

    @property
    def here(self) -> str:
        """The address of the municipality."""
        return f"/gemeenten/{self.slug}"

    def path(self, row: Any) -> str:
        """Return the address of a row about a report, of whatever query."""
        parts = (self.here, row.neighbourhood, row.dossier_number, row.reference)
        return "/".join(part for part in parts if part)

    def away(self, person: UUID | None, name: str | None) -> str:
        """Return the name of whose it is, when that is somebody who is away."""
        return (name or "") if person in self.reader.stands_in_for else ""


def report_tasks(place: Place, rows: Sequence[Any]) -> list[Task]:
    """Return a row of the worklist for each report."""
    return [_report_task(place, row) for row in rows]


def _report_task(place: Place, row: Any) -> Task:
    kind, rank, at = _reason(place.reader.now, row)
    path = place.path(row)
    done_at = {
        "spoed": f"{place.here}/postvak?spoed=ja&melding={row.reference}",
        "schreef": f"{path}#gesprek",
    }
    if kind.startswith("contact"):
        done_at[kind] = call_path(row, place.here, place.here)
    return Task(
        kind,
        rank,
        path,
        row,
        at,
        done_at.get(kind, ""),
        f"{form_words(row.forms)}, {row.area or 'plek onbekend'}",
        place.hours.get(row.id, "") if rank <= Rank.CALL else "",
        place.away(row.handler_id, row.handler),
    )


def _reason(now: datetime, row: Any) -> tuple[str, Rank, datetime]:
    """Return the most pressing reason why a report waits, its rank, and the moment to sort by."""
    deadline = row.contact_deadline
    if row.urgent and row.state in TO_DO:
        return "spoed", Rank.URGENT, row.received_at
    if deadline is not None and deadline < now:
        return "contact_te_laat", Rank.LATE, deadline
    if row.next_attempt_at is not None and row.next_attempt_at < end_of_today(now):
        return "contact_opnieuw", Rank.CALL, row.next_attempt_at
    if deadline is not None and deadline < now + timedelta(days=1):
        return "contact", Rank.CALL, deadline
    if row.reporter_spoke_at is not None:
        return "schreef", Rank.READ, row.reporter_spoke_at
    if row.waiting_until is not None and row.waiting_until < local_date(now):
        return "geen_antwoord", Rank.DUE, _moment(row.waiting_until)
    return "weggelegd", Rank.AWAKE, _moment(row.snoozed_until)


def _moment(day: date | None) -> datetime:
    """Return the beginning of a day, to sort by."""
    return midnight(day or date.max)


def dossier_tasks(place: Place, rows: Sequence[Any]) -> list[Task]:
    """Return a row of the worklist for what waits in dossiers; its kind is that of the query."""
    return [_dossier_task(place, row) for row in rows]


def _dossier_task(place: Place, row: Any) -> Task:
    path, now = dossier_path(place.slug, row.neighbourhood, row.number), place.reader.now
    rank, at, words, late = Rank.DUE, row.at, "", False
    if row.kind == "afspraak":
        at, late = _moment(row.day), row.day < local_date(now)
        rank, path = Rank.DUE if late else Rank.SOON, f"{path}?deel=afspraken"
    elif row.kind == "overleg":
        late, words = at < now, ConsultationKind.word(row.first).capitalize()
        rank, path = Rank.WRITE if late else Rank.SOON, f"{path}/overleg-bekijken?nr={row.second}"
    elif row.kind in ("antwoord", "kopie"):
        rank, path = Rank.READ if row.kind == "antwoord" else rank, f"{path}/{row.first}"
    whose = place.away(row.owner_id, row.owner)
    return Task(row.kind, rank, path, row, at, words=words, for_whom=whose, late=late)


def second_task(kind: Second, row: Any, here: str) -> Task:
    """Return the row of a proposal that waits for the answer of this person."""
    late = row.due is not None and row.due < utc_now()
    rank = Rank.URGENT if row.urgent else Rank.LATE if late else Rank.DECIDE
    at, href = row.due or row.proposed_at, here + kind.path(row)
    return Task("voorstel", rank, href, row, at, words=kind.label, late=late)


def watch_tasks(counts: Any, slug: str) -> list[Task]:
    """Return the rows of who watches over privacy, out of what `queries.watched` counted."""
    here = f"/gemeenten/{slug}"
    register, log = f"{here}/verstrekkingen", f"{here}/logboek?wat=toegang.geweigerd"
    persons = f"{here}/persoonsgericht?wat="
    rows = (
        ("copies", Rank.DUE, f"{register}?stand=te_laat"),
        ("late_advice", Rank.DUE, f"{persons}advies"),
        ("stop", Rank.DUE, f"{persons}stoppen"),
        ("unheeded", Rank.READ, f"{persons}niet-gevolgd"),
        ("refused", Rank.READ, log),
        ("given", Rank.SOON, register),
    )
    return [Task(name, rank, href, n) for name, rank, href in rows if (n := getattr(counts, name))]


def in_order(tasks: Iterable[Task]) -> list[Task]:
    """Return the worklist, the most urgent first, and of one kind the oldest first."""
    return sorted(tasks, key=lambda task: (task.rank, task.at, task.kind, task.href))


# Privacy and keeping

P: Final = Permission
# The lists that are shown, the oldest first; the others stand on the page of all lists.
MOST_LISTS: Final = 8
MOST_REQUESTS: Final = 20
WEEK: Final = timedelta(days=7)
# A hold is told of from this long before its review date.
NEAR: Final = timedelta(days=14)
# The time that a refused proposal stands on the start page; the page of terms shows it longer.
REFUSAL_SHOWN: Final = timedelta(days=14)
# Two people at least are authorised for data of the police.
ENOUGH: Final = 2
# The step of each role with a list, by the state in which the list waits for it.
_STEPS: Final = {
    ListState.PROPOSED: P.ASSESS_DESTRUCTION,
    ListState.ASSESSED: P.CHECK_DESTRUCTION,
    ListState.CHECKED: P.AUTHORISE_DESTRUCTION,
}


def privacy_tasks(context: Any, request: Request, here: str) -> dict[str, list[Task]]:
    """Return what waits for this person about privacy and keeping, by subject."""
    today, where = local_date(utc_now()), (context, request, here)
    tasks = {"Datalekken": [*_breaches(*where)], "Verzoeken": [*_requests(*where, today)]}
    if not request.has_permission(P.VIEW_RETENTION, context):
        return tasks
    return tasks | {
        "Vernietigen": [*_lists(*where), *_extensions(*where)],
        "Bevriezen": [*_holds(*where, today)],
        "Bewaren": [*_terms(*where, today), *_police(*where)],
    }


def privacy_today(
    context: Any, request: Request, tasks: Mapping[str, Sequence[Task]]
) -> list[tuple[str, list[Task]]]:
    """Return *Privacy vandaag* of the privacy officer: what is late, and then each subject.

    For others there is none: what waits for them stands in the one list of the start page.
    """
    if not request.has_permission(P.HANDLE_REQUESTS, context):
        return []
    every = [task for rows in tasks.values() for task in rows]
    late = [task for task in every if task.rank == Rank.LATE]
    rest = [(name, in_order(t for t in rows if t not in late)) for name, rows in tasks.items()]
    return [("Te laat", in_order(late)), *rest]


def _breaches(context: Any, request: Request, here: str) -> Iterator[Task]:
    """Yield the breaches that aren't closed; first those of which the 72 hours count."""
    if not request.has_permission(P.HANDLE_BREACHES, context):
        return
    now = utc_now()
    for row in list_breaches(request.db, 0, MOST_LISTS):
        if row.closed_at is not None:
            break
        href = f"{here}/datalekken/{row.reference}"
        if row.state in COUNTS:
            rank = Rank.LATE if row.due_at < now else Rank.DUE
            words = countdown(row.due_at, now)
            yield Task("datalek_melden", rank, href, row, row.due_at, words=words)
        else:
            yield Task("datalek_afronden", Rank.READ, href, row)


def _requests(context: Any, request: Request, here: str, today: date) -> Iterator[Task]:
    """Yield the requests that are open or not sent, the most overdue first."""
    if not request.has_permission(P.HANDLE_REQUESTS, context):
        return
    for row in request.db.scalars(unanswered().limit(MOST_REQUESTS)):
        due, late = datetime.combine(row.due_on, time.min, UTC), row.due_on < today
        soon = row.due_on <= today + WEEK or row.is_unsent
        rank = Rank.LATE if late else Rank.DUE if soon else Rank.SOON
        href, words = f"{here}/verzoeken/{row.reference}", Right.word(row.right)
        yield Task("verzoek", rank, href, row, due, words=words, late=late)


def _terms(context: Any, request: Request, here: str, today: date) -> Iterator[Task]:
    approves = request.has_permission(P.APPROVE_TERMS, context)
    page, present = f"{here}/{NAME}", present_version(request.db)
    if present is not None:
        yield from _standing(context, request, present, page, today)
    if not approves and not request.has_permission(P.PROPOSE_TERMS, context):
        return
    newest = next(iter(all_versions(request.db, 1)), None)
    # A proposal takes the one that waited back, so that only the newest can wait.
    waiting = newest is not None and newest.approved is None
    refused = is_refusal(newest, request.actor)
    answered = newest.answered_at if newest is not None and refused else None
    if answered is not None and day_of(answered) > today - REFUSAL_SHOWN:
        yield Task("termijnen_geweigerd", Rank.READ, page, answered)
    if present is None and not waiting and not refused:
        yield Task("geen_termijnen", Rank.SET_UP, f"{page}/voorstellen")


def _standing(
    context: Any, request: Request, present: RetentionSchedule, page: str, today: date
) -> Iterator[Task]:
    """Yield what is wrong with the standing decision: to archivist, privacy officer and FG."""
    watches = request.has_permission(P.WATCH_KEEPING, context)
    either = (P.APPROVE_TERMS, P.HANDLE_REQUESTS)
    looks = any(request.has_permission(permission, context) for permission in either)
    if not watches and not looks:
        return
    state = standing_of(present.look_by, present.standing_until, today)
    if state is not Standing.IN_FORCE and (looks or state is not Standing.TO_LOOK):
        yield Task(state.value, Rank.DUE, page, present)
    until = paused_until(request.db, context.holder)
    if until is not None and until < date.max:
        yield Task("korte_soorten", Rank.READ, page, until)


def _lists(context: Any, request: Request, here: str) -> Iterator[Task]:
    mine = [state for state, step in _STEPS.items() if request.has_permission(step, context)]
    if not mine:
        return
    waits = [free_to_step(state, str(request.actor.id)) for state in mine]
    if ListState.PROPOSED in mine:
        waits.append(left_over())
    rows = select(DestructionList).where(or_(*waits)).order_by(DestructionList.period_from)
    for row in request.db.scalars(rows.limit(MOST_LISTS)):
        turn, href = row.state in mine, f"{here}/vernietiging/{row.number}"
        yield Task(row.state if turn else "onbeslist", Rank.DECIDE if turn else Rank.DUE, href, row)


def _extensions(context: Any, request: Request, here: str) -> Iterator[Task]:
    """Yield what stays beyond its maximum: told to archivist and FG, asked of the process owner."""
    for permission, waits in ((P.WATCH_KEEPING, ANNOUNCED), (P.ASSESS_DESTRUCTION, UNANSWERED)):
        if not request.has_permission(permission, context):
            continue
        rows = select(Extension).where(waits).order_by(Extension.asked_at, Extension.reference)
        for row in request.db.scalars(rows.limit(MOST_LISTS)):
            day = works_on(row)
            words = f"werkt vanaf {date_text(day)}" if day else ""
            rank = Rank.READ if day else Rank.DECIDE
            yield Task("langer_bewaren", rank, f"{here}/vernietiging", row, words=words)


def _holds(context: Any, request: Request, here: str, today: date) -> Iterator[Task]:
    if not request.has_permission(P.HOLD, context):
        return
    near = Hold.lifted_at.is_(None), Hold.review_on <= today + NEAR
    counted = func.count(Hold.id).label("number"), func.min(Hold.review_on).label("day")
    row = request.db.execute(select(*counted).where(*near)).one()
    if row.number:
        rank = Rank.DUE if row.day <= today else Rank.SOON
        yield Task("bevriezingen", rank, f"{here}/bevriezingen", row)


def _police(context: Any, request: Request, here: str) -> Iterator[Task]:
    """Yield what waits about police data, where the municipality keeps any: never what it is."""
    manages = request.has_permission(P.MANAGE_MUNICIPALITY, context)
    guards = request.has_permission(P.HANDLE_REQUESTS, context)
    if context.holder == NATIONAL or not (manages or guards):
        return
    if not published_for(request.db, context.holder).keeps_police_data:
        return
    users = f"{here}/gebruikers"
    if manages:
        people = able(func.count(RoleAssignment.user_id.distinct())).where(
            RoleAssignment.holder == context.holder, RoleAssignment.role == Role.POLICE_DATA.value
        )
        named = request.db.scalar(people) or 0
        if named < ENOUGH:
            yield Task("gemachtigden", Rank.SET_UP, users, named)
    marks = waiting_marks(request.db, context.holder)
    alone = [item for item, judges in marks if not judges]
    if manages and (judged := len(marks) - len(alone)):
        yield Task("gemerkt", Rank.READ, users, judged)
    if manages and alone:
        yield Task("gemerkt_zonder", Rank.SET_UP, users, len(alone))
    if guards and alone:
        href = f"{here}/{POLICE}/{ITEM}?nr={alone[0].id}"
        yield Task("gemerkt_terug", Rank.DECIDE, href, len(alone))
