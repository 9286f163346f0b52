"""The map of a town: numbers by wijk, any list of reports, and what it doesn't show."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.web.responses import PICTURE_CSP
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.patterns.models import Pattern, PatternReport, PatternState
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.municipalities.areas.facts import AreaKind
from stopintimidatie.municipalities.areas.locator import Locator, Outline
from stopintimidatie.reports.models import Report
from tests.support.factories import (
    CENTRE,
    DORDRECHT,
    connect,
    make_dossier,
    make_report,
    make_user,
    take_on,
    user_id,
)
from tests.support.installation import Installation
from tests.support.officers import officer, stored

pytestmark = pytest.mark.sqlite
MAP = "/gemeenten/dordrecht/kaart"
HERE = Outline(CENTRE, DORDRECHT, shapely.box(4.65, 51.80, 4.68, 51.82))
OTHER = "WK050502"
WINDOW = "vak=4.6,51.7,4.8,51.9&zoom=15"


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


@pytest.fixture
def outlined(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outline of one wijk, as if it was read from the database."""
    made = (None, None), Locator({AreaKind.NEIGHBOURHOOD: [HERE]})
    monkeypatch.setattr(installation.registry.locator_cache, "_current", made)


def change(installation: Installation, address: str, **values: Any) -> None:
    with installation.transaction(DORDRECHT) as session:
        reference = address.rpartition("/")[2]
        report = session.scalars(select(Report).where(Report.reference == reference)).one()
        for name, value in values.items():
            setattr(report, name, value)


def make_pattern(session: Session, report: Report) -> int:
    """Make a proposed pattern with this report; its number."""
    pattern = Pattern(
        holder=DORDRECHT,
        number=3,
        state=PatternState.PROPOSED,
        certainty=95,
        lat=51.81,
        lon=4.67,
        radius_m=90,
        expected=1.2,
        strength=1.5,
        neighbourhood_code=CENTRE,
        window_days=180,
    )
    session.add(pattern)
    session.flush()
    link = {"holder": DORDRECHT, "pattern_id": pattern.id, "report_id": report.id}
    session.add(PatternReport(**link))
    return pattern.number


def number_in(page: Any, code: str = CENTRE) -> int:
    return int(page.html.select_one(f"[data-gebied={code}]")["data-getal"])


def references(page: Any) -> list[str]:
    return [link["href"].rpartition("/")[2] for link in page.html.select(".si-list a")]


def test_the_town_is_counted_by_wijk_without_what_doesnt_count_or_is_long_ago(
    installation: Installation,
) -> None:
    stored(installation)
    change(installation, stored(installation), state="afgehandeld")
    change(installation, stored(installation), state="quarantaine")
    change(installation, stored(installation), incident_start=utc_now() - timedelta(days=500))
    browser = officer(installation)
    page = browser.get(MAP)
    assert number_in(page) == 2
    assert not page.html.select("[data-punt]")
    assert number_in(browser.get(f"{MAP}?van=begin")) == 3
    assert number_in(browser.get(f"{MAP}?van=odd&tot=2026-99&dagdeel=x")) == 2


def test_a_wijk_lists_its_reports_and_that_stands_in_the_log(installation: Installation) -> None:
    address = stored(installation)
    browser = officer(installation)
    browser.get(MAP)
    page = browser.get(f"{MAP}?wijk={CENTRE}")
    assert references(page) == [address.rpartition("/")[2]]
    with installation.transaction(DORDRECHT) as session:
        read = AuditEvent.action == "gelezen"
        assert list(session.scalars(select(AuditEvent.task).where(read))) == ["kaart"]
    assert references(browser.get(f"{MAP}?wijk=WK077201")) == []


def test_the_map_shows_the_list_of_the_inbox_with_its_filters(installation: Installation) -> None:
    urgent, other = stored(installation), stored(installation)
    change(installation, urgent, urgent=True)
    change(installation, other, state="afgehandeld")
    browser = officer(installation)
    for query, number in (
        ("", 1),
        ("&spoed=ja", 1),
        ("&toestand=afgehandeld", 1),
        ("&spoed=nee", 0),
    ):
        page = browser.get(f"{MAP}?postvak=ja{query}")
        assert len(references(page)) == number
        assert not number or number_in(page) == number


def test_of_a_report_that_may_not_be_used_there_is_no_point(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(installation)
    browser = officer(installation)
    assert browser.get(f"{MAP}?wijk={CENTRE}").html.select("[data-punt]")
    assert browser.get(f"{MAP}-punten.json?{WINDOW}").json["punten"]
    monkeypatch.setattr(
        "stopintimidatie.map.views.is_restricted", lambda registry, document: document.is_not(None)
    )
    page = browser.get(f"{MAP}?wijk={CENTRE}")
    assert "Gebruik beperkt" in page.html.select_one(".si-list").text
    assert not page.html.select("[data-punt]")
    assert browser.get(f"{MAP}-punten.json?{WINDOW}").json["punten"] == []
    assert 'r="6"' not in browser.get(f"{MAP}.svg?postvak=ja").text


def test_what_was_withdrawn_is_nowhere(installation: Installation) -> None:
    change(installation, stored(installation), state="ingetrokken")
    browser = officer(installation)
    for query in ("", f"?wijk={CENTRE}", "?postvak=ja&toestand=alle"):
        page = browser.get(MAP + query)
        assert page.html.select_one("[data-gebied]") is None or number_in(page) == 0
        assert references(page) == []
    assert browser.get(f"{MAP}-punten.json?{WINDOW}").json["punten"] == []


def test_points_that_lie_together_name_no_report_and_stand_in_no_log(
    installation: Installation,
) -> None:
    for _ in range(3):
        stored(installation)
    browser = officer(installation)
    found = browser.get(f"{MAP}-punten.json?{WINDOW}").json
    assert [point[2:] for point in found["punten"]] == [[3, ""]]
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(AuditEvent.id).where(AuditEvent.task == "kaart")).all() == []


