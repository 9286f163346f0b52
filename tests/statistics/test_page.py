"""The page with figures: its numbers are those of the lists they lead to."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at
from stopintimidatie.dossiers.models import DossierMeasure
from stopintimidatie.reports.campaigns.models import Campaign
from stopintimidatie.statistics.rules import MOST, period_of
from tests.support.factories import DORDRECHT, connect, make_dossier
from tests.support.installation import Installation
from tests.support.officers import officer
from tests.support.queries import count_queries
from tests.support.scattering import scatter

PAGE = "/gemeenten/dordrecht/cijfers"
YEAR = f"{PAGE}?van=2025-03&tot=2026-03"
NOW = datetime(2026, 4, 15, 10, tzinfo=UTC)
TODAY = date(2026, 4, 15)


def filled(installation: Installation) -> Any:
    """An officer of a town with sixty reports."""
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        scatter(session, installation, 3)
    return officer(installation)


def test_each_number_leads_to_a_list_of_so_many_reports(installation: Installation) -> None:
    with clock_at(NOW):
        browser = filled(installation)
        page = browser.get(YEAR)
        links = {
            link["href"]: int(link.text) for link in page.html.select("td a[href*='/postvak?']")
        }
        assert len(links) > 25
        for href, number in links.items():
            shown = browser.get(href).html.select_one(".wb-count").text
            assert [str(number)] == re.findall(r"\d+", shown), href


def test_the_tiles_tell_both_periods_and_what_does_not_count(installation: Installation) -> None:
    with clock_at(NOW):
        page = filled(installation).get(YEAR)
        words = " ".join(page.html.select_one(".si-tiles").text.split())
    assert "meldingen van maart 2025 tot en met maart 2026" in words
    assert "van maart 2024 tot en met maart 2025" in words
    assert re.search(r"\d+ tellen niet mee afgehandeld", words) is None
    assert "quarantaine" in words


def test_every_chart_has_its_table_and_says_in_words_what_it_shows(
    installation: Installation,
) -> None:
    with clock_at(NOW):
        page = filled(installation).get(YEAR).html
    pictures = page.select("img.si-chart")
    assert len(pictures) >= 10
    for picture in pictures:
        assert "tabel" in picture["alt"]
        assert picture.find_parent(class_="si-card").select("table tbody tr")


def test_what_began_is_marked_but_not_of_a_dossier_one_may_not_see(
    installation: Installation,
) -> None:
    with clock_at(NOW):
        browser = filled(installation)
        with installation.transaction(DORDRECHT) as session:
            session.add(Campaign(holder=DORDRECHT, code="zomer", name="Zomer", since=TODAY))
            for kind, about in (("hotspot", "extra_toezicht"), ("persoonsgericht", "boa_inzet")):
                dossier = make_dossier(session, kind=kind)
                row = {"kind": about, "what": "-", "who": "-", "made_by": "-", "changed_by": "-"}
                session.add(
                    DossierMeasure(holder=DORDRECHT, dossier_id=dossier.id, started_on=TODAY, **row)
                )
        words = browser.get(PAGE).text
    assert "campagne Zomer" in words
    assert "maatregel extra toezicht" in words
    assert "maatregel inzet van boa" not in words


def test_a_town_without_reports_is_told_so(installation: Installation) -> None:
    connect(installation)
    page = officer(installation).get(PAGE)
    assert "In deze maanden kwam er niets binnen" in page.text
    assert not page.html.select("img.si-chart")


def sheet_of(body: bytes) -> list[list[str]]:
    """The cells of the first sheet, as they are stored."""
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        strings = etree.fromstring(book.read("xl/sharedStrings.xml"))
        rows = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    words = ["".join(item.itertext()) for item in strings]
    return [
        [
            words[int(cell.findtext("{*}v"))] if cell.get("t") == "s" else cell.findtext("{*}v")
            for cell in row
        ]
        for row in rows.iter("{*}row")
    ]


def test_the_files_hold_the_numbers_of_the_page_and_the_log_says_so(
    installation: Installation,
) -> None:
    with clock_at(NOW):
        browser = filled(installation)
        address = f"{PAGE}-bestand?van=2025-03&tot=2026-03&bestand="
        lines = browser.get(f"{address}csv").text.lstrip("\ufeff").splitlines()
        told = [[cell.strip('"') for cell in line.split(";")] for line in lines]
        sheet = sheet_of(browser.get(f"{address}xlsx").body)
        page = browser.get(YEAR).html
    assert sheet == told
    assert told[0] == ["Onderdeel", "Waarde", "Aantal", "Andere periode"]
    rows = [
        [cell.text.strip().replace(".", "") for cell in row.select("th, td")]
        for row in page.select("details table tbody tr")
    ]
    assert all(row[1:] in rows for row in told[1:])
    assert "Leeftijd van de melder" not in {row[0] for row in told}
    with installation.transaction(DORDRECHT) as session:
        actions = session.scalars(
            select(AuditEvent.action).where(AuditEvent.action == "cijfers.gedownload")
        )
        assert len(actions.all()) == 2


def test_the_page_asks_few_questions_of_the_database(installation: Installation) -> None:
    with clock_at(NOW):
        browser = filled(installation)
        browser.get(YEAR)
        with count_queries(installation) as counted:
            browser.get(YEAR)
    assert counted.count <= 12


months = st.sampled_from(["", "x", "2026-13", "1999-01", "2026-04", "2030-12", "2025-11"])


@given(months, months, st.sampled_from(["", "jaar", "ervoor", "niets", "x"]))
def test_whatever_the_address_says_is_a_period_of_some_months(
    first: str, last: str, way: str
) -> None:
    period, known = period_of([("van", first), ("tot", last), ("naast", way)], TODAY)
    assert 1 <= len(period.months) <= MOST
    beside = period.compared(known)
    assert (beside is None) == (known == "niets")
    assert beside is None or len(beside.months) == len(period.months)
