"""The outbox table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.tenancy import open_table

open_table("outbox_job", "a worker claims a row before it knows the holder")


class OutboxJob(Base):
    """A job that waits. Its payload holds ids and codes, never personal data."""

    __tablename__ = "outbox_job"
    __table_args__ = (
        Index(None, "run_after", "id"),
        Index(None, "kind", "holder"),
    )

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    holder: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"))
    kind: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    run_after: Mapped[datetime] = mapped_column(default=utc_now)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    # The class of the last error, or the code of a JobError: its text might quote personal data.
    last_error: Mapped[str | None] = mapped_column(String(200))
    dead: Mapped[bool] = mapped_column(default=False)
