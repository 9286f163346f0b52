"""A proposal to erase: who may do it, refusing, taking back, and where nobody else is there."""

from __future__ import annotations

import ast
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Update, delete, select, update

import stopintimidatie
from stopintimidatie.core.accounts.hands import AccountHand
from stopintimidatie.core.accounts.links import NO_PASSWORD
from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.audit import SYSTEM, Actor, AuditEvent
from stopintimidatie.core.clock import AMSTERDAM, clock_at, utc_now
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.personal import ERASURE_GROUNDS, personal_data_holders
from stopintimidatie.core.text import day_of
from stopintimidatie.municipalities.people.models import Absence
from stopintimidatie.municipalities.people.services import second_persons
from stopintimidatie.privacy.erasure.approval import ALONE
from stopintimidatie.privacy.erasure.models import ErasureProposal
from stopintimidatie.privacy.requests.documents import add_trace
from stopintimidatie.privacy.requests.models import (
    AskedBy,
    Capacity,
    Channel,
    Right,
    SubjectRequest,
)
from stopintimidatie.privacy.requests.resources import done_for
from stopintimidatie.privacy.requests.services import Entry, Person, enter_request, move_request
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.vocabulary import KIND as REPORT
from tests.support.api import Api
from tests.support.deliveries import mails
from tests.support.erasing import decision, first_report, page_of, proposed
from tests.support.exporting import Case, make_case
from tests.support.factories import (
    DORDRECHT,
    connect,
    make_report,
    make_user,
    user_id,
)
from tests.support.following import follow_in_browser
from tests.support.following import page_of as page_of_receipt
from tests.support.installation import Installation

pytestmark = [pytest.mark.both_databases, pytest.mark.short_on("sqlite")]

# A Wednesday in a week without holidays.
WEDNESDAY = datetime(2027, 3, 10, 11, tzinfo=AMSTERDAM)


@pytest.fixture
def case(installation: Installation) -> Case:
    return make_case(installation, number=1)


def alone(case: Case) -> None:
    """Nobody but the privacy officer may look: the dossier owner has no role here any more."""
    with case.installation.transaction() as session:
        gone = user_id(case.installation, case.people["beslisser"])
        session.execute(delete(RoleAssignment).where(RoleAssignment.user_id == gone))


def proposal_of(case: Case) -> ErasureProposal:
    with case.installation.transaction(DORDRECHT) as session:
        newest = select(ErasureProposal).order_by(ErasureProposal.proposed_at.desc()).limit(1)
        return session.scalars(newest).one()


def state_of(case: Case) -> str:
    with case.installation.transaction(DORDRECHT) as session:
        return session.get_one(Report, case.reports[0]).state


def logged(case: Case, action: str) -> list[tuple[str | None, list[str]]]:
    with case.installation.transaction(DORDRECHT) as session:
        rows = session.scalars(select(AuditEvent).where(AuditEvent.action == action))
        return [(row.actor_name, row.fields) for row in rows]


def choices(form: Any) -> list[str]:
    return [option[0] for option in form.fields["besluit"][0].options]


