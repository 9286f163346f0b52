"""Holds: documents that may not be destroyed for now, each with its reason and review date."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the personal data of holds, their list in the menu, and what documents show."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.privacy.holds import views
    from stopintimidatie.privacy.holds.services import PERSONAL_DATA, RETENTION, TEMPLATE, waiting
    from stopintimidatie.reports.page.tombstone import PANELS

    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
    config.add_mail_template(TEMPLATE)
    add_own_place(
        config,
        "bevriezingen",
        "Bevriezingen",
        Permission.VIEW_RETENTION,
        order=77,
        waiting=waiting,
        # More people may freeze than are asked to decide anew.
        answers=frozenset({Permission.ASSESS_DESTRUCTION, Permission.CHECK_DESTRUCTION}),
        desk=True,
    )
    config.add_report_action("bevriezen", views.hold_action, order=92)
    config.add_panel("melding", "bevroren", views.document_panel, order=4)
    config.add_panel(PANELS, "bevroren", views.document_panel, order=4)
    config.add_panel("dossier", "bevroren", views.dossier_panel, order=88)
    config.scan("stopintimidatie.privacy.holds.views")
