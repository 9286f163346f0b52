"""Every address of the API is exactly what it says, and every answer tells the version."""

from __future__ import annotations

import pytest

from stopintimidatie.reports.api.calls import CALLS
from stopintimidatie.reports.api.problems import API_VERSION
from stopintimidatie.reports.api.resources import ApiNode, ReferenceNode
from tests.support.api import PROBLEM, REPORTS, Api
from tests.support.factories import connect
from tests.support.installation import Installation

LOOK_UP = "/api/v1/gemeenten"


@pytest.fixture
def api(installation: Installation) -> Api:
    return Api(installation)


NO_ADDRESSES = [
    "/api",
    "/api/",
    "/api/v1",
    "/api/v1/",
    "/api/v2/meldingen",
    "/api/v1/meldingen/",
    "//api/v1/meldingen",
    "///api",
    "//api//",
    "/api//v1/meldingen",
    "/api/v1//meldingen",
    "/api/v1/@@meldingen",
    "/api/v1/meldingen/@@x",
    "/api/v1/meldingen/x/y/z",
    "/api/v1/meldingen/M-0000-0000/bijlagen/",
    "/api/v1/meldingen/M-0000-0000/aanvullingen/",
    "/api/v1/meldingen/M-0000-0000/aanvullingen/x",
    "/api/v1/meldingen/aanvullingen/x",
    "/api/v1/./meldingen",
    "/api/v1/x/../meldingen",
    "/api/v1/__class__",
    "/api/v1/meldingen/__class__/x",
    "/api/v1/calls",
    "/api/v1/Meldingen",
    "/api/v1/gemeenten/",
    "/api/v1/gemeenten/GM0505",
    "/api/v1/gemeenten/GM0505/logo/",
    "/api/v1/gemeenten/GM0505/logo/x",
    "/api/v1/gemeenten/logo",
    "/api/v1/openapi.json/",
    "/api/v1/openapi",
    "/api/v1/docs/",
    "/api/v1/docs/x",
]


@pytest.mark.parametrize("path", NO_ADDRESSES)
def test_there_are_no_alias_addresses(api: Api, path: str) -> None:
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        asked = api.app.RequestClass.blank("/", method=method, headers=api.headers())
        # Passed unchanged: from two slashes at the start WebTest would take a host name.
        asked.path_info = path
        answer = api.app.do_request(asked, status="*")
        assert answer.status_int == 404, method
        assert answer.content_type == PROBLEM
        assert answer.headers["API-Version"] == API_VERSION


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/api/v1/openapi.json", "GET, HEAD, OPTIONS"),
        ("/api/v1/docs", "GET, HEAD, OPTIONS"),
        (REPORTS, "POST, OPTIONS"),
        (f"{REPORTS}/M-0000-0000", "GET, DELETE, HEAD, OPTIONS"),
        (f"{REPORTS}/M-0000-0000/aanvullingen", "POST, OPTIONS"),
        (f"{REPORTS}/M-0000-0000/bijlagen", "POST, OPTIONS"),
        (f"{REPORTS}/M-0000-0000/contactgegevens", "PUT, OPTIONS"),
        (LOOK_UP, "GET, HEAD, OPTIONS"),
        (f"{LOOK_UP}/GM0505/logo", "GET, HEAD, OPTIONS"),
    ],
)
def test_other_methods_are_405_with_allow_before_any_key_is_asked(
    api: Api, path: str, allow: str
) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X"):
        if method in allow.split(", "):
            continue
        answer = api.app.request(path, method=method, status=405)
        assert answer.headers["Allow"] == allow
        assert answer.json["status"] == 405
    assert api.app.options(path, status=204).headers["Allow"] == allow


def test_head_answers_as_get_without_a_body(api: Api) -> None:
    whole = api.app.get("/api/v1/openapi.json")
    head = api.app.head("/api/v1/openapi.json")
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(whole.body))
    api.app.head(REPORTS, status=405)


