"""The desk's other pages: routing by hand, the call list, figures, and what a town does itself."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
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


def route(desk: Any, reference: str, code: str) -> Any:
    page = desk.get(f"/landelijk/{reference}").click("Gemeente kiezen")
    form = form_with(page, "gemeente")
    form["gemeente"], form["reden"] = code, "De melder noemt de brug."
    return form.submit("routeren").follow()


def test_a_report_without_a_place_is_given_its_municipality_by_hand(
    installation: Installation, desk: Any
) -> None:
    reference = at_desk(installation)
    page = route(desk, reference, ZWIJNDRECHT)
    assert "bellijst" in page
    assert "De melder noemt de brug." in page
    with installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report)).one()
        assert (report.municipality_code, report.delivery) == (ZWIJNDRECHT, "wacht_op_afspraak")
        assert report.located_by == Method.OFFICER
        logged = select(AuditEvent).where(AuditEvent.action == "melding.gerouteerd")
        assert session.scalars(logged).one().fields == [ZWIJNDRECHT]
    assert reference in desk.get(f"/landelijk?gemeente={ZWIJNDRECHT}")


def test_a_connected_municipality_gets_it_at_once_and_only_once(
    installation: Installation, desk: Any
) -> None:
    reference = at_desk(installation)
    late = form_with(desk.get(f"/landelijk/{reference}/routeren"), "gemeente")
    assert "doorgegeven" in route(desk, reference, DORDRECHT)
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report.reference)).one() == reference
    late["gemeente"], late["reden"] = EINDHOVEN, "Toch hier."
    late.submit("routeren", status="4*")
    assert "niet meer" in desk.get(f"/landelijk/{reference}")


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
    route(desk, at_desk(installation), DORDRECHT)
    with installation.transaction() as session:
        make_report(session, installation, holder=EINDHOVEN)
    page = desk.get("/landelijk/cijfers")
    cells = {
        row.select_one("th").text.strip(): [cell.text.strip() for cell in row.select("td")][:5]
        for row in page.html.select("tbody tr")
    }
    assert cells == {
        "Zwijndrecht": ["zonder afspraak", "1", "0", "1", "0"],
        "Dordrecht": ["programma", "0", "0", "0", "1"],
    }
    tiles = {tile.text.split(maxsplit=1)[1].strip() for tile in page.html.select(".si-tile")}
    assert {"gemeente met niveau programma", "melding zonder gemeente"} <= tiles
