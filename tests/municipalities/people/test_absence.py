"""Absence: work moves to a substitute with the same roles, and comes back by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import Actor, AuditEvent
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.case.services import REMINDER_RECIPIENT, make_agreement
from stopintimidatie.municipalities.people.absence import (
    absences,
    acting_for,
    announce_absence,
    end_absence,
    stands_in_for,
    substitutes,
)
from tests.support.factories import (
    DORDRECHT,
    connect,
    make_dossier,
    make_report,
    make_user,
    user_id,
)
from tests.support.installation import Installation

pytestmark = pytest.mark.sqlite
PAGE = "/gemeenten/dordrecht/afwezig"
SYSTEM = Actor("gebruiker", None, "Test")


@pytest.fixture
def people(installation: Installation) -> dict[str, tuple[str, UUID]]:
    """Three officers, of whom one is dossier owner as well, and an admin: (username, id)."""
    connect(installation)
    officer, owner = (DORDRECHT, Role.OFFICER), (DORDRECHT, Role.DOSSIER_OWNER)
    roles = {
        "Anna": [officer],
        "Bart": [officer, owner],
        "Cas": [officer],
        "Ada": [(DORDRECHT, Role.ADMIN)],
    }
    names = {name: make_user(installation, *own, name=name) for name, own in roles.items()}
    return {name: (user, user_id(installation, user)) for name, user in names.items()}


def test_who_does_the_same_work_can_step_in_and_what_is_missing_is_named(
    installation: Installation, people: Any
) -> None:
    with installation.transaction(DORDRECHT) as session:
        stand_ins = {
            name: {s.user.name: list(s.lacks) for s in substitutes(session, DORDRECHT, person)}
            for name, (_, person) in people.items()
        }
    assert stand_ins == {
        "Anna": {"Bart": [], "Cas": []},
        "Bart": {"Anna": [Role.DOSSIER_OWNER], "Cas": [Role.DOSSIER_OWNER]},
        "Cas": {"Anna": [], "Bart": []},
        "Ada": {},
    }


def test_work_moves_on_when_the_substitute_is_away_too_and_comes_back(
    installation: Installation, people: Any
) -> None:
    today = local_date(utc_now())
    anna, bart, cas = (people[name][1] for name in ("Anna", "Bart", "Cas"))
    with installation.transaction(DORDRECHT) as session:

        def stands(person: UUID, day: Any = today) -> set[UUID]:
            return stands_in_for(session, DORDRECHT, person, day)

        first = announce_absence(session, DORDRECHT, anna, cas, today, today, SYSTEM)
        assert (stands(cas), stands(bart), stands(anna)) == ({anna}, set(), set())
        announce_absence(session, DORDRECHT, cas, bart, today, today, SYSTEM)
        assert stands(bart) == {anna, cas}
        assert stands(bart, today + timedelta(days=1)) == set()
        end_absence(session, first, SYSTEM)
        assert stands(bart) == {cas}
        actions = session.scalars(select(AuditEvent.action)).all()
        assert "afwezigheid.gemeld" in actions
        assert "afwezigheid.beeindigd" in actions


def test_impossible_days_and_substitutes_are_refused(
    installation: Installation, people: Any
) -> None:
    today = local_date(utc_now())
    anna, bart, cas = (people[name][1] for name in ("Anna", "Bart", "Cas"))
    day = timedelta(days=1)
    with installation.transaction(DORDRECHT) as session:
        announce_absence(session, DORDRECHT, cas, bart, today, today + day, SYSTEM)
        for who, substitute, since, until, field in (
            (anna, bart, today - day, today, "van"),
            (anna, bart, today + day, today, "tot"),
            (anna, bart, today, today + 400 * day, "tot"),
            (anna, anna, today, today, "vervanger"),
            (anna, people["Ada"][1], today, today, "vervanger"),
            (anna, cas, today + day, today + day, "vervanger"),
            (cas, anna, today + day, today + 3 * day, "van"),
        ):
            with pytest.raises(FormError) as refused:
                announce_absence(session, DORDRECHT, who, substitute, since, until, SYSTEM)
            assert refused.value.field == field
        assert len(absences(session, DORDRECHT, today, today + 500 * day)) == 1


def test_one_says_so_oneself_or_the_admin_does(installation: Installation, people: Any) -> None:
    today = local_date(utc_now())
    browsers = {name: installation.browser(user) for name, (user, _) in people.items()}
    anna = people["Anna"][1]
    for name, path in (("Anna", PAGE), ("Ada", f"{PAGE}?wie={anna.hex}")):
        form = browsers[name].get(path).forms["formulier"]
        form["van"] = form["tot"] = str(today + timedelta(days=3))
        form["vervanger"] = str(people["Cas"][1])
        page = form.submit("opslaan", status=303).follow()
        assert "vervanger Cas" in page
        [end] = [form for form in page.forms.values() if "afwezigheid" in form.fields]
        assert "is beëindigd" in end.submit(status=303).follow()
    browsers["Cas"].get(f"{PAGE}?wie={anna.hex}", status=404)
    assert "Nodig een collega uit bij ‘Gebruikers’" in browsers["Ada"].get(PAGE)


def test_the_inbox_of_a_substitute_counts_the_work_of_who_is_away_as_mine(
    installation: Installation, people: Any
) -> None:
    today = local_date(utc_now())
    (_, anna), (cas_name, cas) = people["Anna"], people["Cas"]
    with installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation)
        report.state, report.handler_id = "in_behandeling", anna
        name = report.reference
    browser, mine = installation.browser(cas_name), "/gemeenten/dordrecht/postvak?behandelaar=ik"
    assert name not in browser.get(mine)
    with installation.transaction(DORDRECHT) as session:
        announce_absence(session, DORDRECHT, anna, cas, today, today, SYSTEM)
    assert name in browser.get(mine)


def test_the_form_says_what_does_not_move_to_a_colleague_with_fewer_roles(
    installation: Installation, people: Any
) -> None:
    browser = installation.browser(people["Bart"][0])
    form = browser.get(PAGE).forms["formulier"]
    assert "Cas (zonder de rol dossierhouder)" in form.text
    form["van"] = form["tot"] = str(local_date(utc_now()))
    form["vervanger"] = str(people["Cas"][1])
    page = form.submit("opslaan", status=303).follow()
    assert "Cas kan niet alles overnemen: ziet geen persoonsgerichte dossiers." in page


def test_mail_for_who_is_away_goes_to_the_substitute(
    installation: Installation, people: Any
) -> None:
    today = local_date(utc_now())
    (_, anna), (cas_name, cas) = people["Anna"], people["Cas"]
    with installation.transaction(DORDRECHT) as session:
        find, keys = REMINDER_RECIPIENT.find, installation.registry.key_ring
        assert find(session, keys, str(anna)) == people["Anna"][0]
        announce_absence(session, DORDRECHT, anna, cas, today, today, SYSTEM)
        assert find(session, keys, str(anna)) == cas_name


def test_the_worklist_of_a_substitute_has_all_that_waits_for_who_is_away(
    installation: Installation, people: Any
) -> None:
    """However much waits of others: eight rows of a kind are shown."""
    now, day = utc_now(), timedelta(days=9)
    today = local_date(now)
    (_, anna), (cas_name, cas) = people["Anna"], people["Cas"]
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, owner_id=anna)
        other = make_dossier(session)
        for number in range(10):
            report = make_report(session, installation)
            report.contact_deadline = now - timedelta(days=number + 3)
            make_agreement(session, other, f"Ander {number}", "boa", today - day, SYSTEM)
        report = make_report(session, installation)
        report.state, report.handler_id = "in_behandeling", anna
        report.contact_deadline = now - timedelta(days=1)
        reference = report.reference
        make_agreement(session, dossier, "Lantaarn nakijken", "beheer", today, SYSTEM)
    browser, start = installation.browser(cas_name), "/gemeenten/dordrecht"
    before = browser.get(start)
    assert reference not in before
    assert "Lantaarn nakijken" not in before
    with installation.transaction(DORDRECHT) as session:
        announce_absence(session, DORDRECHT, anna, cas, today, today, SYSTEM)
    page = browser.get(start)
    for text in (reference, "Lantaarn nakijken"):
        [row] = [row for row in page.html.select("li") if text in row.text]
        assert "voor Anna" in row.text


def test_a_substitute_who_lost_the_role_is_named_and_can_be_replaced(
    installation: Installation, people: Any
) -> None:
    today = local_date(utc_now())
    anna, cas = people["Anna"][1], people["Cas"][1]
    with installation.transaction(DORDRECHT) as session:
        announce_absence(session, DORDRECHT, anna, cas, today, today, SYSTEM)
        session.execute(delete(RoleAssignment).where(RoleAssignment.user_id == cas))
        assert stands_in_for(session, DORDRECHT, cas, today) == set()
        assert acting_for(session, anna, today) == anna
        report = make_report(session, installation).reference
    own, admin = (installation.browser(people[name][0]) for name in ("Anna", "Ada"))
    why = "Cas werkt hier niet meer, dus er is geen vervanger"
    start = "/gemeenten/dordrecht"
    for browser, path in ((own, PAGE), (admin, PAGE), (own, start), (admin, start)):
        assert why in browser.get(path)
    listed = own.get(f"{start}/uitdelen?melding={report}")
    assert "zonder vervanger" in listed
    assert "vervanger Cas" not in listed
    page = admin.get(start).click("Vervanger kiezen")
    [end] = [form for form in page.forms.values() if "afwezigheid" in form.fields]
    form = end.submit(status=303).follow().forms["formulier"]
    form["van"] = form["tot"] = str(today)
    form["vervanger"] = str(people["Bart"][1])
    assert "vervanger Bart" in form.submit("opslaan", status=303).follow()


def test_work_that_is_passed_on_goes_to_who_may_do_it_and_the_page_says_to_whom(
    installation: Installation, people: Any
) -> None:
    today = local_date(utc_now())
    anna, bart, cas = (people[name][1] for name in ("Anna", "Bart", "Cas"))
    with installation.transaction(DORDRECHT) as session:
        announce_absence(session, DORDRECHT, anna, bart, today, today, SYSTEM)
        announce_absence(session, DORDRECHT, bart, cas, today, today, SYSTEM)
    for name in ("Anna", "Bart"):
        page = installation.browser(people[name][0]).get(PAGE)
        assert "vervanger Bart is zelf afwezig; Cas neemt het over" in page
    with installation.transaction(DORDRECHT) as session:
        role = session.scalars(select(RoleAssignment).where(RoleAssignment.user_id == cas)).one()
        role.role = Role.DOSSIER_OWNER
        for other in session.scalars(select(RoleAssignment).where(RoleAssignment.user_id == anna)):
            other.role = Role.PRIVACY_OFFICER
        session.flush()
        assert stands_in_for(session, DORDRECHT, cas, today) == {bart}
    page = installation.browser(people["Bart"][0]).get(PAGE)
    assert "vervanger Bart is zelf afwezig; niemand neemt het over" in page


def test_the_name_of_a_substitute_who_is_away_keeps_its_capital(
    installation: Installation, people: Any
) -> None:
    today = local_date(utc_now())
    with installation.transaction(DORDRECHT) as session:
        bart, cas = people["Bart"][1], people["Cas"][1]
        announce_absence(session, DORDRECHT, cas, bart, today, today, SYSTEM)
    form = installation.browser(people["Anna"][0]).get(PAGE).forms["formulier"]
    form["van"] = form["tot"] = str(today)
    form["vervanger"] = str(cas)
    page = form.submit("opslaan", status=422)
    assert "Vervanger Cas is zelf afwezig" in page
    assert "cas is zelf" not in page


def test_the_absence_of_who_left_can_be_ended_and_asks_for_no_other_substitute(
    installation: Installation, people: Any
) -> None:
    today = local_date(utc_now())
    anna, cas = people["Anna"][1], people["Cas"][1]
    with installation.transaction(DORDRECHT) as session:
        announce_absence(session, DORDRECHT, anna, cas, today, today, SYSTEM)
        session.execute(delete(RoleAssignment).where(RoleAssignment.user_id == anna))
        assert stands_in_for(session, DORDRECHT, cas, today) == {anna}
    admin = installation.browser(people["Ada"][0])
    assert "Vervanger kiezen" not in admin.get("/gemeenten/dordrecht")
    page = admin.get(PAGE)
    [end] = [form for form in page.forms.values() if "afwezigheid" in form.fields]
    assert "is beëindigd" in end.submit(status=303).follow()
