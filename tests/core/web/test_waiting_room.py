"""Tests that costly forms run one at a time and wait outside the application."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from stopintimidatie.cli.gateway import Gateway
from stopintimidatie.core.web import limits
from stopintimidatie.core.web.limits import WaitingRoom
from tests.support.gateway_calls import ask

BUSY: dict[str, Any] = {"REQUEST_METHOD": "POST", "PATH_INFO": "/aanmelden"}
REGISTRY = SimpleNamespace(waiting_rooms={"/aanmelden": "/aanmelden"})


class Slow:
    """Application that keeps busy requests until it may go on, and counts them."""

    def __init__(self) -> None:
        self.may_go = threading.Event()
        self.inside = threading.Semaphore(0)
        self.turned_away: list[bool] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == BUSY["PATH_INFO"] and environ["REQUEST_METHOD"] == "POST":
            self.turned_away.append(environ[limits._TURNED_AWAY])
            if not self.turned_away[-1]:
                self.inside.release()
                assert self.may_go.wait(20)
        start_response("200 OK", [])
        return [b""]


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AT_A_TIME", 1)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def gateway(slow: Slow) -> Gateway:
    """Give a gateway with two places in the application."""
    return Gateway(slow, places=2, scheme="http", waiting_room=WaitingRoom(REGISTRY))


def test_one_is_inside_and_the_rest_waits_without_a_place(slow: Slow, gateway: Gateway) -> None:
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(ask, gateway, **BUSY) for _ in range(8)]
        assert slow.inside.acquire(timeout=20)
        for other in ({**BUSY, "REQUEST_METHOD": "GET"}, {**BUSY, "PATH_INFO": "/melden"}):
            assert ask(gateway, **other)[0] == "200 OK"
        assert slow.turned_away == [False]
        slow.may_go.set()
        assert {one.result(20)[0] for one in sent} == {"200 OK"}
    assert slow.turned_away == [False] * 8


def test_who_waits_too_long_or_comes_when_too_many_wait_is_turned_away(
    slow: Slow, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LONGEST_WAIT_SECONDS", 0.01)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, gateway, **BUSY)
        assert slow.inside.acquire(timeout=20)
        ask(gateway, **BUSY)
        monkeypatch.setattr(limits, "LONGEST_WAIT_SECONDS", 60)
        full = WaitingRoom(REGISTRY)
        full._waiting = threading.BoundedSemaphore(1)
        full._waiting.acquire()
        ask(Gateway(slow, places=1, scheme="http", waiting_room=full), **BUSY)
        slow.may_go.set()
        first.result(20)
    assert slow.turned_away == [False, True, True]


def test_a_request_that_fails_gives_its_turn_back(slow: Slow) -> None:
    def broken(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise ValueError

    made = WaitingRoom(REGISTRY)
    for _ in range(2):
        ask(Gateway(broken, places=1, scheme="http", waiting_room=made), **BUSY)
    slow.may_go.set()
    ask(Gateway(slow, places=1, scheme="http", waiting_room=made), **BUSY)
    assert slow.turned_away == [False]
