"""A report that was put in a dossier, and taken out again within ten minutes without a reason."""

from __future__ import annotations

from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.case.services import DossierPlan, create_dossier
from stopintimidatie.dossiers.filing.services import belonging_of, membership_of, refer
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.decisions import decide, last_decision, undo
from tests.support.factories import CENTRE, DORDRECHT, connect, make_report, make_user, user_id
from tests.support.installation import Installation


def test_a_report_that_is_taken_back_stands_where_it_stood_and_the_dossier_stays(
    installation: Installation,
) -> None:
    connect(installation)
    officer = make_user(installation, (DORDRECHT, Role.OFFICER))
    actor = Actor("gebruiker", str(user_id(installation, officer)), "Noor")
    effects = installation.registry.workflow_effects
    with installation.transaction() as session:
        report = make_report(session, installation)
        plan = DossierPlan(title="Plein", kind="hotspot", neighbourhood_code=CENTRE)
        dossier = create_dossier(session, SYSTEM, DORDRECHT, plan)
        refer(session, dossier, report, "Zelfde plek.", actor)
        number, loose = dossier.number, f"/gemeenten/dordrecht/binnenstad/{report.reference}"
    with installation.transaction(DORDRECHT) as session:
        report = session.scalars(select(Report)).one()
        step = ("in_dossier", {"dossier": number, "reden": "Zelfde plek."})
        decide(session, effects, report, [step], actor)
        assert (report.state, report.dossier_number) == ("in_dossier", number)
    browser = installation.browser(officer)
    inside = browser.get(loose, status=301).location
    with installation.transaction(DORDRECHT) as session:
        decision = last_decision(session, DORDRECHT, str(actor.id))
        assert decision is not None
        report = undo(session, installation.registry, decision, actor)
        assert (report.state, report.handler_id, report.dossier_number) == ("nieuw", None, None)
        dossier = session.scalars(select(Dossier)).one()
        assert belonging_of(session, report.id) is None
        kept = membership_of(session, dossier.id, report.id)
        assert kept is not None
        assert kept.reference
    assert browser.get(inside, status=301).location.endswith(loose)
    with installation.transaction(DORDRECHT) as session:
        reasons = session.scalars(select(DossierMembership.left_reason)).all()
        assert sorted(reasons, key=str) == [None, "Ongedaan gemaakt."]
