"""A year of a municipality of two people, a deputy under mandate, and FG and archivist outside.

Each chapter is a function of its own, which begins on its day. Nobody else is there.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.exports.request import jobs as export_jobs
from stopintimidatie.privacy.copies import services as copies
from stopintimidatie.privacy.requests.letters import LetterKind
from stopintimidatie.privacy.requests.models import RequestLetter, RequestState, SubjectRequest
from stopintimidatie.reports.models import Report
from tests.browser.conftest import _close_all, _opened, _signed_in
from tests.support.factories import DORDRECHT, make_dossier, make_report, take_on
from tests.support.installation import Installation
from tests.support.retaining import on
from tests.support.served import in_thread
from tests.support.subjects import MAIL, PERSON, plant
from tests.support.year import (
    ARCHIVIST,
    DEPUTY,
    DESK,
    FIRST,
    HERE,
    OFFICER,
    OUTSIDERS,
    SECOND,
    Year,
)

pytestmark = pytest.mark.alles
MOST_ACTS_OF_OUTSIDERS = 4


def moment(month: int, day: int) -> datetime:
    return datetime(2027, month, day, 9, tzinfo=UTC)


def test_a_municipality_of_two_lives_through_a_year(
    dordrecht: Installation, chromium_browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdf = b"%PDF-1.7 stuk"
    monkeypatch.setattr(copies, "render_in_process", lambda content, **kw: pdf)
    monkeypatch.setattr(export_jobs, "render_in_process", lambda content, **kw: pdf)
    with in_thread(dordrecht.app) as address:

        def open_as(user: str) -> Page:
            return _signed_in(_opened(chromium_browser, address, 1280, True), user)

        year = Year(dordrecht, open_as, monkeypatch)
        year.on(moment(1, 4))
        year.begin()
        some_terms(year)
        an_export(year)
        an_access_request(year)
        a_destruction_list(year)
        a_breach(year)
        a_police_datum(year)
        a_holiday(year)
        a_question_of_the_fg(year)
        _close_all(chromium_browser)
    assert len(year.users) == 6, "two people, a deputy, two outsiders, and the desk"
    assert set(year.acts) <= set(year.users)
    assert year.acts[DESK] == 1, "the desk proposed a role"
    for outsider in OUTSIDERS:
        assert 1 <= year.acts[outsider] <= MOST_ACTS_OF_OUTSIDERS, year.acts


# Chapters


def an_export(year: Year) -> None:
    """The first asks, and looks through what they wrote; the deputy decides."""
    year.on(moment(2, 2))
    dossier = a_dossier(year)
    export = ask_export(year, FIRST, dossier)
    page = year.page(FIRST, f"{dossier}/teksten-nakijken")
    page.get_by_label("1. ").first.wait_for()
    year.press(FIRST, "Opslaan voor ontvangers")
    year.reads(FIRST, "Nagekeken.")
    approve(year, DEPUTY, export)


def some_terms(year: Year) -> None:
    """The second proposes them with their categories; the archivist approves."""
    year.on(moment(1, 5))
    page = year.page(SECOND, f"{HERE}/bewaartermijnen")
    page.get_by_role("link", name="Nieuw voorstel doen").click()
    for box in page.get_by_label("Categorie en nummer").all():
        box.fill("18.1.2")
    year.press(SECOND, "Voorstel aan de archivaris sturen")
    year.reads(SECOND, "Uw voorstel wacht op de archivaris")
    page = year.page(ARCHIVIST, HERE)
    page.get_by_role("link", name="Beslissen").first.click()
    page.get_by_label("Goedkeuren").check()
    year.press(ARCHIVIST, "Besluit vastleggen")
    year.reads(ARCHIVIST, "Goedgekeurd.")


def an_access_request(year: Year) -> None:
    """The first searches, marks and hands over; the second looks at the copy in between."""
    year.on(moment(3, 2))
    plant(year.installation)
    page = year.page(FIRST, f"{HERE}/verzoeken")
    page.get_by_role("link", name="Verzoek invoeren").click()
    page.get_by_label("Wanneer kwam het verzoek binnen?").fill(str(day_of(utc_now())))
    for label in ("Brief", "Inzage in gegevens (art. 15)", "Melder", "De betrokkene zelf"):
        page.get_by_label(label, exact=True).check()
    page.select_option("[name=identiteit]", "gezien")
    page.get_by_label("Naam van wie het vraagt").fill(PERSON)
    page.get_by_label("E-mailadres").fill(MAIL)
    page.get_by_label("Postadres").fill("Kade 1\n3311 AB Dordrecht")
    page.get_by_label("De vraag, in de woorden van de persoon").fill("Wat hebt u over mij?")
    year.press(FIRST, "Verzoek opslaan")
    year.reads(FIRST, "Het verzoek is opgeslagen")
    year.press(FIRST, "Zoeken")
    for choice in page.locator("#vondst input[type=checkbox]").all():
        choice.check()
    year.press(FIRST, "Verder")
    year.press(FIRST, "Laten nakijken")
    year.reads(FIRST, "wacht nu op een tweede persoon")
    year.installation.run_jobs()

    year.page(SECOND, f"{page.url}/nakijken").get_by_label("Nee", exact=True).check()
    year.press(SECOND, "Klaar")
    year.reads(SECOND, "De kopie is nagekeken")

    page = year.page(FIRST, HERE)
    year.reads(FIRST, "Privacy vandaag")
    page.locator("main a[href*='/verzoeken/V-']").first.click()
    page.get_by_role("link", name="Kopie versturen").click()
    year.press(FIRST, "Versturen")
    year.reads(FIRST, "Het verzoek is beantwoord")
    page.get_by_role("link", name="De brief als PDF").wait_for()
    year.press(FIRST, "Code maken")
    year.reads(FIRST, "Uw code om op te halen")
    with year.installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(SubjectRequest.state)).one() == RequestState.SENT
        letter = select(RequestLetter.sent_on).where(RequestLetter.kind == LetterKind.ACCESS)
        assert session.scalars(letter).one() == day_of(utc_now())


def a_destruction_list(year: Year) -> None:
    """The second says that all goes, the archivist authorises it; the night does the rest."""
    with on(date(2026, 5, 10)), year.installation.transaction(DORDRECHT) as session:
        report = make_report(session, year.installation)
        report.state, report.ended_at = "niet_in_behandeling", utc_now()
        number, reference = report.id, report.reference
    year.on(moment(4, 6))
    year.night()
    # From where each of them starts, to the list.
    page = year.page(SECOND, f"{HERE}/vernietiging")
    page.get_by_role("link", name="Lijst 2027-").click()
    year.press(SECOND, "Beoordelen: 1 regel mee")
    year.reads(SECOND, "De archivaris is aan de beurt")
    page = year.page(ARCHIVIST, f"{HERE}/vernietiging")
    page.get_by_role("link", name="Lijst 2027-").click()
    year.press(ARCHIVIST, "Vernietiging machtigen: 1 regel")
    year.reads(ARCHIVIST, "1 regel gemachtigd")
    for day, is_there in ((9, True), (10, False)):
        year.on(moment(5, day))
        year.night()
        with year.installation.transaction(DORDRECHT) as session:
            assert (session.get(Report, number) is not None) == is_there
    year.page(ARCHIVIST, f"{HERE}/vernietiging/{reference}")
    year.reads(ARCHIVIST, "vernietigd")


def a_breach(year: Year) -> None:
    """The second misses a bag; the first fills in what is known, tells the AP and closes it."""
    year.on(moment(6, 7))
    page = year.page(SECOND, "/datalek-melden")
    page.get_by_label("Een stuk of apparaat is kwijt of gestolen").check()
    page.get_by_label("Wat is er gebeurd?").fill("Een tas met een dossier bleef in de trein.")
    year.press(SECOND, "Datalek melden")
    year.reads(SECOND, "Het datalek is gemeld")
    page = year.page(FIRST, HERE)
    year.reads(FIRST, "melden bij de AP?")
    page.locator("main a[href*='/datalekken/D-']").first.click()
    page.get_by_label("Wat een melder vertelde").check()
    page.get_by_label("Van hoeveel mensen?").fill("1")
    page.get_by_label("Wat kan dit voor mensen betekenen?").fill("Iemand leest wat er gebeurde.")
    page.get_by_label("Wat is of wordt eraan gedaan?").fill("De vervoerder zoekt de tas.")
    page.get_by_label("Een risico", exact=True).check()
    page.get_by_label("Waarom is dat het risico?").fill("Er stond in waar en wanneer het gebeurde.")
    year.press(FIRST, "Opslaan")
    page.get_by_role("link", name="Naar de AP").click()
    year.reads(FIRST, "De vervoerder zoekt de tas.")
    page.get_by_label("Nummer van de AP").fill("AP-2027-1")
    year.press(FIRST, "Vastleggen")
    year.press(FIRST, "Afsluiten")
    year.reads(FIRST, "op tijd")


def a_police_datum(year: Year) -> None:
    """The second switches it on; the desk proposes the role, the FG confirms, the first accepts.

    The admin doesn't: they would count as one with the first, and be no second person any more.
    """
    year.on(moment(9, 1))
    page = year.page(SECOND, f"{HERE}/beheer/politie")
    page.get_by_label("Aan", exact=True).check()
    page.get_by_label("Sinds wanneer").fill(str(day_of(utc_now())))
    page.get_by_label("Waar dat staat").fill("brief van de politie, zaak 2027-11")
    year.press(SECOND, "Opslaan")
    year.reads(SECOND, "Politiegegevens: opgeslagen als versie 1")
    page = year.page(DESK, "/landelijk/aansluiting-uitnodigen?gemeente=dordrecht")
    page.get_by_label("Naam").fill(FIRST)
    page.get_by_label("E-mailadres").fill(year.users[FIRST])
    page.select_option("[name=rol]", Role.POLICE_DATA)
    year.press(DESK, "Uitnodigen")
    year.reads(DESK, FIRST)
    page = year.page(OFFICER, f"{HERE}/rollen")
    page.get_by_label("Bevestigen: dit klopt en mag zo").check()
    year.press(OFFICER, "Besluit vastleggen")
    year.reads(OFFICER, "Bevestigd. De uitnodiging gaat weg.")
    year.page(FIRST, "/uitnodigingen")
    year.press(FIRST, "Aannemen")
    page = year.page(FIRST, f"{HERE}/politiegegevens/vastleggen")
    page.get_by_label("Een melding op zichzelf, die van de politie komt").check()
    page.get_by_label("art. 16 Wpg").check()
    page.fill("[name=verstrekker]", "politie, wijkagent")
    page.fill("[name=doel]", "Handhaven van de openbare orde.")
    page.fill("[name=tekst]", "Er loopt een onderzoek.")
    page.fill("[name=ontvangen]", str(day_of(utc_now())))
    page.fill("[name=opnieuw]", str(day_of(utc_now()) + timedelta(days=100)))
    year.press(FIRST, "Vastleggen")
    year.reads(FIRST, "Alleen gemachtigden zien dit.")


def a_holiday(year: Year) -> None:
    """The first is away: the second asks, and the deputy decides."""
    year.on(moment(10, 18))
    page, today = year.page(FIRST, f"{HERE}/afwezig"), day_of(utc_now())
    page.get_by_label("Eerste dag").fill(str(today))
    page.get_by_label("Laatste dag").fill(str(today + timedelta(days=14)))
    stand_in = page.locator("select[name=vervanger] option", has_text=SECOND)
    page.select_option("[name=vervanger]", stand_in.first.get_attribute("value"))
    year.press(FIRST, "Vastleggen")
    export = ask_export(year, SECOND, a_dossier(year))
    approve(year, DEPUTY, export)


def a_question_of_the_fg(year: Year) -> None:
    """The FG draws from the log, and asks by mail why something was read; the rest is reading."""
    year.on(moment(12, 6))
    for path in ("verzoeken", "datalekken", "dossiers"):
        year.page(OFFICER, f"{HERE}/{path}")
    page = year.page(OFFICER, f"{HERE}/logboek?wat=gelezen")
    page.get_by_label("Wie").select_option(label=FIRST)
    page.get_by_role("button", name="Regels tonen").click()
    page.get_by_role("link", name="Steekproef van tien regels").click()
    year.reads(OFFICER, "bij toeval getrokken")
    lines = page.get_by_role("table", name="Logboek").locator("tbody tr")
    lines.first.get_by_role("link").first.click()
    year.press(OFFICER, f"Vraag het {FIRST}")
    year.reads(OFFICER, f"De vraag gaat per mail naar {FIRST}.")
    asked = page.url.partition("nr=")[2]
    year.page(FIRST, f"/account-inzage?nr={asked}&waar={DORDRECHT}")
    year.reads(FIRST, "De FG vroeg waarom dit is gelezen.")


# Shared by the chapters


def a_dossier(year: Year) -> str:
    """Make a dossier with a report; its address."""
    with year.installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, assessment="Het gaat om een wisselende groep.")
        report = take_on(session, make_report(session, year.installation))
        effects = WORKFLOW_EFFECTS.of(year.installation.registry)
        file_report(session, effects, dossier, report, "Zelfde plek", SYSTEM)
        return str(path_of_dossier(session, dossier.id))


def ask_export(year: Year, who: str, dossier: str) -> str:
    """Ask for an export to the police; its address."""
    page, day = year.page(who, f"{dossier}/uitvoer-aanvragen"), day_of(utc_now())
    page.check("input[name=soort_ontvanger][value=politie]")
    page.fill("[name=ontvanger]", "Wijkteam Binnenstad")
    page.fill("[name=vraag]", "Wilt u hier vrijdagavond langsgaan?")
    page.fill("[name=antwoord_voor]", str(day + timedelta(days=14)))
    page.fill("[name=doel]", "De openbare orde op het plein herstellen.")
    page.select_option("[name=grondslag]", "avg_6_1_e_openbare_orde")
    page.fill("[name=vernietigen_voor]", str(day + timedelta(days=90)))
    page.click("button[name=aanvragen]")
    year.acts[who] += 1
    year.reads(who, "Aangevraagd")
    return page.url.partition("?")[0]


def approve(year: Year, who: str, export: str) -> None:
    """Let the second person approve it, and the worker make it."""
    year.page(who, f"{export}/beoordelen").click("button[name=goedkeuren]")
    year.acts[who] += 1
    year.reads(who, "goedgekeurd")
    year.installation.run_jobs()
