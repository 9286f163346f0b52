"""A municipality chosen from a list in which it may stand under two names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from stopintimidatie.register.called import listed
from stopintimidatie.register.models import Municipality
from stopintimidatie.web import forms

# Two lines of a list may not have one value: then both would be the chosen one.
_MARK: Final = "~"


class Town(forms.OneOf):
    """The code of a municipality, also when chosen by its everyday name."""

    def __init__(self, municipalities: Iterable[Municipality]) -> None:
        super().__init__(
            (
                f"{row.municipality.code}{_MARK}{row.key}" if row.also else row.municipality.code,
                row.label,
            )
            for row in listed(municipalities)
        )

    def read(self, node: Any, text: str) -> Any:
        return str(super().read(node, text)).partition(_MARK)[0]
