"""What the demo gave to partners: there on day one, the same every time, each in its stand."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import delete, select

from stopintimidatie.cli.content import do_what_follows
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.jobs import Lane, OutboxJob
from stopintimidatie.core.search.services import holders_with_index_work
from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.demo.acts import DELIVERIES
from stopintimidatie.demo.scenario import DORDRECHT, EINDHOVEN, Json, dossiers_of
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure
from stopintimidatie.disclosures.services import stand_of
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.exports.models import Export, PartnerAnswer
from tests.support.exporting import quick
from tests.support.installation import DEMO_DAY, PASSWORD, Installation
from tests.support.personal import anywhere
from tests.support.policing import HERE

NOON = datetime.combine(DEMO_DAY, time(12), AMSTERDAM)


def stands(installation: Installation, holder: str) -> dict[str, str]:
    with installation.transaction(holder) as session:
        rows = session.execute(
            select(Disclosure.recipient, DisclosedCopy, Disclosure.reference).join(
                DisclosedCopy, DisclosedCopy.disclosure_id == Disclosure.id
            )
        ).all()
        return {row[2]: stand_of(row[1], DEMO_DAY) for row in rows}


def asked_of(holder: str) -> list[Json]:
    """Return the acts by which exports are asked for."""
    return [act for row in dossiers_of(holder) for act in row["verloop"] if "uitvoer" in act]


def check_only_slow_work_waits(demo: Installation) -> None:
    """Check that all jobs that are due are slow ones, so that a new report is indexed at once."""
    due = select(OutboxJob.kind).where(OutboxJob.run_after <= utc_now())
    with demo.transaction() as session:
        lanes = {demo.registry.job_kinds[kind].lane for kind in session.scalars(due)}
    assert lanes == {Lane.SLOW}
    assert all(row.health.good for row in holders_with_index_work(demo.registry))


@pytest.mark.alles
def test_each_town_has_documents_with_partners_in_each_stand(
    demo: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = quick(monkeypatch)
    with demo.transaction(DORDRECHT) as session:
        exports = session.scalars(select(Export)).all()
        assert {export.state for export in exports} == {"goedgekeurd"}
        assert {export.proposed_by_id for export in exports}.isdisjoint(
            {export.answered_by_id for export in exports}
        )
        # Nothing waits for the present day but what the demo itself goes on with.
        kinds = set(session.scalars(select(OutboxJob.kind).where(OutboxJob.holder == DORDRECHT)))
        assert "uitvoer.maken" not in kinds
    with clock_at(NOON):
        do_what_follows(demo.registry)
        check_only_slow_work_waits(demo)
        demo.run_jobs()
    assert len(made) == len(asked_of(DORDRECHT)) + len(asked_of(EINDHOVEN))
    expected = {
        "verlopen": "had vernietigd moeten zijn",
        "beantwoord": "bij de ontvanger",
        "ingetrokken": "ingetrokken",
        "klaargezet": "klaargezet",
    }
    for holder in (DORDRECHT, EINDHOVEN):
        found = stands(demo, holder)
        asked = {act["uitvoer"]: act["daarna"] for act in asked_of(holder)}
        # Their references are the same every time.
        assert found.keys() == asked.keys()
        for reference, end in asked.items():
            assert found[reference].startswith(expected[end])

    # Some minutes later the partner is asked about what should be gone; done again nothing changes.
    with clock_at(NOON + timedelta(minutes=10)):
        demo.run_jobs()
        browser = demo.browser("oov@dordrecht.example", PASSWORD)
        home = browser.get("/gemeenten/dordrecht")
        page = browser.get("/gemeenten/dordrecht/verstrekkingen").text
    assert "antwoord" in home.text.lower()
    assert all(act["uitvoer"] in page for act in asked_of(DORDRECHT))


@pytest.mark.alles  # The only one that needs a demo of its own; tests/privacy/police has the rule.
def test_officers_read_that_the_police_answered_and_only_named_persons_read_the_words(
    demo: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    with demo.transaction() as session:
        session.execute(delete(OutboxJob).where(OutboxJob.holder != DORDRECHT))
    with clock_at(NOON):
        demo.run_scheduled(DELIVERIES.name)
        with demo.transaction(DORDRECHT) as session:
            to_police = [act for act in asked_of(DORDRECHT) if act["profiel"] == "politie"]
            references = [act["uitvoer"] for act in to_police]
            police = select(Export).where(Export.reference.in_(references))
            (export,) = session.scalars(police.join(PartnerAnswer))
            path = f"{path_of_dossier(session, export.dossier_id)}/{export.reference}"
        for words in ("Vier avonden", "welke kant zij"):
            # They stand sealed, in the compartment alone.
            assert anywhere(demo, words) == []
        officer = demo.browser("oov@dordrecht.example", PASSWORD).get(path).text
        named = demo.browser("politiegegevens@dordrecht.example", PASSWORD).get(HERE)
    assert "extra toezicht gehouden" in officer
    named.mustcontain("antwoord van de politie")
