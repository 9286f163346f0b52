"""Pages `/post` and `/postbus` of the demo, where mail is kept instead of sent and can be read.

A personal message, such as an invitation with a link, is shown only to whom it is for. A person who
isn't signed in yet, and needs such a link to do so, opens the mailbox of an address at `/postbus`.
"""

from __future__ import annotations

import email
import re
from email.policy import default
from functools import partial
from typing import Any, Final

from markupsafe import Markup, escape
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import ColumnElement, and_, func, not_, or_, select

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.sessions import note_use
from stopintimidatie.core.forms import Button, Form, Schema, field, handle_form
from stopintimidatie.core.mail.models import MailMessage
from stopintimidatie.core.mail.services import MAIL_RECIPIENTS
from stopintimidatie.core.security import Identity, Permission
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.register import read_register
from stopintimidatie.core.web.request import (
    NavItem,
    Request,
    form_view,
    page_view,
    query_pairs,
)
from stopintimidatie.municipalities.areas.models import Municipality


class MailboxSchema(Schema):
    """The address whose mailbox is opened."""

    adres = field(
        forms.Text(200),
        "E-mailadres",
        description="Het adres waar de uitnodiging heen ging.",
        widget=forms.EmailInput(autocomplete="off"),
        validator=forms.email_address,
    )


def mail_item(request: Any) -> NavItem | None:
    """Return the item of the kept mail, for who works for a holder."""
    courier = request.registry.courier
    kept = courier.keeps and _holders(request.identity)
    return NavItem("Post (demo)", "/post") if kept else None


def _holders(identity: Identity) -> list[str]:
    """Return whose mail this person reads, the desk first; a deputy reads none."""
    holders = [code for code in identity.holders if not identity.only_deputizes(code)]
    return sorted(holders, key=lambda code: (code != NATIONAL, code))


SHOWN: Final = 20
_LINK: Final = Markup('<a class="utrecht-link utrecht-link--html-a" href="{0}">{0}</a>')


@page_view(Root, "post", Permission.SIGNED_IN, "templates/kept.jinja2")
def kept_view(request: Request) -> dict[str, Any]:
    """Show the messages of a holder of the user, newest first; personal ones only if theirs."""
    identity = request.identity
    holders = _holders(identity) if identity is not None else []
    if identity is None or not holders or not request.registry.courier.keeps:
        raise HTTPNotFound()
    asked = dict(query_pairs(request)).get("houder", "")
    holder = asked if asked in holders else holders[0]
    enter(request.db, holder)
    note_use(request, holder)
    mine = or_(not_(_personal(request)), _sent_to(identity.username))
    kept = and_(MailMessage.kept.is_not(None), mine)
    total = request.db.scalar(select(func.count()).select_from(MailMessage).where(kept)) or 0
    find = partial(_letters, request, kept)
    return {
        "letters": read_register(request, total, find, size=SHOWN),
        "holders": _names(request, holders) if len(holders) > 1 else [],
        "holder": holder,
    }


@form_view(Root, "postbus", NO_PERMISSION_REQUIRED, "templates/mailbox.jinja2")
def mailbox_view(request: Request) -> Any:
    """Show the mailbox of an address in the demo to a visitor; signed-in users have `/post`."""
    if not request.registry.courier.keeps:
        raise HTTPNotFound()
    if request.identity is not None:
        return HTTPSeeOther(location="/post")
    form = Form(MailboxSchema(), request, buttons=[Button("openen", "Postbus openen")])

    def on_valid(values: dict[str, Any]) -> Any:
        enter(request.db, NATIONAL)
        theirs = and_(_personal(request), _sent_to(values["adres"].lower()))
        return {"form": form, "letters": _letters(request, theirs, 0, SHOWN)}

    return handle_form(request, form, on_valid, {"letters": None})


def _personal(request: Request) -> ColumnElement[bool]:
    """Return the condition for messages that are for one person alone."""
    kinds = [r.kind for r in MAIL_RECIPIENTS.of(request.registry).values() if r.personal]
    return MailMessage.recipient_kind.in_(kinds)


def _sent_to(address: str) -> ColumnElement[bool]:
    """Return the condition for messages to this address, by the To header of the kept message."""
    line = MailMessage.kept.contains(f"\nTo: {address}\r\n", autoescape=True)
    return and_(MailMessage.kept.is_not(None), line)


def _names(request: Request, holders: list[str]) -> list[tuple[str, str]]:
    known = select(Municipality.code, Municipality.name).where(Municipality.code.in_(holders))
    names = dict(request.db.execute(known).all()) | {NATIONAL: "Landelijk meldpunt"}
    return [(code, names.get(code, code)) for code in holders]


def _letters(
    request: Request, wanted: ColumnElement[bool], offset: int, size: int
) -> list[dict[str, Any]]:
    newest = select(MailMessage).order_by(MailMessage.created_at.desc(), MailMessage.id)
    rows = request.db.scalars(newest.where(wanted).offset(offset).limit(size))
    return [_letter(request, row) for row in rows]


def _letter(request: Request, row: MailMessage) -> dict[str, Any]:
    message = email.message_from_string(row.kept or "", policy=default)
    encrypted = message.get_content_type() != "text/plain"
    text = "Dit bericht is versleuteld." if encrypted else message.get_content()
    return {
        "subject": str(message["Subject"]),
        # Only the domain is shown: the exact recipient is no business of everybody here.
        "to": "…@" + str(message["To"]).rpartition("@")[2],
        "sender": str(message["From"]),
        "at": row.created_at,
        "text": linked(text, request.registry.app_settings.public_address),
    }


def linked(text: str, origin: str) -> Markup:
    """Escape the text of a message, and make links of addresses below the origin. Pure."""
    own = re.compile(rf"(?<!\S)({re.escape(origin)}/[^\s<>\"']*)(?!\S)")
    parts = own.split(text)
    links = (_LINK.format(part) if place % 2 else escape(part) for place, part in enumerate(parts))
    return Markup("").join(links)
