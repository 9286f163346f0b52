"""/m/M-4F7K-2QX9: the short address that always leads to a report."""

from __future__ import annotations

from typing import Any

from stopintimidatie.reports.references import normalise_reference
from stopintimidatie.tree import Container, Resource


class ShortAddresses(Container):
    """/m"""

    def __getitem__(self, name: str) -> Resource:
        reference = normalise_reference(name)
        if reference is None:
            raise KeyError(name)
        return ShortAddress(name, self, reference)


class ShortAddress(Container):
    """A reference as somebody typed it; it tells nothing about whether the report exists."""

    def __init__(self, name: str, parent: Any, reference: str) -> None:
        super().__init__(name, parent)
        self.reference = reference

    def __getitem__(self, name: str) -> Resource:
        raise KeyError(name)
