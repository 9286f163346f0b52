"""A flood is taken in and put aside, never refused; reading and guessing have an end; nobody is
tracked."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, inspect, select

from stopintimidatie.core import limits
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.jobs.schedule import correct_schedule
from stopintimidatie.core.limits import (
    GUESSES,
    SenderHit,
    SenderKey,
    Senders,
    count_and_judge,
    sender_of,
)
from stopintimidatie.core.storage.models import Base
from stopintimidatie.reports.models import Report, ReportMove
from tests.support.api import PROBLEM, Api
from tests.support.factories import DORDRECHT, connect
from tests.support.installation import Installation, make_settings

pytestmark = [pytest.mark.both_databases, pytest.mark.short_on("postgresql")]

HERE = "145.53.10.20"
THERE = "145.53.10.21"
MOST = 30


@pytest.fixture
def api(installation: Installation) -> Api:
    connect(installation)
    return Api(installation)


def post_from(api: Api, address: str, times: int) -> list[Any]:
    api.app.extra_environ["REMOTE_ADDR"] = address
    return [api.post() for _ in range(times)]


def states(api: Api) -> dict[str, int]:
    with api.installation.transaction(DORDRECHT) as session:
        rows = session.execute(select(Report.state, func.count()).group_by(Report.state))
        return {row[0]: row[1] for row in rows}


def put_hits(api: Api, meter: limits.Meter, who: str, number: int) -> None:
    """As if so many had been before."""
    subject = api.installation.registry.senders.subject(meter, who)
    with api.installation.transaction() as session:
        session.add_all(SenderHit(subject=subject) for _ in range(number))


@pytest.mark.short_on("sqlite", "postgresql")
def test_the_flood_of_one_sender_is_taken_in_and_put_aside(api: Api) -> None:
    post_from(api, HERE, 1)
    put_hits(api, limits.reports_of_sender(api.installation.settings), HERE, MOST - 2)
    before, over = post_from(api, HERE, 2)
    assert [answer.json["status"] for answer in (before, over)] == ["ontvangen", "ontvangen"]
    assert states(api) == {"nieuw": 2, "quarantaine": 1}
    # Somebody else isn't touched by it.
    post_from(api, THERE, 1)
    assert states(api) == {"nieuw": 3, "quarantaine": 1}
    with api.installation.transaction(DORDRECHT) as session:
        reasons = session.scalars(
            select(ReportMove.reason).where(ReportMove.to_state == "quarantaine")
        ).all()
    assert reasons == ["Veel meldingen van één adres binnen een uur. Welk adres is niet bewaard."]


def test_an_hour_later_it_is_over(api: Api) -> None:
    post_from(api, HERE, 1)
    put_hits(api, limits.reports_of_sender(api.installation.settings), HERE, MOST)
    with clock_at(utc_now() + timedelta(minutes=61)):
        post_from(api, HERE, 1)
    assert states(api) == {"nieuw": 2}


def test_the_flood_of_an_app_is_counted_by_samples(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "drawn", lambda meter: True)
    api.post()
    meter = limits.reports_of_app(api.installation.settings)
    assert meter.every > 1
    with api.installation.transaction() as session:
        subject = session.scalars(select(SenderHit.subject)).one()
        session.add_all(SenderHit(subject=subject) for _ in range(meter.rows))
    assert api.post().status_int == 201
    assert states(api) == {"nieuw": 1, "quarantaine": 1}


def test_behind_a_proxy_that_does_not_tell_nobody_is_a_flood(api: Api) -> None:
    post_from(api, "127.0.0.1", MOST + 3)
    assert states(api) == {"nieuw": MOST + 3}


def test_the_page_for_everybody_counts_too(api: Api) -> None:
    put_hits(api, limits.reports_of_sender(api.installation.settings), HERE, MOST)
    with api.installation.transaction(DORDRECHT) as session:
        watched = api.installation.registry.senders.watch(HERE, None, session)
        assert count_and_judge(session, watched)
        other = api.installation.registry.senders.watch(THERE, None, session)
        assert count_and_judge(session, other) is None


@pytest.mark.parametrize(
    ("environ", "header", "expected"),
    [
        ({"REMOTE_ADDR": HERE}, "", HERE),
        ({"REMOTE_ADDR": "127.0.0.1"}, "", None),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_X_AFZENDER": HERE}, "X-Afzender", HERE),
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_X_AFZENDER": HERE}, "", None),
        ({"REMOTE_ADDR": HERE, "HTTP_X_AFZENDER": "\x00'; --"}, "X-Afzender", None),
        ({"REMOTE_ADDR": "2a02:a44:1:2:3:4:5:6"}, "", "2a02:a44:1:2::/64"),
        ({"REMOTE_ADDR": f"::ffff:{HERE}"}, "", HERE),
        ({}, "", None),
        ({"REMOTE_ADDR": "unix:"}, "", None),
    ],
)
def test_who_sends_is_told_by_the_connection_or_by_our_own_proxy(
    environ: dict[str, str], header: str, expected: str | None, tmp_path: Any
) -> None:
    settings = make_settings("sqlite://", tmp_path, sender_header=header)
    assert sender_of(environ, settings) == expected


def test_nothing_that_is_kept_leads_back_to_the_sender(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of what an app sends one in many is written down, by chance; here all of it.
    monkeypatch.setattr(limits, "drawn", lambda meter: True)
    post_from(api, HERE, 3)
    engine = api.installation.owner
    for table in inspect(engine).get_table_names():
        assert not rows_with(engine, table, HERE), table
    with api.installation.transaction() as session:
        subjects = set(session.scalars(select(SenderHit.subject)))
    assert len(subjects) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", subject) for subject in subjects)


def rows_with(engine: Engine, table: str, word: str) -> bool:
    if table not in Base.metadata.tables:
        return False
    with engine.connect() as connection:
        rows = connection.execute(select(Base.metadata.tables[table])).mappings().all()
    return any(word in str(value) for row in rows for value in row.values())


@pytest.mark.alles
def test_the_next_day_the_key_and_all_hashes_are_gone_also_when_nobody_comes(api: Api) -> None:
    post_from(api, HERE, 2)
    with api.installation.transaction() as session:
        before = session.scalars(select(SenderKey.key)).one()
        # A row stored on a day when the clock was wrong.
        session.add(SenderHit(subject="iemand", at=utc_now() + timedelta(days=400)))
    correct_schedule(api.installation.engine, api.installation.registry.job_kinds)
    with clock_at(utc_now() + timedelta(days=1)):
        api.installation.run_jobs()
        with api.installation.transaction() as session:
            assert not session.scalars(select(SenderKey.key)).all()
            assert not session.scalars(select(SenderHit.id)).all()
        post_from(api, HERE, 1)
        with api.installation.transaction() as session:
            assert session.scalars(select(SenderKey.key)).one() != before


@pytest.mark.short_on("sqlite", "postgresql")
def test_processes_share_the_key_of_the_day(api: Api) -> None:
    one, other = (Senders(api.installation.engine, api.installation.settings) for _ in range(2))
    assert one.subject(GUESSES, HERE) == other.subject(GUESSES, HERE)
    assert one.subject(GUESSES, HERE) != one.subject(GUESSES, THERE)


def test_after_too_many_wrong_codes_following_has_to_wait_and_reporting_has_not(api: Api) -> None:
    receipt = post_from(api, HERE, 1)[0].json
    api.follow(receipt["kenmerk"], "0000 0000 0000 0000", status=404)
    put_hits(api, GUESSES, HERE, GUESSES.most - 1)
    for code in ("0000 0000 0000 0000", receipt["volgcode"]):
        refused = api.follow(receipt["kenmerk"], code, status=429)
        assert refused.content_type == PROBLEM
        assert int(refused.headers["Retry-After"]) > 0
    assert api.withdraw(receipt["kenmerk"], receipt["volgcode"], status=429)
    api.post()
    # From elsewhere the reporter still gets in: nobody can shut them out by guessing.
    api.app.extra_environ["REMOTE_ADDR"] = THERE
    api.follow(receipt["kenmerk"], receipt["volgcode"])


def test_the_page_waits_as_well(api: Api) -> None:
    put_hits(api, GUESSES, HERE, GUESSES.most)
    browser = api.installation.visitor()
    browser.extra_environ["REMOTE_ADDR"] = HERE
    form = browser.get("/volgen").forms["formulier"]
    form["kenmerk"], form["volgcode"] = "M-4F7K-2QXJ", "1111 2222 3333 4444"
    page = form.submit("bekijken", status=429)
    page.mustcontain("Wacht een kwartier")
    assert page.headers["Retry-After"]


def test_too_much_reading_gets_429_with_when_to_come_back(api: Api) -> None:
    receipt = post_from(api, HERE, 1)[0].json
    meter = limits.reads_of_sender(api.installation.settings)
    put_hits(api, meter, HERE, meter.rows)
    assert api.follow(receipt["kenmerk"], receipt["volgcode"], status=429).headers["Retry-After"]
    api.get("/api/v1/gemeenten?lat=51.8133&lon=4.669", status=429)
    api.get("/api/v1/formulier", status=429)
    body = json.dumps({"tekst": "Nog iets."}).encode()
    api.add(receipt, body)
    api.post()
