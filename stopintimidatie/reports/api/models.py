"""App keys, and what an app already sent: both are read before a holder is known."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.tenancy import open_table
from stopintimidatie.reports.vocabulary import Source

open_table("app_key", "the app is known before its report has a holder")
open_table("idempotency_key", "a repeated request is answered before its holder is looked up")


class AppKey(Base):
    """Key of one app client. Only its hash is kept; a revoked key stays, for the log."""

    __tablename__ = "app_key"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    source: Mapped[Source] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    revoked_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """Report that was taken, under the key its app gave it: for 30 days.

    The body isn't kept, only a keyed hash; nor is the follow code, which is derived again.
    """

    __tablename__ = "idempotency_key"

    app_key_id: Mapped[UUID] = mapped_column(ForeignKey("app_key.id"), primary_key=True)
    key: Mapped[UUID] = mapped_column(primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    # Version of the key in the key ring that hashed the body and derived the follow code.
    secret_version: Mapped[int]
    answer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
