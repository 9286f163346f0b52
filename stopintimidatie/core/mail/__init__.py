"""Mail: a message is a row and a job; the worker writes it and hands it to the mail server.

A room tells what it wants to say (`config.add_mail_template`) and who can be written to
(`config.add_mail_recipient`), and asks with `queue_mail`. Row and job hold ids and codes alone:
address and words are looked up when the message goes out, and are kept nowhere.
"""

from __future__ import annotations

from typing import Any

from stopintimidatie.core.mail.services import (
    Letter,
    MailRecipient,
    MailTemplate,
    Reader,
    Recipient,
    Writing,
    queue_mail,
    send_now,
)


def includeme(config: Any) -> None:
    """Declare the directives of mail, and register the job that sends it."""
    from stopintimidatie.core.jobs import Lane
    from stopintimidatie.core.mail import addresses, services
    from stopintimidatie.core.mail.delivery import Courier, Texter

    settings = config.registry.app_settings
    config.registry.courier = Courier(settings)
    config.registry.texter = Texter(settings)
    services.MAIL_TEMPLATES.declare(config)
    services.MAIL_RECIPIENTS.declare(config)
    config.add_impersonal_table("mail_message", "ids and codes; the demo alone keeps the words")
    for kind in addresses.RETENTION:
        config.add_retention_class(kind)
    for recipient in addresses.RECIPIENTS:
        config.add_mail_recipient(recipient)
    for template in addresses.TEMPLATES:
        config.add_mail_template(template)
    config.add_personal_data_holder(addresses.PERSONAL_DATA)
    config.add_sealed(addresses.SEALED)
    config.add_job_kind(services.JOB, services.send, attempts=services.ATTEMPTS, lane=Lane.OUTSIDE)
