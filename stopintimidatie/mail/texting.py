"""Text messages to a telephone, through a provider's door on the internet; off unless set.

The door is that of MessageBird's REST API (POST /messages, `Authorization: AccessKey …`), which
other Dutch providers offer alike. Nothing but a number and our few words goes there.
"""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import phonenumbers

from stopintimidatie.mail.problems import MailError
from stopintimidatie.settings import Settings

_LATER: Final = frozenset({408, 425, 429})


def is_mobile(number: str) -> bool:
    """Whether text messages arrive there."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(number, "NL"))
    except phonenumbers.NumberParseException:
        return False
    return kind == phonenumbers.PhoneNumberType.MOBILE


@dataclass(frozen=True)
class TextMessage:
    """To whom, and what."""

    id: UUID
    number: str = field(repr=False)
    text: str = field(repr=False)


class Texter:
    """The way to the provider; `keeps` in the demo, where nothing is sent."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def keeps(self) -> bool:
        return self._settings.demo and not self._settings.sms_url

    @property
    def on(self) -> bool:
        """Whether text messages can be asked for at all."""
        return bool(self._settings.sms_url) or self.keeps

    def deliver(self, message: TextMessage) -> None:
        """When this returns, the provider has the message.

        :raises MailError: it doesn't, or didn't say so.
        """
        if not self._settings.sms_url:
            raise MailError("sms_uit")
        request = self._request(message)
        context = ssl.create_default_context(cafile=self._ca_file())
        timeout = self._settings.mail_timeout_seconds
        try:
            # The address is the operator's own setting, and https alone.
            with urllib.request.urlopen(request, timeout=timeout, context=context):  # noqa: S310
                return
        except urllib.error.HTTPError as error:
            error.close()
            later = error.code >= 500 or error.code in _LATER or error.code in (401, 403)
            raise MailError("sms_later" if later else "sms_geweigerd") from None
        except OSError:
            raise MailError("sms_onbereikbaar") from None

    def _ca_file(self) -> str | None:
        path = self._settings.mail_ca_file
        return None if path is None else str(path)

    def _request(self, message: TextMessage) -> urllib.request.Request:
        settings = self._settings
        body = {
            "originator": settings.sms_sender,
            "recipients": [message.number],
            "body": message.text,
            "reference": str(message.id),
        }
        path = settings.sms_token_file
        try:
            token = "" if path is None else path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise MailError("sms_later") from None
        return urllib.request.Request(  # noqa: S310
            settings.sms_url,
            data=json.dumps(body).encode(),
            headers={"Authorization": f"AccessKey {token}", "Content-Type": "application/json"},
        )
