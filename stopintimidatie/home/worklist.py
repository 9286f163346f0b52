"""The worklist of the start page: one list of all that waits, the most urgent first.

What a row says stands in `templates/tasks.jinja2`, by the kind of the task.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from stopintimidatie.core.clock import AMSTERDAM, local_date, utc_now
from stopintimidatie.core.second import Second
from stopintimidatie.dossiers.resources import dossier_path
from stopintimidatie.dossiers.workflow import ConsultationKind
from stopintimidatie.home.queries import end_of_today
from stopintimidatie.reports.inbox.panels import form_words
from stopintimidatie.reports.inbox.rules import TO_DO, Reader

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
        done_at[kind] = f"{path}/contact?terug={quote(place.here, safe='')}"
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
    return datetime.combine(day or date.max, time.min, AMSTERDAM).astimezone(UTC)


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
    return sorted(tasks, key=lambda task: (task.rank, task.at))
