"""R1: what was answered with 201 is there, exactly once, whoever is killed whenever."""

from __future__ import annotations

from random import Random

import pytest

from tests.crash import checks
from tests.crash.campaign import until_answered
from tests.crash.clients import Apps
from tests.crash.ledger import Ledger
from tests.crash.ordeal import Ordeal
from tests.crash.site import Site

pytestmark = pytest.mark.judged_once

KILLS = 6
MANY_KILLS = 100
LIES = 3
SEARCHED = 30


@pytest.mark.short_on("postgresql")
def test_after_six_kills_everything_acknowledged_is_there_once(site: Site) -> None:
    judge(site, KILLS, seed=3)


@pytest.mark.alles
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [31, 32])
def test_after_many_kills_everything_acknowledged_is_there_once(site: Site, seed: int) -> None:
    judge(site, MANY_KILLS, seed)


def judge(site: Site, number: int, seed: int) -> None:
    """Kill processes `number` times; check that no acknowledged report is lost, doubled or half."""
    ordeal = Ordeal(site, Random(seed))
    outcome = ordeal.run(number)
    kills = outcome.kills
    assert kills.total >= number
    assert kills.in_flight
    assert kills.in_hand
    assert outcome.before.clean, outcome.before
    assert outcome.after.clean, outcome.after
    assert outcome.after.acknowledged == len(outcome.apps.ledger.entries) > number
    assert not outcome.apps.ledger.contradictions
    ordeal.check(outcome, SEARCHED)


@pytest.mark.alles
@pytest.mark.short_on("sqlite")
def test_a_server_that_answers_before_it_commits_is_caught(site: Site) -> None:
    """Would the harness look the wrong way, then this is where it shows."""
    web = site.web(sabotage=True)
    apps = Apps(Ledger(Random(4)), [web.port or 0])
    web.start()
    with apps.sending():
        for _ in range(LIES):
            until_answered(apps)
            web.kill()
            web.start()
    web.kill()
    assert checks.compare(site.installation, apps.ledger).lost
