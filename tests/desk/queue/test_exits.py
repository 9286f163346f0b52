"""A report leaves the desk's queue by routing, a question, an answer or an end, and comes back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.text import local
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.reports.conversation.queries import Standing, follow
from stopintimidatie.reports.conversation.services import add_message
from stopintimidatie.reports.models import Report, ReporterMessage, ReportMove
from stopintimidatie.reports.rules import FOLLOW_PURPOSE, hash_follow_code
from stopintimidatie.reports.services import move_report
from stopintimidatie.reports.workflow import ENDED, FORWARDED, REPORT_WORKFLOW
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user
from tests.support.installation import Installation

NATIONAL = "landelijk"
DESK = Actor("gebruiker", None, "Mila van het meldpunt")
STANDS = frozenset({"te_routeren", "wacht_op_afspraak", "verlopen", *FORWARDED})
CODE = "4821 7733 0916 5528"


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation, DORDRECHT)


def at_desk(installation: Installation, **changes: Any) -> str:
    with installation.transaction() as session:
        report = make_report(session, installation, holder=NATIONAL)
        secret = installation.registry.key_ring.derive(FOLLOW_PURPOSE)
        report.follow_code_hash = hash_follow_code(secret, report.reference, CODE)
        for name, value in changes.items():
            setattr(report, name, value)
        return report.reference


def step(installation: Installation, reference: str, name: str, **values: Any) -> None:
    with installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report).where(Report.reference == reference)).one()
        move_report(session, installation.registry.workflow_effects, report, name, values, DESK)


def seen(installation: Installation, reference: str) -> Standing:
    registry = installation.registry
    # What the desk decided can be undone for ten minutes; the reporter reads it after that.
    with clock_at(utc_now() + timedelta(minutes=11)):
        standing = follow(registry.engine, registry.key_ring, reference, CODE)
    assert standing is not None
    return standing


def state_of(installation: Installation, reference: str) -> tuple[str, str | None]:
    with installation.transaction(NATIONAL) as session:
        row = session.execute(
            select(Report.state, Report.ended_reason).where(Report.reference == reference)
        ).one()
        return row.state, row.ended_reason


def ask(installation: Installation, reference: str) -> None:
    until = local(utc_now()).date() + timedelta(days=7)
    step(installation, reference, "meldpunt_vraag", vraag="Welke stad was het?", uiterlijk=until)


def test_the_reporter_answers_the_desk_and_the_report_is_new_again(
    installation: Installation,
) -> None:
    reference = at_desk(installation)
    ask(installation, reference)
    standing = seen(installation, reference)
    assert (standing.status, standing.status_text) == (
        "vraag",
        "Het landelijk meldpunt heeft een vraag aan u.",
    )
    effects = installation.registry.workflow_effects
    with clock_at(utc_now() + timedelta(minutes=12)):
        add_message(installation.registry.engine, effects, standing.copy, "In Dordrecht.")
    assert state_of(installation, reference) == ("nieuw", None)
    assert seen(installation, reference).status == "ontvangen"


def test_without_an_answer_it_comes_back_by_the_clock(installation: Installation) -> None:
    reference = at_desk(installation)
    ask(installation, reference)
    with clock_at(utc_now() + timedelta(days=9)):
        installation.run_jobs()
    assert state_of(installation, reference) == ("nieuw", None)


def test_the_desk_goes_on_by_hand(installation: Installation) -> None:
    reference = at_desk(installation)
    ask(installation, reference)
    step(installation, reference, "meldpunt_verder", reden="Zij belde al.")
    assert state_of(installation, reference) == ("nieuw", None)


def test_what_waited_for_its_reporter_goes_to_a_municipality_that_joined_meanwhile(
    installation: Installation,
) -> None:
    reference = at_desk(installation, municipality_code=EINDHOVEN, delivery="wacht_op_afspraak")
    ask(installation, reference)
    connect(installation, EINDHOVEN)
    step(installation, reference, "meldpunt_verder", reden="Zij belde al.")
    installation.run_jobs()
    assert state_of(installation, reference)[0] == "overgedragen"


ENDS = [
    (
        {"reden_code": "niet_te_plaatsen", "bericht": "Dit gebeurde in Spanje. Meld het daar."},
        "Uw melding kon niet naar een gemeente.",
    ),
    ({"reden_code": "test"}, "Uw melding is afgesloten, omdat zij een test leek."),
]


@pytest.mark.parametrize(("values", "read"), ENDS)
def test_what_is_closed_says_who_why_and_what_the_reporter_reads(
    installation: Installation, values: dict[str, str], read: str
) -> None:
    reference = at_desk(installation)
    step(installation, reference, "meldpunt_afsluiten", **values)
    assert state_of(installation, reference) == ("niet_in_behandeling", values["reden_code"])
    standing = seen(installation, reference)
    assert (standing.status, standing.status_text) == ("afgerond", read)
    assert [message.text for message in standing.messages] == (
        [values["bericht"]] if "bericht" in values else []
    )
    with installation.transaction(NATIONAL) as session:
        line = session.scalars(
            select(ReportMove).where(ReportMove.name == "meldpunt_afsluiten")
        ).one()
        assert (line.actor_name, line.values["reden_code"]) == (DESK.name, values["reden_code"])
    step(installation, reference, "meldpunt_heropenen", reden="Toch in Nederland.")
    assert state_of(installation, reference) == ("nieuw", None)


def test_not_placed_is_told_to_the_reporter_or_it_is_not_closed(
    installation: Installation,
) -> None:
    reference = at_desk(installation)
    with pytest.raises(WorkflowError, match="Bericht aan de melder"):
        step(installation, reference, "meldpunt_afsluiten", reden_code="niet_te_plaatsen")


def test_a_double_of_a_report_at_the_desk_is_closed_beside_it(installation: Installation) -> None:
    first, second = at_desk(installation), at_desk(installation)
    step(installation, second, "meldpunt_afsluiten", reden_code="dubbel", dubbel_van=first)
    assert state_of(installation, second) == ("niet_in_behandeling", "dubbel")
    assert seen(installation, second).double


def test_a_double_of_what_was_routed_is_routed_too(installation: Installation) -> None:
    first, second = at_desk(installation), at_desk(installation)
    step(installation, first, "doorgeven", gemeente=DORDRECHT, reden="Het punt ligt daar.")
    with pytest.raises(WorkflowError, match="Geef ook deze door"):
        step(installation, second, "meldpunt_afsluiten", reden_code="dubbel", dubbel_van=first)


@pytest.mark.parametrize("name", ["meldpunt_vraag", "meldpunt_afsluiten"])
def test_what_is_on_offer_waits_for_the_municipality(installation: Installation, name: str) -> None:
    reference = at_desk(installation, municipality_code=EINDHOVEN, delivery="aangeboden")
    values = {"vraag": "Waar?", "uiterlijk": "2099-01-01", "reden_code": "test"}
    with pytest.raises(WorkflowError, match="aangeboden"):
        step(installation, reference, name, **values)


def test_a_municipality_that_receives_judges_itself_what_harassment_is(
    installation: Installation,
) -> None:
    reference = at_desk(installation, municipality_code=DORDRECHT)
    words = {"reden": "Een geluidsklacht.", "bericht": "Meld geluid bij uw gemeente."}
    with pytest.raises(WorkflowError, match="Geef de melding door"):
        step(installation, reference, "meldpunt_geen_straatintimidatie", **words)


def test_where_nobody_receives_two_of_the_desk_close_what_is_no_harassment(
    installation: Installation,
) -> None:
    reference = at_desk(installation)
    words = {"reden": "Een geluidsklacht.", "bericht": "Meld geluid bij uw gemeente."}
    step(installation, reference, "meldpunt_geen_straatintimidatie", **words)
    assert state_of(installation, reference) == ("niet_in_behandeling", "geen_straatintimidatie")
    with installation.transaction(NATIONAL) as session:
        assert session.scalars(select(ReporterMessage.text)).one() == words["bericht"]


COMBINATIONS = [
    *(("nieuw", delivery) for delivery in STANDS),
    *(("wacht_op_melder", delivery) for delivery in STANDS - FORWARDED),
    *(("niet_in_behandeling", delivery) for delivery in STANDS - FORWARDED),
    *(("quarantaine", delivery) for delivery in ("te_routeren", "wacht_op_afspraak")),
    *((state, None) for state in ("overgedragen", "vernietigd")),
    *(("ingetrokken", delivery) for delivery in STANDS),
]


def test_nothing_at_the_desk_is_without_an_exit_or_an_end(installation: Installation) -> None:
    """Every state and delivery that a report at the desk can have."""
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    stuck = []
    for state, delivery in COMBINATIONS:
        reference = at_desk(
            installation, state=state, delivery=delivery, municipality_code=EINDHOVEN
        )
        ended = state in ENDED and state != "niet_in_behandeling"
        # A municipality picked it up: it is destroyed here when its days are over.
        if ended or (state, delivery) == ("nieuw", "opgehaald"):
            continue
        if state == "quarantaine":
            page = desk.get("/landelijk/quarantaine")
            exits = page.html.find_all("input", value=re.compile(reference))
        else:
            page = desk.get(f"/landelijk?melding={reference}")
            exits = page.html.select("a.wb-decision, .wb-rail form, .wb-more a")
        if not exits:
            stuck.append((state, delivery))
    assert not stuck


def test_every_state_that_the_desk_can_reach_is_among_those(installation: Installation) -> None:
    reached = {"nieuw", "quarantaine"}
    for step_ in REPORT_WORKFLOW.transitions:
        desks = step_.permission in {Permission.ROUTE_REPORT, Permission.RELEASE}
        by_others = step_.name in {"intrekken", "wissen", "meldpunt_antwoord"}
        if desks or by_others:
            reached.add(step_.target)
    assert reached == {state for state, _ in COMBINATIONS}
