"""The time of one report is said alike wherever it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import PartOfDay, TimePrecision
from tests.support.crossed import one_of_each
from tests.support.exporting import make_case
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

START = datetime(2026, 3, 4, 22, 50, tzinfo=AMSTERDAM)
DAY, SHORT = "woensdag 4 maart 2026", "04-03-2026"
KNOWN = [
    (TimePrecision.EXACT, f"{DAY}, 22.50 uur", f"{SHORT}, 22.50 uur"),
    (TimePrecision.HOUR, f"{DAY}, rond 23 uur", f"{SHORT}, rond 23 uur"),
    (TimePrecision.PART_OF_DAY, f"{DAY}, avond (18 tot 24 uur)", f"{SHORT}, avond"),
    (TimePrecision.DAY, DAY, SHORT),
    (TimePrecision.UNKNOWN, "rond 4 maart 2026", f"rond {SHORT}"),
    (None, f"{DAY}, 22.50 uur", f"{SHORT}, 22.50 uur"),
]


@pytest.mark.parametrize(
    ("precision", "long", "short"),
    one_of_each(KNOWN, lambda case: case[0] in (None, TimePrecision.EXACT)),
)
def test_every_page_says_a_time_alike(
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    precision: TimePrecision | None,
    long: str,
    short: str,
) -> None:
    few = replace(installation.registry.app_settings, pdf_full_reports=2)
    monkeypatch.setattr(installation.registry, "app_settings", few)
    case = make_case(installation, number=3)
    with installation.transaction(DORDRECHT) as session:
        for id_ in case.reports:
            report = session.get_one(Report, id_)
            report.incident_start, report.time_precision = START, precision
            if precision is TimePrecision.PART_OF_DAY:
                report.part_of_day = PartOfDay.EVENING
        reference = report.reference
    browser = case.browser("beslisser")
    pages = {
        f"/m/{reference}": (long,),
        # Similar reports come after the page.
        f"{browser.get(f'/m/{reference}').follow().request.path}/naast": (short,),
        f"{case.path}?deel=chronologie": (long,),
        f"{case.path}?deel=meldingen": (short,),
        f"{case.path}/uitvoer-aanvragen": (short,),
        f"{case.path}/uitvoer-voorbeeld?voor=intern": (long, short),
    }
    for address, words in pages.items():
        page = browser.get(address)
        text = (page.follow() if page.status_int in (302, 303) else page).text.lower()
        assert [line for line in words if line.lower() not in text] == [], address
        # With its day: what happens in the test itself may well happen at ten to eleven.
        told = [exact for exact in (f"{DAY}, 22.50", f"{SHORT}, 22.50") if exact in text]
        assert not told or "22.50" in long, address
