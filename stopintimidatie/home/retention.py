"""Rows of the worklist on terms, destruction, breaches, requests: archivist, privacy officer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import func, or_, select

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_text, day_of, days_until, plural
from stopintimidatie.core.web.request import Request
from stopintimidatie.home.pages import (
    DECIDE,
    DUE,
    LATE,
    READ,
    SET_UP,
    SOON,
    Task,
    in_order,
    task_for,
)
from stopintimidatie.municipalities.people.services import able
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.privacy.breaches.resources import list_breaches
from stopintimidatie.privacy.breaches.workflow import COUNTS, countdown
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
from stopintimidatie.privacy.retention.outlook import paused_until
from stopintimidatie.privacy.retention.pages import NAME
from stopintimidatie.privacy.retention.queries import all_versions, present_version
from stopintimidatie.privacy.retention.rules import Standing, standing_of
from stopintimidatie.privacy.retention.services import is_refusal

P: Final = Permission
# The lists that are shown, the oldest first; the others stand on the page of all lists.
MOST_LISTS: Final = 8
MOST_REQUESTS: Final = 20
WEEK: Final = timedelta(days=7)
# A hold is told of from this long before its review date.
NEAR: Final = timedelta(days=14)
# The time that a refused proposal stands on the start page; the page of terms shows it longer.
REFUSAL_SHOWN: Final = timedelta(days=14)
# The step of each role with a list, by the state in which the list waits for it.
_STEPS: Final = {
    ListState.PROPOSED: (P.ASSESS_DESTRUCTION, "Beoordelen", "wat mag weg?"),
    ListState.ASSESSED: (P.CHECK_DESTRUCTION, "Nakijken", "wat is bevroren?"),
    ListState.CHECKED: (P.AUTHORISE_DESTRUCTION, "Machtigen", "mag het worden vernietigd?"),
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
    late = [task for task in every if task.rank == LATE]
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
            title = f"Datalek {row.reference}: melden bij de AP?"
            task = task_for(DUE, title, href, "Openen", countdown(row.due_at, now))
            yield replace(task, rank=LATE if row.due_at < now else DUE, at=row.due_at)
        else:
            yield task_for(READ, f"Datalek {row.reference}: afronden", href, "Openen")


def _requests(context: Any, request: Request, here: str, today: date) -> Iterator[Task]:
    """Yield the requests that are open or not sent, the most overdue first."""
    if not request.has_permission(P.HANDLE_REQUESTS, context):
        return
    for row in request.db.scalars(unanswered().limit(MOST_REQUESTS)):
        title = f"Verzoek {row.reference}: {Right.word(row.right)}"
        href, when = f"{here}/verzoeken/{row.reference}", days_until(row.due_on)
        due, late = datetime.combine(row.due_on, time.min, UTC), row.due_on < today
        about = f"{'besluit nog niet verstuurd; ' if row.is_unsent else ''}antwoord: {when}"
        rank = LATE if late else DUE if row.due_on <= today + WEEK or row.is_unsent else SOON
        task = task_for(rank, title, href, "Openen", about)
        badges = ("te_laat",) if late else ()
        yield replace(task, at=due, badges=badges)


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
        title = "De archivaris weigerde uw voorstel voor bewaartermijnen"
        yield task_for(READ, title, page, "Lezen", date_text(answered))
    if present is None and not waiting and not refused:
        title = "Er gelden nog geen bewaartermijnen"
        about = "tot dan is er niets aan de beurt"
        yield task_for(SET_UP, title, f"{page}/voorstellen", "Voorstellen", about)


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
    title = _STANDING.get(state, "")
    if title and (looks or state is not Standing.TO_LOOK):
        ends = state in (Standing.ENDED, Standing.ENDS_SOON)
        day = present.standing_until if ends else present.look_by
        about = f"{'geldt tot en met' if ends else 'de archivaris, vóór'} {date_text(day)}"
        yield task_for(DUE, title, page, "Bekijken", about)
    until = paused_until(request.db, context.holder)
    if until is not None and until < date.max:
        title = "Korte soorten die te laat zijn"
        yield task_for(READ, title, page, "Bekijken", f"gaan weg op {date_text(until)}")


_STANDING: Final = {
    Standing.TO_LOOK: "Kijk naar het doorlopend besluit",
    Standing.NOT_LOOKED: "Niemand keek naar het doorlopend besluit",
    Standing.ENDS_SOON: "Het doorlopend besluit loopt af",
    Standing.ENDED: "Het doorlopend besluit is geëindigd",
}


def _lists(context: Any, request: Request, here: str) -> Iterator[Task]:
    mine = [
        state
        for state, (permission, *_) in _STEPS.items()
        if request.has_permission(permission, context)
    ]
    if not mine:
        return
    waits = [free_to_step(state, str(request.actor.id)) for state in mine]
    if ListState.PROPOSED in mine:
        waits.append(left_over())
    rows = request.db.scalars(
        select(DestructionList)
        .where(or_(*waits))
        .order_by(DestructionList.period_from)
        .limit(MOST_LISTS)
    )
    for row in rows:
        state = ListState(row.state)
        href = f"{here}/vernietiging/{row.number}"
        if state in mine:
            _, action, question = _STEPS[state]
            yield task_for(DECIDE, f"Vernietigingslijst {row.number}: {question}", href, action)
        else:
            title = f"Vernietigingslijst {row.number}: nog niet over alles beslist"
            yield task_for(DUE, title, href, "Beslissen")


def _extensions(context: Any, request: Request, here: str) -> Iterator[Task]:
    """Yield what stays beyond its maximum: told to archivist and FG, asked of the process owner."""
    for permission, waits in ((P.WATCH_KEEPING, ANNOUNCED), (P.ASSESS_DESTRUCTION, UNANSWERED)):
        if not request.has_permission(permission, context):
            continue
        rows = select(Extension).where(waits).order_by(Extension.asked_at, Extension.reference)
        for row in request.db.scalars(rows.limit(MOST_LISTS)):
            title, href = (
                f"{row.reference}: langer bewaren dan het uiterste",
                f"{here}/vernietiging",
            )
            if (day := works_on(row)) is not None:
                yield task_for(READ, title, href, "Lezen", f"werkt vanaf {date_text(day)}")
            else:
                yield task_for(DECIDE, title, href, "Openen", "vul het besluit in")


def _holds(context: Any, request: Request, here: str, today: date) -> Iterator[Task]:
    if not request.has_permission(P.HOLD, context):
        return
    near = Hold.lifted_at.is_(None), Hold.review_on <= today + NEAR
    first = func.min(Hold.review_on)
    number, day = request.db.execute(select(func.count(Hold.id), first).where(*near)).one()
    if number:
        words = plural(number, "bevriezing vraagt", "bevriezingen vragen")
        rank, href = DUE if day <= today else SOON, f"{here}/bevriezingen"
        when = f"de eerste {days_until(day)}"
        yield task_for(rank, f"{words} een besluit", href, "Beslissen", when)


def _police(context: Any, request: Request, here: str) -> Iterator[Task]:
    """Yield what waits about police data, where the municipality keeps any: never what it is."""
    manages = request.has_permission(P.MANAGE_MUNICIPALITY, context)
    guards = request.has_permission(P.HANDLE_REQUESTS, context)
    if context.holder == NATIONAL or not (manages or guards):
        return
    if not published_for(request.db, context.holder).keeps_police_data:
        return
    if manages:
        people = able(func.count(RoleAssignment.user_id.distinct())).where(
            RoleAssignment.holder == context.holder, RoleAssignment.role == Role.POLICE_DATA.value
        )
        named = request.db.scalar(people) or 0
        title = "Er is één gemachtigde voor politiegegevens" if named else _NOBODY
        if named < ENOUGH:
            waits = "twee of meer is nodig"
            yield task_for(SET_UP, title, f"{here}/gebruikers", "Aanwijzen", waits)
    yield from _marked(request, context.holder, here, manages=manages, guards=guards)


def _marked(
    request: Request, holder: str, here: str, *, manages: bool, guards: bool
) -> Iterator[Task]:
    """Yield how many pieces were marked as the police's and wait, to who can do something."""
    marks = waiting_marks(request.db, holder)
    alone = [item for item, judges in marks if not judges]
    users = f"{here}/gebruikers"
    if manages and (judged := len(marks) - len(alone)):
        yield task_for(READ, _marks(judged), users, "Bekijken", "een gemachtigde beslist")
    if manages and alone:
        why = "geen gemachtigde kan erover beslissen"
        yield task_for(SET_UP, _marks(len(alone)), users, "Aanwijzen", why)
    if guards and alone:
        href = f"{here}/{POLICE}/{ITEM}?nr={alone[0].id}"
        why = "geen gemachtigde kan beslissen; u kunt terugzetten"
        yield task_for(DECIDE, _marks(len(alone)), href, "Lezen", why)


def _marks(number: int) -> str:
    return f"{plural(number, 'stuk is', 'stukken zijn')} gemarkeerd als van de politie"


_NOBODY: Final = "Er is geen gemachtigde voor politiegegevens"
ENOUGH: Final = 2