def test_who_proposed_cannot_do_it_and_a_second_person_finds_it_waiting(case: Case) -> None:
    address, number = first_report(case)
    page = proposed(case, address)
    assert "Een ander dan u kijkt mee. Nu kunnen dat: Bea Slist." in page.text
    form = page.forms["formulier"]
    assert choices(form) == ["intrekken"]
    # Not by a form of one's own making either.
    form["besluit"].force_value("wissen")
    form["nummer"] = number
    assert "Een ander dan u kijkt mee" in form.submit("beslissen", status=409).text
    assert state_of(case) == "in_dossier"

    second = case.browser("beslisser")
    start = second.get("/gemeenten/dordrecht")
    assert "Wissen: kijk mee en beslis" in start.text
    listed = second.get("/gemeenten/dordrecht/wissen")
    assert "1" in listed.html.find("a", href="/gemeenten/dordrecht/wissen").text
    seen = listed.click(number)
    for told in ("Pri Vacy", "bezwaar, en het belang", "verhaal"):
        assert told in seen.text
    # Who proposed it has nothing to answer.
    mine = case.browser("privacy").get("/gemeenten/dordrecht/wissen")
    assert "1" not in mine.html.find("a", href="/gemeenten/dordrecht/wissen").text
    form = seen.forms["formulier"]
    form["besluit"], form["nummer"] = "wissen", number
    form.submit("beslissen", status=303)
    assert state_of(case) == "vernietigd"
    assert logged(case, "wissen.voorgesteld") == [("Pri Vacy", ["bezwaar"])]
    assert logged(case, "melding.gewist") == [("Bea Slist", ["bezwaar"])]
    done = proposal_of(case)
    assert (done.outcome, done.answered_by, done.alone_at) == ("gewist", "Bea Slist", None)
    # Sent twice, and looked at once more.
    moved = form.submit("beslissen", status=307).location
    again = second.post(moved, form.submit_fields("beslissen"), status=303).follow()
    assert "Hierover is al beslist: gewist, door Bea Slist." in again.text
    first = case.browser("privacy").get(f"{address}/wissen-nakijken", expect_errors=True)
    assert "door Bea Slist" in first.maybe_follow().text


def test_a_second_person_refuses_with_a_reason_that_the_first_one_reads(case: Case) -> None:
    address, _ = first_report(case)
    proposed(case, address)
    form = decision(case, address)
    form["besluit"] = "weigeren"
    assert "Vul dit in bij ‘Niet wissen’" in form.submit("beslissen", status=422).text
    form["reden"] = "De aangifte loopt nog."
    assert "is geweigerd" in form.submit("beslissen", status=303).follow().text
    assert state_of(case) == "in_dossier"
    assert logged(case, "wissen.geweigerd") == [("Bea Slist", ["bezwaar"])]
    assert "De aangifte loopt nog." in page_of(case, address).text
    listed = case.browser("privacy").get("/gemeenten/dordrecht/wissen").text
    assert "geweigerd door Bea Slist" in listed
    # A reason may tell of the content: it stands where reading is logged.
    assert "De aangifte loopt nog." not in listed
    # Anew, with a ground and not with words.
    proposed(case, address)
    assert proposal_of(case).waits
    # What was written about the content goes with it.
    installation = case.installation
    with installation.transaction(DORDRECHT) as session:
        (holder,) = [
            holder
            for holder in personal_data_holders(installation.registry).values()
            if "erasure_proposal" in holder.columns
        ]
        keys = installation.registry.key_ring
        document = case.reports[0]
        holder.source_erased(session, keys, REPORT, document)
        assert [row.reason for row in session.scalars(select(ErasureProposal))] == [None, None]


@pytest.mark.alles
def test_a_proposal_is_taken_back_by_who_made_it_and_asked_twice_there_is_one(case: Case) -> None:
    address, _ = first_report(case)
    twice = page_of(case, address).forms["formulier"]
    twice["grond"] = "doel"
    form = proposed(case, address).forms["formulier"]
    again = twice.submit("voorstellen", status=303).follow()
    assert "Dit is al voorgesteld, door Pri Vacy." in again.text
    other = decision(case, address)
    other["besluit"].force_value("intrekken")
    other.submit("beslissen", status=422)
    form["besluit"] = "intrekken"
    assert "ingetrokken" in form.submit("beslissen", status=303).follow().text
    assert (
        "Hierover is al beslist: ingetrokken, door Pri Vacy."
        in form.submit("beslissen").follow().text
    )
    late = decision_after(case, address)
    assert "Hierover is al beslist: ingetrokken, door Pri Vacy." in late
    assert logged(case, "wissen.ingetrokken") == [("Pri Vacy", ["bezwaar"])]


def decision_after(case: Case, address: str) -> str:
    page = case.browser("beslisser").get(f"{address}/wissen-nakijken", status=303)
    return str(page.follow().text)


