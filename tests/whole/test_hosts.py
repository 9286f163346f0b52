"""Under which names the product answers: in production its public address, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from webtest import TestApp

from stopintimidatie.core.web.request import own_hosts
from tests.support.installation import Installation, Variant, make_settings

OWN = "meldpunt.example.nl"
STRANGE = (
    "kwaad.example",
    f"{OWN}.kwaad.example",
    f"x{OWN}",
    f"{OWN}:8443",
    "localhost",
    "127.0.0.1:80",
)
ADDRESSES = (
    "/",
    "/aanmelden",
    "/nergens",
    "/static/app.css",
    "/api/v1/openapi.json",
    "/m/M-4F7K-2QX9",
)


@pytest.fixture
def production(variant: Variant) -> Installation:
    return variant(demo=False, public_address=f"https://{OWN}")


def under(installation: Installation, host: str) -> TestApp:
    environ = {"HTTP_HOST": host, "wsgi.url_scheme": "https"}
    return TestApp(installation.app, extra_environ=environ)


def test_production_answers_under_its_own_name_alone(production: Installation) -> None:
    for host in (OWN, f"{OWN}:443", OWN.upper()):
        assert under(production, host).get("/aanmelden").status_int == 200
    for host in STRANGE:
        for path in ADDRESSES:
            answer = under(production, host).get(path, status=400)
            assert host not in f"{answer.headers}{answer.text}", path
            assert "Location" not in answer.headers
            assert "adresbalk" in answer.text or answer.content_type == "application/problem+json"
            assert answer.headers["Content-Security-Policy"]


def test_a_report_under_another_name_is_refused_and_not_kept(production: Installation) -> None:
    answer = under(production, "kwaad.example").post(
        "/api/v1/meldingen", b"{}", {"Content-Type": "application/json"}, status=400
    )
    assert answer.content_type == "application/problem+json"


def test_who_watches_may_ask_under_any_name(production: Installation) -> None:
    browser = under(production, "10.1.2.3:6543")
    assert browser.get("/health/live").json == {"status": "ok"}
    assert browser.get("/health/ready", status=503).json["controles"]
    assert browser.get("/version").json["versie"]


@pytest.mark.parametrize("address", ["http://localhost:6543", "http://127.0.0.1:6543"])
def test_on_the_machine_itself_both_names_and_every_port_work(address: str) -> None:
    settings = make_settings("sqlite://", Path(), public_address=address, demo=False)
    assert own_hosts(settings) is None


def test_the_demo_answers_under_every_name(installation: Installation) -> None:
    for host in ("localhost:6543", "127.0.0.1:6543", "demo.example"):
        assert TestApp(installation.app, {"HTTP_HOST": host}).get("/aanmelden", status=200)


@pytest.mark.parametrize(
    ("address", "host", "own"),
    [
        ("https://a.nl:8443", "a.nl:8443", True),
        ("https://a.nl:8443", "a.nl", False),
        ("https://a.nl", "a.nl:80", False),
        ("https://a.nl", "", False),
    ],
)
def test_the_port_belongs_to_the_name(address: str, host: str, own: bool) -> None:
    settings = make_settings("sqlite://", Path(), public_address=address, demo=False)
    assert (host in (own_hosts(settings) or ())) is own
