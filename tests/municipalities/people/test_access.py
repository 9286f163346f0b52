"""Tests of what an admin changes about access: end dates, blocks, sessions, and who must stay."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.accounts.models import (
    BlockedColleague,
    LoginSession,
    ProviderAccount,
    RoleAssignment,
    RoleOffer,
)
from stopintimidatie.core.accounts.services import AccountError
from stopintimidatie.core.audit import Actor, AuditEvent
from stopintimidatie.core.clock import clock_at, local_date, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import date_short, date_text, datetime_long
from stopintimidatie.municipalities.people import access
from stopintimidatie.municipalities.people.access import Steward
from stopintimidatie.municipalities.people.rules import last_use, silent_days
from tests.support.factories import (
    DORDRECHT,
    EINDHOVEN,
    confirmed_by_second,
    connect,
    make_user,
    user_id,
)
from tests.support.installation import Installation
from tests.support.mailboxes import last_mail
from tests.support.queries import count_queries

pytestmark = [pytest.mark.judged_once, pytest.mark.sqlite]

PAGE = "/gemeenten/dordrecht/gebruikers"
INBOX = "/gemeenten/dordrecht/postvak"
ADMIN, OFFICER = (DORDRECHT, Role.ADMIN), (DORDRECHT, Role.OFFICER)
DESK = (NATIONAL, Role.NATIONAL_DESK)


def in_days(number: int) -> date:
    return local_date(utc_now()) + timedelta(days=number)


def page_of(installation: Installation, username: str, *, at_desk: str | None = None) -> str:
    number = user_id(installation, username)
    if at_desk is None:
        return f"/gemeenten/dordrecht/gebruiker?wie={number}"
    return f"/landelijk/gebruiker?gemeente={at_desk}&wie={number}"


def change(browser: Any, page: str, choice: str, status: int = 303, **values: str) -> Any:
    form = browser.get(page, status=200).forms["formulier"]
    form["keuze"] = choice
    for name, value in values.items():
        form[name] = value
    answer = form.submit("uitvoeren", status=status)
    return answer.follow() if status == 303 else answer


def logged(installation: Installation, holder: str = DORDRECHT) -> list[str]:
    installation.run_jobs()
    with installation.transaction(holder) as session:
        actions = session.scalars(
            select(AuditEvent.action)
            .where(AuditEvent.subject_kind.in_(["gebruiker", "gemeente"]))
            .where(AuditEvent.action.startswith("ge"), AuditEvent.action != "gebruiker.rol")
            .order_by(AuditEvent.at)
        )
        return list(actions)


def sessions(installation: Installation) -> int:
    with installation.transaction() as session:
        return int(session.scalar(select(func.count()).select_from(LoginSession)) or 0)


@pytest.fixture
def admin(installation: Installation) -> Any:
    """An admin beside another, and a reader beside those of the test."""
    connect(installation)
    make_user(installation, ADMIN, OFFICER, name="Zoë Tweede")
    return installation.browser(make_user(installation, ADMIN, name="Ada Admin"))


def test_the_list_tells_of_each_person_what_an_admin_must_know(
    installation: Installation, admin: Any
) -> None:
    deputy = make_user(installation, OFFICER, (EINDHOVEN, Role.OFFICER), name="Dirk Deputee")
    silent = make_user(installation, OFFICER, name="Stille Sam")
    number = user_id(installation, deputy)
    with installation.transaction() as session:
        row = session.get_one(RoleAssignment, (number, DORDRECHT, "oov"))
        row.until, row.by_group = in_days(30), True
        account = {"holder": DORDRECHT, "subject_hash": "x" * 64, "user_id": number}
        session.add(ProviderAccount(**account))
    installation.browser(deputy)
    table = admin.get(PAGE).html.find("table")
    rows = {
        line.th.a.text: [cell.get_text(" ", strip=True) for cell in line.find_all("td")]
        for line in table.tbody.find_all("tr")
    }
    today = date_short(in_days(0))
    assert rows["Dirk Deputee"] == [
        "OOV-medewerker (via groep)",
        today,
        date_short(in_days(30)),
        today,
        "bij de gemeente",
        "gemeente (SSO)",
    ]
    assert rows["Stille Sam"][3] == "nooit"
    page = admin.get(page_of(installation, silent))
    assert "nooit met een rol hier" in page
    assert "elders" not in admin.get(page_of(installation, deputy)), "no business of theirs"


def test_a_role_gets_an_end_date_that_only_moves_forward(
    installation: Installation, admin: Any
) -> None:
    officer = make_user(installation, OFFICER)
    page = page_of(installation, officer)
    assert "Vul de laatste dag" in change(admin, page, "einde-oov", 422)
    past = change(admin, page, "einde-oov", 422, laatste_dag=in_days(-1).isoformat())
    assert "Deze datum is voorbij" in past
    shown = change(admin, page, "einde-oov", laatste_dag=in_days(9).isoformat())
    assert "De einddatum is opgeslagen" in shown
    longer = change(admin, page, "einde-oov", 422, laatste_dag=in_days(10).isoformat())
    assert "alleen met een nieuw voorstel" in longer
    change(admin, page, "einde-oov", laatste_dag=in_days(2).isoformat())
    assert logged(installation) == ["gebruiker.einddatum", "gebruiker.einddatum"]


def test_another_role_is_proposed_from_the_page_of_the_person(
    installation: Installation, admin: Any
) -> None:
    officer = make_user(installation, OFFICER, name="Olga Officier")
    desk = installation.browser(make_user(installation, DESK))
    for browser, page, name in (
        (admin, page_of(installation, officer), "Collega uitnodigen"),
        (desk, page_of(installation, officer, at_desk="dordrecht"), "Iemand uitnodigen"),
    ):
        form = browser.get(page).click(name).forms["formulier"]
        assert (form["naam"].value, form["adres"].value) == ("Olga Officier", officer)
    form = admin.get(page_of(installation, officer)).click("Collega uitnodigen").forms["formulier"]
    form["rol"] = "beheer"
    form.submit("uitnodigen", status=303)
    confirmed_by_second(installation)
    assert "functioneel beheerder" in installation.browser(officer).get("/uitnodigingen")
    stranger = make_user(installation, (EINDHOVEN, Role.OFFICER))
    asked = f"/gemeenten/dordrecht/gebruiker-uitnodigen?wie={user_id(installation, stranger)}"
    assert stranger not in admin.get(asked), "who has no role here isn't known here"


def test_an_answer_for_another_choice_is_refused_and_kept(
    installation: Installation, admin: Any
) -> None:
    page = page_of(installation, make_user(installation, OFFICER))
    day = in_days(3).isoformat()
    assert "Maak haar leeg" in change(admin, page, "weg-oov", 422, laatste_dag=day)
    stray = change(admin, page, "afmelden", 422, reden="Weg per direct.")
    assert "Maak dit veld leeg" in stray
    assert "Weg per direct." in stray
    assert "Schrijf op waarom" in change(admin, page, "blokkeren", 422)
    assert "Maak een keuze" in admin.get(page).forms["formulier"].submit(status=422)


def test_a_stolen_cookie_is_dead_after_a_block_and_the_roles_come_back_as_they_were(
    installation: Installation, admin: Any
) -> None:
    officer = make_user(installation, OFFICER, (DORDRECHT, Role.DOSSIER_OWNER), name="Olga Weg")
    page = page_of(installation, officer)
    with installation.transaction() as session:
        row = session.get_one(
            RoleAssignment, (user_id(installation, officer), DORDRECHT, "dossierhouder")
        )
        row.until = in_days(20)
    stolen = installation.browser(officer)
    stolen.get(INBOX, status=200)
    inviting = admin.get("/gemeenten/dordrecht/gebruiker-uitnodigen")
    inviting.mustcontain("Een rol geeft u niet alleen")
    invite = inviting.forms["formulier"]
    invite["naam"], invite["adres"], invite["rol"] = "Olga", officer, "beheer"
    invite.submit("uitnodigen", status=303)
    shown = change(admin, page, "blokkeren", reden="Werkt hier niet meer.")
    assert "is geblokkeerd" in shown
    person = admin.get(page)
    assert f"sinds {date_text(utc_now())}, door " in person
    assert "De privacyfunctionaris van de gemeente leest de reden in het logboek" in person
    assert "Werkt hier niet meer." not in person
    stolen.get(INBOX, status=303)
    again = installation.browser(officer)
    again.get(INBOX, status=404)
    assert "Geen uitnodigingen" in again.get("/uitnodigingen"), "the offer was withdrawn"
    invite = admin.get("/gemeenten/dordrecht/gebruiker-uitnodigen").forms["formulier"]
    invite["naam"], invite["adres"], invite["rol"] = "Olga", officer, "beheer"
    assert "Hef eerst de blokkade op" in invite.submit("uitnodigen", status=422)
    assert "Olga Weg" in admin.get(PAGE).html.find("ul", attrs={"aria-label": "Geblokkeerd"}).text
    change(admin, page, "deblokkeren")
    again.get(INBOX, status=200)
    with installation.transaction() as session:
        rows = session.scalars(
            select(RoleAssignment).where(RoleAssignment.user_id == user_id(installation, officer))
        ).all()
        assert {row.role: row.until for row in rows} == {"oov": None, "dossierhouder": in_days(20)}
        assert session.scalars(select(BlockedColleague)).all() == []
    blocked = logged(installation)
    assert blocked[-2:] == ["gebruiker.toegang_geblokkeerd", "gebruiker.toegang_hersteld"]
    with installation.transaction(DORDRECHT) as session:
        reasons = session.scalars(
            select(AuditEvent.reason).where(AuditEvent.reason.is_not(None))
        ).all()
        assert reasons == ["Werkt hier niet meer."]


def test_the_last_sign_in_outlives_a_block_and_an_old_one_ends_no_role_that_came_back(
    installation: Installation, admin: Any
) -> None:
    officer = make_user(installation, OFFICER)
    page, number = page_of(installation, officer), user_id(installation, officer)
    long_ago = utc_now() - timedelta(days=400)
    with installation.transaction() as session:
        session.get_one(RoleAssignment, (number, DORDRECHT, "oov")).signed_in_at = long_ago
    moment = datetime_long(long_ago)
    assert moment in change(admin, page, "blokkeren", reden="Op reis.")
    assert moment in change(admin, page, "deblokkeren")
    with installation.transaction() as session:
        row = session.get_one(RoleAssignment, (number, DORDRECHT, "oov"))
        since = last_use(row.signed_in_at, row.given_at, long_ago)
    assert silent_days(since, utc_now()) == 0


def test_what_ended_or_comes_from_a_group_does_not_come_back_with_the_block_lifted(
    installation: Installation, admin: Any
) -> None:
    officer = make_user(installation, OFFICER, (DORDRECHT, Role.DOSSIER_OWNER), ADMIN)
    number, page = user_id(installation, officer), page_of(installation, officer)
    with installation.transaction() as session:
        session.get_one(RoleAssignment, (number, DORDRECHT, "oov")).until = in_days(1)
        session.get_one(RoleAssignment, (number, DORDRECHT, "beheer")).by_group = True
    change(admin, page, "blokkeren", reden="Met verlof.")
    with clock_at(utc_now() + timedelta(days=3)):
        later = installation.browser(make_user(installation, ADMIN))
        change(later, page, "deblokkeren")
        assert [role.role for role in roles_of(installation, officer)] == ["dossierhouder"]


def roles_of(installation: Installation, username: str) -> list[RoleAssignment]:
    with installation.transaction() as session:
        return list(
            session.scalars(
                select(RoleAssignment)
                .where(RoleAssignment.user_id == user_id(installation, username))
                .order_by(RoleAssignment.role)
            )
        )


def test_a_cookie_is_dead_after_the_admin_ends_the_sessions_or_takes_the_last_role(
    installation: Installation, admin: Any
) -> None:
    officer = make_user(installation, OFFICER)
    page, stolen = page_of(installation, officer), installation.browser(officer)
    change(admin, page, "afmelden")
    stolen.get(INBOX, status=303)
    fresh = installation.browser(officer)
    fresh.get(INBOX, status=200)
    before = sessions(installation)
    longer = admin.get("/gemeenten/dordrecht/gebruiker-uitnodigen").forms["formulier"]
    with installation.transaction() as session:
        key = (user_id(installation, officer), DORDRECHT, "oov")
        session.get_one(RoleAssignment, key).until = in_days(3)
    longer["naam"], longer["adres"], longer["rol"] = "Olga", officer, "oov"
    longer.submit("uitnodigen", status=303)
    change(admin, page, "weg-oov")
    fresh.get(INBOX, status=303)
    with installation.transaction() as session:
        assert session.scalars(select(RoleOffer)).all() == [], "a longer term goes with the role"
    assert sessions(installation) == before - 1
    assert logged(installation) == ["gebruiker.afgemeld", "gebruiker.rol_weg"]


def test_the_only_reader_is_blocked_by_the_desk_and_the_page_says_so(
    installation: Installation,
) -> None:
    connect(installation)
    reader = make_user(installation, OFFICER)
    admin = installation.browser(make_user(installation, ADMIN))
    page = page_of(installation, reader)
    assert "laatste die hier meldingen leest" in admin.get(page)
    assert "laatste rol waarmee" in change(admin, page, "blokkeren", 422, reden="Weg.")
    desk = installation.browser(make_user(installation, DESK))
    at_desk = page_of(installation, reader, at_desk="dordrecht")
    assert "leest nu niemand meer" in change(desk, at_desk, "blokkeren", reden="Weg.")


def test_who_takes_the_last_archivist_away_reads_what_stands_still(
    installation: Installation, admin: Any
) -> None:
    page = page_of(installation, make_user(installation, (DORDRECHT, Role.ARCHIVIST)))
    words = "Zonder archivaris bij deze gemeente keurt niemand bewaartermijnen"
    second = make_user(installation, (DORDRECHT, Role.ARCHIVIST))
    assert words not in admin.get(page)
    change(admin, page_of(installation, second), "weg-archivaris")
    assert words in admin.get(page)
    # It is a warning: it can be done all the same.
    assert words in change(admin, page, "weg-archivaris")


def test_a_role_of_a_group_is_the_group_s_to_take(installation: Installation, admin: Any) -> None:
    officer = make_user(installation, OFFICER)
    number = user_id(installation, officer)
    with installation.transaction() as session:
        session.get_one(RoleAssignment, (number, DORDRECHT, "oov")).by_group = True
    page = page_of(installation, officer)
    shown = admin.get(page)
    assert "uw eigen identiteitsbeheer" in shown
    assert "weg-oov" not in shown
    change(admin, page, "blokkeren", reden="Direct weg.")
    assert roles_of(installation, officer) == []


def test_the_last_admin_stays_unless_the_desk_takes_the_role_away(
    installation: Installation,
) -> None:
    connect(installation)
    first = make_user(installation, ADMIN, name="Ada Eerst")
    second = make_user(installation, ADMIN, (DORDRECHT, Role.OFFICER), name="Bea Blijft")
    make_user(installation, OFFICER)
    ada = installation.browser(first)
    with installation.transaction() as session:
        session.get_one(
            RoleAssignment, (user_id(installation, first), DORDRECHT, "beheer")
        ).until = in_days(4)
    page = page_of(installation, second)
    for choice, values in (
        ("weg-beheer", {}),
        ("einde-beheer", {"laatste_dag": in_days(2).isoformat()}),
        ("blokkeren", {"reden": "Zomaar."}),
    ):
        assert "laatste beheerder die blijft" in change(ada, page, choice, 422, **values), choice
    desk = installation.browser(make_user(installation, DESK))
    at_desk = page_of(installation, second, at_desk="dordrecht")
    assert "Laatste beheerder" in desk.get(at_desk)
    shown = change(desk, at_desk, "weg-beheer")
    assert "heeft nu geen beheerder meer, of straks niet meer" in shown
    assert [role.role for role in roles_of(installation, second)] == ["oov"]
    assert logged(installation) == ["gebruiker.rol_weg"]
    actions = sorted(logged(installation, NATIONAL))
    assert actions == ["gebruiker.rol_weg", "gemeente.zonder_beheerder"]


def test_the_desk_sees_which_municipalities_have_no_admin(installation: Installation) -> None:
    connect(installation)
    desk = installation.browser(make_user(installation, DESK))
    shown = desk.get("/landelijk/gebruikers")
    assert "Gemeenten zonder beheerder" in shown
    assert "Dordrecht" in shown
    assert "1 gemeente heeft geen beheerder" in desk.get("/landelijk")
    make_user(installation, ADMIN)
    assert "Gemeenten zonder beheerder" not in desk.get("/landelijk/gebruikers")
    assert "geen beheerder" not in desk.get("/landelijk")


def test_the_desk_blocks_a_whole_account_and_both_logs_tell(installation: Installation) -> None:
    connect(installation)
    officer = make_user(installation, OFFICER, (EINDHOVEN, Role.OFFICER))
    make_user(installation, OFFICER, ADMIN)
    desk = installation.browser(make_user(installation, DESK))
    stolen = installation.browser(officer)
    page = page_of(installation, officer, at_desk="dordrecht")
    assert "Schrijf op waarom" in change(desk, page, "account-blokkeren", 422)
    change(desk, page, "account-blokkeren", reden="Account is gestolen.")
    stolen.get(INBOX, status=303)
    for holder in (DORDRECHT, EINDHOVEN, NATIONAL):
        assert "gebruiker.geblokkeerd" in logged(installation, holder), holder
    assert "account geblokkeerd" in desk.get("/landelijk/gebruikers?gemeente=dordrecht")
    change(desk, page, "account-deblokkeren")
    installation.browser(officer).get(INBOX, status=200)
    assert "gebruiker.gedeblokkeerd" in logged(installation, EINDHOVEN)


def test_an_admin_has_no_hand_in_whole_accounts_nor_in_people_of_elsewhere(
    installation: Installation, admin: Any
) -> None:
    officer = make_user(installation, OFFICER)
    form = admin.get(page_of(installation, officer)).forms["formulier"]
    form["keuze"].force_value("account-blokkeren")
    form.submit("uitvoeren", status=422)
    admin.get(
        f"/landelijk/gebruiker?gemeente=dordrecht&wie={user_id(installation, officer)}", status=404
    )
    elsewhere = make_user(installation, (EINDHOVEN, Role.OFFICER))
    admin.get(page_of(installation, elsewhere), status=404)
    admin.get("/gemeenten/dordrecht/gebruiker?wie=niemand", status=404)
    admin.get("/gemeenten/dordrecht/gebruiker", status=404)


def test_nobody_of_the_desk_changes_their_own_access(installation: Installation) -> None:
    name = make_user(installation, DESK)
    make_user(installation, DESK, name="Colette Collega")
    desk = installation.browser(name)
    page = f"/landelijk/gebruiker?wie={user_id(installation, name)}"
    shown = desk.get(page)
    assert "Dit bent u" in shown
    assert 'name="keuze"' not in shown
    token = {"csrf_token": desk.cookies["csrf"]}
    for choice in ("account-blokkeren", "blokkeren", "weg-meldpunt"):
        desk.post(page, {**token, "keuze": choice, "reden": "x"}, status=422)
    assert "Colette Collega" in desk.get("/landelijk/gebruikers")


@pytest.mark.alles
def test_the_people_pages_cost_the_same_for_two_people_and_for_twenty(
    installation: Installation, admin: Any
) -> None:
    desk = installation.browser(make_user(installation, DESK))
    pages = {
        PAGE: admin,
        "/gemeenten/dordrecht/gebruikers-nakijken": admin,
        "/landelijk/gebruikers?gemeente=dordrecht": desk,
        "/landelijk/gebruikers-nakijken?gemeente=dordrecht": desk,
    }

    def costs() -> dict[str, int]:
        counted = {}
        for page, browser in pages.items():
            browser.get(page)
            with count_queries(installation) as queries:
                browser.get(page, status=200)
            counted[page] = queries.count
        return counted

    few = costs()
    for _ in range(18):
        make_user(installation, OFFICER, (EINDHOVEN, Role.OFFICER))
    assert costs() == few
    assert max(few.values()) <= 12


def test_offers_to_who_is_blocked_are_gone(installation: Installation, admin: Any) -> None:
    officer = make_user(installation, OFFICER)
    form = admin.get("/gemeenten/dordrecht/gebruiker-uitnodigen").forms["formulier"]
    form["naam"], form["adres"], form["rol"] = "Olga", officer, "dossierhouder"
    form.submit("uitnodigen", status=303)
    change(admin, page_of(installation, officer), "blokkeren", reden="Weg.")
    with installation.transaction() as session:
        assert session.scalars(select(RoleOffer)).all() == []


def with_app(installation: Installation, *roles: tuple[str, Role]) -> str:
    """Make somebody who set up an authenticator app."""
    username = make_user(installation, *roles, demo=False)
    installation.browser(username)
    return username


def test_a_lost_factor_is_reset_by_the_admin_and_told_to_the_person(
    installation: Installation, admin: Any
) -> None:
    officer = with_app(installation, OFFICER)
    stolen, page = installation.browser(officer), page_of(installation, officer)
    assert "app" in admin.get(PAGE)
    change(admin, page, "factor")
    stolen.get(INBOX, status=303)
    for holder in (DORDRECHT, NATIONAL):
        assert "factor.hersteld" in all_logged(installation, holder), holder
    assert "tweede stap" in last_mail(installation, DORDRECHT).lower()
    del installation.apps[officer]
    installation.browser(officer).get(INBOX, status=200)
    assert officer in installation.apps, "a new one was asked"


def all_logged(installation: Installation, holder: str) -> list[str]:
    installation.run_jobs()
    with installation.transaction(holder) as session:
        return list(session.scalars(select(AuditEvent.action)))


def test_the_desk_resets_the_factor_of_who_works_elsewhere_too_and_of_the_last_admin(
    installation: Installation,
) -> None:
    connect(installation)
    make_user(installation, OFFICER)
    last = with_app(installation, ADMIN)
    busy = with_app(installation, OFFICER, (EINDHOVEN, Role.OFFICER))
    passing = make_user(installation, ADMIN)
    with installation.transaction() as session:
        key = (user_id(installation, passing), DORDRECHT, "beheer")
        session.get_one(RoleAssignment, key).until = in_days(3)
    admin = installation.browser(passing)
    for username, why in ((last, "laatste beheerder"), (busy, "Vraag het daar")):
        page = page_of(installation, username)
        shown = admin.get(page)
        assert why in shown
        form = shown.forms["formulier"]
        form["keuze"].force_value("factor")
        form.submit("uitvoeren", status=422)
    desk = installation.browser(make_user(installation, DESK))
    for username in (last, busy):
        change(desk, page_of(installation, username, at_desk="dordrecht"), "factor")
    for holder in (DORDRECHT, NATIONAL):
        assert all_logged(installation, holder).count("factor.hersteld") == 2, holder


def test_rights_are_changed_after_showing_the_second_factor_lately_and_looked_at_without(
    installation: Installation,
) -> None:
    connect(installation)
    make_user(installation, OFFICER)
    admin = installation.browser(with_app(installation, ADMIN))
    page = page_of(installation, make_user(installation, OFFICER))
    with clock_at(utc_now() + timedelta(minutes=11)):
        form = admin.get(page, status=200).forms["formulier"]
        form["keuze"] = "afmelden"
        asked = form.submit("uitvoeren", status=303)
        assert "/account-bevestigen" in asked.location
        invite = admin.get("/gemeenten/dordrecht/gebruiker-uitnodigen").forms["formulier"]
        invite["naam"], invite["adres"], invite["rol"] = "Nina", "n@dordrecht.example", "beheer"
        assert "/account-bevestigen" in invite.submit("uitnodigen", status=303).location
    assert logged(installation) == []


def test_the_services_themselves_refuse_what_no_page_offers(installation: Installation) -> None:
    connect(installation)
    for _ in range(2):
        make_user(installation, ADMIN, OFFICER)
    own = user_id(installation, make_user(installation, ADMIN, OFFICER))
    grouped = user_id(installation, make_user(installation, OFFICER))
    busy = user_id(installation, make_user(installation, OFFICER, (EINDHOVEN, Role.OFFICER)))
    by = Steward(Actor("gebruiker", str(own), "Ada"), DORDRECHT, DORDRECHT)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(RoleAssignment, (grouped, DORDRECHT, "oov")).by_group = True
        session.flush()
        refused: dict[str, Callable[[], Any]] = {
            "take own": lambda: access.take_role(session, by, own, "oov"),
            "end own": lambda: access.set_end(session, by, own, "oov", in_days(3)),
            "block own": lambda: access.block(session, by, own, "x"),
            "sign out own": lambda: access.end_sessions(session, by, own),
            "reset own": lambda: access.reset_factor(session, by, own),
            "unblock nobody": lambda: access.unblock(session, by, grouped),
            "take of a group": lambda: access.take_role(session, by, grouped, "oov"),
            "end of a group": lambda: access.set_end(session, by, grouped, "oov", in_days(3)),
            "reset elsewhere": lambda: access.reset_factor(session, by, busy),
            "block account": lambda: access.block_account(session, by, busy, "x"),
            "unblock account": lambda: access.unblock_account(session, by, busy),
            "a role that isn't there": lambda: access.take_role(session, by, busy, "fg"),
            "nobody": lambda: access.block(session, by, uuid4(), "x"),
        }
        done = []
        for name, change_it in refused.items():
            with suppress(AccountError):
                change_it()
                done.append(name)
        assert done == []
        assert session.scalars(select(BlockedColleague)).all() == []
        written = select(AuditEvent).where(AuditEvent.action != "gebruiker.rol")
        assert session.scalars(written).all() == []
