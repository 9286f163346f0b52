"""Bytes from a stranger → a JSON value, or one clear problem; never another exception.

Python's own parser takes NaN, duplicate keys and numbers of any length, and recurses. Here the
size and the nesting are checked before anything is parsed, and what JSON (RFC 8259) or the
database would choke on is refused. A text with NUL or half a surrogate pair is JSON: it passes
here and is the schema's to name by its field; as the name of a property it is refused at once.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20
MAX_NUMBER_LENGTH = 100
MAX_TOKENS = 20_000
MAX_SHOWN = 60

# The closing quote is optional, so that an unfinished string is read once and not once per quote.
_TOKENS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
_DEPTH_STEP = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
UNUSABLE = re.compile("[\x00\ud800-\udfff]")


class JsonError(Exception):
    """Why these bytes are not a usable message, in words for the sender."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def loads(data: bytes) -> Any:
    """The value of one strict JSON text; raises JsonError and nothing else."""
    if len(data) > MAX_BYTES:
        raise JsonError("Het bericht is groter dan 1 MiB. Maak het korter.")
    if data.startswith(_BOMS):
        raise JsonError("Het bericht begint met een byte-order mark. Laat die weg.")
    _check_nesting(data)
    try:
        return _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as e:
        raise JsonError(
            f"Het bericht is geen geldige UTF-8 (byte {e.start}). Stuur het als UTF-8."
        ) from None
    except json.JSONDecodeError as e:
        raise JsonError(_explain(e)) from None
    except RecursionError:
        raise JsonError(_TOO_DEEP) from None


_TOO_DEEP = f"Het bericht is dieper genest dan {MAX_DEPTH} niveaus."
_TOO_MANY = "Het bericht heeft te veel onderdelen."


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
    place = f"regel {error.lineno}, teken {error.colno}"
    if error.msg.startswith("Extra data"):
        return f"Na het einde van het bericht staat nog iets ({place}). Stuur één JSON-object."
    return f"Het bericht is geen geldige JSON ({place})."


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


# One decoder for the process: it holds no state between calls.
_DECODER = json.JSONDecoder(
    parse_float=_number,
    parse_int=_number,
    parse_constant=_constant,
    object_pairs_hook=_object,
)


def shown(name: str) -> str:
    """A property name of the sender's, fit to be shown back."""
    safe = "".join(c if c.isprintable() else "�" for c in name)
    return safe if len(safe) <= MAX_SHOWN else safe[:MAX_SHOWN] + "…"
