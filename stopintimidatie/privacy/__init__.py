"""The privacy officer's and the FG's room: the log, per municipality and per document; erasing."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.privacy import telling
    from stopintimidatie.privacy.links import erase_action, log_action, log_panel
    from stopintimidatie.security import Permission
    from stopintimidatie.web.own_places import add_own_place

    add_own_place(config, "logboek", "Logboek", Permission.VIEW_AUDIT, order=80, desk=True)
    config.add_report_action("logboek", log_action, order=90)
    config.add_panel("dossier", "logboek", log_panel, order=90)
    config.add_report_action("wissen", erase_action, order=95)
    config.add_mail_recipient(telling.RECIPIENT)
    config.add_mail_template(telling.TEMPLATE)
    config.add_job_kind(telling.JOB, telling.forget)
    config.scan("stopintimidatie.privacy.views")
    config.scan("stopintimidatie.privacy.erasure_views")
