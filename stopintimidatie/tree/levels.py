"""Levels of the tree: rooms register theirs, so that the loader imports nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement

from stopintimidatie.registry import Directive
from stopintimidatie.security import Permission, Role


@dataclass(frozen=True)
class Level:
    """One kind of child below a kind of parent.

    :param kind: the name of the level; also the `level` of its resources.
    :param parent: the level above, or the name of a root container.
    :param pattern: what a name of this level looks like; siblings are tried in order of
        registration, the first that matches is taken, so the most particular come first.
    :param fixed: one name and no other: tried before siblings of lower rooms, whose names may
        look the same.
    :param entity: the mapped class.
    :param link: (entity alias, parent alias or None, name) -> the condition of the join.
    :param holder: for a level directly below a container: (request, name) -> the holder, or None
        when there is no such document. Below that the holder is known.
    :param factory: (name, parent resource, row) -> resource.
    """

    kind: str
    parent: str
    pattern: re.Pattern[str]
    entity: type[Any]
    link: Callable[[Any, Any, str], ColumnElement[bool]]
    factory: Callable[[str, Any, Any], Any]
    holder: Callable[[Any, str], str | None] | None = None
    fixed: bool = False


def _level(level: Level) -> tuple[tuple[str, str], Level]:
    return (level.parent, level.kind), level


TREE_LEVELS: Final = Directive[tuple[str, str], Level]("add_tree_level", "tree_levels", _level)
# A container or service directly below the root.
TREE_ROOTS: Final = Directive[str, Callable[[str, Any], Any]]("add_tree_root", "tree_roots")


def levels_below(registry: Any, parent: str) -> list[Level]:
    """Return the levels below a parent, in the order in which a name is tried on them."""
    below = [level for level in TREE_LEVELS.of(registry).values() if level.parent == parent]
    return sorted(below, key=lambda level: not level.fixed)


# (session of the holder, id, roles there) -> whether who holds these sees this document.
SeenBy = Callable[[Any, UUID, Iterable[Role]], bool]


def _by_everybody(session: Any, document: UUID, roles: Iterable[Role]) -> bool:
    return True


@dataclass(frozen=True)
class DocumentKind:
    """How a kind of document tells its present address, and who may be told.

    :param path_of: (session of the holder, id) -> path, or None when there is no such document.
    :param seen_by: where not everybody with the permission sees each of them.
    """

    path_of: Callable[[Any, UUID], str | None]
    permission: Permission
    seen_by: SeenBy = _by_everybody


def _document_kind(kind: str, *about: Any, **more: Any) -> tuple[str, DocumentKind]:
    return kind, DocumentKind(*about, **more)


DOCUMENT_KINDS: Final = Directive[str, DocumentKind](
    "add_document_kind", "document_kinds", _document_kind
)
