"""The report: how it comes in, what it is, how it goes through its life."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.reports import effects, options, searching
    from stopintimidatie.reports.paths import path_of_report
    from stopintimidatie.reports.personal import PERSONAL_DATA
    from stopintimidatie.reports.resources import LEVELS
    from stopintimidatie.reports.steps import add_report_action
    from stopintimidatie.reports.views import add_step_views
    from stopintimidatie.reports.vocabulary import Form
    from stopintimidatie.reports.workflow import STATES
    from stopintimidatie.search.grammar import Field
    from stopintimidatie.security import Permission

    for level in LEVELS:
        config.add_tree_level(level)
    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_document_kind("melding", path_of_report, Permission.VIEW_REPORT)
    for name, effect in effects.EFFECTS.items():
        config.add_workflow_effect(name, effect)
    for name, offered in options.OPTIONS.items():
        config.add_workflow_options(name, offered)
    finders = config.registry.setdefault(searching.DOSSIERS_KEY, [])
    config.add_directive("add_report_dossiers", searching.add_report_dossiers)
    config.add_indexable("melding", searching.loader(finders), searching.versions)
    config.add_search_labels("vormen", Field.FORM, dict(Form.choices()))
    states = {state.code: state.label for state in STATES}
    config.add_search_labels("toestanden van een melding", Field.STATE, states)
    config.add_directive("add_report_action", add_report_action)
    config.scan("stopintimidatie.reports.views")
    add_step_views(config)