def test_too_many_points_ask_to_zoom_in(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stopintimidatie.map.views.COUNTED", 1)
    with installation.transaction() as session:
        for _ in range(2):
            make_report(session, installation)
    found = officer(installation).get(f"{MAP}-punten.json?{WINDOW}").json
    assert found == {"veel": True, "punten": []}


def test_the_picture_draws_the_wijk_with_its_number(
    installation: Installation, outlined: None
) -> None:
    stored(installation)
    answer = officer(installation).get(f"{MAP}.svg")
    assert answer.headers["Content-Security-Policy"] == PICTURE_CSP
    assert answer.text.count("<path d=") == 2
    assert "Binnenstad" in answer.text
    page = officer(installation, "Ada").get(MAP)
    assert "De grenzen zijn niet geladen" not in page.text


def test_without_outlines_the_map_says_so(installation: Installation) -> None:
    stored(installation)
    page = officer(installation).get(MAP)
    assert "De grenzen zijn niet geladen" in page.text
    assert page.html.select_one("noscript img")["src"] == f"{MAP}.svg"


def test_without_outlines_names_stand_below_the_circles_and_over_nothing(
    installation: Installation,
) -> None:
    stored(installation)
    picture = officer(installation).get(f"{MAP}.svg").lxml
    words = [text for text in picture.iter("{*}text") if text.get("aria-hidden") is None]
    names = [text for text in words if (text.text or "")[:1].isalpha() and text.text != "noord"]
    assert len(names) > 5
    boxes = []
    for text in names:
        x, base, wide = float(text.get("x")), float(text.get("y")), 3.5 * len(text.text)
        boxes.append(shapely.box(x - wide, base - 12, x + wide, base))
    left, top, wide, high = map(float, picture.get("viewBox").split())
    window = shapely.box(left, top, wide, high)
    assert all(map(window.contains, boxes))
    assert not any(a.intersects(b) for a, b in combinations(boxes, 2))


def test_a_dossier_that_is_hidden_from_somebody_is_not_there(installation: Installation) -> None:
    leader = make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER))
    owner = user_id(installation, leader)
    with installation.transaction() as session:
        number, person = (
            make_dossier(session, kind=kind, owner_id=owner).number
            for kind in (DossierKind.HOTSPOT.value, DossierKind.PERSON.value)
        )
    browser = officer(installation)
    assert browser.get(f"{MAP}?dossier={number}").status_int == 200
    # As one that there isn't: nobody learns that this person has a dossier.
    for hidden in (person, "2026-9999"):
        for page in ("", ".svg", f"-punten.json?{WINDOW}"):
            joined = "&" if "?" in page else "?"
            browser.get(f"{MAP}{page}{joined}dossier={hidden}", status=404)
    # Who sees the dossier and isn't named in it doesn't see its reports.
    unnamed = make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER))
    installation.browser(unnamed).get(f"{MAP}?dossier={person}", status=404)
    assert installation.browser(leader).get(f"{MAP}?dossier={person}").status_int == 200


def test_the_map_of_a_pattern_has_its_reports_alone(installation: Installation) -> None:
    inside, _ = stored(installation), stored(installation)
    with installation.transaction(DORDRECHT) as session:
        of_it = Report.reference == inside.rpartition("/")[2]
        report = session.scalars(select(Report).where(of_it)).one()
        number = make_pattern(session, report)
    browser = officer(installation)
    page = browser.get(f"{MAP}?patroon={number}")
    assert references(page) == [inside.rpartition("/")[2]]
    assert number_in(page) == 1
    for odd in (number + 1, "x", "1" * 20):
        browser.get(f"{MAP}?patroon={odd}", status=404)


def test_a_long_list_counts_the_reports_that_it_lists(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stopintimidatie.map.queries.COUNTED", 0)
    latest = stored(installation)
    # Told of later, and longer ago.
    long_ago = utc_now() - timedelta(days=40)
    change(installation, stored(installation), incident_start=long_ago, neighbourhood_code=OTHER)
    page = officer(installation).get(f"{MAP}?postvak=ja")
    assert references(page)[:1] == [latest.rpartition("/")[2]]
    assert number_in(page) == 1


def test_a_dossier_is_drawn_where_outlines_are_loaded_and_else_says_what_is_missing(
    installation: Installation, request: pytest.FixtureRequest
) -> None:
    with installation.transaction() as session:
        dossier = make_dossier(session)
        report, effects = make_report(session, installation), installation.registry.workflow_effects
        file_report(session, effects, dossier, take_on(session, report), "Zelfde plek", SYSTEM)
        address = f"/gemeenten/dordrecht/binnenstad/{dossier.number}"
    browser = officer(installation)
    bare = browser.get(address).html.select_one("#kaart")
    assert "grenzen van de wijken zijn niet geladen" in bare.text
    assert not bare.select("img")
    request.getfixturevalue("outlined")
    assert browser.get(address).html.select("#kaart img")
