"""A report that was finished inside a dossier and is reopened: state and membership agree."""

from __future__ import annotations

from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.case.services import DossierPlan, create_dossier
from stopintimidatie.dossiers.filing.services import file_report, membership_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import move_report
from tests.support.factories import CENTRE, DORDRECHT, connect, make_report, make_user, user_id
from tests.support.installation import Installation

DONE = {"opvolging": ["extra_toezicht"], "terugkoppeling": "niet_gegeven", "reden": "Anoniem."}


def test_a_reopened_report_can_go_on_in_its_dossier(installation: Installation) -> None:
    connect(installation)
    officer = make_user(installation, (DORDRECHT, Role.OFFICER))
    actor = Actor("gebruiker", str(user_id(installation, officer)), "Noor")
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        report = make_report(session, installation)
        plan = DossierPlan(title="Plein", kind="hotspot", neighbourhood_code=CENTRE)
        dossier = create_dossier(session, SYSTEM, DORDRECHT, plan)
        taken = {"behandelaar": actor.id}
        move_report(session, effects, report, "in_behandeling_nemen", taken, actor)
        file_report(session, effects, dossier, report, "Zelfde plek.", actor)
        move_report(session, effects, report, "afhandelen", DONE, actor)
        move_report(session, effects, report, "heropenen", {"reden": "Nieuwe informatie."}, actor)
    browser = installation.browser(officer)
    page = browser.get(f"/m/{report.reference}").follow()
    page.click("In een dossier")
    with installation.transaction(DORDRECHT) as session:
        kept = session.scalars(select(Report)).one()
        dossier = session.scalars(select(Dossier)).one()
        file_report(session, effects, dossier, kept, "Hoort er nog steeds bij.", actor)
        assert kept.state == "in_dossier"
        assert membership_of(session, dossier.id, kept.id) is not None
        move_report(session, effects, kept, "uit_dossier", {"reden": "Toch niet."}, actor)
        assert (kept.state, kept.dossier_number) == ("in_behandeling", None)
    browser.get(f"/m/{report.reference}").follow(status=200)
