"""`demo laden`: the demo replayed through the same services that people use, each at its moment.

Each holder is one transaction: interrupted, the next run goes on with the holders that are still
empty. The clock stands at the moment of each event, so that history, deadlines and log agree.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.demo.replay import accounts, deliveries, dossiers, network
from stopintimidatie.demo.replay.accounts import set_up_settings
from stopintimidatie.demo.replay.dossiers import Hands, work_in, working_from
from stopintimidatie.demo.replay.network import (
    begin_onboarding,
    note_campaign,
    offer_one,
    set_up_partners,
)
from stopintimidatie.demo.stories.generator import SEED, generate
from stopintimidatie.demo.stories.model import Agreement, DemoDossier, DemoReport, Note, Step
from stopintimidatie.dossiers.case.services import (
    DossierPlan,
    change_agreement,
    create_dossier,
    make_agreement,
    move_dossier,
)
from stopintimidatie.dossiers.models import Dossier, DossierAgreement
from stopintimidatie.dossiers.patterns.jobs import ask_for_search
from stopintimidatie.dossiers.resources import is_strict
from stopintimidatie.dossiers.services import add_note
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.areas.queries import unknown_neighbourhood_code
from stopintimidatie.reports.api.queries import make_demo_key
from stopintimidatie.reports.arrival import Arrival, receive
from stopintimidatie.reports.arrival.submission import Routing, route, validate
from stopintimidatie.reports.fields import Submission
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import (
    ALPHABET,
    RANDOM_CHARACTERS,
    derive_follow_code,
    with_check_character,
)
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.triage.panels import record_contact
from stopintimidatie.reports.triage.services import Assessment, assess
from stopintimidatie.reports.vocabulary import Source

Progress = Callable[[int, int], None]
# Contact comes some hours after triage; what was triaged less than four days ago still waits.
CALLED_AFTER: Final = timedelta(hours=3)
CALLED_WITHIN: Final = timedelta(days=4)
CODE_PURPOSE: Final = "volgcode"
RESULTS: Final = {
    "gedaan": "Gedaan zoals afgesproken.",
    "vervallen": "Niet meer nodig: de situatie is veranderd.",
}


class DemoError(Exception):
    """The demo can't be loaded here; the message says what to do, in Dutch."""


@dataclass(frozen=True)
class Routed:
    """A report of the demo with its checked message and where it goes."""

    demo: DemoReport
    submission: Submission
    routing: Routing


@dataclass
class Stage:
    """One holder while its part of the demo is replayed."""

    session: Session
    registry: Any
    holder: str
    users: Mapping[tuple[str, str], User]
    app_key_id: Any
    reports: dict[str, Report] = field(default_factory=dict)
    dossiers: dict[str, Dossier] = field(default_factory=dict)

    @property
    def effects(self) -> Mapping[str, Any]:
        effects: Mapping[str, Any] = WORKFLOW_EFFECTS.of(self.registry)
        return effects

    def actor(self, by: str) -> Actor:
        return accounts.actor_of(dict(self.users), self.holder, by)

    def real(self, name: str, value: Any) -> Any:
        """Return what a step of the demo means here: an account's id, a reference, a number."""
        if name in {"behandelaar", "dossierhouder"}:
            return str(self.users[self.holder, str(value)].id)
        if name == "dubbel_van":
            return self.reports[str(value)].reference
        if name in {"dossier", "samengevoegd_met"}:
            dossier = self.dossiers[str(value)]
            return str(dossier.id) if is_strict(dossier.kind) else dossier.number
        return value

    def answers(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.real(name, value) for name, value in values.items()}


@dataclass(frozen=True, order=True)
class Event:
    """Something that happens at a moment; `rank` orders what shares one."""

    at: datetime
    rank: int
    key: str
    happen: Callable[[Stage], None] = field(compare=False)


