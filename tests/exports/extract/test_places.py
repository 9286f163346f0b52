"""The place of a report in words, in a document."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from stopintimidatie.core.clock import utc_now
from stopintimidatie.exports.document.assets import load_assets
from stopintimidatie.exports.extract.reports import (
    name_by_neighbours,
    place_in_words,
    source_report,
)
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.redaction.content import to_json
from stopintimidatie.exports.redaction.source import SourceReport
from stopintimidatie.reports.models import Report, ReportForm
from tests.support.drawing import render
from tests.support.exports_factory import a_dossier, a_report, redact

# A degree of the Netherlands, as one would write it.
COORDINATE = re.compile(r"\b(?:5[0-3]|[3-7])[.,]\d{3}")
HERE, NEAR, FAR = (51.8134, 4.6690), (51.8136, 4.6692), (51.8200, 4.6690)
CROSSING = {"kind": "kruising", "name": "Visstraat|Voorstraat", "metres": 22}
STREET = {"kind": "straat", "name": "Voorstraat", "metres": 40}
SQUARE = {"kind": "plein", "name": "Admiraalsplein", "metres": 41}


def source(**stored: Any) -> SourceReport:
    """A report as it stands in the database, as a document has it."""
    report = Report(
        reference="M-2026-0001",
        incident_start=utc_now(),
        time_precision="exact",
        place_type="straat_plein",
        role="slachtoffer",
        form_rows=[ReportForm(code="naroepen", confirmed=False)],
        behaviour_changes=[],
        wants_contact="nee",
        share_with_police=True,
        share_with_partners=True,
        reporter_age_group="25_34",
        **{"lat": HERE[0], "lon": HERE[1], "accuracy_m": 10, **stored},
    )
    return source_report(1, report, "Binnenstad", "Stadhuis")


@pytest.mark.parametrize(
    ("stored", "street", "place"),
    [
        (
            {"near_place": CROSSING},
            "Visstraat en Voorstraat",
            "bij de kruising van de Visstraat en de Voorstraat, 20 m",
        ),
        ({"near_place": SQUARE}, "Admiraalsplein", "bij het Admiraalsplein, 40 m"),
        # A name by the reporter goes first, and with a house number nothing is more exact.
        (
            {"near_place": SQUARE, "address": {"street": "Kade", "house_number": "4"}},
            "Kade",
            "Kade",
        ),
        # Beside a house a street is named, and nothing that would say better where it stands.
        ({"near_place": SQUARE, "address": {"house_number": "4"}}, "", "buurt Stadhuis"),
        ({"near_place": STREET, "address": {"house_number": "4"}}, "Voorstraat", "Voorstraat"),
        (
            {"near_place": SQUARE, "transit": {"stop": "Station", "line": "3"}},
            "halte Station, lijn 3",
            "halte Station, lijn 3",
        ),
        ({}, "", "buurt Stadhuis"),
    ],
)
def test_a_place_is_what_the_reporter_names_else_what_is_near(
    stored: dict[str, Any], street: str, place: str
) -> None:
    report = source(**stored)
    assert (report.street, report.place, report.buurt) == (street, place, "buurt Stadhuis")


EXACT = {"intern", "politie", "handhaving"}
STREETS = EXACT | {"zorg_welzijn", "woningcorporatie", "openbaar_vervoer"}


@pytest.mark.parametrize("name", PROFILES)
def test_only_who_gets_the_exact_place_reads_a_distance(name: str) -> None:
    told = to_json(redact(a_dossier((source(near_place=SQUARE),)), PROFILES[name])).decode()
    assert ("het Admiraalsplein, 40 m" in told) == (name in EXACT)
    assert ("Admiraalsplein" in told) == (name in STREETS)
    assert not COORDINATE.search(told)
    vague = to_json(redact(a_dossier((source(),)), PROFILES[name])).decode()
    assert ("buurt Stadhuis" in vague) == (name in STREETS)
    assert not COORDINATE.search(vague)


@pytest.mark.parametrize(
    "name", ["politie", pytest.param("zorg_welzijn", marks=pytest.mark.alles), "bestuur"]
)
def test_no_pdf_holds_coordinates(name: str) -> None:
    reports = (source(near_place=CROSSING),)
    pdf = render(redact(a_dossier(reports), PROFILES[name]), load_assets())
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert ("20 m" in text) == (name == "politie")
    assert not COORDINATE.search(text)


def test_a_report_without_a_street_is_named_after_the_nearest_one_that_has_it() -> None:
    named = a_report(1, place="bij de Voorstraat, 40 m", street="Voorstraat", point=HERE)
    near, far = a_report(2, place="", point=NEAR), a_report(3, place="buurt X", point=FAR)
    without = a_report(4, place="", point=None)
    places = [report.place for report in name_by_neighbours([named, near, far, without])]
    assert places == ["bij de Voorstraat, 40 m", "bij Voorstraat", "buurt X", ""]
    assert name_by_neighbours([near])[0].place == ""


def test_a_dossier_is_about_the_streets_that_several_reports_are_in() -> None:
    reports = [
        a_report(1, place="bij de Voorstraat, 40 m", street="Voorstraat"),
        a_report(2, place="bij de Voorstraat, 60 m", street="Voorstraat"),
        a_report(3, place="Kade", street="Kade"),
        *(a_report(number, place="buurt X", buurt="buurt X") for number in (4, 5)),
    ]
    assert place_in_words(reports) == "Voorstraat"


def test_a_street_that_was_typed_and_one_that_the_system_names_are_one_street() -> None:
    typed = source(address={"street": "Voorstraat", "town": "Dordrecht"})
    assert (typed.street, typed.place) == ("Voorstraat", "Voorstraat in Dordrecht")
    assert place_in_words([typed, source(near_place=STREET)]) == "Voorstraat"


def test_no_street_is_named_alone_and_beside_the_one_that_it_crosses() -> None:
    crossing, street = source(near_place=CROSSING), source(near_place=STREET)
    square = source(near_place=SQUARE)
    assert place_in_words([street] * 3 + [crossing] * 2) == "Voorstraat"
    both = "Visstraat en Voorstraat"
    assert place_in_words([street] * 2 + [crossing] * 3) == both
    assert place_in_words([square] * 3 + [street] * 2) == "Admiraalsplein en Voorstraat"
    assert map_names([street, street, crossing, square]) == "Voorstraat en Admiraalsplein"


def map_names(reports: list[SourceReport]) -> str:
    """The name of the one spot of the map that these reports, at one point, lie in."""
    known = a_dossier(tuple(replace(r, serial=n) for n, r in enumerate(reports, 1)))
    (spot,) = redact(known, PROFILES["intern"]).map.rows
    return spot.place.partition(" (")[0]
