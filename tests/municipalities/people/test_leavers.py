"""Tests of leavers by silence and by date: announced, taken away, recorded, told to the desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.accounts.models import LoginSession, RoleAssignment, User
from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.people.jobs import end_roles
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user, user_id
from tests.support.installation import Installation, Variant

pytestmark = [pytest.mark.judged_once, pytest.mark.sqlite]

PAGE = "/gemeenten/dordrecht/gebruikers"
ADMIN, OFFICER = (DORDRECHT, Role.ADMIN), (DORDRECHT, Role.OFFICER)


def set_role(
    installation: Installation, username: str, role: Role = Role.OFFICER, **values: Any
) -> None:
    """Set columns of a role at Dordrecht; the account isn't one of the demo."""
    number = user_id(installation, username)
    with installation.transaction() as session:
        session.get_one(User, number).demo = False
        row = session.get_one(RoleAssignment, (number, DORDRECHT, role.value))
        for name, value in values.items():
            setattr(row, name, value)


def silent(installation: Installation, username: str, days: int, role: Role = Role.OFFICER) -> None:
    moment = utc_now() - timedelta(days=days)
    set_role(installation, username, role, given_at=moment, signed_in_at=moment)


def end(installation: Installation) -> None:
    """Run the hourly job, and those that it asks for."""
    from stopintimidatie.core.jobs import JobContext

    context = JobContext(
        installation.engine, installation.settings, installation.registry, NATIONAL
    )
    end_roles(context, [{}])
    installation.run_jobs()


def roles(installation: Installation, username: str) -> list[str]:
    with installation.transaction() as session:
        return list(
            session.scalars(
                select(RoleAssignment.role)
                .where(RoleAssignment.user_id == user_id(installation, username))
                .order_by(RoleAssignment.role)
            )
        )


def logged(installation: Installation, action: str, holder: str = DORDRECHT) -> list[list[str]]:
    with installation.transaction(holder) as session:
        rows = session.scalars(select(AuditEvent).where(AuditEvent.action == action))
        return [row.fields for row in rows]


def test_who_never_signs_in_again_loses_the_role_after_ninety_days_and_is_announced_before(
    installation: Installation,
) -> None:
    connect(installation)
    leaver = make_user(installation, OFFICER, (EINDHOVEN, Role.OFFICER), name="Lea Weg")
    stayer = make_user(installation, OFFICER, name="Sam Blijft")
    admin = installation.browser(make_user(installation, ADMIN))
    silent(installation, leaver, 75)
    silent(installation, stayer, 40)
    assert "niet aangemeld" not in admin.get(PAGE)
    silent(installation, leaver, 81)
    assert "verloopt over 9 dagen: 81 dagen niet aangemeld" in admin.get(PAGE).text
    end(installation)
    assert roles(installation, leaver) == ["oov", "oov"]
    silent(installation, leaver, 90)
    assert "verloopt vandaag" in admin.get(PAGE).text
    end(installation)
    assert roles(installation, leaver) == ["oov"], "the role at the other municipality stays"
    assert roles(installation, stayer) == ["oov"]
    assert "Lea Weg" not in admin.get(PAGE)
    assert logged(installation, "gebruiker.rol_stil") == [[DORDRECHT, "oov"]]
    end(installation)
    assert len(logged(installation, "gebruiker.rol_stil")) == 1


def test_a_role_never_used_counts_from_the_day_it_was_given(installation: Installation) -> None:
    connect(installation)
    never = make_user(installation, OFFICER)
    make_user(installation, OFFICER)
    given = utc_now() - timedelta(days=91)
    set_role(installation, never, given_at=given, signed_in_at=None)
    end(installation)
    assert roles(installation, never) == []


def test_signing_in_keeps_the_role(installation: Installation) -> None:
    connect(installation)
    late = make_user(installation, OFFICER)
    with installation.transaction() as session:
        moment = utc_now() - timedelta(days=89)
        for row in session.scalars(select(RoleAssignment)):
            row.given_at = row.signed_in_at = moment
    installation.browser(late)
    set_role(installation, late)
    with clock_at(utc_now() + timedelta(days=2)):
        end(installation)
    assert roles(installation, late) == ["oov"]


def test_a_cookie_is_dead_when_the_last_day_is_over_and_the_hourly_job_takes_the_role(
    installation: Installation,
) -> None:
    connect(installation)
    deputy = make_user(installation, OFFICER)
    set_role(installation, deputy, until=local_date(utc_now()))
    with installation.transaction() as session:
        session.scalars(select(User)).one().demo = True
    stolen = installation.browser(deputy)
    stolen.get("/gemeenten/dordrecht/postvak", status=200)
    end(installation)
    assert roles(installation, deputy) == ["oov"], "its last day isn't over yet"
    set_role(installation, deputy, until=local_date(utc_now()) - timedelta(days=1))
    stolen.get("/gemeenten/dordrecht/postvak", status=404)
    end(installation)
    assert roles(installation, deputy) == []
    assert logged(installation, "gebruiker.rol_verlopen") == [[DORDRECHT, "oov"]]
    with installation.transaction() as session:
        assert session.scalars(select(LoginSession)).all() == []
    stolen.get("/zoeken", status=303)


def test_silence_spares_no_last_admin_and_the_desk_is_told(installation: Installation) -> None:
    connect(installation)
    admin = make_user(installation, ADMIN)
    silent(installation, admin, 100, Role.ADMIN)
    end(installation)
    assert roles(installation, admin) == []
    assert logged(installation, "gemeente.zonder_beheerder", NATIONAL) == [[DORDRECHT]]
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    assert "Gemeenten zonder beheerder" in desk.get("/landelijk/gebruikers")


def test_the_accounts_of_a_demo_stay_however_silent_they_are(installation: Installation) -> None:
    connect(installation)
    known = make_user(installation, OFFICER)
    silent(installation, known, 400)
    with installation.transaction() as session:
        session.scalars(select(User)).one().demo = True
    assert installation.settings.demo
    end(installation)
    assert roles(installation, known) == ["oov"]


def test_the_number_of_days_is_a_setting(variant: Variant) -> None:
    installation = variant(silence_days=30)
    connect(installation)
    username = make_user(installation, OFFICER)
    silent(installation, username, 31)
    end(installation)
    assert roles(installation, username) == []
