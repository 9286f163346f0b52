"""Letters: of a closed list, as decisions; to who asks for a child one text, whatever there is."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from webtest import TestApp

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of
from stopintimidatie.privacy.requests import letters
from stopintimidatie.privacy.requests.documents import add_trace, hear_child
from stopintimidatie.privacy.requests.letters import LetterKind, compose, letters_of, read_letter
from stopintimidatie.privacy.requests.models import (
    ChildOutcome,
    Ground,
    RequestLetter,
    Right,
    SubjectRequest,
)
from stopintimidatie.privacy.requests.services import (
    Entry,
    Person,
    enter_request,
    move_request,
    way_to_send,
)
from tests.support.factories import DORDRECHT, connect, make_report, make_user
from tests.support.installation import Installation

PLACE = "/gemeenten/dordrecht/verzoeken"
ACTOR = Actor("gebruiker", None, "Pri Vacy")
POST = ("Postbus 8", "3300 AA Dordrecht")
SENDER = letters.Sender("gemeente Dordrecht", "de burgemeester van Dordrecht", "14 078", POST)


@pytest.fixture
def town(installation: Installation) -> Installation:
    connect(installation)
    return installation


@pytest.fixture
def officer(town: Installation) -> TestApp:
    """The privacy officer, in a browser."""
    return town.browser(make_user(town, (DORDRECHT, Role.PRIVACY_OFFICER), name="Pri Vacy"))


def a_request(town: Installation, session: Any, **changed: Any) -> SubjectRequest:
    entry = Entry(
        right="inzage",
        capacity="melder",
        asked_by="zelf",
        channel="brief",
        received_on=day_of(utc_now()) - timedelta(days=25),
        person=Person("Rietje Zwaluwstaart", address="Kade 1\n3311 AB Dordrecht"),
        question="Wat staat er over mij?",
    )
    asked = replace(entry, **changed)
    return enter_request(session, town.registry.key_ring, DORDRECHT, asked, ACTOR)


@pytest.mark.parametrize("kind", LetterKind)
@pytest.mark.parametrize("right", Right)
def test_every_letter_can_be_written_for_every_right(kind: LetterKind, right: Right) -> None:
    row = SubjectRequest(
        reference="V-4F7K-2QXJ",
        right=right.value,
        received_on=date(2026, 11, 2),
        due_on=date(2026, 12, 2),
        refused_ground=Ground.NEEDED.value,
    )
    letter = compose(kind, row, ("Rietje",), SENDER, date(2026, 11, 28))
    words = json.dumps(asdict(letter), default=str, ensure_ascii=False)
    assert "2 november 2026" in words
    assert "V-4F7K-2QXJ" in words
    assert "jurist" not in words
    assert letter.sender[:2] == ("Gemeente Dordrecht", "De burgemeester van Dordrecht")
    assert letter.sender[2:] == POST
    assert letter.signed[0] == "Namens de burgemeester van Dordrecht"
    decision = kind in letters.DECISIONS
    # The day of sending isn't known yet: the letter names none.
    six_weeks = "binnen zes weken na de dag waarop wij deze brief verstuurden"
    assert (six_weeks in words) is decision
    assert ("januari" in words) is False
    assert ("Postbus 8, 3300 AA Dordrecht" in words) is decision
    assert ("Autoriteit Persoonsgegevens" in words) is decision
    assert ("in beroep bij de rechtbank" in words) is decision
    assert "{" not in words.replace('{"title', "").strip("{}")


def answer_to_parent(
    town: Installation, *, exists: bool, outcome: ChildOutcome, ground: Ground, right: Right
) -> list[str]:
    """All letters of a parent's request, with the reference taken out."""
    with town.transaction(DORDRECHT) as session:
        row = a_request(
            town,
            session,
            asked_by="ouder_of_voogd",
            child=True,
            right=right.value,
            received_on=date(2026, 11, 2),
        )
        move_request(town.registry, session, row, "identiteit", {"hoe": "gezien"}, ACTOR)
        if exists:
            report = make_report(session, town)
            document = ("melding", report.id, report.reference)
            add_trace(session, row, document, ["contact"], ACTOR, included=True)
        hear_child(session, row, date(2026, 11, 20), outcome, ACTOR)
        reason = f"Wij hebben {'een' if exists else 'geen'} melding."
        values = {"grond": ground.value, "reden": reason}
        move_request(town.registry, session, row, "weigeren", values, ACTOR)
        made = [read_letter(town.registry.key_ring, one) for one in letters_of(session, row)]
        written = [json.dumps(asdict(letter), default=str) for letter in made if letter]
        return sorted(text.replace(row.reference, "V-") for text in written)


@pytest.mark.parametrize("right", [Right.ACCESS, Right.ERASURE])
def test_a_parent_reads_the_same_letters_whether_or_not_anything_exists(
    town: Installation, right: Right
) -> None:
    with clock_at(datetime(2026, 11, 28, 10, tzinfo=UTC)):
        nothing = answer_to_parent(
            town,
            exists=False,
            outcome=ChildOutcome.UNREACHED,
            ground=Ground.NOT_IDENTIFIABLE,
            right=right,
        )
        refused = answer_to_parent(
            town, exists=True, outcome=ChildOutcome.REFUSES, ground=Ground.UNFOUNDED, right=right
        )
        harmed = answer_to_parent(
            town, exists=True, outcome=ChildOutcome.AGREES, ground=Ground.EXCEPTION, right=right
        )
    assert nothing == refused == harmed
    assert len(nothing) == 2
    assert "melding." not in "".join(nothing)


