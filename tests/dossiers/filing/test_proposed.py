"""Which dossiers key 2 proposes: each one that a similar report is in, wherever that lives."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from stopintimidatie.dossiers.case.steps import dossiers
from stopintimidatie.dossiers.filing.services import belonging_of
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.triage.similar import MOST, similar_to
from stopintimidatie.reports.workbench import forms
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

pytestmark = pytest.mark.sqlite


@pytest.mark.alles
def test_the_dossier_of_each_similar_report_is_proposed_all_over_the_demo_town(
    demo: Installation,
) -> None:
    missed, other_wijk = [], 0
    with demo.transaction(DORDRECHT) as session:
        waiting = select(Report).where(Report.state.in_(("nieuw", "in_behandeling")))
        for report in session.scalars(waiting.order_by(Report.reference)):
            similar = similar_to(session, demo.registry, report, MOST)
            offered = dossiers(session, report)
            lines = forms.dossiers(similar, offered, None)
            proposed = {line.posted["dossier"] for line in lines}
            for other in similar:
                present = belonging_of(session, other.id)
                if present is None:
                    continue
                number = session.get_one(Dossier, present.dossier_id).number
                if number in dict(offered):
                    other_wijk += not present.home
                    if number not in proposed:
                        missed.append((report.reference, other.reference, number))
    assert missed == []
    # Of some the address lies in another wijk than the dossier.
    assert other_wijk > 0
