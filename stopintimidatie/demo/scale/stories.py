"""What became of each report, as rows: received, handled, asked about, closed, and logged.

The steps are those of the small demo. What a step does to a report is done by the workflow's own
effects, on a stand-in that is written down at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from stopintimidatie.core.audit import Actor, AuditEvent, AuditSubject
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.tree.models import Reference
from stopintimidatie.core.workflow import line
from stopintimidatie.demo.replay.loader import CALLED_AFTER, CALLED_WITHIN, CODE_PURPOSE
from stopintimidatie.demo.scale.grounds import Draft
from stopintimidatie.demo.scale.rows import Rows, said
from stopintimidatie.demo.stories.model import Dice, Step, Triage
from stopintimidatie.reports.models import (
    Report,
    ReportContact,
    ReporterMessage,
    ReportForm,
    ReportMove,
)
from stopintimidatie.reports.page.steps import EFFECTS
from stopintimidatie.reports.personal import INDEX_PURPOSE, PURPOSE
from stopintimidatie.reports.rules import FOLLOW_PURPOSE, derive_follow_code, hash_follow_code
from stopintimidatie.reports.triage.panels import OUTCOMES
from stopintimidatie.reports.triage.services import WITH_DEADLINE, Assessment, describe, end_of
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import REPORT_WORKFLOW

APP: Final = Actor("app", None, "demo-app")
CONTACT_DAYS: Final = 3
_TRANSITIONS: Final = {step.name: step for step in REPORT_WORKFLOW.transitions}


@dataclass(frozen=True)
class Stage:
    """Setting that every report of a batch shares."""

    rows: Rows
    dice: Dice
    holder: str
    actors: Mapping[str, Actor]
    keys: KeyRing
    secrets: Mapping[str, bytes]
    app_key_id: UUID
    moment: datetime

    def new_id(self) -> UUID:
        """Draw an id: random, as every id of the house, but from the batch's own dice."""
        return UUID(int=self.dice.getrandbits(128), version=4)

    def log(
        self, at: datetime, actor: Actor, action: str, kind: str, ids: Sequence[UUID], *fields: str
    ) -> None:
        """Add one event of the log, about these documents."""
        event = self.new_id()
        self.rows.add(
            AuditEvent,
            id=event,
            holder=self.holder,
            at=at,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            action=action,
            subject_kind=kind,
            fields=sorted(fields),
            reason=None,
            task=None,
        )
        for subject in ids:
            self.rows.add(
                AuditSubject,
                id=self.new_id(),
                holder=self.holder,
                event_id=event,
                subject_id=subject,
            )


def secrets_of(keys: KeyRing) -> dict[str, bytes]:
    """Derive the keys that every report needs once: it takes longer than a report."""
    return {purpose: keys.derive(purpose) for purpose in (CODE_PURPOSE, FOLLOW_PURPOSE)}


