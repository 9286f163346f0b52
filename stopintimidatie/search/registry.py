"""What the rooms above told search: their documents, who sees what, the words for codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.search.backend import SearchBackend, SearchDocument, Visibility
from stopintimidatie.search.grammar import Field
from stopintimidatie.security.identity import Role

Load = Callable[[Session, str, Sequence[UUID]], Iterable[SearchDocument]]
Versions = Callable[[Session, str], Iterable[tuple[UUID, int]]]


@dataclass(frozen=True)
class Indexable:
    """How search reads one kind of document.

    `load`: (session of the holder, holder, ids) -> the documents that still can be found, in any
    order; what isn't given any more is removed from the index.
    `versions`: (session of the holder, holder) -> (id, version) of all of them.
    """

    load: Load
    versions: Versions


@dataclass
class SearchRegistry:
    """`registry.search`: the engine, and what the rooms registered."""

    backend: SearchBackend
    kinds: dict[str, Indexable] = field(default_factory=dict)
    access: dict[str, frozenset[Role]] = field(default_factory=dict)
    labels: dict[Field, dict[str, str]] = field(default_factory=dict)

    def visibility(self, roles: Iterable[Role]) -> Visibility:
        """What somebody with these roles, for the holder at hand, may find."""
        held = frozenset(roles)
        return Visibility(frozenset(t for t, allowed in self.access.items() if allowed & held))

    def label(self, which: Field, code: str) -> str:
        """The word for a code; without one the code itself, readable."""
        return self.labels.get(which, {}).get(code) or code.replace("_", " ")


def add_indexable(config: Any, kind: str, load: Load, versions: Versions) -> None:
    """Directive `config.add_indexable`: one room per kind of document."""

    def register() -> None:
        config.registry.search.kinds[kind] = Indexable(load, versions)

    config.action(("indexable", kind), register)


def add_search_access(config: Any, token: str, roles: Iterable[Role]) -> None:
    """Directive `config.add_search_access`: who finds documents with this access token."""

    def register() -> None:
        config.registry.search.access[token] = frozenset(roles)

    config.action(("search access", token), register)


def add_search_labels(config: Any, name: str, which: Field, labels: Mapping[str, str]) -> None:
    """Directive `config.add_search_labels`: words for codes, in facets and in `vorm:nafluiten`.

    Several rooms may add to one field (states of reports and of dossiers); `name` tells them
    apart.
    """

    def register() -> None:
        config.registry.search.labels.setdefault(which, {}).update(labels)

    config.action(("search labels", name), register)
