"""A second worker, or a second machine, where the index is in files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stopintimidatie.core.jobs import worker
from stopintimidatie.settings import Settings
from tests.support.installation import Installation

pytestmark = pytest.mark.judged_once


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    yield
    for held in worker._HELD:
        if isinstance(held, tuple):
            engine, connection = held
            connection.close()
            engine.dispose()
        else:
            held.close()
    worker._HELD.clear()


def whoosh(installation: Installation) -> Settings:
    return replace(installation.settings, search_backend="whoosh")


def test_a_second_worker_is_refused_where_the_index_is_in_files(
    installation: Installation, tmp_path: Path
) -> None:
    worker.stay_one_worker(whoosh(installation))
    with pytest.raises(worker.NotAloneError, match="al een worker"):
        worker.stay_one_worker(whoosh(installation))
    worker.stay_one_worker(replace(installation.settings, search_backend="postgresql"))


@pytest.mark.postgresql
def test_a_second_machine_is_refused_and_a_second_process_is_not(
    installation: Installation, tmp_path: Path
) -> None:
    for _ in range(2):
        worker.stay_on_one_machine(whoosh(installation))
    with pytest.raises(worker.NotAloneError, match="andere machine"):
        worker.stay_on_one_machine(replace(whoosh(installation), data_dir=tmp_path / "elders"))
