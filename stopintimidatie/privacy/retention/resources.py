"""Nodes of the tree: /gemeenten/dordrecht/bewaartermijnen, and that of the desk.

They have no row of their own: their levels of the tree use those of municipality and holder.
"""

from __future__ import annotations

import re
from typing import Any, Final

from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.tree import Level, Resource
from stopintimidatie.municipalities.areas.models import Municipality

NAME: Final = "bewaartermijnen"


class TermsNode(Resource):
    """/gemeenten/dordrecht/bewaartermijnen: the terms of a holder, in versions."""

    kind = NAME
    label = "Bewaartermijnen"

    def __init__(self, name: str, parent: Any, row: Municipality) -> None:
        super().__init__(name, parent, row.code)
        self.owner = row.name


class DeskTerms(TermsNode):
    """/landelijk/bewaartermijnen."""

    def __init__(self, name: str, parent: Any, row: Holder) -> None:
        Resource.__init__(self, name, parent, row.code)
        self.owner = "Landelijk meldpunt"


LEVELS: Final = (
    Level(
        kind=NAME,
        parent="gemeente",
        pattern=re.compile(NAME),
        entity=Municipality,
        link=lambda row, parent, name: row.code == parent.code,
        factory=TermsNode,
        fixed=True,
    ),
    Level(
        kind=f"{NAME}_meldpunt",
        parent=NATIONAL,
        pattern=re.compile(NAME),
        entity=Holder,
        link=lambda row, _, name: row.code == NATIONAL,
        factory=DeskTerms,
        holder=NATIONAL,
        fixed=True,
    ),
)