@pytest.mark.alles
def test_a_proposal_nobody_answered_lapses_and_is_made_anew(case: Case) -> None:
    address, number = first_report(case)
    proposed(case, address)
    old = decision(case, address)
    old["besluit"], old["nummer"] = "wissen", number
    with clock_at(utc_now() + timedelta(days=31)):
        case._browsers.clear()
        assert "Hier wacht geen voorstel" in decision_after(case, address)
        proposed(case, address)
        # The form of the old one isn't an answer to the new one.
        case.browser("beslisser").get("/")
        again = decision(case, address)
        again["gezien"] = old["gezien"].value
        again["besluit"], again["nummer"] = "wissen", number
        assert "Er is iets gewijzigd" in again.submit("beslissen", status=409).text
    with case.installation.transaction(DORDRECHT) as session:
        rows = session.scalars(select(ErasureProposal).order_by(ErasureProposal.proposed_at))
        assert [(row.outcome, row.waits) for row in rows] == [(None, True)] * 2


def test_alone_it_takes_two_working_days_and_is_told_to_all(case: Case) -> None:
    installation = case.installation
    deputy = make_user(installation, (DORDRECHT, Role.DEPUTY), name="Wim Waarnemer")
    alone(case)
    address, number = first_report(case)
    with clock_at(WEDNESDAY):
        page = proposed(case, address)
        assert "U mag het zelf vanaf vrijdag 12 maart 2027, 11.00 uur" in page.text
        assert choices(page.forms["formulier"]) == ["intrekken"]
        form = page.forms["formulier"]
        form["besluit"].force_value("wissen")
        form["nummer"] = number
        form.submit("beslissen", status=409)
        installation.run_jobs()
    told = mails(installation, "wissen_alleen")
    addresses = {user_id(installation, case.people["fg"]), user_id(installation, deputy)}
    assert {mail.recipient_id for mail in told} == {str(person) for person in addresses}
    assert logged(case, "wissen.aangekondigd") == [(SYSTEM.name, ["bezwaar"])]
    assert "Eén medewerker stelt dat voor" in _last_message(case)
    with clock_at(WEDNESDAY + timedelta(days=2, minutes=-1)):
        case._browsers.clear()
        assert choices(decision(case, address, "privacy")) == ["intrekken"]
    with clock_at(WEDNESDAY + timedelta(days=2)):
        case._browsers.clear()
        start = case.browser("privacy").get("/gemeenten/dordrecht")
        assert "Wissen: kijk mee en beslis" in start.text
        form = decision(case, address, "privacy")
        form["besluit"], form["nummer"] = "wissen", number
        form.submit("beslissen", status=303)
        installation.run_jobs()
    assert state_of(case) == "vernietigd"
    with installation.transaction(DORDRECHT) as session:
        assert ALONE in session.scalars(select(ReporterMessage.text)).all()
    assert proposal_of(case).answered_by == "Pri Vacy"


def _last_message(case: Case) -> str:
    with case.installation.transaction(DORDRECHT) as session:
        newest = select(ReporterMessage.text).order_by(ReporterMessage.at.desc()).limit(1)
        return session.scalars(newest).one()


@pytest.mark.alles
def test_who_comes_in_meanwhile_looks_and_the_reporter_hears_when_it_stays(case: Case) -> None:
    installation = case.installation
    alone(case)
    address, number = first_report(case)
    with clock_at(WEDNESDAY):
        proposed(case, address)
    with clock_at(WEDNESDAY + timedelta(days=5)):
        case._browsers.clear()
        case.people["nieuw"] = make_user(
            installation, (DORDRECHT, Role.PRIVACY_OFFICER), name="Nel Nieuw"
        )
        form = decision(case, address, "privacy")
        assert choices(form) == ["intrekken"]
        form["besluit"].force_value("wissen")
        form["nummer"] = number
        assert "Nu kunnen dat: Nel Nieuw." in form.submit("beslissen", status=409).text
        form = decision(case, address, "nieuw")
        form["besluit"], form["reden"] = "weigeren", "Er loopt een zaak."
        form.submit("beslissen", status=303)
    assert "Wij wissen de inhoud van uw melding nu toch niet." in _last_message(case)


