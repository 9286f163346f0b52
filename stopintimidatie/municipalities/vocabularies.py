"""The vocabularies that settings refer to: forms of harassment, ages, languages.

They belong to reports, a higher room, which tells them here: `config.add_public_vocabulary`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from stopintimidatie.registry import Directive

Choices = list[tuple[str, str]]


def _vocabulary(name: str, choices: Iterable[tuple[str, str]]) -> tuple[str, Choices]:
    """Return (code, Dutch label) pairs; names are `vormen`, `leeftijden` and `talen`."""
    return name, list(choices)


PUBLIC_VOCABULARIES: Final = Directive[str, Choices](
    "add_public_vocabulary", "public_vocabularies", _vocabulary
)


def vocabulary(request: Any, name: str) -> Choices:
    """The codes with their labels."""
    return PUBLIC_VOCABULARIES.of(request.registry)[name]
