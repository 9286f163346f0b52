"""/melden with an exact point: tapped on the map or sent by the device; and in a flood."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core import limits
from stopintimidatie.core.limits import SenderHit
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.web.responses import HEADERS, LOCATING
from stopintimidatie.reports.models import Report
from tests.support.areas import load_town
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, own_answer
from tests.support.installation import Installation
from tests.support.reporting import WORDS, filled

IN_EINDHOVEN = "51.441600,5.469700,20,gps"
IN_DORDRECHT = "51.813300,4.669000,20,gps"
ADDRESS = "145.53.10.20"


def reports(installation: Installation, holder: str) -> list[Report]:
    with installation.transaction(holder) as session:
        return list(session.scalars(select(Report).order_by(Report.received_at)))


def with_point(form: Any, point: str) -> Any:
    form["waar.punt"].force_value(point)
    return form


def test_a_tap_on_the_map_is_an_exact_point_that_can_be_taken_away(
    installation: Installation,
) -> None:
    with installation.transaction() as session:
        load_town(session)
        shape = installation.registry.sketches.sketch_of(session, "GM9901").shapes[0]
    middle = shape.geometry.representative_point()
    form = filled(installation.visitor(), "/melden/voorbeeldstad", **{"waar.omschrijving": ""})
    tap = [("waar.wijk.kaart.x", f"{middle.x:.0f}"), ("waar.wijk.kaart.y", f"{middle.y:.0f}")]
    here = {"Origin": "http://localhost:6543"}
    browser = installation.visitor()
    fields = [*form.submit_fields(), *tap]
    tapped = browser.post("/melden/voorbeeldstad", fields, headers=here).forms["formulier"]
    assert tapped["waar.punt"].value.endswith(",pin")
    away = browser.post("/melden/voorbeeldstad", tapped.submit_fields("punt_weg"), headers=here)
    assert away.forms["formulier"]["waar.punt"].value == ""
    assert away.forms["formulier"]["wat.omschrijving"].value == WORDS
    tapped.submit("versturen", status=200)
    (report,) = reports(installation, NATIONAL)
    assert (report.neighbourhood_code, report.location_source) == (shape.code, "pin")
    assert report.lat
    assert report.accuracy_m
    assert report.accuracy_m >= 25


def test_where_the_device_is_decides_who_gets_the_report_and_whose_answer_is_read(
    installation: Installation,
) -> None:
    connect(installation, DORDRECHT)
    answers = own_answer("Dank je wel, zegt Eindhoven.", "Tekst.")
    connect(installation, EINDHOVEN, antwoorden=answers)
    form = with_point(filled(installation.visitor()), IN_EINDHOVEN)
    answer = form.submit(status=200)
    for told in ("Dank je wel, zegt Eindhoven.", "ligt in de gemeente Eindhoven"):
        assert told in answer
    (report,) = reports(installation, EINDHOVEN)
    assert (report.location_source, report.accuracy_m) == ("gps", 20)
    assert reports(installation, DORDRECHT) == []
    # The same form once more: one report; with another point it goes where that lies.
    assert "kregen wij al" in form.submit(status=200)
    with_point(form, IN_DORDRECHT).submit(status=200)
    assert len(reports(installation, EINDHOVEN)) == len(reports(installation, DORDRECHT)) == 1
    nowhere = filled(installation.visitor(), "/melden/onbekend", **{"waar.omschrijving": ""})
    with_point(nowhere, IN_EINDHOVEN).submit(status=200)
    assert len(reports(installation, EINDHOVEN)) == 2


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ("48.8566,2.3522,20,gps", "niet in Nederland"),
        ("51.8,4.6", "Dit punt kan niet"),
        ("٥١.٨,4.6,20,gps", "Dit punt kan niet"),
        ("51.8,4.6,20,gps'; --", "Dit punt kan niet"),
        ("999.9,999.9,20,pin", "niet in Nederland"),
    ],
)
def test_a_point_that_cannot_be_is_named_and_nothing_is_lost(
    installation: Installation, point: str, words: str
) -> None:
    page = with_point(filled(installation.visitor()), point).submit(status=422)
    assert words in page
    assert page.forms["formulier"]["wat.omschrijving"].value == WORDS


def test_only_the_form_of_a_place_may_ask_where_the_device_is(installation: Installation) -> None:
    visitor, name = installation.visitor(), "Permissions-Policy"
    assert visitor.get("/melden/dordrecht").headers[name] == LOCATING
    for path in ("/melden", "/melden/onderweg", "/volgen", "/aanmelden"):
        assert visitor.get(path).headers[name] == HEADERS[name], path


def test_a_flood_of_the_page_is_taken_in_and_put_aside(installation: Installation) -> None:
    connect(installation)
    meter = limits.reports_of_sender(installation.settings)
    subject = installation.registry.senders.subject(meter, ADDRESS)
    with installation.transaction() as session:
        session.add_all(SenderHit(subject=subject) for _ in range(meter.rows - 1))
    browser = installation.visitor()
    browser.extra_environ["REMOTE_ADDR"] = ADDRESS
    for _ in range(2):
        assert "Volgcode" in filled(browser).submit(status=200)
    filled(installation.visitor()).submit(status=200)
    states = [report.state for report in reports(installation, DORDRECHT)]
    assert states == ["nieuw", "quarantaine", "nieuw"]
