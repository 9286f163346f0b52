"""Write what became of each report after it came in: handled, asked about, closed, logged.

The steps are those of `bench.stories.histories`. A million of them one by one through the services
would take days, so each is told in columns and rows: what a step does to a report stands in
`_STEPS`. A test holds them against the services.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, update
from sqlalchemy.orm import Session

from bench.fill.places import Draft
from bench.stories.model import Dice, Step, Triage
from stopintimidatie.core.audit import Actor, event_rows
from stopintimidatie.core.storage.session import Row, insert_rows
from stopintimidatie.core.text import local
from stopintimidatie.core.workflow import line
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.reports.arrival import Arrived
from stopintimidatie.reports.handling.services import OUTCOMES
from stopintimidatie.reports.models import (
    Report,
    ReportContact,
    ReporterMessage,
    ReportForm,
    ReportMove,
)
from stopintimidatie.reports.triage.services import WITH_DEADLINE, end_of
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.words import CONTACT_AGREED
from stopintimidatie.reports.workflow import ENDED, REPORT_WORKFLOW

# Contact comes some hours after triage; what was triaged less than four days ago still waits.
CALLED_AFTER: Final = timedelta(hours=3)
CALLED_WITHIN: Final = timedelta(days=4)
_EFFECTS: Final = {step.name: step.effect or "" for step in REPORT_WORKFLOW.transitions}
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Stage:
    """Setting that every report of a batch shares."""

    dice: Dice
    holder: str
    actors: Mapping[str, Actor]
    moment: datetime
    rows: list[Row] = field(default_factory=list)

    def new_id(self) -> UUID:
        """Draw an id: random, as every id of the house, but from the batch's own dice."""
        return UUID(int=self.dice.getrandbits(128), version=4)

    def add(self, model: Any, **values: Any) -> None:
        """Add a row of this holder."""
        self.rows.append((model, {"holder": self.holder, **values}))

    def log(
        self, at: datetime, actor: Actor, action: str, kind: str, ids: Sequence[UUID], *fields: str
    ) -> None:
        """Add one event of the log, about these documents."""
        self.rows.extend(event_rows(actor, action, self.holder, kind, ids, fields=fields, at=at))


# What happens to a report after its arrival, as columns.
_NEW: Final[Values] = {
    "handler_id": None,
    "waiting_until": None,
    "ended_at": None,
    "ended_reason": None,
    "follow_ups": [],
    "dossier_number": None,
    "triaged_at": None,
    "danger_now": None,
    "urgent": False,
    "suspected_offence": None,
    "suspected_offence_reason": None,
    "contact_agreed": None,
    "contact_owed": None,
    "version": 1,
}


class Course:
    """One report from its arrival on; `now` is how its columns stand."""

    def __init__(self, stage: Stage, draft: Draft, arrived: Arrived) -> None:
        self.stage = stage
        self.draft = draft
        self.arrived = arrived
        self.id = arrived.id
        self.reference = arrived.reference
        kept = ("state", "contact_deadline")
        self.now = {**_NEW, **{name: arrived.report[name] for name in kept}}
        self.at = draft.told.received_at

    def tell(self, triage: Triage | None, steps: Sequence[Step]) -> None:
        """Tell everything that happened, in order."""
        for step in steps:
            if triage is not None and step.at > triage.at and not self.now["triaged_at"]:
                self._assess(triage, step.at)
            self._step(step)
        if triage is not None and not self.now["triaged_at"]:
            self._assess(triage, self.stage.moment)

    def _step(self, step: Step) -> None:
        """Do what `reports.services.move_report` does, at the moment of the step."""
        self.at = step.at
        actor = self.stage.actors[step.by]
        before, self.now["state"] = self.now["state"], step.target
        self.now["ended_at"] = step.at if step.target in ENDED else None
        values = dict(step.values)
        if "behandelaar" in values:
            values["behandelaar"] = self.stage.actors[str(values["behandelaar"])].id
        if self.now["contact_deadline"] is None:
            values.pop("contact", None)
        _STEPS.get(_EFFECTS[step.name], _nothing)(self, values, actor)
        self.now["version"] += 1
        self._append(step.at, actor, step.name, before, values)
        self.stage.log(step.at, actor, "melding.toestand", KIND, [self.id], step.target)

    def say(self, kind: str, text: str, actor: Actor) -> None:
        """Add what the reporter reads."""
        said = {"at": self.at, "kind": kind, "text": text, "actor_name": actor.name}
        self.stage.add(ReporterMessage, report_id=self.id, **said)

    def _assess(self, triage: Triage, until: datetime) -> None:
        """Do as `reports.triage.services.assess`, and call afterwards if nothing came first."""
        actor, now = self.stage.actors["oov"], self.now
        contact = triage.contact if triage.contact in WITH_DEADLINE else None
        now |= {
            "triaged_at": triage.at,
            "danger_now": triage.danger_now,
            "urgent": triage.urgent,
            "suspected_offence": bool(triage.suspicion),
            "suspected_offence_reason": triage.suspicion or None,
            "contact_agreed": contact,
            "contact_deadline": self._deadline(triage.contact_by if contact else None),
            "version": now["version"] + 1,
        }
        for code in self.arrived.forms:
            self.stage.add(ReportForm, report_id=self.id, code=code, confirmed=True)
        answers = {
            "Nu iemand in gevaar": "nee",
            "Spoed": "ja" if triage.urgent else "",
            "Vermoeden van een strafbaar feit": "ja" if triage.suspicion else "nee",
            "Waarom dit vermoeden": triage.suspicion,
            "Contact": dict(CONTACT_AGREED).get(contact or "", ""),
        }
        changed = {label: text for label, text in answers.items() if text}
        self._append(triage.at, actor, "beoordelen", now["state"], changed)
        fields = [label.lower() for label in changed]
        self.stage.log(triage.at, actor, "melding.beoordeeld", KIND, [self.id], *fields)
        called = triage.at + CALLED_AFTER
        settled = triage.at + CALLED_WITHIN < self.stage.moment and called < until
        if now["contact_deadline"] is not None and settled:
            self._contact(called, actor)

    def _deadline(self, day: date | None) -> datetime | None:
        """Return when contact is due; on the day that was promised already it stays as it was."""
        promised = self.now["contact_deadline"]
        same = promised is not None and local(promised).date() == day
        return promised if same else end_of(day)

    def _contact(self, at: datetime, actor: Actor) -> None:
        """Do what `reports.handling.services.record_attempt` does."""
        self.now["contact_deadline"] = None
        self.now["version"] += 1
        outcome = {"uitkomst": OUTCOMES["gesproken"]}
        self._append(at, actor, "contact", self.now["state"], outcome)
        self.stage.log(at, actor, "melding.contact", KIND, [self.id], "gesproken")

    def _append(
        self, at: datetime, actor: Actor, name: str, before: str | None, values: Values
    ) -> None:
        moved = line(actor, name, before, self.now["state"], values, at)
        self.stage.add(ReportMove, report_id=self.id, **moved)


