"""Where a holder wants to be told: the address of its role, and a number for what can't wait."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from stopintimidatie.mail import Recipient
from stopintimidatie.mail.addresses import Owner, find_address
from stopintimidatie.mail.models import MailAddress

POSTBOX: Final = "postbus"
URGENT_NUMBER: Final = "spoednummer"
# Parts of the name of a mailbox that more than one person reads.
_ROLES: Final = frozenset((
    "aanpak", "apv", "balie", "bestuur", "beveiliging", "bevolking", "boa", "contact", "crisis",
    "gemeente", "handhaving", "info", "intimidatie", "ioov", "jeugd", "kcc", "klantcontact",
    "loket", "melding", "meldingen", "meldpunt", "oov", "openbareorde", "post", "postbus",
    "regie", "secretariaat", "stadhuis", "straatintimidatie", "team", "toezicht", "veiligheid",
    "vergunningen", "wijkteam",
))  # fmt: skip


def postbox_of(holder: str) -> Owner:
    return Owner(POSTBOX, holder)


def urgent_number_of(holder: str) -> Owner:
    return Owner(URGENT_NUMBER, holder)


def recipient_of(row: MailAddress | None) -> Recipient | None:
    """The address as a recipient; None when no message may go there."""
    return Recipient("adres", str(row.id)) if row is not None and row.usable else None


def postbox_recipient(session: Session, holder: str) -> Recipient | None:
    """The mailbox of the holder's role."""
    return recipient_of(find_address(session, postbox_of(holder)))


def urgent_recipient(session: Session, holder: str) -> Recipient | None:
    """The number for what can't wait outside office hours."""
    return recipient_of(find_address(session, urgent_number_of(holder)))


def is_role_address(address: str) -> bool:
    """Whether more people than one read it, by its name: oov@, meldpunt-veiligheid@, team.boa@."""
    local = address.partition("@")[0].lower()
    for sign in "-_+":
        local = local.replace(sign, ".")
    return any(part in _ROLES for part in local.split("."))
