"""The desk's other pages: routing by hand, the call list, figures, and what a town does itself."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.municipalities.areas.locator import Method
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_report, make_user
from tests.support.installation import Installation

NATIONAL = "landelijk"
ZWIJNDRECHT = "GM0642"


@pytest.fixture
def desk(installation: Installation) -> Any:
    connect(installation, DORDRECHT)
    contact = {"dagen": 3, "telefoon": "+31786204000"}
    connect(installation, ZWIJNDRECHT, level=ParticipationLevel.NO_AGREEMENT, contact=contact)
    return installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))


def at_desk(installation: Installation, code: str | None = None, **changes: Any) -> str:
    with installation.transaction() as session:
        report = make_report(session, installation, holder=NATIONAL)
        if code is not None:
            report.municipality_code, report.delivery = code, "wacht_op_afspraak"
        for name, value in changes.items():
            setattr(report, name, value)
        return report.reference


def form_with(page: Any, field: str) -> Any:
    return next(form for form in page.forms.values() if field in form.fields)


def choose(desk: Any, reference: str, choice: str) -> Any:
    """The form of a choice of the rail, as it is without script."""
    page = desk.get(f"/landelijk/{reference}/beslissen?keuze={choice}&terug=/landelijk")
    return page.forms["besluit"]


def route(desk: Any, reference: str, town: str) -> Any:
    form = choose(desk, reference, "doorgeven")
    form["gemeente"], form["reden"] = town, "De melder noemt de brug."
    return form.submit("vastleggen", status=303).follow()


def ten_minutes_later(installation: Installation) -> None:
    with clock_at(utc_now() + timedelta(minutes=11)):
        installation.run_jobs()


def test_a_report_without_a_place_is_given_its_municipality_by_hand(
    installation: Installation, desk: Any
) -> None:
    reference = at_desk(installation, lat=None, lon=None)
    page = route(desk, reference, "Zwijndrecht")
    assert "wordt doorgegeven" in page.html.select_one(".wb-done").text
    assert not page.html.select(".wb-row")
    ten_minutes_later(installation)
    assert "De melder noemt de brug." in desk.get(f"/landelijk/{reference}")
    with installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report)).one()
        assert (report.municipality_code, report.delivery) == (ZWIJNDRECHT, "wacht_op_afspraak")
        assert report.located_by == Method.OFFICER
        logged = select(AuditEvent).where(AuditEvent.action == "melding.gerouteerd")
        assert session.scalars(logged).one().fields == [ZWIJNDRECHT]
    view = f"/landelijk?bezorging=wacht_op_afspraak&gemeente={ZWIJNDRECHT}"
    assert reference in desk.get(view)


def test_a_connected_municipality_gets_it_after_ten_minutes_and_only_once(
    installation: Installation, desk: Any
) -> None:
    reference = at_desk(installation)
    late = choose(desk, reference, "doorgeven")
    route(desk, reference, "Dordrecht")
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.reference)).all() == []
    ten_minutes_later(installation)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.reference)).one() == reference
    late["gemeente"], late["reden"] = "Eindhoven", "Toch hier."
    late.submit("vastleggen", status="4*")


THE_HAGUE: dict[str, Any] = {"lat": 52.078, "lon": 4.311}


def test_a_town_that_the_point_contradicts_is_routed_to_only_when_that_is_confirmed(
    installation: Installation, desk: Any
) -> None:
    """A point in Den Haag went to Dordrecht without a word."""
    reference = at_desk(installation, **THE_HAGUE)
    form = choose(desk, reference, "doorgeven")
    form["gemeente"], form["reden"] = "Dordrecht", "De melder belde uit Dordrecht."
    warned = form.submit("vastleggen", status=422)
    error = warned.html.select_one(".utrecht-form-field-error-message, .si-error").text
    assert re.search(r"ongeveer (3|4)\d km van Dordrecht", error), error
    again = warned.forms["besluit"]
    assert "Toch doorgeven aan Dordrecht" in warned.html.select_one("#besluit button").text
    again["gemeente"] = "Eindhoven"
    other = again.submit("vastleggen", status=422).forms["besluit"]
    page = other.submit("vastleggen", status=303).follow()
    assert "wordt doorgegeven" in page.html.select_one(".wb-done").text


def test_the_municipality_is_filled_in_where_the_point_or_the_words_say_it(
    installation: Installation, desk: Any
) -> None:
    by_point = at_desk(installation)
    form = choose(desk, by_point, "doorgeven")
    assert (form["gemeente"].value, form["reden"].value) == (
        "Dordrecht",
        "Het punt op de kaart ligt in de gemeente Dordrecht.",
    )
    nowhere = {"lat": None, "lon": None}
    by_words = at_desk(installation, **nowhere, location_text="bij het station van Den Haag")
    assert choose(desk, by_words, "doorgeven")["gemeente"].value == "'s-Gravenhage"
    unknown = at_desk(installation, **nowhere, location_text="ergens")
    form = choose(desk, unknown, "doorgeven")
    assert form["gemeente"].value == ""
    form["gemeente"], form["reden"] = "Dordrect", "Zij zei het."
    assert "Bedoelt u Dordrecht?" in form.submit("vastleggen", status=422)


def test_a_row_says_the_street_before_the_town_that_was_typed(
    installation: Installation, desk: Any
) -> None:
    street = {"kind": "straat", "name": "Voorstraat", "metres": 31}
    at_desk(installation, near_place=street, address={"town": "Dordrecht"}, location_text=None)
    (row,) = desk.get("/landelijk").html.select(".wb-row")
    assert "Voorstraat" in row.text


def test_a_reason_about_another_town_is_asked_again(installation: Installation, desk: Any) -> None:
    reference = at_desk(installation, lat=None, lon=None, location_text="vlak bij Eindhoven")
    form = choose(desk, reference, "doorgeven")
    assert form["reden"].value == "De melder noemt Eindhoven."
    form["gemeente"] = "Dordrecht"
    again = form.submit("vastleggen", status=422)
    assert "Schrijf hoe u weet dat het Dordrecht is." in again
    assert again.forms["besluit"]["reden"].value == ""


def test_all_that_is_wrong_is_said_at_once(installation: Installation, desk: Any) -> None:
    reference = at_desk(installation, **THE_HAGUE)
    form = choose(desk, reference, "doorgeven")
    form["gemeente"], form["reden"] = "Dordrecht", ""
    warned = form.submit("vastleggen", status=422)
    assert "van Dordrecht. Klopt Dordrecht toch?" in warned
    assert len(warned.html.select(".si-error-summary li")) == 2
    form = warned.forms["besluit"]
    form["reden"] = "De melder belde uit Dordrecht."
    form.submit("vastleggen", status=303)


def test_a_reload_of_a_refused_answer_leads_to_the_report_in_the_queue(
    installation: Installation, desk: Any
) -> None:
    reference = at_desk(installation)
    page = desk.get(f"/landelijk/{reference}/beslissen", status=303).follow()
    assert reference in page.html.select_one(".wb-pane").text


def test_what_is_undone_within_ten_minutes_went_nowhere(
    installation: Installation, desk: Any
) -> None:
    reference = at_desk(installation)
    done = route(desk, reference, "Dordrecht")
    back = done.html.select_one(".wb-done form")["action"]
    undo = next(form for form in done.forms.values() if form.action == back)
    page = undo.submit(status=303).follow()
    assert reference in page.html.select_one(".wb-pane").text
    ten_minutes_later(installation)
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.reference)).all() == []


def test_an_urgent_report_goes_at_once(installation: Installation, desk: Any) -> None:
    reference = at_desk(installation, urgent=True)
    page = route(desk, reference, "Dordrecht")
    assert "niet terug te halen" in page.html.select_one(".wb-done").text
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.reference)).one() == reference


def test_the_call_list_says_whom_to_ring_the_urgent_first(
    installation: Installation, desk: Any
) -> None:
    assert "Niemand om te bellen" in desk.get("/landelijk/bellijst")
    for urgent in (True, False):
        at_desk(installation, ZWIJNDRECHT, urgent=urgent)
    at_desk(installation, EINDHOVEN)
    rows = desk.get("/landelijk/bellijst").html.select("tbody tr")
    cells = [[cell.text.strip() for cell in row.select("th, td")] for row in rows]
    assert cells[0][:4] == ["Zwijndrecht", "+31786204000", "2", "1"]
    assert cells[0][5] == "geen afspraak"
    assert cells[1][0] == "Eindhoven"


def test_what_was_withdrawn_or_is_on_its_way_waits_for_nobody(
    installation: Installation, desk: Any
) -> None:
    gone = at_desk(installation, ZWIJNDRECHT, state="ingetrokken")
    with installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report)).one()
        report.ended_at = report.received_at
    offered = at_desk(installation, ZWIJNDRECHT, delivery="aangeboden")
    queue = desk.get("/landelijk")
    assert gone not in queue
    assert offered not in queue
    assert offered in queue.click("Aangeboden, nog niet opgehaald")
    assert "Niemand om te bellen" in desk.get("/landelijk/bellijst")


def test_a_municipality_with_a_campaign_of_its_own_is_marked(
    installation: Installation, desk: Any
) -> None:
    at_desk(installation, ZWIJNDRECHT)
    form = form_with(desk.get("/landelijk/zwijndrecht/beleid"), "soort")
    form["soort"] = "campagne"
    assert "Schrijf hoe de gemeente het noemt" in form.submit("vastleggen", status=422)
    form["naam"] = "Veilig uit"
    assert "Bied deze gemeente het programma aan" in form.submit("vastleggen").follow()
    for page in ("bellijst", "cijfers"):
        assert "eigen campagne: Veilig uit: bied programma aan" in desk.get(f"/landelijk/{page}")
    form["soort"] = "geen"
    form.submit("vastleggen")
    assert "bied programma aan" not in desk.get("/landelijk/cijfers")


def test_figures_count_what_passed_the_desk_and_the_levels(
    installation: Installation, desk: Any
) -> None:
    at_desk(installation)
    at_desk(installation, ZWIJNDRECHT)
    at_desk(installation, ZWIJNDRECHT, delivery="opgehaald")
    route(desk, at_desk(installation), "Dordrecht")
    ten_minutes_later(installation)
    with installation.transaction() as session:
        make_report(session, installation, holder=EINDHOVEN)
    page = desk.get("/landelijk/cijfers")
    cells = {
        row.select_one("th").text.strip(): [cell.text.strip() for cell in row.select("td")][:3]
        for row in page.html.select_one("table").select("tbody tr")
    }
    assert cells == {
        "Zwijndrecht": ["zonder afspraak", "1", "0"],
        "Dordrecht": ["programma", "0", "1"],
    }
    tiles = {tile.text.split(maxsplit=1)[1].strip() for tile in page.html.select(".si-tile")}
    assert "gemeente met niveau programma" in tiles


def test_figures_and_lists_that_speak_of_the_same_say_the_same_number(
    installation: Installation, desk: Any
) -> None:
    """The tile counted a year of reports in any state; the queue all that wait."""
    for changes in (
        {},
        {},
        {"received_at": utc_now() - timedelta(days=500)},
        {"state": "ingetrokken", "ended_at": utc_now()},
        {"state": "quarantaine"},
    ):
        at_desk(installation, **changes)
    at_desk(installation, ZWIJNDRECHT, received_at=utc_now() - timedelta(days=500))
    figures = desk.get("/landelijk/cijfers")
    tiles = figures.html.select(".si-tile")
    tile = next(tile for tile in tiles if "zonder gemeente" in tile.text)
    assert tile.select_one(".si-tile__number").text == "3"
    queue = desk.get("/landelijk?gemeente=geen")
    assert len(queue.html.select(".wb-row")) == 3
    assert queue.html.select_one(".wb-count").text == "3 meldingen"
    called = desk.get("/landelijk/bellijst").html.select("tbody tr")[0].select("td")[1].text
    waits = figures.html.select("tbody tr")[0].select("td")[1].text
    listed = desk.get(f"/landelijk?bezorging=wacht_op_afspraak&gemeente={ZWIJNDRECHT}")
    assert called.strip() == waits.strip() == str(len(listed.html.select(".wb-row"))) == "1"
