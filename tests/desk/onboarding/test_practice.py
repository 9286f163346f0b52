"""The practice municipality: marked on every page, with cases and answers, mixing with nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import day_of
from stopintimidatie.desk.onboarding.practice import cases, make_practice
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement
from stopintimidatie.municipalities.areas.facts import BANNER, CODE
from stopintimidatie.municipalities.areas.queries import all_municipalities
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.steps import municipalities
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.reporting import filled


@pytest.fixture
def practice(installation: Installation) -> Installation:
    assert _make(installation) == len(cases())
    return installation


def _make(installation: Installation) -> int:
    registry = installation.registry
    return make_practice(registry.engine, registry.key_ring, SYSTEM, frozenset())


def count(installation: Installation, holder: str) -> Any:
    with installation.transaction(holder) as session:
        return session.scalar(select(func.count()).select_from(Report))


@pytest.mark.alles
def test_every_case_has_its_answer_and_every_page_says_that_it_is_practice(
    practice: Installation,
) -> None:
    officer = practice.browser(make_user(practice, (CODE, Role.OFFICER)))
    for path in ("/gemeenten/oefen", "/gemeenten/oefen/postvak", "/gemeenten/oefen/stationsbuurt"):
        assert BANNER in officer.get(path).text, path
    for case in cases():
        page = officer.get(f"/m/{case['kenmerk']}").maybe_follow()
        assert BANNER in page.text
        assert "Voorbeelduitwerking" in page.text
        assert case["uitwerking"][:40] in page.text
    assert BANNER in practice.visitor().get("/melden/oefen").text
    assert _make(practice) == 0, "making it again adds nothing"


@pytest.mark.alles
def test_it_mixes_with_nothing(practice: Installation) -> None:
    connect(practice)
    with practice.transaction() as session:
        assert CODE not in {row.code for row in all_municipalities(session)}
        assert len(all_municipalities(session)) == 342
    with practice.transaction(DORDRECHT) as session:
        real = make_report(session, practice)
        assert CODE not in dict(municipalities(session, real))
    with practice.transaction(CODE) as session:
        case = session.scalars(select(Report)).first()
        assert case is not None
        assert municipalities(session, case) == []
    listed = practice.visitor().get("/melden").text
    assert "/melden/oefen" not in listed
    assert 'value="GM9900"' not in practice.visitor().get("/aansluiten").text
    desk = practice.browser(make_user(practice, (NATIONAL, Role.NATIONAL_DESK)))
    with practice.transaction(NATIONAL) as session:
        agreed = {"agreed_on": day_of(utc_now()), "agreed_by": "Meldpunt"}
        session.add(ForwardingAgreement(holder=NATIONAL, municipality_code=CODE, **agreed))
    assert "oefen" not in desk.get("/landelijk/afspraken").html.main.decode().lower()
    tiles = [tile.text.split() for tile in desk.get("/landelijk/cijfers").html.select(".si-tile")]
    assert ["1", "gemeente", "met", "niveau", "programma"] in tiles, "Dordrecht alone"
    filled(practice.visitor(), "/melden/oefen").submit(status=200)
    assert count(practice, CODE) == len(cases()) + 1
    assert (count(practice, DORDRECHT), count(practice, NATIONAL)) == (1, 0)
    practice.run_jobs()
    officer = practice.browser(make_user(practice, (DORDRECHT, Role.OFFICER)))
    assert "M-0EFE" not in officer.get("/zoeken?q=fietsenstalling").text
    assert BANNER not in officer.get("/gemeenten/dordrecht").text
