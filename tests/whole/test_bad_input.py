"""Nothing is answered with 5xx because of its input, and nothing malformed leaves a row."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.models import Base
from tests.support.api import PROBLEM, Api
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation
from tests.support.malformed import KINDS, Malformed

# A refusal and a failed attempt to sign in are meant to be written down.
WRITTEN_DOWN = {"audit_event", "audit_subject", "sign_in_attempt"}
AT_LEAST = 500


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


def send(app: Any, request: Malformed, cookie: str = "") -> tuple[int, dict[str, str]]:
    """Straight into WSGI, where nothing tidies the request up."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "6543",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:6543",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **({"HTTP_COOKIE": cookie} if cookie else {}),
        **request.environ,
    }
    seen: list[tuple[str, list[tuple[str, str]]]] = []
    chunks = app(environ, lambda status, headers, exc_info=None: seen.append((status, headers)))
    for _ in chunks:
        pass
    if hasattr(chunks, "close"):
        chunks.close()
    status, headers = seen[0]
    for name, value in headers:
        assert "\r" not in name + value
        assert "\n" not in name + value
    return int(status[:3]), dict(headers)


def rows(installation: Installation) -> dict[str, int]:
    with installation.owner.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name not in WRITTEN_DOWN
        }


def misbehaviour(app: Any, request: Malformed, cookie: str = "") -> str | None:
    """What is wrong with the answer, if anything."""
    about = f"{request.what}: {request.method} {request.path!r:.60} {request.body!r:.60}"
    try:
        status, headers = send(app, request, cookie)
    except Exception as error:
        return f"{about} raised {type(error).__name__}: {error!s:.80}"
    if status >= 500:
        return f"{about} gave {status}"
    if request.path.startswith("/api/") and status >= 400:
        if headers.get("Content-Type") != PROBLEM:
            return f"{about} gave {status} without a problem document"
        if "API-Version" not in headers:
            return f"{about} gave {status} without its version"
    return None


@pytest.mark.parametrize("kind", KINDS)
def test_malformed_requests_are_refused_without_a_row(api: Api, kind: str) -> None:
    before = rows(api.installation)
    found = [misbehaviour(api.installation.app, request) for request in KINDS[kind]()]
    assert [fault for fault in found if fault] == []
    assert rows(api.installation) == before


@pytest.mark.parametrize("kind", ["paths", "queries"])
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