class Story:
    """One report from its arrival on. `write` comes last: only then is its state known."""

    def __init__(self, stage: Stage, draft: Draft, report_id: UUID, reference: str) -> None:
        self.stage = stage
        self.info: dict[str, Any] = {}  # a session has one, for whom it may wake
        self.draft = draft
        self.body = draft.told.body
        desk = stage.holder == NATIONAL
        self.now = SimpleNamespace(
            id=report_id,
            holder=stage.holder,
            reference=reference,
            state="quarantaine" if draft.quarantined and not desk else "nieuw",
            delivery=self._delivery() if desk else None,
            urgent=False,
            handler_id=None,
            contact_deadline=None if desk else self._promised(),
            waiting_until=None,
            ended_at=None,
            ended_reason=None,
            duplicate_of_id=None,
            follow_ups=[],
            dossier_number=None,
            triaged_at=None,
            danger_now=None,
            suspected_offence=None,
            suspected_offence_reason=None,
            contact_agreed=None,
            version=1,
        )
        self._at = draft.told.received_at

    def _delivery(self) -> str:
        return "te_routeren" if self.draft.site.ground is None else "wacht_op_afspraak"

    def _promised(self) -> datetime | None:
        if self.body["contactGewenst"] not in WITH_DEADLINE:
            return None
        return self.draft.told.received_at + timedelta(days=CONTACT_DAYS)

    def tell(self, triage: Triage | None, steps: Sequence[Step]) -> None:
        """Tell everything that happened, in order."""
        self._append(self._at, APP, "ontvangen", None, {})
        self.stage.log(self._at, APP, "melding.ontvangen", KIND, [self.now.id])
        for step in steps:
            if triage is not None and step.at > triage.at and self.now.triaged_at is None:
                self._assess(triage, step.at)
            self._step(step)
        if triage is not None and self.now.triaged_at is None:
            self._assess(triage, self.stage.moment)

    def _step(self, step: Step) -> None:
        """Do what `reports.services.move_report` does, at the moment of the step."""
        self._at = step.at
        actor = self.stage.actors[step.by]
        before, self.now.state = self.now.state, step.target
        self.now.ended_at = step.at if REPORT_WORKFLOW.state(step.target).ended else None
        values = dict(step.values)
        if "behandelaar" in values:
            values["behandelaar"] = self.stage.actors[str(values["behandelaar"])].id
        effect = _TRANSITIONS[step.name].effect
        if effect in EFFECTS:
            # The session stands in too: an effect adds rows to it and asks nothing of it.
            effects: Any = EFFECTS[effect]
            effects(self, self.now, values, actor)
        self.now.version += 1
        self._append(step.at, actor, step.name, before, values)
        state = self.now.state
        self.stage.log(step.at, actor, "melding.toestand", KIND, [self.now.id], state)

    def add(self, message: ReporterMessage | OutboxJob) -> None:
        """Add what an effect tells the reporter. The jobs it asks for lie in the past: left out."""
        if isinstance(message, OutboxJob):
            return
        self.stage.rows.add(
            ReporterMessage,
            id=self.stage.new_id(),
            holder=self.stage.holder,
            report_id=self.now.id,
            at=self._at,
            kind=message.kind,
            text=message.text,
        )

    def get(self, *key: Any) -> None:
        """Return None for the wijk of an assessment; it doesn't change here."""

    def execute(self, statement: Any) -> None:
        """Do nothing: a withdrawal wipes contact data, which here are never written."""

    def scalar(self, question: Any) -> None:
        """Return None: nobody is written to here."""

    def scalars(self, question: Any) -> Any:
        """Return no doubles that wait for contact with this one: their reporters were called."""
        return SimpleNamespace(all=list)

    def _assess(self, triage: Triage, until: datetime) -> None:
        """Do as `reports.triage.services.assess`, and call afterwards if nothing came first."""
        actor, now = self.stage.actors["oov"], self.now
        contact = triage.contact if triage.contact in WITH_DEADLINE else None
        before = self._assessment(now.contact_deadline)
        now.triaged_at, now.danger_now, now.urgent = triage.at, triage.danger_now, triage.urgent
        now.suspected_offence = bool(triage.suspicion)
        now.suspected_offence_reason = triage.suspicion or None
        now.contact_agreed = contact
        now.contact_deadline = end_of(triage.contact_by if contact else None)
        now.version += 1
        was, found = (describe(self, a) for a in (before, self._assessment(now.contact_deadline)))  # type: ignore[arg-type]
        differences = {name: text or "leeg" for name, text in found.items() if text != was[name]}
        self._append(triage.at, actor, "beoordelen", now.state, differences)
        fields = [name.lower() for name in differences]
        self.stage.log(triage.at, actor, "melding.beoordeeld", KIND, [now.id], *fields)
        called = triage.at + CALLED_AFTER
        settled = triage.at + CALLED_WITHIN < self.stage.moment and called < until
        if now.contact_deadline is not None and settled:
            self._contact(called, actor)

    def _assessment(self, deadline: datetime | None) -> Assessment:
        now = self.now
        return Assessment(
            danger_now=now.danger_now,
            forms=tuple(self.body["vormen"]),
            urgent=now.urgent,
            neighbourhood=None,
            suspected_offence=now.suspected_offence,
            suspected_offence_reason=now.suspected_offence_reason,
            contact=now.contact_agreed,
            contact_before=None if deadline is None else deadline.date(),
        )

    def _contact(self, at: datetime, actor: Actor) -> None:
        """Do what `reports.triage.panels.record_contact` does."""
        self.now.contact_deadline = None
        self.now.version += 1
        outcome = {"uitkomst": dict(OUTCOMES)["gesproken"]}
        self._append(at, actor, "contact", self.now.state, outcome)
        self.stage.log(at, actor, "melding.contact", KIND, [self.now.id], "gesproken")

    def _append(
        self,
        at: datetime,
        actor: Actor,
        name: str,
        before: str | None,
        values: Mapping[str, Any],
    ) -> None:
        told = line(actor, name, before, self.now.state, values, at)
        self.stage.rows.add(
            ReportMove,
            id=self.stage.new_id(),
            holder=self.stage.holder,
            report_id=self.now.id,
            **told,
        )

    def write(self) -> None:
        """Write the report as it now stands, with its forms, contact data and reference."""
        stage, now, site = self.stage, self.now, self.draft.site
        ground = site.ground
        code = derive_follow_code(stage.secrets[CODE_PURPOSE], stage.app_key_id, now.id)
        hashed = hash_follow_code(stage.secrets[FOLLOW_PURPOSE], now.reference, code)
        stage.rows.add(Reference, reference=now.reference, holder=stage.holder, kind=KIND)
        stage.rows.add(
            Report,
            **vars(now),
            **said(self.body),
            received_at=self.draft.told.received_at,
            source=self.draft.told.source,
            municipality_code=site.spot.municipality,
            neighbourhood_code=ground.wijk if ground else None,
            subneighbourhood_code=ground.buurt if ground else None,
            located_by=ground.method if ground else "geen",
            frozen=False,
            handed_to=None,
            received_from=None,
            follow_code_hash=hashed,
            follow_code_version=stage.keys.current,
        )
        self._write_forms()
        self._write_contact()

    def _write_forms(self) -> None:
        for confirmed in (False, True) if self.now.triaged_at else (False,):
            for code in self.body["vormen"]:
                self.stage.rows.add(
                    ReportForm,
                    id=self.stage.new_id(),
                    holder=self.stage.holder,
                    report_id=self.now.id,
                    code=code,
                    confirmed=confirmed,
                )

    def _write_contact(self) -> None:
        keys, given = self.stage.keys, self.body["melder"]
        phone, email, when = (
            given.get("telefoon"),
            given.get("email"),
            self.body.get("contactWanneer"),
        )
        if self.now.state == "ingetrokken" or not (phone or email or when):
            return

        def sealed(value: str | None) -> str | None:
            return keys.encrypt(PURPOSE, value, str(self.now.id)) if value else None

        def found_by(value: str | None) -> str | None:
            return keys.keyed_hash(INDEX_PURPOSE, value.lower().encode()) if value else None

        self.stage.rows.add(
            ReportContact,
            id=self.stage.new_id(),
            holder=self.stage.holder,
            report_id=self.now.id,
            name=None,
            phone=sealed(phone),
            email=sealed(email),
            contact_when=sealed(when),
            phone_index=found_by(phone),
            email_index=found_by(email),
        )
