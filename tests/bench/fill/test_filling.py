"""`python -m bench.fill`: the same on both databases, and every page works on what it makes."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.fill import Order, fill, maker, plan
from bench.fill.course import CALLED_AFTER, CALLED_WITHIN, Course, Stage
from bench.fill.places import Calendar, Ground, Site, drafts
from bench.stories.histories import Case, history, pick_up_at
from bench.stories.model import Dice, Step, Triage, start_of
from bench.stories.weights import Spot
from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent, AuditSubject
from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.search import services as search_services
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.encryption import create_key_file
from stopintimidatie.core.tree import Reference
from stopintimidatie.demo.loader import DemoError
from stopintimidatie.demo.scenario import DORDRECHT
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.municipalities.areas.loader import load_areas
from stopintimidatie.municipalities.areas.locator import LocatorCache, Method, locate
from stopintimidatie.reports.arrival import Arrival, receive
from stopintimidatie.reports.arrival.services import ARRIVED
from stopintimidatie.reports.arrival.submission import Routing, validate
from stopintimidatie.reports.handling.services import record_attempt
from stopintimidatie.reports.models import Report, ReportContact, ReportMove
from stopintimidatie.reports.personal import read_contact
from stopintimidatie.reports.rules import random_follow_code
from stopintimidatie.reports.services import move_report, path_of_report
from stopintimidatie.reports.triage.services import WITH_DEADLINE, Assessment, assess
from stopintimidatie.reports.vocabulary import Source
from tests.support.factories import connect, make_user
from tests.support.installation import Installation, Variant, make_settings

DAY = date(2026, 11, 24)
ORDER = Order(total=260, seed=7, day=DAY, connected=1, fixed={DORDRECHT: 200})


@pytest.fixture(scope="module")
def elsewhere(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """The same order in another installation, with keys and accounts of its own; read only."""
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copy(sqlite_template, folder / "data.sqlite")
    create_key_file(folder / "sleutels.json")
    other = Installation(make_settings(f"sqlite:///{folder}/data.sqlite", folder))
    assert fill(other.registry, ORDER) == ORDER.total
    yield other
    other.close()


def fingerprint(installation: Installation) -> str:
    """Of all that a seed decides: not of the ids of accounts, nor of what is sealed."""
    columns = [
        column
        for column in Report.__table__.columns
        if column.name not in {"handler_id", "follow_code_hash"}
    ]
    lines: list[str] = []
    for holder in (DORDRECHT, NATIONAL):
        with installation.transaction(holder) as session:
            own = select(*columns).where(Report.holder == holder).order_by(Report.reference)
            lines += [repr(tuple(row)) for row in session.execute(own)]
            for move in session.execute(
                select(ReportMove.report_id, ReportMove.at, ReportMove.name, ReportMove.to_state)
                .where(ReportMove.holder == holder)
                .order_by(ReportMove.at, ReportMove.report_id, ReportMove.name)
            ):
                lines.append(repr(tuple(move)))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@pytest.mark.postgresql
@pytest.mark.alles
def test_a_seed_stores_the_same_rows_on_each_database(
    installation: Installation, elsewhere: Installation
) -> None:
    assert fill(installation.registry, ORDER) == ORDER.total
    assert fingerprint(installation) == fingerprint(elsewhere)
    assert fill(installation.registry, ORDER) == 0
    assert fingerprint(installation) == fingerprint(elsewhere)


@pytest.mark.alles
def test_what_is_stored_hangs_together(elsewhere: Installation) -> None:
    with elsewhere.transaction(DORDRECHT) as session:
        reports = session.scalars(select(Report)).all()
        assert len(reports) == 200
        states = [report.state for report in reports]
        assert states.count("afgehandeld") > 120
        assert {"niet_in_behandeling", "nieuw"} < set(states)
        ended = {"afgehandeld", "niet_in_behandeling", "ingetrokken"}
        assert all((report.ended_at is not None) == (report.state in ended) for report in reports)
        moves = select(ReportMove.report_id, ReportMove.to_state).order_by(ReportMove.at)
        last = dict(session.execute(moves).all())
        assert last == {report.id: report.state for report in reports}
        assert all(report.reported_forms for report in reports)
        assert all(report.confirmed_forms for report in reports if report.triaged_at)
        dossiers = session.scalars(select(Dossier)).all()
        assert dossiers
        inside = set(
            session.scalars(
                select(DossierMembership.report_id).where(DossierMembership.left_at.is_(None))
            )
        )
        assert inside >= {report.id for report in reports if report.state == "in_dossier"}
        assert {r.id for r in reports if r.dossier_number} == inside
        logged = set(session.scalars(select(AuditSubject.subject_id)))
        assert logged >= {report.id for report in reports}
        # Logged when it came in, and announced to nobody.
        newest = session.scalar(
            select(func.max(AuditEvent.at)).where(AuditEvent.actor_kind == "app")
        )
        assert newest == max(report.received_at for report in reports)
        announced = select(func.count()).where(OutboxJob.kind == ARRIVED.name)
        assert session.scalar(announced) == 0
        reachable = session.scalars(select(ReportContact.report_id)).all()
        assert 10 < len(reachable) < 80
        contact = read_contact(
            session, elsewhere.registry.key_ring, session.get_one(Report, reachable[0])
        )
        assert contact is not None
        assert contact.email or contact.phone or contact.when


@pytest.mark.alles
def test_what_became_of_a_report_is_what_the_services_make_of_it(
    installation: Installation,
) -> None:
    connect(installation)
    moment, dice = start_of(DAY), Dice("7")
    spot = Spot(DORDRECHT, "bij het station", 51.8077, 4.6683, "station_halte")
    ground = Ground("WK050501", None, "Binnenstad", 1.0, None, (51.8077, 4.6683))
    told = list(drafts(dice, [Site(spot, ground)], 80, moment, Calendar(moment, 2)))
    keys, effects = installation.registry.key_ring, installation.registry.workflow_effects
    with installation.transaction(DORDRECHT) as session:
        actors = maker.take_part(session, DORDRECHT, "")
        stage = Stage(dice, DORDRECHT, actors, moment)
        states = set()
        for draft in told:
            at, forms = draft.told.received_at, draft.told.incident.forms
            arrival = Arrival(Source.APP_IOS, SYSTEM, random_follow_code(), at, draft.quarantined)
            given = validate(draft.told.body, at)
            with clock_at(at):
                arrived = receive(
                    session, keys, given, Routing(DORDRECHT, draft.place, None), arrival
                )
            picked = pick_up_at(dice, at, forms, moment)
            case = Case(at, moment, draft.kind, draft.quarantined, picked, draft.told.body)
            triage, steps = history(dice, case)
            course = Course(stage, draft, arrived)
            course.tell(triage, steps)
            report = session.get_one(Report, arrived.id)
            by_service(session, effects, report, actors, triage, steps, moment)
            stored = {name: getattr(report, name) for name in course.now if name != "version"}
            assert stored == {name: course.now[name] for name in stored}, steps
            states.add(report.state)
        assert states >= {"afgehandeld", "niet_in_behandeling", "nieuw"}


def by_service(
    session: Session,
    effects: Any,
    report: Report,
    actors: Mapping[str, Actor],
    triage: Triage | None,
    steps: Sequence[Step],
    moment: datetime,
) -> None:
    """Have the services do what is told of a report."""
    events: list[tuple[datetime, Any]] = [(step.at, step) for step in steps]
    if triage is not None:
        events.append((triage.at, triage))
        if triage.at + CALLED_WITHIN < moment:
            events.append((triage.at + CALLED_AFTER, "contact"))
    for at, event in sorted(events, key=lambda pair: pair[0]):
        with clock_at(at):
            if isinstance(event, Step):
                values = dict(event.values)
                if "behandelaar" in values:
                    values["behandelaar"] = actors["oov"].id
                move_report(session, effects, report, event.name, values, actors[event.by])
            elif isinstance(event, Triage):
                assess(session, effects, report, assessment_of(event, report), actors["oov"])
            elif report.contact_deadline is not None:
                record_attempt(session, report, "gesproken", "", None, actors["oov"])
            session.flush()


def assessment_of(triage: Triage, report: Report) -> Assessment:
    wish = triage.contact if triage.contact in WITH_DEADLINE else None
    return Assessment(
        danger_now=triage.danger_now,
        forms=triage.forms,
        urgent=triage.urgent,
        neighbourhood=report.neighbourhood_code,
        suspected_offence=bool(triage.suspicion),
        suspected_offence_reason=triage.suspicion or None,
        contact=wish,
        contact_before=triage.contact_by if wish else None,
    )


@pytest.mark.alles
def test_every_page_works_on_what_was_made(elsewhere: Installation) -> None:
    with elsewhere.transaction(DORDRECHT) as session:
        latest = select(Report.state, func.max(Report.reference)).group_by(Report.state)
        states = dict(session.execute(latest).all())
        reports = session.scalars(select(Report.id).where(Report.reference.in_(states.values())))
        pages = [path_of_report(session, found) for found in reports]
        pages += [path_of_dossier(session, found) for found in session.scalars(select(Dossier.id))]
    search_services.rebuild(elsewhere.registry, DORDRECHT)
    home = "/gemeenten/dordrecht"
    more = ("", "/postvak", "/postvak?toestand=alle&pagina=2", "/dossiers")
    pages += [f"{home}{page}" for page in more]
    pages += ["/zoeken?q=station", "/zoeken?q=status:afgehandeld"]
    officer = elsewhere.browser("oov@dordrecht.example")
    for page in pages:
        assert officer.get(str(page), status=200).forms
    found = officer.get("/zoeken?q=status:afgehandeld").text
    assert "M-" in found
    desk = elsewhere.browser(make_user(elsewhere, (NATIONAL, Role.NATIONAL_DESK)))
    assert "M-" in desk.get("/landelijk").text


@pytest.mark.alles
def test_an_interrupted_filling_goes_on_where_it_stopped(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "BATCH", 20)
    order = replace(ORDER, total=60, fixed={DORDRECHT: 50})

    def stop(done: int, total: int) -> None:
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(installation.registry, order, progress=stop)
    told: list[tuple[int, int]] = []
    added = fill(installation.registry, order, progress=lambda *now: told.append(now))
    assert 0 < added <= 20
    assert told[-1] == (60, 60)
    with installation.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Reference)) == 60


def test_a_reference_that_is_taken_gives_way(installation: Installation) -> None:
    order = replace(ORDER, total=20, fixed={DORDRECHT: 20})
    numbering = plan.Numbering.of(order.name)
    with installation.transaction() as session:
        taken = maker.reference(numbering.scattered(3, maker.SPACE))
        session.add(Reference(reference=taken, holder="GM0363", kind="melding"))
    assert fill(installation.registry, order) == 20
    with installation.transaction(DORDRECHT) as session:
        found = session.scalars(select(Report.reference)).all()
    assert len(set(found)) == 20
    assert taken not in found


@pytest.mark.echte_gebieden
def test_reports_lie_inside_the_area_they_are_filed_under(
    installation: Installation, echte_gebieden: Path
) -> None:
    with installation.transaction() as session:
        load_areas(
            session,
            [echte_gebieden / "wijken_2024_GM0505_dordrecht.geojson"],
            actor=SYSTEM,
            reserved=frozenset(),
            year=2024,
        )
    order = replace(ORDER, total=80, fixed={DORDRECHT: 80})
    fill(installation.registry, order)
    with installation.transaction(DORDRECHT) as session:
        reports = session.scalars(select(Report)).all()
        cache = LocatorCache(demo=False)
        for report in reports:
            assert report.lat is not None
            assert report.lon is not None
            place = locate(session, cache, report.lat, report.lon)
            assert place.neighbourhood_code == report.neighbourhood_code
            assert report.located_by == Method.OUTLINE
    assert len({report.neighbourhood_code for report in reports}) > 8


def test_production_is_never_filled(installation: Installation, variant: Variant) -> None:
    with pytest.raises(DemoError):
        fill(variant(demo=False).registry, ORDER)
    with pytest.raises(DemoError, match="GM0363"):
        fill(installation.registry, replace(ORDER, fixed={"GM0363": 10}))
