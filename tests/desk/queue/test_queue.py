"""The national desk: its queue, and a report handed over to a connected municipality."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report, ReportContact, ReportMove, ReportTransfer
from stopintimidatie.reports.personal import read_contact
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.vocabulary import ContactWish
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user
from tests.support.installation import Installation

NATIONAL = "landelijk"


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def receive_at_desk(installation: Installation, **changes: Any) -> str:
    with installation.transaction() as session:
        return make_report(session, installation, holder=NATIONAL, **changes).reference


def hand_over(installation: Installation, reference: str, receiver: str = DORDRECHT) -> None:
    values = {"gemeente": receiver, "reden": "De plek ligt in deze gemeente."}
    with installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report).where(Report.reference == reference)).one()
        move_report(
            session, installation.registry.workflow_effects, report, "doorgeven", values, SYSTEM
        )
    installation.run_jobs()


def test_the_queue_shows_what_waits_and_its_counts_equal_the_rows(
    installation: Installation,
) -> None:
    references = [receive_at_desk(installation) for _ in range(3)]
    browser = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    page = browser.get("/landelijk")
    assert all(reference in page for reference in references)
    assert "gemeente onbekend" in page.html.select_one(".wb-folded").text
    assert page.html.select_one(".wb-views a[aria-current]").text.split() == [
        "Te",
        "beslissen",
        "3",
    ]
    assert references[0] in browser.get("/landelijk?bezorging=te_routeren")


def test_an_address_of_a_report_that_is_not_at_the_desk_opens_no_other(
    installation: Installation,
) -> None:
    receive_at_desk(installation)
    with installation.transaction() as session:
        elsewhere = make_report(session, installation).reference
    browser = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    for asked in (elsewhere, "M-0000-0000", "zoekgeraakt"):
        page = browser.get(f"/landelijk?melding={asked}")
        assert "staat niet (meer) in deze lijst" in page.html.select_one(".wb-pane").text
        assert not page.html.select(".wb-row--current, .wb-rail [data-key]")


def test_an_empty_queue_says_so(installation: Installation) -> None:
    browser = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    assert "U bent klaar" in browser.get("/landelijk")


def test_an_officer_of_a_municipality_sees_no_desk(installation: Installation) -> None:
    reference = receive_at_desk(installation)
    browser = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    browser.get("/landelijk", status=404)
    browser.get(f"/landelijk/{reference}", status=404)


def test_the_desk_sees_nothing_inside_a_municipality(installation: Installation) -> None:
    browser = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    browser.get("/gemeenten/dordrecht", status=404)


def test_the_receiver_gets_its_own_copy_and_the_desk_keeps_a_tombstone(
    installation: Installation,
) -> None:
    contact = Contact(name="Sanne", email="sanne@example.org")
    reference = receive_at_desk(
        installation, anonymous=False, contact=contact, wants_contact=ContactWish.MAIL
    )
    with installation.transaction(NATIONAL) as session:
        follow_code = session.scalars(select(Report.follow_code_hash)).one()
    hand_over(installation, reference)
    with installation.transaction(NATIONAL) as session:
        stone = session.scalars(select(Report)).one()
        assert (stone.state, stone.handed_to, stone.description) == (
            "overgedragen",
            DORDRECHT,
            None,
        )
        assert (stone.lat, stone.forms) == (None, [])
        assert session.scalar(select(func.count()).select_from(ReportContact)) == 0
    with installation.transaction(DORDRECHT) as session:
        copy = session.scalars(select(Report)).one()
        assert (copy.reference, copy.state, copy.received_from) == (reference, "nieuw", NATIONAL)
        assert (copy.neighbourhood_code, copy.forms) == (f"{DORDRECHT}-ON", ["naroepen"])
        assert copy.follow_code_hash == follow_code
        assert copy.contact_deadline is not None
        kept = read_contact(session, installation.registry.key_ring, copy)
        assert kept is not None
        assert (kept.name, kept.email) == ("Sanne", "sanne@example.org")
        taken = session.scalars(select(ReportMove).where(ReportMove.name == "overgenomen")).one()
        assert taken.reason == "De plek ligt in deze gemeente."


def test_the_content_on_its_way_is_encrypted_and_then_wiped(installation: Installation) -> None:
    reference = receive_at_desk(installation, description="Een man floot naar mij.")
    values = {"gemeente": DORDRECHT, "reden": "Verhaal klopt."}
    with installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report).where(Report.reference == reference)).one()
        effects = installation.registry.workflow_effects
        move_report(session, effects, report, "doorgeven", values, SYSTEM)
    with installation.transaction(NATIONAL) as session:
        waiting = session.scalars(select(ReportTransfer)).one()
        assert waiting.content
        assert "floot" not in waiting.content
    installation.run_jobs()
    with installation.transaction(NATIONAL) as session:
        assert session.scalars(select(ReportTransfer.content)).one() is None


def test_doing_the_job_twice_makes_one_copy(installation: Installation) -> None:
    reference = receive_at_desk(installation)
    hand_over(installation, reference)
    from stopintimidatie.core.jobs import enqueue
    from stopintimidatie.reports.handover.transfer import JOB

    with installation.transaction(NATIONAL) as session:
        transfer = session.scalars(select(ReportTransfer.id)).one()
        enqueue(session, JOB, DORDRECHT, {"transfer": str(transfer)})
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        assert session.scalar(select(func.count()).select_from(Report)) == 1


def test_a_municipality_that_is_not_connected_cannot_receive(installation: Installation) -> None:
    reference = receive_at_desk(installation)
    with pytest.raises(WorkflowError, match="niet aangesloten"):
        hand_over(installation, reference, EINDHOVEN)
    with installation.transaction(NATIONAL) as session:
        assert session.scalars(select(Report.state)).all() == ["nieuw"]


def test_the_term_for_contact_begins_when_a_report_arrives_at_the_municipality(
    installation: Installation,
) -> None:
    """One that lay at the desk for long came in 521 days late."""
    reference = receive_at_desk(
        installation,
        anonymous=False,
        contact=Contact(email="sanne@example.org"),
        wants_contact=ContactWish.MAIL,
    )
    with installation.transaction(NATIONAL) as session:
        session.scalars(select(Report)).one().received_at = utc_now() - timedelta(days=521)
    hand_over(installation, reference)
    with installation.transaction(DORDRECHT) as session:
        copy = session.scalars(select(Report)).one()
        assert copy.received_at < utc_now() - timedelta(days=520)
        assert copy.contact_deadline is not None
        assert copy.contact_deadline > utc_now() + timedelta(days=1)
