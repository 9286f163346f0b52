"""Kennis: a town proposes what it did, the desk places it, all that take part read it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import local_date, midnight, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.dossiers.actions.services import add_measure
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.programme.knowledge.models import SharedPractice
from stopintimidatie.programme.knowledge.services import seen_in_words
from stopintimidatie.reports.campaigns.models import Campaign
from stopintimidatie.statistics.effect.queries import Comparison, Subject
from tests.support.factories import (
    CENTRE,
    DORDRECHT,
    EINDHOVEN,
    connect,
    make_dossier,
    make_report,
    make_user,
)
from tests.support.installation import Installation

pytestmark = pytest.mark.both_databases
TOWN = "/gemeenten/dordrecht/kennis"
DESK = "/landelijk/kennis"
ABOUT = "Wij zetten posters langs het water."


@pytest.fixture
def admin(installation: Installation) -> Any:
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        since = local_date(utc_now()) - timedelta(days=60)
        session.add(Campaign(holder=DORDRECHT, code="zomer", name="Zomer", since=since))
    return installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))


@pytest.fixture
def desk(installation: Installation) -> Any:
    return installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))


def reader(installation: Installation, holder: str = EINDHOVEN) -> Any:
    return installation.browser(make_user(installation, (holder, Role.OFFICER)))


def propose(admin: Any, status: int = 303, **values: str) -> Any:
    form = admin.get(TOWN).forms["formulier"]
    given = {"onderwerp": "campagne:zomer", "tekst": ABOUT, "functie": "Afdeling OOV"}
    for name, value in {**given, "email": "oov@dordrecht.example", **values}.items():
        form[name] = value
    return form.submit("voorstellen", status=status)


def decide(desk: Any, decision: str, reason: str = "", status: int = 303) -> Any:
    form = desk.get(desk.get(DESK).html.select_one("tbody th a")["href"]).forms["formulier"]
    form["besluit"], form["reden"] = decision, reason
    return form.submit("besluiten", status=status)


def add_reports(installation: Installation, number: int, days: int) -> None:
    """Add reports of incidents so many days after the campaign and the measure began."""
    with installation.transaction(DORDRECHT) as session:
        for _ in range(number):
            row = make_report(session, installation, neighbourhood=CENTRE)
            day = local_date(utc_now()) + timedelta(days=days - 60)
            row.incident_start = midnight(day) + timedelta(hours=12)


def add_a_measure(installation: Installation, **changes: Any) -> str:
    with installation.transaction(DORDRECHT) as session:
        about = {"kind": "extra_toezicht", "what": "Rondes.", "who": "handhaving"}
        since = local_date(utc_now()) - timedelta(days=60)
        dossier = make_dossier(session, **changes)
        return str(add_measure(session, dossier, {**about, "started_on": since}, SYSTEM).id)


def logged(installation: Installation, holder: str) -> list[str]:
    with installation.transaction(holder) as session:
        where = AuditEvent.holder == holder, AuditEvent.action.startswith("praktijk.")
        return sorted(session.scalars(select(AuditEvent.action).where(*where)))


def test_what_a_town_shares_is_read_by_others_once_the_desk_placed_it(
    installation: Installation, admin: Any, desk: Any
) -> None:
    connect(installation, EINDHOVEN)
    other = reader(installation)
    add_reports(installation, 12, -10)
    add_reports(installation, 28, 10)
    propose(admin)
    assert ABOUT not in other.get("/kennis")
    decide(desk, "geplaatst")
    page = other.get("/kennis").html.select_one("main").get_text(" ", strip=True)
    assert ABOUT in page
    assert "Campagne van Dordrecht, geplaatst op" in page
    assert "10 meldingen in de 60 dagen ervoor, 30 in evenveel dagen erna" in page
    assert "Erna 3,00 keer zoveel" in page
    assert "Door een campagne melden meer mensen" in page
    assert "Dit laat nooit een oorzaak zien." in page
    assert "oov@dordrecht.example" in page
    assert logged(installation, DORDRECHT) == ["praktijk.voorgesteld"]
    assert logged(installation, NATIONAL) == ["praktijk.geplaatst"]


def test_what_was_seen_stays_as_it_was_when_it_was_proposed(
    installation: Installation, admin: Any, desk: Any
) -> None:
    propose(admin)
    add_reports(installation, 30, 10)
    decide(desk, "geplaatst")
    assert "minder dan 5 meldingen in de 60 dagen ervoor" in desk.get("/kennis")


def test_the_desk_sends_back_with_a_reason_and_the_town_proposes_anew(
    installation: Installation, admin: Any, desk: Any
) -> None:
    propose(admin)
    assert "Schrijf wat anders moet." in decide(desk, "teruggestuurd", status=422)
    decide(desk, "teruggestuurd", "Laat de straat weg.")
    assert "Laat de straat weg." in admin.get(TOWN)
    assert "Niets om na te kijken" in desk.get(DESK)
    propose(admin)
    decide(desk, "geplaatst")
    # And what was placed can go as well.
    decide(desk, "teruggestuurd", "Klopt niet meer.")
    assert "Nog niets gedeeld" in desk.get("/kennis")


def test_a_town_withdraws_what_it_shared_and_nobody_reads_it_any_more(
    installation: Installation, admin: Any, desk: Any
) -> None:
    propose(admin)
    decide(desk, "geplaatst")
    link = desk.get(DESK).html.select_one("tbody th a")["href"]
    page = admin.get(TOWN)
    button = page.html.select_one("form.si-post")
    sent = {field["name"]: field["value"] for field in button.select("[type=hidden]")}
    admin.post(f"{TOWN}-intrekken", sent, status=303)
    assert "ingetrokken" in admin.get(TOWN)
    assert "Nog niets gedeeld" in desk.get("/kennis")
    desk.get(link, status=404)
    admin.post(f"{TOWN}-intrekken", sent, status=404)
    assert "praktijk.ingetrokken" in logged(installation, DORDRECHT)


def test_a_town_does_not_withdraw_what_another_shared(
    installation: Installation, admin: Any
) -> None:
    propose(admin)
    connect(installation, EINDHOVEN)
    other = installation.browser(make_user(installation, (EINDHOVEN, Role.ADMIN)))
    with installation.transaction() as session:
        number = session.scalars(select(SharedPractice.id)).one()
    there = "/gemeenten/eindhoven/kennis"
    token = other.get("/account").html.select_one("[name=csrf_token]")["value"]
    sent = {"csrf_token": token, "nummer": str(number)}
    other.post(f"{there}-intrekken", sent, status=404)
    assert ABOUT not in other.get(there)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("tekst", "Bel 06-12345678.", "Noem geen mensen"),
        ("functie", "jan@prive.example", "Noem geen mensen"),
        ("email", "jan.jansen@dordrecht.example", "algemeen adres"),
        ("email", "oov", "e-mailadres"),
    ],
)
def test_what_points_to_a_person_is_refused_and_nothing_is_lost(
    admin: Any, field: str, value: str, words: str
) -> None:
    answer = propose(admin, 422, **{field: value})
    assert words in answer.html.select_one("main").get_text(" ", strip=True)
    form = answer.forms["formulier"]
    assert form[field].value == value
    assert form["onderwerp"].value == "campagne:zomer"


def test_the_same_is_not_proposed_twice_nor_what_has_only_begun(
    installation: Installation, admin: Any
) -> None:
    propose(admin)
    assert "Dit hebt u al voorgesteld" in propose(admin, 422)
    with installation.transaction(DORDRECHT) as session:
        since = local_date(utc_now()) - timedelta(days=3)
        session.add(Campaign(holder=DORDRECHT, code="nieuw", name="Nieuw", since=since))
    assert "te kort geleden" in propose(admin, 422, onderwerp="campagne:nieuw")


def test_a_measure_is_told_without_its_wijk_and_never_of_a_dossier_about_a_person(
    installation: Installation, admin: Any, desk: Any
) -> None:
    number = add_a_measure(installation)
    add_a_measure(installation, kind="persoonsgericht")
    values = [row["value"] for row in admin.get(TOWN).html.select("[name=onderwerp] option")]
    assert [value for value in values if value] == ["campagne:zomer", f"maatregel:{number}"]
    propose(admin, onderwerp=f"maatregel:{number}")
    decide(desk, "geplaatst")
    page = desk.get("/kennis").html.select_one("main").get_text(" ", strip=True)
    assert "Extra toezicht, vanaf" in page
    assert "In de wijk: minder dan 5 meldingen" in page
    assert "In de rest van de gemeente: minder dan 5" in page
    assert "Binnenstad" not in page


def test_who_takes_no_part_reads_nothing_and_shares_nothing(installation: Installation) -> None:
    connect(installation, level=ParticipationLevel.FORWARDING)
    reader(installation, DORDRECHT).get("/kennis", status=404)
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    assert "Nog niet aangesloten" in admin.get(TOWN)
    assert "formulier" not in admin.get(TOWN).forms
    assert "/aanmelden" in installation.visitor().get("/kennis", status=303).location


def test_who_compares_before_and_after_finds_what_others_saw(
    installation: Installation, admin: Any
) -> None:
    page = reader(installation, DORDRECHT).get("/gemeenten/dordrecht/effect")
    assert page.html.select_one('main a[href="/kennis"]')


def test_without_anything_to_share_the_page_says_what_to_do_first(
    installation: Installation,
) -> None:
    connect(installation)
    admin = installation.browser(make_user(installation, (DORDRECHT, Role.ADMIN)))
    assert "Nog niets om te delen" in admin.get(TOWN)
    assert "Nog niets gedeeld" in admin.get("/kennis")
    assert TOWN in admin.get("/gemeenten/dordrecht/beheer")


@pytest.mark.sqlite
@given(st.integers(0, 400), st.integers(0, 400), st.integers(-2, 2), st.integers(-2, 2))
def test_the_words_tell_no_more_than_the_numbers_in_fives(
    before: int, after: int, up: int, down: int
) -> None:
    """Numbers that are the same in fives are told in the same words."""
    near = [5 * round(number / 5) for number in (before, after)]
    shifts = zip(near, (up, down), strict=True)
    others = [number + by if number >= 10 else number for number, by in shifts]
    day = local_date(utc_now())

    def words(*pair: int) -> list[str]:
        compared = Comparison(day, 60, [(pair[0], pair[1])], [], [], False)
        return seen_in_words(Subject("Zomer", day, None), compared)

    assert words(*near) == words(*others)
