"""The real outlines, for the tests that want them: the one permitted reason to skip.

They stand beside the clone (`../shared/data`) where the project is built, and are never
committed. `STOPINTIMIDATIE_SHARED_DATA` points elsewhere. A test asks for the fixture
`echte_gebieden` and carries the marker of the same name.

The published rules of the linter stand beside them, in `standards`. Without these a test lints with
a few rules of our own, and the end of the run says so.
"""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
VARIABLE = "STOPINTIMIDATIE_SHARED_DATA"


def shared_data() -> Path | None:
    """The folder with the real outlines, or None where there is none."""
    named = os.environ.get(VARIABLE)
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    return folder if (folder / "gemeenten_2024.geojson").is_file() else None


def published_linter() -> Path | None:
    """The linter rules of the NL GOV REST API Design Rules, or None where they aren't."""
    named = os.environ.get(VARIABLE)
    shared = Path(named).parent if named else REPOSITORY.parent / "shared"
    rules = shared / "standards" / "nlgov_api_design_rules_linter.yaml"
    return rules if rules.is_file() else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if published_linter() is None:
        terminalreporter.write_line(
            "API: alleen met eigen regels gekeurd, want ../shared/standards is er niet"
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, every test that needs outlines which aren't there."""
    if shared_data() is not None:
        return
    reason = f"echte gebieden ontbreken: geen ../shared/data naast de kloon, en {VARIABLE} is leeg"
    for item in items:
        if item.get_closest_marker("echte_gebieden"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def echte_gebieden() -> Path:
    """The folder with the real outlines."""
    folder = shared_data()
    assert folder is not None, "mark this test with @pytest.mark.echte_gebieden"
    return folder
