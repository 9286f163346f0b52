from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.identity_providers import RunningProvider, running_providers

ADDRESS = "http://localhost:6543"


@pytest.fixture(scope="package")
def providers() -> Iterator[list[RunningProvider]]:
    """Real providers of Dordrecht and Eindhoven."""
    with running_providers(ADDRESS, "dordrecht", "eindhoven") as running:
        yield running
