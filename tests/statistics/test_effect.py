"""The page of before and after: its numbers, warnings, and for whom there is none."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import AMSTERDAM, local_date, midnight, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.dossiers.actions.services import add_measure
from stopintimidatie.dossiers.models import DossierMeasure
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.reports.campaigns.models import Campaign
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workflow import LEFT_OUT, ReportState
from stopintimidatie.statistics.effect.queries import count_from
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
from tests.support.officers import officer
from tests.support.queries import count_queries

HERE = "/gemeenten/dordrecht/effect"
NOORD = "WK050502"
WHOLE = "GM0505-GB"
sqlite = pytest.mark.sqlite


@pytest.fixture(autouse=True)
def town(installation: Installation) -> None:
    connect(installation)


def started() -> date:
    return local_date(utc_now()) - timedelta(days=60)


def measure(installation: Installation, kind: str = "hotspot", **changes: Any) -> str:
    """The address of before and after of a new measure that began sixty days ago."""
    with installation.transaction(DORDRECHT) as session:
        dossier = make_dossier(session, kind=kind, **changes)
        about = {"kind": "extra_toezicht", "what": "Rondes.", "who": "handhaving"}
        row = add_measure(session, dossier, {**about, "started_on": started()}, SYSTEM)
        return f"{HERE}?maatregel={row.id}"


def add(installation: Installation, number: int, days: int, wijk: str = CENTRE) -> None:
    """Add reports of incidents so many days after the measure began."""
    with installation.transaction(DORDRECHT) as session:
        for _ in range(number):
            row = make_report(session, installation, neighbourhood=wijk)
            row.incident_start = midnight(started() + timedelta(days=days)) + timedelta(hours=12)


def campaign(installation: Installation, code: str = "zomer", days: int = 0) -> str:
    with installation.transaction(DORDRECHT) as session:
        since = started() + timedelta(days=days)
        session.add(Campaign(holder=DORDRECHT, code=code, name=code.capitalize(), since=since))
    return f"{HERE}?campagne={code}"


def compared(page: Any) -> list[list[str]]:
    """Area, numbers, ratio and verdict, as the page shows them."""
    rows = page.html.select("main table")[0].select("tbody tr")
    return [[cell.get_text(strip=True) for cell in row.select("th, td")] for row in rows]


@sqlite
def test_a_measure_is_compared_in_its_wijk_and_beside_the_rest_of_the_town(
    installation: Installation,
) -> None:
    address = measure(installation)
    add(installation, 24, -10)
    add(installation, 8, 10)
    add(installation, 11, -10, NOORD)
    add(installation, 12, 10, NOORD)
    # Outside the sixty days on either side.
    add(installation, 3, -61)
    add(installation, 2, 60, NOORD)
    page = officer(installation).get(address)
    own, rest = compared(page)
    assert own == ["Binnenstad", "24", "8", "0,33 keer zoveel (tussen 0,13 en 0,77)", own[4]]
    assert own[4] == "minder dan ervoor"
    assert rest[:3] == ["Rest van de gemeente", "11", "12"]
    assert rest[4] == "het verschil kan toeval zijn"
    page.mustcontain("Dit laat nooit een oorzaak zien")
    chart = page.html.select_one("main img.si-chart")
    assert chart["alt"].startswith("Meldingen per 30 dagen: ")
    assert len(page.html.select("main details tbody tr")) == 15


@sqlite
def test_too_few_reports_give_no_ratio(installation: Installation) -> None:
    address = measure(installation)
    add(installation, 10, -10)
    add(installation, 9, 10)
    own, rest = compared(officer(installation).get(address))
    assert own[3:] == ["te weinig om iets te zeggen", "–"]
    assert rest == ["Rest van de gemeente", "0", "0", "te weinig om iets te zeggen", "–"]


@sqlite
def test_a_dossier_of_the_whole_town_has_no_rest(installation: Installation) -> None:
    address = measure(installation, neighbourhood_code=WHOLE)
    add(installation, 10, -10)
    add(installation, 10, 10, NOORD)
    assert [row[:3] for row in compared(officer(installation).get(address))] == [
        ["Hele gemeente", "10", "10"]
    ]


@sqlite
def test_what_began_this_week_is_not_compared(installation: Installation) -> None:
    address = campaign(installation, days=55)
    officer(installation).get(address).mustcontain("Nog te kort", no="Erna tegenover")
    ahead = campaign(installation, "later", days=500)
    officer(installation).get(ahead).mustcontain("Nog te kort")


@sqlite
def test_a_campaign_that_ran_then_is_named(installation: Installation) -> None:
    address = measure(installation)
    olga = officer(installation)
    olga.get(address).mustcontain(no="Er liep een campagne")
    campaign(installation, "zomer", days=-30)
    with installation.transaction(DORDRECHT) as session:
        early = started() - timedelta(days=90)
        days = {"since": early, "until": early + timedelta(days=9)}
        session.add(Campaign(holder=DORDRECHT, code="oud", name="Oude actie", **days))
    olga.get(address).mustcontain("Er liep een campagne", "Zomer", no="Oude actie")


@sqlite
def test_a_campaign_is_compared_in_the_whole_town_and_names_the_others(
    installation: Installation,
) -> None:
    address = campaign(installation)
    add(installation, 10, -10)
    add(installation, 25, 10, NOORD)
    page = officer(installation).get(address)
    assert [row[:3] for row in compared(page)] == [["Hele gemeente", "10", "25"]]
    page.mustcontain("Door een campagne melden meer mensen", no="Er liep een campagne")
    campaign(installation, "winter", days=20)
    officer(installation).get(address).mustcontain("Er liep een campagne", "Winter")


@sqlite
def test_a_measure_after_a_peak_is_warned_about(installation: Installation) -> None:
    address = measure(installation)
    for piece in range(2, 8):
        add(installation, 2, -30 * piece + 5)
    olga = officer(installation)
    add(installation, 6, -10)
    olga.get(address).mustcontain(no="Het begon na een piek")
    add(installation, 1, -10)
    olga.get(address).mustcontain("Het begon na een piek")


@sqlite
def test_a_dossier_about_a_person_has_no_such_page_for_anybody(installation: Installation) -> None:
    address = measure(installation, kind=DossierKind.PERSON.value)
    owner = installation.browser(make_user(installation, (DORDRECHT, Role.DOSSIER_OWNER)))
    for browser in (officer(installation), owner):
        browser.get(address, status=404)
        browser.get(HERE).mustcontain("Nog geen maatregelen")


@sqlite
def test_odd_addresses_and_what_is_elsewhere_are_not_found(installation: Installation) -> None:
    connect(installation, EINDHOVEN)
    olga = officer(installation)
    theirs = installation.browser(make_user(installation, (EINDHOVEN, Role.OFFICER), name="Eva"))
    address = measure(installation).replace("dordrecht", "eindhoven")
    theirs.get(address, status=404)
    for query in ("maatregel=x", f"maatregel={uuid4()}", "maatregel=", "campagne=", "campagne=x"):
        olga.get(f"{HERE}?{query}", status=404)


@sqlite
def test_one_chooses_from_the_measures_the_newest_first(installation: Installation) -> None:
    older, newer = measure(installation), measure(installation)
    with installation.transaction(DORDRECHT) as session:
        number = newer.partition("=")[2]
        rows = session.scalars(select(DossierMeasure))
        next(row for row in rows if str(row.id) == number).started_on += timedelta(days=3)
    page = officer(installation).get(HERE)
    links = [link["href"] for link in page.html.select("main tbody th a")]
    assert links == [newer, older]
    with installation.transaction(DORDRECHT) as session:
        tasks = session.scalars(select(AuditEvent.task).where(AuditEvent.action == "gelezen"))
        assert "voor en na bekijken" in set(tasks)


@sqlite
def test_the_page_of_a_dossier_leads_to_before_and_after_of_its_measures(
    installation: Installation,
) -> None:
    address = measure(installation)
    with installation.transaction(DORDRECHT) as session:
        number = make_dossier(session).number[:-1] + "1"
    page = officer(installation).get(f"/gemeenten/dordrecht/binnenstad/{number}?deel=maatregelen")
    assert page.html.select_one(f"main a[href='{address}']")


@sqlite
def test_the_page_costs_the_same_however_much_there_is(installation: Installation) -> None:
    address, olga = measure(installation), officer(installation)
    olga.get(address)
    with count_queries(installation) as few:
        olga.get(address)
    add(installation, 20, -10)
    add(installation, 20, 10, NOORD)
    measure(installation)
    campaign(installation)
    with count_queries(installation) as many:
        olga.get(address)
    assert many.count == few.count <= 12
    with count_queries(installation) as choice:
        olga.get(HERE)
    assert choice.count <= 12


@pytest.mark.both_databases
def test_reports_count_on_the_local_day_in_their_area(installation: Installation) -> None:
    chance = random.Random(42)
    days = [date(2026, 2, 1), date(2026, 3, 3), date(2026, 3, 29), date(2026, 4, 2)]
    edges = [midnight(day) + timedelta(seconds=late) for day in days for late in (-1, 0)]
    with installation.transaction(DORDRECHT) as session:
        for number in range(40):
            wijk = chance.choice((CENTRE, NOORD, None))
            row = make_report(session, installation, neighbourhood=wijk)
            begun = datetime(2026, 1, 20, tzinfo=AMSTERDAM) + timedelta(
                hours=chance.randrange(2000)
            )
            row.incident_start = edges[number] if number < len(edges) else begun
            row.state = chance.choice(list(ReportState))
    with installation.transaction(DORDRECHT) as session:
        rows = session.scalars(select(Report).where(Report.state.not_in(LEFT_OUT))).all()
        own, rest = count_from(session, DORDRECHT, days, CENTRE)
        town, nothing = count_from(session, DORDRECHT, days, None)
    expected: list[dict[date, int]] = [{}, {}]
    for row in rows:
        day = row.incident_start.astimezone(AMSTERDAM).date()
        if days[0] <= day < days[-1]:
            first = max(edge for edge in days if edge <= day)
            counts = expected[row.neighbourhood_code != CENTRE]
            counts[first] = counts.get(first, 0) + 1
    assert [own, rest] == expected
    assert town == {day: own.get(day, 0) + rest.get(day, 0) for day in {*own, *rest}}
    assert nothing == {}
