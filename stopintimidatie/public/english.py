"""What /melden says, in English: as plain and kind as the Dutch. Keyed by the Dutch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from stopintimidatie.public.english_words import PAGES
from stopintimidatie.reports import vocabulary
from stopintimidatie.reports.vocabulary import Term


def _terms() -> Iterable[Term]:
    kinds = vars(vocabulary).values()
    found = [k for k in kinds if isinstance(k, type) and issubclass(k, Term) and k is not Term]
    return (term for kind in found for term in kind)


# A vocabulary has its own English; what a page says itself goes before it.
ENGLISH: Final[Mapping[str, str]] = MappingProxyType(
    {**{term.public: term.en for term in _terms()}, **PAGES}
)
