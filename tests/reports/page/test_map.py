"""The small map of a report: its wijk with the point, where outlines are loaded."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.security import Role
from stopintimidatie.core.web.responses import PICTURE_CSP
from stopintimidatie.municipalities.areas.facts import AreaKind
from stopintimidatie.municipalities.areas.locator import Locator, Outline
from stopintimidatie.reports.fields import Location
from tests.support.factories import CENTRE, DORDRECHT, EINDHOVEN, connect, make_user
from tests.support.installation import Installation
from tests.support.officers import officer, stored

pytestmark = pytest.mark.sqlite
# Around the point of `make_report`, with a wijk to its east.
HERE = Outline(CENTRE, DORDRECHT, shapely.box(4.65, 51.80, 4.68, 51.82))
EAST = Outline("WK050599", DORDRECHT, shapely.box(4.68, 51.80, 4.72, 51.82))


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


@pytest.fixture
def outlined(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outlines of two wijken, as if they were read from the database."""
    cache = installation.registry.locator_cache
    made = (None, None), Locator({AreaKind.NEIGHBOURHOOD: [HERE, EAST]})
    monkeypatch.setattr(cache, "_current", made)


def test_the_page_and_the_inbox_show_the_point_among_the_wijken(
    installation: Installation, outlined: None
) -> None:
    address = stored(installation)
    browser = officer(installation)
    list_address = f"/gemeenten/dordrecht/postvak?melding={address.rpartition('/')[2]}"
    for page in (browser.get(address), browser.get(list_address)):
        picture = page.html.select_one(".wb-map")
        assert picture["src"] == f"{address}/kaartje.svg"
        assert picture["alt"] == "Kaartje: de plek in Binnenstad, met de wijken eromheen."
    answer = browser.get(f"{address}/kaartje.svg")
    assert answer.content_type == "image/svg+xml"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == PICTURE_CSP
    assert answer.text.count("<path d=") == 3
    assert "Binnenstad" in answer.text
    with installation.transaction(DORDRECHT) as session:
        tasks = session.scalars(select(AuditEvent.task).where(AuditEvent.action == "gelezen"))
        assert "kaartje bekijken" in tasks.all()


def test_no_name_lies_under_the_dot(installation: Installation, outlined: None) -> None:
    middle = HERE.geometry.representative_point()
    address = stored(installation, location=Location(lat=middle.y, lon=middle.x))
    drawn = officer(installation).get(f"{address}/kaartje.svg").xml
    dot = [float(circle.get("cy")) for circle in drawn.iterfind(".//{*}circle")][-1]
    foot = next(float(text.get("y")) for text in drawn.iterfind(".//{*}text[.='Binnenstad']"))
    assert foot + 3 < dot - 7 or foot - 13 > dot + 7


def test_where_the_map_shows_another_wijk_than_the_stored_one_its_words_name_none(
    installation: Installation, outlined: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = stored(installation)
    cache = installation.registry.locator_cache
    moved = Outline(EAST.code, DORDRECHT, HERE.geometry)
    made = (None, None), Locator({AreaKind.NEIGHBOURHOOD: [moved]})
    monkeypatch.setattr(cache, "_current", made)
    picture = officer(installation).get(address).html.select_one(".wb-map")
    assert picture["alt"] == "Kaartje: de plek van deze melding, met de wijken eromheen."


def test_without_outlines_around_the_point_there_is_no_map(
    installation: Installation, outlined: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = officer(installation)
    far = stored(installation, location=Location(lat=52.9, lon=6.5))
    assert browser.get(far).html.select_one(".wb-map") is None
    browser.get(f"{far}/kaartje.svg", status=404)
    cache = installation.registry.locator_cache
    monkeypatch.setattr(cache, "_current", ((None, None), Locator({})))
    address = stored(installation)
    assert browser.get(address).html.select_one(".wb-map") is None
    browser.get(f"{address}/kaartje.svg", status=404)


def test_another_municipality_sees_no_map(installation: Installation, outlined: None) -> None:
    address = stored(installation)
    connect(installation, EINDHOVEN)
    stranger: Any = installation.browser(make_user(installation, (EINDHOVEN, Role.OFFICER)))
    stranger.get(f"{address}/kaartje.svg", status=404)
