"""The figures of the demo: against a count apart, and under attack."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from stopintimidatie.core.clock import months_after
from stopintimidatie.demo.loader import HOLDERS
from stopintimidatie.demo.scenario import DORDRECHT, EINDHOVEN
from stopintimidatie.statistics.queries import count_by
from stopintimidatie.statistics.release.services import releases_of
from tests.statistics.release.attack import Attack
from tests.support.installation import Installation, make_settings
from tests.support.scattering import NAMES, counted_apart, flat


@pytest.fixture
def demo(sqlite_demo_of_today: Path, tmp_path: Path) -> Iterator[Installation]:
    """The demo that other tests made too."""
    shutil.copytree(sqlite_demo_of_today, tmp_path, dirs_exist_ok=True)
    made = Installation(make_settings(f"sqlite:///{tmp_path}/data.sqlite", tmp_path))
    yield made
    made.close()


@pytest.fixture
def day(sqlite_demo_of_today: Path) -> date:
    return date.fromisoformat((sqlite_demo_of_today / "made").read_text(encoding="ascii"))


@pytest.mark.parametrize("months", [1, 3, 12, 30])
def test_the_figures_of_the_demo_are_what_a_count_of_its_rows_gives(
    demo: Installation, day: date, months: int
) -> None:
    since, until = months_after(day, -months), months_after(day, 1)
    total = 0
    for holder in HOLDERS:
        with demo.transaction(holder) as session:
            counts = count_by(session, holder, since, until, NAMES)
            assert flat(counts) == counted_apart(session, since, until)
            total += counts["totaal"][""]
    assert total > 20


def test_nothing_that_the_demo_released_narrows_a_small_number(demo: Installation) -> None:
    cells = 0
    for holder in (DORDRECHT, EINDHOVEN):
        with demo.transaction(holder) as session:
            attack = Attack({row.quarter: row.tables for row in releases_of(session, holder)})
        assert attack.is_possible()
        assert list(attack.narrowed()) == []
        cells += len(attack.cells)
    assert cells > 5
