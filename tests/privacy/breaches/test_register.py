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
from tests.support.breaching import PLACE, REGISTER, breach_of, fill_facts, on_wall, report, take
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
    page.mustcontain("Dank u wel", breach.reference)
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

    def press(browser: TestApp) -> int:
        together.wait(10)
        return int(browser.post(f"{PLACE}/datalek-melden", fields).status_int)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(press, (officer, again))) == [303, 303]
    assert breach_of(town).state == "wordt_onderzocht"


def test_a_slip_of_the_year_is_asked_about(officer: TestApp) -> None:
    answer = report(officer, bekend=on_wall(utc_now() - timedelta(days=400)), status=422)
    assert "Klopt dit jaar?" in answer


def test_a_step_that_comes_later_says_what_comes_first(
    town: Installation, officer: TestApp
) -> None:
    report(officer)
    address = f"{REGISTER}/{breach_of(town).reference}"
    for name in ("niet_melden", "afsluiten"):
        page = officer.get(f"{address}/stap?naam={name}", status=303).follow()
        page.mustcontain("Beoordeel eerst het risico.")
    shown = take(officer, breach_of(town), "ap_melden", nummer="AP-2026-11").follow()
    shown.mustcontain("Vastgelegd dat u dit bij de AP meldde.")
    assert len(shown.html.select(".si-toolbar a")) > 1, "buttons don't touch each other"


def test_the_start_page_has_the_latest_breach_first(town: Installation, officer: TestApp) -> None:
    for hours in (10, 200, 90):
        known = on_wall(utc_now() - timedelta(hours=hours))
        report(officer, wat=f"Het is {hours} uur weg.", bekend=known)
    with town.transaction(DORDRECHT) as session:
        rows = session.scalars(select(Breach.reference).order_by(Breach.due_at)).all()
    officer.get(REGISTER).mustcontain(*rows)
    text = officer.get(PLACE).text
    assert sorted(rows, key=text.index) == rows


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
        take(officer, breach, "ap_melden", nummer="AP-2026-11")
        take(officer, breach, "herbeoordelen", risico="risico", reden="Er staan verhalen in.")
        # Not before it was known.
        early = on_wall(FRIDAY - timedelta(hours=1))
        answer = take(officer, breach, "ap_aanvullen", op=early, status=422)
        assert "bekend werd" in answer
        take(officer, breach, "ap_aanvullen", nummer="AP-2026-12")
        take(officer, breach, "ap_compleet")
        refused = take(officer, breach, "afsluiten", status=422)
        assert "Feiten" in refused
        fill_facts(officer, breach)
        take(officer, breach, "afsluiten").follow().mustcontain("afgesloten", "op tijd")
        officer.get(f"{REGISTER}/{breach.reference}/feiten", status=404)
        # The AP has been told: opened again, no clock begins.
        page = officer.get(f"{REGISTER}/{breach.reference}").click("Weer openen")
        form = page.forms["formulier"]
        form["reden"] = "De tas is terug."
        reopened = form.submit("heropenen_gemeld", status=303).follow()
        reopened.mustcontain("gemeld bij de AP", no=["Besluit over de AP"])
        take(officer, breach, "afsluiten")
        # Whoever had the page open still is told how it stands.
        gone = officer.get(f"{REGISTER}/{breach.reference}/stap?naam=ap_aanvullen", status=303)
        assert "al gezet" in gone.follow()
    with town.transaction(DORDRECHT) as session:
        wanted = select(BreachNotice.kind, BreachNotice.number).order_by(
            BreachNotice.sent_at, BreachNotice.kind.desc()
        )
        assert {tuple(row) for row in session.execute(wanted)} == {
            ("eerste", "AP-2026-11"),
            ("aanvulling", "AP-2026-12"),
            ("laatste", None),
        }
        moves = session.scalars(select(BreachMove.name)).all()
    assert {"ingevoerd", "ap_melden", "herbeoordelen", "feiten", "afsluiten"} <= set(moves)
    assert actions(town).count("datalek.stap") == 7


def test_later_than_72_hours_needs_a_reason(town: Installation, name: str) -> None:
    with clock_at(FRIDAY):
        report(town.browser(name))
    breach = breach_of(town)
    # On Monday evening, at the minute itself, it is in time; a minute later it isn't.
    with clock_at(FRIDAY + timedelta(hours=72, minutes=1)):
        officer = town.browser(name)
        officer.get(f"{REGISTER}/{breach.reference}").mustcontain("1 minuut te laat")
        refused = take(officer, breach, "ap_melden", status=422)
        assert "Schrijf op waarom" in refused
        take(officer, breach, "ap_melden", te_laat="De tas leek eerst leeg.").follow().mustcontain(
            "later dan 72 uur", "De tas leek eerst leeg."
        )


def test_only_without_risk_the_ap_may_stay_unnotified(town: Installation, officer: TestApp) -> None:
    report(officer)
    breach = breach_of(town)
    take(officer, breach, "beoordelen", risico="hoog", reden="Namen van kinderen.")
    refused = take(officer, breach, "niet_melden", reden="Liever niet.", status=422)
    assert "art. 33 lid 1" in refused
    take(officer, breach, "beoordelen", risico="geen", reden="Versleuteld.")
    take(officer, breach, "niet_melden", reden="Niemand kan het lezen.")
    fill_facts(officer, breach)
    take(officer, breach, "afsluiten").follow().mustcontain("Niemand kan het lezen.", "afgesloten")
    take(officer, breach, "heropenen", reden="Toch gelezen.").follow().mustcontain("onderzocht")


def test_the_moment_it_was_known_is_corrected_with_a_reason(
    town: Installation, officer: TestApp
) -> None:
    with clock_at(FRIDAY):
        report(officer)
        breach = breach_of(town)
        form = officer.get(f"{REGISTER}/{breach.reference}/tijdstip").forms["formulier"]
        form["bekend"] = on_wall(FRIDAY - timedelta(hours=10))
        assert form.submit("opslaan", status=422)
        form["reden"] = "De baliemedewerker wist het eerder."
        form.submit("opslaan", status=303)
        assert breach_of(town).due_at == FRIDAY + timedelta(hours=62)
        # Sent again it is outdated.
        form["bekend"] = on_wall(FRIDAY + timedelta(hours=1))
        form.submit("opslaan", status=422)
        form["bekend"] = on_wall(FRIDAY - timedelta(hours=1))
        assert "niet opgeslagen" in form.submit("opslaan", status=409)


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
        take(town.browser(name), breach_of(town), "ap_melden")
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
    shown = fg.get(f"{REGISTER}/{breach.reference}")
    assert "stap?naam" not in shown
    fg.get(f"{REGISTER}/{breach.reference}/stap?naam=beoordelen", status=403)


def test_the_desk_has_a_register_of_its_own(town: Installation) -> None:
    desk = town.browser(make_user(town, (NATIONAL, Role.NATIONAL_DESK), name="Mel Punt"))
    report(desk, place="/landelijk")
    reader = town.browser(make_user(town, (NATIONAL, Role.PRIVACY_OFFICER), name="Lan Delijk"))
    breach = breach_of(town, NATIONAL)
    reader.get("/landelijk/datalekken").mustcontain(breach.reference)
    reader.get(f"/landelijk/datalekken/{breach.reference}").mustcontain("trein", "Mel Punt")
