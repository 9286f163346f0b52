"""A forwarded municipality joins: its open threads come along whole, and the record of the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.jobs import Job, OutboxJob, enqueue
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import day_of
from stopintimidatie.desk.onboarding import services as onboarding
from stopintimidatie.desk.onboarding.services import hand_over_what_waits
from stopintimidatie.disclosures.models import Pickup
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import LevelRules, set_level
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.reports.models import Report, ReportMove
from tests.support.api import Api, report
from tests.support.factories import make_user
from tests.support.installation import Installation
from tests.support.mailboxes import mails
from tests.support.photos import photo
from tests.support.sittings import (
    ZWIJNDRECHT,
    agree,
    arrive,
    code_for,
    enter,
    open_in,
    pickup_of,
    read,
    sit,
)

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.short_on("postgresql"),
    pytest.mark.usefixtures("at_once"),
]

STATION = {"lat": 51.8165, "lon": 4.6400}
WHO = {"naam": "Petra", "email": "petra@melder.example"}


def join(installation: Installation) -> None:
    rules = LevelRules(effects={"wat wacht": hand_over_what_waits})
    with installation.transaction(NATIONAL) as session:
        set_level(session, rules, SYSTEM, ZWIJNDRECHT, ParticipationLevel.PROGRAMME)


def reports_in(installation: Installation) -> dict[str, Report]:
    with installation.transaction(ZWIJNDRECHT) as session:
        return {row.reference: row for row in session.scalars(select(Report))}


def officer(installation: Installation) -> Any:
    return installation.browser(make_user(installation, (ZWIJNDRECHT, Role.OFFICER)))


def picked_up(installation: Installation, number: UUID) -> None:
    _, page = sit(installation, number)
    open_in(page, pickup_of(installation, number).reference)


def test_a_thread_comes_along_with_its_conversation_files_and_history(
    installation: Installation,
) -> None:
    agree(installation)
    api = Api(installation)
    given = report(locatie=STATION, omschrijving="Hij floot.", anoniem=False, melder=WHO)
    receipt = api.post(given).json
    known_by = receipt["kenmerk"], receipt["volgcode"]
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        number = session.scalars(select(Report.id)).one()
    picked_up(installation, number)
    api.add(receipt, {"tekst": "Hij had een blauwe fiets."})
    api.attach(receipt, photo())
    assert api.follow(*known_by).json["status"] == "doorgegeven"
    join(installation)
    installation.run_jobs()
    shown = api.follow(*known_by).json
    assert (shown["status"], shown["gemeente"]["aangesloten"]) == ("ontvangen", True)
    assert [m["tekst"] for m in shown["berichten"]] == ["Hij had een blauwe fiets."]
    page = officer(installation).get(f"/m/{known_by[0]}").maybe_follow()
    for words in ("Hij floot.", "blauwe fiets", "Opgehaald door de gemeente", "Anneke de Boer"):
        assert words in page, words
    assert "nummer=1" in page
    api.add(receipt, {"tekst": "Ik ben er nog."})
    assert "Ik ben er nog." in officer(installation).get(f"/m/{known_by[0]}").maybe_follow()


@pytest.mark.alles
def test_what_was_destroyed_after_its_pick_up_appears_as_a_record_and_asks_nobody_anything(
    installation: Installation,
) -> None:
    agree(installation)
    api = Api(installation)
    receipt = api.post(report(locatie=STATION, omschrijving="Hij floot.")).json
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        number = session.scalars(select(Report.id)).one()
    picked_up(installation, number)
    with clock_at(utc_now() + timedelta(days=31)):
        installation.run_jobs()
        assert pickup_of(installation, number).destroyed_at is not None
        join(installation)
        installation.run_jobs()
        (record,) = reports_in(installation).values()
        assert (record.state, record.delivery) == ("vernietigd", "opgehaald")
        assert record.neighbourhood_code is not None
        assert (record.contact_deadline, record.read_before, record.lat) == (None, None, None)
        assert record.received_at.date() < record.ended_at.date()  # type: ignore[union-attr]
        browser = officer(installation)
        page = browser.get(f"/m/{record.reference}").maybe_follow()
        for words in ("Opgehaald door de gemeente", "Anneke de Boer"):
            assert words in page, words
        assert record.reference not in browser.get("/gemeenten/zwijndrecht/postvak")
        shown = api.follow(receipt["kenmerk"], receipt["volgcode"]).json
        assert shown["status"] == "doorgegeven"
        assert shown["gemeente"]["naam"] == "Zwijndrecht"


@pytest.mark.alles
def test_an_offer_under_way_ends_neutrally_and_the_official_reads_where_it_went(
    installation: Installation,
) -> None:
    agree(installation)
    numbers = [arrive(installation) for _ in range(2)]
    installation.run_jobs()
    code = code_for(installation, numbers[0])
    waiting = pickup_of(installation, numbers[0])
    join(installation)
    installation.run_jobs()
    refused = enter(installation, waiting.reference, code, 422)[1]
    assert "klopt niet, is al gebruikt of is verlopen" in refused
    assert "Geheimwoord" not in refused
    assert pickup_of(installation, numbers[0]).state == "verlopen"
    (mail,) = mails(installation, "naar_portaal")
    assert mail.sent_at is not None
    assert "/gemeenten/zwijndrecht/postvak" in (mail.kept or "")
    for secret in ("Geheimwoord", "Petra", read(installation, numbers[0]).reference):
        assert secret not in (mail.kept or "")
    # Nobody is chased about it any more.
    with clock_at(utc_now() + timedelta(days=20)):
        installation.run_jobs()
        assert mails(installation, "niet_opgehaald") == []
    assert len(reports_in(installation)) == 2


def test_what_is_frozen_at_the_desk_stays_there_and_stops_nothing_else(
    installation: Installation,
) -> None:
    frozen, other = arrive(installation), arrive(installation)
    until = day_of(utc_now()) + timedelta(days=90)
    with installation.transaction(NATIONAL) as session:
        place_hold(session, session.get_one(Report, frozen), HoldReason.COURT, until, SYSTEM)
    join(installation)
    installation.run_jobs()
    assert list(reports_in(installation)) == [read(installation, other).reference]
    assert read(installation, frozen).description == "Geheimwoord"


@pytest.mark.alles
@pytest.mark.parametrize("number", [20, pytest.param(200, marks=pytest.mark.alles)])
def test_many_threads_come_by_jobs_that_go_on_where_they_were_killed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    for _ in range(number):
        arrive(installation)
    installation.run_jobs()
    join(installation)
    done: list[bool] = []
    real = onboarding._hand_some_over

    class KilledError(Exception):
        pass

    def some(*given: Any) -> bool:
        done.append(True)
        # After three transactions that were committed.
        if len(done) == 4:
            raise KilledError
        return real(*given)

    monkeypatch.setattr(onboarding, "_hand_some_over", some)
    installation.run_jobs()
    with installation.transaction() as session:
        for job in session.scalars(select(OutboxJob)):
            job.run_after = utc_now()
    installation.run_jobs()
    assert len(done) > number // onboarding.HANDED_OVER_AT_ONCE + 1
    found = reports_in(installation)
    assert len(found) == number
    before = {row.id: row.version for row in found.values()}
    with installation.transaction(NATIONAL) as session:
        enqueue(session, Job(onboarding.JOB.name), NATIONAL, {"code": ZWIJNDRECHT, "by": None})
    installation.run_jobs()
    assert {row.id: row.version for row in reports_in(installation).values()} == before
    with installation.transaction(ZWIJNDRECHT) as session:
        taken = select(func.count()).where(ReportMove.name == "overgenomen")
        assert session.scalar(taken) == number
    with installation.transaction(NATIONAL) as session:
        assert session.scalars(select(Pickup)).all() == []
