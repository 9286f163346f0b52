"""The tree: from an address to its documents, strictly.

Rooms register their levels of the tree, so that nothing here imports a room.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Any, Final
from uuid import UUID

from pyramid.authorization import DENY_ALL, Allow, Authenticated
from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPNotFound
from pyramid.interfaces import ITraverser
from pyramid.request import RequestLocalCache
from pyramid.traversal import find_root
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased
from zope.interface import implementer

from stopintimidatie.core.registry import Directive, keyed_as
from stopintimidatie.core.security import Permission, Role, holder_acl
from stopintimidatie.core.security.policy import note_stranger
from stopintimidatie.core.storage.tenancy import OPEN_TABLES, current_holder, enter

# Levels


@dataclass(frozen=True)
class Level:
    """One kind of child below a kind of parent.

    Args:
        kind: the name of the level; also the `level` of its resources.
        parent: the level above, or the name of a root container.
        pattern: what a name of this level looks like; siblings are tried in order of registration,
            the first that matches is taken, so the most particular come first.
        fixed: one name and no other: tried before siblings of lower rooms, whose names may look the
            same.
        entity: the mapped class.
        link: (entity alias, parent alias or None, name) -> the condition of the join.
        holder: for a level directly below a container: the holder of all of it; None when the row
            is of an area and its `code` is the holder. Below that the holder is known.
        factory: (name, parent resource, row) -> resource.
    """

    kind: str
    parent: str
    pattern: re.Pattern[str]
    entity: type[Any]
    link: Callable[[Any, Any, str], ColumnElement[bool]]
    factory: Callable[[str, Any, Any], Any]
    holder: str | None = None
    fixed: bool = False


def _level(level: Level) -> tuple[tuple[str, str], Level]:
    return (level.parent, level.kind), level


TREE_LEVELS: Final = Directive[tuple[str, str], Level]("add_tree_level", "tree_levels", _level)
# A container or service directly below the root.
TREE_ROOTS: Final = Directive[str, Callable[[str, Any], Any]]("add_tree_root", "tree_roots")
# Names of views on an area that strangers may ask for; any area is found for these.
OPEN_VIEWS: Final = Directive[str, str]("add_open_view", "open_views", lambda name: (name, name))


def levels_below(registry: Any, parent: str) -> list[Level]:
    """Return the levels below a parent, in the order in which a name is tried on them."""
    below = [level for level in TREE_LEVELS.of(registry).values() if level.parent == parent]
    return sorted(below, key=lambda level: not level.fixed)


# (session of the holder, id, roles there) -> whether who holds these sees this document.
SeenBy = Callable[[Any, UUID, Iterable[Role]], bool]


@dataclass(frozen=True)
class DocumentKind:
    """Kind of document: how it tells its present address, and who may be told.

    Args:
        path_of: (session of the holder, id) -> path, or None when there is no such document.
        seen_by: where not everybody with the permission sees each of them.
    """

    path_of: Callable[[Any, UUID], str | None]
    permission: Permission
    seen_by: SeenBy = lambda *_: True


DOCUMENT_KINDS: Final = Directive[str, DocumentKind](
    "add_document_kind", "document_kinds", keyed_as(DocumentKind)
)

# (engine, who asks, the text that was typed, holders) -> the address of what one of these holders
# tells about a document that is gone; None when nothing is known, or nothing may be told.
RemainsFinder = Callable[[Any, Any, str, Sequence[str]], str | None]
REMAINS: Final = Directive[str, RemainsFinder]("add_remains", "remains")


# The whole path with one joined query; a document of a holder takes one more, to know the holder.


@dataclass
class Lineage:
    """The rows that an address names, from the top; resources are made of them one by one."""

    rows: list[tuple[Level, str, Any]]

    def child(self, parent: Any, name: str) -> Any:
        """Return the node below this one.

        Raises:
            KeyError: there is no such document below this one.
        """
        depth = getattr(parent, "depth", 0)
        if depth >= len(self.rows):
            raise KeyError(name)
        level, expected, row = self.rows[depth]
        if name != expected or row is None:
            raise KeyError(name)
        resource = level.factory(name, parent, row)
        resource.depth = depth + 1
        resource.level = level.kind
        return resource


def load_lineage(request: Any) -> Lineage:
    """Return the lineage of this request's address; asked of the database once."""
    lineage: Lineage = _LINEAGES.get_or_create(request)
    return lineage


def _load(request: Any) -> Lineage:
    names = [segment for segment in request.path_info.split("/") if segment]
    if names[2:] and names[2] in OPEN_VIEWS.of(request.registry):
        area = _levels(request, names[0], names[1:2])
        known = area and area[0][0].entity.__tablename__ in OPEN_TABLES
        return Lineage(_query(request.db, area) if known else [])
    if request.identity is None:
        # Visitors are sent to the sign-in page whatever the address: nothing to look for.
        return Lineage([])
    chain = _levels(request, names[0], names[1:])
    if not chain:
        return Lineage([])
    holder, rows = chain[0][0].holder, []
    if holder is None:
        rows = _from_area(request, chain)
        if not rows:
            return Lineage([])
        holder = str(rows[0][2].code)
    if holder not in request.identity.holders:
        # Not looked for, so that nobody can tell what is there; that they tried is written down.
        note_stranger(request, holder)
        return Lineage([])
    if current_holder(request.db) is None:
        enter(request.db, holder)
    return Lineage(rows if len(rows) == len(chain) else _query(request.db, chain))


