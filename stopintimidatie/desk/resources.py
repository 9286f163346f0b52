"""/landelijk: the desk. Its reports lie directly below it."""

from __future__ import annotations

from typing import Any

from stopintimidatie.storage import NATIONAL
from stopintimidatie.tree import Branch


class Desk(Branch):
    """The national desk, a holder like any municipality, with its own role."""

    kind = "meldpunt"
    label = "Landelijk meldpunt"

    def __init__(self, name: str, parent: Any) -> None:
        super().__init__(name, parent, NATIONAL)
