"""Reporters of a breach read it on the follow page; a breach of the desk gets to municipalities."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.municipalities.settings.services import publish
from stopintimidatie.privacy.breaches.models import (
    Breach,
    BreachDocument,
    BreachMove,
    BreachNotice,
)
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report, ReporterMessage
from tests.support.api import Api
from tests.support.breaching import (
    REGISTER,
    breach_of,
    fill,
    fill_facts,
    notify,
    page_of,
    press,
    report,
)
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user
from tests.support.following import follow_in_browser
from tests.support.installation import Installation

TEXT = "Er is een tas gestolen met gegevens uit uw melding. Bel ons op 14 078."
ENGLISH = "A bag was stolen with data from your report. Call us at 14 078."


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation)
    return installation


@pytest.fixture
def officer(town: Installation) -> TestApp:
    """The privacy officer, in a browser."""
    return town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER), name="Pri Vacy"))


def add(browser: TestApp, breach: Breach, references: str, *, status: int = 303) -> Any:
    return fill(browser, breach, status=status, kenmerken=references)


def tell_them(browser: TestApp, breach: Breach) -> Any:
    """The form with the text for the reporters, filled in."""
    form = browser.get(f"{REGISTER}/{breach.reference}/vertellen").forms["formulier"]
    form["tekst"], form["engels"] = TEXT, ENGLISH
    return form


def messages(town: Installation) -> list[str]:
    with town.transaction(DORDRECHT) as session:
        wanted = select(ReporterMessage.text).order_by(ReporterMessage.at, ReporterMessage.id)
        return list(session.scalars(wanted))


@pytest.mark.alles
def test_reporters_read_it_once_and_those_with_an_address_are_mailed(
    town: Installation, officer: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        contact = Contact(name=None, phone=None, email="jas@example.org")
        rows = [
            make_report(session, town),
            make_report(session, town, anonymous=False, contact=contact),
            make_report(session, town, language="en"),
        ]
        references = " ".join(row.reference for row in rows)
    report(officer)
    breach = breach_of(town)
    assert "niet gevonden" in add(officer, breach, "M-0000-0000", status=422)
    add(officer, breach, references)
    add(officer, breach, references).follow().mustcontain("0 van 3 melders hebben")
    # Fewer people than reports may be right; the AP reads both.
    fill(officer, breach, aantal="1")
    officer.get(f"{page_of(breach)}/ap").mustcontain("1 (er staan 3 meldingen in)")
    breach = breach_of(town)
    # A text that still has brackets is refused.
    form = officer.get(f"{REGISTER}/{breach.reference}/vertellen").forms["formulier"]
    assert "tussen haken" in form.submit("vertellen", status=422)
    form = tell_them(officer, breach)
    form.submit("vertellen", status=303)
    # The second click comes too late.
    form.submit("vertellen", status=409)
    town.run_jobs()
    assert sorted(messages(town)) == sorted([TEXT, TEXT, ENGLISH])
    shown = officer.get(f"{REGISTER}/{breach.reference}")
    shown.mustcontain("3 van 3 melders")
    assert not shown.html.select("a[href$='/vertellen']")
    # Sent once more it says so.
    form.submit("vertellen", status=303).follow().mustcontain("Dit is al verteld")
    assert len(messages(town)) == 3
    with town.transaction(DORDRECHT) as session:
        mails = session.scalars(
            select(MailMessage).where(MailMessage.template == "bericht_voor_melder")
        ).all()
        assert len(mails) == 1
        assert "tas" not in (mails[0].kept or "")


@pytest.mark.alles
def test_a_report_that_joins_later_is_told_and_the_others_are_not_told_again(
    town: Installation, officer: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        first, second = (make_report(session, town).reference for _ in range(2))
    report(officer)
    breach = breach_of(town)
    for reference in (first, second):
        add(officer, breach, reference)
        tell_them(officer, breach).submit("vertellen", status=303)
        town.run_jobs()
    assert messages(town) == [TEXT, TEXT]
    with town.transaction(DORDRECHT) as session:
        assert all(session.scalars(select(BreachDocument.told_at)))
        owners = session.scalars(select(ReporterMessage.report_id)).all()
        assert len(set(owners)) == 2


@pytest.mark.alles
def test_a_reporter_without_contact_data_who_withdrew_reads_it_with_the_follow_code(
    town: Installation, officer: TestApp
) -> None:
    api = Api(town)
    receipt = api.post().json
    # Also who withdrew it: the document that is lost was made before.
    api.withdraw(receipt["kenmerk"], receipt["volgcode"])
    report(officer)
    breach = breach_of(town)
    add(officer, breach, receipt["kenmerk"])
    tell_them(officer, breach).submit("vertellen", status=303)
    town.run_jobs()
    follow_in_browser(api, receipt).get("/volgen/melding").mustcontain("Bericht aan u", TEXT)


def test_of_a_report_that_is_gone_only_the_reference_stays(
    town: Installation, officer: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        row = make_report(session, town)
        reference, number = row.reference, row.id
    report(officer)
    breach = breach_of(town)
    add(officer, breach, reference)
    with town.transaction(DORDRECHT) as session:
        session.get_one(Report, number).state = "vernietigd"
    tell_them(officer, breach).submit("vertellen", status=303)
    town.run_jobs()
    assert messages(town) == []
    shown = officer.get(f"{REGISTER}/{breach.reference}")
    shown.mustcontain(reference, "gewist of vernietigd", "langs een andere weg")


def test_with_a_high_risk_it_closes_when_people_know_or_it_says_why_not(
    town: Installation, officer: TestApp
) -> None:
    report(officer)
    breach = breach_of(town)
    fill_facts(officer, breach, risico="hoog", reden="Namen van kinderen.")
    notify(officer, breach, nummer="AP-1")
    assert "hoog risico" in press(officer, breach, "afsluiten")
    assert "Schrijf dit erbij" in fill(officer, breach, betrokkenen="niet_verteld", status=422)
    fill(officer, breach, betrokkenen="niet_verteld", hoe="De gegevens waren versleuteld.")
    # Saving again notes nothing twice.
    fill(officer, breach, aantal="13")
    with town.transaction(DORDRECHT) as session:
        kinds = session.scalars(select(BreachNotice.kind).order_by(BreachNotice.kind)).all()
    assert kinds == ["eerste", "niet_verteld"]
    press(officer, breach, "afsluiten").mustcontain("Betrokkenen niet geïnformeerd", "versleuteld")


@pytest.mark.alles
def test_the_texts_name_the_fg_with_the_address_of_the_settings(
    town: Installation, officer: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        reference = make_report(session, town).reference
    report(officer)
    breach = breach_of(town)
    add(officer, breach, reference)
    # Until it is filled in the text asks for it.
    form = officer.get(f"{page_of(breach)}/vertellen").forms["formulier"]
    assert "[naam en adres van de FG]" in form["tekst"].value
    content = {"fg": "FG van de regio", "fg_adres": "fg@dordrecht.example"}
    with town.transaction(DORDRECHT) as session:
        publish(session, SYSTEM, DORDRECHT, Part.ACCOUNTABILITY, content)
    form = officer.get(f"{page_of(breach)}/vertellen").forms["formulier"]
    for name in ("tekst", "engels"):
        assert "FG van de regio, fg@dordrecht.example" in form[name].value
    officer.get(f"{page_of(breach)}/ap").mustcontain("FG van de regio, fg@dordrecht.example")


@pytest.mark.alles
def test_the_desk_gives_a_breach_to_municipalities_each_with_its_own_clock(
    town: Installation,
) -> None:
    connect(town, EINDHOVEN)
    desk = town.browser(make_user(town, (NATIONAL, Role.PRIVACY_OFFICER), name="Lan Delijk"))
    names = {
        code: make_user(town, (code, Role.PRIVACY_OFFICER), name=f"Officer {code}")
        for code in (DORDRECHT, EINDHOVEN)
    }
    report(desk, place="/landelijk", wat="De leverancier zag een lijst met meldingen.")
    breach = breach_of(town, NATIONAL)
    address = f"/landelijk/datalekken/{breach.reference}/gemeenten"
    form = desk.get(address).forms["formulier"]
    assert "minstens één" in form.submit("doorgeven", status=422)
    form["gemeenten"] = [DORDRECHT]
    page = form.submit("doorgeven", status=303).follow()
    page.mustcontain("Doorgegeven aan: Dordrecht.")
    town.run_jobs()
    # Once more for all: Dordrecht has it already.
    form = desk.get(address).forms["formulier"]
    form["alle"] = True
    form.submit("doorgeven", status=303)
    town.run_jobs()
    for code in (DORDRECHT, EINDHOVEN):
        own = breach_of(town, code)
        assert own.shared_id == breach.id
        assert own.aware_at > breach.aware_at
        assert own.reported_by == "Landelijk meldpunt"
    page = town.browser(names[DORDRECHT]).get(f"{REGISTER}/{breach_of(town).reference}")
    page.mustcontain("De leverancier zag een lijst", "nog 2 dagen")
    town.browser(names[EINDHOVEN]).get(f"{REGISTER}/{breach_of(town).reference}", status=404)
    # Neither another municipality nor the desk reads a municipality's entry.
    fill(town.browser(names[DORDRECHT]), breach_of(town), risico="hoog", reden="x" * 9)
    shown = desk.get(f"/landelijk/datalekken/{breach.reference}")
    shown.mustcontain("Doorgegeven aan: Dordrecht, Eindhoven.", no=["xxxxxxxxx"])
    assert breach_of(town, EINDHOVEN).risk is None
    assert breach_of(town, NATIONAL).risk is None
    with town.transaction(EINDHOVEN) as session:
        assert session.scalars(select(BreachMove.name)).all() == ["ingevoerd"]
        (mail,) = session.scalars(select(MailMessage))
        assert mail.template == "datalek_gemeld"


def test_a_municipality_gives_nothing_to_another(town: Installation, officer: TestApp) -> None:
    report(officer)
    officer.get(f"{REGISTER}/{breach_of(town).reference}/gemeenten", status=404)