def load_demo(
    registry: Any, *, seed: int = SEED, day: date | None = None, progress: Progress | None = None
) -> int:
    """Load what isn't there yet; the number of reports that were added.

    :raises DemoError: this installation isn't a demo.
    """
    if not registry.app_settings.demo:
        raise DemoError("Dit kan alleen met demo = true in de instellingen.")
    demo = generate(seed, day)
    engine: Engine = registry.engine
    with transaction(engine) as session:
        users = accounts.set_up(session)
        routed = [_routed(session, registry, report) for report in demo.reports]
    with transaction(engine, NATIONAL) as session:
        app_key_id = make_demo_key(session, accounts.actor_of(users, NATIONAL, "meldpunt")).id
    added = 0
    for holder in (NATIONAL, accounts.DORDRECHT, accounts.EINDHOVEN):
        events = _events(holder, routed, demo.dossiers, demo.moment)
        gifts = deliveries.planned(demo.dossiers, holder, demo.moment)
        events = sorted([*events, *(Event(g.at, 90, g.reference, _ask(g)) for g in gifts)])
        with transaction(engine, holder) as session:
            accounts.give_roles(session, holder, users)
            stage = Stage(session, registry, holder, users, app_key_id)
            if session.scalars(select(Report.id).limit(1)).first() is None:
                _replay(stage, events)
                actor = stage.actor("meldpunt" if holder == NATIONAL else "beheer")
                set_up_settings(session, holder, actor)
                network.set_up_mailbox(session, registry, holder, actor)
                if holder != NATIONAL:
                    ask_for_search(session, holder)
                if holder == NATIONAL:
                    network.set_up_agreements(session, registry, actor)
                else:
                    set_up_partners(session, registry, holder, actor)
                    deliveries.set_up(session, holder, gifts, demo.moment)
                _between(stage, demo.moment)
        added += len(stage.reports)
        if progress:
            progress(added, len(routed))
    return added


def is_loaded(engine: Engine) -> bool:
    """Tell whether the last holder of the demo has its reports already."""
    with transaction(engine, accounts.EINDHOVEN, write=False) as session:
        return session.scalars(select(Report.id).limit(1)).first() is not None


def _routed(session: Session, registry: Any, report: DemoReport) -> Routed:
    submission = validate(dict(report.body), report.received_at)
    return Routed(report, submission, route(session, registry.locator_cache, submission.location))


def _events(
    holder: str, routed: Iterable[Routed], dossiers: Iterable[DemoDossier], moment: datetime
) -> list[Event]:
    events: list[Event] = []
    for report in routed:
        if report.routing.holder == holder:
            events += _report_events(report, moment)
    for dossier in dossiers:
        if dossier.municipality == holder:
            events += _dossier_events(dossier, moment)
    return sorted(events)


def _replay(stage: Stage, events: Iterable[Event]) -> None:
    for event in events:
        with clock_at(event.at):
            event.happen(stage)
            stage.session.flush()


def _between(stage: Stage, moment: datetime) -> None:
    """Replay what holders have to do with each other."""
    if stage.holder == NATIONAL:
        note_campaign(stage.session)
        with clock_at(moment):
            begin_onboarding(stage.session, stage.registry, stage.actor("meldpunt"))
            stage.session.flush()
    if stage.holder == accounts.EINDHOVEN:
        actor = stage.actor("oov")
        offer_one(stage.session, stage.effects, accounts.DORDRECHT, actor, moment)
    if stage.holder != NATIONAL:
        dossiers.add_some(stage.session, moment)


def _report_events(routed: Routed, moment: datetime) -> Iterable[Event]:
    demo = routed.demo
    yield Event(demo.received_at, 0, demo.key, lambda stage: _receive(stage, routed))
    for number, step in enumerate(demo.steps):
        yield Event(step.at, 10 + number, demo.key, _step(demo.key, step))
    if demo.triage is not None:
        triaged = demo.triage.at
        yield Event(triaged, 50, demo.key, lambda stage: _assess(stage, demo))
        if triaged + CALLED_WITHIN < moment:
            at = triaged + CALLED_AFTER
            yield Event(at, 60, demo.key, lambda stage: _contact(stage, demo))


def _receive(stage: Stage, routed: Routed) -> None:
    keys = stage.registry.key_ring
    code = derive_follow_code(
        keys.derive(CODE_PURPOSE), stage.app_key_id, routed.demo.idempotency_key
    )
    arrival = Arrival(
        source=Source(routed.demo.source),  # type: ignore[call-arg]
        actor=Actor("app", None, "demo-app"),
        follow_code=code,
        received_at=routed.demo.received_at,
        quarantine=routed.demo.quarantined,
        reference=reference_of(routed.demo),
    )
    arrived = receive(stage.session, keys, routed.submission, routed.routing, arrival)
    stage.reports[routed.demo.key] = stage.session.get_one(Report, arrived.id)


def reference_of(demo: DemoReport) -> str:
    """Return the reference a report of the demo gets: the same every time."""
    chosen = random.Random(str(demo.idempotency_key))  # noqa: S311 - the same every time
    return with_check_character("".join(chosen.choices(ALPHABET, k=RANDOM_CHARACTERS)))


def _step(key: str, step: Step) -> Callable[[Stage], None]:
    def happen(stage: Stage) -> None:
        report = stage.reports[key]
        values = stage.answers(step.values)
        move_report(stage.session, stage.effects, report, step.name, values, stage.actor(step.by))
        if step.name == dossiers.ANSWERED and step.by == "melder":
            dossiers.answer(stage.session, report)

    return happen


