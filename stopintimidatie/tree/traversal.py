"""A strict traverser: an address is what it says, or it isn't there. No aliases of any kind."""

from __future__ import annotations

from typing import Any

from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPNotFound
from pyramid.interfaces import ITraverser
from zope.interface import implementer

from stopintimidatie.storage.tenancy import current_holder, enter


def split_address(path: str) -> list[str]:
    """The names in a path.

    :raises HTTPNotFound: an empty name (`//`, a trailing slash), a dot name, a private name or
        a view selector: addresses that other software would quietly read as another.
    """
    if path in {"", "/"}:
        return []
    names = path.removeprefix("/").split("/")
    for name in names:
        if not name or name.startswith((".", "_", "@@")) or "\x00" in name:
            raise HTTPNotFound()
    return names


def _work_for(request: Any, holder: str) -> None:
    """The transaction of the request works for the holder of the address, if it has one.

    Only for a holder that the person works for; what others hold is refused a little later.
    """
    identity = request.identity if holder else None
    if identity is None or holder not in identity.holders:
        return
    if current_holder(request.db) is None:
        enter(request.db, holder)


@implementer(ITraverser)
class StrictTraverser:
    """Walks `__getitem__` of explicit nodes; at most one name may be left, the view's."""

    def __init__(self, root: Any) -> None:
        self.root = root

    def __call__(self, request: Any) -> dict[str, Any]:
        if request.matchdict is not None:
            # A static route: it has its own view on the root.
            subpath = request.matchdict.get("subpath", ())
            return self._answer(self.root, "", subpath, ())
        try:
            path = request.path_info
        except UnicodeDecodeError as e:
            raise URLDecodeError(e.encoding, e.object, e.start, e.end, e.reason) from e
        names = split_address(path)
        context, depth = self._walk(names)
        rest = names[depth:]
        if len(rest) > 1:
            raise HTTPNotFound()
        _work_for(request, getattr(context, "holder", ""))
        return self._answer(context, rest[0] if rest else "", (), tuple(names[:depth]))

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

    def _answer(
        self, context: Any, view_name: str, subpath: Any, traversed: tuple[str, ...]
    ) -> dict[str, Any]:
        return {
            "context": context,
            "view_name": view_name,
            "subpath": subpath,
            "traversed": traversed,
            "virtual_root": self.root,
            "virtual_root_path": (),
            "root": self.root,
        }
