"""The message of a report: what is checked and what OpenAPI promises, from `reports.fields`.

`validate` names every wrong field at once, or returns the `Submission` that `reports.receive()`
takes. A rule between fields stands here with its check, its words and, where JSON Schema can say
it, its schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import colander

from stopintimidatie.intake.fields import (
    GRACE,
    Check,
    Code,
    Description,
    Email,
    FieldError,
    Flag,
    ListOf,
    Moment,
    Number,
    Path,
    Phone,
    Record,
    Text,
    Type,
    Whole,
    describe,
    errors_of,
    field,
)
from stopintimidatie.intake.own_answers import OwnAnswers
from stopintimidatie.register.boxes import BOXES, Box, inside_netherlands
from stopintimidatie.reports import vocabulary as words
from stopintimidatie.reports.fields import (
    BY_NAME,
    GROUPS,
    Field,
    Submission,
    Told,
    submission_of,
)

MOST_ERRORS = 100


def _message() -> colander.SchemaNode:
    """The message, from the fields that were declared."""
    nodes = {"": field("", Record(), "Een melding van straatintimidatie.")}
    for one in BY_NAME.values():
        way, _, name = one.name.rpartition(".")
        told = one.told
        _node(nodes, way).add(
            field(
                name,
                _kind(one),
                told.about,
                *_item(one),
                required=one.required,
                example=told.example,
            )
        )
    return nodes[""]


def _node(nodes: dict[str, colander.SchemaNode], way: str) -> colander.SchemaNode:
    """The object of the message that this leads to, made when its first field comes."""
    if way not in nodes:
        above, _, name = way.rpartition(".")
        group = GROUPS[way]
        record = Record(at_least_one=group.not_empty)
        nodes[way] = field(name, record, group.about, required=group.required)
        _node(nodes, above).add(nodes[way])
    return nodes[way]


def _kind(one: Field) -> Type:
    """How a field of the message is checked and described."""
    told = one.told
    if one.name == "antwoorden":
        return OwnAnswers()
    if one.vocabulary is None:
        return _PLAIN[told.like or one.kind](told)
    if one.several:
        return ListOf(most=len(one.vocabulary), least=int(one.required))
    return Code(one.vocabulary)


def _item(one: Field) -> list[colander.SchemaNode]:
    return [field("", Code(one.vocabulary), "")] if one.several and one.vocabulary else []


_PLAIN: Mapping[Any, Callable[[Told], Type]] = {
    "telefoon": lambda told: Phone(),
    "email": lambda told: Email(),
    str: lambda told: Text(told.most),
    bool: lambda told: Flag(nullable=told.unknown),
    int: lambda told: Whole(told.least, told.most),
    float: lambda told: Number(told.least, told.most),
    datetime: lambda told: Moment(),
}
MESSAGE = _message()
LAT, LON = MESSAGE["locatie"]["lat"], MESSAGE["locatie"]["lon"]

Message = dict[str, Any]


def _anonymous_without_contact(message: Message, now: datetime) -> Iterator[FieldError]:
    if message.get("anoniem") is True:
        for name in _CONTACT:
            if name in message.get("melder", {}):
                yield FieldError(
                    ("melder", name),
                    "Bij een anonieme melding horen geen naam en contactgegevens. "
                    "Laat dit weg, of zet anoniem op false.",
                )


def _reachable(message: Message, now: datetime) -> Iterator[FieldError]:
    needed = _NEEDED.get(message.get("contactGewenst", ""))
    if needed and message.get("anoniem") is True:
        yield FieldError(("contactGewenst",), "Dit kan niet anoniem. Kies via_app of nee.")
    elif needed and needed not in message.get("melder", {}):
        yield FieldError(
            ("melder", needed), f"Vul {needed} in, want de melder wil daarmee bereikt worden."
        )


def _order_of_times(message: Message, now: datetime) -> Iterator[FieldError]:
    for name in ("incidentVan", "incidentTot"):
        if name in message and message[name] > now + GRACE:
            yield FieldError((name,), "Dit ligt in de toekomst. Kijk de datum en de tijdzone na.")
    start, end = message.get("incidentVan"), message.get("incidentTot")
    if start and end and end < start:
        yield FieldError(("incidentTot",), "Dit ligt voor incidentVan. Draai ze om.")


def _somewhere(message: Message, now: datetime) -> Iterator[FieldError]:
    place = message.get("locatie")
    if place is None:
        return
    for one, other in (("lat", "lon"), ("lon", "lat")):
        if one in place and other not in place:
            yield FieldError(("locatie", other), f"Geef lat en lon samen: {other} ontbreekt.")
    if not {"lat", "lon"} & place.keys() and not _described(place):
        yield FieldError(
            ("locatie",), "Geef een punt (lat en lon), een adres, ov of een omschrijving."
        )


def _described(place: dict[str, Any]) -> bool:
    return any(place.get(name) for name in ("adres", "ov", "omschrijving"))


def _point_in_the_netherlands(message: Message, now: datetime) -> Iterator[FieldError]:
    place = message.get("locatie", {})
    lat, lon = place.get("lat"), place.get("lon")
    if lat is not None and lon is not None and not inside_netherlands(lat, lon):
        for name in ("lat", "lon"):
            yield FieldError(
                ("locatie", name),
                "Dit punt ligt niet in Nederland. Kijk na of lat en lon niet omgedraaid zijn.",
            )


_CONTACT = ("naam", "telefoon", "email")
_NEEDED = {words.ContactWish.CALL: "telefoon", words.ContactWish.MAIL: "email"}
# What is left of a text when blanks and control characters go.
_NOT_BLANK = {"type": "string", "pattern": r"[^\s\u0000-\u001f\u007f-\u009f]"}


def _if_contact_wish(code: str, needed: str) -> Description:
    return {
        "if": {"properties": {"contactGewenst": {"const": code}}, "required": ["contactGewenst"]},
        "then": {
            "required": ["melder"],
            "properties": {"melder": {"required": [needed], "properties": {needed: _NOT_BLANK}}},
        },
    }


_IF_ANONYMOUS: Description = {
    "if": {"properties": {"anoniem": {"const": True}}, "required": ["anoniem"]},
    "then": {"properties": {"melder": {"properties": dict.fromkeys(_CONTACT, False)}}},
}


def _any_text_of(node: colander.SchemaNode) -> Description:
    return {
        "anyOf": [
            {"required": [child.name], "properties": {child.name: _NOT_BLANK}}
            for child in node.children
        ]
    }


def _inside(box: Box) -> Description:
    return {
        "properties": {
            "lat": {"minimum": box.south, "maximum": box.north},
            "lon": {"minimum": box.west, "maximum": box.east},
        }
    }


_PLACE: Description = {
    "dependentRequired": {"lat": ["lon"], "lon": ["lat"]},
    "anyOf": [
        {"required": ["lat", "lon"]},
        {"required": ["adres"], "properties": {"adres": _any_text_of(MESSAGE["locatie"]["adres"])}},
        {"required": ["ov"], "properties": {"ov": _any_text_of(MESSAGE["locatie"]["ov"])}},
        {"required": ["omschrijving"], "properties": {"omschrijving": _NOT_BLANK}},
    ],
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule between fields: how it is checked, and how JSON Schema says it (if it can)."""

    about: str
    check: Check
    schemas: tuple[Description, ...] = ()


