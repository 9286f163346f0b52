"""A configuration of Pyramid for tests of forms and pages without an installation."""

from collections.abc import Iterator

import pytest
from pyramid import testing
from pyramid.csrf import LegacySessionCSRFStoragePolicy


@pytest.fixture
def pyramid_config() -> Iterator[object]:
    """A configuration of Pyramid that is current, so that a form can ask for its token."""
    with testing.testConfig() as config:
        config.set_csrf_storage_policy(LegacySessionCSRFStoragePolicy())
        yield config