def test_who_is_not_there_is_not_waited_for(case: Case) -> None:
    installation = case.installation
    other, me, stands_in = (
        user_id(installation, case.people[name]) for name in ("beslisser", "privacy", "aanvrager")
    )
    asking = DORDRECHT, Permission.CHECK_ERASURE, str(me)
    today, mine = day_of(utc_now()), update(User).where(User.id == other)
    days = {"since": today, "until": today}
    away = Absence(holder=DORDRECHT, user_id=other, substitute_id=stands_in, **days)
    ended = update(RoleAssignment).where(RoleAssignment.user_id == other)
    for change in (
        away,
        AccountHand(giver_id=str(me), receiver_id=str(other)),
        AccountHand(giver_id=str(other), receiver_id=str(me)),
        mine.values(blocked_at=utc_now()),
        mine.values(password_hash=NO_PASSWORD),
        ended.values(until=date(2020, 1, 1)),
    ):
        with installation.transaction(DORDRECHT) as session:
            assert second_persons(session, *asking) == ["Bea Slist"]
            if isinstance(change, Update):
                session.execute(change)
            else:
                session.add(change)
                session.flush()
            assert second_persons(session, *asking) == [], change
            session.rollback()


@pytest.mark.alles
def test_who_was_there_and_left_is_told_anew(case: Case) -> None:
    """The days of one person alone begin when the others were told of it."""
    address, _ = first_report(case)
    proposed(case, address)
    alone(case)
    page = case.browser("privacy").get(f"{address}/wissen-nakijken")
    assert "Trek het voorstel in en doe het opnieuw" in page.text
    form = page.forms["formulier"]
    form["besluit"] = "intrekken"
    form.submit("beslissen", status=303)
    assert "U mag het zelf vanaf" in proposed(case, address).text


def asked(case: Case, *, included: bool = True) -> str:
    """A request of the reporter to be erased, for which the report was found."""
    installation = case.installation
    with installation.transaction(DORDRECHT) as session:
        keys, actor = installation.registry.key_ring, SYSTEM
        entry = Entry(
            Right.ERASURE.value,
            Capacity.REPORTER.value,
            AskedBy.SELF.value,
            Channel.LETTER.value,
            day_of(utc_now()),
            Person(name="Jasmijn", email="jas@example.org"),
            "Wis alles.",
        )
        row = enter_request(session, keys, DORDRECHT, entry, actor)
        registry = installation.registry
        move_request(registry, session, row, "identiteit", {"hoe": "gezien"}, actor)
        report = session.get_one(Report, case.reports[0])
        document = (REPORT, report.id, report.reference)
        add_trace(session, row, document, ["verhaal"], actor, included=included)
        return row.reference


@pytest.mark.alles
def test_a_request_that_another_granted_needs_no_third_person(case: Case) -> None:
    installation = case.installation
    address, number = first_report(case)
    reference = asked(case)
    username = make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER), name="Toe Wijs")
    other = Actor("gebruiker", str(user_id(installation, username)), "Toe Wijs")
    _grant(case, reference, other)
    form = page_of(case, address).forms["formulier"]
    form["grond"] = reference
    page = form.submit("voorstellen", status=303).follow()
    assert f"verzoek {reference} van een betrokkene" in page.text
    form = page.forms["formulier"]
    assert choices(form) == ["wissen", "intrekken"]
    form["besluit"], form["nummer"] = "wissen", number
    form.submit("beslissen", status=303)
    assert state_of(case) == "vernietigd"
    assert logged(case, "melding.gewist") == [("Pri Vacy", [reference])]