def _from_area(request: Any, chain: list[tuple[Level, str]]) -> list[tuple[Level, str, Any]]:
    """Return the rows of an address that begins with an area, as far as those can be read now.

    Areas can be read before the holder is known. Who works for one holder sees no rows of others,
    so for them the whole address can be read at once.
    """
    if len(request.identity.holders) == 1 and current_holder(request.db) is None:
        enter(request.db, request.identity.holders[0])
        return _query(request.db, chain)
    begin = takewhile(lambda step: step[0].entity.__tablename__ in OPEN_TABLES, chain)
    return _query(request.db, list(begin))


def _levels(request: Any, top: str, names: list[str]) -> list[tuple[Level, str]]:
    """Return which level each name could be of, by its form alone."""
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
    """Return an alias of a table; kept, for making one took a tenth of a page's time."""
    return aliased(level.entity, name=f"level{depth}")


# By request, not in its environ: a request that is tried again keeps its environ, and the rows
# of the first attempt went with its session.
_LINEAGES: Final = RequestLocalCache(_load)


class Resource:
    """A node at an address. Subclasses wrap a row; rights come from holder and state.

    `__acl__` is a method on purpose: an AttributeError in a property would be swallowed, and the
    parent's list would then apply.
    """

    __parent__: Any
    kind = ""
    label = ""
    document_id: UUID | None = None  # of its row, for the log

    def __init__(self, name: str | None, parent: Any, holder: str = "") -> None:
        self.__name__ = name
        self.__parent__ = parent
        self.holder = holder

    @property
    def title(self) -> str:
        """The text in the breadcrumb."""
        return self.label

    def __acl__(self) -> list[Any]:
        return holder_acl(self.holder)

    def __getitem__(self, name: str) -> Resource:
        raise KeyError(name)


class Branch(Resource):
    """A node with documents below it, which the lineage of the request finds."""

    def __getitem__(self, name: str) -> Resource:
        """Return the node below this one.

        Raises:
            KeyError: there is no such document below this one.
        """
        child: Resource = load_lineage(find_root(self).request).child(self, name)
        return child


class Container(Branch):
    """A node without a row of its own, directly under the root, such as /gemeenten."""

    def __acl__(self) -> list[Any]:
        return [(Allow, Authenticated, Permission.SIGNED_IN), DENY_ALL]


class Root:
    """The root of an address. It learns from the request which documents the address names."""

    __name__ = None
    __parent__ = None
    title = "Start"

    def __init__(self, request: Any) -> None:
        self.request = request

    def __acl__(self) -> list[Any]:
        return [(Allow, Authenticated, Permission.SIGNED_IN), DENY_ALL]

    def __getitem__(self, name: str) -> Any:
        return TREE_ROOTS.of(self.request.registry)[name](name, self)


def lineage(node: Any) -> Iterator[Any]:
    """Yield the node and all above it, up to and including the root."""
    while node is not None:
        yield node
        node = node.__parent__


# An address is what it says, or it isn't there: no aliases of any kind.


# The folder of RFC 8615: addresses that programs know beforehand.
WELL_KNOWN: Final = ".well-known"


def split_address(path: str) -> list[str]:
    """Return the names in a path.

    Raises:
        HTTPNotFound: an empty name (`//`, a trailing slash), a dot name (but for RFC 8615's at the
            top), a private name or a view selector: addresses that other software would quietly
            read as another.
    """
    if path in {"", "/"}:
        return []
    names = path.removeprefix("/").split("/")
    for name in names[1:] if names[0] == WELL_KNOWN else names:
        if not name or name.startswith((".", "_", "@@")) or "\x00" in name:
            raise HTTPNotFound()
    return names


def _work_for(request: Any, holder: str) -> None:
    """Let the transaction of the request work for the holder of the address.

    Only for a holder that the person works for; what others hold is refused a little later.
    """
    identity = request.identity
    if identity is None or holder not in identity.holders:
        return
    if current_holder(request.db) is None:
        enter(request.db, holder)
    request.registry.notify(AtWork(request, holder))


@dataclass(frozen=True)
class AtWork:
    """Event: the request reached an address below a holder that its sender works for."""

    request: Any
    holder: str


@implementer(ITraverser)
class StrictTraverser:
    """Walks `__getitem__` of explicit nodes; at most one name may be left, the view's."""

    def __init__(self, root: Any) -> None:
        self.root = root

    def __call__(self, request: Any) -> dict[str, Any]:
        """Walk the path of a request, and return what Pyramid wants to know of it."""
        traversal = {
            "context": self.root,
            "view_name": "",
            "subpath": (),
            "traversed": (),
            "virtual_root": self.root,
            "virtual_root_path": (),
            "root": self.root,
        }
        if request.matchdict is not None:
            # A static route: it has its own view on the root.
            return {**traversal, "subpath": request.matchdict.get("subpath", ())}
        try:
            path = request.path_info
        except UnicodeDecodeError as e:
            raise URLDecodeError(e.encoding, e.object, e.start, e.end, e.reason) from e
        names = split_address(path)
        context, depth = self._walk(names)
        rest = names[depth:]
        if len(rest) > 1:
            raise HTTPNotFound()
        if holder := getattr(context, "holder", ""):
            _work_for(request, holder)
        traversal.update(context=context, traversed=tuple(names[:depth]))
        return {**traversal, "view_name": rest[0] if rest else ""}

    def _walk(self, names: list[str]) -> tuple[Any, int]:
        context = self.root
        for depth, name in enumerate(names):
            getitem = getattr(context, "__getitem__", None)
            try:
                if getitem is None:
                    return context, depth
                context = getitem(name)
            except KeyError:
                return context, depth
        return context, len(names)
