"""The report: how it comes in, what it is, how it goes through its life."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register addresses, vocabularies, personal data, workflow and search of reports."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.reports.personal import PERSONAL_DATA, RETENTION, SEALED
    from stopintimidatie.reports.resources import LEVELS
    from stopintimidatie.reports.services import path_of_report
    from stopintimidatie.reports.vocabulary import AgeGroup, Form, Language
    from stopintimidatie.reports.workflow import REPORT_WORKFLOW

    for level in LEVELS:
        config.add_tree_level(level)
    config.add_public_vocabulary("vormen", Form.choices("nl"))
    config.add_public_vocabulary("leeftijden", AgeGroup.choices("nl"))
    config.add_public_vocabulary("talen", Language.choices())
    config.add_personal_data_holder(PERSONAL_DATA)
    for kind in RETENTION:
        config.add_retention_class(kind)
    config.add_sealed(SEALED)
    config.add_document_kind("melding", path_of_report, Permission.VIEW_REPORT)
    config.add_workflow(REPORT_WORKFLOW)
    _include_search(config)


def _include_search(config: Any) -> None:
    from stopintimidatie.core.search.query import Field
    from stopintimidatie.reports import services
    from stopintimidatie.reports.vocabulary import Form
    from stopintimidatie.reports.workflow import ReportState

    services.REPORT_DOSSIERS.declare(config)
    load = services.search_loader(config.registry)
    config.add_indexable("melding", load, services.search_versions)
    config.add_search_labels("vormen", Field.FORM, dict(Form.choices()))
    config.add_search_labels("toestanden van een melding", Field.STATE, dict(ReportState.choices()))