def _grant(case: Case, reference: str, actor: Actor) -> None:
    with case.installation.transaction(DORDRECHT) as session:
        mine = select(SubjectRequest).where(SubjectRequest.reference == reference)
        row = session.scalars(mine).one()
        values = {"reden": "Wij wissen uw melding."}
        move_request(case.installation.registry, session, row, "toewijzen", values, actor)


@pytest.mark.alles
def test_a_request_that_one_granted_oneself_is_no_second_person(case: Case) -> None:
    address, number = first_report(case)
    reference = asked(case)
    me = user_id(case.installation, case.people["privacy"])
    _grant(case, reference, Actor("gebruiker", str(me), "Pri Vacy"))
    form = page_of(case, address).forms["formulier"]
    form["grond"] = reference
    page = form.submit("voorstellen", status=303).follow()
    assert choices(page.forms["formulier"]) == ["intrekken"]
    form = decision(case, address)
    form["besluit"], form["nummer"] = "wissen", number
    form.submit("beslissen", status=303)
    assert state_of(case) == "vernietigd"


@pytest.mark.alles
def test_a_request_of_somebody_else_or_a_refused_one_is_no_ground(case: Case) -> None:
    address, number = first_report(case)
    assert asked(case, included=False) not in page_of(case, address).text
    reference = asked(case)
    form = page_of(case, address).forms["formulier"]
    form["grond"] = reference
    form.submit("voorstellen", status=303)
    open_tab = decision(case, address)
    with case.installation.transaction(DORDRECHT) as session:
        mine = select(SubjectRequest).where(SubjectRequest.reference == reference)
        row, values = session.scalars(mine).one(), {"reden": "Toch niet."}
        move_request(case.installation.registry, session, row, "intrekken", values, SYSTEM)
    said = f"Verzoek {reference} is geen reden meer"
    open_tab["besluit"], open_tab["nummer"] = "wissen", number
    assert said in open_tab.submit("beslissen", status=409).text
    # Who opens the page now reads it at once, and can only refuse.
    assert "wissen" not in [code for code, *_ in decision(case, address)["besluit"].options]
    assert state_of(case) == "in_dossier"


def test_words_of_ones_own_are_no_ground(case: Case) -> None:
    address, _ = first_report(case)
    form = page_of(case, address).forms["formulier"]
    for typed in ("zomaar", "", "V-0000-0000"):
        form["grond"].force_value(typed)
        form.submit("voorstellen", status=422)
    with case.installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(ErasureProposal)).all() == []


def test_at_the_desk_a_colleague_looks(installation: Installation) -> None:
    connect(installation)
    people = {
        role: installation.browser(make_user(installation, (NATIONAL, role), name=name))
        for role, name in ((Role.PRIVACY_OFFICER, "Pia"), (Role.NATIONAL_DESK, "Mel Punt"))
    }
    with installation.transaction(NATIONAL) as session:
        report = make_report(session, installation, holder=NATIONAL)
        reference, number = report.reference, report.id
    form = people[Role.PRIVACY_OFFICER].get(f"/landelijk/{reference}/gegevens-wissen")
    form = form.forms["formulier"]
    form["grond"] = "onrechtmatig"
    assert "Mel Punt" in form.submit("voorstellen", status=303).follow().text
    page = people[Role.NATIONAL_DESK].get("/landelijk/wissen").click(reference)
    form = page.forms["formulier"]
    form["besluit"], form["nummer"] = "wissen", reference
    form.submit("beslissen", status=303)
    with installation.transaction(NATIONAL) as session:
        assert session.get_one(Report, number).state == "vernietigd"


