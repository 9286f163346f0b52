"""What the rooms above told search: their documents, who sees what, the words for codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.registry import Directive
from stopintimidatie.search.backend import SearchBackend, SearchDocument, Visibility
from stopintimidatie.search.grammar import Field
from stopintimidatie.security.identity import Role

Load = Callable[[Session, str, Sequence[UUID]], Iterable[SearchDocument]]
Versions = Callable[[Session, str], Iterable[tuple[UUID, int]]]
Labels = tuple[Field, Mapping[str, str]]


@dataclass(frozen=True)
class Indexable:
    """How search reads one kind of document.

    `load`: (session of the holder, holder, ids) -> the documents that still can be found, in any
    order; what isn't given any more is removed from the index.
    `versions`: (session of the holder, holder) -> (id, version) of all of them.
    """

    load: Load
    versions: Versions


def _indexable(kind: str, load: Load, versions: Versions) -> tuple[str, Indexable]:
    return kind, Indexable(load, versions)


def _access(token: str, roles: Iterable[Role]) -> tuple[str, frozenset[Role]]:
    """Return who finds documents with this access token."""
    return token, frozenset(roles)


def _labels(name: str, which: Field, labels: Mapping[str, str]) -> tuple[str, Labels]:
    """Return words for codes, in facets and in `vorm:nafluiten`.

    Several rooms may add to one field (states of reports and of dossiers); `name` tells them
    apart.
    """
    return name, (which, labels)


INDEXABLES: Final = Directive[str, Indexable]("add_indexable", "indexables", _indexable)
SEARCH_ACCESS: Final = Directive[str, frozenset[Role]](
    "add_search_access", "search_access", _access
)
SEARCH_LABELS: Final = Directive[str, Labels]("add_search_labels", "search_labels", _labels)


@dataclass
class SearchRegistry:
    """`registry.search`: the engine, and what the rooms registered."""

    backend: SearchBackend
    kinds: Mapping[str, Indexable]
    access: Mapping[str, frozenset[Role]]
    labels: Mapping[str, Labels]

    def visibility(self, roles: Iterable[Role]) -> Visibility:
        """What somebody with these roles, for the holder at hand, may find."""
        held = frozenset(roles)
        return Visibility(frozenset(t for t, allowed in self.access.items() if allowed & held))

    def label(self, which: Field, code: str) -> str:
        """The word for a code; without one the code itself, readable."""
        return self.words().get(which, {}).get(code) or code.replace("_", " ")

    def words(self) -> dict[Field, dict[str, str]]:
        """Return the words for the codes of each field."""
        found: dict[Field, dict[str, str]] = {}
        for which, words in self.labels.values():
            found.setdefault(which, {}).update(words)
        return found


def search_of(registry: Any, backend: SearchBackend) -> SearchRegistry:
    """Return search with what the rooms hand in."""
    handed_in = INDEXABLES.of(registry), SEARCH_ACCESS.of(registry), SEARCH_LABELS.of(registry)
    return SearchRegistry(backend, *handed_in)
