"""Destruction lists: three people, lines that stay, go round again, or are taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of, new_code
from stopintimidatie.privacy.destruction import services
from stopintimidatie.privacy.destruction.models import (
    ArchiveTransfer,
    DestructionLine,
    DestructionList,
    LineDecision,
    ListState,
)
from stopintimidatie.privacy.destruction.queries import TO_AUTHORISE, people_of, step_lines
from stopintimidatie.privacy.destruction.rules import ASSESSES, AUTHORISES, CHECKS
from stopintimidatie.privacy.destruction.services import (
    STEPS,
    Choice,
    ListError,
    StaleListError,
    fingerprint,
    make_step,
)
from stopintimidatie.privacy.destruction.statement import make_list_statement
from stopintimidatie.privacy.holds.models import HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.privacy.retention.rules import Schedule
from stopintimidatie.privacy.retention.services import approve_terms, propose_terms
from stopintimidatie.reports.models import Report
from tests.support.destruction import a_line, a_list, a_tombstone
from tests.support.exporting import make_case
from tests.support.factories import DORDRECHT, connect, make_user, user_id
from tests.support.installation import Installation
from tests.support.retaining import proposed_schedule

pytestmark = pytest.mark.sqlite

OWNER = Actor("gebruiker", "1", "De Proceseigenaar")
OFFICER = Actor("gebruiker", "2", "De Privacyfunctionaris")
ARCHIVIST = Actor("gebruiker", "3", "De Archivaris")
GOES = Choice(LineDecision.GOES)
# A reference with its check character.
GONE = new_code("M")
HOME = "/gemeenten/dordrecht/vernietiging"


def choose(session: Any, row: DestructionList, references: str, choice: Choice, **how: Any) -> int:
    """Decide on these lines, as the process owner unless told otherwise."""
    lines = session.scalars(
        select(DestructionLine).where(DestructionLine.reference.in_(references.split()))
    ).all()
    how = {"seen": fingerprint(lines), **how}
    actor = how.pop("actor", OWNER)
    return services.decide(session, row, [line.id for line in lines], choice, actor, **how)


def make(session: Any, row: DestructionList, step: str, actor: Actor) -> int:
    """Make a step, with the lines that the page showed."""
    seen = fingerprint(step_lines(session, row.id, STEPS[step].takes))
    return make_step(session, row, step, actor, seen)


def standing(session: Any) -> dict[str, bool]:
    """Whether each line is authorised, by its reference."""
    lines = session.scalars(select(DestructionLine)).all()
    return {line.reference: line.authorised_at is not None for line in lines}


def test_a_list_goes_along_three_people_and_keeps_the_hash_of_what_they_agreed(
    installation: Installation,
) -> None:
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        for name in ("M-1", "M-2", "M-3", "M-4"):
            a_line(session, row, name)
        assert choose(session, row, "M-1 M-2", GOES) == 2
        choose(session, row, "M-3", Choice(LineDecision.HELD, "bezwaar"))
        assert make(session, row, ASSESSES, OWNER) == 3
        assert row.state == ListState.ASSESSED
        assert make(session, row, CHECKS, OFFICER) == 3
        assert row.state == ListState.CHECKED
        hashes = [row.hash]
        assert make(session, row, AUTHORISES, ARCHIVIST) == 2
        assert standing(session) == {"M-1": True, "M-2": True, "M-3": False, "M-4": False}
        hashes.append(row.hash)
        assert hashes == [None, services.hash_of(session.scalars(select(DestructionLine)))]
        # What nobody decided on stays, and goes round by itself.
        choose(session, row, "M-4", GOES)
        make(session, row, ASSESSES, OWNER)
        assert row.state == ListState.ASSESSED
        make(session, row, CHECKS, OFFICER)
        assert make(session, row, AUTHORISES, ARCHIVIST) == 1
        assert row.hash not in hashes
        actions = session.scalars(select(AuditEvent.action)).all()
    for action in ("beslist", "beoordeeld", "nagekeken", "gemachtigd"):
        assert f"vernietiging.{action}" in actions


def test_nobody_makes_two_steps_of_one_list(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        a_line(session, row, "M-1")
        a_line(session, row, "M-2")
        choose(session, row, "M-1", GOES)
        make(session, row, ASSESSES, OWNER)
        with pytest.raises(ListError, match="drie verschillende mensen"):
            make(session, row, CHECKS, OWNER)
        make(session, row, CHECKS, OFFICER)
        for actor in (OWNER, OFFICER):
            with pytest.raises(ListError, match="drie verschillende mensen"):
                make(session, row, AUTHORISES, actor)
        with pytest.raises(ListError, match="nagekeken"):
            choose(session, row, "M-1", GOES, actor=OFFICER)


def test_a_line_keeps_its_own_three_people_however_a_list_is_divided(
    installation: Installation,
) -> None:
    second = Actor("gebruiker", "4", "Tweede Functionaris")
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        for name, checker in (("M-1", ARCHIVIST), ("M-2", second)):
            a_line(session, row, name)
            choose(session, row, name, GOES)
            make(session, row, ASSESSES, OWNER)
            make(session, row, CHECKS, checker)
        # The last who checked is somebody else, but one of the lines went through these hands.
        assert make(session, row, AUTHORISES, ARCHIVIST) == 1
        assert standing(session) == {"M-1": False, "M-2": True}
        assert len(step_lines(session, row.id, TO_AUTHORISE)) == 1
        with pytest.raises(ListError, match="Vraag een collega"):
            make(session, row, AUTHORISES, ARCHIVIST)
        third = Actor("gebruiker", "5", "Tweede Archivaris")
        assert make(session, row, AUTHORISES, third) == 1
        assert [(step, name) for step, name, _ in people_of(session, row.id)] == [
            ("Beoordeeld", OWNER.name),
            ("Nagekeken", ARCHIVIST.name),
            ("Nagekeken", second.name),
            ("Gemachtigd", ARCHIVIST.name),
            ("Gemachtigd", third.name),
        ]
        now = utc_now()
        for line in session.scalars(select(DestructionLine)):
            line.gone_at = now
        session.flush()
        statement = make_list_statement(installation.registry, session, row)
    assert statement is not None
    people = dict(statement.content["gegevens"])
    assert ARCHIVIST.name in people["Nagekeken"]
    assert second.name in people["Nagekeken"]
    assert ARCHIVIST.name in people["Gemachtigd"]
    assert third.name in people["Gemachtigd"]
    assert people["Beoordeeld"].count(OWNER.name) == 1


def test_who_decided_on_a_line_closes_no_later_step(installation: Installation) -> None:
    second = Actor("gebruiker", "9", "Tweede proceseigenaar")
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        a_line(session, row, "M-1")
        choose(session, row, "M-1", GOES, actor=second)
        make(session, row, ASSESSES, OWNER)
        with pytest.raises(ListError, match="al beoordeeld"):
            make(session, row, CHECKS, second)


def test_what_is_decided_anew_is_looked_at_anew(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        a_line(session, row, "M-1")
        a_line(session, row, "M-2")
        choose(session, row, "M-1 M-2", GOES)
        make(session, row, ASSESSES, OWNER)
        make(session, row, CHECKS, OFFICER)
        choose(session, row, "M-2", Choice(LineDecision.HELD, "toch nodig"))
        choose(session, row, "M-2", GOES)
        assert make(session, row, AUTHORISES, ARCHIVIST) == 1
        assert standing(session) == {"M-1": True, "M-2": False}


def test_the_privacy_officer_holds_a_line_back_without_another_round(
    installation: Installation,
) -> None:
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        a_line(session, row, "M-1")
        a_line(session, row, "M-2")
        choose(session, row, "M-1 M-2", GOES)
        make(session, row, ASSESSES, OWNER)
        held = Choice(LineDecision.HELD, "Woo-verzoek")
        choose(session, row, "M-2", held, actor=OFFICER, by_checker=True)
        assert make(session, row, CHECKS, OFFICER) == 2
        assert make(session, row, AUTHORISES, ARCHIVIST) == 1
        assert standing(session) == {"M-1": True, "M-2": False}


def test_an_authorised_line_is_taken_back_until_it_is_gone(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        line = a_line(session, row, "M-1")
        choose(session, row, "M-1", GOES)
        make(session, row, ASSESSES, OWNER)
        make(session, row, CHECKS, OFFICER)
        with pytest.raises(ListError, match="niet gemachtigd"):
            services.take_back(session, row, line, "te vroeg", ARCHIVIST)
        make(session, row, AUTHORISES, ARCHIVIST)
        with pytest.raises(ListError, match="al gemachtigd"):
            choose(session, row, "M-1", Choice(LineDecision.HELD, "wacht"))
        services.take_back(session, row, line, "er loopt een zaak", ARCHIVIST)
        assert (line.decision, line.authorised_at, row.hash) == (None, None, None)
        assert row.state == ListState.PROPOSED
        line.authorised_at = line.gone_at = utc_now()
        with pytest.raises(ListError, match="al weg"):
            services.take_back(session, row, line, "te laat", ARCHIVIST)


def test_a_decision_has_a_reason_and_a_day_that_comes(installation: Installation) -> None:
    today = day_of(utc_now())
    later = today + timedelta(days=30)
    wrong = [
        (Choice(LineDecision.HELD), "reden"),
        (Choice(LineDecision.POSTPONED, "evaluatie"), "tot"),
        (Choice(LineDecision.POSTPONED, None, later), "reden"),
        (Choice(LineDecision.POSTPONED, "evaluatie", today), "tot"),
        (Choice(LineDecision.POSTPONED, "evaluatie", today + timedelta(days=5 * 366)), "tot"),
    ]
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        a_line(session, row, "M-1")
        for choice, field in wrong:
            with pytest.raises(ListError) as refused:
                choose(session, row, "M-1", choice)
            assert refused.value.field == field
        assert choose(session, row, "M-1", Choice(LineDecision.POSTPONED, "evaluatie", later)) == 1


def test_what_changed_since_the_page_is_refused(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        line = a_line(session, row, "M-1")
        seen = fingerprint([line])
        choose(session, row, "M-1", GOES)
        with pytest.raises(StaleListError):
            choose(session, row, "M-1", Choice(LineDecision.HELD, "wacht"), seen=seen)
        with pytest.raises(StaleListError):
            make_step(session, row, ASSESSES, OWNER, seen)


# The pages


@pytest.fixture
def town_hall(installation: Installation) -> Installation:
    """A municipality with a list of four lines, of which one is late."""
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        today = day_of(utc_now())
        row = a_list(
            session, period_from=today - timedelta(days=40), period_until=today + timedelta(days=50)
        )
        for number in range(3):
            a_line(session, row, f"M-AAAA-AAA{number}", due_on=today + timedelta(days=number + 1))
        a_line(
            session,
            row,
            "M-AAAA-AAA9",
            due_on=today - timedelta(days=2),
            at_maximum=True,
            retention_class="melding_niet_in_behandeling",
        )
    return installation


def person(installation: Installation, role: Role, *more: Role) -> Any:
    roles = [(DORDRECHT, each) for each in (role, *more)]
    return installation.browser(make_user(installation, *roles, name=role.label))


def press(page: Any, ending: str) -> Any:
    """Submit the form that posts to an address that ends so, and go on."""
    form = next(
        form for form in page.forms.values() if form.action.partition("?")[0].endswith(ending)
    )
    return form.submit().follow()


def test_three_people_take_a_list_from_page_to_page(town_hall: Installation) -> None:
    owner = person(town_hall, Role.PROCESS_OWNER, Role.OFFICER)
    page = owner.get(HOME)
    assert "1 te laat" in page.text
    page = page.click("Lijst 2031-4")
    assert "Over 4 regels is nog niet beslist" in page.text
    assert "Afgehandelde meldingen (3)" in page.text
    assert "absoluut maximum" in page.text
    # The first undecided line is in hand, and the next one follows.
    assert page.html.select_one(".wb-head a")["href"].startswith("/m/M-")
    for _ in range(2):
        page = press(page, "/mee")
    page = page.click("Uitstellen tot")
    form = page.forms["formulier"]
    form["tot"] = (day_of(utc_now()) + timedelta(days=30)).isoformat()
    form["reden"] = "Er loopt een evaluatie."
    page = form.submit().follow()
    assert "uitgesteld tot" in page.text
    page = press(page, "/beoordelen")
    assert "De privacyfunctionaris is aan de beurt" in page.text

    officer = person(town_hall, Role.PRIVACY_OFFICER)
    assert "Vernietiging" in officer.get("/").follow().text
    page = press(officer.get(f"{HOME}/2031-4"), "/nakijken")
    assert "De archivaris is aan de beurt" in page.text

    archivist = person(town_hall, Role.ARCHIVIST)
    page = archivist.get(f"{HOME}/2031-4")
    assert "/m/M-" not in page.text, "an archivist opens no document"
    page = press(page, "/machtigen")
    assert "2 regels zijn gemachtigd en gaan op de eigen dag" in page.text
    page = archivist.get(f"{HOME}/2031-4?stand=gemachtigd")
    page = page.click("Terughalen")
    form = page.forms["formulier"]
    form["reden"] = "Het college vraagt erom."
    assert "teruggehaald" in form.submit().follow().text
    with town_hall.transaction(DORDRECHT) as session:
        assert sum(standing(session).values()) == 1


def test_what_was_typed_stays_when_a_colleague_was_first(town_hall: Installation) -> None:
    owner = person(town_hall, Role.PROCESS_OWNER)
    page = owner.get(f"{HOME}/2031-4/vasthouden?regel=M-AAAA-AAA1")
    form = page.forms["formulier"]
    form["reden"] = "Bezwaar 12"
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        choose(session, row, "M-AAAA-AAA1", GOES)
    page = form.submit(status=409)
    assert "Bezwaar 12" in page.text
    assert "staat er nog" in page.text
    assert "vastgehouden" in page.forms["formulier"].submit().follow().text.lower()


def test_a_late_line_asks_for_its_owner_while_others_have_their_turn(
    town_hall: Installation,
) -> None:
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        choose(session, row, "M-AAAA-AAA0", GOES)
        make(session, row, ASSESSES, OWNER)
        assert row.state == ListState.ASSESSED
    page = person(town_hall, Role.PROCESS_OWNER).get("/gemeenten/dordrecht")
    assert "Vernietigingslijst 2031-4: nog niet over alles beslist" in page.text
    item = next(link for link in page.html.select("nav a") if "Vernietiging" in link.text)
    assert "1" in item.text
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        choose(session, row, "M-AAAA-AAA9", GOES)
        row.state = ListState.ASSESSED.value
    page = person(town_hall, Role.PROCESS_OWNER).get("/gemeenten/dordrecht")
    assert "nog niet over alles beslist" not in page.text


def test_lines_that_are_left_for_a_colleague_are_told(town_hall: Installation) -> None:
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        choose(session, row, "M-AAAA-AAA0 M-AAAA-AAA1", GOES)
        make(session, row, ASSESSES, OWNER)
    roles = [(DORDRECHT, role) for role in (Role.PRIVACY_OFFICER, Role.ARCHIVIST)]
    username = make_user(town_hall, *roles)
    me = str(user_id(town_hall, username))
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        make(session, row, CHECKS, OFFICER)
        line = session.scalars(
            select(DestructionLine).where(DestructionLine.reference == "M-AAAA-AAA0")
        ).one()
        line.checked_by_id = me
    page = town_hall.browser(username).get(f"{HOME}/2031-4")
    assert "Vernietiging machtigen (1 regel)" in page.text
    assert "1 regel wacht op een collega" in page.text
    page = press(page, "/machtigen")
    assert "De vernietiging van 1 regel is gemachtigd. 1 regel wacht op een collega" in page.text
    assert not [form for form in page.forms.values() if form.action.endswith("/machtigen")]


def test_a_line_for_an_archive_that_nobody_named_isnt_authorised(
    town_hall: Installation,
) -> None:
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        line = session.scalars(select(DestructionLine).order_by("reference").limit(1)).one()
        line.outcome, line.document_kind = "overbrengen", "dossier"
        session.flush()
        choose(session, row, "M-AAAA-AAA0 M-AAAA-AAA1", GOES)
        make(session, row, ASSESSES, OWNER)
        make(session, row, CHECKS, OFFICER)
    browser = person(town_hall, Role.ARCHIVIST)
    page = browser.get(f"{HOME}/2031-4")
    assert "Vernietiging machtigen (1 regel)" in page.text
    page = press(page, "/machtigen")
    assert "1 regel is gemachtigd" in page.text
    assert "1 regel wacht op het pakket voor het archief" in page.text
    assert "De beheerder maakt het pakket" in browser.get(f"{HOME}/2031-4?regel=M-AAAA-AAA0").text
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        with pytest.raises(ListError, match="nog geen pakket"):
            make(session, row, AUTHORISES, ARCHIVIST)


def test_many_lines_are_decided_on_at_once(town_hall: Installation) -> None:
    with town_hall.transaction(DORDRECHT) as session:
        first, second, *_ = session.scalars(select(DestructionLine).order_by("reference"))
        first.outcome = second.outcome = "overbrengen"
        about = {"dossier_id": first.document_id, "reference": first.reference}
        asked = {"state": "wacht_op_besluit", "requested_by": "Ar Chief", "recipient": "age1stad"}
        session.add(ArchiveTransfer(holder=DORDRECHT, **about, **asked))
    owner = person(town_hall, Role.PROCESS_OWNER)
    page = owner.get(f"{HOME}/2031-4?klasse=melding_afgehandeld")
    kinds = [link.text.split() for link in page.html.select("a[href*='klasse=']")]
    assert ["Meldingen", "niet", "in", "behandeling", "1"] in kinds
    form = next(form for form in page.forms.values() if form.action.endswith("/samen"))
    for box in form.fields["regel"]:
        box.checked = True
    page = form.submit("besluit", value="vastgehouden")
    assert "3 regels vasthouden" in page.text
    assert "M-AAAA-AAA0, M-AAAA-AAA1, M-AAAA-AAA2" in page.text
    rows = [row.get_text(" ", strip=True) for row in page.html.select("dl > div")]
    assert "Sleutel van het archief voor M-AAAA-AAA0 age1stad" in rows
    assert "Sleutel van het archief voor M-AAAA-AAA1 niet ingevuld" in rows
    page.forms["formulier"]["reden"] = "Onderzoek van de rekenkamer"
    assert "Besloten over 3 regels" in page.forms["formulier"].submit().follow().text
    everything = owner.get(f"{HOME}/2031-4/samen?alles=ja&stand=onbeslist&besluit=mee")
    assert "1 regel mee" in everything.text
    nothing = owner.get(f"{HOME}/2031-4/samen?besluit=mee").follow()
    assert "Kies eerst een of meer regels" in nothing.text


def test_a_held_document_says_by_what_it_is_held(installation: Installation) -> None:
    case = make_case(installation, number=1)
    with installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, case.reports[0])
        place_hold(session, report, HoldReason.WOO, date(2040, 1, 1), SYSTEM)
        row, reference = a_list(session), report.reference
        a_line(session, row, reference, document_id=report.id)
        a_line(session, row, "2026-0001", document_id=case.dossier_id, document_kind="dossier")
    browser = person(installation, Role.PRIVACY_OFFICER)
    page = browser.get(f"{HOME}/2031-4?regel={reference}")
    assert "bevroren: Woo-verzoek" in page.text
    assert "dat nog loopt" in page.text
    assert "Vasthouden" in page.text
    assert "Uitstellen" not in page.text
    # A privacy officer who may read dossiers can open it; the list itself shows a number alone.
    page = browser.get(f"{HOME}/2031-4?regel=2026-0001")
    assert "/gemeenten/dordrecht/" in page.html.select_one(".wb-head a")["href"]


def test_without_terms_or_lists_the_page_says_what_comes(installation: Installation) -> None:
    connect(installation)
    page = person(installation, Role.ARCHIVIST).get(HOME)
    assert "Er gelden nog geen bewaartermijnen" in page.text
    assert f"{HOME.rpartition('/')[0]}/bewaartermijnen" in page.text
    with installation.transaction(DORDRECHT) as session:
        row = propose_terms(session, DORDRECHT, Schedule(), utc_now(), None, SYSTEM)
        approve_terms(session, row, ARCHIVIST)
    page = person(installation, Role.ARCHIVIST).get(HOME)
    assert "Nog geen vernietigingslijst" in page.text
    assert "Er is nog niets vernietigd" in page.text


def test_what_is_due_before_the_first_night_is_told(installation: Installation) -> None:
    case = make_case(installation, number=1)
    terms = proposed_schedule(installation)
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Report, case.reports[0]).received_at = utc_now() - timedelta(days=11 * 366)
        row = propose_terms(session, DORDRECHT, terms, utc_now(), None, SYSTEM)
        approve_terms(session, row, ARCHIVIST)
    page = person(installation, Role.ARCHIVIST).get(HOME)
    assert "1 document komt" in page.text
    assert "Vannacht om 2.00 uur komt daarvan hier een lijst." in page.text
    assert "Dat is nu niets" not in page.text


def test_a_line_that_stays_or_is_gone_says_so_and_isnt_late(town_hall: Installation) -> None:
    later = day_of(utc_now()) + timedelta(days=30)
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        a_line(session, row, "M-AAAA-AAA7", due_on=row.period_from - timedelta(days=264))
        a_line(session, row, "M-AAAA-AAA8", gone_at=utc_now(), authorised_at=utc_now())
    archivist = person(town_hall, Role.ARCHIVIST)
    page = archivist.get(f"{HOME}/2031-4?regel=M-AAAA-AAA8")
    assert "Dit document is weg. Hier valt niets meer te beslissen." in page.text
    assert "met uw rol" not in page.text.lower()
    assert "1 regel was al eerder aan de beurt dan deze periode" in page.text
    assert "304 d te laat" in page.text
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        choose(session, row, "M-AAAA-AAA7", Choice(LineDecision.POSTPONED, "evaluatie", later))
        last = select(DestructionLine).where(DestructionLine.reference == "M-AAAA-AAA9")
        session.scalars(last).one().at_maximum = False
        choose(session, row, "M-AAAA-AAA9", Choice(LineDecision.HELD, "zaak"))
    assert "d te laat" not in archivist.get(f"{HOME}/2031-4").text


def test_a_destroyed_report_says_so_to_who_might_have_read_it(installation: Installation) -> None:
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        a_tombstone(session, GONE, gone_on=date(2031, 10, 9), list_number="2031-4")
    officer = person(installation, Role.OFFICER)
    page = officer.get(f"/m/{GONE}").follow()
    assert "Vernietigd op 9 oktober 2031 volgens categorie 8.1, lijst 2031-4" in page.text
    assert "Lijst 2031-4</a>" not in page.text, "an officer doesn't see the list"
    assert "Vernietigd op" in officer.get(f"/zoeken?q={GONE}").maybe_follow().text
    admin = person(installation, Role.ARCHIVIST)
    assert "Lijst 2031-4" in admin.get(f"/m/{GONE}").follow().text
    stranger = installation.browser(make_user(installation, ("GM0772", Role.OFFICER)))
    stranger.get(f"/m/{GONE}", status=404)
    stranger.get(f"{HOME}/{GONE}", status=404)


def test_the_old_address_of_a_destroyed_document_leads_to_what_stays(
    installation: Installation,
) -> None:
    connect(installation)
    with installation.transaction(DORDRECHT) as session:
        a_tombstone(session, GONE)
        a_tombstone(session, "2026-0007", document_kind="dossier")
    old = f"/gemeenten/dordrecht/binnenstad/2026-0007/{GONE}"
    officer = person(installation, Role.OFFICER)
    assert officer.get(f"{old}/triage", status=303).location.endswith(f"{HOME}/{GONE}")
    dossier = officer.get(old.rpartition("/")[0], status=303)
    assert dossier.location.endswith(f"{HOME}/2026-0007")
    # The same number of a municipality where nothing of the kind went.
    both = [(holder, Role.OFFICER) for holder in (DORDRECHT, "GM0772")]
    two = installation.browser(make_user(installation, *both))
    two.get("/gemeenten/eindhoven/centrum/2026-0007", status=404)
    two.get(old, status=303)
    for roles in ([("GM0772", Role.OFFICER)], [(DORDRECHT, Role.DEPUTY)]):
        installation.browser(make_user(installation, *roles)).get(old, status=404)


def test_lateness_is_told_from_the_day_after(town_hall: Installation) -> None:
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        choose(session, row, "M-AAAA-AAA1", Choice(LineDecision.HELD, "zaak"))
    with clock_at(utc_now() + timedelta(days=2)):
        page = person(town_hall, Role.PROCESS_OWNER).get(f"{HOME}/2031-4?laat=ja")
        assert "2 regels zijn te laat" in page.text
        assert "M-AAAA-AAA0" in page.text
        assert "M-AAAA-AAA2" not in page.text