def store(session: Session, stage: Stage, courses: Sequence[Course]) -> None:
    """Write what became of these reports, which came in within this transaction."""
    if not stage.rows:
        return
    # Parents first; what else is new hangs on them and on reports.
    insert_rows(session, sorted(stage.rows, key=lambda row: row[0] is not Dossier))
    changed = [course for course in courses if course.now["version"] > 1]
    if changed:
        columns: dict[str, Any] = {name: bindparam(f"now_{name}") for name in changed[0].now}
        table = Report.__table__
        assert isinstance(table, Table)
        statement = update(table).where(table.c.id == bindparam("the_id")).values(columns)
        values = [
            {"the_id": course.id, **{f"now_{name}": value for name, value in course.now.items()}}
            for course in changed
        ]
        session.connection().execute(statement, values)
    withdrawn = [course.id for course in courses if course.now["state"] == "ingetrokken"]
    if withdrawn:
        session.execute(delete(ReportContact).where(ReportContact.report_id.in_(withdrawn)))


def _nothing(course: Course, values: Values, actor: Actor) -> None:
    """Leave the columns as they are."""


def _take(course: Course, values: Values, actor: Actor) -> None:
    course.now["handler_id"] = UUID(str(values["behandelaar"]))


def _ask_reporter(course: Course, values: Values, actor: Actor) -> None:
    course.now["waiting_until"] = values["uiterlijk"]
    course.say("vraag", values["vraag"], actor)


def _ask_partner(course: Course, values: Values, actor: Actor) -> None:
    course.now["waiting_until"] = values["uiterlijk"]


def _stop_waiting(course: Course, values: Values, actor: Actor) -> None:
    course.now["waiting_until"] = None


def _settle(course: Course, values: Values, actor: Actor) -> None:
    if "contact" in values:
        course.now["contact_deadline"] = None
        course.stage.log(course.at, actor, "melding.contact", KIND, [course.id], values["contact"])


def _finish(course: Course, values: Values, actor: Actor) -> None:
    _settle(course, values, actor)
    course.now["follow_ups"] = list(values["opvolging"])
    if values["terugkoppeling"] == "gegeven":
        course.say("terugkoppeling", values["bericht"], actor)


def _end(course: Course, values: Values, actor: Actor) -> None:
    _settle(course, values, actor)
    course.now["ended_reason"] = values["reden_code"]


def _reopen(course: Course, values: Values, actor: Actor) -> None:
    course.now |= {"ended_reason": None, "follow_ups": []}


def _withdraw(course: Course, values: Values, actor: Actor) -> None:
    owed = course.now["contact_deadline"]
    course.now |= {"contact_owed": owed, "contact_deadline": None, "waiting_until": None}


# By the effect that the workflow names; see `reports.page.steps.EFFECTS`.
_STEPS: Final[Mapping[str, Callable[[Course, Values, Actor], None]]] = {
    "melding.behandelaar": _take,
    "melding.vraag_melder": _ask_reporter,
    "melding.vraag_partner": _ask_partner,
    "melding.wachten_voorbij": _stop_waiting,
    "melding.afhandelen": _finish,
    "melding.einde": _end,
    "melding.heropenen": _reopen,
    "melding.intrekken": _withdraw,
}