def _assess(stage: Stage, demo: DemoReport) -> None:
    report, found = stage.reports[demo.key], demo.triage
    assert found is not None  # noqa: S101 - the event exists only with it
    wants = found.contact if found.contact in {"bellen", "mailen", "via_app"} else None
    assessment = Assessment(
        danger_now=found.danger_now,
        forms=found.forms,
        urgent=found.urgent,
        neighbourhood=report.neighbourhood_code,
        suspected_offence=bool(found.suspicion),
        suspected_offence_reason=found.suspicion or None,
        contact=wants,
        contact_before=found.contact_by if wants else None,
    )
    assess(stage.session, stage.effects, report, assessment, stage.actor("oov"))


def _contact(stage: Stage, demo: DemoReport) -> None:
    """Record a call or a letter, the same day; what was triaged lately is still to be done."""
    report = stage.reports[demo.key]
    if report.contact_deadline is not None:
        record_contact(stage.session, report, "gesproken", "", stage.actor("oov"))


def _dossier_events(demo: DemoDossier, moment: datetime) -> Iterable[Event]:
    yield Event(demo.created_at, 1, demo.key, lambda stage: _create(stage, demo))
    for number, step in enumerate(demo.moves):
        yield Event(step.at, 70 + number, demo.key, _dossier_step(demo.key, step))
    worked = working_from(demo, moment)
    if worked is not None:
        yield Event(worked, 5, demo.key, _work(demo, worked))
    for note in demo.notes:
        yield Event(note.at, 2, demo.key, _note(demo.key, note))
    for agreement in demo.agreements:
        yield Event(agreement.made_at, 3, demo.key, _agreement(demo.key, agreement))
        if agreement.closed_at is not None:
            yield Event(agreement.closed_at, 4, demo.key, _agreement_done(demo.key, agreement))


def _create(stage: Stage, demo: DemoDossier) -> None:
    area = stage.session.get(Neighbourhood, demo.neighbourhood)
    code = area.code if area is not None else unknown_neighbourhood_code(stage.holder)
    plan = DossierPlan(
        title=demo.title, kind=demo.type, neighbourhood_code=code, summary=demo.summary
    )
    stage.dossiers[demo.key] = create_dossier(
        stage.session, stage.actor("dossierhouder"), stage.holder, plan
    )


def _dossier_step(key: str, step: Any) -> Callable[[Stage], None]:
    def happen(stage: Stage) -> None:
        dossier = stage.dossiers[key]
        values = stage.answers(step.values)
        move_dossier(stage.session, stage.effects, dossier, step.name, values, stage.actor(step.by))

    return happen


def _ask(gift: deliveries.Planned) -> Callable[[Stage], None]:
    def happen(stage: Stage) -> None:
        dossier = stage.dossiers[gift.dossier]
        deliveries.ask(stage.session, stage.registry, dossier, gift, stage.actor)

    return happen


def _work(demo: DemoDossier, at: datetime) -> Callable[[Stage], None]:
    def happen(stage: Stage) -> None:
        user = {name: stage.users[stage.holder, name].id for name in ("oov", "privacy")}
        owner = stage.actor("dossierhouder")
        hands = Hands(
            stage.session, stage.registry, owner, user["oov"], user["privacy"], stage.reports
        )
        work_in(hands, stage.dossiers[demo.key], at, running=len(demo.moves) == 1)

    return happen


def _note(key: str, note: Note) -> Callable[[Stage], None]:
    def happen(stage: Stage) -> None:
        add_note(stage.session, stage.dossiers[key], note.text, stage.actor(note.by))

    return happen


def _agreement(key: str, agreed: Agreement) -> Callable[[Stage], None]:
    def happen(stage: Stage) -> None:
        dossier, actor = stage.dossiers[key], stage.actor("dossierhouder")
        make_agreement(stage.session, dossier, agreed.what, agreed.owner, agreed.due, actor)

    return happen


def _agreement_done(key: str, agreed: Agreement) -> Callable[[Stage], None]:
    def happen(stage: Stage) -> None:
        dossier, actor = stage.dossiers[key], stage.actor("dossierhouder")
        found = next(
            row
            for row in stage.session.scalars(
                select(DossierAgreement).where(DossierAgreement.dossier_id == dossier.id)
            )
            if row.what == agreed.what
        )
        values = {"state": agreed.state, "result": RESULTS[agreed.state]}
        change_agreement(stage.session, dossier, found, values, actor)

    return happen
