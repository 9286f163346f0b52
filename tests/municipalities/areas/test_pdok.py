"""Fetching PDOK's pages: all of them, once, however often it is broken off."""

from __future__ import annotations

import json
import re
import socket
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy.orm import Session

from stopintimidatie.municipalities.areas import sources
from stopintimidatie.municipalities.areas.facts import AreaKind
from stopintimidatie.municipalities.areas.sources import next_page
from tests.support.areas import (
    MUNICIPALITIES,
    NEIGHBOURHOODS,
    SUBNEIGHBOURHOODS,
    features,
    load,
)
from tests.support.pdok_stand_in import StandIn, serving

WIJK = AreaKind.NEIGHBOURHOOD


@pytest.fixture
def server() -> Iterator[StandIn]:
    known = {
        "gemeenten": features(MUNICIPALITIES),
        "wijken": features(NEIGHBOURHOODS),
        "buurten": features(SUBNEIGHBOURHOODS),
    }
    with serving(StandIn(known)) as stand_in:
        yield stand_in


def source(server: StandIn, tmp_path: Path, **more: Any) -> sources.Source:
    return sources.Source(server.address, tmp_path / "2024", pause=0, **more)


def codes(pages: list[Path], name: str = "wijkcode") -> list[str]:
    return [
        f["properties"][name] for page in pages for f in json.loads(page.read_text())["features"]
    ]


def test_all_pages_are_fetched_in_order_and_loaded_together(
    server: StandIn, tmp_path: Path, session: Session
) -> None:
    told: list[tuple[str, int]] = []
    for kind, number in zip(AreaKind, (2, 6, 5), strict=True):
        pages = sources.fetch(source(server, tmp_path), kind, progress=lambda *t: told.append(t))
        assert load(session, *pages, expected=kind, year=2024).loaded == number
        # No transaction is open while PDOK is called.
        session.commit()
        sources.forget(source(server, tmp_path), kind)
    assert ("wijken", 3) in told
    assert not (tmp_path / "2024").exists()


def test_one_municipality_is_asked_for_by_its_code(server: StandIn, tmp_path: Path) -> None:
    pages = sources.fetch(source(server, tmp_path), WIJK, "GM9902")
    assert codes(pages) == ["WK990200"]
    assert "gemeentecode=GM9902" in server.asked[0]


def test_a_fetch_that_was_broken_off_goes_on_where_it_stopped(
    server: StandIn, tmp_path: Path
) -> None:
    server.trouble = {3: 403}
    with pytest.raises(sources.AreaSourceError, match="blijft bewaard"):
        sources.fetch(source(server, tmp_path), WIJK)
    assert len(server.asked) == 3
    pages = sources.fetch(source(server, tmp_path), WIJK)
    assert len(server.asked) == 4
    assert len(set(codes(pages))) == 6
    assert next_page(pages[-1]) is None


def test_a_busy_server_and_a_half_answer_are_tried_again(server: StandIn, tmp_path: Path) -> None:
    server.trouble = {1: 503, 2: "weg", 4: 429}
    assert len(set(codes(sources.fetch(source(server, tmp_path), WIJK)))) == 6


def test_a_cursor_that_expired_begins_again(server: StandIn, tmp_path: Path) -> None:
    server.trouble = {2: 500, 3: 500, 4: 500, 5: 400}
    with pytest.raises(sources.AreaSourceError):
        sources.fetch(source(server, tmp_path), WIJK)
    assert len(set(codes(sources.fetch(source(server, tmp_path), WIJK)))) == 6
    assert "cursor" not in server.asked[5]


def test_a_server_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    started = time.monotonic()
    told = f"{address[7:]} is niet te bereiken: daar neemt niets een verbinding aan."
    with pytest.raises(sources.AreaSourceError, match=re.escape(told)):
        sources.fetch(sources.Source(address, tmp_path), WIJK)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (socket.gaierror(-2, "Name or service not known"), "er is geen server met die naam"),
        (TimeoutError("The read operation timed out"), "er komt geen antwoord"),
        (OSError("Tunnel connection failed: 403 Forbidden"), "de verbinding valt weg"),
    ],
)
def test_why_a_server_is_not_reached_is_told_in_dutch(
    error: OSError, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **named: object) -> NoReturn:
        raise urllib.error.URLError(error)

    monkeypatch.setattr(sources, "_write", fail)
    with pytest.raises(sources.AreaSourceError) as refused:
        sources.fetch(sources.Source("http://pdok.example", tmp_path, pause=0), WIJK)
    assert f"pdok.example is niet te bereiken: {told}" in str(refused.value)
    assert str(error) not in str(refused.value)


def test_time_that_is_up_ends_the_fetch(server: StandIn, tmp_path: Path) -> None:
    late = source(server, tmp_path, ends_at=time.monotonic() - 1)
    with pytest.raises(sources.AreaSourceError, match="duurde te lang"):
        sources.fetch(late, WIJK)
    assert not server.asked


def test_a_year_that_pdok_has_not_is_named(server: StandIn, tmp_path: Path) -> None:
    server.features = {}
    with pytest.raises(sources.AreaSourceError, match="Klopt het jaar"):
        sources.fetch(source(server, tmp_path), WIJK)


def test_a_next_page_on_another_server_is_refused(server: StandIn, tmp_path: Path) -> None:
    here = source(server, tmp_path)
    server.address = "http://elders.example"
    with pytest.raises(sources.AreaSourceError, match="andere server"):
        sources.fetch(here, WIJK)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "api.pdok.nl", "ftp://x/{year}"])
def test_only_web_addresses_are_fetched(address: str) -> None:
    with pytest.raises(sources.AreaSourceError, match="https"):
        sources.checked_address(address)


@pytest.mark.echte_gebieden
def test_the_recorded_page_of_pdok_has_a_next(echte_gebieden: Path) -> None:
    following = next_page(echte_gebieden / "fixtures" / "pdok_ogc_buurten_items.json")
    assert following is not None
    assert "cursor=VOORBEELD" in following
