"""Tests of the quarterly review: who is asked about, what is kept, where a no leads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_text
from tests.support.factories import DORDRECHT, connect, make_user, user_id
from tests.support.installation import Installation

pytestmark = [pytest.mark.judged_once, pytest.mark.sqlite]

PAGE = "/gemeenten/dordrecht/gebruikers-nakijken"
ADMIN, OFFICER = (DORDRECHT, Role.ADMIN), (DORDRECHT, Role.OFFICER)
DESK = (NATIONAL, Role.NATIONAL_DESK)


@pytest.fixture
def long_ago(installation: Installation) -> Any:
    """A municipality whose roles were given long ago: (admin, officer, second officer)."""
    connect(installation)
    names = (
        make_user(installation, ADMIN, name="Ada Admin"),
        make_user(installation, OFFICER, name="Olga Officier"),
        make_user(installation, OFFICER, name="Piet Politiezaken"),
    )
    with installation.transaction() as session:
        for row in session.scalars(select(RoleAssignment)):
            row.given_at = utc_now() - timedelta(days=200)
    return names


def control(installation: Installation, username: str) -> str:
    return f"persoon-{user_id(installation, username).hex}"


def reviewed(installation: Installation, username: str) -> Any:
    with installation.transaction() as session:
        row = session.get_one(RoleAssignment, (user_id(installation, username), DORDRECHT, "oov"))
        return row.reviewed_on, row.reviewed_by_id


def test_a_yes_is_kept_for_that_person_alone_with_who_said_it_and_when(
    installation: Installation, long_ago: Any
) -> None:
    admin, officer, second = long_ago
    browser = installation.browser(admin)
    for page in ("/gemeenten/dordrecht", "/gemeenten/dordrecht/beheer"):
        shown = browser.get(page)
        assert "Controleer de rechten" in shown, page
        assert "2 mensen" in shown, page
    shown = browser.get(PAGE)
    assert "Dit is hier nog niet gedaan" in shown
    assert control(installation, admin) not in shown, "nobody judges their own roles"
    form = shown.forms["formulier"]
    assert "Kies bij minstens één persoon" in form.submit("opslaan", status=422)
    form[control(installation, officer)] = "ja"
    assert "Nagekeken: 1 persoon." in form.submit("opslaan", status=303).follow()
    today = local_date(utc_now())
    assert reviewed(installation, officer) == (today, str(user_id(installation, admin)))
    assert reviewed(installation, second) == (None, None)
    shown = browser.get(PAGE)
    assert f"Laatst gedaan op {date_text(today)} door Ada Admin." in shown
    assert "Nog na te kijken: 1 persoon" in shown
    assert "1 persoon: kloppen" in browser.get("/gemeenten/dordrecht")
    with installation.transaction(DORDRECHT) as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "gebruiker.nagekeken")
        ).one()
        assert event.fields == [DORDRECHT, "oov"]
    make_user(installation, OFFICER, name="Nina Nieuw")
    shown = browser.get(PAGE)
    assert "telt als nagekeken, rol sinds" in shown
    form = shown.forms["formulier"]
    form[control(installation, second)] = "ja"
    form.submit("opslaan", status=303)
    shown = browser.get(PAGE)
    assert "U mag wel nu al antwoorden" in shown
    assert "nog niet nagekeken" not in shown
    with clock_at(utc_now() + timedelta(days=100)):
        assert "3 mensen" in installation.browser(admin).get("/gemeenten/dordrecht")


def test_a_no_leads_to_the_person_and_keeps_nothing(
    installation: Installation, long_ago: Any
) -> None:
    admin, officer, second = long_ago
    browser = installation.browser(admin)
    form = browser.get(PAGE).forms["formulier"]
    form[control(installation, officer)] = "nee"
    form[control(installation, second)] = "ja"
    answer = form.submit("opslaan", status=303)
    assert str(user_id(installation, officer)) in answer.location
    shown = answer.follow()
    assert "Bij Olga Officier moet iets weg" in shown
    take = shown.forms["formulier"]
    take["keuze"] = "weg-oov"
    take.submit("uitvoeren", status=303)
    assert reviewed(installation, second)[0] == local_date(utc_now())
    assert "Controleer de rechten" not in browser.get("/gemeenten/dordrecht")


def test_a_role_given_after_the_page_was_opened_is_not_judged_unseen(
    installation: Installation, long_ago: Any
) -> None:
    admin, officer, _ = long_ago
    form = installation.browser(admin).get(PAGE).forms["formulier"]
    with installation.transaction() as session:
        more = {"holder": DORDRECHT, "role": Role.PRIVACY_OFFICER.value}
        session.add(RoleAssignment(user_id=user_id(installation, officer), **more))
    form[control(installation, officer)] = "ja"
    assert "intussen gewijzigd" in form.submit("opslaan", status=422)
    assert reviewed(installation, officer) == (None, None)


def test_the_desk_reviews_the_only_admin_and_its_own_people(
    installation: Installation, long_ago: Any
) -> None:
    name, colleague = make_user(installation, DESK), make_user(installation, DESK)
    desk = installation.browser(name)
    shown = desk.get("/landelijk/gebruikers")
    assert "Rechten niet nagekeken" in shown
    assert "3 mensen" in shown.html.find("main").text
    form = shown.click("Dordrecht", index=0).forms["formulier"]
    for username in long_ago:
        form[control(installation, username)] = "ja"
    form.submit("opslaan", status=303)
    assert "Rechten niet nagekeken" not in desk.get("/landelijk/gebruikers")
    installation.run_jobs()
    for holder in (DORDRECHT, NATIONAL):
        with installation.transaction(holder) as session:
            actions = session.scalars(select(AuditEvent.action)).all()
            assert "gebruiker.nagekeken" in actions, holder
    own = desk.get("/landelijk/gebruikers-nakijken")
    assert control(installation, colleague) in own
    assert control(installation, name) not in own


def test_who_works_alone_is_told_that_nobody_can_be_reviewed(installation: Installation) -> None:
    connect(installation)
    browser = installation.browser(make_user(installation, ADMIN))
    assert "Niemand om na te kijken" in browser.get(PAGE)
    assert "Controleer de rechten" not in browser.get("/gemeenten/dordrecht")
