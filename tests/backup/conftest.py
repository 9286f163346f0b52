"""An installation that the tests of a module make copies of, and a place to put one back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.backups import Operator, empty_place, fill, installed


@pytest.fixture(scope="module")
def made_world(
    request: pytest.FixtureRequest, copied_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Operator, list[Any]]]:
    folder = tmp_path_factory.mktemp("wereld") / "data"
    with installed(request, copied_database, folder) as operator:
        yield operator, []


@pytest.fixture
def way_to_fill() -> Callable[[Operator], Any]:
    """Return the function that fills an empty installation; a module may have its own."""
    return fill


@pytest.fixture
def world(
    made_world: tuple[Operator, list[Any]],
    way_to_fill: Callable[[Operator], Any],
    request: pytest.FixtureRequest,
) -> Any:
    """Made by the first test that asks; don't change it."""
    operator, made = made_world
    operator.request = request
    if not made:
        made.append(way_to_fill(operator))
    return made[0]


@pytest.fixture
def place(
    request: pytest.FixtureRequest, copied_database: str, world: Any, tmp_path: Path
) -> Iterator[Operator]:
    """An empty installation that has the keys of the world."""
    with empty_place(request, copied_database, tmp_path / "nieuw") as operator:
        shutil.copy(world.operator.settings.key_file, operator.settings.key_file)
        yield operator
