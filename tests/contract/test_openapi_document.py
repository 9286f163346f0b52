"""The OpenAPI document is whole, its examples are true, and nothing in it is only a promise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest

from stopintimidatie.core.forms.messages import FieldError
from stopintimidatie.reports.api import answers
from stopintimidatie.reports.api.answers import as_json, example_of, schema_of
from stopintimidatie.reports.api.calls import CALLS
from stopintimidatie.reports.api.openapi import openapi_document
from stopintimidatie.reports.api.problems import (
    API_VERSION,
    Kind,
    ProblemError,
    problem_document,
    problem_schema,
)
from stopintimidatie.reports.arrival.schema import MESSAGE, message_schema, rules_schema
from stopintimidatie.reports.arrival.submission import validate
from stopintimidatie.reports.rules import normalise_reference

DOCUMENT = openapi_document("https://meldpunt.example", "api@meldpunt.example")
OPERATIONS = [
    (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
ANSWERS = [
    answers.ReceiptAnswer,
    answers.FollowAnswer,
    answers.MessageAnswer,
    answers.AttachmentAnswer,
    answers.MunicipalityHereAnswer,
]


def resolve(part: dict[str, Any]) -> Any:
    """What a $ref inside the document points at; it must exist."""
    found: Any = DOCUMENT
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def references(part: Any) -> Any:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_the_document_is_openapi_31_in_plain_json() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert json.loads(json.dumps(DOCUMENT, allow_nan=False)) == DOCUMENT


def test_every_reference_in_it_points_at_something() -> None:
    found = list(references(DOCUMENT))
    assert found
    for reference in found:
        assert resolve(reference)


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_schema_is_a_json_schema_of_2020_12(name: str) -> None:
    jsonschema_rs.meta.validate(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **DOCUMENT["components"]["schemas"][name],
        }
    )


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_answer_of_every_call_tells_the_version(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    for response in operation["responses"].values():
        assert "API-Version" in response["headers"]
    assert DOCUMENT["info"]["version"] == API_VERSION


def test_operation_ids_are_unique() -> None:
    assert len({call.name for call in CALLS}) == len(CALLS) == len(OPERATIONS)


def whole(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of the document with what its references point at."""
    return {**schema, "components": DOCUMENT["components"]}


def inlined(part: Any) -> Any:
    """Return a part of the document with each reference replaced by its target."""
    if isinstance(part, dict):
        part = resolve(part) if "$ref" in part else part
        return {name: inlined(value) for name, value in part.items() if name != "x-regels"}
    return [inlined(value) for value in part] if isinstance(part, list) else part


def test_the_message_is_plain_with_named_parts_and_the_rules_stand_beside_it() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    named = {"Locatie", "Adres", "Ov", "Melder", "Plegers", "Deelvoorkeur", "Client"}
    assert named <= set(schemas)
    for name in ("Melding", *named):
        assert schemas[name]["type"] == "object"
        assert not {"allOf", "anyOf", "oneOf", "if", "not"} & set(schemas[name])
    assert inlined(schemas["Melding"]) == message_schema()
    rules = schemas["Melding"]["x-regels"]
    jsonschema_rs.meta.validate(rules)
    assert rules["allOf"] == rules_schema()["allOf"]
    # Alone too: whoever takes them out of the document needs nothing else of it.
    assert not list(references(rules))


def test_the_examples_of_the_message_pass_the_check() -> None:
    body = DOCUMENT["paths"]["/meldingen"]["post"]["requestBody"]["content"]["application/json"]
    schema = jsonschema_rs.validator_for(whole(body["schema"]))
    rules = jsonschema_rs.validator_for(resolve(body["schema"])["x-regels"])
    for example in body["examples"].values():
        schema.validate(example["value"])
        rules.validate(example["value"])
        assert validate(example["value"], datetime(2026, 11, 24, tzinfo=UTC))


def test_every_property_of_the_message_is_described() -> None:
    described = DOCUMENT["components"]["schemas"]["Melding"]

    def compare(node: Any, schema: dict[str, Any]) -> None:
        schema = resolve(schema) if "$ref" in schema else schema
        assert schema["description"]
        assert set(schema.get("properties", {})) == {
            child.name for child in node.children if child.name
        }
        for child in node.children:
            if child.name:
                compare(child, schema["properties"][child.name])

    compare(MESSAGE, described)


def shown(part: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Every example with its schema: of parameters, headers, bodies and properties."""
    if isinstance(part, list):
        for value in part:
            yield from shown(value)
    if not isinstance(part, dict):
        return
    schema = part.get("schema", {})
    schema = resolve(schema) if "$ref" in schema else schema
    if "example" in part:
        yield part["example"], schema
    if isinstance(part.get("examples"), dict) and schema:
        yield from ((example["value"], schema) for example in part["examples"].values())
    if isinstance(part.get("examples"), list):
        yield from ((example, part) for example in part["examples"])
    for value in part.values():
        yield from shown(value)


def test_every_example_fits_its_schema() -> None:
    pairs = list(shown(DOCUMENT))
    assert len(pairs) > 50
    wrong = [
        (example, schema)
        for example, schema in pairs
        if not jsonschema_rs.validator_for(whole(schema), validate_formats=True).is_valid(example)
    ]
    assert wrong == []


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_call_tells_of_what_any_request_can_run_into(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    answers = operation["responses"]
    assert {"400", "500", "503"} <= set(answers)
    assert ("401" in answers) == bool(operation["security"])
    assert "Retry-After" in answers["503"]["headers"]


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_examples_of_answers_fit_their_schema(answer: type[Any]) -> None:
    example = example_of(schema_of(answer))
    jsonschema_rs.validator_for(schema_of(answer), validate_formats=True).validate(example)
    if "kenmerk" in example:
        assert normalise_reference(example["kenmerk"]) == example["kenmerk"]


def test_an_answer_is_written_as_it_is_described() -> None:
    answer = answers.ReceiptAnswer(
        reference="M-4F7K-2QXJ",
        follow_code="4821 7733 0916 5528",
        received_at=datetime(2026, 11, 20, 22, 47, 13, 999, tzinfo=UTC),
        status="ontvangen",
        municipality=None,
        neighbourhood=answers.NeighbourhoodAnswer(code="WK050501", name="Binnenstad"),
        reaction=answers.ReactionAnswer(title="t", text="u"),
        warning=None,
        help_lines=(answers.HelpLineAnswer(name="Politie (spoed)", phone="112"),),
    )
    written = as_json(answer)
    jsonschema_rs.validator_for(schema_of(answers.ReceiptAnswer), validate_formats=True).validate(
        written
    )
    assert written["ontvangenOp"] == "2026-11-20T22:47:13Z"
    assert written["wijk"] == {"code": "WK050501", "naam": "Binnenstad"}


@pytest.mark.parametrize("kind", Kind)
def test_every_refusal_fits_the_problem_schema(kind: Kind) -> None:
    error = ProblemError(kind, errors=(FieldError(("locatie", "lat"), "Vul dit in."),))
    document = problem_document(error)
    jsonschema_rs.validator_for(problem_schema()).validate(document)
    assert document["fouten"] == [
        {"veld": "locatie.lat", "pointer": "/locatie/lat", "melding": "Vul dit in."}
    ]
    assert document["detail"].endswith(".")
