"""The demo: replayed through the services, the same every time, and never in production."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.jobs.models import OutboxJob
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.demo.loader import HOLDERS, DemoError, load_demo
from stopintimidatie.demo.scenario import DORDRECHT, EINDHOVEN, PEOPLE, reports_of
from stopintimidatie.desk.models import JoiningRequest, Onboarding
from stopintimidatie.dossiers.models import Dossier, DossierAgreement
from stopintimidatie.municipalities.areas.landmarks import find_near, short
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.reports.arrival.jobs import NAME_PLACES
from stopintimidatie.reports.models import Report, ReporterMessage, ReportMove
from stopintimidatie.reports.workflow import REPORT_WORKFLOW
from tests.support.installation import Installation, Variant, make_settings


@pytest.fixture
def demo(sqlite_demo_of_today: Path, tmp_path: Path) -> Iterator[Installation]:
    """The demo that the browsers' tests made too."""
    shutil.copytree(sqlite_demo_of_today, tmp_path, dirs_exist_ok=True)
    made = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    yield made
    made.close()


@pytest.fixture
def day(sqlite_demo_of_today: Path) -> date:
    """The day on which that demo was made, which may have been before midnight."""
    return date.fromisoformat((sqlite_demo_of_today / "made").read_text(encoding="ascii"))


@pytest.mark.alles
def test_points_of_the_demo_are_said_by_the_names_in_its_stories(demo: Installation) -> None:
    with demo.transaction(DORDRECHT) as session:
        _, near = find_near(session, 51.79143, 4.65419, 10)
        asked = select(OutboxJob.holder).where(OutboxJob.kind == NAME_PLACES.name)
        assert {DORDRECHT, EINDHOVEN} <= {*session.scalars(asked)}
    assert near is not None
    assert short(near) == "Admiraalsplein"


def test_the_demo_fills_both_towns_and_the_desk(demo: Installation, day: date) -> None:
    with demo.transaction(NATIONAL) as session:
        counted = session.execute(select(Report.delivery, func.count()).group_by(Report.delivery))
        deliveries = {row[0]: row[1] for row in counted}
        assert deliveries["wacht_op_afspraak"] > 50
        assert deliveries["te_routeren"] > 0
        # Somebody asked to join, and the desk has done half of the list.
        joining = session.scalars(select(Onboarding)).one()
        assert (joining.municipality_code, joining.training_on) == ("GM0642", None)
        assert session.scalars(select(JoiningRequest)).one().confirmed_at
    references = {report["kenmerk"] for holder in HOLDERS for report in reports_of(holder)}
    states: set[str] = set()
    said: set[str] = set()
    dossiers = 0
    for holder in (DORDRECHT, EINDHOVEN):
        with demo.transaction(holder) as session:
            reports = session.scalars(select(Report)).all()
            assert {report.reference for report in reports} <= references
            assert 200 < len(reports) < 350
            assert all(report.received_at.date() <= day for report in reports)
            states |= {report.state for report in reports}
            said |= set(session.scalars(select(ReporterMessage.kind)))
            published = published_for(session, holder)
            assert published.logo
            assert published.questions("app")
            assert any(report.own_answers for report in reports)
            dossiers += session.scalar(select(func.count()).select_from(Dossier)) or 0
            assert session.scalar(select(func.count()).select_from(DossierAgreement))
            histories = session.scalars(select(ReportMove)).all()
            assert max(step.at.date() for step in histories) <= day
    gone = {"vernietigd", "overgedragen"}
    assert states == set(REPORT_WORKFLOW.states) - gone
    assert dossiers == 30
    assert said == {"vraag", "antwoord", "aanvulling", "terugkoppeling"}
    # An officer of the demo has a colleague who can step in.
    assert sum(role == Role.OFFICER and holder == DORDRECHT for *_, holder, role in PEOPLE) == 3
    # Somebody of each account can sign in, and the second load changes nothing.
    for username, *_ in PEOPLE:
        demo.browser(username)
    progress: list[tuple[int, int]] = []
    assert load_demo(demo.registry, day=day, progress=lambda *at: progress.append(at)) == 0
    loaded = 0
    for holder in HOLDERS:
        with demo.transaction(holder) as session:
            loaded += session.scalar(select(func.count()).select_from(Report)) or 0
    assert progress[-1] == (0, loaded)


def test_production_takes_no_demo(variant: Variant) -> None:
    with pytest.raises(DemoError):
        load_demo(variant(demo=False).registry)


def test_the_demo_has_a_practice_that_was_placed(demo: Installation) -> None:
    page = demo.browser("oov@eindhoven.example").get("/kennis")
    assert "Stop naroepen, vanaf" in page
    assert "Dit laat nooit een oorzaak zien." in page
