"""What a reporter adds to a report: declared once, for the check and for OpenAPI."""

from __future__ import annotations

from typing import Any, Final

import colander

from stopintimidatie.intake.fields import Record, Text, errors_of, field
from stopintimidatie.intake.problems import Kind, ProblemError
from stopintimidatie.intake.strict_json import JsonError, loads
from stopintimidatie.reports.reporter import LONGEST_TEXT

MOST_ERRORS: Final = 100
# One character at least that is neither blank nor a control character; and no NUL.
SAYS_SOMETHING: Final = (
    r"^[^\u0000]*[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
    r"[^\u0000]*$"
)


class FilledText(Text):
    """A text that says something."""

    def check(self, value: Any) -> Any:
        clean = super().check(value)
        if clean is colander.null:
            raise ValueError("Schrijf hier wat u wilt zeggen.")
        return clean

    def describe(self, node: Any) -> dict[str, Any]:
        return {**super().describe(node), "minLength": 1, "pattern": SAYS_SOMETHING}


ADDITION: Final = field(
    "aanvulling",
    Record(),
    "Wat de melder toevoegt of antwoordt.",
    field(
        "tekst",
        FilledText(LONGEST_TEXT),
        "In eigen woorden, zonder namen van anderen.",
        required=True,
        example="Het was bij de halte aan de kant van het station.",
    ),
)


def read_addition(body: bytes) -> str:
    """The text.

    :raises ProblemError: not JSON, or not an addition; with every wrong field.
    """
    try:
        return str(ADDITION.deserialize(loads(body))["tekst"])
    except JsonError as error:
        raise ProblemError(Kind.BODY, error.detail) from None
    except colander.Invalid as invalid:
        errors = tuple(errors_of(invalid))
        raise ProblemError(Kind.FIELDS, errors=errors[:MOST_ERRORS]) from None
