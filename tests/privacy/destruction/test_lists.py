"""Destruction lists: an act of the process owner and one of the archivist, and lines that stay."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.second import SecondError
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import day_of, new_code
from stopintimidatie.privacy.destruction import services
from stopintimidatie.privacy.destruction.models import (
    ArchiveTransfer,
    DestructionLine,
    DestructionList,
    LineState,
    ListState,
)
from stopintimidatie.privacy.destruction.queries import lines_of, people_of
from stopintimidatie.privacy.destruction.rules import ASSESSES, AUTHORISES, CHECKS
from stopintimidatie.privacy.destruction.services import (
    Choice,
    fingerprint,
    make_step,
    takes,
)
from stopintimidatie.privacy.destruction.statement import make_list_statement
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.privacy.holds.services import place_hold
from stopintimidatie.privacy.retention.rules import Schedule
from stopintimidatie.privacy.retention.services import approve_terms, propose_terms
from stopintimidatie.reports.models import Report
from tests.support.destruction import a_line, a_list, a_tombstone, let_the_officer_check
from tests.support.exporting import make_case
from tests.support.factories import (
    DORDRECHT,
    connect,
    make_report,
    make_user,
    take_on,
    user_id,
)
from tests.support.installation import Installation
from tests.support.retaining import approve, lines, night, on, proposed_schedule

pytestmark = pytest.mark.sqlite

OWNER = Actor("gebruiker", "1", "De Proceseigenaar")
OFFICER = Actor("gebruiker", "2", "De Privacyfunctionaris")
ARCHIVIST = Actor("gebruiker", "3", "De Archivaris")
HELD = Choice(LineState.HELD, "bezwaar")
REOPENED = Choice(None, "te vroeg")
# A reference with its check character.
GONE = new_code("M")
HOME = "/gemeenten/dordrecht/vernietiging"


def choose(session: Any, row: DestructionList, references: str, choice: Choice, **how: Any) -> int:
    """Decide otherwise on these lines, as the process owner unless told otherwise."""
    chosen = session.scalars(
        select(DestructionLine).where(DestructionLine.reference.in_(references.split()))
    ).all()
    how = {"seen": fingerprint(chosen), **how}
    actor = how.pop("actor", OWNER)
    return services.decide(session, row, [line.id for line in chosen], choice, actor, **how)


def make(session: Any, row: DestructionList, step: str, actor: Actor) -> int:
    """Make a step, with the lines that the page showed."""
    seen = fingerprint(lines_of(session, row.id, takes(session, step)))
    return make_step(session, row, step, actor, seen)


def standing(session: Any) -> dict[str, bool]:
    """Whether each line is authorised, by its reference."""
    rows = session.scalars(select(DestructionLine)).all()
    return {line.reference: line.authorised_at is not None for line in rows}


def test_two_acts_take_a_list_and_keep_the_hash_of_what_was_agreed(
    installation: Installation,
) -> None:
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        for name in ("M-1", "M-2", "M-3"):
            a_line(session, row, name)
        choose(session, row, "M-3", HELD)
        assert make(session, row, ASSESSES, OWNER) == 2
        assert row.state == ListState.CHECKED, "ready for the archivist"
        assert row.hash is None
        assert make(session, row, AUTHORISES, ARCHIVIST) == 2
        assert standing(session) == {"M-1": True, "M-2": True, "M-3": False}
        assert row.hash == services.hash_of(session.scalars(select(DestructionLine)))
        assert row.state == ListState.AUTHORISED
        # What was held goes round by itself once it is open again.
        choose(session, row, "M-3", REOPENED)
        assert row.state == ListState.PROPOSED
        make(session, row, ASSESSES, OWNER)
        assert make(session, row, AUTHORISES, ARCHIVIST) == 1
        actions = session.scalars(select(AuditEvent.action)).all()
    for action in ("beslist", "beoordeeld", "gemachtigd"):
        assert f"vernietiging.{action}" in actions


def test_where_it_is_set_the_privacy_officer_looks_in_between(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        let_the_officer_check(session)
        row = a_list(session)
        a_line(session, row, "M-1")
        a_line(session, row, "M-2")
        make(session, row, ASSESSES, OWNER)
        assert row.state == ListState.ASSESSED
        with pytest.raises(FormError, match="niets te doen"):
            make(session, row, AUTHORISES, ARCHIVIST)
        choose(session, row, "M-2", HELD, actor=OFFICER)
        assert make(session, row, CHECKS, OFFICER) == 1
        for actor in (OWNER, OFFICER):
            with pytest.raises(FormError, match="verschillende mensen"):
                make(session, row, AUTHORISES, actor)
        assert make(session, row, AUTHORISES, ARCHIVIST) == 1
        assert standing(session) == {"M-1": True, "M-2": False}


def test_a_line_keeps_its_own_people_however_a_list_is_divided(
    installation: Installation,
) -> None:
    third = Actor("gebruiker", "5", "Tweede Archivaris")
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        for name, owner in (("M-1", OWNER), ("M-2", ARCHIVIST)):
            a_line(session, row, name)
            session.flush()
            make(session, row, ASSESSES, owner)
        assert make(session, row, AUTHORISES, ARCHIVIST) == 1
        assert standing(session) == {"M-1": True, "M-2": False}
        with pytest.raises(FormError, match="Vraag een collega"):
            make(session, row, AUTHORISES, ARCHIVIST)
        assert make(session, row, AUTHORISES, third) == 1
        assert [(step, name) for step, name, _ in people_of(session, row.id)] == [
            ("Beoordeeld", OWNER.name),
            ("Beoordeeld", ARCHIVIST.name),
            ("Gemachtigd", ARCHIVIST.name),
            ("Gemachtigd", third.name),
        ]
        for line in session.scalars(select(DestructionLine)):
            line.gone_at = utc_now()
        session.flush()
        statement = make_list_statement(installation.registry, session, row)
    assert statement is not None
    people = dict(statement.content["gegevens"])
    assert f"{OWNER.name}, proceseigenaar" in people["Beoordeeld"]
    assert f"{third.name}, archivaris" in people["Gemachtigd"]
    assert "Nagekeken" not in people


def test_what_is_held_stays_until_nothing_holds_it(installation: Installation) -> None:
    received, due = date(2026, 2, 10), date(2027, 2, 10)
    with on(received), installation.transaction(DORDRECHT) as session:
        report = take_on(session, make_report(session, installation))
        report.state, report.ended_at = "niet_in_behandeling", utc_now()
        session.flush()
        place_hold(session, report, HoldReason.WOO, date(2028, 1, 1), SYSTEM)
        number = report.id
    with on(received):
        approve(installation)
    night(installation, date(2026, 12, 1))
    with on(date(2026, 12, 2)), installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        assert make(session, row, ASSESSES, OWNER) == 0
        assert row.state == ListState.DONE
    night(installation, due)
    line = lines(installation)[number]
    assert (line.decision, line.reason) == (LineState.HELD, "bevroren: Woo-verzoek")
    with on(due), installation.transaction(DORDRECHT) as session:
        session.scalars(select(Hold)).one().lifted_at = utc_now()
        session.get_one(Report, number).frozen = False
    night(installation, due + timedelta(days=1))
    assert lines(installation)[number].decision is None, "it asks for its owner again"
    with installation.transaction(DORDRECHT) as session:
        assert session.get(Report, number) is not None
        assert session.scalars(select(DestructionList)).one().state == ListState.PROPOSED


def test_a_list_that_was_under_way_at_the_upgrade_goes_on(installation: Installation) -> None:
    """Lines of 1.0.0: decided and not closed, assessed and not checked, checked."""
    now = utc_now()
    signed = {"decision": "mee", "decided_at": now, "decided_by_id": OWNER.id}
    assessed = signed | {"assessed_at": now, "assessed_by_id": OWNER.id}
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session, state="beoordeeld")
        a_line(session, row, "M-1", **signed)
        a_line(session, row, "M-2", **assessed)
        a_line(session, row, "M-3", **assessed, checked_at=now, checked_by_id=OFFICER.id)
        a_line(session, row, "M-4", decision="vastgehouden", assessed_at=now, checked_at=now)
        session.flush()
        refresh_lists_of(session)
        assert row.state == ListState.CHECKED
        assert make(session, row, AUTHORISES, ARCHIVIST) == 2
        assert make(session, row, ASSESSES, OWNER) == 1
        assert make(session, row, AUTHORISES, ARCHIVIST) == 1
        assert standing(session) == {"M-1": True, "M-2": True, "M-3": True, "M-4": False}


def refresh_lists_of(session: Any) -> None:
    """Let the state of each list follow its lines, as the night does."""
    for row in session.scalars(select(DestructionList)):
        services.refresh_state(session, row)


def test_single_lines_are_decided_otherwise_until_they_are_gone(
    installation: Installation,
) -> None:
    today = day_of(utc_now())
    later = today + timedelta(days=30)
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        line = a_line(session, row, "M-1")
        wrong = [
            (Choice(LineState.HELD), "reden"),
            (Choice(LineState.HELD, "zaak", later), "tot"),
            (Choice(LineState.POSTPONED, "evaluatie"), "tot"),
            (Choice(LineState.POSTPONED, None, later), "reden"),
            (Choice(LineState.POSTPONED, "evaluatie", today), "tot"),
            (Choice(LineState.POSTPONED, "evaluatie", today + timedelta(days=5 * 366)), "tot"),
        ]
        for choice, field in wrong:
            with pytest.raises(FormError) as refused:
                choose(session, row, "M-1", choice)
            assert refused.value.field == field
        make(session, row, ASSESSES, OWNER)
        make(session, row, AUTHORISES, ARCHIVIST)
        choose(session, row, "M-1", REOPENED, actor=ARCHIVIST)
        assert (line.decision, line.authorised_at, row.hash) == (None, None, None)
        assert row.state == ListState.PROPOSED
        actions = session.scalars(select(AuditEvent.action)).all()
        assert "vernietiging.teruggehaald" in actions
        line.gone_at = utc_now()
        session.flush()
        with pytest.raises(FormError, match="al weg"):
            choose(session, row, "M-1", HELD)


def test_what_changed_since_the_page_is_refused(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        line = a_line(session, row, "M-1")
        session.flush()
        seen = fingerprint([line])
        choose(session, row, "M-1", REOPENED)
        with pytest.raises(SecondError):
            choose(session, row, "M-1", HELD, seen=seen)
        with pytest.raises(SecondError):
            make_step(session, row, ASSESSES, OWNER, seen)


def test_who_is_nobody_in_particular_makes_no_step(installation: Installation) -> None:
    with installation.transaction(DORDRECHT) as session:
        row = a_list(session)
        a_line(session, row, "M-1")
        for step in (ASSESSES, AUTHORISES):
            with pytest.raises(SecondError):
                make(session, row, step, SYSTEM)
            make(session, row, step, OWNER if step == ASSESSES else ARCHIVIST)


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
        late = {"due_on": today - timedelta(days=2), "at_maximum": True}
        a_line(
            session,
            row,
            "M-AAAA-AAA9",
            **late,
            retention_class="melding_niet_in_behandeling",
        )
    return installation


def person(installation: Installation, role: Role, *more: Role) -> Any:
    roles = [(DORDRECHT, each) for each in (role, *more)]
    return installation.browser(make_user(installation, *roles, name=role.label))


def press(page: Any, ending: str) -> Any:
    """Submit the form that posts to an address that ends so, and go on."""
    return form_to(page, ending).submit().follow()


def form_to(page: Any, ending: str) -> Any:
    return next(
        form for form in page.forms.values() if form.action.partition("?")[0].endswith(ending)
    )


def test_two_people_take_a_list_from_page_to_page(town_hall: Installation) -> None:
    owner = person(town_hall, Role.PROCESS_OWNER, Role.OFFICER)
    page = owner.get(HOME)
    assert "1 te laat" in page.text
    page = page.click("Lijst 2031-4")
    assert "4 regels beoordelen" in page.text
    assert "1 regel is te laat" in page.text
    assert page.html.select_one("tbody a")["href"].startswith("/m/M-")
    choosing = form_to(page, "/anders")
    for box in choosing.fields["regel"]:
        box.checked = box._value == "M-AAAA-AAA1"
    form = choosing.submit().forms["formulier"]
    form["besluit"] = "uitgesteld"
    form["tot"] = (day_of(utc_now()) + timedelta(days=30)).isoformat()
    form["reden"] = "Er loopt een evaluatie."
    page = form.submit().follow()
    assert "Uitgesteld tot" in page.text
    page = press(page, "/beoordelen")
    assert "De archivaris is aan de beurt" in page.text
    assert "Nagekeken" not in person(town_hall, Role.PRIVACY_OFFICER).get(f"{HOME}/2031-4").text

    archivist = person(town_hall, Role.ARCHIVIST)
    page = archivist.get(f"{HOME}/2031-4")
    assert "/m/M-" not in page.text, "an archivist opens no document"
    page = press(page, "/machtigen")
    assert "3 regels zijn gemachtigd en gaan op de eigen dag" in page.text
    page = archivist.get(f"{HOME}/2031-4/anders?regel=M-AAAA-AAA0")
    form = page.forms["formulier"]
    form["besluit"], form["reden"] = "onbeslist", "Het college vraagt erom."
    assert "Besloten over 1 regel" in form.submit().follow().text
    with town_hall.transaction(DORDRECHT) as session:
        assert sum(standing(session).values()) == 2


def test_what_was_typed_stays_when_a_colleague_was_first(town_hall: Installation) -> None:
    owner = person(town_hall, Role.PROCESS_OWNER)
    form = owner.get(f"{HOME}/2031-4/anders?regel=M-AAAA-AAA1").forms["formulier"]
    form["besluit"], form["reden"] = "vastgehouden", "Bezwaar 12"
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        choose(session, row, "M-AAAA-AAA1", REOPENED)
    page = form.submit(status=409)
    assert "Bezwaar 12" in page.text
    assert "staat er nog" in page.text
    assert "Vastgehouden" in page.forms["formulier"].submit().follow().text
    assert "Kies eerst" in owner.get(f"{HOME}/2031-4/anders").follow().text


def test_a_late_line_asks_for_its_owner_while_others_have_their_turn(
    town_hall: Installation,
) -> None:
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        make(session, row, ASSESSES, OWNER)
        choose(session, row, "M-AAAA-AAA9", REOPENED)
        assert row.state == ListState.CHECKED
    owner = person(town_hall, Role.PROCESS_OWNER)
    page = owner.get("/gemeenten/dordrecht")
    assert "Vernietigingslijst 2031-4: nog niet over alles beslist" in page.text
    item = next(link for link in page.html.select("nav a") if "Vernietiging" in link.text)
    assert "1" in item.text
    press(owner.get(f"{HOME}/2031-4"), "/beoordelen")
    assert "nog niet over alles beslist" not in owner.get("/gemeenten/dordrecht").text


def test_lines_that_are_left_for_a_colleague_are_told(town_hall: Installation) -> None:
    roles = [(DORDRECHT, role) for role in (Role.PROCESS_OWNER, Role.ARCHIVIST)]
    username = make_user(town_hall, *roles)
    me = str(user_id(town_hall, username))
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        make(session, row, ASSESSES, OWNER)
        session.scalars(
            select(DestructionLine).where(DestructionLine.reference == "M-AAAA-AAA0")
        ).one().assessed_by_id = me
    page = town_hall.browser(username).get(f"{HOME}/2031-4")
    assert "Vernietiging machtigen: 3 regels" in page.text
    assert "1 regel wacht op een collega" in page.text
    page = press(page, "/machtigen")
    assert "3 regels gemachtigd" in page.text
    assert not [form for form in page.forms.values() if form.action.endswith("/machtigen")]


def test_a_line_for_an_archive_that_nobody_named_isnt_authorised(
    town_hall: Installation,
) -> None:
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        line, other, *_ = session.scalars(select(DestructionLine).order_by("reference"))
        line.outcome = other.outcome = "overbrengen"
        line.document_kind = other.document_kind = "dossier"
        about = {"dossier_id": other.document_id, "reference": other.reference}
        asked = {"state": "wacht_op_besluit", "requested_by": "Ar Chief", "recipient": "age1stad"}
        session.add(ArchiveTransfer(holder=DORDRECHT, **about, **asked))
        session.flush()
        make(session, row, ASSESSES, OWNER)
    browser = person(town_hall, Role.ARCHIVIST)
    page = browser.get(f"{HOME}/2031-4")
    assert "Vernietiging machtigen: 3 regels" in page.text
    assert "naar het archief" in page.text
    page = press(page, "/machtigen")
    assert "1 regel wacht op het pakket voor het archief" in page.text
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        with pytest.raises(FormError, match="nog geen pakket"):
            make(session, row, AUTHORISES, ARCHIVIST)


def test_a_held_document_says_by_what_it_is_held(installation: Installation) -> None:
    case = make_case(installation, number=1)
    with installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, case.reports[0])
        place_hold(session, report, HoldReason.WOO, date(2040, 1, 1), SYSTEM)
        row, reference = a_list(session), report.reference
        line = a_line(session, row, reference, document_id=report.id)
    browser = person(installation, Role.PRIVACY_OFFICER)
    page = browser.get(f"{HOME}/2031-4?regel={reference}")
    assert "bevroren: Woo-verzoek" in page.text
    assert "dat nog loopt" in page.text
    choices = browser.get(f"{HOME}/2031-4/anders?regel={reference}").html
    assert [box["value"] for box in choices.select("[name=besluit]")] == ["vastgehouden"]
    page = person(installation, Role.PROCESS_OWNER).get(f"{HOME}/2031-4")
    assert "1 regel blijft: bij de regel staat waarom" in page.text
    # What goes on doesn't hold what is due by the absolute maximum.
    with installation.transaction(DORDRECHT) as session:
        session.get_one(DestructionLine, line.id).at_maximum = True
    page = browser.get(f"{HOME}/2031-4?regel={reference}")
    assert "bevroren: Woo-verzoek" in page.text
    assert "dat nog loopt" not in page.text


def test_a_line_that_stays_or_is_gone_says_so_and_isnt_late(town_hall: Installation) -> None:
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        a_line(session, row, "M-AAAA-AAA7", due_on=row.period_from - timedelta(days=264))
        a_line(session, row, "M-AAAA-AAA8", gone_at=utc_now(), authorised_at=utc_now())
    archivist = person(town_hall, Role.ARCHIVIST)
    page = archivist.get(f"{HOME}/2031-4?regel=M-AAAA-AAA8")
    assert not page.html.select("tbody input")
    page = archivist.get(f"{HOME}/2031-4?laat=ja")
    assert "1 regel was al eerder aan de beurt dan deze periode" in page.text
    assert [row.th.text for row in page.html.select("tbody tr")] == ["M-AAAA-AAA7", "M-AAAA-AAA9"]
    with town_hall.transaction(DORDRECHT) as session:
        row = session.scalars(select(DestructionList)).one()
        choose(session, row, "M-AAAA-AAA7", HELD)
    with clock_at(utc_now() + timedelta(days=2)):
        page = person(town_hall, Role.PROCESS_OWNER).get(f"{HOME}/2031-4?laat=ja")
        shown = [row.th.text for row in page.html.select("tbody tr")]
        assert shown == ["M-AAAA-AAA0", "M-AAAA-AAA9"]


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
