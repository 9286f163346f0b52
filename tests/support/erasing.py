"""Erasing on its pages, by the two people that it takes."""

from __future__ import annotations

from typing import Any

from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import path_of_report
from tests.support.exporting import Case
from tests.support.factories import DORDRECHT


def page_of(case: Case, address: str, who: str = "privacy") -> Any:
    return case.browser(who).get(f"{address}/gegevens-wissen")


def proposed(case: Case, address: str, who: str = "privacy") -> Any:
    """Propose to erase what stands here; return the page that the proposing person gets next."""
    form = page_of(case, address, who).forms["formulier"]
    form["grond"] = "bezwaar"
    return form.submit("voorstellen", status=303).follow(status=200)


def decision(case: Case, address: str, who: str = "beslisser") -> Any:
    """Return the form of the second person."""
    return case.browser(who).get(f"{address}/wissen-nakijken").forms["formulier"]


def erased(case: Case, address: str, number: str) -> Any:
    """Propose and carry out, as two people; return the answer to the last form."""
    proposed(case, address)
    form = decision(case, address)
    form["besluit"], form["nummer"] = "wissen", number.lower()
    return form.submit("beslissen", status=303)


def first_report(case: Case) -> tuple[str, str]:
    with case.installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, case.reports[0])
        address = path_of_report(session, report.id)
        assert address is not None
        return address, report.reference
