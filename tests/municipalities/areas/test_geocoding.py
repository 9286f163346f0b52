"""The geocoder: PDOK's own shapes, and no best guess taken for an answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from stopintimidatie.municipalities.areas.geocoder import (
    FoundAddress,
    GeocoderError,
    PdokLocatieserver,
    WantedAddress,
)

# As PDOK answers (v3_1/free), with the fields that count here.
HOUSE = {
    "type": "adres",
    "weergavenaam": "Bolognalaan 101, 3584CJ Utrecht",
    "straatnaam": "Bolognalaan",
    "huisnummer": 101,
    "huis_nlt": "101",
    "postcode": "3584CJ",
    "woonplaatsnaam": "Utrecht",
    "gemeentecode": "0344",
    "centroide_ll": "POINT(5.18 52.08)",
}


@contextmanager
def locatieserver(*documents: Any, status: int = 200, body: bytes = b"") -> Iterator[Any]:
    """A server that gives these documents; (geocoder, what it was asked)."""
    asked: list[dict[str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            assert parts.path == "/v3_1/free"
            asked.append(parse_qs(parts.query))
            found = {"response": {"numFound": len(documents), "start": 0, "docs": documents}}
            self.send_response(status)
            if status == 302:
                self.send_header("Location", self.path)
            self.end_headers()
            self.wfile.write(body or json.dumps(found).encode())

        def log_message(self, *words: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield PdokLocatieserver(f"http://127.0.0.1:{server.server_port}/v3_1"), asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_house_is_asked_for_and_found() -> None:
    wanted = WantedAddress(street="Bolognalaan", house_number="101", town="Utrecht")
    with locatieserver(HOUSE) as (geocoder, asked):
        assert geocoder.find(wanted) == FoundAddress(52.08, 5.18, "GM0344")
    assert asked == [{"q": ["Bolognalaan 101 Utrecht"], "fq": ["type:adres"], "rows": ["1"]}]


@pytest.mark.parametrize(
    ("wanted", "same"),
    [
        (WantedAddress(postcode="3584 cj", house_number="101"), True),
        (WantedAddress(street="bolognalaan", house_number=" 101 ", town="utrecht"), True),
        (WantedAddress(street="Bolognalaan", house_number="103", town="Utrecht"), False),
        (WantedAddress(street="Bolognalaan", house_number="101a", town="Utrecht"), False),
        (WantedAddress(street="Bolognaplein", house_number="101", town="Utrecht"), False),
        (WantedAddress(street="Bolognalaan", house_number="101", town="Zeist"), False),
        (WantedAddress(postcode="3584CK", house_number="101"), False),
        (WantedAddress(street="Bolognalaan", town="Utrecht"), False),
    ],
)
def test_a_best_guess_counts_only_when_it_is_that_house(wanted: WantedAddress, same: bool) -> None:
    assert (wanted.findable and wanted.is_answered_by(HOUSE)) is same


def test_a_letter_behind_the_number_must_agree() -> None:
    wanted = WantedAddress(postcode="3584CJ", house_number="101 A-2")
    assert wanted.is_answered_by({**HOUSE, "huis_nlt": "101A-2"})
    assert not wanted.is_answered_by(HOUSE)


def test_what_cannot_be_one_house_is_not_asked() -> None:
    with locatieserver(HOUSE) as (geocoder, asked):
        assert geocoder.find(WantedAddress(street="Bolognalaan", town="Utrecht")) is None
        assert geocoder.find(WantedAddress(house_number="3")) is None
    assert not asked


@pytest.mark.parametrize("point", ["POINT(5.18)", "POINT(0 0)"])
def test_an_answer_without_a_usable_point_is_none(point: str) -> None:
    wanted = WantedAddress(postcode="3584CJ", house_number="101")
    with locatieserver({**HOUSE, "centroide_ll": point}) as (geocoder, _):
        assert geocoder.find(wanted) is None
    with locatieserver() as (geocoder, _):
        assert geocoder.find(wanted) is None


def test_a_server_in_trouble_is_told_without_the_address() -> None:
    wanted = WantedAddress(postcode="3584CJ", house_number="101")
    for trouble in ({"status": 503}, {"body": b"<html>"}, {"body": b"[]"}):
        with (
            locatieserver(**trouble) as (geocoder, _),
            pytest.raises(GeocoderError) as told,
        ):
            geocoder.find(wanted)
        assert "3584" not in str(told.value)


def test_an_address_goes_along_with_no_redirect() -> None:
    with locatieserver(HOUSE, status=302) as (geocoder, asked), pytest.raises(GeocoderError):
        geocoder.find(WantedAddress(postcode="3584CJ", house_number="101"))
    assert len(asked) == 1


@pytest.mark.echte_gebieden
def test_the_recorded_answer_of_pdok_is_understood(echte_gebieden: Path) -> None:
    recorded = echte_gebieden / "fixtures" / "pdok_locatieserver_free.json"
    found = json.loads(recorded.read_text())["response"]["docs"][0]
    wanted = WantedAddress(
        street=found["straatnaam"], house_number=found["huis_nlt"], town=found["woonplaatsnaam"]
    )
    with locatieserver(found) as (geocoder, _):
        place = geocoder.find(wanted)
    assert place is not None
    assert place.municipality_code == f"GM{found['gemeentecode']}"
