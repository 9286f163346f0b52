"""Tests of roles with an end date: invited, accepted, counted, given for longer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.accounts.models import RoleAssignment, RoleOffer
from stopintimidatie.core.clock import clock_at, local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import date_text, datetime_long
from stopintimidatie.municipalities.people.queries import staff_of
from stopintimidatie.municipalities.people.services import READERS
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    confirmed_by_second,
    connect,
    make_user,
    user_id,
)
from tests.support.installation import Installation

pytestmark = [pytest.mark.judged_once, pytest.mark.sqlite]

ADMIN, OFFICER = (DORDRECHT, Role.ADMIN), (DORDRECHT, Role.OFFICER)
INVITE = "/gemeenten/dordrecht/gebruiker-uitnodigen"


def in_days(number: int) -> date:
    return local_date(utc_now()) + timedelta(days=number)


def invite(browser: Any, address: str, until: str, status: int = 303, role: str = "beheer") -> Any:
    form = browser.get(INVITE).forms["formulier"]
    form["naam"], form["adres"], form["rol"] = "Nina Nieuw", address, role
    form["tot_en_met"] = until
    return form.submit("uitnodigen", status=status)


def take(browser: Any) -> Any:
    page = browser.get("/uitnodigingen")
    form = next(f for f in page.forms.values() if "keuze" in f.fields)
    form.submit(status=303)
    return page


def until_of(installation: Installation, username: str, role: Role) -> date | None:
    key = (user_id(installation, username), DORDRECHT, role.value)
    with installation.transaction() as session:
        return session.get_one(RoleAssignment, key).until


def test_who_takes_a_role_has_signed_in_with_it(installation: Installation) -> None:
    connect(installation)
    admin = installation.browser(make_user(installation, ADMIN))
    deputy = make_user(installation, (EINDHOVEN, Role.OFFICER))
    browser = installation.browser(deputy)
    invite(admin, deputy, "")
    confirmed_by_second(installation)
    with clock_at(utc_now() + timedelta(minutes=5)):
        take(browser)
        moment = datetime_long(utc_now())
    key = (user_id(installation, deputy), DORDRECHT, Role.ADMIN.value)
    with installation.transaction() as session:
        taken = session.get_one(RoleAssignment, key).signed_in_at
    assert taken is not None
    assert datetime_long(taken) == moment


def test_an_invitation_with_an_end_date_gives_a_role_that_ends_with_that_day(
    installation: Installation,
) -> None:
    connect(installation)
    admin = installation.browser(make_user(installation, ADMIN))
    deputy = make_user(installation, (EINDHOVEN, Role.OFFICER))
    last = in_days(3)
    assert "Kies vandaag of later" in invite(admin, deputy, in_days(-1).isoformat(), 422)
    invite(admin, deputy, last.isoformat())
    confirmed_by_second(installation)
    assert f"tot en met {date_text(last)}" in admin.get("/gemeenten/dordrecht/gebruikers")
    browser = installation.browser(deputy)
    assert f"tot en met {date_text(last)}" in take(browser)
    assert until_of(installation, deputy, Role.ADMIN) == last
    browser.get("/gemeenten/dordrecht/gebruikers", status=200)
    evening = datetime(last.year, last.month, last.day, 22, 30, tzinfo=UTC)
    with clock_at(evening):
        installation.browser(deputy).get("/gemeenten/dordrecht/gebruikers", status=200)
    with clock_at(evening + timedelta(hours=2)):
        ended = installation.browser(deputy)
        ended.get("/gemeenten/dordrecht/gebruikers", status=404)
        ended.get("/gemeenten/eindhoven/postvak", status=200)


def test_an_offer_whose_role_would_be_over_is_no_longer_open(installation: Installation) -> None:
    connect(installation)
    admin = installation.browser(make_user(installation, ADMIN))
    deputy = make_user(installation, (EINDHOVEN, Role.OFFICER))
    invite(admin, deputy, in_days(1).isoformat())
    confirmed_by_second(installation)
    with clock_at(utc_now() + timedelta(days=2)):
        assert "Geen uitnodigingen" in installation.browser(deputy).get("/uitnodigingen")
        again = installation.browser(make_user(installation, ADMIN))
        assert "verlopen" in again.get("/gemeenten/dordrecht/gebruikers")


def test_a_role_with_an_end_is_lengthened_by_proposing_it_again_and_never_shortened_so(
    installation: Installation,
) -> None:
    connect(installation)
    admin = installation.browser(make_user(installation, ADMIN))
    deputy = make_user(installation, (EINDHOVEN, Role.OFFICER), OFFICER)
    key = (user_id(installation, deputy), DORDRECHT, Role.OFFICER.value)
    with installation.transaction() as session:
        session.get_one(RoleAssignment, key).until = in_days(10)
    refused = invite(admin, deputy, in_days(5).isoformat(), 422, role="oov")
    assert f"deze rol al, tot en met {date_text(in_days(10))}" in refused
    invite(admin, deputy, in_days(20).isoformat(), role="oov")
    with installation.transaction() as session:
        # A role that reads needs its second person for a longer term as well.
        assert session.scalars(select(RoleOffer.state)).all() == ["voorgesteld"]
        session.scalars(select(RoleOffer)).one().state = "aangeboden"
    take(installation.browser(deputy))
    assert until_of(installation, deputy, Role.OFFICER) == in_days(20)


def test_who_has_a_role_without_an_end_keeps_that_whatever_is_accepted(
    installation: Installation,
) -> None:
    connect(installation)
    admin = installation.browser(make_user(installation, ADMIN))
    other = make_user(installation, (EINDHOVEN, Role.OFFICER))
    invite(admin, other, in_days(5).isoformat())
    confirmed_by_second(installation)
    with installation.transaction() as session:
        # The operator gave the role in the meantime.
        row = RoleAssignment(
            user_id=user_id(installation, other), holder=DORDRECHT, role=Role.ADMIN.value
        )
        session.add(row)
    take(installation.browser(other))
    assert until_of(installation, other, Role.ADMIN) is None


def test_a_reader_whose_role_is_over_confirms_nothing(installation: Installation) -> None:
    connect(installation)
    reader = make_user(installation, OFFICER)
    key = (user_id(installation, reader), DORDRECHT, Role.OFFICER.value)
    with installation.transaction() as session:
        session.get_one(RoleAssignment, key).until = in_days(0)
    with installation.transaction() as session:
        assert [number for number, _ in staff_of(session, DORDRECHT, READERS)] == [key[0]]
    with clock_at(utc_now() + timedelta(days=2)), installation.transaction() as session:
        assert staff_of(session, DORDRECHT, READERS) == []
