"""The nursery once per run, and a site for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.nursery import Nursery
from tests.crash.site import Site
from tests.support.installation import Installation


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def site(installation: Installation, nursery: Nursery, tmp_path: Path) -> Iterator[Site]:
    made = Site(installation, nursery, tmp_path / "site")
    yield made
    made.close()
