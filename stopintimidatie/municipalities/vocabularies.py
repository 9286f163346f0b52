"""The vocabularies that settings refer to: forms of harassment, ages, languages.

They belong to reports, a higher room, which tells them here: `config.add_public_vocabulary`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Choices = list[tuple[str, str]]


def add_public_vocabulary(config: Any, name: str, choices: Iterable[tuple[str, str]]) -> None:
    """Directive: (code, Dutch label) pairs; names are `vormen`, `leeftijden` and `talen`."""
    found = list(choices)

    def register() -> None:
        config.registry.public_vocabularies[name] = found

    config.action(("public vocabulary", name), register)


def vocabulary(request: Any, name: str) -> Choices:
    """The codes with their labels."""
    found: Choices = request.registry.public_vocabularies[name]
    return found
