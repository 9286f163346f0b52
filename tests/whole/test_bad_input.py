"""Nothing is answered with 5xx because of its input, and nothing malformed leaves a row."""

from __future__ import annotations

import pytest

from stopintimidatie.core.security import Role
from tests.support.api import Api
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.malformed import KINDS, misbehaviour, rows, send

AT_LEAST = 500


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


@pytest.mark.alles
@pytest.mark.parametrize("kind", KINDS)
def test_malformed_requests_are_refused_without_a_row(api: Api, kind: str) -> None:
    before = rows(api.installation)
    found = [misbehaviour(api.installation.app, request) for request in KINDS[kind]()]
    assert [fault for fault in found if fault] == []
    assert rows(api.installation) == before


@pytest.mark.parametrize("kind", [pytest.param("paths", marks=pytest.mark.alles), "queries"])
def test_an_officer_who_is_signed_in_meets_no_error_either(api: Api, kind: str) -> None:
    username = make_user(api.installation, (DORDRECHT, Role.OFFICER))
    # So that there is an index: without one /zoeken says 503 to anybody, whatever they ask.
    with api.installation.transaction(DORDRECHT) as session:
        make_report(session, api.installation)
    api.installation.run_jobs()
    browser = api.installation.browser(username)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    before = rows(api.installation)
    found = [misbehaviour(api.installation.app, request, cookie) for request in KINDS[kind]()]
    assert [fault for fault in found if fault] == []
    assert rows(api.installation) == before


def test_a_message_with_anything_wrong_is_400_and_says_what(api: Api) -> None:
    wrong = []
    for request in KINDS["json"]():
        status, _ = send(api.installation.app, request)
        if status not in (400, 413):
            wrong.append((request.what, status))
    assert wrong == []


def test_the_corpus_is_large_enough() -> None:
    counts = {kind: sum(1 for _ in make()) for kind, make in KINDS.items()}
    assert min(counts.values()) >= 50
    assert sum(counts.values()) >= AT_LEAST
