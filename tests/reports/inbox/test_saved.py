"""A view under a name: with the number of its page, of oneself or of the team."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import delete, select

from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.reports.inbox.models import SavedView
from tests.support.factories import DORDRECHT, connect, make_report
from tests.support.installation import Installation
from tests.support.officers import officer

pytestmark = pytest.mark.sqlite
HERE = "/gemeenten/dordrecht"


@pytest.fixture(autouse=True)
def town(installation: Installation) -> None:
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        for number in range(3):
            make_report(session, installation).campaign = ("zomer", "zomer", None)[number]


def save(
    browser: Any, name: str, whose: str = "mij", query: str = "campagne=zomer", status: int = 303
) -> Any:
    page = browser.get(f"{HERE}/weergave?{query}")
    form = next(form for form in page.forms.values() if "naam" in form.fields)
    form["naam"], form["wie"] = name, whose
    return form.submit("bewaren", status=status)


def items(browser: Any, address: str = f"{HERE}/postvak") -> dict[str, str]:
    links = browser.get(address).html.select(".wb-views a")
    return {link.contents[0].strip(): link["href"] for link in links}


def test_a_saved_view_shows_the_number_of_its_page(installation: Installation) -> None:
    olga = officer(installation)
    assert save(olga, "Zomerfeest").location.endswith("/postvak?campagne=zomer")
    page = olga.get(items(olga)["Zomerfeest"])
    current = page.html.select_one(".wb-views a[aria-current]")
    assert current.select_one(".si-count").get_text() == "2"
    assert len(page.html.select(".wb-list [data-rij]")) == 2
    assert "Zomerfeest" not in items(officer(installation, "Anna Bakker"))
    with installation.transaction(DORDRECHT) as session:
        actions = session.scalars(select(AuditEvent.action)).all()
    assert "weergave.bewaard" not in actions


def test_a_view_of_the_team_goes_by_its_maker_or_when_the_maker_is_gone(
    installation: Installation,
) -> None:
    olga, anna = officer(installation), officer(installation, "Anna Bakker")
    save(olga, "Zomerfeest", "team")
    assert "Zomerfeest" in items(anna)
    with installation.transaction(DORDRECHT) as session:
        view = session.scalars(select(SavedView)).one()
        number, maker = str(view.id), view.made_by_id
        assert view.person_id is None
    token = anna.get(f"{HERE}/weergave").html.select_one("[name=csrf_token]")["value"]
    sent = {"csrf_token": token, "nummer": number}
    anna.post(f"{HERE}/weergave-weg", sent, status=404)
    with installation.transaction() as session:
        session.execute(delete(RoleAssignment).where(RoleAssignment.user_id == maker))
        assert session.get(User, maker) is not None
    anna.post(f"{HERE}/weergave-weg", sent, status=303)
    assert "Zomerfeest" not in items(anna)
    with installation.transaction(DORDRECHT) as session:
        actions = session.scalars(select(AuditEvent.action)).all()
    assert {"weergave.bewaard", "weergave.verwijderd"} <= {*actions}


def test_the_start_page_has_the_saved_views_with_the_number_of_their_pages(
    installation: Installation,
) -> None:
    olga, anna = officer(installation), officer(installation, "Anna Bakker")
    save(olga, "Zomerfeest")
    save(olga, "Alles van het team", "team", "toestand=alle")
    links = olga.get(HERE).html.select(".si-views a")
    shown = {link.contents[0].strip(): link for link in links}
    assert shown["Zomerfeest"]["href"].endswith("/postvak?campagne=zomer")
    assert shown["Zomerfeest"].select_one(".si-views__count").get_text() == "2"
    assert shown["Alles van het team"].select_one(".si-views__count").get_text() == "3"
    others = anna.get(HERE)
    others.mustcontain("Alles van het team", no="Zomerfeest")


@pytest.mark.parametrize("name", ["Bel 0612345678", "jan@voorbeeld.nl"])
def test_a_name_that_looks_like_somebody_is_refused(installation: Installation, name: str) -> None:
    answer = save(officer(installation), name, status=422)
    assert "Noem geen mensen" in answer


def test_a_list_of_one_colleague_gets_no_name(installation: Installation) -> None:
    with installation.transaction() as session:
        someone = session.scalars(select(User.id)).first()
    save(officer(installation), "Van een ander", query=f"behandelaar={someone}", status=422)


@pytest.mark.parametrize("campaign", ["Bel 0612345678", "\U0001f600" * 60])
def test_filters_that_tell_of_somebody_or_are_too_long_get_no_name(
    installation: Installation, campaign: str
) -> None:
    answer = save(
        officer(installation), "Zomer", query=urlencode({"campagne": campaign}), status=422
    )
    assert "Deze filters kunnen geen naam krijgen" in answer
