"""Table of the doorgifteafspraken: what the desk agreed with an official of a municipality."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, held_table


class ForwardingAgreement(Held, Base):
    """One agreement, or one refusal. Its terms never change: a new agreement is another row.

    The e-mail addresses are `mail_address` rows of the municipality's official and deputy.
    """

    __tablename__ = "forwarding_agreement"
    __table_args__ = held_table(Index(None, "holder", "municipality_code", "made_at"))

    municipality_code: Mapped[str] = mapped_column(ForeignKey("municipality.code"))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    declined: Mapped[bool] = mapped_column(default=False)
    declined_reason: Mapped[str | None] = mapped_column(Text)
    # Names, roles and numbers of official and deputy, and who authorised it: JSON, encrypted.
    people: Mapped[str | None] = mapped_column(Text)
    wants: Mapped[bool] = mapped_column(default=False)
    authorised_on: Mapped[date | None]
    # The way a report is delivered: `ophalen` (a page and a code) or `smime` (encrypted mail).
    channel: Mapped[str] = mapped_column(String(20), default="ophalen")
    certificate: Mapped[str | None] = mapped_column(Text)
    # By telephone, by whom for the desk, on which day.
    agreed_on: Mapped[date]
    agreed_by_id: Mapped[str | None] = mapped_column(String(64))
    agreed_by: Mapped[str] = mapped_column(String(200))
    valid_until: Mapped[date | None]
    # Replaced by a later one, or ended.
    ended_at: Mapped[datetime | None]

    # True: a mail a working day about all that waits, in the place of a mail for each report.
    digest: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The spoken code, for all that waits for the town when it is made.
    code_nonce: Mapped[str | None] = mapped_column(String(40))
    code_made_at: Mapped[datetime | None]
    code_by: Mapped[str | None] = mapped_column(String(200))
    code_tries: Mapped[int] = mapped_column(default=0, server_default=text("0"))
