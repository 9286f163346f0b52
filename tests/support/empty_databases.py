"""Databases that nothing was installed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stopintimidatie.core.storage import database
from stopintimidatie.settings import Settings
from tests.support.installation import make_settings


@contextmanager
def empty_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[Settings]:
    if request.param == "sqlite":
        yield make_settings(f"sqlite:///{folder}/older.sqlite", folder)
        return
    with request.getfixturevalue("postgres").database(user=database.APP) as url:
        yield make_settings(url, folder)
