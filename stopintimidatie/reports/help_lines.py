"""Whom a reporter can ring: chosen by age and by what happened. Pure.

Published, national numbers; the order is the order of need.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stopintimidatie.reports.vocabulary import AgeGroup, Form


@dataclass(frozen=True, slots=True)
class HelpLine:
    name: str
    phone: str


EMERGENCY: Final = HelpLine("Politie (spoed)", "112")
POLICE: Final = HelpLine("Politie (geen spoed)", "0900-8844")
CHILDREN: Final = HelpLine("Kindertelefoon (tot 18 jaar, gratis en anoniem)", "0800-0432")
SEXUAL_VIOLENCE: Final = HelpLine("Centrum Seksueel Geweld (dag en nacht, gratis)", "0800-0188")
VICTIM_SUPPORT: Final = HelpLine("Slachtofferhulp Nederland", "0900-0101")

# After these the Centrum Seksueel Geweld is the right address, and the sooner the better.
_SEXUAL_VIOLENCE: Final = frozenset(
    {Form.ASSAULT, Form.GROPING, Form.EXPOSURE, Form.MASTURBATING, Form.SEXUAL_REQUEST}
)


def help_lines(age: AgeGroup | None, forms: Iterable[Form]) -> tuple[HelpLine, ...]:
    """The lines for this reporter; 112 always first."""
    lines = [EMERGENCY]
    if age is not None and age.minor:
        lines.append(CHILDREN)
    if _SEXUAL_VIOLENCE & set(forms):
        lines.append(SEXUAL_VIOLENCE)
    return (*lines, POLICE, VICTIM_SUPPORT)
