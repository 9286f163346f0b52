"""Two ways beside the usual: a demand, and urgency that somebody judges afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.text import day_of
from stopintimidatie.disclosures.models import Disclosure, DisclosureSubject
from stopintimidatie.exports.models import Export
from stopintimidatie.reports.models import Report
from tests.support.deliveries import copy, events, form_of, mails
from tests.support.exporting import (
    Case,
    contents,
    decide,
    handed_over,
    make_case,
    quick,
    requested,
    send_request,
)
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

HOME = "/gemeenten/dordrecht"
DEMAND = {
    "grondslag": "avg_6_1_c_vordering",
    "vordering_artikel": "art. 126nd Sv",
    "vordering_nummer": "2026-17",
    "vordering_functionaris": "officier van justitie, Rotterdam",
}


def test_a_demand_is_told_in_full_and_no_preference_stops_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = contents(monkeypatch)
    case = make_case(installation)
    today = day_of(utc_now())
    demand: dict[str, Any] = {**DEMAND, "vordering_datum": today.isoformat()}
    for missing in ("vordering_artikel", "vordering_nummer", "vordering_functionaris"):
        assert send_request(case, **{**demand, missing: None}).status_int == 422
    tomorrow = (today + timedelta(days=1)).isoformat()
    assert send_request(case, **{**demand, "vordering_datum": tomorrow}).status_int == 422
    other = send_request(case, **{**demand, "grondslag": "avg_6_1_e_openbare_orde"})
    assert "hoort bij een vordering" in other.text
    reference = requested(case, **demand)
    assert decide(case, reference).status_int == 303
    installation.run_jobs()
    assert "art. 126nd Sv, nr. 2026-17" in str(given[-1])
    with installation.transaction(DORDRECHT) as session:
        entry = session.scalars(select(Disclosure)).one()
        assert "art. 126nd Sv, nr. 2026-17" in entry.legal_basis_words
        of_whom = session.scalars(select(DisclosureSubject).order_by(DisclosureSubject.label))
        told = {row.label: row.categories for row in of_whom}
    assert set(told) == {"M-01", "M-02", "M-03"}, "also whose reporter rather wouldn't"
    assert any("deelvoorkeur" in words for words in told["M-03"])
    assert not any("deelvoorkeur" in words for words in told["M-01"])
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    assert "officier van justitie, Rotterdam" in page.text


def test_the_fields_of_a_demand_and_of_urgency_open_with_that_choice(
    installation: Installation,
) -> None:
    case = make_case(installation, number=1)

    def doors(page: Any) -> dict[str, bool]:
        return {
            one.legend.text: "si-opens--open" in one["class"]
            for one in page.html.select(".si-opens")
        }

    page = case.browser("aanvrager").get(f"{case.path}/uitvoer-aanvragen")
    assert doors(page) == {"De vordering": False, "Spoed": False}
    opening = page.html.select("[data-opent]")
    assert [one["value"] for one in opening] == ["avg_6_1_c_vordering", "ja"]
    # What was filled in without that choice is refused, and in sight.
    refused = send_request(case, vordering_nummer="2026-17")
    assert (refused.status_int, doors(refused)["De vordering"]) == (422, True)
    refused = send_request(case, spoed_reden="Er is vanavond gevaar.")
    assert (refused.status_int, doors(refused)["Spoed"]) == (422, True)
    wrong = refused.html.find(attrs={"data-veld": "spoed_reden"})
    assert "Kruis spoed aan" in wrong.find(class_="si-error").text


def urgent(case: Case) -> str:
    """The id of an export that was made at once."""
    assert send_request(case, spoed="ja").status_int == 422, "without a reason"
    answer = send_request(case, spoed="ja", spoed_reden="Er is vanavond gevaar.")
    assert answer.status_int == 303, answer.text
    case.installation.run_jobs()
    return str(answer.location.rpartition("/")[2])


def test_urgency_is_made_now_and_judged_after_by_somebody_else(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation)
    reference = urgent(case)
    address = f"{case.path}/{reference}"
    export = case.export(reference)
    assert (export.state, export.answered_at) == ("gereed", None)
    assert export.approve_by is not None
    assert f"Besluiten over uitvoer: {reference}" in case.browser("beslisser").get(HOME).text
    own = case.browser("aanvrager")
    shown = own.get(f"{address}/beoordelen")
    assert "Een collega moet meekijken" in shown
    assert "formulier" not in shown.forms
    sent = {"csrf_token": own.cookies["csrf"], "goedkeuren": "ja"}
    refused = own.post(f"{address}/beoordelen", sent, status=409)
    assert "Een collega moet meekijken" in refused
    with clock_at(export.approve_by + timedelta(minutes=5)):
        installation.run_jobs()
        installation.run_jobs()
        # The owner of the dossier, and the privacy officer.
        late = mails(installation, "spoed_te_laat")
        assert len(late) == 2
        assert reference not in (late[0].kept or "")
        second = installation.browser(case.people["beslisser"])
        home = second.get(HOME)
        assert 'data-status="spoed"' in home.text
        form = second.get(f"{address}/beoordelen").forms["formulier"]
        assert "reden" not in form.fields
        form.submit("goedkeuren").follow()
        assert f"Besluiten over uitvoer: {reference}" not in second.get(HOME).text
    assert ("achteraf_goedgekeurd", None) in events(installation)
    with installation.transaction(DORDRECHT) as session:
        entry = session.scalars(select(Disclosure)).one()
        assert "achteraf" in entry.approved_by


def test_urgency_whose_making_was_stopped_can_be_rejected_too(installation: Installation) -> None:
    case = make_case(installation)
    reference = requested(case, spoed="ja", spoed_reden="Er is vanavond gevaar.")
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    next(form for form in page.forms.values() if form.action.endswith("/afbreken")).submit()
    assert case.export(reference).state == "afgebroken"
    assert decide(case, reference, button="afwijzen", reason="Niet nodig.").status_int == 303
    export = case.export(reference)
    assert (export.state, export.decided_reason) == ("ingetrokken", "Niet nodig.")


@pytest.mark.alles
def test_urgency_that_is_rejected_is_taken_back(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation)
    reference = urgent(case)
    handed_over(case, reference)
    page = case.browser("beslisser").get(f"{case.path}/{reference}").click("Achteraf beoordelen")
    assert "Het document openen" in page.text
    with installation.transaction(DORDRECHT) as session:
        subject = session.scalars(select(DisclosureSubject.subject_id)).first()
        session.get_one(Report, subject).state = "ingetrokken"
    # A withdrawn report shuts the document, while judging the urgency stays possible.
    page = page.goto(page.request.url)
    assert "Het document openen" not in page.text
    assert f"{reference} kan nu niet open" in page.text
    form = page.click("Niet akkoord").forms["formulier"]
    assert "waarom u de uitvoer afwijst" in form.submit("afwijzen", status=422).text
    form["reden"] = "Dit had kunnen wachten."
    form.submit("afwijzen").follow()
    installation.run_jobs()
    assert case.export(reference).state == "ingetrokken"
    # Given, and nobody to write to: somebody must call.
    assert copy(installation).alarm_at is not None
    page = case.browser("beslisser").get(f"{case.path}/{reference}")
    form_of(page, "vernietigd-gehoord").submit()
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Export)).one().withdrawn_code == "achteraf_afgewezen"
