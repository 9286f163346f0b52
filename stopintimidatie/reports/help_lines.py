"""Whom a reporter can ring where no municipality is at hand: chosen by age and what happened. Pure.

With a municipality at hand: `municipalities.published.Published.help_for`, of which this is part.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from stopintimidatie.municipalities.published import HelpLine, Published
from stopintimidatie.reports.vocabulary import AgeGroup, Form, gravest_first

__all__ = ["EMERGENCY", "HelpLine", "help_lines"]

_EVERYWHERE: Final = Published(None)
EMERGENCY: Final = _EVERYWHERE.help_lines("nl")[0]


def help_lines(
    age: AgeGroup | None, forms: Iterable[Form], language: str = "nl"
) -> tuple[HelpLine, ...]:
    """The house's lines for this reporter; 112 always first."""
    spoken = _EVERYWHERE.language(language)
    return _EVERYWHERE.help_for(spoken, age, gravest_first(forms))
