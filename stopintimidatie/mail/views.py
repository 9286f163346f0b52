"""`/post`: in the demo nothing is sent; here one reads what would have been."""

from __future__ import annotations

import email
from email.policy import default
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.view import view_config
from sqlalchemy import func, select

from stopintimidatie.accounts.sessions import note_use
from stopintimidatie.mail.models import MailMessage
from stopintimidatie.register.models import Municipality
from stopintimidatie.security import Permission
from stopintimidatie.storage.tenancy import NATIONAL, enter
from stopintimidatie.tree import Root
from stopintimidatie.web.filters import datetime_short
from stopintimidatie.web.paging import Paging, wanted_page
from stopintimidatie.web.request import Request
from stopintimidatie.web.urls import query_pairs

SHOWN: Final = 20
DESK: Final = "Landelijk meldpunt"


@view_config(
    context=Root,
    name="post",
    request_method="GET",
    permission=Permission.SIGNED_IN,
    renderer="templates/kept.jinja2",
)
def kept_view(request: Request) -> dict[str, Any]:
    """The messages of one of one's own holders, newest first."""
    identity = request.identity
    if identity is None or not identity.holders or not request.registry.courier.keeps:
        raise HTTPNotFound()
    holders = sorted(identity.holders, key=lambda code: (code != NATIONAL, code))
    asked = dict(query_pairs(request)).get("houder", "")
    holder = asked if asked in holders else holders[0]
    enter(request.db, holder)
    note_use(request, holder)
    kept = MailMessage.kept.is_not(None)
    total = request.db.scalar(select(func.count()).select_from(MailMessage).where(kept)) or 0
    paging = Paging(wanted_page(request), total, SHOWN)
    rows = request.db.scalars(
        select(MailMessage)
        .where(kept)
        .order_by(MailMessage.created_at.desc(), MailMessage.id)
        .offset(paging.offset)
        .limit(paging.size)
    ).all()
    return {
        "letters": [_letter(row) for row in rows],
        "paging": paging,
        "holders": _names(request, holders) if len(holders) > 1 else [],
        "holder": holder,
    }


def _names(request: Request, holders: list[str]) -> list[tuple[str, str]]:
    rows = request.db.execute(
        select(Municipality.code, Municipality.name).where(Municipality.code.in_(holders))
    )
    names = {row.code: row.name for row in rows} | {NATIONAL: DESK}
    return [(code, names.get(code, code)) for code in holders]


def _letter(row: MailMessage) -> dict[str, str]:
    message = email.message_from_string(row.kept or "", policy=default)
    encrypted = message.get_content_type() != "text/plain"
    return {
        "subject": str(message["Subject"]),
        # Who exactly is no business of everybody here.
        "to": "…@" + str(message["To"]).rpartition("@")[2],
        "sender": str(message["From"]),
        "at": datetime_short(row.created_at),
        "text": "Dit bericht is versleuteld." if encrypted else message.get_content(),
    }
