"""The English of /melden, and of what /melden and /volgen share, by the Dutch sentence.

It stands in `english.json`, for a translator to read and change: keep it as plain and kind as the
Dutch. A vocabulary has English for who works with it; the choices in the file are for who lived
through it, and go before it. What only /volgen says is in `english.json` of `reports/follow`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from stopintimidatie.core.text import Term
from stopintimidatie.reports import vocabulary as reports_vocabulary


def read_english(package: str) -> dict[str, str]:
    """Return the sentences of `english.json` of a package, by the Dutch, without its groups."""
    text = (files(package) / "english.json").read_text(encoding="utf-8")
    groups: dict[str, dict[str, str]] = json.loads(text)
    return {dutch: english for group in groups.values() for dutch, english in group.items()}


def _terms() -> Iterable[Term]:
    values = vars(reports_vocabulary).values()
    kinds = [k for k in values if isinstance(k, type) and issubclass(k, Term) and k is not Term]
    return (term for kind in kinds for term in kind)


ENGLISH: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{term.public: term.en for term in _terms()},
        **read_english("stopintimidatie.reports.public"),
    }
)
