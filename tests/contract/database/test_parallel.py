"""However often, at once, or interrupted: one key is one report with one answer.

With real servers, kills and cut connections: tests/crash.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.storage import Holder
from stopintimidatie.reports.api import services as api_services
from stopintimidatie.reports.api.models import IdempotencyKey
from tests.support.api import Api
from tests.support.installation import Installation

pytestmark = pytest.mark.judged_once


@pytest.fixture
def api(installation: Installation) -> Api:
    return Api(installation)


@contextmanager
def first_still_busy(api: Api, key: uuid.UUID) -> Iterator[Session]:
    """Another request with this key, which doesn't come to its commit."""
    with api.installation.transaction() as session:
        session.add(
            IdempotencyKey(
                app_key_id=api.app_key_id, key=key, body_hash="x", secret_version=1, answer={}
            )
        )
        session.flush()
        yield session
        session.rollback()


def test_while_the_first_is_still_being_handled_the_second_waits_and_then_hears_so(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api_services.LONGEST_WAIT_MILLISECONDS == 5_000
    # The one report in so many that also removes old keys waits no longer than the others.
    monkeypatch.setattr(api_services, "FORGETTING_EVERY", 1)
    monkeypatch.setattr(api_services, "LONGEST_WAIT_MILLISECONDS", 400)
    key = uuid.uuid4()
    api.post()  # the first of the day, which draws the key that senders are counted with
    with first_still_busy(api, key):
        started = time.monotonic()
        # SQLite has one lock, so it can't be told that this key is what the other is writing.
        sqlite = api.installation.settings.sqlite
        status, kind = (503, "tijdelijk-dicht") if sqlite else (409, "nog-bezig")
        refusal = api.post(Idempotency_Key=str(key), status=status)
        waited = time.monotonic() - started
    assert refusal.json["type"].endswith(f":{kind}")
    assert 0.3 < waited < 5  # a busy machine is slow, but the five seconds were not waited for
    api.post(Idempotency_Key=str(key))
    assert api.count() == 2


def test_a_new_report_never_hears_that_it_is_being_handled(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check a new report while the database is locked for longer than a request may wait."""
    monkeypatch.setattr(api_services, "LONGEST_WAIT_MILLISECONDS", 300)
    key = str(uuid.uuid4())
    api.post()
    with api.installation.transaction() as session:
        # On SQLite any transaction blocks; on PostgreSQL lock the rows that each new row refers to.
        session.scalars(select(Holder).with_for_update()).all()
        refusal = api.post(Idempotency_Key=key, status=503)
    assert int(refusal.headers["Retry-After"]) > 0
    api.post(Idempotency_Key=key)
    assert api.count() == 2


def test_when_the_first_fails_the_one_that_waited_is_taken_in(api: Api) -> None:
    key = uuid.uuid4()
    entered, answers = threading.Event(), []

    def second() -> None:
        entered.wait(10)
        answers.append(api.post(Idempotency_Key=str(key)))

    thread = threading.Thread(target=second)
    thread.start()
    with first_still_busy(api, key):
        entered.set()
        time.sleep(0.5)
    thread.join(20)
    assert [answer.status_int for answer in answers] == [201]
    assert api.count() == 1


def test_a_refused_report_leaves_its_key_free(api: Api) -> None:
    key = str(uuid.uuid4())
    api.post(b"{}", Idempotency_Key=key, status=400)
    api.post(Idempotency_Key=key)
    assert api.count() == 1


def test_when_storing_fails_nothing_is_stored_and_the_key_is_free(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = str(uuid.uuid4())

    def broken(*arguments: Any) -> None:
        raise RuntimeError("after the report was stored")

    with monkeypatch.context() as patch:
        patch.setattr(api_services, "receipt", broken)
        failure = api.post(Idempotency_Key=key, status=500)
        assert failure.json["type"].endswith(":storing")
        assert "RuntimeError" not in failure.text
    assert api.count() == 0
    api.post(Idempotency_Key=key)
    assert api.count() == 1
