"""Levels of the tree: rooms register theirs, so that the loader imports nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

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


def add_tree_level(config: Any, level: Level) -> None:
    """Directive `config.add_tree_level`."""

    def register() -> None:
        siblings = config.registry.tree_levels.setdefault(level.parent, [])
        siblings.insert(0 if level.fixed else len(siblings), level)

    config.action(("tree level", level.parent, level.kind), register)


def add_tree_root(config: Any, name: str, factory: Callable[[str, Any], Any]) -> None:
    """Directive `config.add_tree_root`: a container or service directly below the root."""

    def register() -> None:
        config.registry.tree_roots[name] = factory

    config.action(("tree root", name), register)


# (session of the holder, id, roles there) -> whether who holds these sees this document.
SeenBy = Callable[[Any, UUID, Iterable[Role]], bool]


def _by_all(session: Any, document: UUID, roles: Iterable[Role]) -> bool:
    return True


@dataclass(frozen=True)
class DocumentKind:
    """How a kind of document tells its present address, and who may be told."""

    path_of: Callable[[Any, UUID], str | None]
    permission: Permission
    seen_by: SeenBy


def add_document_kind(
    config: Any,
    kind: str,
    path_of: Callable[[Any, UUID], str | None],
    permission: Permission,
    seen_by: SeenBy = _by_all,
) -> None:
    """Directive `config.add_document_kind`: how a kind of document tells its present address.

    :param path_of: (session of the holder, id) -> path, or None when there is no such document.
    :param seen_by: where not everybody with the permission sees each of them.
    """

    def register() -> None:
        config.registry.document_kinds[kind] = DocumentKind(path_of, permission, seen_by)

    config.action(("document kind", kind), register)
