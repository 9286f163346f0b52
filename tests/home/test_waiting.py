"""The list of what waits for a second person, and of what somebody proposed; its daily mail."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import SYSTEM, AuditEvent, AuditSubject
from stopintimidatie.core.clock import AMSTERDAM, clock_at, local_date, utc_now, working_days_after
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.second import SECONDS
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.home.models import SecondNotice
from stopintimidatie.home.services import AGAIN, MAIL
from stopintimidatie.municipalities.people.absence import announce_absence
from stopintimidatie.municipalities.people.services import actor_of
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.services import approve_terms, propose_terms
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user, user_id
from tests.support.hands import take
from tests.support.installation import Installation
from tests.support.mornings import TUESDAY, Morning
from tests.support.queries import count_queries
from tests.support.retaining import proposed_schedule
from tests.support.seconds import Work, ask_for_advice, propose_role

HERE = "/gemeenten/dordrecht"
LEADS = Role.DOSSIER_OWNER
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def somebody(installation: Installation, role: Role = Role.ARCHIVIST, name: str = "x") -> str:
    return make_user(installation, (DORDRECHT, role), name=name)


def propose(installation: Installation, username: str | None = None) -> UUID:
    """Terms that somebody proposed; their id."""
    with installation.transaction(DORDRECHT) as session:
        actor = SYSTEM
        if username is not None:
            actor = actor_of(session, str(user_id(installation, username)))
        terms = proposed_schedule(installation)
        now = datetime.combine(TUESDAY, datetime.min.time(), AMSTERDAM)
        return propose_terms(session, DORDRECHT, terms, now, None, actor).id


def answer(installation: Installation, number: UUID, username: str) -> None:
    with installation.transaction(DORDRECHT) as session:
        actor = actor_of(session, str(user_id(installation, username)))
        approve_terms(session, session.get_one(RetentionSchedule, number), actor)


# The list


def test_what_waits_stands_once_in_list_menu_bell_and_on_the_start_page(
    installation: Installation,
) -> None:
    admin = somebody(installation, Role.ADMIN, "Bea Beheer")
    propose(installation, admin)
    browser = installation.browser(somebody(installation))
    page = browser.get(f"{HERE}/wacht")
    row = page.html.select_one("main table tbody tr")
    answered_at = f"{HERE}/bewaartermijnen/beslissen?nr=1"
    assert row.select_one("a")["href"] == answered_at
    assert "Bewaartermijnen goedkeuren" in row.text
    assert "Bea Beheer" in row.text
    bar = page.html.select_one("header")
    for part in (".si-nav__list", ".si-menu", ".si-bell .si-drop__panel"):
        item = bar.select_one(f"{part} a[href$='/wacht']")
        assert " ".join(item.text.split()) == "Wacht op u , 1 wacht", part
    assert bar.select_one(".si-bell summary .si-count").text == "1"
    tasks = [link["href"] for link in browser.get(HERE).html.select(".si-task__action")]
    assert answered_at in tasks
    assert browser.get("/wacht", status=303).location.endswith(f"{HERE}/wacht")


def test_with_the_same_roles_each_menu_counts_for_its_own_person_and_its_own_day(
    installation: Installation,
) -> None:
    """The statement is made once for all who have these roles."""
    roles = [(DORDRECHT, role) for role in (Role.ARCHIVIST, Role.PRIVACY_OFFICER)]
    first, second = make_user(installation, *roles), make_user(installation, *roles)
    propose(installation, first)
    with installation.transaction(DORDRECHT) as session:
        tomorrow, report = local_date(utc_now()) + DAY, make_report(session, installation)
        place_hold(session, report, HoldReason.COMPLAINT, tomorrow, SYSTEM)
    assert [counted(installation, who) for who in (first, second)] == [{}, {"wacht": "1"}]
    with clock_at(utc_now() + DAY):
        holds = {"bevriezingen": "1"}
        found = [counted(installation, who) for who in (second, first)]
    assert found == [{"wacht": "1"} | holds, holds]


def counted(installation: Installation, username: str) -> dict[str, str]:
    """The numbers in somebody's menu, by list."""
    bar = installation.browser(username).get("/account").html.select_one(".si-nav__list")
    return {
        number.find_parent("a")["href"].rpartition("/")[2]: number.text.split()[1]
        for number in bar.select(".si-count")
    }


def test_only_who_may_answer_reads_that_it_waits(installation: Installation) -> None:
    admin = somebody(installation, Role.ADMIN)
    propose(installation, admin)
    for role in set(Role) - {Role.ARCHIVIST, Role.NATIONAL_DESK}:
        page = installation.browser(somebody(installation, role)).get(f"{HERE}/wacht")
        assert "Er wacht niets op u" in page, role
        assert "Wacht op een ander" not in page, role
    elsewhere = installation.browser(make_user(installation, (EINDHOVEN, Role.ARCHIVIST)))
    elsewhere.get(f"{HERE}/wacht", status=404)


