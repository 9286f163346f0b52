"""Page for builders of apps: every call of the API, read from the OpenAPI document itself.

It is the same for everybody: no key, no cookie, nobody's menu. Nothing can be sent from it.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup, escape
from pyramid.security import NO_PERMISSION_REQUIRED

from stopintimidatie.core.web.request import page_view
from stopintimidatie.core.web.responses import FOR_AN_HOUR
from stopintimidatie.core.web.theme import Branding
from stopintimidatie.reports.api.calls import APP_KEY, BASE, FOLLOW_CODE
from stopintimidatie.reports.api.openapi import SMALL_REPORT, Document, openapi_document
from stopintimidatie.reports.api.problems import Kind
from stopintimidatie.reports.api.resources import ReferenceNode

_CODE: Final = re.compile(r"`([^`]+)`")
_NEEDS: Final = {APP_KEY: "appsleutel", FOLLOW_CODE: "volgcode"}
_PLACES: Final = {"path": "in het adres", "query": "achter het adres", "header": "header"}
_TYPES: Final = {
    "string": "tekst",
    "integer": "geheel getal",
    "number": "getal",
    "boolean": "true of false",
    "array": "lijst",
    "object": "groep",
    "null": "null",
}
_FORMATS: Final = {
    "date-time": "datum en tijd met zone",
    "date": "datum",
    "binary": "bestand",
}
# Each time a new one: a report with the key of another is taken for the same, or refused.
_NEW_KEY: Final = "$(cat /proc/sys/kernel/random/uuid)"
_EXAMPLE_CODE: Final = "4821 0937 5526 1804"

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Example:
    """JSON to show, with a title."""

    title: str
    text: str


@dataclass(frozen=True)
class CallShown:
    """Call as the page shows it: rows of its tables, and examples."""

    name: str
    method: str
    path: str
    summary: str
    about: Markup
    needs: str
    parameters: list[Row]
    fields: list[Row]
    replies: list[Row]
    answers: list[Row]
    examples: list[Example]


def words(text: str) -> Markup:
    """Return a description with what stands between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704


def code(text: str) -> Markup:
    """Return a name or an address as code."""
    return Markup("<code>{}</code>").format(text)


