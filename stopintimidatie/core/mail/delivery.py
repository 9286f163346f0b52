"""Delivery: a message to the mail server over verified TLS or not at all; a text to its provider.

Text messages: The door is that of MessageBird's REST API (POST /messages, `Authorization: AccessKey
…`), which other Dutch providers offer alike. Nothing but a number and our few words goes there.
"""

from __future__ import annotations

import json
import logging
import smtplib
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import phonenumbers

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.httpclient import open_setting
from stopintimidatie.core.mail import message
from stopintimidatie.core.mail.message import Envelope, MailError
from stopintimidatie.settings import Settings

log = logging.getLogger(__name__)

# After a fault of the server itself, other messages don't wait for the same: not for this long.
PAUSE_SECONDS: Final = 60.0
_LATER: Final = range(400, 500)


def _tls(settings: Settings) -> ssl.SSLContext:
    """Return a context for a server whose certificate is its own, of an authority we know."""
    context = ssl.create_default_context(cafile=settings.mail_ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Courier:
    """The way to the mail server of this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._closed_until = 0.0
        self._fault = ""
        self.pause = PAUSE_SECONDS

    @property
    def keeps(self) -> bool:
        """In the demo nothing is sent: messages are kept, to be looked at."""
        return self._settings.demo and not self._settings.mail_host

    def deliver(self, envelope: Envelope) -> None:
        """Hand the message over: when this returns, the mail server has it.

        Raises:
            MailError: it doesn't, or didn't say so.
        """
        settings = self._settings
        if not settings.mail_host:
            raise MailError("niet_ingesteld")
        if time.monotonic() < self._closed_until:
            raise MailError(self._fault)
        content = self._signed(envelope.content)
        with self._connection() as client:
            _hand_over(client, envelope, content)

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        try:
            client = self._open()
        except MailError as error:
            # One server for all: the worker has other work than to wait for it time and again.
            self._closed_until, self._fault = time.monotonic() + self.pause, error.problem
            raise
        try:
            yield client
        finally:
            # A failing goodbye changes nothing about the messages that were accepted.
            with suppress(smtplib.SMTPException, OSError):
                client.quit()
            client.close()

    def _open(self) -> smtplib.SMTP:
        client: smtplib.SMTP | None = None
        try:
            client = self._greeted()
            client.ehlo_or_helo_if_needed()
            if self._settings.mail_user:
                client.login(self._settings.mail_user, self._password())
        except Exception as error:
            if client is not None:
                client.close()
            raise MailError(_connection_problem(error)) from error
        return client

    def _greeted(self) -> smtplib.SMTP:
        """Connect and encrypt: what follows is never said in clear."""
        settings = self._settings
        timeout = settings.mail_timeout_seconds
        if settings.mail_tls == "tls":
            return smtplib.SMTP_SSL(
                settings.mail_host, settings.mail_port, timeout=timeout, context=_tls(settings)
            )
        client = smtplib.SMTP(settings.mail_host, settings.mail_port, timeout=timeout)
        try:
            client.ehlo()
            if not client.has_extn("starttls"):
                raise MailError("geen_tls")
            client.starttls(context=_tls(settings))
        except BaseException:
            client.close()
            raise
        return client

    def _password(self) -> str:
        path = self._settings.mail_password_file
        try:
            return "" if path is None else path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise MailError("aanmelden") from None

    def _signed(self, content: bytes) -> bytes:
        """Put a DKIM signature in front, when there is a key."""
        settings = self._settings
        if settings.mail_dkim_key is None:
            return content
        try:
            signature = message.signature(
                content,
                selector=settings.mail_dkim_selector,
                domain=settings.mail_dkim_domain,
                key=settings.mail_dkim_key.read_bytes(),
                at=int(utc_now().timestamp()),
            )
        except (OSError, UnicodeError, message.SigningError) as error:
            raise MailError("dkim") from error
        return signature + content


def _hand_over(client: smtplib.SMTP, envelope: Envelope, content: bytes) -> None:
    options = []
    if client.has_extn("dsn"):
        # Should it come back: its headers alone, and our number with it.
        options = ["RET=HDRS", f"ENVID={envelope.id}"]
    try:
        client.sendmail(envelope.sender, [envelope.recipient], content, options)
    except smtplib.SMTPRecipientsRefused as error:
        code, _ = error.recipients[envelope.recipient]
        raise MailError("tijdelijk" if code in _LATER else "geweigerd") from None
    except smtplib.SMTPSenderRefused as error:
        raise MailError("tijdelijk" if error.smtp_code in _LATER else "afzender") from None
    except smtplib.SMTPResponseException as error:
        raise MailError("tijdelijk" if error.smtp_code in _LATER else "geweigerd") from None
    except (smtplib.SMTPException, OSError) as error:
        # Perhaps it has the message, and couldn't say so: the next attempt has the same number.
        slow = isinstance(error.__context__, TimeoutError) or isinstance(error, TimeoutError)
        raise MailError("te_traag" if slow else "verbroken") from None


def _connection_problem(error: Exception) -> str:
    """Return the code of what went wrong before there was a message."""
    match error:
        case MailError():
            return error.problem
        case smtplib.SMTPAuthenticationError() | smtplib.SMTPNotSupportedError():
            return "aanmelden"
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError() | smtplib.SMTPResponseException():
            return "tijdelijk" if error.smtp_code in _LATER else "server_weigert"
        case ssl.SSLCertVerificationError():
            return "certificaat"
        case ssl.SSLError():
            return "tls_mislukt"
        case TimeoutError():
            return "te_traag"
        case smtplib.SMTPServerDisconnected() if isinstance(error.__context__, TimeoutError):
            return "te_traag"
        case smtplib.SMTPServerDisconnected() | ConnectionResetError() | BrokenPipeError():
            return "verbroken"
        case OSError():
            return "onbereikbaar"
    log.error("mail server: %s", type(error).__name__)
    return "onbereikbaar"


# Text messages, off unless set

_TRY_LATER: Final = frozenset({408, 425, 429})


def is_mobile(number: str) -> bool:
    """Tell whether text messages arrive there."""
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
        """True if messages stay here: a demo without `sms_url` sends nothing."""
        return self._settings.demo and not self._settings.sms_url

    @property
    def on(self) -> bool:
        """True if text messages can be asked for at all."""
        return bool(self._settings.sms_url) or self.keeps

    def deliver(self, message: TextMessage) -> None:
        """Hand the message over: when this returns, the provider has it.

        Raises:
            MailError: it doesn't, or didn't say so.
        """
        if not self._settings.sms_url:
            raise MailError("sms_uit")
        request = self._request(message)
        context = _tls(self._settings)
        timeout = self._settings.mail_timeout_seconds
        try:
            with open_setting(request, timeout=timeout, context=context):
                return
        except urllib.error.HTTPError as error:
            error.close()
            later = error.code >= 500 or error.code in _TRY_LATER or error.code in (401, 403)
            raise MailError("sms_later" if later else "sms_geweigerd") from None
        except OSError:
            raise MailError("sms_onbereikbaar") from None

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
