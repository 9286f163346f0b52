"""Names that no document may have, because a page has them."""

from __future__ import annotations

from typing import Any

from stopintimidatie.tree.levels import TREE_ROOTS


def reserved_names(config: Any) -> frozenset[str]:
    """The names of all views and of everything directly below the root."""
    views = config.introspector.get_category("views") or ()
    names = {entry["introspectable"]["name"] for entry in views}
    return frozenset(names | set(TREE_ROOTS.of(config.registry))) - {""}
