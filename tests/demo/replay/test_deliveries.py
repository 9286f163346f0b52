"""What the demo gave to partners: there on day one, the same every time, each in its stand."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from stopintimidatie.cli.content import do_what_follows
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.jobs import Lane, OutboxJob
from stopintimidatie.core.search.services import holders_with_index_work
from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.demo.replay.accounts import DORDRECHT, EINDHOVEN
from stopintimidatie.demo.replay.deliveries import GIFTS, planned
from stopintimidatie.demo.stories.generator import generate
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure
from stopintimidatie.disclosures.services import stand_of
from stopintimidatie.exports.models import Export
from tests.support.exporting import quick
from tests.support.installation import DEMO_DAY, PASSWORD, Installation

NOON = datetime.combine(DEMO_DAY, time(12), AMSTERDAM)


def stands(installation: Installation, holder: str) -> dict[str, str]:
    with installation.transaction(holder) as session:
        rows = session.execute(
            select(Disclosure.recipient, DisclosedCopy, Disclosure.reference).join(
                DisclosedCopy, DisclosedCopy.disclosure_id == Disclosure.id
            )
        ).all()
        return {row[2]: stand_of(row[1], DEMO_DAY) for row in rows}


def check_only_slow_work_waits(demo: Installation) -> None:
    """Check that all jobs that are due are slow ones, so that a new report is indexed at once."""
    due = select(OutboxJob.kind).where(OutboxJob.run_after <= utc_now())
    with demo.transaction() as session:
        lanes = {demo.registry.job_kinds[kind].lane for kind in session.scalars(due)}
    assert lanes == {Lane.SLOW}
    assert all(row.health.good for row in holders_with_index_work(demo.registry))


def test_each_town_has_documents_with_partners_in_each_stand(
    demo: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = quick(monkeypatch)
    with demo.transaction(DORDRECHT) as session:
        asked = session.scalars(select(Export)).all()
        assert {one.state for one in asked} == {"goedgekeurd"}
        assert {one.requested_by_id for one in asked}.isdisjoint(
            {one.decided_by_id for one in asked}
        )
        # Nothing waits for the present day but what the demo itself goes on with.
        kinds = set(session.scalars(select(OutboxJob.kind).where(OutboxJob.holder == DORDRECHT)))
        assert "uitvoer.maken" not in kinds
    written = generate(day=DEMO_DAY)
    with clock_at(NOON):
        do_what_follows(demo.registry)
        check_only_slow_work_waits(demo)
        demo.run_jobs()
    assert len(made) == sum(map(len, GIFTS.values()))
    for holder, expected in (
        (
            DORDRECHT,
            {
                "verlopen": "had vernietigd moeten zijn",
                "beantwoord": "bij de ontvanger",
                "ingetrokken": "bel de ontvanger",
                "klaargezet": "klaargezet",
            },
        ),
        (EINDHOVEN, {"beantwoord": "bij de ontvanger", "klaargezet": "klaargezet"}),
    ):
        plans = planned(written.dossiers, holder, written.moment)
        found = stands(demo, holder)
        # Their ids too are the same every time.
        assert {one.reference for one in plans} == set(found)
        told = {one.gift.stand: found[one.reference] for one in plans}
        assert told.pop("ingetrokken", "ingetrokken").startswith("ingetrokken")
        expected.pop("ingetrokken", None)
        assert told == expected

    # Some minutes later the partner is asked about what should be gone; done again nothing changes.
    with clock_at(NOON + timedelta(minutes=10)):
        demo.run_jobs()
        browser = demo.browser("oov@dordrecht.example", PASSWORD)
        home = browser.get("/gemeenten/dordrecht")
        page = browser.get("/gemeenten/dordrecht/verstrekkingen").text
    assert "antwoord" in home.text.lower()
    for one in planned(written.dossiers, DORDRECHT, written.moment):
        assert one.reference in page


def test_the_plan_fits_whatever_the_day() -> None:
    for days in (0, 1, 2, 3, 45, 200):
        later = generate(day=DEMO_DAY + timedelta(days=days))
        for holder, gifts in GIFTS.items():
            plans = planned(later.dossiers, holder, later.moment)
            assert [one.gift.stand for one in plans] == [gift.stand for gift in gifts]
            held = {one.key: one.members for one in later.dossiers}
            assert all(any(m.joined_at < one.at for m in held[one.dossier]) for one in plans)
