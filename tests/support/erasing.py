"""Erasing on its pages, by the two people that it takes."""

from __future__ import annotations

from typing import Any

from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import path_of_report
from tests.support.exporting import Case
from tests.support.factories import DORDRECHT

WHY = "Verzoek van de melder, zaak 2026-118."


def page_of(case: Case, address: str, who: str = "privacy") -> Any:
    return case.browser(who).get(f"{address}/gegevens-wissen")


def second_look(page: Any) -> Any:
    form = page.forms["formulier"]
    form["grond"] = "bezwaar"
    form["reden"] = WHY
    return form.submit("verder", status=200)


def first_report(case: Case) -> tuple[str, str]:
    with case.installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, case.reports[0])
        address = path_of_report(session, report.id)
        assert address is not None
        return address, report.reference