def pretty(value: Any) -> str:
    """Return a value as JSON that people read."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def calls_of(document: Document) -> list[CallShown]:
    """Return every call of the document, in its order."""
    return [
        _call(document, path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _call(document: Document, path: str, method: str, operation: Document) -> CallShown:
    body = operation.get("requestBody", {}).get("content", {})
    sent: Document = next(iter(body.values()), {})
    fine = next(reply for status, reply in operation["responses"].items() if status < "300")
    given: Document = next(iter(fine.get("content", {}).values()), {})
    needs = [name for need in operation["security"] for name in need]
    schemes = document["components"]["securitySchemes"]
    return CallShown(
        name=operation["operationId"],
        method=method.upper(),
        path=f"{BASE}{path}",
        summary=operation["summary"],
        about=words(operation["description"]),
        needs=" en ".join(_NEEDS[name] for name in needs) or "niets",
        parameters=[
            *(_credential(schemes[name]) for name in needs),
            *(_parameter(parameter) for parameter in operation.get("parameters", ())),
        ],
        fields=list(_fields(document, sent.get("schema", {}))),
        replies=[_reply(status, reply) for status, reply in operation["responses"].items()],
        answers=list(_fields(document, given.get("schema", {}))),
        examples=[
            *_examples("Wat u stuurt", sent),
            *_examples("Wat u terugkrijgt", given),
        ],
    )


def _credential(scheme: Document) -> Row:
    """Return the row of a header that shows who asks."""
    bearer = scheme["type"] == "http"
    return (
        code("Authorization" if bearer else scheme["name"]),
        _PLACES["header"],
        "tekst, verplicht",
        words(scheme["description"]),
        code("Bearer UW-APPSLEUTEL" if bearer else _EXAMPLE_CODE),
    )


def _parameter(parameter: Document) -> Row:
    needed = "verplicht" if parameter["required"] else "mag weg"
    about = words(_with_choices(parameter["description"], parameter["schema"]))
    return (
        code(parameter["name"]),
        _PLACES[parameter["in"]],
        f"{kind_of(parameter['schema'])}, {needed}",
        about,
        code(str(parameter["example"])),
    )


def _reply(status: str, reply: Document) -> Row:
    headers = [name for name in reply["headers"] if name != "API-Version"]
    return (
        status,
        words(reply["description"]),
        Markup(", ").join(code(name) for name in headers),
    )


def _examples(title: str, content: Document) -> Iterator[Example]:
    if "example" in content:
        yield Example(title, pretty(content["example"]))
    for example in content.get("examples", {}).values():
        yield Example(f"{title}: {example['summary'].lower()}", pretty(example["value"]))


def _fields(document: Document, schema: Document, before: str = "") -> Iterator[Row]:
    """Yield the rows of a schema, groups before their members; names are dotted paths."""
    schema = _resolved(document, schema)
    required = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        part = _resolved(document, part)
        needed = "altijd" if name in required else "mag weg"
        about = words(_with_choices(part.get("description", ""), part))
        yield code(f"{before}{name}"), f"{kind_of(part)}, {needed}", about
        yield from _fields(document, part, f"{before}{name}.")
        yield from _fields(document, part.get("items", {}), f"{before}{name}[].")


def _resolved(document: Document, schema: Document) -> Document:
    """Return what a schema refers to, or the schema itself."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def kind_of(schema: Document) -> str:
    """Return in words which values a schema takes."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    named = [_FORMATS.get(schema.get("format", ""), _TYPES[types[0]])]
    named += [_TYPES[other] for other in types[1:]]
    bounds = [
        f"{words} {schema[name]}"
        for name, words in (
            ("minimum", "vanaf"),
            ("maximum", "tot en met"),
            ("minItems", "ten minste"),
            ("maxItems", "hoogstens"),
        )
        if name in schema
    ]
    if "maxLength" in schema:
        bounds.append(f"hoogstens {schema['maxLength']} tekens")
    return ", ".join([" of ".join(named), *bounds])


def _with_choices(about: str, schema: Document) -> str:
    """Return a description with the codes that it doesn't tell itself."""
    choices = schema.get("enum") or schema.get("items", {}).get("enum") or ()
    untold = [str(choice) for choice in choices if f"`{choice}`" not in about]
    return (
        f"{about} Kies uit: {', '.join(f'`{choice}`' for choice in untold)}." if untold else about
    )


def first_command(address: str) -> str:
    """Return the command that sends the smallest report with curl."""
    headers = ("Authorization: Bearer UW-APPSLEUTEL", "Content-Type: application/json")
    lines = [f"curl -X POST {address}{BASE}/meldingen"]
    lines += [f"  -H {shlex.quote(header)}" for header in headers]
    # Between double quotes, so that the shell makes the key.
    lines.append(f'  -H "Idempotency-Key: {_NEW_KEY}"')
    lines.append(f"  -d {shlex.quote(pretty(SMALL_REPORT))}")
    return " \\\n".join(lines)


@page_view(ReferenceNode, "", NO_PERMISSION_REQUIRED, "templates/reference.jinja2")
def reference_page(context: ReferenceNode, request: Any) -> dict[str, Any]:
    """Show all calls, without asking who looks, so that a cache may keep the page."""
    settings = request.registry.app_settings
    document = openapi_document(settings.public_address, settings.contact)
    request.response.headers["Cache-Control"] = FOR_AN_HOUR
    return {
        "identity": None,
        "navigation": [],
        "crumbs": [],
        "branding": Branding(),
        "version": document["info"]["version"],
        "email": document["info"]["contact"].get("email"),
        "about": words(document["info"]["description"]),
        "document_address": f"{BASE}/openapi.json",
        "calls": calls_of(document),
        "command": first_command(settings.public_address),
        "problems": [(code(kind.code), str(kind.status), kind.title, kind.advice) for kind in Kind],
    }