def test_the_description_may_be_read_from_any_site_and_nothing_else_may(api: Api) -> None:
    answer = api.app.get("/api/v1/openapi.json", headers={"Origin": "https://elders.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    preflight = api.app.options("/api/v1/openapi.json", status=204)
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in preflight.headers["Access-Control-Allow-Methods"]
    for answer in (api.post(), api.app.options(REPORTS, status=204)):
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_report_from_a_page_of_another_site_is_refused(api: Api) -> None:
    for strange in ({"Origin": "https://elders.example"}, {"Sec_Fetch_Site": "cross-site"}):
        assert api.post(status=400, **strange).content_type == PROBLEM
    api.post()


def test_the_description_is_what_the_calls_declare(api: Api) -> None:
    document = api.app.get("/api/v1/openapi.json").json
    assert document["servers"] == [{"url": "/api/v1"}]
    found = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert found == {(call.method, call.path) for call in CALLS}


def test_every_declared_call_has_one_view_and_every_view_is_declared(api: Api) -> None:
    registered = []
    for view in api.installation.introspector.get_category("views"):
        about = view["introspectable"]
        context = about["context"]
        if context in (ApiNode, ReferenceNode):
            continue
        if isinstance(context, type) and issubclass(context, ApiNode):
            methods = about["request_methods"]
            registered.append((context, "GET" if "GET" in methods else methods))
    declared = [(node, call.method) for node in ApiNode.__subclasses__() for call in node.calls]
    assert len(registered) == len(declared) == len(CALLS)
    assert {node for node, _ in registered} == {node for node, _ in declared}


@pytest.mark.parametrize("path", ["/api/v1/openapi.json", REPORTS, LOOK_UP, "/api/v1/nee"])
def test_every_answer_tells_the_version(api: Api, path: str) -> None:
    for method in ("GET", "POST", "PUT", "OPTIONS", "HEAD"):
        answer = api.app.request(path, method=method, status="*")
        assert answer.headers["API-Version"] == API_VERSION


def test_what_will_happen_here_is_told_before_submitting(api: Api) -> None:
    body = api.get(f"{LOOK_UP}?lat=51.8133&lon=4.669").json
    assert (body["code"], body["naam"], body["aangesloten"]) == ("GM0505", "Dordrecht", False)
    assert body["logo"] is None
    assert body["letOp"].startswith("LET OP")
    connect(api.installation)
    body = api.get(f"{LOOK_UP}?lon=4.669&lat=51.8133").json
    assert body["aangesloten"] is True
    assert body["letOp"] is None


@pytest.mark.parametrize(
    "query",
    [
        "lat=54.5&lon=3.5",
        "lat=0&lon=0",
        "lat=-90&lon=180",
        "lat=0e0&lon=-5.9e-08",
        "lat=5E1&lon=1.0e%2B1",
    ],
)
def test_no_municipality_is_404(api: Api, query: str) -> None:
    assert api.get(f"{LOOK_UP}?{query}", status=404).json["type"].endswith(":niet-gevonden")


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", ["lat", "lon"]),
        ("lat=51.8", ["lon"]),
        ("lat=51.8&lon=", ["lon"]),
        ("lat=51.8&lon=x", ["lon"]),
        ("lat=1_0&lon=4", ["lat"]),
        ("lat=nan&lon=inf", ["lat", "lon"]),
        ("lat=91&lon=181", ["lat", "lon"]),
        ("lat=51.8&lat=51.8&lon=4.6", ["lat"]),
        ("lat=51.8&lon=4.6&straal=5", ["straal"]),
        ("lat=%D9%A5&lon=4.6", ["lat"]),
        ("lat=5e9&lon=1e999", ["lat", "lon"]),
        ("lat=5e&lon=e1", ["lat", "lon"]),
    ],
)
def test_odd_coordinates_are_named(api: Api, query: str, fields: list[str]) -> None:
    refusal = api.get(f"{LOOK_UP}?{query}", status=400)
    assert sorted(fault["veld"] for fault in refusal.json["fouten"]) == fields


def test_looking_a_place_up_asks_the_app_key(api: Api) -> None:
    api.get(f"{LOOK_UP}?lat=51.8&lon=4.6", Authorization=None, status=401)


def test_a_logo_is_public(api: Api) -> None:
    path = f"{LOOK_UP}/GM0505/logo"
    assert api.app.get(path, status=404).content_type == PROBLEM
    connect(api.installation, logo=b"\x89PNG\r\n\x1a\nx")
    answer = api.app.get(path)
    assert answer.content_type == "image/png"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.body == b"\x89PNG\r\n\x1a\nx"
    for other in ("GM9999", "x", "%00", "%C3%A9"):
        api.app.get(f"{LOOK_UP}/{other}/logo", status=404)


def test_a_wrong_method_with_a_large_body_is_taken_in_before_it_is_refused(api: Api) -> None:
    api.app.put(REPORTS, b"x" * 2_000_000, status=405)
