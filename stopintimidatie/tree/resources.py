"""The base of every node, and the root."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyramid.authorization import DENY_ALL, Allow, Authenticated
from pyramid.traversal import find_root

from stopintimidatie.security import Permission, holder_acl
from stopintimidatie.tree.levels import TREE_ROOTS
from stopintimidatie.tree.loader import load_lineage


class Resource:
    """A node at an address. Subclasses wrap a row; rights come from holder and state.

    `__acl__` is a method on purpose: an AttributeError in a property would be swallowed, and the
    parent's list would then apply.
    """

    __parent__: Any
    kind = ""
    label = ""

    def __init__(self, name: str | None, parent: Any, holder: str) -> None:
        self.__name__ = name
        self.__parent__ = parent
        self.holder = holder

    @property
    def title(self) -> str:
        """What the breadcrumb shows."""
        return self.label

    def __acl__(self) -> list[Any]:
        return holder_acl(self.holder)

    def __getitem__(self, name: str) -> Resource:
        raise KeyError(name)


class Branch(Resource):
    """A node with documents below it, which the one query of the request finds."""

    def __getitem__(self, name: str) -> Resource:
        """:raises KeyError: when there is no such document below this one."""
        child: Resource = load_lineage(find_root(self).request).child(self, name)
        return child


class Container(Branch):
    """A node without a row of its own, directly under the root, such as /gemeenten."""

    def __init__(self, name: str, parent: Any) -> None:
        super().__init__(name, parent, "")

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
    """The node and all above it, up to and including the root."""
    while node is not None:
        yield node
        node = node.__parent__
