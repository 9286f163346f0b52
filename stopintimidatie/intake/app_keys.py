"""Making, revoking and recognising app keys."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.intake.models import AppKey
from stopintimidatie.reports.vocabulary import Source
from stopintimidatie.storage.tenancy import NATIONAL, enter

PREFIX: Final = "sia_"
DEMO_TOKEN: Final = "demo-app"  # noqa: S105 - known to everybody, refused outside the demo
SOURCES: Final = (Source.APP_ANDROID, Source.APP_IOS, Source.WEB_FORM, Source.PARTNER)
_TOKEN_BYTES: Final = 32
_NAME: Final = re.compile(r"[^\W_][\w .+-]{0,79}")


class AppKeyError(Exception):
    """Can't be done with this key; the message says what to do, in Dutch."""


def token_hash(token: str) -> str:
    """What is kept of a token."""
    # A token has 256 random bits: a plain hash can't be turned back, and outlives our own keys.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def make_app_key(session: Session, actor: Actor, name: str, source: Source) -> tuple[AppKey, str]:
    """Make a key; the token is told now and never again.

    :raises AppKeyError: the name is taken or odd, or no app can be this source.
    """
    token = PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    return _store(session, actor, name, source, token, demo=False), token


def make_demo_key(session: Session, actor: Actor) -> AppKey:
    """The key `demo-app`, which counts only where `demo = true`; making it twice does nothing."""
    existing = session.scalar(select(AppKey).where(AppKey.token_hash == token_hash(DEMO_TOKEN)))
    if existing is not None:
        return existing
    return _store(session, actor, "demo-app", Source.APP_ANDROID, DEMO_TOKEN, demo=True)


def _store(
    session: Session, actor: Actor, name: str, source: Source, token: str, *, demo: bool
) -> AppKey:
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise AppKeyError("Geef de sleutel een naam van hoogstens 80 letters, cijfers en spaties.")
    if source not in SOURCES:
        raise AppKeyError(f"De bron is een van: {', '.join(SOURCES)}.")
    if session.scalar(select(AppKey.id).where(AppKey.name == name)) is not None:
        raise AppKeyError(f"Er is al een appsleutel ‘{name}’. Kies een andere naam.")
    key = AppKey(name=name, source=source, token_hash=token_hash(token), demo=demo)
    session.add(key)
    session.flush()
    enter(session, NATIONAL)
    record(session, actor, "appsleutel.gemaakt", NATIONAL, "appsleutel", [key.id])
    return key


def revoke_app_key(session: Session, actor: Actor, name: str) -> AppKey:
    """Let a key count no more, from now on.

    :raises AppKeyError: there is no such key, or it was revoked before.
    """
    key = session.scalar(select(AppKey).where(AppKey.name == name.strip()))
    if key is None:
        raise AppKeyError(f"Er is geen appsleutel ‘{name}’. Zie: stopintimidatie appsleutel lijst")
    if key.revoked_at is not None:
        raise AppKeyError(f"De appsleutel ‘{name}’ is al ingetrokken.")
    key.revoked_at = utc_now()
    enter(session, NATIONAL)
    record(session, actor, "appsleutel.ingetrokken", NATIONAL, "appsleutel", [key.id])
    return key


def list_app_keys(session: Session) -> Sequence[AppKey]:
    """All keys, revoked ones too, by name."""
    return session.scalars(select(AppKey).order_by(AppKey.name)).all()


def token_of(authorization: str | None) -> str | None:
    """The token in an Authorization header, whether it counts or not."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def recognise(session: Session, authorization: str | None, *, demo: bool) -> AppKey | None:
    """The key in an Authorization header, when it counts."""
    token = token_of(authorization)
    if token is None:
        return None
    key = session.scalar(
        select(AppKey).where(AppKey.token_hash == token_hash(token), AppKey.revoked_at.is_(None))
    )
    return None if key is None or (key.demo and not demo) else key
