"""What a report costs the database: so many statements, and it stays so."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.pool import NullPool

from stopintimidatie.core import limits
from stopintimidatie.core.storage import session
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.reports.api import services as api_services
from stopintimidatie.reports.api.models import IdempotencyKey
from tests.support.api import Api
from tests.support.installation import Installation

pytestmark = pytest.mark.both_databases


@pytest.fixture
def api(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(api_services, "FORGETTING_EVERY", 10**12)
    # One in so many reports is written down for its app.
    monkeypatch.setattr(limits, "drawn", lambda meter: meter.every == 1)
    return Api(installation)


@contextmanager
def everything_sent(api: Api) -> Iterator[list[str]]:
    """Every statement, BEGIN and settings included."""
    sent: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    event.listen(api.installation.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(api.installation.engine, "before_cursor_execute", note)


def verbs(statements: list[str]) -> list[str]:
    return [statement.split()[0] for statement in statements]


def test_a_report_costs_one_question_and_one_write(api: Api) -> None:
    api.post()
    with everything_sent(api) as sent:
        api.post()
    if api.installation.settings.sqlite:
        # Each transaction begins with how long to wait for the lock, and whether it may write.
        begin = ["PRAGMA", "PRAGMA", "BEGIN"]
        # Key, report, reference, forms, contact, history, index, log and its subject.
        assert verbs(sent) == [*begin, "SELECT", *begin, *["INSERT"] * 9]
    else:
        # And after the commit, apart from it, the workers are woken.
        assert verbs(sent) == ["SELECT", "WITH", "NOTIFY"]
        # Longer ones the driver takes apart anew with each report.
        assert all(len(statement.encode()) <= 4096 for statement in sent)


def test_a_sender_that_is_counted_costs_no_statement_more(api: Api) -> None:
    api.app.extra_environ["REMOTE_ADDR"] = "145.53.10.20"
    api.post()
    with everything_sent(api) as sent:
        api.post()
    assert len([verb for verb in verbs(sent) if verb in ("SELECT", "WITH")]) == (
        1 if api.installation.settings.sqlite else 2
    )
    assert all(len(statement.encode()) <= 4096 for statement in sent if "WITH" in statement)


def test_nothing_is_asked_about_a_report_that_cant_be_read(api: Api) -> None:
    with everything_sent(api) as sent:
        api.post(b"{}", status=400)
    assert [verb for verb in verbs(sent) if verb not in ("PRAGMA", "BEGIN")] == ["SELECT"]


def test_each_purpose_is_derived_once(api: Api) -> None:
    keys: KeyRing = api.installation.registry.key_ring
    assert keys.derive("proef") is keys.derive("proef")
    assert keys.derive("proef") != keys.derive("proef2")
    assert "proef" not in repr(keys)


def test_now_and_then_a_report_removes_keys_that_are_past_their_term(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.post()
    with api.installation.transaction() as session:
        for row in session.scalars(select(IdempotencyKey)):
            row.created_at -= timedelta(days=31)
    api.post()
    assert keys_kept(api) == 2
    monkeypatch.setattr(api_services, "FORGETTING_EVERY", 1)
    api.post()
    assert keys_kept(api) == 2


def keys_kept(api: Api) -> int:
    with api.installation.transaction() as session:
        return len(session.scalars(select(IdempotencyKey.key)).all())


@pytest.mark.postgresql
def test_a_connection_that_died_while_it_lay_idle_is_noticed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A pool of one: connections that an earlier test left there would be taken instead.
    api.installation.engine.dispose()
    key = str(uuid.uuid4())
    first = api.post(Idempotency_Key=key).json
    monkeypatch.setattr(session, "SURELY_ALIVE_SECONDS", 0.0)
    end_connections(api)
    assert api.post(Idempotency_Key=key).json == first
    monkeypatch.setattr(session, "SURELY_ALIVE_SECONDS", 60.0)
    end_connections(api)
    # The one that was used a moment ago is found dead by using it; after that all is well.
    api.post(status="5*")
    api.post()


def end_connections(api: Api) -> None:
    """Have the server end every connection of the application but this one."""
    others = text(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND usename = current_user"
    )
    engine = create_engine(api.installation.settings.database_url, poolclass=NullPool)
    with engine.connect() as connection:
        assert connection.execute(others).all()