def test_who_proposed_it_reads_who_may_answer_and_not_their_own_second_account(
    installation: Installation,
) -> None:
    first, second, away, other = (
        somebody(installation, name=name) for name in ("Eén", "Twee", "Weg", "Anders")
    )
    mine = str(user_id(installation, first))
    take(installation, mine, str(user_id(installation, second)), Role.ARCHIVIST)
    with installation.transaction(DORDRECHT) as session:
        people = user_id(installation, away), user_id(installation, other)
        today = local_date(utc_now())
        announce_absence(session, DORDRECHT, *people, today, today, SYSTEM)
    propose(installation, first)
    browser = installation.browser(first)
    page = browser.get(f"{HERE}/wacht")
    assert "Er wacht niets op u" in page
    card = page.html.select_one(".si-card")
    assert [fact.text for fact in card.select("dd")][-1].strip() == "Anders"
    browser.get(card.select_one("a")["href"]).mustcontain("Voorstel intrekken")
    assert not page.html.select("header .si-count")


def test_the_list_asks_as_many_queries_however_much_waits(installation: Installation) -> None:
    first = somebody(installation)
    browser = installation.browser(first)
    costs = []
    for _ in range(2):
        propose(installation)
        propose(installation, first)
        browser.get(f"{HERE}/wacht")
        with count_queries(installation) as counted:
            browser.get(f"{HERE}/wacht", status=200)
        costs.append(counted.count)
    assert costs[0] == costs[1] <= 12


def test_advice_waits_once_at_who_gives_it_and_at_who_leads_the_dossier(
    installation: Installation,
) -> None:
    officer, owner = somebody(installation, Role.PRIVACY_OFFICER), somebody(installation, LEADS)
    leader = user_id(installation, owner)
    with installation.transaction(DORDRECHT) as session:
        dossier = ask_for_advice(Work(installation, session, str(leader)))
        dossier.owner_id = leader
    page = installation.browser(officer).get(f"{HERE}/wacht")
    assert page.html.select_one(".si-bell summary .si-count").text == "1"
    assert len(page.html.select("main table tbody tr")) == 1
    browser = installation.browser(owner)
    card = browser.get(f"{HERE}/wacht").html.select_one(".si-card")
    browser.get(card.select_one("a")["href"], status=200)
    with installation.transaction() as session:
        row = session.scalars(select(RoleAssignment).filter_by(user_id=leader)).one()
        row.role = Role.OFFICER.value
    assert not installation.browser(owner).get(f"{HERE}/wacht").html.select(".si-card")


def test_what_waits_at_another_holder_is_not_asked_again_here(installation: Installation) -> None:
    desk, other = (make_user(installation, (NATIONAL, Role.NATIONAL_DESK)) for _ in range(2))
    somebody(installation, Role.OFFICER)
    with installation.transaction(NATIONAL) as session:
        work = Work(installation, session, str(user_id(installation, desk)))
        number = propose_role(work, DORDRECHT, NATIONAL).id
    assert "Er wacht niets op u" in installation.browser(other).get("/landelijk/wacht")
    browser = installation.browser(desk)
    card = browser.get("/landelijk/wacht").html.select_one("main .si-card")
    assert "niemand hier" in card.text
    assert not card.select("button")
    browser.get(card.select_one("a")["href"], status=200)
    sent = {"nr": str(number), "csrf_token": browser.cookies["csrf"]}
    assert "Hier kan nu niemand" in browser.post("/landelijk/wacht-herinneren", sent, status=409)


def test_the_others_are_asked_again_once_a_day_and_that_is_in_the_log(
    installation: Installation,
) -> None:
    first, other = somebody(installation), somebody(installation)
    number = propose(installation, first)
    browser = installation.browser(first)
    form = browser.get(f"{HERE}/wacht").html.select_one(".si-card form")
    fields = {field["name"]: field["value"] for field in form.select("input")}
    assert browser.post(form["action"], fields, status=303).location.endswith("/wacht")
    browser.post(form["action"], fields, status=409).mustcontain(AGAIN)
    stranger = installation.browser(other)
    token = stranger.get(f"{HERE}/wacht").html.select_one("[name=csrf_token]")["value"]
    stranger.post(form["action"], {**fields, "csrf_token": token}, status=409)
    with installation.transaction(DORDRECHT) as session:
        event = AuditEvent.actor_id, AuditEvent.fields, AuditSubject.subject_id
        mine = select(*event).join(AuditEvent.subjects)
        lines = session.execute(mine.where(AuditEvent.action == "voorstel.herinnerd")).all()
    assert lines == [(str(user_id(installation, first)), ["bewaartermijnen"], number)]


def test_every_kind_leads_to_a_page_below_its_holder(installation: Installation) -> None:
    for kind in SECONDS.of(installation.registry).values():
        assert kind.label[0].isupper(), kind.name


