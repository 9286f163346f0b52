"""A young reporter at /melden: age first, by POST alone."""

from __future__ import annotations

from typing import Any

import pytest

from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, connect
from tests.support.installation import Installation
from tests.support.reporting import codes, filled

AGE = "leeftijd.leeftijdsgroep"


def reports(installation: Installation) -> list[Report]:
    with installation.transaction(DORDRECHT) as session:
        rows = list(session.query(Report).filter(Report.holder == DORDRECHT))
        session.expunge_all()
    return rows


def through(installation: Installation, age: str, **changes: Any) -> list[Any]:
    """All pages from the first to the answer, for somebody of this age, without a script."""
    browser = installation.visitor()
    start = browser.get("/melden?c=zomer")
    form = start.forms["plaats-zoeken"]
    form[AGE], form["plaats"] = age, "Dordrecht"
    places = form.submit()
    button = next(b for b in places.html.select("button[name=begin]") if b.text == "Dordrecht")
    sent = [*places.forms["plaats-zoeken"].submit_fields(), ("begin", "ja")]
    place = browser.post(button["formaction"].partition("#")[0], sent)
    form = place.forms["formulier"]
    assert form[AGE].value == age
    empty = form.submit("stap", index=1, status=422)
    form = filled(browser, page=empty, **changes)
    where = form.submit("stap", index=1, status=200)
    yourself = where.forms["formulier"].submit("stap", index=2, status=200)
    last = yourself.forms["formulier"]
    return [start, places, place, empty, where, yourself, last.submit("versturen", status=200)]


def test_age_is_asked_first_and_stands_in_no_address_and_no_cookie(
    installation: Installation,
) -> None:
    connect(installation)
    pages = through(installation, "16_17")
    for page in pages:
        assert "16_17" not in page.request.path_qs
        assert "16_17" not in page.headers.get("Set-Cookie", "")
        assert set(page.test_app.cookies) == {"csrf"}
    assert pages[0].html.select_one("input:not([type=hidden])")["name"] == AGE
    codes(pages[-1])
    (report,) = reports(installation)
    assert (report.reporter_age_group, report.campaign) == ("16_17", "zomer")


def test_who_comes_by_the_link_of_a_municipality_is_asked_there(installation: Installation) -> None:
    connect(installation)
    page = installation.visitor().get("/melden/dordrecht?wijk=binnenstad")
    controls = page.html.select("#formulier input:not([type=hidden])")
    assert controls[0]["name"] == AGE
    form = page.forms["formulier"]
    form[AGE] = "onder_16"
    again = form.submit("stap", index=0, status=200)
    assert again.forms["formulier"]["waar.wijk"].value == "WK050501"
    assert again.html.select_one("#stap").find_parent("section")["id"] == "stap-wat"


@pytest.mark.parametrize("wish", [{}, {"uzelf.deelPolitie": "ja", "uzelf.deelPartners": "ja"}])
def test_under_16_nobody_is_asked_to_share(installation: Installation, wish: Any) -> None:
    connect(installation)
    form = filled(installation.visitor(), **{AGE: "onder_16"}, **wish)
    page = form.submit("stap", index=0, status=200)
    assert "deelPolitie" not in page.text
    # Of a page that was opened before the age was chosen an answer can come in: it is left aside.
    form.submit("versturen", status=200)
    (child,) = reports(installation)
    assert (child.share_with_police, child.share_with_partners) == (False, False)


@pytest.mark.parametrize("age", ["16_17", None])
def test_who_is_older_or_says_no_age_is_asked(installation: Installation, age: str | None) -> None:
    connect(installation)
    form = filled(installation.visitor(), **({AGE: age} if age else {}))
    for name in ("deelPolitie", "deelPartners"):
        form[f"uzelf.{name}"].force_value("")
    page = form.submit(status=422)
    assert 'href="#formulier-uzelf-deelPolitie' in page.text
