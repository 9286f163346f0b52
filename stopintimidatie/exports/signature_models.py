"""The certificate with which a municipality signs its PDFs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.clock import utc_now
from stopintimidatie.storage.models import Base, Held, held_table


class SigningCertificate(Held, Base):
    """One at most. The certificates are public; the key is encrypted with the key ring."""

    __tablename__ = "signing_certificate"
    __table_args__ = held_table(UniqueConstraint("holder"))

    # Its own first, then those above it: DER in base64.
    certificates: Mapped[list[str]] = mapped_column(JSON)
    sealed: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(200))
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
