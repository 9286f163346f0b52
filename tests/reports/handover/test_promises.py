"""A hand-over keeps what the giver promised, and nothing leaves that must stay."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.scanner import Scanner
from stopintimidatie.core.text import day_of
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import holds_on, lift_hold, place_hold
from stopintimidatie.privacy.requests.models import SubjectRequest
from stopintimidatie.reports.attachments.services import END_JOB
from stopintimidatie.reports.conversation.services import CLOSED_TEXTS
from stopintimidatie.reports.handover.services import hand_some_over
from stopintimidatie.reports.handover.transfer import PURPOSE
from stopintimidatie.reports.models import Report, ReportAttachment, ReportMove, ReportTransfer
from stopintimidatie.reports.services import append_move
from tests.support.clamd import Clamd, infected
from tests.support.factories import DORDRECHT, EINDHOVEN
from tests.support.installation import Installation
from tests.support.personal import anywhere
from tests.support.photos import photo
from tests.support.ways import PHONE, STORY, HandedOver, HandedOverLater, HandedOverOpen

pytestmark = pytest.mark.usefixtures("at_once")


def freeze(way: HandedOver, holder: str = DORDRECHT) -> None:
    until = day_of(utc_now()) + timedelta(days=90)
    way.act(holder, lambda session, row: place_hold(session, row, HoldReason.COURT, until, SYSTEM))


@pytest.mark.alles
def test_what_was_frozen_since_the_offer_is_not_given_and_both_read_why(
    installation: Installation,
) -> None:
    way = HandedOverOpen(installation)
    way.send("API")
    freeze(way)
    way.settle()
    assert not way.arrived()
    back = way.at(DORDRECHT)
    assert (back.state, back.description) == ("in_behandeling", STORY)
    assert way.transfer().state == "vervallen"
    words = way.officer(EINDHOVEN).get("/gemeenten/eindhoven/overdrachten")
    assert "moet nu bij de andere gemeente blijven" in words
    assert "bevroren" in way.officer(DORDRECHT).get(f"/m/{way.reference}").follow()
    assert way.reporter.follow()["status"] == "wordt_bekeken"
    way.honest()


def test_a_report_of_which_the_use_is_restricted_or_asked_about_stays(
    installation: Installation,
) -> None:
    way = HandedOverLater(installation)
    way.send("API")
    way.act(DORDRECHT, lambda session, row: way._request(session, row, "wissen"))
    with pytest.raises(WorkflowError, match="verzoek"):
        way.offer()

    way.act(DORDRECHT, end_all)
    way.offer()
    assert way.at(DORDRECHT).state == "overdracht_aangeboden"
    way.step(DORDRECHT, "overdracht_intrekken", reden="Toch niet.")
    way.restrict("de tijd")
    way.act(DORDRECHT, end_all)
    with pytest.raises(WorkflowError, match="beperkt"):
        way.offer()


def end_all(session: Any, row: Report) -> None:
    for request in session.scalars(select(SubjectRequest)):
        request.ended_at = utc_now()


@pytest.mark.alles
def test_a_merger_leaves_what_is_frozen_and_takes_it_when_that_is_over(
    installation: Installation,
) -> None:
    way = HandedOverLater(installation)
    way.send("API")
    freeze(way)
    for frozen in (True, False):
        with installation.transaction(DORDRECHT) as session:
            number = hand_some_over(session, installation.registry, DORDRECHT, EINDHOVEN, SYSTEM)
        installation.run_jobs()
        assert (number, way.arrived()) == ((0, False) if frozen else (1, True))
        if frozen:
            way.act(DORDRECHT, lift)
    assert STORY in way.other_side()


def lift(session: Any, row: Report) -> None:
    (hold,) = holds_on(session, row.id)
    lift_hold(session, row, hold, "Klaar.", SYSTEM)


def test_contact_that_was_promised_stays_promised_for_the_day_that_was_said(
    installation: Installation,
) -> None:
    way = HandedOverOpen(installation)
    way.send("API")
    soon = utc_now() + timedelta(hours=5)
    way.act(DORDRECHT, lambda _, row: setattr(row, "contact_deadline", soon))
    way.settle()
    assert way.at(EINDHOVEN).contact_deadline == soon


@pytest.mark.alles
def test_a_term_that_passed_elsewhere_begins_anew(installation: Installation) -> None:
    way = HandedOverOpen(installation)
    way.send("API")
    past = utc_now() - timedelta(hours=5)
    way.act(DORDRECHT, lambda _, row: setattr(row, "contact_deadline", past))
    way.settle()
    deadline = way.at(EINDHOVEN).contact_deadline
    assert deadline is not None
    assert deadline > utc_now()


def test_between_giving_and_receiving_nobody_is_said_to_have_it(
    installation: Installation,
) -> None:
    way = HandedOverOpen(installation)
    reporter = way.send("volgen")
    way.accept()
    way.give()
    way.honest()
    assert "Uw melding gaat naar haar toe." in reporter.refused()
    assert reporter.follow()["status"] == "doorgegeven"
    refused = way.api.withdraw(*reporter.known_by, status=409).json["detail"]
    assert refused == CLOSED_TEXTS["overgedragen"]
    way.settle()
    assert STORY in way.other_side()


def test_contact_data_given_away_by_an_earlier_release_arrive(installation: Installation) -> None:
    way = HandedOverOpen(installation)
    way.send("API")
    way.accept()
    number, keys = way.give(), installation.registry.key_ring
    with installation.transaction(EINDHOVEN) as session:
        transfer = session.get_one(ReportTransfer, number)
        content = json.loads(keys.decrypt(PURPOSE, transfer.content or "", str(number)))
        assert content["contact"].pop("earlier") == {}
        transfer.content = keys.encrypt(PURPOSE, json.dumps(content), str(number))
    way.settle()
    assert PHONE in way.other_side()


def test_the_tombstone_of_the_giver_keeps_no_word_of_the_report(
    installation: Installation,
) -> None:
    way = HandedOverLater(installation)
    way.send("API")
    way.act(
        DORDRECHT,
        lambda session, row: append_move(
            session, row, SYSTEM, "vraag_melder", row.state, {"vraag": "Had hij een kwikstaart?"}
        ),
    )
    way.settle()
    assert anywhere(installation, "kwikstaart") == []
    with installation.transaction(DORDRECHT) as session:
        names = session.scalars(select(ReportMove.name).order_by(ReportMove.at)).all()
    assert "vraag_melder" in names
    assert names[-1] == "overdracht_aangenomen"


@pytest.mark.alles
def test_the_reporter_follows_the_copy_that_lives_when_the_tombstone_goes(
    installation: Installation,
) -> None:
    way = HandedOver(installation)
    reporter = way.send("volgen")
    way.act(DORDRECHT, lambda _, row: setattr(row, "state", "vernietigd"))
    assert reporter.follow()["status"] == "wordt_bekeken"
    reporter.add("Ik ben er nog.")
    assert "Ik ben er nog." in way.other_side()
    way.erase()
    assert reporter.follow()["status"] == "verwijderd"


@pytest.fixture
def scanned(installation: Installation, clamd: Clamd) -> HandedOver:
    """An open offer, at an installation with a virus scanner."""
    installation.registry.scanner = Scanner(clamd.socket)
    way = HandedOverOpen(installation)
    way.send("API")
    return way


@pytest.mark.alles
def test_a_file_that_waits_for_the_scanner_goes_along_and_is_opened_there(
    scanned: HandedOver, clamd: Clamd
) -> None:
    scanned.installation.registry.scanner = Scanner(Path("/nergens/clamd"), files_wait=True)
    assert scanned.reporter.attach(photo()) == "wacht"
    scanned.settle()
    assert scanned.files() == []
    assert scanned.reporter.follow()["bijlagen"][0]["status"] == "wacht"
    scanned.installation.registry.scanner = Scanner(clamd.socket)
    with scanned.installation.transaction() as session:
        for job in session.scalars(select(OutboxJob)):
            job.run_after = utc_now()
    scanned.installation.run_jobs()
    assert len(scanned.files()) == 1
    assert scanned.reporter.follow()["bijlagen"][0]["status"] == "opgeslagen"


def test_a_stopped_file_is_kept_no_longer_because_it_went_along(scanned: HandedOver) -> None:
    scanned.api.attach(scanned.reporter.receipt, infected(photo()), status=422)
    came = utc_now() - timedelta(days=20)

    def long_ago(session: Any, row: Report) -> None:
        session.scalars(select(ReportAttachment)).one().at = came

    scanned.act(DORDRECHT, long_ago)
    scanned.settle()
    with scanned.installation.transaction(EINDHOVEN) as session:
        ends = select(OutboxJob.run_after).where(
            OutboxJob.kind == END_JOB.name, OutboxJob.holder == EINDHOVEN
        )
        (at,) = session.scalars(ends)
    assert at - came < timedelta(days=30, minutes=1)
