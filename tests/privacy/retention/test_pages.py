"""The pages of terms: what counts, a proposal, the archivist's answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp, TestResponse

from stopintimidatie.core.accounts.hands import ONE_HAND
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import AMSTERDAM, clock_at, local_date, utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, Term, Unit, months, years
from stopintimidatie.core.text import date_text
from stopintimidatie.privacy.retention.models import RetentionSchedule
from stopintimidatie.privacy.retention.rules import (
    CONTACT,
    HANDLED,
    NOT_HANDLED,
    Choice,
    Outcome,
    Schedule,
    proposal,
)
from stopintimidatie.privacy.retention.services import (
    approve_terms,
    propose_terms,
)
from stopintimidatie.privacy.retention.timelines import last_start
from stopintimidatie.reports.fields import Contact
from stopintimidatie.reports.models import Report
from tests.support.factories import (
    DORDRECHT,
    confirmed_by_second,
    connect,
    make_report,
    make_user,
    user_id,
)
from tests.support.installation import Installation
from tests.support.policing import switch_on
from tests.support.queries import count_queries
from tests.support.readiness import ready

PAGE = "/gemeenten/dordrecht/bewaartermijnen"
ARCHIVIST = Actor("gebruiker", "b7f3", "Annelies Archief")


@pytest.fixture(autouse=True)
def connected(installation: Installation) -> None:
    connect(installation)


def as_role(installation: Installation, role: Role) -> TestApp:
    return installation.browser(make_user(installation, (DORDRECHT, role)))


def readiness(installation: Installation) -> str:
    return ready(installation, 200)["bewaartermijnen"]["melding"]


def filled_in(page: TestResponse) -> Any:
    """The form of a proposal, with a category for each term."""
    form = page.forms["formulier"]
    for name in form.fields:
        if str(name).endswith(".categorie"):
            form[name] = "18.1.2"
    return form


def decided(
    browser: TestApp, answer: str, reason: str = "", number: int = 1, status: int | None = None
) -> TestResponse:
    form = browser.get(f"{PAGE}/beslissen?nr={number}").forms["formulier"]
    form["besluit"], form["reden"] = answer, reason
    return form.submit("beslissen", status=status)


def approved(installation: Installation, schedule: Schedule, holder: str = DORDRECHT) -> None:
    with installation.transaction(holder) as session:
        row = propose_terms(session, holder, schedule, utc_now(), None, SYSTEM)
        approve_terms(session, row, ARCHIVIST)


def ended(installation: Installation, on: date, state: str = "afgehandeld", **changes: Any) -> str:
    """A report that was ended on a day; returns its reference."""
    at = datetime(on.year, on.month, on.day, 12, tzinfo=AMSTERDAM)
    with clock_at(at), installation.transaction(DORDRECHT) as session:
        report = make_report(session, installation, **changes)
        report.state, report.ended_at = state, at
        return report.reference


def test_nothing_is_due_until_an_archivist_approved_terms(installation: Installation) -> None:
    page = as_role(installation, Role.ADMIN).get(PAGE)
    assert "Er gelden nog geen bewaartermijnen" in page
    assert "verdwijnt er niets" in page
    lacking = "Zonder goedgekeurde bewaartermijnen: Dordrecht, het landelijk meldpunt. Daar"
    assert lacking in readiness(installation)


def test_a_proposal_counts_once_an_archivist_approved_it(installation: Installation) -> None:
    admin = as_role(installation, Role.ADMIN)
    form = filled_in(admin.get(f"{PAGE}/voorstellen"))
    form["melding_afgehandeld.aantal"] = "7"
    form["dossier_afgesloten.gevolg"] = "overbrengen"
    form["toelichting"] = "Zoals besproken met het archief."
    assert "wacht op de archivaris" in form.submit("voorstellen").follow()
    archivist = as_role(installation, Role.ARCHIVIST)
    page = archivist.get(PAGE)
    assert "Zoals besproken met het archief." in page
    assert "7 jaar, categorie 18.1.2" in page
    assert "Er gelden nog geen" in page
    page = decided(archivist, "goedkeuren").follow()
    assert "Versie 1, sinds" in page
    assert "overbrengen" in page
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(RetentionSchedule)).one()
        assert row.approved
        assert row.content["klassen"]["melding_afgehandeld"]["termijn"]["aantal"] == 7
        assert session.get_one(Holder, DORDRECHT).terms_from == row.effective_from
    lacking = "Zonder goedgekeurde bewaartermijnen: het landelijk meldpunt. Daar"
    assert lacking in readiness(installation)


def test_only_dossiers_are_transferred(installation: Installation) -> None:
    form = as_role(installation, Role.ADMIN).get(f"{PAGE}/voorstellen").forms["formulier"]
    assert [name for name in form.fields if str(name).endswith(".gevolg")] == [
        "dossier_afgesloten.gevolg"
    ]
    alone = Schedule({HANDLED: Choice("8.1", years(5), Outcome.TRANSFER)})
    with installation.transaction(DORDRECHT) as session:
        with pytest.raises(FormError, match="Kies hier vernietigen"):
            propose_terms(session, DORDRECHT, alone, utc_now(), None, SYSTEM)
        row = propose_terms(session, DORDRECHT, Schedule(), utc_now(), None, SYSTEM)
        row.content = alone.as_json()
        session.flush()
        with pytest.raises(FormError, match="Weiger dit"):
            approve_terms(session, row, ARCHIVIST)
    page = as_role(installation, Role.ADMIN).get(f"{PAGE}/versie?nr=1")
    page.mustcontain("dat kan alleen in een dossier", "de goedkeuring", no="geldt niet")


def test_nobody_approves_their_own_proposal(installation: Installation) -> None:
    archivist = as_role(installation, Role.ARCHIVIST)
    filled_in(archivist.get(f"{PAGE}/voorstellen")).submit("voorstellen")
    assert "U deed dit voorstel zelf" in archivist.get(PAGE)
    archivist.get(f"{PAGE}/beslissen?nr=1")
    form = archivist.get(f"{PAGE}/beslissen?nr=1").forms["formulier"]
    form["besluit"] = "goedkeuren"
    assert "U deed dit voorstel zelf" in form.submit("beslissen", status=409)


def test_a_proposal_without_a_category_is_refused_with_what_is_missing(
    installation: Installation,
) -> None:
    as_role(installation, Role.ADMIN).get(f"{PAGE}/voorstellen").forms["formulier"].submit(
        "voorstellen", status=303
    )
    archivist = as_role(installation, Role.ARCHIVIST)
    page = archivist.get(f"{PAGE}/beslissen?nr=1")
    assert "Er ontbreekt een categorie" in page
    form = page.forms["formulier"]
    form["besluit"] = "goedkeuren"
    assert "ontbreekt de categorie" in form.submit("beslissen", status=422)


def test_refusing_takes_a_reason_that_the_proposer_reads(installation: Installation) -> None:
    admin, archivist = (as_role(installation, role) for role in (Role.ADMIN, Role.ARCHIVIST))
    filled_in(admin.get(f"{PAGE}/voorstellen")).submit("voorstellen")
    form = archivist.get(f"{PAGE}/beslissen?nr=1").forms["formulier"]
    form["besluit"] = "weigeren"
    assert "Schrijf op waarom u weigert" in form.submit("beslissen", status=422)
    decided(archivist, "weigeren", "Zeven jaar is te lang.")
    page = admin.get(PAGE)
    assert "De archivaris weigerde uw voorstel 1" in page
    assert "Zeven jaar is te lang." in page
    assert "Er gelden nog geen" in page
    assert "weigerde uw voorstel" in admin.get("/gemeenten/dordrecht")
    other = as_role(installation, Role.ADMIN)
    assert "weigerde uw voorstel" not in other.get(PAGE)
    # The next proposal asks for an answer of its own.
    filled_in(admin.get(f"{PAGE}/voorstellen")).submit("voorstellen")
    assert "weigerde uw voorstel" not in admin.get(PAGE)


def test_a_proposal_is_withdrawn_by_who_did_it_alone(installation: Installation) -> None:
    admin, other = (as_role(installation, Role.ADMIN) for _ in range(2))
    filled_in(admin.get(f"{PAGE}/voorstellen")).submit("voorstellen")
    token = other.cookies["csrf"]
    refused = other.post(f"{PAGE}/intrekken", {"nr": "1", "csrf_token": token}, status=409)
    assert "Dit stelde een ander voor" in refused
    form = next(f for f in admin.get(PAGE).forms.values() if f.action.endswith("/intrekken"))
    assert "Uw voorstel is ingetrokken" in form.submit().follow()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("melding_afgehandeld.aantal", "0", "Meldingen die zijn afgehandeld"),
        ("contactgegevens.aantal", "veel", "Naam en contactgegevens van de melder"),
        ("maximum.aantal", "300", "hoogstens honderd jaar"),
        ("melding_afgehandeld.aantal", "11", "langer dan het uiterste"),
        ("vanaf", "2020-01-01T00:00", "al voorbij"),
    ],
)
def test_bad_terms_name_their_field_and_nothing_typed_is_lost(
    installation: Installation, name: str, value: str, words: str
) -> None:
    form = filled_in(as_role(installation, Role.ADMIN).get(f"{PAGE}/voorstellen"))
    form["toelichting"], form[name] = "Dit blijft staan.", value
    page = form.submit("voorstellen", status=422)
    assert words in page.html.select_one(".si-error-summary").text
    kept = page.forms["formulier"]
    assert (kept["toelichting"].value, kept[name].value) == ("Dit blijft staan.", value)


def test_who_opened_the_form_before_another_proposal_hears_so(installation: Installation) -> None:
    admin, other = (as_role(installation, Role.ADMIN) for _ in range(2))
    late = filled_in(admin.get(f"{PAGE}/voorstellen"))
    filled_in(other.get(f"{PAGE}/voorstellen")).submit("voorstellen", status=303)
    assert "Iemand anders deed net een voorstel" in late.submit("voorstellen", status=409)


def test_the_export_content_may_go_the_same_day(installation: Installation) -> None:
    form = filled_in(as_role(installation, Role.ADMIN).get(f"{PAGE}/voorstellen"))
    assert form["uitvoer_inhoud.aantal"].value == "0"
    form.submit("voorstellen", status=303)


def with_all_terms(installation: Installation) -> Schedule:
    classes = RETENTION_CLASSES.of(installation.registry)
    choices = {
        code: Choice("8.1", choice.term)
        for code, choice in proposal(classes, desk=False).choices.items()
    }
    return Schedule(choices)


def test_a_standing_decision_that_ended_is_told_to_archivist_and_operator(
    installation: Installation,
) -> None:
    with clock_at(utc_now() - timedelta(days=320)):
        approved(installation, with_all_terms(installation))
        installation.run_jobs()
    archivist = as_role(installation, Role.ARCHIVIST)
    assert "Het doorlopend besluit blijft gelden." in archivist.get(PAGE)
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(RetentionSchedule)).one()
        holder = session.get_one(Holder, DORDRECHT)
        row.standing_until = holder.standing_until = local_date(utc_now()) - timedelta(days=1)
    page = archivist.get(PAGE)
    assert "verdwijnen niet meer" in page
    assert not [f for f in page.forms.values() if f.action.endswith("/verlengen")]
    assert "Met een geëindigd doorlopend besluit: Dordrecht. Daar" in readiness(installation)
    approved(installation, with_all_terms(installation))
    assert "geëindigd" not in readiness(installation)


@pytest.fixture
def due_town(installation: Installation) -> Callable[[Role], TestApp]:
    """A municipality with terms, and documents of which some are due within a year."""
    today = local_date(utc_now())
    approved(installation, with_all_terms(installation))
    for days in (400, 340, 340, 10):
        ended(installation, today - timedelta(days=days), "niet_in_behandeling")
    frozen = ended(installation, today - timedelta(days=340), "niet_in_behandeling")
    ended(installation, today - timedelta(days=30), contact=Contact(name="Iemand"))
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(Report).where(Report.reference == frozen)).one()
        row.frozen = True
    return lambda role: as_role(installation, role)


def test_who_decides_reads_how_much_comes_due_soon_and_goes_the_first_night(
    installation: Installation, due_town: Callable[[Role], TestApp]
) -> None:
    choices = dict(with_all_terms(installation).choices)
    choices[NOT_HANDLED] = Choice("8.2", months(6))
    choices[HANDLED] = Choice("8.1", years(6))
    choices[CONTACT] = Choice("8.9", Term(20, Unit.DAYS))
    with installation.transaction(DORDRECHT) as session:
        propose_terms(session, DORDRECHT, Schedule(choices), utc_now(), None, SYSTEM)
    browser = due_town(Role.ARCHIVIST)
    # The first page of a session notes that it is used.
    browser.get(PAGE)
    with count_queries(installation) as counted:
        page = browser.get(f"{PAGE}/beslissen?nr=2")
    assert counted.count <= 14, counted.statements
    assert "komen binnen drie maanden 4 meldingen en dossiers op een vernietigingslijst" in page
    assert "met wat nu geldt 4." in page
    short = page.html.select("table")[-1].select("tbody tr")
    cells = [[cell.text.strip() for cell in row.select("th, td")] for row in short]
    since = date_text(local_date(utc_now()) - timedelta(days=10))
    assert cells == [["Naam en contactgegevens van de melder", "1", since]]


@pytest.mark.parametrize("on", [True, False])
def test_terms_of_police_data_stand_there_only_where_it_is_kept(
    installation: Installation, on: bool
) -> None:
    if on:
        switch_on(installation)
    page = as_role(installation, Role.ARCHIVIST).get(PAGE)
    for words in ("Wie gegevens van de politie las", "Gegevens die de politie verstrekte"):
        assert (words in page) == on


def test_terms_are_the_work_of_others_than_officers(
    installation: Installation, due_town: Callable[[Role], TestApp]
) -> None:
    due_town(Role.OFFICER).get(PAGE, status=404)
    due_town(Role.PROCESS_OWNER).get(f"{PAGE}/voorstellen", status=403)


def test_a_later_version_shows_its_differences_and_the_earlier_one_stays(
    installation: Installation, due_town: Callable[[Role], TestApp]
) -> None:
    choices = {**with_all_terms(installation).choices, CONTACT: Choice("8.9", months(1))}
    approved(installation, Schedule(choices))
    page = due_town(Role.PRIVACY_OFFICER).get(f"{PAGE}/versie?nr=2")
    changed = page.html.find("h2", string="Verschil met versie 1").find_next("tbody")
    assert [row.th.text for row in changed.select("tr")] == [
        "Naam en contactgegevens van de melder"
    ]
    assert "gold tot een nieuwe versie" in due_town(Role.ADMIN).get(PAGE)


def test_the_desk_has_terms_of_its_own(installation: Installation) -> None:
    desk = installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))
    form = filled_in(desk.get("/landelijk/bewaartermijnen/voorstellen"))
    assert "meldpunt_opgehaald.aantal" in form.fields
    assert "melding_afgehandeld.aantal" not in form.fields
    form.submit("voorstellen", status=303)
    archivist = installation.browser(make_user(installation, (NATIONAL, Role.ARCHIVIST)))
    form = archivist.get("/landelijk/bewaartermijnen/beslissen?nr=1").forms["formulier"]
    form["besluit"] = "goedkeuren"
    assert "Versie 1, sinds" in form.submit("beslissen").follow()


def test_a_term_of_a_month_starts_as_late_as_the_calendar_allows() -> None:
    assert last_start(Term(1, Unit.MONTHS), date(2027, 2, 28)) == date(2027, 1, 31)
    assert date_text(last_start(years(1), date(2029, 2, 28))) == "29 februari 2028"


def test_one_person_with_a_second_mailbox_sets_no_terms_alone(installation: Installation) -> None:
    """Who invited the proposer doesn't approve, reads why and what to do, and another approves."""
    roles = (DORDRECHT, Role.ADMIN), (DORDRECHT, Role.ARCHIVIST)
    both, mailbox = make_user(installation, *roles), make_user(installation)
    invited = installation.browser(both).get("/gemeenten/dordrecht/gebruiker-uitnodigen")
    form = invited.forms["formulier"]
    form["naam"], form["adres"], form["rol"] = "Ik Weer", mailbox, Role.ADMIN.value
    form.submit("uitnodigen", status=303)
    own = installation.browser(mailbox)
    assert "Geen uitnodigingen" in own.get("/uitnodigingen"), "an admin needs a second person too"
    confirmed_by_second(installation)
    offer = next(f for f in own.get("/uitnodigingen").forms.values() if "keuze" in f.fields)
    offer.submit(status=303)
    filled_in(own.get(f"{PAGE}/voorstellen")).submit("voorstellen", status=303)
    approver = installation.browser(both)
    page = approver.get(PAGE)
    assert ONE_HAND in page
    assert "/beslissen" not in page
    assert "voorstel van" not in approver.get("/gemeenten/dordrecht")
    assert ONE_HAND in approver.get(f"{PAGE}/beslissen?nr=1")
    assert ONE_HAND in decided(approver, "goedkeuren", status=409)
    # Nor after the mailbox lost its role.
    number = user_id(installation, mailbox)
    change = approver.get(f"/gemeenten/dordrecht/gebruiker?wie={number}").forms["formulier"]
    change["keuze"] = "weg-beheer"
    change.submit("uitvoeren", status=303)
    assert ONE_HAND in decided(approver, "goedkeuren", status=409)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(RetentionSchedule.approved)).all() == [None]
    stranger = as_role(installation, Role.ARCHIVIST)
    assert "/beslissen?nr=1" in stranger.get(PAGE)
    assert "voorstel van" in stranger.get("/gemeenten/dordrecht")
    assert "Goedgekeurd" in decided(stranger, "goedkeuren").follow()
