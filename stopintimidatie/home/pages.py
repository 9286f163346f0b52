"""The worklist of the start page: one list of all that waits, the most urgent first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from stopintimidatie.core.clock import AMSTERDAM, local_date, utc_now
from stopintimidatie.core.second import Second
from stopintimidatie.core.text import ago, clock, date_text, datetime_short, days_until, plural
from stopintimidatie.dossiers.resources import dossier_path
from stopintimidatie.dossiers.workflow import ConsultationKind
from stopintimidatie.home.queries import end_of_today
from stopintimidatie.reports.inbox.panels import form_words
from stopintimidatie.reports.inbox.rules import TO_DO, Reader

# The order of the worklist, the most urgent first.
URGENT, LATE, CALL, DECIDE, READ, DUE, WRITE, SOON, AWAKE, SET_UP = range(10)
# The rows that are shown at once.
SHOWN: Final = 12


@dataclass(frozen=True)
class Task:
    """A row of the worklist, with the link that does it or opens it."""

    rank: int
    at: datetime
    title: str
    href: str
    action: str
    action_href: str
    meta: Sequence[str] = ()
    badges: Sequence[str] = ()


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

    def for_whom(self, person: UUID | None, name: str | None) -> list[str]:
        """Say for whom it is, when that is somebody who is away."""
        return [f"voor {name}"] if person in self.reader.stands_in_for and name else []


def report_tasks(place: Place, rows: Sequence[Any]) -> list[Task]:
    """Return a row of the worklist for each report: its most pressing reason, and the others."""
    return [_report_task(place, row) for row in rows]


def _report_task(place: Place, row: Any) -> Task:
    path = place.path(row)
    rank, at, reason, action, href = _reason(place, row, path)
    badges = ["spoed"] if rank == URGENT else []
    if row.reporter_spoke_at is not None:
        badges.append("melder_schreef")
    if row.state == "in_dossier":
        badges.append("in_dossier")
    where = row.area or "plek onbekend"
    hours = [f"bellen: {place.hours[row.id]}"] if row.id in place.hours and rank <= CALL else []
    return Task(
        rank,
        at,
        f"{form_words(row.forms)}, {where}",
        path,
        action,
        href,
        [row.reference, reason, *hours, *place.for_whom(row.handler_id, row.handler)],
        badges,
    )


# Rank, moment to sort by, reason, and the action with its address.
_Reason = tuple[int, datetime, str, str, str]


def _reason(place: Place, row: Any, path: str) -> _Reason:
    """Return why a report waits: the most pressing reason, and what to do about it."""
    now, deadline = place.reader.now, row.contact_deadline
    call = ("Contact vastleggen", f"{path}/contact?terug={quote(place.here, safe='')}")
    if row.urgent and row.state in TO_DO:
        words = f"binnengekomen {ago(row.received_at, now)}"
        words += f", contact {days_until(deadline)}" if deadline is not None else ""
        inbox = f"{place.here}/postvak?spoed=ja&melding={row.reference}"
        return URGENT, row.received_at, words, "Behandelen", inbox
    if deadline is not None and deadline < now:
        return LATE, deadline, f"contact {_late(deadline, now)}", *call
    if row.next_attempt_at is not None and row.next_attempt_at < end_of_today(now):
        words = f"weer proberen om {clock(row.next_attempt_at)}"
        return CALL, row.next_attempt_at, words, *call
    if deadline is not None and deadline < now + timedelta(days=1):
        return CALL, deadline, f"contact {days_until(deadline)}", *call
    return _calmer_reason(place, row, path)


def _calmer_reason(place: Place, row: Any, path: str) -> _Reason:
    if row.reporter_spoke_at is not None:
        words = f"de melder schreef {ago(row.reporter_spoke_at)}"
        return READ, row.reporter_spoke_at, words, "Lezen", f"{path}#gesprek"
    if row.waiting_until is not None and row.waiting_until < local_date(place.reader.now):
        words = f"antwoord bleef uit sinds {date_text(row.waiting_until)}"
        return DUE, _moment(row.waiting_until), words, "Verder", path
    return AWAKE, _moment(row.snoozed_until), "weggelegd tot nu", "Openen", path


def _late(deadline: datetime, now: datetime) -> str:
    """Say how late it is; on the day itself, that it is late."""
    days = (local_date(now) - local_date(deadline)).days
    return days_until(deadline) if days else "vandaag, en het is voorbij"


def _moment(day: date | None) -> datetime:
    """Return the beginning of a day, to sort by."""
    return datetime.combine(day or date.max, time.min, AMSTERDAM).astimezone(UTC)


STOP: Final = "Negatief advies gevolgd: stop dit dossier"


def dossier_tasks(place: Place, rows: Sequence[Any]) -> list[Task]:
    """Return a row of the worklist for what waits in dossiers."""
    return [_DOSSIER_ROWS[row.kind](place, row) for row in rows]


def _dossier(place: Place, row: Any) -> str:
    return dossier_path(place.slug, row.neighbourhood, row.number)


def _agreement(place: Place, row: Any) -> Task:
    late = row.day < local_date(place.reader.now)
    href = f"{_dossier(place, row)}?deel=afspraken"
    words = [f"dossier {row.number}", row.second, f"afspraak {days_until(row.day)}"]
    words += place.for_whom(row.owner_id, row.owner)
    rank, badges = (DUE, ["te_laat"]) if late else (SOON, [])
    return Task(rank, _moment(row.day), row.first, href, "Bijwerken", href, words, badges)


def _consultation(place: Place, row: Any) -> Task:
    past = row.at < place.reader.now
    href = f"{_dossier(place, row)}/overleg-bekijken?nr={row.second}"
    title = f"{ConsultationKind.word(row.first).capitalize()} over dossier {row.number}"
    words = [datetime_short(row.at), *place.for_whom(row.owner_id, row.owner)]
    rank, action = (WRITE, "Verslag schrijven") if past else (SOON, "Voorbereiden")
    return Task(rank, row.at, title, href, action, href, words, ["verslag_nodig"] if past else [])


def _export(rank: int, title: str, action: str, *badges: str) -> Callable[[Place, Any], Task]:
    def task(place: Place, row: Any) -> Task:
        href = f"{_dossier(place, row)}/{row.first}"
        words = [f"dossier {row.number}", datetime_short(row.at)]
        words += place.for_whom(row.owner_id, row.owner)
        return Task(rank, row.at, title.format(row.second), href, action, href, words, badges)

    return task


def _stop(place: Place, row: Any) -> Task:
    href = _dossier(place, row)
    words = [f"dossier {row.number}", *place.for_whom(row.owner_id, row.owner)]
    return Task(DUE, row.at, STOP, href, "Openen", href, words)


_DOSSIER_ROWS: Final[Mapping[str, Callable[[Place, Any], Task]]] = {
    "afspraak": _agreement,
    "stoppen": _stop,
    "overleg": _consultation,
    "antwoord": _export(READ, "Antwoord van {}", "Lezen"),
    "kopie": _export(DUE, "Bel {}: vernietigen niet bevestigd", "Openen", "te_laat"),
}


def task_for(rank: int, title: str, href: str, action: str, *meta: str) -> Task:
    """Return a row of the worklist that leads to a list."""
    return Task(rank, datetime.min.replace(tzinfo=UTC), title, href, action, href, meta)


def second_task(kind: Second, row: Any, here: str) -> Task:
    """Return the row of a proposal that waits for the answer of this person."""
    title = f"{kind.label}: {row.about}" if row.about else kind.label
    late = row.due is not None and row.due < utc_now()
    words = [f"voorstel van {row.proposed_by}", datetime_short(row.proposed_at)]
    words += [days_until(row.due)] if row.due is not None else []
    href = here + kind.path(row)
    badges = [*(["spoed"] if row.urgent else []), *(["te_laat"] if late else [])]
    at = row.due or row.proposed_at
    rank = URGENT if row.urgent else LATE if late else DECIDE
    return Task(rank, at, title, href, "Beslissen", href, words, badges)


def watch_tasks(counts: Any, slug: str) -> list[Task]:
    """Return the rows of who watches over privacy, out of what `queries.watched` counted."""
    here = f"/gemeenten/{slug}"
    register, log = f"{here}/verstrekkingen", f"{here}/logboek?wat=toegang.geweigerd"
    persons = f"{here}/persoonsgericht?wat="
    rows = (
        (counts.copies, DUE, _of_copies, f"{register}?stand=te_laat", "Nagaan"),
        (counts.late_advice, DUE, _of_late_advice, f"{persons}advies", "Bekijken"),
        (counts.stop, DUE, _of_stop, f"{persons}stoppen", "Nagaan"),
        (counts.unheeded, READ, _of_unheeded, f"{persons}niet-gevolgd", "Lezen"),
        (counts.refused, READ, _of_refusals, log, "Nagaan"),
        (counts.given, SOON, _of_disclosures, register, "Bekijken"),
    )
    return [
        task_for(rank, words(number), href, action)
        for number, rank, words, href, action in rows
        if number
    ]


def _of_copies(number: int) -> str:
    return f"{plural(number, 'kopie had', 'kopieën hadden')} vernietigd moeten zijn"


def _of_late_advice(number: int) -> str:
    return f"{plural(number, 'advies is', 'adviezen zijn')} te laat: het dossier is al gestart"


def _of_stop(number: int) -> str:
    return f"{STOP} ({number})" if number > 1 else STOP


def _of_unheeded(number: int) -> str:
    return f"{plural(number, 'advies', 'adviezen')} niet gevolgd, in zeven dagen"


def _of_refusals(number: int) -> str:
    return f"{plural(number, 'keer', 'keer')} toegang geweigerd, in zeven dagen"


def _of_disclosures(number: int) -> str:
    return f"{plural(number, 'verstrekking', 'verstrekkingen')}, in zeven dagen"


def in_order(tasks: Iterable[Task]) -> list[Task]:
    """Return the worklist, the most urgent first, and of one kind the oldest first."""
    return sorted(tasks, key=lambda task: (task.rank, task.at, task.title))
