"""Messages of JSON: from a stranger's bytes to a value, and from a value to what a schema takes.

Python's own parser takes NaN, duplicate keys and numbers of any length, and recurses. Here the
size and the nesting are checked before anything is parsed, and what JSON (RFC 8259) or the
database would choke on is refused. A text with NUL or half a surrogate pair is JSON: it passes
the parser and is the schema's to name by its field; as the name of a property it is refused at
once.

A schema is a `Record` of members with a type of this room, made with ``json=True``. It names every
fault at once, by its path, and describes itself as JSON Schema.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, NoReturn

import colander

from stopintimidatie.core.forms.types import UNUSABLE, Description, Type

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20
MAX_NUMBER_LENGTH = 100
MAX_TOKENS = 20_000
MAX_SHOWN = 60

# The closing quote is optional, so that an unfinished string is read once and not once per quote.
_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
_DEPTH_STEP = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_TOO_DEEP = f"Het bericht is dieper genest dan {MAX_DEPTH} niveaus."
_TOO_MANY = "Het bericht heeft te veel onderdelen."


class JsonError(Exception):
    """Refusal of bytes that are no usable message; ``detail`` says why, to the sender."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def loads(data: bytes) -> Any:
    """Return the value of one strict JSON text.

    Raises:
        JsonError: It is anything else; nothing else is raised.
    """
    if len(data) > MAX_BYTES:
        raise JsonError("Het bericht is groter dan 1 MiB. Maak het korter.")
    if data.startswith(_BOMS):
        raise JsonError("Het bericht begint met een byte-order mark. Laat die weg.")
    _check_nesting(data)
    try:
        return _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise JsonError(
            f"Het bericht is geen geldige UTF-8 (byte {error.start}). Stuur het als UTF-8."
        ) from None
    except json.JSONDecodeError as error:
        raise JsonError(_explain(error)) from None
    except RecursionError:
        raise JsonError(_TOO_DEEP) from None


def _check_nesting(data: bytes) -> None:
    """Look at strings, brackets and commas only, and stop at the first one too many."""
    depth = 0
    for count, token in enumerate(_TOKENS.finditer(data)):
        depth += _DEPTH_STEP.get(token[0], 0)
        if depth > MAX_DEPTH:
            raise JsonError(_TOO_DEEP)
        if count > MAX_TOKENS:
            raise JsonError(_TOO_MANY)


def _explain(error: json.JSONDecodeError) -> str:
    position = f"regel {error.lineno}, teken {error.colno}"
    if error.msg.startswith("Extra data"):
        return f"Na het einde van het bericht staat nog iets ({position}). Stuur één JSON-object."
    return f"Dit is geen geldige JSON ({position})."


def _number(text: str) -> float:
    """Read a number of limited length: whole when it is written so."""
    if len(text) > MAX_NUMBER_LENGTH:
        raise JsonError(f"Er staat een getal van {len(text)} tekens in het bericht.")
    number = int(text) if text.removeprefix("-").isdigit() else float(text)
    if not math.isfinite(number):
        raise JsonError("Er staat een getal in het bericht dat te groot is.")
    return number


def _constant(text: str) -> NoReturn:
    raise JsonError(f"{text} is geen getal in JSON. Laat de eigenschap weg.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise JsonError(f"De eigenschap “{shown(twice)}” staat er meer dan eens in.")
    if any(UNUSABLE.search(name) for name in members):
        raise JsonError("De naam van een eigenschap bevat een teken dat niet bestaat.")
    return members


def is_usable(value: Any) -> bool:
    """Tell whether a value of JSON can be kept: no text in it has NUL or half a surrogate pair."""
    rest = [value]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            rest += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            rest += value
        elif isinstance(value, str) and UNUSABLE.search(value):
            return False
    return True


# One decoder for the process: it holds no state between calls.
_DECODER = json.JSONDecoder(
    parse_float=_number,
    parse_int=_number,
    parse_constant=_constant,
    object_pairs_hook=_object,
)


def shown(name: str) -> str:
    """Return a property name of the sender's in a form that is fit to be shown back."""
    safe = "".join(c if c.isprintable() else "�" for c in name)
    return safe if len(safe) <= MAX_SHOWN else safe[:MAX_SHOWN] + "…"


# The JSON Schema of a message

Path = tuple[str | int, ...]


class FieldError(NamedTuple):
    """Fault in one field: its path, and what to do about it."""

    path: Path
    message: str

    @property
    def field(self) -> str:
        """Return the path as people write it: `locatie.lat`, `vormen[0]`; empty for the message."""
        text = ""
        for part in self.path:
            text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}"
        return text.removeprefix(".")

    @property
    def pointer(self) -> str:
        """Return the path as a JSON pointer (RFC 6901)."""
        return "".join("/" + shown(str(p)).replace("~", "~0").replace("/", "~1") for p in self.path)


class Record(Type):
    """Object with exactly the members of its node; every wrong one is named, unknown ones too."""

    json = True

    def __init__(self, *, at_least_one: bool = False) -> None:
        self.at_least_one = at_least_one

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        """Return the members by name.

        Raises:
            colander.Invalid: With all that is wrong; ``partial`` has what is right.
        """
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
        """Return the JSON Schema of the type."""
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
    fault: str | None = None,
) -> dict[str, Any]:
    """Return the values that these members are, by name.

    Args:
        node: The object that they are in.
        members: Each with what was sent for it.
        fault: What is wrong with the object itself.

    Raises:
        colander.Invalid: With all that is wrong. What is right is kept on it as ``partial``, so
            that rules between fields can name their faults in the same answer.
    """
    values: dict[str, Any] = {}
    error = colander.Invalid(node, fault)
    for member, sent in members:
        try:
            value = member.deserialize(sent)
        except colander.Invalid as invalid:
            error.add(invalid)
            value = getattr(invalid, "partial", colander.drop)
        if value is not colander.drop:
            values[member.name] = value
    if error.children or fault:
        error.partial = values
        raise error
    return values


class Unknown(Type):
    """Property that doesn't exist; most of all none for who an offender is."""

    json = True

    def fit(self, value: Any) -> NoReturn:
        """Refuse it."""
        raise ValueError("Deze eigenschap bestaat niet. Laat haar weg.")


def member(
    name: str,
    typ: Type,
    about: str,
    *members: colander.SchemaNode,
    required: bool = False,
    example: Any = None,
) -> colander.SchemaNode:
    """Return a member of a record; with members of its own when it is a record too."""
    return colander.SchemaNode(
        typ,
        *members,
        name=name,
        description=about,
        missing=colander.required if required else colander.drop,
        missing_msg="Dit is verplicht. Vul het in.",
        example=example,
    )


def describe(node: colander.SchemaNode) -> Description:
    """Return the JSON Schema of a node and all that is below it."""
    described: Description = dict(node.typ.describe(node))
    about = " ".join(part for part in (node.description, described.get("description")) if part)
    if about:
        described["description"] = about
    if getattr(node, "example", None) is not None:
        described["examples"] = [node.example]
    return described


def errors_of(invalid: colander.Invalid, path: Path = ()) -> Iterator[FieldError]:
    """Yield every fault in colander's tree, with its path."""
    for message in invalid.messages():
        yield FieldError(path, str(message))
    for child in invalid.children:
        name: str | int = child.pos if child.positional else child.node.name
        yield from errors_of(child, (*path, name))
