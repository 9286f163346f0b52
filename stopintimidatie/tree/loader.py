"""From an address to its documents: the whole path with one joined query."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from pyramid.request import RequestLocalCache
from sqlalchemy import select
from sqlalchemy.orm import aliased

from stopintimidatie.security.trail import note_stranger
from stopintimidatie.storage.tenancy import current_holder, enter
from stopintimidatie.tree.levels import Level, levels_below


@dataclass
class Lineage:
    """The rows that an address names, from the top; resources are made of them one by one."""

    found: list[tuple[Level, str, Any]]

    def child(self, parent: Any, name: str) -> Any:
        """:raises KeyError: when the address names no such document below this parent."""
        depth = getattr(parent, "depth", 0)
        if depth >= len(self.found):
            raise KeyError(name)
        level, expected, row = self.found[depth]
        if name != expected or row is None:
            raise KeyError(name)
        resource = level.factory(name, parent, row)
        resource.depth = depth + 1
        resource.level = level.kind
        return resource


def load_lineage(request: Any) -> Lineage:
    """The lineage of this request's address; asked of the database once."""
    found: Lineage = _LINEAGES.get_or_create(request)
    return found


def _load(request: Any) -> Lineage:
    if request.identity is None:
        # Visitors are sent to the sign-in page whatever the address: nothing to look for.
        return Lineage([])
    names = [segment for segment in request.path_info.split("/") if segment]
    chain = _levels(request, names[0], names[1:])
    if not chain:
        return Lineage([])
    first, name = chain[0]
    holder = first.holder(request, name) if first.holder else None
    if holder is None:
        return Lineage([])
    if holder not in request.identity.holders:
        # Not looked for, so that nobody can tell what is there; that they tried is written down.
        note_stranger(request, holder)
        return Lineage([])
    if current_holder(request.db) is None:
        enter(request.db, holder)
    return Lineage(_query(request.db, chain))


def _levels(request: Any, top: str, names: list[str]) -> list[tuple[Level, str]]:
    """Which level each name could be of, by its form alone."""
    chain: list[tuple[Level, str]] = []
    parent = top
    for name in names:
        below = levels_below(request.registry, parent)
        level = next((level for level in below if level.pattern.fullmatch(name)), None)
        if level is None:
            break
        chain.append((level, name))
        parent = level.kind
    return chain


def _query(session: Any, chain: list[tuple[Level, str]]) -> list[tuple[Level, str, Any]]:
    aliases = [_alias(level, depth) for depth, (level, _) in enumerate(chain)]
    first, name = chain[0]
    statement = select(*aliases).where(first.link(aliases[0], None, name))
    for i in range(1, len(chain)):
        level, name = chain[i]
        statement = statement.outerjoin(aliases[i], level.link(aliases[i], aliases[i - 1], name))
    row = session.execute(statement.limit(1)).first()
    if row is None:
        return []
    return [(level, name, row[i]) for i, (level, name) in enumerate(chain)]


@lru_cache(maxsize=256)
def _alias(level: Level, depth: int) -> Any:
    """Kept: there are few, and to make them took a tenth of a page's time."""
    return aliased(level.entity, name=f"level{depth}")


# By request, not in its environ: a request that is tried again keeps its environ, and the rows
# of the first attempt went with its session.
_LINEAGES: Final = RequestLocalCache(_load)
