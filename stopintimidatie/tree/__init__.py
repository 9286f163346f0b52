"""The tree: every document has one address, found with one query; what may not be seen is 404."""

from __future__ import annotations

from typing import Any

from stopintimidatie.tree.levels import Level, add_document_kind, add_tree_level, add_tree_root
from stopintimidatie.tree.models import Redirect, Reference
from stopintimidatie.tree.resources import Container, Resource, Root, lineage
from stopintimidatie.tree.services import (
    is_taken,
    locate_reference,
    reference_row,
    register_reference,
    remember_address,
)

__all__ = [
    "Container",
    "Level",
    "Redirect",
    "Reference",
    "Resource",
    "Root",
    "is_taken",
    "lineage",
    "locate_reference",
    "reference_row",
    "register_reference",
    "remember_address",
]


def includeme(config: Any) -> None:
    from stopintimidatie.tree.traversal import StrictTraverser

    config.add_impersonal_table("reference", "references and holders")
    config.add_impersonal_table("redirect", "addresses made of areas and references")
    config.registry.tree_levels = {}
    config.registry.tree_roots = {}
    config.registry.document_kinds = {}
    config.add_directive("add_document_kind", add_document_kind)
    config.add_directive("add_tree_level", add_tree_level)
    config.add_directive("add_tree_root", add_tree_root)
    config.set_root_factory(Root)
    config.add_traverser(StrictTraverser)
