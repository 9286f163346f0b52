"""Jobs and messages about agreements: the end that comes near, and the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from stopintimidatie.jobs import JobContext
from stopintimidatie.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.municipalities.agreements import reached_end
from stopintimidatie.municipalities.agreements_models import ForwardingAgreement
from stopintimidatie.municipalities.postbox import postbox_recipient
from stopintimidatie.register.models import Municipality
from stopintimidatie.storage.tenancy import NATIONAL


def ending(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: an agreement that still counts ends soon, or has ended."""
    for payload in payloads:
        with context.transaction() as session:
            row = session.get(ForwardingAgreement, UUID(payload["afspraak"]))
            if row is None or row.ended_at is not None:
                continue
            if payload["stap"] == "einde":
                reached_end(context, row, session)
                continue
            desk = postbox_recipient(session, NATIONAL)
            if desk is not None:
                key = f"{ENDS.name}:{row.id}"
                queue_mail(session, NATIONAL, ENDS.name, desk, about=row.id, key=key)


def _which(writing: Writing) -> Letter | None:
    row = writing.session.get(ForwardingAgreement, writing.message.about_id)
    if row is None or row.ended_at is not None:
        return None
    town = writing.session.get_one(Municipality, row.municipality_code)
    return Letter({"gemeente": town.name, "pad": f"/{NATIONAL}/{town.slug}"})


ENDS: Final = MailTemplate(
    "afspraak_loopt_af",
    "Een doorgifteafspraak loopt af",
    "stopintimidatie.municipalities:templates/mail/afspraak_loopt_af.txt.jinja2",
    _which,
)
