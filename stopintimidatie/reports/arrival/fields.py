"""Strict field types: one object both checks a value and describes itself as JSON Schema.

Colander's own types are kind to strings ("51.8", "1_000", NaN and naive times all pass). These are
for JSON, where a type means what it says. Every type has `describe()`, from which the OpenAPI
document is made, so that what is promised and what is checked can't drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import colander
import phonenumbers

from stopintimidatie.core.text import Term, checked_address, composed
from stopintimidatie.reports.arrival.strict_json import UNUSABLE, shown

Path = tuple[str | int, ...]
Description = dict[str, Any]

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
GRACE = timedelta(minutes=5)


class FieldError(NamedTuple):
    """One wrong field: where it stands and what to do about it."""

    path: Path
    message: str

    @property
    def field(self) -> str:
        """`locatie.lat`, `vormen[0]`; empty for the message itself."""
        text = ""
        for part in self.path:
            text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}"
        return text.removeprefix(".")

    @property
    def pointer(self) -> str:
        """The JSON pointer (RFC 6901)."""
        return "".join("/" + shown(str(p)).replace("~", "~0").replace("/", "~1") for p in self.path)


class Type(colander.SchemaType):
    """A field type that can describe itself. `check` returns the value or raises ValueError."""

    def describe(self, node: colander.SchemaNode) -> Description:
        raise NotImplementedError

    def check(self, value: Any) -> Any:
        raise NotImplementedError

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        if cstruct is colander.null:
            return colander.null
        try:
            return self.check(cstruct)
        except ValueError as e:
            raise colander.Invalid(node, str(e)) from None


class Record(Type):
    """An object with exactly these properties; every wrong one is named, unknown ones too."""

    def __init__(self, at_least_one: bool = False) -> None:
        self.at_least_one = at_least_one

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        if cstruct is colander.null:
            return colander.null
        if not isinstance(cstruct, dict):
            raise colander.Invalid(node, "Hier hoort een object te staan.")
        empty = "Vul ten minste één eigenschap in, of laat het object weg."
        fault = empty if self.at_least_one and not cstruct else None
        members = [(child, cstruct.get(child.name, colander.null)) for child in node.children]
        unknown = cstruct.keys() - {child.name for child in node.children}
        members += [(colander.SchemaNode(Unknown(), name=name), cstruct[name]) for name in unknown]
        return collect(node, members, fault)

    def describe(self, node: colander.SchemaNode) -> Description:
        required = [child.name for child in node.children if child.required]
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {child.name: describe(child) for child in node.children},
            **({"required": required} if required else {}),
            **({"minProperties": 1} if self.at_least_one else {}),
        }


def collect(
    node: colander.SchemaNode,
    members: Iterable[tuple[colander.SchemaNode, Any]],
    fault: str | None,
) -> dict[str, Any]:
    """Deserialize every member; what is right so far is kept on the error for the rules."""
    result: dict[str, Any] = {}
    error = colander.Invalid(node, fault)
    for child, value in members:
        try:
            found = child.deserialize(value)
        except colander.Invalid as e:
            error.add(e)
            found = getattr(e, "partial", colander.drop)
        if found is not colander.drop:
            result[child.name] = found
    if error.children or fault:
        error.partial = result
        raise error
    return result


class Unknown(Type):
    """A property that doesn't exist; most of all none for who an offender is."""

    def check(self, value: Any) -> Any:
        raise ValueError("Deze eigenschap bestaat niet. Laat haar weg.")


class ListOf(Type):
    """A list of different values of one kind (the node's only child)."""

    def __init__(self, most: int, least: int = 0) -> None:
        self.most = most
        self.least = least

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        if cstruct is colander.null:
            return colander.null
        if not isinstance(cstruct, list):
            raise colander.Invalid(node, "Hier hoort een lijst te staan.")
        if len(cstruct) < self.least:
            raise colander.Invalid(node, "Kies er ten minste één.")
        if len(cstruct) > self.most:
            raise colander.Invalid(node, f"Kies er hoogstens {self.most}.")
        result = []
        error = colander.Invalid(node)
        for position, item in enumerate(cstruct):
            try:
                result.append(node.children[0].deserialize(item))
            except colander.Invalid as e:
                e.pos, e.positional = position, True
                error.add(e)
        if error.children:
            raise error
        if len(set(result)) < len(result):
            raise colander.Invalid(node, "Noem elke waarde maar één keer.")
        return tuple(result)

    def describe(self, node: colander.SchemaNode) -> Description:
        return {
            "type": "array",
            "uniqueItems": True,
            "items": describe(node.children[0]),
            "minItems": self.least,
            "maxItems": self.most,
        }


class Code(Type):
    """One code of a closed vocabulary."""

    def __init__(self, vocabulary: type[Term]) -> None:
        self.terms = {term.value: term for term in vocabulary}

    def check(self, value: Any) -> Term:
        if isinstance(value, str) and value in self.terms:
            return self.terms[value]
        raise ValueError(f"Kies een van: {', '.join(self.terms)}.")

    def describe(self, node: colander.SchemaNode) -> Description:
        meanings = "; ".join(f"`{code}`: {term.public}" for code, term in self.terms.items())
        return {"type": "string", "enum": list(self.terms), "description": f"{meanings}."}


class Flag(Type):
    """true or false; with `nullable` also null, for "that I don't know"."""

    def __init__(self, nullable: bool = False) -> None:
        self.nullable = nullable

    def check(self, value: Any) -> bool | None:
        if isinstance(value, bool) or (value is None and self.nullable):
            return value
        raise ValueError("Hier hoort true of false te staan, zonder aanhalingstekens.")

    def describe(self, node: colander.SchemaNode) -> Description:
        return {"type": ["boolean", "null"] if self.nullable else "boolean"}


