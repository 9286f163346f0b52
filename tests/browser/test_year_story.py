"""A year of a municipality of two people, a deputy under mandate, and FG and archivist outside.

Each chapter is a function of its own, which begins on its day. Nobody else is there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.accounts.services import give_role
from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.dossiers.filing.services import file_report
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.exports.request import jobs as export_jobs
from stopintimidatie.privacy.copies import services as copies
from stopintimidatie.privacy.destruction.models import DestructionLine
from tests.browser.conftest import _close_all, _opened, _signed_in
from tests.support.destruction import a_line, a_list
from tests.support.factories import DORDRECHT, make_dossier, make_report, take_on
from tests.support.installation import Installation
from tests.support.served import in_thread
from tests.support.subjects import plant
from tests.support.year import ARCHIVIST, DEPUTY, FIRST, HERE, OFFICER, OUTSIDERS, SECOND, Year

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
        an_export(year)
        an_access_request(year)
        a_destruction_list(year)
        a_breach(year)
        a_police_datum(year)
        a_holiday(year)
        the_fg_looks(year)
        _close_all(chromium_browser)
    assert len(year.users) == 5, "two people, a deputy and two outsiders"
    assert set(year.acts) <= set(year.users)
    for outsider in OUTSIDERS:
        assert year.acts[outsider] <= MOST_ACTS_OF_OUTSIDERS, year.acts


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


def an_access_request(year: Year) -> None:
    """The first makes the copy, the second looks at it."""
    year.on(moment(3, 2))
    plant(year.installation)
    page = year.page(FIRST, f"{HERE}/verzoeken")
    page.get_by_role("link", name="Verzoek invoeren").click()
    page.get_by_label("Wanneer kwam het verzoek binnen?").fill(str(day_of(utc_now())))
    for label in ("Brief", "Inzage in gegevens (art. 15)", "Melder", "De betrokkene zelf"):
        page.get_by_label(label, exact=True).check()
    page.get_by_label("Naam van wie het vraagt").fill("Rietje de Vries")
    page.get_by_label("Postadres").fill("Kade 1\n3311 AB Dordrecht")
    page.get_by_label("De vraag, in de woorden van de persoon").fill("Wat hebt u over mij?")
    year.press(FIRST, "Verzoek opslaan")
    year.reads(FIRST, "Het verzoek is opgeslagen")
    year.page(FIRST, HERE)
    year.reads(FIRST, "Privacy vandaag")


def a_destruction_list(year: Year) -> None:
    """The second says what goes, the first looks for what is held, the archivist authorises."""
    year.on(moment(4, 6))
    today = day_of(utc_now())
    with year.installation.transaction(DORDRECHT) as session:
        row = a_list(session, period_from=today, period_until=today + timedelta(days=90))
        a_line(session, row, "M-4F7K-2QX1", due_on=today + timedelta(days=30))
        address = f"{HERE}/vernietiging/{row.number}"
    page = year.page(SECOND, address)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("1")
    year.acts[SECOND] += 1
    page.get_by_role("button", name="Beoordeling afsluiten").wait_for()
    year.press(SECOND, "Beoordeling afsluiten")
    year.page(FIRST, address)
    year.press(FIRST, "Bevriezingen zijn nagekeken")
    year.page(ARCHIVIST, address)
    year.press(ARCHIVIST, "Vernietiging machtigen")
    year.reads(ARCHIVIST, "is gemachtigd")
    with year.installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(DestructionLine)).one().authorised_at is not None


def a_breach(year: Year) -> None:
    """The second misses a bag, the first judges the risk: their clock stands on their page."""
    year.on(moment(6, 7))
    page = year.page(SECOND, "/datalek-melden")
    page.get_by_label("Een stuk of apparaat is kwijt of gestolen").check()
    page.get_by_label("Wat is er gebeurd?").fill("Een tas met een dossier bleef in de trein.")
    year.press(SECOND, "Datalek melden")
    page = year.page(FIRST, HERE)
    year.reads(FIRST, "melden bij de AP?")
    page.locator("main a[href*='/datalekken/D-']").first.click()
    page.get_by_role("link", name="Risico beoordelen").click()
    page.get_by_label("Een hoog risico").check()
    page.get_by_label("Waarom?").fill("Er stond in waar en wanneer het gebeurde.")
    year.press(FIRST, "Risico beoordelen")


def a_police_datum(year: Year) -> None:
    """The second switches it on; the first, named for it, keeps what the police gave."""
    year.on(moment(9, 1))
    page = year.page(SECOND, f"{HERE}/beheer/politie")
    page.get_by_label("Aan", exact=True).check()
    page.get_by_label("Sinds wanneer").fill(str(day_of(utc_now())))
    page.get_by_label("Waar dat staat").fill("brief van de politie, zaak 2027-11")
    year.press(SECOND, "Opslaan")
    year.reads(SECOND, "Politiegegevens: opgeslagen als versie 1")
    # Given by the desk and confirmed there, as all roles here.
    with year.installation.transaction() as session:
        first = session.scalars(select(User).where(User.username == year.users[FIRST])).one()
        give_role(session, SYSTEM, first, DORDRECHT, Role.POLICE_DATA)
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


def the_fg_looks(year: Year) -> None:
    """The FG reads what goes on, and need do nothing."""
    year.on(moment(12, 6))
    for path in ("verzoeken", "datalekken", "logboek"):
        year.page(OFFICER, f"{HERE}/{path}")


# What the chapters share


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
