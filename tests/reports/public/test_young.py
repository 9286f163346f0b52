"""A young reporter at /melden: age first, by POST alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stopintimidatie.core.web.translation import catalogues
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.settings.standard import INFORMAL, says_u
from stopintimidatie.reports.models import Report
from tests.support.catalogue import english
from tests.support.factories import DORDRECHT, connect, own_answer
from tests.support.installation import Installation
from tests.support.reporting import codes, filled

AGE = "leeftijd.leeftijdsgroep"


def reports(installation: Installation) -> list[Report]:
    with installation.transaction(DORDRECHT) as session:
        rows = list(session.query(Report).filter(Report.holder == DORDRECHT))
        session.expunge_all()
    return rows


def through(installation: Installation, age: str) -> list[Any]:
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
    stale = {name: value for name, value in form.submit_fields() if name != "invoer"}
    old = browser.post("/melden/dordrecht", stale, status=422)
    empty = form.submit("stap", index=1, status=422)
    form = filled(browser, page=empty)
    where = form.submit("stap", index=1, status=200)
    yourself = where.forms["formulier"].submit("stap", index=2, status=200)
    last = yourself.forms["formulier"]
    return [start, places, place, old, empty, where, yourself, last.submit("versturen", status=200)]


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


def polite(page: Any) -> bool:
    """Tell whether page or foot says u, also in what a script would say."""
    parts = page.html.select("main, footer")
    said = [part.get_text(" ") for part in parts]
    said += [str(v) for part in parts for tag in part.find_all() for v in tag.attrs.values()]
    return says_u(" ".join(said))


@pytest.mark.parametrize("level", [ParticipationLevel.PROGRAMME, ParticipationLevel.FORWARDING])
def test_to_who_is_under_18_every_page_from_the_first_answer_on_says_je(
    installation: Installation, level: ParticipationLevel
) -> None:
    connect(installation, level=level)
    for age in ("onder_16", "16_17"):
        start, *pages = through(installation, age)
        assert polite(start), "nobody told an age yet"
        assert [page.request.path for page in pages if polite(page)] == []
        assert {page.html.html["lang"] for page in pages} == {"nl"}
    assert "Dank je wel" in pages[-1]


def test_to_others_it_says_u(installation: Installation) -> None:
    connect(installation)
    pages = through(installation, "18_24")
    assert all(polite(page) for page in pages)
    assert not any(re.search(r"\b[Jj]e\b|\b[Jj]ouw\b", page.html.main.text) for page in pages)


def test_a_municipality_that_wrote_u_keeps_the_whole_page_in_u(installation: Installation) -> None:
    connect(installation, antwoorden=own_answer("Dank u", "Wij lezen uw melding."))
    *pages, answer = through(installation, "16_17")
    assert not polite(pages[-1])
    assert "Hier volgt u uw melding" in answer
    assert "Je " not in answer.html.main.text


def test_no_link_and_no_browser_chooses_the_voice(installation: Installation) -> None:
    page = installation.visitor().get("/melden?taal=nl_JE", headers={"Accept-Language": "nl-JE"})
    assert polite(page)
    assert "nl_JE" not in str(page.html.select(".si-language"))


def test_every_sentence_with_u_that_melden_says_has_its_je() -> None:
    rooms = ("reports/public/", "reports/attachments/", "core/web/limits.py")
    here = tuple(f"stopintimidatie/{room}" for room in rooms)
    young = catalogues()[INFORMAL]
    for message in english():
        if isinstance(message.id, str) and any(
            file.startswith(here) for file, _ in message.locations
        ):
            je = young.gettext(message.id)
            assert not says_u(je), message.id
            assert sorted(re.findall(r"%\(\w+\)s", je)) == sorted(
                re.findall(r"%\(\w+\)s", message.id)
            )


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
