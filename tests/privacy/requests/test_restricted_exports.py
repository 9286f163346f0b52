"""Restricted data stays out of exports, unless art. 18(2) AVG gives a ground."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from stopintimidatie.core.audit import Actor, AuditEvent
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.models import DisclosureSubject
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.models import ExportState
from stopintimidatie.exports.redaction.content import DossierContent
from stopintimidatie.privacy.requests.documents import restrict
from stopintimidatie.privacy.requests.models import RestrictionGround
from stopintimidatie.privacy.requests.services import Entry, Person, enter_request
from stopintimidatie.reports.models import Report, ReporterMessage
from tests.support.deliveries import enter, form_of, put_ready, ready, spoken_code
from tests.support.exporting import (
    Case,
    answers,
    contents,
    decide,
    handed_over,
    make_case,
    requested,
    send_request,
)
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

ACTOR = Actor("gebruiker", None, "Pri Vacy")
WORDS = "gebruik beperkt: de juistheid wordt betwist (a)"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[DossierContent]:
    """Collect the content of each document that is drawn, in order, and draw nothing."""
    return contents(monkeypatch)


def bind(case: Case, report: int | None = None) -> None:
    """Restrict the use of a report of the dossier; or of the dossier."""
    keys = case.installation.registry.key_ring
    with case.installation.transaction(DORDRECHT) as session:
        day = day_of(utc_now())
        entry = Entry("beperking", "melder", "zelf", "brief", day, Person("Rietje"), "Wat?")
        row = enter_request(session, keys, DORDRECHT, entry, ACTOR)
        document: Any = session.get_one(Dossier, case.dossier_id)
        if report is not None:
            document = session.get_one(Report, case.reports[report - 1])
        ground = RestrictionGround.CONTESTED
        restrict(session, keys, row, document, ground, "de tijd", ACTOR)


def fill(case: Case, **changes: str) -> Any:
    """The form to ask for an export, with good answers."""
    form = case.browser("aanvrager").get(f"{case.path}/uitvoer-aanvragen").forms["formulier"]
    for name, value in {**answers(), **changes}.items():
        form[name] = value
    return form


def in_it(content: DossierContent) -> list[str]:
    return [report.pseudonym for report in content.reports]


def test_a_restricted_report_stays_out_and_both_pages_say_so(
    installation: Installation, made: list[DossierContent]
) -> None:
    case = make_case(installation)
    bind(case, report=1)
    asker = case.browser("aanvrager")
    lines = asker.get(f"{case.path}?deel=meldingen").html.find_all(class_="si-list__item")
    assert sum("Gebruik beperkt" in line.text for line in lines) == 1
    asker.get(f"{case.path}/uitvoer-aanvragen").mustcontain(f"M-01: {WORDS}")
    seen = fill(case).submit("voorbeeld")
    assert "De hele melding" in seen.html.find(id="voorbeeld-M-01").text
    reference = requested(case)
    page = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen")
    page.mustcontain(f"M-01: {WORDS}", "Beperking van het gebruik (artikel 18 AVG)")
    assert decide(case, reference).status_int == 303
    installation.run_jobs()
    assert in_it(made[0]) == ["M-02"]
    lines = [line for line in made[0].annex.hidden if line.how == "weggelaten: enkele"]
    assert [line.what for line in lines] == ["Meldingen die zijn weggelaten"]
    assert "beperk" not in repr(made[0].annex)


@pytest.mark.alles
def test_a_demand_or_another_ground_frees_nothing_that_is_restricted(
    installation: Installation, made: list[DossierContent]
) -> None:
    case = make_case(installation)
    bind(case, report=1)
    form = fill(case)
    offered = {code for code, _, _ in form["beperkt.melding_1.grondslag"].options}
    assert offered - {""} == {"avg_18_2_rechtsvordering", "avg_18_2_bescherming"}
    form["beperkt.melding_1.grondslag"] = "avg_18_2_rechtsvordering"
    refused = form.submit("aanvragen", status=422)
    assert refused.html.find(attrs={"data-veld": "beperkt.melding_1.reden"}).find(class_="si-error")
    reference = requested(
        case,
        grondslag="avg_6_1_c_vordering",
        vordering_artikel="art. 126nd Sv",
        vordering_nummer="123",
        vordering_functionaris="officier van justitie",
        vordering_datum=day_of(utc_now()).isoformat(),
    )
    assert decide(case, reference).status_int == 303
    installation.run_jobs()
    assert in_it(made[0]) == ["M-02", "M-03"]


def test_a_ground_of_article_18_and_a_reason_take_it_along(
    installation: Installation, made: list[DossierContent]
) -> None:
    case = make_case(installation)
    bind(case, report=1)
    form = fill(case)
    form["beperkt.melding_1.grondslag"] = "avg_18_2_bescherming"
    form["beperkt.melding_1.reden"] = "Een ander loopt gevaar."
    reference = form.submit("aanvragen", status=303).location.rpartition("/")[2]
    page = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen")
    page.mustcontain("Gebruik beperkt, toch gedeeld: M-01", "Een ander loopt gevaar.")
    assert decide(case, reference).status_int == 303
    installation.run_jobs()
    assert in_it(made[0]) == ["M-01", "M-02"]
    assert "Het gebruik van M-01 wordt betwist" in repr(made[0].page_one)
    assert [line.label for line in made[0].annex.deviations] == ["M-01"]
    with installation.transaction(DORDRECHT) as session:
        # Its reporter shares gladly, so nobody writes about a wish.
        assert session.scalars(select(ReporterMessage)).all() == []
        subjects = {one.label: one.categories for one in session.scalars(select(DisclosureSubject))}
    assert [c for c in subjects["M-01"] if "gebruik beperkt, toch gedeeld" in c]
    assert not [c for c in subjects["M-02"] if "beperkt" in c]


@pytest.mark.alles
def test_what_is_restricted_after_the_approval_is_not_made(
    installation: Installation, made: list[DossierContent]
) -> None:
    case = make_case(installation)
    reference = requested(case)
    page = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen")
    bind(case, report=1)
    stale = page.forms["formulier"].submit("goedkeuren", expect_errors=True)
    assert stale.status_int == 409
    stale.mustcontain(f"M-01: {WORDS}")
    assert decide(case, reference).status_int == 303
    bind(case, report=2)
    installation.run_jobs()
    assert made == []
    assert case.export(reference).state == ExportState.FAILED.value
    told = case.browser("aanvrager").get(f"{case.path}/{reference}")
    told.mustcontain("het gebruik beperkt van: M-02", "Vraag de uitvoer opnieuw aan")


@pytest.mark.alles
def test_a_restricted_dossier_goes_out_only_on_such_a_ground(
    installation: Installation, made: list[DossierContent]
) -> None:
    case = make_case(installation)
    waiting = requested(case)
    bind(case)
    reader = case.browser("aanvrager")
    for page in (case.path, f"{case.path}?deel=notities", "/gemeenten/dordrecht/dossiers"):
        badges = BeautifulSoup(reader.get(page).text, "html.parser").find(class_="si-badges")
        assert badges is not None
        assert badges.text.count("Gebruik beperkt") == 1, page
    refused = send_request(case)
    assert refused.status_int == 422
    refused.mustcontain("Het gebruik van dit dossier is beperkt")
    page = case.browser("beslisser").get(f"{case.path}/{waiting}/beoordelen")
    page.mustcontain("Het gebruik van dit dossier is beperkt")
    assert decide(case, waiting).status_int == 422
    form = fill(case)
    form["beperkt.melding_0.grondslag"] = "avg_18_2_rechtsvordering"
    form["beperkt.melding_0.reden"] = "De rechter vraagt erom."
    reference = form.submit("aanvragen", status=303).location.rpartition("/")[2]
    assert decide(case, reference).status_int == 303
    installation.run_jobs()
    assert in_it(made[0]) == ["M-01", "M-02"]
    assert "Het gebruik van dit hele dossier wordt betwist" in repr(made[0].page_one)
    # Tell the holders of a copy that the use of the dossier is restricted (art. 19 AVG).
    handed_over(case, reference)
    bind(case)
    reader.get(f"{case.path}/{reference}").mustcontain("Het gebruik van een gegeven is beperkt")


@pytest.mark.alles
def test_a_document_made_before_a_restriction_is_given_only_on_a_second_persons_ground(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, reference = ready(installation, monkeypatch)
    number = put_ready(case, reference)
    partner = enter(installation, number, spoken_code(case, reference))[1].follow()
    bind(case, report=1)
    refused = form_of(partner, "bestand").submit(status=409)
    refused.mustcontain("Dit document kan nu niet open", no=["M-01"])
    asker, at = case.browser("aanvrager"), f"{case.path}/{reference}"
    for page in ("pdf", "laten-ophalen", "zelf-gegeven"):
        told = asker.get(f"{at}/{page}", status=303).follow()
        told.mustcontain("het gebruik beperkt van: M-01", no=["PDF downloaden", "Toch laten geven"])
    second = case.browser("beslisser")
    form = second.get(at).click("Toch laten geven").forms["formulier"]
    form["beperkt.melding_1.grondslag"] = "avg_18_2_bescherming"
    field = {"data-veld": "beperkt.melding_1.reden"}
    assert form.submit("vastleggen", status=422).html.find(attrs=field).find(class_="si-error")
    form["beperkt.melding_1.reden"] = "Een ander loopt gevaar."
    own = asker.get(f"{at}/toch-geven").forms["formulier"]
    own["beperkt.melding_1.grondslag"] = "avg_18_2_bescherming"
    own["beperkt.melding_1.reden"] = "Ik wil het."
    own.submit("vastleggen", status=409).mustcontain("zelf aangevraagd")
    freed = form.submit("vastleggen", status=303).follow()
    freed.mustcontain("Gebruik beperkt, toch gedeeld: M-01", "Een ander loopt gevaar.")
    asker.get(f"{at}/pdf", status=200)
    form_of(partner, "bestand").submit(status=200)
    with installation.transaction(DORDRECHT) as session:
        assert "uitvoer.toch_gegeven" in set(session.scalars(select(AuditEvent.action)))


@pytest.mark.alles
def test_what_is_restricted_is_tabled_only_on_such_a_ground(installation: Installation) -> None:
    case = make_case(installation)
    browser = case.browser("aanvrager")
    plan = browser.get(f"{case.path}/overleg").forms["formulier"]
    plan["moment"] = "2027-01-12T10:00"
    plan.submit()
    address = f"{case.path}/overleg-voorleggen?nr=1"
    browser.get(address).forms["formulier"].submit("vastleggen", status=303)
    seen = f"{case.path}/overleg-bekijken?nr=1"
    browser.get(seen).mustcontain(no=["Gebruik beperkt"])
    bind(case, report=1)
    browser.get(seen).mustcontain("Gebruik beperkt", "nu is beperkt: M-01")
    browser.get(f"{case.path}/overleg-stuk?nr=1").mustcontain("nu beperkt van: M-01")
    page = browser.get(address)
    form = page.forms["formulier"]
    (mark,) = [found for found in page.html.find_all("label") if "M-01," in found.text]
    assert "(gebruik beperkt)" in mark.text
    (bound,) = [box for box in form.fields["meldingen"] if box.id == mark["for"]]
    assert not bound.checked
    form.submit("vastleggen", status=303)
    browser.get(seen).mustcontain(no=["Gebruik beperkt"])
    bound.checked = True
    refused = form.submit("vastleggen", status=422)
    assert refused.html.find(attrs={"data-veld": "grond"}).find(class_="si-error")
    form["grond"] = "avg_18_2_rechtsvordering"
    refused = form.submit("vastleggen", status=422)
    assert refused.html.find(attrs={"data-veld": "grond_reden"}).find(class_="si-error")
    form["grond_reden"] = "De rechter vraagt erom."
    form.submit("vastleggen", status=303)
    history = browser.get(f"{case.path}?deel=geschiedenis")
    history.mustcontain("Gebruik beperkt, toch op tafel", "De rechter vraagt erom.")
