"""How far each municipality takes part, how it looks, and what it answers a reporter."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.municipalities import agreements_mail, agreements_personal, proposal_mail
    from stopintimidatie.municipalities.agreements import END_JOB
    from stopintimidatie.municipalities.level_plans import FELL, LEVEL_JOB, begin_planned
    from stopintimidatie.municipalities.levels import LEVEL_CONDITIONS, LEVEL_EFFECTS, LevelRules
    from stopintimidatie.municipalities.postbox_views import postbox_panel
    from stopintimidatie.municipalities.resources import LEVELS, Municipalities
    from stopintimidatie.municipalities.vocabularies import PUBLIC_VOCABULARIES
    from stopintimidatie.municipalities.worker_views import users_panel
    from stopintimidatie.security import Permission
    from stopintimidatie.web.own_places import add_own_place

    LEVEL_CONDITIONS.declare(config)
    LEVEL_EFFECTS.declare(config)
    rules = LevelRules(LEVEL_CONDITIONS.of(config.registry), LEVEL_EFFECTS.of(config.registry))
    config.registry.level_rules = rules
    config.add_impersonal_table("municipality_profile", "level, look and words, all public")
    config.add_impersonal_table("municipality_level", "levels and dates, all public")
    config.add_impersonal_table("municipality_setting", "what every reporter reads")
    config.add_impersonal_table("municipality_question", "what every reporter may be asked")
    config.add_impersonal_table("municipality_logo", "logos, public")
    config.add_impersonal_table("mail_domain", "domains of municipalities, public")
    PUBLIC_VOCABULARIES.declare(config)
    config.add_tree_root("gemeenten", Municipalities)
    for level in LEVELS:
        config.add_tree_level(level)
    config.add_personal_data_holder(agreements_personal.PERSONAL_DATA)
    config.add_sealed(agreements_personal.SEALED)
    config.add_mail_template(agreements_mail.ENDS)
    for template in (proposal_mail.LINK, proposal_mail.OFFERED, proposal_mail.CONFIRM):
        config.add_mail_template(template)
    config.add_mail_recipient(proposal_mail.LINK_RECIPIENT)
    config.add_mail_recipient(proposal_mail.OFFER_RECIPIENT)
    config.add_job_kind(proposal_mail.INVITE_JOB, proposal_mail.send_invitations)
    config.add_job_kind(proposal_mail.TELL_JOB, proposal_mail.tell_other_side)
    config.add_panel("beheer", "gebruikers", users_panel, order=90)
    config.add_panel("beheer", "berichten", postbox_panel, order=91)
    config.add_mail_template(FELL)
    config.add_job_kind(END_JOB, agreements_mail.ending)
    config.add_job_kind(LEVEL_JOB, begin_planned)
    add_own_place(config, "beheer", "Beheer", Permission.EDIT_SETTINGS, order=80, desk=True)
    config.scan("stopintimidatie.municipalities")
