"""Rehearsing destruction: nights that pass at once, with and without people who agree."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from stopintimidatie.core.clock import utc_now
from stopintimidatie.demo.rehearsal import Rehearsed, rehearse
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, make_report
from tests.support.installation import Installation
from tests.support.retaining import approve, on

TODAY, UNTIL = date(2026, 11, 24), date(2027, 11, 30)


def turned_down(installation: Installation) -> Any:
    """A report that wasn't handled, and goes a year later."""
    with on(TODAY), installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation)
        report.state, report.ended_at = "niet_in_behandeling", utc_now()
        return report.id


def is_there(installation: Installation, number: Any) -> bool:
    with installation.transaction(DORDRECHT) as session:
        return session.get(Report, number) is not None


@pytest.mark.parametrize(
    ("agree", "counted"),
    [
        (True, Rehearsed(DORDRECHT, 1, 0, 1, 1)),
        (False, Rehearsed(DORDRECHT, 1, 1, 0, 0)),
    ],
)
@pytest.mark.alles
def test_a_rehearsal_destroys_what_three_people_agreed_to(
    installation: Installation, agree: bool, counted: Rehearsed
) -> None:
    number, said = turned_down(installation), list[str]()
    with on(TODAY):
        approve(installation)
    rows = rehearse(installation.registry, TODAY, UNTIL, agree=agree, progress=said.append)
    assert rows == [counted]
    assert is_there(installation, number) is not agree
    # Today, the first days of four quarters, and the last day.
    assert len(said) == 6


def test_without_terms_a_rehearsal_does_nothing(installation: Installation) -> None:
    number = turned_down(installation)
    assert rehearse(installation.registry, TODAY, UNTIL, agree=True, progress=print) == []
    assert is_there(installation, number)
