"""Message of a report: what is checked and what OpenAPI promises, from `reports.fields`.

`validate` names every wrong field at once, or returns the `Submission` that
`reports.arrival.services.receive` takes. A rule between fields stands here with its check, its
words and, where JSON Schema can say it, its schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import colander

from stopintimidatie.core import forms
from stopintimidatie.core.forms.messages import FieldError, Record, collect, describe, member
from stopintimidatie.core.forms.quantities import CLOCK_SKEW
from stopintimidatie.core.forms.types import NO_NUL, Description, Type
from stopintimidatie.core.text import _
from stopintimidatie.municipalities.areas.facts import BOXES, Box, inside_netherlands
from stopintimidatie.municipalities.settings.vocabulary import LONGEST_ANSWER, MOST_CHOICES
from stopintimidatie.reports import vocabulary as reports_vocabulary
from stopintimidatie.reports.fields import (
    BY_NAME,
    GROUPS,
    Facts,
    Field,
    Submission,
    columns_of,
)
from stopintimidatie.reports.vocabulary import AgeGroup

Check = Callable[[dict[str, Any], datetime], Iterator[FieldError]]

# Answers to a municipality's own questions, as a field of the message: by their form alone.
#
# The question must be one of the place's municipality, and the answer one of its choices. That is
# checked when the place is known: `municipalities.settings.queries.faults_of`.

QUESTION_NAME: Final = "^vraag[0-9a-f]{6}$"
NOT_AN_ADDRESS: Final = (
    "Dit is geen e-mailadres. Schrijf het als naam@voorbeeld.nl, met alleen gewone letters en"
    " cijfers voor het apenstaartje."
)
NOT_A_PHONE: Final = (
    "Dit is geen telefoonnummer. Schrijf het als 06 12345678, of uit het buitenland als +32 …"
)


class OwnAnswers(Type):
    """Answers by the name of their question; which question it is, only its municipality knows."""

    json = True
    most = 40

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        """Check each answer by its form, and name every wrong one."""
        if cstruct is colander.null:
            return cstruct
        if not isinstance(cstruct, dict):
            raise colander.Invalid(node, "Hier hoort een object te staan.")
        if len(cstruct) > self.most:
            raise colander.Invalid(node, f"Geef hoogstens {self.most} antwoorden.")
        return collect(
            node,
            ((colander.SchemaNode(OwnAnswer(), name=name), cstruct[name]) for name in cstruct),
        )

    def describe(self, node: colander.SchemaNode) -> Description:
        """Return the JSON Schema of the type."""
        return {
            "type": "object",
            "maxProperties": self.most,
            "propertyNames": {"pattern": QUESTION_NAME},
            "additionalProperties": True,
        }


class OwnAnswer(Type):
    """Answer to an own question, by its form alone."""

    json = True

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        """Return the answer: true, false, a text, a list of codes, or None."""
        if not re.fullmatch(QUESTION_NAME.strip("^$"), node.name, re.ASCII):
            raise colander.Invalid(node, "Deze vraag bestaat niet. Laat haar weg.")
        if cstruct is None or isinstance(cstruct, bool):
            return cstruct
        parts = cstruct if isinstance(cstruct, list) else [cstruct]
        text = forms.Text(LONGEST_ANSWER, json=True)
        if len(parts) > MOST_CHOICES:
            raise colander.Invalid(node, f"Kies er hoogstens {MOST_CHOICES}.")
        texts = [text.deserialize(node, part) for part in parts]
        kept = [part for part in texts if part is not colander.null]
        return kept if isinstance(cstruct, list) else (kept[0] if kept else None)


def _message() -> colander.SchemaNode:
    """Make the schema of the message, from the fields that were declared."""
    nodes = {"": member("", Record(), "Een melding van straatintimidatie.")}
    for declared in BY_NAME.values():
        way, _, name = declared.name.rpartition(".")
        facts, typ = declared.facts, _type_in_json(declared)
        _node(nodes, way).add(
            member(name, typ, facts.about, required=declared.required, example=facts.example)
        )
    return nodes[""]


def _node(nodes: dict[str, colander.SchemaNode], way: str) -> colander.SchemaNode:
    """Return the object of the message that this leads to, made when its first field comes."""
    if way not in nodes:
        above, _, name = way.rpartition(".")
        group = GROUPS[way]
        record = Record(at_least_one=group.not_empty)
        nodes[way] = member(name, record, group.about, required=group.required)
        _node(nodes, above).add(nodes[way])
    return nodes[way]


def _type_in_json(declared: Field) -> Type:
    """Return what checks and describes a field of the message."""
    if declared.name == "antwoorden":
        return OwnAnswers()
    if declared.vocabulary is None:
        return _PLAIN[declared.facts.like or declared.kind](declared.facts, True)
    choices = [(term, term.public) for term in declared.vocabulary]
    if declared.several:
        return forms.ManyOf(choices, least=int(declared.required), json=True)
    return forms.OneOf(choices, json=True)


# By what a field is, what reads it: of JSON or of a form.
_PLAIN: Final[Mapping[Any, Callable[[Facts, bool], Type]]] = {
    "telefoon": lambda facts, json: forms.Phone(facts.most, hint=NOT_A_PHONE, json=json),
    "email": lambda facts, json: forms.Email(facts.most, hint=NOT_AN_ADDRESS, json=json),
    str: lambda facts, json: forms.Text(facts.most, json=json),
    bool: lambda facts, json: forms.Flag(nullable=facts.unknown, json=json),
    int: lambda facts, json: forms.Integer(facts.least, facts.most, json=json),
    float: lambda facts, json: forms.Decimal(facts.least, facts.most, json=json),
    datetime: lambda facts, json: forms.Moment(json=json),
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
        if name in message and message[name] > now + CLOCK_SKEW:
            yield FieldError((name,), "Dit ligt in de toekomst. Kijk de datum en de tijdzone na.")
    start, end = message.get("incidentVan"), message.get("incidentTot")
    if start and end and end < start:
        yield FieldError(("incidentTot",), "Dit ligt voor incidentVan. Draai ze om.")


def _somewhere(message: Message, now: datetime) -> Iterator[FieldError]:
    place = message.get("locatie")
    if place is None:
        return
    for given, other in (("lat", "lon"), ("lon", "lat")):
        if given in place and other not in place:
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
_NEEDED = {
    reports_vocabulary.ContactWish.CALL: "telefoon",
    reports_vocabulary.ContactWish.MAIL: "email",
}
# A text with at least one character that is no blank and no control character.
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
    """Rule between fields: how it is checked, and how JSON Schema says it (if it can)."""

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
    """Return the JSON Schema of the message: its fields, each by itself."""
    described = describe(MESSAGE)
    described["description"] += " " + " ".join(rule.about for rule in RULES)
    return described


# Beside the message too: of several types at once, generators make a class that holds nothing.
_OWN_ANSWER: Description = {
    "type": ["boolean", "null", "string", "array"],
    "maxLength": LONGEST_ANSWER,
    "pattern": NO_NUL,
    "maxItems": MOST_CHOICES,
    "items": {"type": "string"},
}


def rules_schema() -> Description:
    """Return what JSON Schema can say of the rules between fields, to hold beside the message."""
    answers = {"properties": {"antwoorden": {"additionalProperties": _OWN_ANSWER}}}
    return {"allOf": [answers, *(schema for rule in RULES for schema in rule.schemas)]}


# The same fields, as a form asks them in its own words.


def ask(
    name: str,
    title: str,
    *,
    public: bool = False,
    radio: bool = False,
    lines: bool = False,
    kind: Callable[..., forms.Text] = forms.Text,
    choices: Sequence[tuple[str, str]] | None = None,
    under: str | None = None,
    **more: Any,
) -> colander.SchemaNode:
    """Make the node of a form that asks for a field of the report.

    Args:
        name: Way of the field in the message; `answers_by_field` finds by it what was filled
            in.
        title: Words of the question.
        public: Whether it is asked in the words for a reporter, else in those for an officer.
        radio: Whether all choices are in sight.
        lines: Whether a text has more than one line.
        kind: Type that reads a text, given how long it may be.
        choices: Codes with their labels, when these are other than all that the field takes.
        under: Name on the form, when that isn't the last part of `name`.
        **more: The rest as of `forms.field`.
    """
    declared = BY_NAME[name]
    if declared.vocabulary is not None and choices is None:
        choices = declared.vocabulary.choices("nl" if public else None)
    if declared.kind is not bool and not declared.required:
        more.setdefault("missing", () if declared.several else None)
    typ: Type
    if choices is not None:
        several = declared.several
        typ = forms.ManyOf(choices) if several else forms.OneOf(choices, radio=radio)
    elif declared.kind is str:
        if public:
            draw = forms.TextArea if lines else forms.TextInput
            more.setdefault("widget", draw(autocomplete="off"))
        typ = kind(declared.facts.most, lines=lines)
    else:
        typ = _PLAIN[declared.kind](declared.facts, False)
    return forms.field(typ, title, name=under or declared.way[-1], asks=name, **more)


# The drawing of questions that a child under 16 isn't asked: below the question for the age.
FROM_16: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "missing": None,
        "drawn": forms.Opened(
            _("Delen"),
            ("", *(age.value for age in AgeGroup if AgeGroup.may_consent(age.value))),
        ),
    }
)


def require_wishes(
    error: colander.Invalid, age: str | None, said: Mapping[str, Any], names: Sequence[str]
) -> None:
    """Note an error for each wish to share without an answer, of who is asked for it."""
    for name in names:
        if said[name] is None and AgeGroup.may_consent(age):
            error[name] = "Required"


def columns_kept(given: Submission) -> dict[str, Any]:
    """Return the columns of a submission, with no wish to share of somebody under 16.

    Whatever was sent: nobody may ask a child.
    """
    asked = AgeGroup.may_consent(given.reporter_age_group)
    unasked = {"share_with_police": False, "share_with_partners": False}
    return columns_of(given) | ({} if asked else unasked)


def fields_of(schema: colander.SchemaNode) -> dict[str, str]:
    """Return part and name (`part.name`) for each field of the message that a form asks."""
    return {
        node.asks: f"{part.name}.{node.name}"
        for part in schema
        for node in part
        if hasattr(node, "asks")
    }


def answers_by_field(asked_at: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was filled in, by its way in the message; nothing for what was left open.

    A choice of *ja* and *nee* is true or false.
    """
    answers = {}
    for name, asked_as in asked_at.items():
        part, _, own_name = asked_as.partition(".")
        value = values[part].get(own_name)
        if value not in (None, "", ()):
            choice = BY_NAME[name].kind is bool and isinstance(value, str)
            answers[name] = value == "ja" if choice else value
    return answers
