"""Requests for an export: asking, rules, urgency, deciding, making, withdrawing."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the personal data, jobs, mail, panel and pages of requests."""
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.core.security import Permission
    from stopintimidatie.exports.request.approval import SECOND
    from stopintimidatie.exports.request.jobs import make_exports
    from stopintimidatie.exports.request.personal import PERSONAL_DATA
    from stopintimidatie.exports.request.second import OVERDUE, watch
    from stopintimidatie.exports.request.services import JOB, WATCH
    from stopintimidatie.exports.request.views import dossier_panel, prepare_panel
    from stopintimidatie.municipalities.areas.resources import add_own_place

    config.add_personal_data_holder(PERSONAL_DATA)
    # The lease outlives the longest rendering, or a second worker would start on it as well.
    lease = config.registry.app_settings.pdf_timeout_seconds + 120
    config.add_job_kind(JOB, make_exports, lease_seconds=lease, lane=Lane.SLOW)
    config.add_panel("dossier", "uitvoer", dossier_panel, order=50)
    config.add_panel("dossier", "uitvoer-voor", prepare_panel, order=51)
    config.add_job_kind(WATCH, watch)
    config.add_mail_template(OVERDUE)
    config.add_second(SECOND)
    add_own_place(
        config,
        "uitvoer",
        "Uitvoer",
        Permission.VIEW_EXPORT,
        order=60,
        waiting=SECOND.waiting,
        answers=Permission.APPROVE_EXPORT,
    )
    for module in ("asking", "preview", "approval", "views"):
        config.scan(f"stopintimidatie.exports.request.{module}")
