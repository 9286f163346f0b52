"""Reading what a mail server sends back (RFC 3464): which message didn't arrive. Pure."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.message import Message
from typing import Final
from uuid import UUID

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MESSAGE_ID: Final = re.compile(rf"<({_UUID})@[^<>\s]+>")
_ENVELOPE_ID: Final = re.compile(_UUID)
LARGEST: Final = 2_000_000


def returned_message(content: bytes) -> UUID | None:
    """The number of our message that came back for good; None when this tells of no such."""
    report = email.message_from_bytes(content[:LARGEST])
    if report.get_content_type() != "multipart/report" or not _failed(report):
        return None
    return next(_numbers(report), None)


def _failed(report: Message) -> bool:
    """Not when it is only late, or has arrived."""
    return any(
        str(part.get("Action", "")).strip().lower() == "failed" for part in _status_parts(report)
    )


def _status_parts(report: Message) -> Iterator[Message]:
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status":
            payload = part.get_payload()
            yield from (
                (p for p in payload if isinstance(p, Message)) if isinstance(payload, list) else ()
            )


def _numbers(report: Message) -> Iterator[UUID]:
    for part in _status_parts(report):
        found = _ENVELOPE_ID.fullmatch(str(part.get("Original-Envelope-Id", "")).strip())
        if found:
            yield UUID(found[0])
    for part in report.walk():
        kind = part.get_content_type()
        if kind == "text/rfc822-headers":
            text = str(part.get_payload())
            yield from map(
                UUID, _MESSAGE_ID.findall(str(email.message_from_string(text)["Message-ID"]))
            )
        elif kind == "message/rfc822":
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) else None
            if isinstance(inner, Message):
                yield from map(UUID, _MESSAGE_ID.findall(str(inner["Message-ID"])))