# The mail of the day


@pytest.fixture
def morning(installation: Installation, tmp_path: Path) -> Morning:
    return Morning(installation, tmp_path)


def notices(installation: Installation, holder: str = DORDRECHT) -> int | None:
    with installation.transaction(holder) as session:
        return session.scalar(select(func.count(SecondNotice.id)))


def test_who_may_answer_is_mailed_once_with_a_number_and_no_word_of_what(
    installation: Installation, morning: Morning
) -> None:
    admin = somebody(installation, Role.ADMIN, "Bea Beheer")
    first, second = (somebody(installation, name=name) for name in ("Ans Archief", "Bram Archief"))
    number = propose(installation, admin)
    mails = morning.mails()
    assert sorted(mail.recipients[0] for mail in mails) == sorted([first, second])
    for mail in mails:
        assert mail.encrypted
        assert mail.message["Subject"] == MAIL.subject == "Er wacht iets op u"
        words = mail.message.get_content()
        assert "wacht 1 voorstel op uw antwoord" in words
        assert "http://localhost:6543/wacht" in words.split()
        for telling in ("Bea", "Archief", "ermijnen", "Dordrecht", str(number)):
            assert telling not in words
    assert morning.to() == []
    assert morning.to(TUESDAY + DAY) == []
    assert notices(installation) == 2
    answer(installation, number, first)
    propose(installation, admin)
    assert morning.to(TUESDAY + 2 * DAY) == sorted([first, second])
    assert notices(installation) == 2


def test_nobody_is_mailed_on_a_day_off(installation: Installation, morning: Morning) -> None:
    archivist = somebody(installation)
    propose(installation)
    saturday = date(2031, 3, 8)
    easter = date(2031, 4, 14)
    assert morning.to(saturday) == morning.to(easter) == []
    assert morning.to(working_days_after(easter, 1)) == [archivist]


def test_who_is_reminded_of_is_mailed_once_more(
    installation: Installation, morning: Morning
) -> None:
    admin, archivist = somebody(installation, Role.ADMIN), somebody(installation)
    number = propose(installation, admin)
    assert morning.to() == [archivist]
    browser = installation.browser(admin)
    page = browser.get(f"{HERE}/wacht").html.select_one(".si-card form")
    fields = {field["name"]: field["value"] for field in page.select("input")}
    assert fields["nr"] == str(number)
    browser.post(page["action"], fields, status=303)
    assert morning.to(TUESDAY + DAY) == [archivist]
    assert morning.to(TUESDAY + 2 * DAY) == []


def test_of_who_is_away_the_substitute_is_mailed(
    installation: Installation, morning: Morning
) -> None:
    away, substitute = somebody(installation), somebody(installation)
    propose(installation)
    people = user_id(installation, away), user_id(installation, substitute)
    with (
        installation.transaction(DORDRECHT) as session,
        clock_at(datetime.combine(TUESDAY, datetime.min.time(), AMSTERDAM)),
    ):
        announce_absence(session, DORDRECHT, *people, TUESDAY, TUESDAY, SYSTEM)
    assert morning.to() == [substitute]
    assert morning.to(TUESDAY + DAY) == [away]


def test_who_serves_two_towns_gets_one_mail_with_the_number_of_both(
    installation: Installation, morning: Morning
) -> None:
    connect(installation, EINDHOVEN)
    both = make_user(installation, (DORDRECHT, Role.ARCHIVIST), (EINDHOVEN, Role.ARCHIVIST))
    propose(installation)
    with installation.transaction(EINDHOVEN) as session:
        now = datetime.combine(TUESDAY, datetime.min.time(), AMSTERDAM)
        propose_terms(session, EINDHOVEN, proposed_schedule(installation), now, None, SYSTEM)
    (mail,) = morning.mails()
    assert mail.recipients == [both]
    assert "wachten 2 voorstellen op uw antwoord" in mail.message.get_content()
    assert (notices(installation), notices(installation, EINDHOVEN)) == (1, 1)


def test_who_had_a_part_in_it_is_not_mailed_of_it(
    installation: Installation, morning: Morning
) -> None:
    first = somebody(installation)
    second = somebody(installation)
    take(
        installation,
        str(user_id(installation, first)),
        str(user_id(installation, second)),
        Role.ARCHIVIST,
    )
    propose(installation, first)
    assert morning.to() == []


def test_after_a_crash_the_same_morning_nobody_is_mailed_twice(
    installation: Installation, morning: Morning
) -> None:
    archivist = somebody(installation)
    propose(installation)
    assert morning.to() == [archivist]
    # As if it had been killed before it was remembered.
    with installation.transaction(DORDRECHT) as session:
        for notice in session.scalars(select(SecondNotice)):
            session.delete(notice)
    assert morning.to() == []
    with installation.transaction(NATIONAL) as session:
        assert len(session.scalars(select(MailMessage)).all()) == 1
