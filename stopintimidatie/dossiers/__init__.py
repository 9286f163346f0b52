"""The dossier: reports brought together to do something about them, until it is done."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register addresses, panel, workflow, search labels and menu item of dossiers."""
    from stopintimidatie.core.search.query import Field
    from stopintimidatie.core.security import Permission
    from stopintimidatie.dossiers.pages import report_panel
    from stopintimidatie.dossiers.resources import LEVELS, path_of_dossier, seen_by
    from stopintimidatie.dossiers.workflow import DOSSIER_WORKFLOW, DossierState
    from stopintimidatie.municipalities.areas.resources import add_own_place

    for level in LEVELS:
        config.add_tree_level(level)
    config.add_panel("melding", "dossiers", report_panel, order=20)
    config.add_impersonal_table("dossier_counter", "a number per year")
    config.add_document_kind("dossier", path_of_dossier, Permission.VIEW_DOSSIER, seen_by)
    config.add_workflow(DOSSIER_WORKFLOW)
    config.add_search_labels(
        "toestanden van een dossier", Field.STATE, dict(DossierState.choices())
    )
    add_own_place(config, "dossiers", "Dossiers", Permission.VIEW_DOSSIER, order=30)
    config.scan("stopintimidatie.dossiers.pages")
