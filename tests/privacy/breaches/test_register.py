"""The register of breaches: reported by anybody, taken further by the privacy officer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import AMSTERDAM, clock_at, utc_now
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.privacy.breaches.models import Breach, BreachMove, BreachNotice
from tests.support.breaching import (
    PLACE,
    REGISTER,
    breach_of,
    fill,
    fill_facts,
    notify,
    on_wall,
    page_of,
    press,
    report,
)
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_user
from tests.support.installation import Installation

FRIDAY = datetime(2026, 11, 27, 18, 30, tzinfo=AMSTERDAM)


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation)
    return installation


@pytest.fixture
def name(town: Installation) -> str:
    """The privacy officer."""
    return make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER), name="Pri Vacy")


@pytest.fixture
def officer(town: Installation, name: str) -> TestApp:
    """The privacy officer, in a browser."""
    return town.browser(name)


def actions(town: Installation) -> list[str]:
    with town.transaction(DORDRECHT) as session:
        wanted = select(AuditEvent.action).where(AuditEvent.subject_kind == "datalek")
        return list(session.scalars(wanted.order_by(AuditEvent.at, AuditEvent.id)))


def test_an_officer_reports_and_the_privacy_officer_is_mailed_without_content(
    town: Installation, officer: TestApp
) -> None:
    colleague = town.browser(make_user(town, (DORDRECHT, Role.OFFICER), name="An Vrager"))
    page = report(colleague).follow()
    breach = breach_of(town)
    page.mustcontain("Dank u wel", breach.reference, "De privacyfunctionaris neemt het over")
    colleague.get(REGISTER, status=404)
    colleague.get(f"{REGISTER}/{breach.reference}", status=404)
    town.run_jobs()
    with town.transaction(DORDRECHT) as session:
        (mail,) = session.scalars(select(MailMessage))
    assert mail.template == "datalek_gemeld"
    assert "/datalekken" in (mail.kept or "")
    assert not [word for word in ("trein", breach.reference, "Vrager") if word in (mail.kept or "")]
    officer.get(REGISTER).mustcontain(breach.reference, "nog 2 dagen", "wordt onderzocht")
    shown = officer.get(f"{REGISTER}/{breach.reference}")
    shown.mustcontain("bleef in de trein", "An Vrager", "Bij de AP uiterlijk")
    assert "datalek.gemeld" in actions(town)
    menu = officer.get(PLACE).html.find("a", href=REGISTER)
    assert menu is not None
    assert "1" in menu.text
    officer.get(PLACE).mustcontain(f"Datalek {breach.reference}: melden bij de AP?", "nog 2 dagen")
    assert "melden bij de AP?" not in colleague.get(PLACE)


def test_the_log_names_a_breach_and_is_asked_for_it(town: Installation, officer: TestApp) -> None:
    report(officer)
    reference = breach_of(town).reference
    page = officer.get(f"/gemeenten/dordrecht/logboek?stuk={reference}&wat=datalek.gemeld")
    assert page.click(reference, index=0).request.path == f"{REGISTER}/{reference}"


def test_a_second_click_makes_no_second_breach(town: Installation, officer: TestApp) -> None:
    form = report(officer, send=False)
    form.submit("melden", status=303)
    form.submit("melden", status=303).follow().mustcontain("al gemeld")
    report(officer, wat="Iets heel anders.")
    with town.transaction(DORDRECHT) as session:
        assert len(session.scalars(select(Breach)).all()) == 2


@pytest.mark.judged_once
def test_two_clicks_at_the_same_moment_make_one_breach(
    town: Installation, officer: TestApp
) -> None:
    fields = dict(report(officer, send=False).submit_fields("melden"))
    again = town.visitor()
    for name, value in officer.cookies.items():
        again.set_cookie(name, value)
    together = Barrier(2)

    def send(browser: TestApp) -> int:
        together.wait(10)
        return int(browser.post(f"{PLACE}/datalek-melden", fields).status_int)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(send, (officer, again))) == [303, 303]
    assert breach_of(town).state == "wordt_onderzocht"


def test_a_slip_of_the_year_is_asked_about_until_the_description_names_it(
    town: Installation, officer: TestApp
) -> None:
    report(officer, bekend="1999-01-01T10:00", status=422).mustcontain("Klopt dit jaar?")
    report(officer)
    breach = breach_of(town)
    refused = fill(officer, breach, bekend="1999-01-01T10:00", status=422)
    refused.mustcontain("Klopt dit jaar?", "Noem het jaar")
    later = on_wall(utc_now() + timedelta(hours=2))
    fill(officer, breach, bekend=later, status=422).mustcontain("toekomst")
    fill(officer, breach, bekend="1999-01-01T10:00", wat="Sinds 1999 bekend, nu pas gemeld.")
    assert breach_of(town).aware_at.year == 1999
    # A moment that is saved isn't asked about again.
    fill(officer, breach, wat="Al heel lang bekend.")


def test_the_start_page_has_the_latest_breach_first(town: Installation, officer: TestApp) -> None:
    for hours in (10, 200, 90):
        known = on_wall(utc_now() - timedelta(hours=hours))
        report(officer, wat=f"Het is {hours} uur weg.", bekend=known)
    with town.transaction(DORDRECHT) as session:
        rows = session.scalars(select(Breach.reference).order_by(Breach.due_at)).all()
    officer.get(REGISTER).mustcontain(*rows)
    text = officer.get(PLACE).text
    assert sorted(rows, key=text.index) == rows


@pytest.mark.alles
def test_it_can_be_known_earlier_but_not_in_the_future(
    town: Installation, officer: TestApp
) -> None:
    later = on_wall(utc_now() + timedelta(hours=2))
    assert "toekomst" in report(officer, bekend=later, status=422)
    assert "Vul" in report(officer, wat="", status=422)
    report(officer, wat="x" * 4_001, status=422)
    report(officer, wat="x" * 4_000, bekend=on_wall(utc_now() - timedelta(hours=80)))
    assert breach_of(town).due_at < utc_now()
    officer.get(REGISTER).mustcontain("8 uur te laat", "De 72 uur zijn voorbij")


def test_it_goes_from_entry_by_the_ap_in_phases_to_closed(town: Installation, name: str) -> None:
    with clock_at(FRIDAY):
        report(town.browser(name))
    breach = breach_of(town)
    with clock_at(FRIDAY + timedelta(hours=20)):
        officer = town.browser(name)
        to_ap = officer.get(page_of(breach)).click("Naar de AP")
        to_ap.mustcontain("Eerste melding", "nog niet bekend", "Gemeente Dordrecht", "in de trein")
        notify(officer, breach, nummer="AP-2026-11").follow().mustcontain("gemeld bij de AP")
        # Not before it was known.
        early = on_wall(FRIDAY - timedelta(hours=1))
        answer = notify(officer, breach, soort="aanvulling", op=early, status=422)
        assert "bekend werd" in answer
        assert "risico" in press(officer, breach, "afsluiten")
    with clock_at(FRIDAY + timedelta(hours=90)):
        officer = town.browser(name)
        fill(officer, breach, risico="risico", reden="Er staan verhalen in.")
        # The second notification says what is new.
        to_ap = officer.get(f"{page_of(breach)}/ap")
        to_ap.mustcontain("Aanvulling op een eerdere melding", "AP-2026-11")
        to_ap.mustcontain("Nieuw sinds de vorige melding: risico voor mensen, waarom dit risico.")
    with clock_at(FRIDAY + timedelta(hours=91)):
        officer = town.browser(name)
        notify(officer, breach, soort="aanvulling", nummer="AP-2026-12")
        assert "Nieuw sinds" not in officer.get(f"{page_of(breach)}/ap")
        assert "Vul eerst in" in press(officer, breach, "afsluiten")
        fill_facts(officer, breach)
        notify(officer, breach, soort="laatste")
        press(officer, breach, "afsluiten").mustcontain("afgesloten", "op tijd")
        assert "formulier" not in officer.get(page_of(breach)).forms
        # The AP has been told: opened again, no clock begins.
        reopened = press(officer, breach, "heropenen")
        reopened.mustcontain("gemeld bij de AP", no=["Besluit over de AP"])
        press(officer, breach, "afsluiten")
    with town.transaction(DORDRECHT) as session:
        wanted = select(BreachNotice.kind, BreachNotice.number)
        assert {tuple(row) for row in session.execute(wanted)} == {
            ("eerste", "AP-2026-11"),
            ("aanvulling", "AP-2026-12"),
            ("laatste", None),
        }
        moves = session.scalars(select(BreachMove.name)).all()
    assert set(moves) == {"ingevoerd", "ap", "feiten", "afsluiten", "heropenen"}
    assert actions(town).count("datalek.stap") == 6


def test_later_than_72_hours_needs_a_reason(town: Installation, name: str) -> None:
    with clock_at(FRIDAY):
        report(town.browser(name))
    breach = breach_of(town)
    # On Monday evening, at the minute itself, it is in time; a minute later it isn't.
    with clock_at(FRIDAY + timedelta(hours=72, minutes=1)):
        officer = town.browser(name)
        officer.get(page_of(breach)).mustcontain("1 minuut te laat")
        refused = notify(officer, breach, status=422)
        assert "Schrijf op waarom" in refused
        notify(officer, breach, te_laat="De tas leek eerst leeg.").follow().mustcontain(
            "later dan 72 uur", "De tas leek eerst leeg."
        )


def test_only_without_risk_the_ap_may_stay_unnotified(town: Installation, officer: TestApp) -> None:
    report(officer)
    breach = breach_of(town)
    assert "Schrijf dit erbij" in fill(officer, breach, risico="hoog", status=422)
    fill_facts(officer, breach, risico="hoog", reden="Namen van kinderen.")
    officer.get(page_of(breach)).mustcontain("Besluit over de AP: nog 2 dagen")
    assert "Meld dit eerst bij de AP" in press(officer, breach, "afsluiten")
    fill(officer, breach, risico="geen", reden="Niemand kan het lezen.")
    shown = press(officer, breach, "afsluiten")
    shown.mustcontain("Niemand kan het lezen.", "afgesloten", "niet gemeld bij de AP")
    # The breach turns out to be harmful: the clock counts again from the first moment.
    press(officer, breach, "heropenen")
    fill(officer, breach, risico="risico", reden="Toch gelezen.").follow().mustcontain("Besluit")


def test_a_notification_is_taken_back_when_there_is_no_risk(
    town: Installation, officer: TestApp
) -> None:
    report(officer)
    breach = breach_of(town)
    notify(officer, breach)
    assert "geen risico" in notify(officer, breach, soort="ingetrokken", status=422)
    fill_facts(officer, breach, risico="geen", reden="De tas was leeg.")
    page = notify(officer, breach, soort="ingetrokken").follow()
    page.mustcontain("melding bij de AP ingetrokken", no=["Besluit over de AP"])


@pytest.mark.alles
def test_the_moment_it_was_known_is_corrected_and_the_history_keeps_the_old_one(
    town: Installation, officer: TestApp
) -> None:
    with clock_at(FRIDAY):
        report(officer)
        breach = breach_of(town)
        form = officer.get(page_of(breach)).forms["formulier"]
        form["bekend"] = on_wall(FRIDAY - timedelta(hours=10))
        form.submit("opslaan", status=303).follow().mustcontain("Bekend sinds was")
        assert breach_of(town).due_at == FRIDAY + timedelta(hours=62)
        # Sent again it is outdated.
        form["bekend"] = on_wall(FRIDAY + timedelta(hours=1))
        form.submit("opslaan", status=422)
        form["bekend"] = on_wall(FRIDAY - timedelta(hours=1))
        assert "niet opgeslagen" in form.submit("opslaan", status=409)


@pytest.mark.parametrize(
    "state", [pytest.param("wordt_onderzocht", marks=pytest.mark.alles), "beoordeeld"]
)
def test_a_breach_of_1_0_0_goes_on_where_it_was(
    town: Installation, officer: TestApp, state: str
) -> None:
    report(officer)
    with town.transaction(DORDRECHT) as session:
        breach = session.scalars(select(Breach)).one()
        breach.state = state
        if state == "beoordeeld":
            breach.risk, breach.risk_reason = "geen", "Versleuteld."
        reason = "De balie wist het eerder."
        for line in ("tijdstip", "beoordelen", "niet_melden", "ap_compleet"):
            move = BreachMove(holder=DORDRECHT, breach_id=breach.id, name=line, reason=reason)
            move.actor_kind, move.actor_name, move.to_state = "gebruiker", "Pri Vacy", state
            session.add(move)
    # Without a decision about the AP the clock counts; the old lines stay readable.
    shown = officer.get(page_of(breach))
    shown.mustcontain("Besluit over de AP", "Risico beoordeeld", "Laatste aanvulling", reason)
    fill_facts(officer, breach, risico="geen", reden="Versleuteld.")
    press(officer, breach, "afsluiten").mustcontain("afgesloten", "niet gemeld bij de AP")


def test_officers_are_reminded_a_day_before_and_at_the_end_until_somebody_decides(
    town: Installation, name: str
) -> None:
    def mailed() -> set[str]:
        town.run_jobs()
        with town.transaction(DORDRECHT) as session:
            return set(session.scalars(select(MailMessage.template)))

    with clock_at(FRIDAY):
        report(town.browser(name))
        assert mailed() == {"datalek_gemeld"}
    with clock_at(FRIDAY + timedelta(hours=47)):
        assert mailed() == {"datalek_gemeld"}
    with clock_at(FRIDAY + timedelta(hours=48, minutes=1)):
        assert mailed() == {"datalek_gemeld", "datalek_bijna"}
        notify(town.browser(name), breach_of(town))
    with clock_at(FRIDAY + timedelta(hours=73)):
        assert mailed() == {"datalek_gemeld", "datalek_bijna"}


def test_another_town_sees_nothing_and_the_fg_only_reads(
    town: Installation, officer: TestApp
) -> None:
    report(officer)
    breach = breach_of(town)
    other = town.browser(make_user(town, (EINDHOVEN, Role.PRIVACY_OFFICER), name="El Ders"))
    for path in (REGISTER, f"{REGISTER}/{breach.reference}", f"{PLACE}/datalek-melden"):
        other.get(path, status=404)
    fg = town.browser(make_user(town, (DORDRECHT, Role.DATA_PROTECTION_OFFICER), name="Fien G"))
    shown = fg.get(page_of(breach))
    shown.mustcontain("bleef in de trein", no=["formulier", "Afsluiten"])
    assert "formulier" not in fg.get(f"{page_of(breach)}/ap").forms


@pytest.mark.alles
def test_the_desk_has_a_register_of_its_own(town: Installation) -> None:
    desk = town.browser(make_user(town, (NATIONAL, Role.NATIONAL_DESK), name="Mel Punt"))
    report(desk, place="/landelijk").follow().mustcontain("Dank u wel")
    reader = town.browser(make_user(town, (NATIONAL, Role.PRIVACY_OFFICER), name="Lan Delijk"))
    breach = breach_of(town, NATIONAL)
    reader.get("/landelijk/datalekken").mustcontain(breach.reference)
    reader.get(f"/landelijk/datalekken/{breach.reference}").mustcontain("trein", "Mel Punt")


def test_the_privacy_officer_of_the_desk_goes_on_to_the_breach_and_never_to_a_page_of_others(
    town: Installation,
) -> None:
    reader = town.browser(make_user(town, (NATIONAL, Role.PRIVACY_OFFICER), name="Lan Delijk"))
    page = reader.get("/landelijk/datalek-melden")
    page.click("Annuleren", verbose=True).mustcontain("Datalekken")
    shown = report(reader, place="/landelijk").follow(status=200)
    # It is nobody else's: they go on themselves.
    own = "De privacyfunctionaris neemt het over"
    shown.mustcontain("Dank u wel", "Datalek D-", "Vul hier aan wat bekend is", no=[own])
