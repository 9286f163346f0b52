"""Requests of data subjects: cases with a clock, letters, and what follows from them."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the tables, steps, pages and reminders of requests."""
    from stopintimidatie.core.clock import daily
    from stopintimidatie.core.tree.services import Restrictions
    from stopintimidatie.privacy.requests import documents, jobs, letters, resources, services
    from stopintimidatie.privacy.requests.forms import sentences
    from stopintimidatie.privacy.requests.models import PERSONAL_DATA, RETENTION
    from stopintimidatie.privacy.requests.rules import grounds_for, identities_of
    from stopintimidatie.privacy.requests.workflow import REQUEST_RULES, REQUEST_WORKFLOW

    REQUEST_RULES.declare(config)
    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
    config.add_sealed(services.SEALED)
    config.add_sealed(letters.SEALED)
    config.add_mail_template(jobs.MAIL)
    config.add_job_kind(jobs.EVERY_MORNING, jobs.run_every_morning, next_at=daily(jobs.MORNING))
    # Several requests of one morning are done as one job; a second run finds nothing to do.
    config.add_job_kind(jobs.OF_HOLDER, jobs.run_holder, batch=50)
    config.add_workflow(REQUEST_WORKFLOW)
    known = (resources.restricted_among, resources.binds, resources.asked, resources.bound_of)
    config.set_restrictions(Restrictions(*known, documents.grounds_to_erase))
    config.add_workflow_options(
        "verzoek_identiteit",
        lambda session, row: sentences(list(identities_of(row.asked_by, child=row.child).items())),
    )
    config.add_workflow_options(
        "verzoek_grond", lambda session, row: sentences(grounds_for(row.right))
    )
    _add_pages(config)


def _add_pages(config: Any) -> None:
    """Register the tree, the menu item and the views."""
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.privacy.requests import steps, views
    from stopintimidatie.privacy.requests.models import KIND
    from stopintimidatie.privacy.requests.resources import (
        IN_LOG,
        LEVELS,
        NAME,
        path_of_request,
        waiting,
    )
    from stopintimidatie.reports.follow.views import PANELS as VOLGEN

    for level in LEVELS:
        config.add_tree_level(level)
    config.add_log_document(IN_LOG)
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
    config.add_panel(KIND, "beperkt", steps.bound_panel, order=80)
    config.add_panel("melding", "beperkt", steps.document_panel, order=3)
    config.add_panel("ophalen_melding", "correctie", steps.pickup_panel)
    config.add_panel("dossier", "beperkt", steps.document_panel, order=3)
    config.add_panel(VOLGEN, "gegevens", views.follow_panel, order=10)
    for module in ("views", "steps"):
        config.scan(f"stopintimidatie.privacy.requests.{module}")
