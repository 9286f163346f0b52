"""Granting shows what was done by our own records; partly, and the grounds to refuse, by right."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.privacy.requests.documents import add_trace, correct, restrict
from stopintimidatie.privacy.requests.letters import letters_of, read_letter
from stopintimidatie.privacy.requests.models import (
    Ground,
    RestrictionGround,
    Right,
    SubjectRequest,
)
from stopintimidatie.privacy.requests.resources import done_for
from stopintimidatie.privacy.requests.rules import grounds_for
from stopintimidatie.privacy.requests.services import Entry, Person, enter_request, move_request
from stopintimidatie.reports.models import Report
from tests.support.deliveries import enter, form_of, put_ready, ready, spoken_code
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation

PLACE = "/gemeenten/dordrecht/verzoeken"
ACTOR = Actor("gebruiker", None, "Pri Vacy")


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation)
    return installation


@pytest.fixture
def officer(town: Installation) -> TestApp:
    """The privacy officer, in a browser."""
    return town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER), name="Pri Vacy"))


def a_request(town: Installation, session: Any, right: str, report: Report) -> SubjectRequest:
    """A request of somebody whose data is in a report."""
    person = Person("Rietje", address="Kade 1")
    entry = Entry(right, "melder", "zelf", "brief", day_of(utc_now()), person, "Doe iets.")
    row = enter_request(session, town.registry.key_ring, DORDRECHT, entry, ACTOR)
    move_request(town.registry, session, row, "identiteit", {"hoe": "gezien"}, ACTOR)
    document = ("melding", report.id, report.reference)
    add_trace(session, row, document, ["contact"], SYSTEM, included=True)
    return row


def answer(town: Installation, session: Any, row: SubjectRequest) -> str:
    """The words of the latest letter."""
    letter = read_letter(town.registry.key_ring, letters_of(session, row)[0])
    assert letter is not None
    return f"{letter.title} {' '.join(letter.text)}"


def test_nothing_is_granted_in_silence_that_was_not_done(
    town: Installation, officer: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        row = a_request(town, session, "wissen", make_report(session, town))
        case = f"{PLACE}/{row.reference}"
    page = officer.get(f"{case}/stap?naam=toewijzen")
    page.mustcontain("nog niets gewist, verbeterd of beperkt")
    form = page.forms["formulier"]
    form.submit("toewijzen", status=422).mustcontain("schrijf waarom u het toch toewijst")
    form["reden"] = "Er stond niets meer over u."
    form.submit("toewijzen", status=303)
    with town.transaction(DORDRECHT) as session:
        words = answer(town, session, session.scalars(select(SubjectRequest)).one())
    assert "Er stond niets meer over u." in words
    assert "gewist" not in words
    assert "gedaan" not in words


@pytest.mark.parametrize(
    ("act", "shown", "said"),
    [
        ("beperkt", "Gebruik beperkt", "die u betwist voorlopig niet"),
        ("verbeterd", "Correctie ernaast gezet", "wat er wel klopt"),
        ("gewist", "Gewist", "Wij hebben gegevens over u gewist."),
    ],
)
def test_what_was_done_stands_on_the_page_and_in_the_letter(
    town: Installation, officer: TestApp, act: str, shown: str, said: str
) -> None:
    keys = town.registry.key_ring
    with town.transaction(DORDRECHT) as session:
        report = make_report(session, town)
        row = a_request(town, session, "beperking", report)
        case, reference = f"{PLACE}/{row.reference}", report.reference
        if act == "beperkt":
            ground = RestrictionGround.CONTESTED
            restrict(session, keys, row, report, ground, "de tijd", ACTOR)
        elif act == "verbeterd":
            correct(session, keys, row, report, "Anders.", [], ACTOR)
        else:
            report.state = "vernietigd"
    page = officer.get(f"{case}/stap?naam=toewijzen")
    facts = [item.text for item in page.html.select(".si-data-list__item")]
    assert len(facts) == 1
    assert shown in facts[0]
    assert reference in facts[0]
    page.forms["formulier"].submit("toewijzen", status=303)
    with town.transaction(DORDRECHT) as session:
        words = answer(town, session, session.scalars(select(SubjectRequest)).one())
    assert said in words
    # The letter names no document: to some it would tell who reported.
    assert reference not in words


@pytest.mark.alles
def test_who_has_a_copy_and_was_told_is_named_on_the_page(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch)
    number = put_ready(case, reference)
    _, visited = enter(installation, number, spoken_code(case, reference))
    form_of(visited.follow(), "bestand").submit()
    with installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, case.reports[0])
        row = a_request(installation, session, "rectificatie", report)
        assert done_for(session, row) == {}
        correct(session, installation.registry.key_ring, row, report, "Anders.", [], ACTOR)
        recipient = session.scalars(select(Disclosure.recipient)).one()
        expected = {"verbeterd": [report.reference], "verteld": [recipient]}
        assert done_for(session, row) == expected


def test_a_request_is_granted_in_part_with_a_ground_for_the_rest(
    town: Installation, officer: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        row = a_request(town, session, "wissen", make_report(session, town))
        case = f"{PLACE}/{row.reference}"
    form = officer.get(f"{case}/stap?naam=deels").forms["formulier"]
    form.submit("deels", status=422).mustcontain("Wat doet u wel?", "Grond")
    form["wel"], form["grond"] = "Uw nummer gaat weg.", "avg_17_3"
    form["reden"] = "De rest is bewijs."
    page = form.submit("deels", status=303).follow()
    page.mustcontain("voor een deel toe", "art. 17 lid 3", "Uw nummer gaat weg.")
    with town.transaction(DORDRECHT) as session:
        row = session.scalars(select(SubjectRequest)).one()
        words = answer(town, session, row)
    assert row.state == "deels"
    for part in ("wel: Uw nummer gaat weg.", "waarom: De rest is bewijs.", "artikel 17 lid 3"):
        assert part in words


@pytest.mark.parametrize(
    ("right", "fits", "strange"),
    [
        (Right.ACCESS, {Ground.OTHERS}, {Ground.CORRECT, Ground.NOT_MET, Ground.NEEDED}),
        (Right.RECTIFICATION, {Ground.CORRECT}, {Ground.NOT_MET, Ground.OTHERS, Ground.NEEDED}),
        (Right.ERASURE, {Ground.NEEDED, Ground.NOT_MET}, {Ground.CORRECT, Ground.OTHERS}),
        (Right.RESTRICTION, {Ground.CORRECT, Ground.NOT_MET}, {Ground.NEEDED, Ground.OVERRIDING}),
        (Right.OBJECTION, {Ground.OVERRIDING, Ground.NOT_MET}, {Ground.CORRECT, Ground.NEEDED}),
    ],
)
def test_each_right_is_refused_on_grounds_of_its_own(
    town: Installation, right: Right, fits: set[Ground], strange: set[Ground]
) -> None:
    everywhere = {Ground.NOT_IDENTIFIABLE, Ground.UNFOUNDED, Ground.EXCEPTION}
    offered = {code for code, _ in grounds_for(right.value)}
    assert fits | everywhere <= offered
    assert not strange & offered
    with town.transaction(DORDRECHT) as session:
        row = a_request(town, session, right.value, make_report(session, town))
        wrong = {"grond": min(strange).value, "reden": "Zo is het."}
        with pytest.raises(WorkflowError, match="bij dit recht past"):
            move_request(town.registry, session, row, "weigeren", wrong, ACTOR)
        right_one = {"grond": min(fits).value, "reden": "Zo is het."}
        move_request(town.registry, session, row, "weigeren", right_one, ACTOR)
        assert "Zo is het." in answer(town, session, row)
