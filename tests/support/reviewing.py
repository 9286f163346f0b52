"""The page where free text is looked at."""

from __future__ import annotations

from stopintimidatie.reports.models import Report
from tests.support.exporting import Case
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation


def address(case: Case, installation: Installation) -> str:
    with installation.transaction(DORDRECHT) as session:
        reference = session.get_one(Report, case.reports[0]).reference
    return f"{case.path}/{reference}/tekst-nakijken"
