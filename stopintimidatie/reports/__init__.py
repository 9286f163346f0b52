"""The report: how it comes in, what it is, how it goes through its life."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    from stopintimidatie.reports import attachments, effects, options
    from stopintimidatie.reports.contacts import SEALED
    from stopintimidatie.reports.paths import path_of_report
    from stopintimidatie.reports.personal import PERSONAL_DATA
    from stopintimidatie.reports.resources import LEVELS
    from stopintimidatie.reports.steps import REPORT_ACTIONS
    from stopintimidatie.reports.views import add_step_views
    from stopintimidatie.reports.vocabulary import AgeGroup, Form, Language
    from stopintimidatie.security import Permission

    _add_arriving(config)
    for level in LEVELS:
        config.add_tree_level(level)
    config.add_public_vocabulary("vormen", Form.choices("nl"))
    config.add_public_vocabulary("leeftijden", AgeGroup.choices("nl"))
    config.add_public_vocabulary("talen", Language.choices())
    config.add_personal_data_holder(PERSONAL_DATA)
    _add_transfers(config)
    config.add_sealed(SEALED)
    config.add_sealed(attachments.SEALED)
    config.add_document_kind("melding", path_of_report, Permission.VIEW_REPORT)
    for name, effect in effects.EFFECTS.items():
        config.add_workflow_effect(name, effect)
    for name, offered in options.OPTIONS.items():
        config.add_workflow_options(name, offered)
    _add_searching(config)
    REPORT_ACTIONS.declare(config)
    config.scan("stopintimidatie.reports.views")
    config.scan("stopintimidatie.reports.conversation_views")
    config.scan("stopintimidatie.reports.attachment_views")
    add_step_views(config)


def _add_arriving(config: Any) -> None:
    """What happens when a report comes in and its reporter speaks, and who sends too many."""
    from stopintimidatie.reports import arrivals, conversation, reporter_mail, senders
    from stopintimidatie.reports.arriving import ARRIVED

    arrivals.ARRIVALS.declare(config)
    config.add_job_kind(ARRIVED, arrivals.arrived, batch=arrivals.TOGETHER)
    config.add_job_kind(conversation.EXPIRY_JOB, conversation.stop_waiting)
    config.add_job_kind(
        senders.FORGET_JOB, senders.forget_yesterday, next_at=senders.next_forgetting
    )
    config.add_mail_recipient(reporter_mail.RECIPIENT)
    config.add_mail_template(reporter_mail.TEMPLATE)
    config.registry.senders = senders.Senders(config.registry.engine, config.registry.app_settings)
    config.add_impersonal_table("sender_key", "a random key, for one day")
    config.add_impersonal_table("sender_hit", "hashes under a key that is thrown away daily")


def _add_searching(config: Any) -> None:
    from stopintimidatie.reports import searching
    from stopintimidatie.reports.vocabulary import Form
    from stopintimidatie.reports.workflow import STATES
    from stopintimidatie.search.grammar import Field

    searching.REPORT_DOSSIERS.declare(config)
    config.add_indexable("melding", searching.loader(config.registry), searching.versions)
    config.add_search_labels("vormen", Field.FORM, dict(Form.choices()))
    states = {state.code: state.label for state in STATES}
    config.add_search_labels("toestanden van een melding", Field.STATE, states)


def _add_transfers(config: Any) -> None:
    """Handing a report over: by the desk at once, between municipalities by offer and answer."""
    from functools import partial

    from stopintimidatie.reports import merging, offer_mail, offers, transfer
    from stopintimidatie.reports.transfer_personal import PERSONAL_DATA
    from stopintimidatie.security import Permission
    from stopintimidatie.web.own_places import add_own_place

    keys = config.registry.key_ring
    config.add_personal_data_holder(PERSONAL_DATA)
    config.add_sealed(transfer.SEALED)
    config.add_workflow_effect("melding.doorgeven", partial(transfer.hand_over, keys))
    config.add_workflow_effect("melding.samenvoegen", partial(merging.go_over, keys))
    config.add_workflow_effect("overdracht.aanbieden", partial(offers.offer, keys))
    config.add_workflow_effect("overdracht.intrekken", offers.take_back)
    config.add_workflow_effect("overdracht.geven", partial(offers.give, keys))
    config.add_job_kind(transfer.JOB, transfer.take_over)
    config.add_job_kind(offers.ANSWERED, offers.answered)
    config.add_job_kind(offer_mail.JOB, offer_mail.tell)
    config.add_mail_template(offer_mail.TEMPLATE)
    add_own_place(
        config, "overdrachten", "Overdrachten", Permission.TRIAGE, order=25, waiting=offers.waiting
    )
    config.scan("stopintimidatie.reports.offer_views")
