"""Mail that was written, and postboxes that it goes to."""

from __future__ import annotations

from email import message_from_string
from email.policy import default

from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.addresses import set_address
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.municipalities.people.services import postbox_of
from tests.support.installation import Installation


def mails(installation: Installation, template: str) -> list[MailMessage]:
    with installation.transaction(NATIONAL) as session:
        rows = session.scalars(select(MailMessage).where(MailMessage.template == template))
        return list(rows)


def put_desk_postbox(installation: Installation) -> None:
    """Where the desk itself is told, confirmed."""
    with installation.transaction(NATIONAL) as session:
        keys = installation.registry.key_ring
        row = set_address(
            session, keys, NATIONAL, postbox_of(NATIONAL), "desk@platform.example", SYSTEM
        )
        row.verified_at = utc_now()


PASSWORD = "een lange zin die niemand kent"


def last_mail(installation: Installation, holder: str = NATIONAL) -> str:
    """The text of the newest message, as the demo keeps it."""
    installation.run_jobs()
    with installation.transaction(holder) as session:
        kept = session.scalars(
            select(MailMessage.kept)
            .where(MailMessage.kept.is_not(None))
            .order_by(MailMessage.created_at.desc())
        ).first()
    assert kept is not None
    return str(message_from_string(kept, policy=default).get_content())
