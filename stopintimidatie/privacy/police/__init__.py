"""Police data: a compartment of its own, for the persons named for it."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register the tables of the compartment, its list in the menu, and the sections on pages."""
    from stopintimidatie.core.clock import daily
    from stopintimidatie.core.security import Permission, Role
    from stopintimidatie.municipalities.areas.resources import add_own_place
    from stopintimidatie.privacy.police import mail, marking, views
    from stopintimidatie.privacy.police.personal import (
        LOG_RETENTION,
        PERSONAL_DATA,
        RETENTION,
        SEALED,
    )
    from stopintimidatie.privacy.police.resources import (
        LEVELS,
        NAME,
        PoliceList,
        path_of_own_report,
        waiting,
    )
    from stopintimidatie.privacy.police.services import KEEPER, RULES
    from stopintimidatie.privacy.police.switch import may_give_role
    from stopintimidatie.privacy.requests.jobs import MORNING
    from stopintimidatie.reports.page.tombstone import PANELS

    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_retention_class(RETENTION)
    config.add_retention_class(LOG_RETENTION)
    for sealed in SEALED:
        config.add_sealed(sealed)
    for level in LEVELS:
        config.add_tree_level(level)
    config.add_remains(NAME, path_of_own_report)
    config.set_answer_keeper(KEEPER)
    config.add_role_condition(Role.POLICE_DATA, may_give_role)
    config.add_mail_template(mail.WAITS)
    config.add_job_kind(mail.EVERY_MORNING, mail.run_every_morning, next_at=daily(MORNING))
    add_own_place(config, NAME, PoliceList.label, Permission.POLICE_DATA, order=66, waiting=waiting)
    for page in ("melding", PANELS, "dossier"):
        config.add_panel(page, NAME, views.document_panel, order=86)
    config.add_report_action(NAME, marking.mark_action, order=93)
    config.add_panel("dossier", "van-de-politie", marking.mark_panel, order=89)
    for rule in RULES:
        config.add_request_rule(rule)
    config.scan("stopintimidatie.privacy.police.marking")
    config.scan("stopintimidatie.privacy.police.switch")
    config.scan("stopintimidatie.privacy.police.views")