@pytest.mark.parametrize(
    ("person", "paper", "words"),
    [
        ({"address": "Kade 1"}, False, "Print de brief. Stuur die"),
        ({"address": "Kade 1"}, True, "Print de brief met de kopie. Stuur die"),
        ({"email": "a@example.org"}, False, "met beveiligde e-mail"),
        ({"email": "a@example.org"}, True, "mee aan de balie"),
        ({"phone": "0612345678"}, False, "bel de vrager"),
        ({}, True, "volgpagina, met de volgcode. De vrager belt u"),
    ],
)
def test_it_is_said_how_a_letter_goes_by_the_address_there_is(
    town: Installation, person: dict[str, str], paper: bool, words: str
) -> None:
    with town.transaction(DORDRECHT) as session:
        channel = "brief" if person else "volgpagina"
        row = a_request(town, session, person=Person("Rietje", **person), channel=channel)
        assert words in way_to_send(town.registry.key_ring, row, paper=paper)


@pytest.mark.parametrize("right", Right)
def test_no_letter_tells_a_parent_that_there_is_data(right: Right) -> None:
    row = SubjectRequest(
        reference="V-4F7K-2QXJ",
        right=right.value,
        asked_by="ouder_of_voogd",
        child=True,
        received_on=date(2026, 11, 2),
        due_on=date(2026, 12, 2),
    )
    doubt = "of wij gegevens hebben" if right is Right.ACCESS else "als wij die hebben"
    for kind in (LetterKind.RECEIVED, LetterKind.IDENTITY, LetterKind.CHILD):
        letter = compose(kind, row, ("Rietje",), SENDER, date(2026, 11, 28))
        assert doubt in letter.text[0]
        # A parent whose child agrees is answered: so nothing is said of all the others.
        assert "bij niemand" not in "".join(letter.text)
        assert "meer tijd" not in "".join(letter.text)


def test_a_parent_is_answered_on_no_telling_day(town: Installation, officer: TestApp) -> None:
    with town.transaction(DORDRECHT) as session:
        early = a_request(
            town, session, asked_by="ouder_of_voogd", child=True, received_on=day_of(utc_now())
        )
        later = a_request(town, session, asked_by="ouder_of_voogd", child=False)
        names = [early.reference, later.reference]
    officer.get(f"{PLACE}/{names[0]}").mustcontain("krijgt antwoord vanaf", no=["Termijn verleng"])
    officer.get(f"{PLACE}/{names[0]}/verlengen", status=303).follow().mustcontain("namens een kind")
    page = officer.get(f"{PLACE}/{names[1]}/stap?naam=weigeren").forms["formulier"]
    page["grond"], page["reden"] = "avg_15_4", "De dochter is zeventien."
    page.submit("weigeren", status=303).follow().mustcontain("Antwoord op uw verzoek over een kind")
    letter = officer.get(f"{PLACE}/{names[1]}").click("Antwoord op uw verzoek over een kind")
    letter.mustcontain("16 jaar of ouder", no=["zeventien"])


def test_a_letter_is_read_drawn_as_pdf_and_noted_as_sent(
    town: Installation, officer: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        case = f"{PLACE}/{a_request(town, session).reference}"
    page = officer.get(case).click("Wij hebben uw verzoek")
    page.mustcontain("nog niet bevestigd door een jurist", "Rietje Zwaluwstaart", "nog niet verst")
    pdf = page.click("Brief als PDF")
    assert pdf.content_type == "application/pdf"
    words = "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(pdf.body)).pages)
    assert "Rietje Zwaluwstaart" in words
    assert "paspoort" in words
    assert not [odd for odd in ("jurist", "Controlegetal", "10.00 uur") if odd in words]
    form = page.click("Verstuurd vastleggen").forms["formulier"]
    form["op"], form["hoe"] = "2099-01-01", "post"
    form.submit("vastleggen", status=422).mustcontain("toekomst")
    form["op"] = str(day_of(utc_now()) - timedelta(days=1))
    form.submit("vastleggen", status=422).mustcontain("Kies die dag of een latere")
    form["op"] = str(day_of(utc_now()))
    form.submit("vastleggen", status=303).follow().mustcontain("per post", "Brief verstuurd")
    officer.get(f"{case}/brief?nr=onbekend", status=404)


def test_the_term_is_extended_once_with_a_letter_that_says_why(
    town: Installation, officer: TestApp
) -> None:
    with town.transaction(DORDRECHT) as session:
        row = a_request(town, session)
        case, received = f"{PLACE}/{row.reference}", row.received_on
    form = officer.get(case).click("Termijn verlengen").forms["formulier"]
    form["reden"] = "kort"
    form.submit("verlengen", status=422).mustcontain("Schrijf iets meer")
    form["reden"] = "Er zijn veel stukken door te lezen."
    page = form.submit("verlengen", status=303).follow()
    page.mustcontain("Wij hebben meer tijd nodig", no=["Termijn verlengen</a>"])
    page.click("Wij hebben meer tijd nodig").mustcontain("Er zijn veel stukken", "artikel 12 lid 3")
    officer.get(f"{case}/verlengen", status=303).follow().mustcontain("al een keer verlengd")
    with town.transaction(DORDRECHT) as session:
        due = session.scalars(select(SubjectRequest.due_on)).one()
        assert 89 <= (due - received).days <= 92
        old = a_request(town, session, received_on=day_of(utc_now()) - timedelta(days=40))
        late = f"{PLACE}/{old.reference}"
    officer.get(f"{late}/verlengen", status=303).follow().mustcontain("De eerste maand is voorbij")


def test_letters_are_sealed(town: Installation) -> None:
    with town.transaction(DORDRECHT) as session:
        a_request(town, session)
        kept = session.scalars(select(RequestLetter.content)).one()
    assert kept is not None
    assert "Zwaluw" not in kept
