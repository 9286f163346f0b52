"""Reading the audit log, its term, and the question of the FG why something was read."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the pages of the log, the links to it on documents, and the watch on its term."""
    from stopintimidatie.core.clock import daily, next_hour
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.core.security import Permission
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.privacy.log import questions
    from stopintimidatie.privacy.log.activity import activity_panel
    from stopintimidatie.privacy.log.models import PERSONAL_DATA, RETENTION
    from stopintimidatie.privacy.log.resources import LOG_DOCUMENTS, own_documents
    from stopintimidatie.privacy.log.services import ATTEMPTS, PROBLEM, WATCH, log_check, watch
    from stopintimidatie.privacy.log.views import log_action, log_panel

    LOG_DOCUMENTS.declare(config)
    for kind in own_documents():
        config.add_log_document(kind)
    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
    add_own_place(config, "logboek", "Logboek", Permission.VIEW_AUDIT, order=80, desk=True)
    for template in questions.MAILS:
        config.add_mail_template(template)
    config.add_job_kind(
        questions.EVERY_DAY,
        questions.forget_questions,
        lane=Lane.SLOW,
        next_at=daily(questions.MORNING),
    )
    config.add_report_action("logboek", log_action, order=90)
    config.add_panel("dossier", "logboek", log_panel, order=90)
    config.add_panel("account", "handelingen", activity_panel, order=90)
    config.scan("stopintimidatie.privacy.log.views")
    config.scan("stopintimidatie.privacy.log.activity")
    config.add_health_check("logboek", [PROBLEM], log_check)
    config.add_job_kind(WATCH, watch, attempts=ATTEMPTS, lane=Lane.SLOW, next_at=next_hour)
