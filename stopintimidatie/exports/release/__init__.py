"""The way of an export to a partner and back: pick-up, answer, and outstanding copies.

The page with the code is `disclosures`'; what it opens is here. Register and state of each copy are
there too: this room makes the steps.
"""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Register what this room hands to the others."""
    from stopintimidatie.exports.release import mail, services
    from stopintimidatie.exports.release.copies import watch, withdrawn
    from stopintimidatie.exports.release.views import export_panel, rectify_action
    from stopintimidatie.exports.request.jobs import JOB as WITHDRAWN_JOB
    from stopintimidatie.exports.request.jobs import MADE_JOB

    services.ANSWER_KEEPER.declare(config)
    config.add_pickup_kind(services.PICKUP)
    for holder in services.PERSONAL_DATA:
        config.add_personal_data_holder(holder)
    config.add_sealed(services.SEALED)
    config.add_mail_recipient(mail.CONTACTS_PHONE)
    for template in mail.TEMPLATES:
        config.add_mail_template(template)
    config.add_job_kind(MADE_JOB, watch)
    config.add_job_kind(WITHDRAWN_JOB, withdrawn)
    config.add_report_action("rectificatie", rectify_action, order=70)
    config.add_panel("uitvoer", "verstrekking", export_panel, order=10)
    config.scan("stopintimidatie.exports.release.views")
    config.scan("stopintimidatie.exports.release.recipient")
