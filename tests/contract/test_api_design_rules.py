"""docs/api.md names every NL GOV REST API Design Rule (2.2.0); these tests watch what they can."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from stopintimidatie.core.forms import Moment
from stopintimidatie.core.web.responses import HEADERS, cache_control
from stopintimidatie.reports.api.answers import as_json
from stopintimidatie.reports.api.calls import BASE, CALLS, FOLLOW_CODE, SUBMIT
from stopintimidatie.reports.api.openapi import SMALL_REPORT, openapi_document
from stopintimidatie.reports.arrival.submission import InvalidMessageError, validate
from tests.support.echte_gebieden import published_linter
from tests.support.identity_providers import running_node
from tests.support.installation import DATA, ROOT, Installation

RULES = """
no-trailing-slash path-segments-kebab-case query-keys-camel-case date-time/date-omit-time-portion
date-time/format error-handling/problem-details error-handling/invalid-input
doc-openapi doc-openapi-contact publish-openapi uri-version semver version-header transport/tls
transport/security-headers transport/cors naming-resources naming-collections interface-language
hide-implementation date-time/timezone http-methods http-safety http-response-code stateless
resource-operations nested-child error-handling/all-errors doc-language deprecation-schedule
transition-period changelog transport/no-sensitive-uris modules/geospatial modules/signing
modules/encryption
""".split()  # noqa: SIM905
ROW = re.compile(r"^\| `/core/([^`]+)` \|.*\| (test|afspraak|wijkt af|n\.v\.t\.) \|$", re.MULTILINE)
DOCUMENT = openapi_document("https://meldpunt.example", "api@meldpunt.example")
PATHS: dict[str, dict[str, Any]] = DOCUMENT["paths"]
COLLECTIONS = frozenset({"meldingen", "gemeenten", "aanvullingen", "bijlagen", "contactgegevens"})
SINGLE = frozenset({"formulier", "logo", "openapi.json"})
SPECTRAL = ROOT / "node_modules" / "@stoplight" / "spectral-cli" / "dist" / "index.js"
CHECKS: dict[str, Callable[[], None]] = {}


def watches(*rules: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(check: Callable[[], None]) -> Callable[[], None]:
        CHECKS.update(dict.fromkeys(rules, check))
        return check

    return register


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in PATHS.items():
        for method, operation in methods.items():
            yield path, method, operation


def segments() -> Iterator[str]:
    for path in PATHS:
        yield from (part for part in path.split("/") if part and not part.startswith("{"))


def formats(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("format"), str):
            yield node["format"]
        for value in node.values():
            yield from formats(value)
    elif isinstance(node, list):
        for value in node:
            yield from formats(value)


@watches("no-trailing-slash", "path-segments-kebab-case")
def paths_are_plain() -> None:
    assert not [path for path in PATHS if path.endswith("/")]
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*(\.json)?", part) for part in segments())


@watches("query-keys-camel-case")
def parameters_are_camel_case() -> None:
    for call in CALLS:
        for parameter in call.parameters:
            if parameter.place == "query":
                assert re.fullmatch(r"[a-z][a-zA-Z0-9]*", parameter.name)


@watches("date-time/date-omit-time-portion", "date-time/format", "date-time/timezone")
def moments_have_a_zone_and_go_out_in_utc() -> None:
    assert {"date", "date-time"} <= set(formats(DOCUMENT))
    assert not {"time", "date-time-local"} & set(formats(DOCUMENT))
    assert as_json(date(2026, 11, 20)) == "2026-11-20"  # a last day has no time
    for text in ("2026-11-20T22:40:00+01:00", "2026-11-20T21:40:00Z"):
        moment = Moment(json=True).check(text)
        assert moment == datetime(2026, 11, 20, 21, 40, tzinfo=UTC)
        assert as_json(moment) == "2026-11-20T21:40:00Z"
    with pytest.raises(ValueError, match="zone"):
        Moment(json=True).check("2026-11-20T22:40:00")


@watches("error-handling/problem-details", "http-response-code")
def refusals_are_problems_with_ordinary_codes() -> None:
    allowed = {200, 201, 202, 204, 400, 401, 404, 409, 413, 415, 422, 429, 500, 503}
    problem = DOCUMENT["components"]["schemas"]["Probleem"]
    assert {"type", "title", "status", "detail"} <= set(problem["required"])
    for path, _, operation in operations():
        for code, answer in operation["responses"].items():
            assert int(code) in allowed, path
            if int(code) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], path
                schema = answer["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Probleem"}


@watches("error-handling/invalid-input", "error-handling/all-errors")
def wrong_input_is_400_with_every_field() -> None:
    for path, _, operation in operations():
        assert "400" in operation["responses"], path
    with pytest.raises(InvalidMessageError) as refused:
        validate({**SMALL_REPORT, "vormen": [], "typePlek": "x"}, datetime.now(UTC))
    assert {error.field for error in refused.value.errors} == {"vormen", "typePlek"}


@watches("doc-openapi", "publish-openapi", "uri-version", "semver", "version-header")
def the_description_is_where_it_belongs() -> None:
    assert DOCUMENT["openapi"].startswith("3.")
    assert "/openapi.json" in PATHS
    assert re.fullmatch(r"/api/v\d+", BASE)
    # Without scheme and host: whoever reads it over https asks over https.
    assert DOCUMENT["servers"] == [{"url": BASE}]
    assert all(re.fullmatch(r"([A-Z][a-z]+)+", name) for name in DOCUMENT["components"]["schemas"])
    version = DOCUMENT["info"]["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert BASE.endswith(f"/v{version.split('.')[0]}")
    for path, _, operation in operations():
        for answer in operation["responses"].values():
            assert "API-Version" in answer["headers"], path


@watches("doc-openapi-contact")
def builders_of_apps_are_told_whom_to_ask() -> None:
    assert DOCUMENT["info"]["contact"] == {
        "name": "Landelijk meldpunt straatintimidatie",
        "url": "https://meldpunt.example",
        "email": "api@meldpunt.example",
    }
    for ini in ("development.ini", "production.ini"):
        own = re.search(r"^contact\.email = (.*)$", (ROOT / ini).read_text("utf-8"), re.MULTILINE)
        assert own
        assert openapi_document("", own[1])["info"]["contact"]["email"] == own[1]


@watches("transport/security-headers", "transport/cors")
def headers_are_those_of_the_house() -> None:
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert HEADERS["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]
    assert cache_control(f"{BASE}/gemeenten", "", 200) == "no-store"
    assert not [name for name in HEADERS if name.startswith("Access-Control")]


@watches("naming-resources", "naming-collections", "nested-child")
def resources_are_nouns_and_collections_plural() -> None:
    assert set(segments()) <= COLLECTIONS | SINGLE
    for path in PATHS:
        parent, _, identified = path.strip("/").partition("/")
        if identified.startswith("{"):
            assert parent in COLLECTIONS


@watches("http-methods", "http-safety", "stateless")
def methods_mean_what_they_mean() -> None:
    assert {method for _, method, _ in operations()} <= {"get", "post", "put", "delete"}
    assert not [
        path for path, method, op in operations() if method == "get" and "requestBody" in op
    ]
    assert "Idempotency-Key" in {parameter.name for parameter in SUBMIT.parameters}
    assert "cookie" not in {p.place for call in CALLS for p in call.parameters}


@watches("transport/no-sensitive-uris")
def secrets_travel_in_headers() -> None:
    scheme = DOCUMENT["components"]["securitySchemes"][FOLLOW_CODE]
    assert (scheme["in"], scheme["name"]) == ("header", "Volgcode")
    named = {p.name for call in CALLS for p in call.parameters if p.place != "header"}
    assert named <= {"lat", "lon", "taal", "gemeente", "kenmerk", "code"}


# Rules of the linter, applied to the document as the application gives it.


def test_the_linter_finds_nothing_in_the_document(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reachable = replace(installation.settings, contact_email="api@meldpunt.example")
    monkeypatch.setattr(installation.registry, "app_settings", reachable)
    document = tmp_path / "openapi.json"
    document.write_bytes(TestApp(installation.app).get(f"{BASE}/openapi.json").body)
    rules = published_linter() or DATA / "api-linter.yaml"
    assert lint(document, rules) == []


@pytest.mark.alles
def test_the_linter_with_our_own_rules_sees_what_is_wrong(tmp_path: Path) -> None:
    wrong = {**DOCUMENT, "info": {"title": "x", "version": "1"}, "servers": [{"url": "/api"}]}
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(wrong), encoding="utf-8")
    assert set(lint(document, DATA / "api-linter.yaml")) == {"contact", "version", "address"}


def lint(document: Path, rules: Path) -> list[str]:
    """The names of the rules that Spectral finds broken, errors and warnings alike."""
    with running_node() as node:
        command = [node, str(SPECTRAL), "lint", "--format", "json", "--quiet"]
        command += ["--fail-severity", "hint", "--ruleset", str(rules), str(document)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return [fault["code"] for fault in json.loads(done.stdout)]


def rows() -> dict[str, str]:
    return dict(ROW.findall((ROOT / "docs" / "api.md").read_text(encoding="utf-8")))


def test_the_page_names_every_rule_and_its_version() -> None:
    assert list(rows()) == RULES
    assert "**versie 2.2.0**" in (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def test_the_page_says_of_a_rule_that_a_test_watches_it_when_one_does() -> None:
    assert {rule for rule, how in rows().items() if how == "test"} == set(CHECKS)


@pytest.mark.parametrize("rule", sorted(CHECKS))
def test_the_rule_is_kept(rule: str) -> None:
    CHECKS[rule]()
