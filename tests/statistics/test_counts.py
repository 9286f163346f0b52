"""The figures of a period, against a count in Python of the same rows."""

from __future__ import annotations

from datetime import date

import pytest

from stopintimidatie.statistics.queries import count_by
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation
from tests.support.scattering import NAMES, counted_apart, flat, scatter

SINCE, UNTIL = date(2025, 3, 1), date(2026, 4, 1)
pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.alles) for seed in range(2, 11))]
)
def test_the_figures_are_what_a_count_of_the_rows_gives(
    installation: Installation, seed: int
) -> None:
    with installation.transaction(DORDRECHT) as session:
        scatter(session, installation, seed)
    with installation.transaction(DORDRECHT) as session:
        expected = counted_apart(session, SINCE, UNTIL)
        counts = count_by(session, DORDRECHT, SINCE, UNTIL, NAMES)
    assert flat(counts) == expected
    assert counts["totaal"][""] > 15


def test_a_town_without_reports_has_no_figures(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        counts = count_by(session, DORDRECHT, SINCE, UNTIL, NAMES)
    assert counts == {name: {} for name in NAMES}
