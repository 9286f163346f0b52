"""Requests of data subjects: cases with a clock, letters, and what follows from them."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the tables, steps, pages and reminders of requests."""
    from stopintimidatie.privacy.requests import letters, services
    from stopintimidatie.privacy.requests.models import Ground, Identity
    from stopintimidatie.privacy.requests.personal import PERSONAL_DATA, RETENTION
    from stopintimidatie.privacy.requests.workflow import REQUEST_RULES, REQUEST_WORKFLOW

    REQUEST_RULES.declare(config)
    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
    config.add_sealed(services.SEALED)
    config.add_sealed(letters.SEALED)
    config.add_workflow(REQUEST_WORKFLOW)
    config.add_workflow_options("verzoek_identiteit", lambda session, row: Identity.choices())
    config.add_workflow_options("verzoek_grond", lambda session, row: Ground.choices())
    _add_pages(config)


def _add_pages(config: Any) -> None:
    """Register the tree, the menu item and the views."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.privacy.requests.personal import KIND
    from stopintimidatie.privacy.requests.resources import LEVELS, NAME, path_of_request, waiting

    for level in LEVELS:
        config.add_tree_level(level)
    config.add_document_kind(KIND, path_of_request, Permission.VIEW_REQUESTS)
    add_own_place(
        config,
        NAME,
        "Verzoeken",
        Permission.VIEW_REQUESTS,
        order=78,
        desk=True,
        waiting=waiting,
        answers=Permission.HANDLE_REQUESTS,
    )
    config.scan("stopintimidatie.privacy.requests.views")
