"""Pyramid's test configuration, so that a form can ask for its token."""

from collections.abc import Iterator

import pytest
from pyramid import testing
from pyramid.csrf import LegacySessionCSRFStoragePolicy


@pytest.fixture(autouse=True)
def pyramid_config() -> Iterator[object]:
    with testing.testConfig() as config:
        config.set_csrf_storage_policy(LegacySessionCSRFStoragePolicy())
        yield config
