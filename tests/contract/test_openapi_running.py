"""The running application does what its own OpenAPI document says, for whatever schemathesis sends.

Every answer must have a documented status, media type, headers and body. What fits the document and
the rules beside it is accepted, except where JSON Schema can't say it (a time in the future, a
telephone number that can exist); what doesn't fit is refused.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from pyramid.httpexceptions import HTTPNotFound
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.parameters import ParameterLocation

from stopintimidatie.core.tree.resources import split_address
from stopintimidatie.reports.api.calls import ADD, BASE, CALLS, CHANGE, FORM, LOOK_UP, SUBMIT, Call
from stopintimidatie.reports.api.queries import DEMO_TOKEN
from stopintimidatie.reports.arrival.schema import message_schema, rules_schema
from tests.support.api import Api
from tests.support.factories import connect
from tests.support.installation import Installation

POSITIVE = schemathesis.GenerationMode.POSITIVE
NEGATIVE = schemathesis.GenerationMode.NEGATIVE
KEY = {"Authorization": f"Bearer {DEMO_TOKEN}"}
FEW, MANY = 6, 40
load_all_checks()
CONFORMANCE = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    )
]
REJECTION = CHECKS.get_one("negative_data_rejection")
# Values that JSON Schema can't ask for, put in place of what was drawn.
REAL = {
    "incidentVan": "2026-01-02T03:04:05+01:00",
    "incidentTot": "2026-01-02T03:04:05Z",
    # Which questions there are hangs on the municipality of the place.
    "antwoorden": {},
}
REAL_REPORTER = {"telefoon": "06 12345678", "email": "iemand@example.org"}


@pytest.fixture
def schema(installation: Installation) -> Any:
    connect(installation, logo=b"\x89PNG\r\n\x1a\n")
    api = Api(installation)
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", api.installation.app)


@pytest.fixture(params=[FEW, pytest.param(MANY, marks=pytest.mark.alles)])
def examples(request: pytest.FixtureRequest) -> int:
    """How often something is drawn."""
    number: int = request.param
    return number


def try_out(strategy: Any, check: Callable[[Any], None], examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,  # a run finds today what it finds tomorrow
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def every_case(case: Any) -> None:
        check(case)

    every_case()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_every_answer_is_as_documented(schema: Any, call: Call, examples: int) -> None:
    drawn = schema[call.path][call.method].as_strategy(POSITIVE)
    try_out(drawn, lambda case: case.call_and_validate(headers=KEY, checks=CONFORMANCE), examples)


def test_what_cannot_be_read_is_a_documented_400_at_every_call(installation: Installation) -> None:
    app = Api(installation).app
    document = app.get("/api/v1/openapi.json").json
    for call in CALLS:
        path = call.path.format(kenmerk="M-4F7K-2QXJ", code="GM0505")
        asked = f"{BASE}{path}?taal=%ff"
        answer = app.request(asked, method=call.method, headers=KEY, status=400)
        responses = document["paths"][call.path][call.method.lower()]["responses"]
        assert answer.content_type in responses["400"]["content"]


@pytest.mark.parametrize("call", [c for c in CALLS if c.needs], ids=lambda call: call.name)
def test_nothing_is_answered_without_an_app_key(schema: Any, call: Call, examples: int) -> None:
    def check(case: Any) -> None:
        case.headers = {n: v for n, v in case.headers.items() if n.lower() != "authorization"}
        # First of all comes whether there is such an address.
        expected = 401 if is_address(case.formatted_path) else 404
        assert case.call_and_validate(checks=CONFORMANCE).status_code == expected

    try_out(schema[call.path][call.method].as_strategy(POSITIVE), check, examples)


def is_address(path: str) -> bool:
    """Whether each of its names is one that an address may have (S3)."""
    try:
        return len(split_address(unquote(path))) == len(split_address(path))
    except HTTPNotFound:
        return False


# The others take any text in their path: nothing doesn't fit.
@pytest.mark.parametrize("call", [SUBMIT, ADD, CHANGE, LOOK_UP, FORM], ids=lambda call: call.name)
def test_what_does_not_fit_the_document_is_refused(schema: Any, call: Call, examples: int) -> None:
    drawn = schema[call.path][call.method].as_strategy(NEGATIVE)
    checks = [*CONFORMANCE, REJECTION]

    def check(case: Any) -> None:
        # Where the header is what doesn't fit, a good one would mend it.
        header = case.meta.components.get(ParameterLocation.HEADER)
        mends = header is not None and header.mode.is_negative
        case.call_and_validate(headers={} if mends else KEY, checks=checks)

    try_out(drawn, check, examples)


@pytest.mark.parametrize("call", [LOOK_UP, FORM], ids=lambda call: call.name)
def test_no_question_that_fits_the_document_is_refused(
    schema: Any, call: Call, examples: int
) -> None:
    def check(case: Any) -> None:
        response = case.call_and_validate(headers=KEY, checks=CONFORMANCE)
        assert response.status_code in (200, 404), response.text

    try_out(schema[call.path][call.method].as_strategy(POSITIVE), check, examples)


def realistic(body: dict[str, Any]) -> dict[str, Any]:
    """The same report with times, telephone number and address that can be."""
    made = {name: REAL.get(name, value) for name, value in body.items()}
    if isinstance(made.get("melder"), dict):
        made["melder"] = {
            name: REAL_REPORTER.get(name, value) for name, value in made["melder"].items()
        }
    return made


def test_every_report_that_fits_the_document_and_its_rules_is_taken(
    schema: Any, examples: int
) -> None:
    document = copy.deepcopy(schema.raw_schema)
    # As `test_openapi_document` holds it to be: what a reader of both makes of them.
    [body] = document["paths"]["/meldingen"]["post"]["requestBody"]["content"].values()
    body["schema"] = {**message_schema(), **rules_schema()}
    ruled = schemathesis.openapi.from_dict(document)
    ruled.app = schema.app

    def check(case: Any) -> None:
        case.body = realistic(case.body)
        response = case.call_and_validate(headers=KEY, checks=CONFORMANCE)
        # A drawn Idempotency-Key may come back with another body.
        assert response.status_code in (201, 422), response.text

    try_out(ruled["/meldingen"]["POST"].as_strategy(POSITIVE), check, 3 * examples)
