"""Fields of a long form that are only asked with a choice, or stand behind a heading.

Nothing but how they are drawn: names and values are as in a flat form. It works without script:
`Opened` by a rule of the style sheet, `Folded` by HTML's own `details`. What holds a mistake, or
an answer, is drawn open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import colander

# Most groups that one field can open; the style sheet has rules for this many.
MOST_OPENED: Final = 2


@dataclass(frozen=True, slots=True)
class Opened:
    """A group shown only for certain answers to the field before it: codes, or `ja` for a tick.

    Two of these may follow each other, for different answers to the same field.
    """

    title: str
    by: tuple[str, ...] = ("ja",)


@dataclass(frozen=True, slots=True)
class Folded:
    """Behind a heading that opens, for what most people leave out."""

    title: str


@dataclass(slots=True)
class Run:
    """Fields after each other that are drawn together; without `way` each for itself."""

    way: Opened | Folded | None
    fields: list[Any] = field(default_factory=list)

    @property
    def opens(self) -> bool:
        return isinstance(self.way, Opened)

    @property
    def open(self) -> bool:
        """Whether something in it must be seen."""
        return any(must_be_seen(one) for one in self.fields)


def runs(parent: Any) -> list[Run]:
    """The fields below this one, as they are drawn."""
    found: list[Run] = []
    for child in parent.children:
        way = getattr(child.schema, "drawn", None)
        if not found or found[-1].way != way:
            found.append(Run(way))
        found[-1].fields.append(child)
    return found


def asked_with_choice(one: Any) -> bool:
    """Such a field isn't optional to a reader: with that choice it is needed, as the room says."""
    opened = isinstance(getattr(one.schema, "drawn", None), Opened)
    return opened or bool(getattr(one.schema, "needed_sometimes", False))


def must_be_seen(one: Any) -> bool:
    """A mistake here or below, or an answer."""
    return bool(one.error) or _answered(one) or any(must_be_seen(below) for below in one.children)


def _answered(one: Any) -> bool:
    return not one.children and one.cstruct not in (colander.null, None, "", ())


def mark_openers(parents: Iterable[Any]) -> None:
    """Tell each field which of its answers open the first and the second group after it."""
    for parent in parents:
        before: Any = None
        number = 0
        for run in runs(parent):
            if isinstance(run.way, Opened):
                number += 1
                if before is None or number > MOST_OPENED:
                    raise TypeError(f"nothing opens {run.fields[0].name!r}")
                before.widget.opening = {
                    **before.widget.opening,
                    **dict.fromkeys(run.way.by, number),
                }
            else:
                before, number = run.fields[-1] if run.way is None else None, 0
