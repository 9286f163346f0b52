"""`dossier:` finds every report of a dossier, also one whose address lies in another wijk."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.case.services import DossierPlan, create_dossier
from stopintimidatie.dossiers.filing.services import file_report, take_out
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, connect, make_report, make_user, take_on, user_id
from tests.support.installation import Installation

pytestmark = pytest.mark.both_databases


def file_one(installation: Installation, username: str, kind: str) -> tuple[str, str]:
    """A report of the centre in a dossier of the whole municipality; number and kenmerk."""
    actor = Actor("gebruiker", str(user_id(installation, username)), "Sam")
    with installation.transaction() as session:
        report = take_on(session, make_report(session, installation))
        plan = DossierPlan(title="Fatbikes", kind=kind, neighbourhood_code=f"{DORDRECHT}-GB")
        dossier = create_dossier(session, actor, DORDRECHT, plan)
        effects = installation.registry.workflow_effects
        file_report(session, effects, dossier, report, "Zelfde groep.", actor)
        found = dossier.number, report.reference
    installation.run_jobs()
    return found


def hits(browser: Any, number: str) -> str:
    return str(browser.get("/zoeken", {"q": f"dossier:{number}"}).html.select_one("main").text)


@pytest.fixture
def owner(installation: Installation) -> str:
    connect(installation)
    return make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER))


def test_a_report_of_another_wijk_is_found_by_its_dossier(
    installation: Installation, owner: str
) -> None:
    number, reference = file_one(installation, owner, "thema")
    browser = installation.browser(owner)
    assert reference in hits(browser, number)
    actor = Actor("gebruiker", str(user_id(installation, owner)), "Sam")
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        dossier = session.scalars(select(Dossier)).one()
        effects = installation.registry.workflow_effects
        take_out(session, effects, dossier, report, "Toch niet.", actor)
    installation.run_jobs()
    assert reference not in hits(browser, number)


def test_who_is_in_a_person_directed_dossier_cannot_be_searched(
    installation: Installation, owner: str
) -> None:
    number, reference = file_one(installation, owner, "persoonsgericht")
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    assert reference not in hits(officer, number)
