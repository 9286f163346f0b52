"""The tree: every document has one address; what may not be seen is 404."""

from __future__ import annotations

from typing import Any

from stopintimidatie.core.storage.retention import RetentionClass, Way
from stopintimidatie.core.tree.models import Redirect, Reference
from stopintimidatie.core.tree.resources import (
    DOCUMENT_KINDS,
    OPEN_VIEWS,
    REMAINS,
    TREE_LEVELS,
    TREE_ROOTS,
    Branch,
    Container,
    Level,
    Resource,
    Root,
    lineage,
)
from stopintimidatie.core.tree.services import (
    RESTRICTIONS,
    holders_with_documents,
    is_taken,
    locate_reference,
    register_reference,
    remains_of,
    remember_address,
)


def includeme(config: Any) -> None:
    """Declare the directives of the tree, and have addresses walked by it."""
    from stopintimidatie.core.tree.resources import StrictTraverser

    config.add_impersonal_table("reference", "references and holders")
    config.add_impersonal_table("redirect", "addresses made of areas and references")
    config.add_retention_class(
        RetentionClass(
            "kenmerk",
            "Kenmerken en oude adressen van documenten",
            ("reference", "redirect"),
            Way.ALONG,
            "het document wordt vernietigd",
            until="adressen met het document, het kenmerk met de grafsteen",
            source="eigen beleid",
        )
    )
    DOCUMENT_KINDS.declare(config)
    OPEN_VIEWS.declare(config)
    REMAINS.declare(config)
    RESTRICTIONS.declare(config)
    TREE_LEVELS.declare(config)
    TREE_ROOTS.declare(config)
    config.set_root_factory(Root)
    config.add_traverser(StrictTraverser)