def test_the_reporter_follows_it_on_the_page_and_in_the_app(installation: Installation) -> None:
    connect(installation)
    api = Api(installation)
    receipt = api.post().json
    reporter = follow_in_browser(api, receipt)
    privacy = installation.browser(make_user(installation, (DORDRECHT, Role.PRIVACY_OFFICER)))
    here = f"{page_of_receipt(receipt)}/gegevens-wissen"
    form = privacy.get(here).forms["formulier"]
    form["grond"] = "toestemming"
    form.submit("voorstellen", status=303)
    assert COMING in reporter.get("/volgen/melding").text
    told = api.follow(receipt["kenmerk"], receipt["volgcode"]).json["berichten"]
    assert COMING in told[-1]["tekst"]
    form = privacy.get(here).follow().forms["formulier"]
    form["besluit"] = "intrekken"
    form.submit("beslissen", status=303)
    told = api.follow(receipt["kenmerk"], receipt["volgcode"]).json["berichten"]
    assert told[-1]["tekst"] == "Wij wissen de inhoud van uw melding nu toch niet."


def test_the_reporter_reads_at_once_that_it_was_erased(installation: Installation) -> None:
    connect(installation)
    api = Api(installation)
    receipt = api.post().json
    privacy, second = (
        installation.browser(make_user(installation, (DORDRECHT, role)))
        for role in (Role.PRIVACY_OFFICER, Role.DOSSIER_OWNER)
    )
    here = page_of_receipt(receipt)
    form = privacy.get(f"{here}/gegevens-wissen").forms["formulier"]
    form["grond"] = "toestemming"
    form.submit("voorstellen", status=303)
    form = second.get(f"{here}/wissen-nakijken").forms["formulier"]
    form["besluit"], form["nummer"] = "wissen", receipt["kenmerk"]
    form.submit("beslissen", status=303)
    # Other decisions are shown when they can't be undone any more.
    followed = api.follow(receipt["kenmerk"], receipt["volgcode"]).json
    assert followed["status"] == "verwijderd"


COMING = "Eén medewerker stelt dat voor, en er is nu niemand anders die kan meekijken."


def test_nothing_else_in_the_house_leads_to_erasing() -> None:
    """Who erases what, besides terms and restores: two people, and no other way."""
    callers: dict[str, set[str]] = {"erase": set(), "erase_again": set(), "erase_document": set()}
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if any(name in text for name in FROM) else ():
            if isinstance(node, ast.ImportFrom) and str(node.module).endswith(FROM):
                for name in callers.keys() & {alias.name for alias in node.names}:
                    callers[name].add(path.relative_to(PACKAGE).as_posix())
    assert callers == {
        "erase": {"privacy/erasure/approval.py"},
        # What the ledger says was gone already, in a copy that is put back.
        "erase_again": {"backup/ledger.py"},
        # By their terms: desk content, lists, cases, what a municipality that left has.
        "erase_document": BY_TERM | {"privacy/erasure/services.py"},
    }


PACKAGE = Path(stopintimidatie.__file__).parent
FROM = ("privacy.erasure.services", "core.storage.personal")
BY_TERM = {
    "desk/forwarding/pickup.py",
    "privacy/destruction/documents.py",
    "privacy/requests/jobs.py",
    "backup/ledger.py",
}


def test_words_go_for_good_on_a_request_or_a_ground_that_the_fg_reads(case: Case) -> None:
    installation = case.installation
    address, number = first_report(case)
    reference = asked(case)
    form = case.browser("privacy").get(f"{address}/tekst-nakijken").forms["formulier"]
    grounds = [option[0] for option in form.fields["grond"][0].options]
    assert grounds == ["", reference, *ERASURE_GROUNDS]
    form["woorden"], form["reden"], form["zeker"] = "paarse rugzak", "Gevraagd.", True
    assert "Kies de grond" in form.submit("onleesbaar", status=422).text
    form["grond"] = reference
    page = form.submit("onleesbaar", status=303).follow()
    assert "onleesbaar gemaakt" in page.text
    assert logged(case, "melding.onleesbaar") == [("Pri Vacy", [reference])]
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(SubjectRequest)).one()
        assert done_for(session, row) == {"onleesbaar": [number]}
    fg = make_user(installation, (DORDRECHT, Role.DATA_PROTECTION_OFFICER), name="F G")
    log = installation.browser(fg).get("/gemeenten/dordrecht/logboek?wat=melding.onleesbaar")
    assert reference in log.text
    assert number in log.text
