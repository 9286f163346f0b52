"""The dossier: reports brought together to do something about them, until it is done."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.dossiers import effects, files, options, reminders, searching
    from stopintimidatie.dossiers.access import STRICT_ROLES, seen_by
    from stopintimidatie.dossiers.items import neighbourhood_panel
    from stopintimidatie.dossiers.menu import new_dossier_action
    from stopintimidatie.dossiers.naming_views import report_panel
    from stopintimidatie.dossiers.paths import path_of_dossier
    from stopintimidatie.dossiers.personal import PERSONAL_DATA, TABLED
    from stopintimidatie.dossiers.resources import LEVELS
    from stopintimidatie.dossiers.tabling import VAULT
    from stopintimidatie.dossiers.workflow import DOSSIER_WORKFLOW
    from stopintimidatie.reports.steps import NEW_DOSSIER
    from stopintimidatie.search.grammar import Field
    from stopintimidatie.security import Permission
    from stopintimidatie.web.own_places import add_own_place

    for level in LEVELS:
        config.add_tree_level(level)
    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_personal_data_holder(TABLED)
    config.add_sealed(VAULT.sealed)
    config.add_sealed(files.SEALED)
    config.add_panel("melding", "dossiers", report_panel, order=20)
    config.add_job_kind(reminders.JOB, reminders.remind)
    config.add_mail_template(reminders.TEMPLATE)
    config.add_mail_recipient(reminders.RECIPIENT)
    config.add_impersonal_table("dossier_counter", "a number per year")
    config.add_document_kind("dossier", path_of_dossier, Permission.VIEW_DOSSIER, seen_by)
    for name, effect in effects.EFFECTS.items():
        config.add_workflow_effect(name, effect)
    for name, offered in options.OPTIONS.items():
        config.add_workflow_options(name, offered)
    config.add_workflow(DOSSIER_WORKFLOW)
    config.add_indexable("dossier", searching.load, searching.versions)
    config.add_report_dossiers(searching.numbers_of)
    config.add_search_access(searching.STRICT_ACCESS, STRICT_ROLES)
    states = {state.code: state.label for state in DOSSIER_WORKFLOW.states}
    config.add_search_labels("toestanden van een dossier", Field.STATE, states)
    add_own_place(config, "dossiers", "Dossiers", Permission.VIEW_DOSSIER, order=30)
    config.add_report_action(NEW_DOSSIER, new_dossier_action, order=60)
    config.add_panel("wijk", "dossiers", neighbourhood_panel, order=10)
    config.scan("stopintimidatie.dossiers")