class Number(Type):
    """A JSON number between two bounds."""

    def __init__(self, least: float, most: float) -> None:
        self.least = least
        self.most = most

    def check(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("Hier hoort een getal te staan, zonder aanhalingstekens.")
        if not self.least <= value <= self.most:
            raise ValueError(f"Dit getal ligt niet tussen {self.least} en {self.most}.")
        return float(value)

    def describe(self, node: colander.SchemaNode) -> Description:
        return {"type": "number", "minimum": self.least, "maximum": self.most}


class Whole(Number):
    """A whole number; 25.0 is one, as in JSON Schema."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__(least, most)

    def check(self, value: Any) -> int:
        number = super().check(value)
        if number != int(number):
            raise ValueError("Hier hoort een geheel getal te staan.")
        return int(number)

    def describe(self, node: colander.SchemaNode) -> Description:
        return {**super().describe(node), "type": "integer"}


NO_NUL = r"^[^\u0000]*$"
# Characters that nobody can type; our own forms refuse them too.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


class Text(Type):
    """Field for free text; stored as NFC, without control characters and surrounding blanks.

    Blank counts as absent. Text is at most `most` characters, before and after normalising.
    """

    def __init__(self, most: int, pattern: str | None = None, hint: str = "") -> None:
        self.most = most
        self.pattern = pattern
        self.hint = hint

    def check(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError("Hier hoort een tekst te staan, tussen aanhalingstekens.")
        if UNUSABLE.search(value):
            raise ValueError("Deze tekst bevat een teken dat niet bestaat (NUL of een half teken).")
        clean = composed(_CONTROLS.sub("", value)).strip()
        if max(len(value), len(clean)) > self.most:
            raise ValueError(f"Deze tekst is langer dan {self.most} tekens. Maak haar korter.")
        if self.pattern and clean and not re.fullmatch(self.pattern, clean):
            raise ValueError(self.hint)
        return clean or colander.null

    def describe(self, node: colander.SchemaNode) -> Description:
        pattern = f"^({self.pattern})?$" if self.pattern else NO_NUL
        return {"type": "string", "maxLength": self.most, "pattern": pattern}


class Email(Text):
    """A well-formed address, its name in ASCII; whether it exists is not looked up."""

    def __init__(self) -> None:
        super().__init__(254)

    def check(self, value: Any) -> Any:
        clean = super().check(value)
        if clean is colander.null:
            return clean
        try:
            return checked_address(clean).normalized
        except ValueError:
            raise ValueError(
                "Dit is geen e-mailadres. Schrijf het als naam@voorbeeld.nl, met alleen gewone"
                " letters en cijfers voor het apenstaartje."
            ) from None

    def describe(self, node: colander.SchemaNode) -> Description:
        return {**super().describe(node), "format": "email"}


class Phone(Text):
    """A telephone number that can exist, Dutch unless it starts with +; kept as E.164."""

    def __init__(self) -> None:
        super().__init__(30, r"[0-9+(][0-9 ()./-]*", _NOT_A_PHONE)

    def check(self, value: Any) -> Any:
        clean = super().check(value)
        if clean is colander.null:
            return clean
        try:
            number = phonenumbers.parse(clean, "NL")
        except phonenumbers.NumberParseException:
            raise ValueError(self.hint) from None
        if not phonenumbers.is_valid_number(number):
            raise ValueError(self.hint)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_NOT_A_PHONE = (
    "Dit is geen telefoonnummer. Schrijf het als 06 12345678, of uit het buitenland als +32 …"
)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


class Moment(Type):
    """A date-time with zone (RFC 3339), not before 2000; returned in UTC."""

    def check(self, value: Any) -> datetime:
        match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ValueError(
                "Hier hoort een datum en tijd met zone te staan, zoals 2026-11-20T22:40:00+01:00."
            )
        date, time, fraction, zone = match.groups()
        fraction = (fraction or ".0")[:7]
        try:
            moment = datetime.fromisoformat(f"{date}T{time}{fraction}{zone.upper()}")
        except ValueError:
            raise ValueError("Deze datum of tijd bestaat niet.") from None
        if moment < EARLIEST:
            raise ValueError("Dit is te lang geleden: wij nemen meldingen aan vanaf het jaar 2000.")
        if moment.year == datetime.max.year:
            raise ValueError("Deze datum of tijd bestaat niet.")
        return moment.astimezone(UTC)

    def describe(self, node: colander.SchemaNode) -> Description:
        return {"type": "string", "format": "date-time"}


def field(
    name: str,
    kind: Type,
    about: str,
    *children: colander.SchemaNode,
    required: bool = False,
    example: Any = None,
) -> colander.SchemaNode:
    """One property of the message."""
    missing = colander.required if required else colander.drop
    return colander.SchemaNode(
        kind,
        *children,
        name=name,
        description=about,
        missing=missing,
        missing_msg="Dit is verplicht. Vul het in.",
        example=example,
    )


def describe(node: colander.SchemaNode) -> Description:
    """The JSON Schema of a node and all that is below it."""
    described: Description = dict(node.typ.describe(node))
    about = " ".join(part for part in (node.description, described.get("description")) if part)
    if about:
        described["description"] = about
    if getattr(node, "example", None) is not None:
        described["examples"] = [node.example]
    return described


def errors_of(invalid: colander.Invalid, path: Path = ()) -> Iterator[FieldError]:
    """Every fault in colander's tree, with its path."""
    for message in invalid.messages():
        yield FieldError(path, str(message))
    for child in invalid.children:
        name: str | int = child.pos if child.positional else child.node.name
        yield from errors_of(child, (*path, name))


Check = Callable[[dict[str, Any], datetime], Iterator[FieldError]]