RULES = (
    Rule("Anoniem is zonder contactgegevens.", _anonymous_without_contact, (_IF_ANONYMOUS,)),
    Rule(
        "`bellen` vraagt `melder.telefoon`, `mailen` vraagt `melder.email`.",
        _reachable,
        tuple(_if_contact_wish(code.value, needed) for code, needed in _NEEDED.items()),
    ),
    Rule(
        "Tijden liggen niet in de toekomst (vijf minuten speling), `incidentTot` niet voor "
        "`incidentVan`.",
        _order_of_times,
    ),
    Rule(
        "`locatie` heeft `lat` en `lon`, of `adres`, of `ov`, of ten minste `omschrijving`.",
        _somewhere,
        ({"properties": {"locatie": _PLACE}},),
    ),
    Rule(
        "Een punt ligt in of rond Europees of Caribisch Nederland.",
        _point_in_the_netherlands,
        ({"properties": {"locatie": {"anyOf": [_inside(box) for box in BOXES]}}},),
    ),
)


def message_schema() -> Description:
    """The JSON Schema of the message, rules included."""
    described = describe(MESSAGE)
    described["description"] += " " + " ".join(rule.about for rule in RULES)
    described["allOf"] = [schema for rule in RULES for schema in rule.schemas]
    return described


class InvalidMessageError(Exception):
    """The message can't be taken; `errors` names every wrong field."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(f"{len(errors)} wrong fields")
        self.errors = errors


def validate(value: Any, now: datetime) -> Submission:
    """The submission that this JSON value is, or InvalidMessageError with all that is wrong."""
    message, errors = _check(value)
    for rule in RULES:
        errors += [e for e in rule.check(message, now) if not _named(e.path, errors)]
    if errors:
        raise InvalidMessageError(sorted(errors, key=_reading_order)[:MOST_ERRORS])
    return _submission(message)


def _check(value: Any) -> tuple[Message, list[FieldError]]:
    try:
        return MESSAGE.deserialize(value), []
    except colander.Invalid as invalid:
        return getattr(invalid, "partial", {}), list(errors_of(invalid))


def _named(path: Path, errors: list[FieldError]) -> bool:
    """Whether this place, or something inside it, has been named already."""
    return any(e.path[: len(path)] == path for e in errors)


_ORDER = {child.name: position for position, child in enumerate(MESSAGE.children)}


def _reading_order(error: FieldError) -> tuple[int, str]:
    first = error.path[0] if error.path else ""
    return _ORDER.get(str(first), len(_ORDER)), error.pointer


def _submission(message: Message) -> Submission:
    found = ((one.attribute, _found(message, one)) for one in BY_NAME.values())
    return submission_of({way: value for way, value in found if value is not colander.drop})


def _found(message: Message, one: Field) -> Any:
    """What the message says of a field; `colander.drop` when that is nothing."""
    part: Any = message
    for name in one.way:
        part = part.get(name, colander.drop)
        if part is colander.drop:
            return part
    return tuple(part.items()) if isinstance(part, dict) else part
