"""Tables and closed lists of a person-directed dossier: the ground to have it, and advice."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, Proposed
from stopintimidatie.core.storage.retention import months
from stopintimidatie.core.text import Term
from stopintimidatie.dossiers.models import Versioned, of_dossier


class CrimeGround(Term):
    """Ground in law to keep data about offences of a person."""

    SUPERVISED = (
        "avg_10_overheid",
        "AVG 10: onder toezicht van de overheid, voor een taak die de wet de burgemeester geeft",
        "GDPR 10: under the control of official authority",
    )
    CONSENT = (
        "uavg_32_a_toestemming",
        "UAVG 32, onder a: de betrokkene gaf uitdrukkelijk toestemming",
        "explicit consent",
    )
    VITAL = (
        "uavg_32_b_vitaal",
        "UAVG 32, onder b: iemands leven of gezondheid beschermen, als toestemming niet kan",
        "vital interests",
    )
    MADE_PUBLIC = (
        "uavg_32_c_openbaar",
        "UAVG 32, onder c: de betrokkene maakte de gegevens kennelijk zelf openbaar",
        "made public by the person",
    )
    LEGAL_CLAIM = (
        "uavg_32_d_rechtsvordering",
        "UAVG 32, onder d: nodig voor een rechtsvordering",
        "legal claim",
    )
    FROM_POLICE = (
        "uavg_33_1_a_verkregen",
        "UAVG 33, lid 1, onder a: verkregen op grond van de Wpg of de Wjsg",
        "obtained under the police data act",
    )
    PARTNERSHIP = (
        "uavg_33_1_b_samenwerking",
        "UAVG 33, lid 1, onder b: nodig voor de taak van een publiekrechtelijk"
        " samenwerkingsverband, met waarborgen",
        "public partnership with safeguards",
    )
    OWN_INTEREST = (
        "uavg_33_2_b_eigen_belang",
        "UAVG 33, lid 2, onder b: strafbare feiten tegen de gemeente of haar medewerkers",
        "offences against the municipality",
    )


class Advice(Term):
    """Outcome of the privacy officer's advice."""

    POSITIVE = "positief", "positief", "positive"
    CONDITIONS = "voorwaarden", "positief, met voorwaarden", "positive with conditions"
    NEGATIVE = "negatief", "negatief", "negative"


# The longest time until a person-directed dossier is looked at anew.
LONGEST: Final = months(6)
# Within so many working days after a start with urgency the advice must be there.
ADVISE_WITHIN: Final = 1
# Answers to the question if advice is followed.
FOLLOW, NOT_FOLLOW = "volgen", "niet_volgen"


class PersonGround(Versioned, Held, Base):
    """Ground of a dossier about one person, which it needs before it starts."""

    __tablename__ = "dossier_person_ground"
    __table_args__ = of_dossier(
        UniqueConstraint("holder", "dossier_id"), Index(None, "holder", "review_on")
    )

    dossier_id: Mapped[UUID]
    # A code of the closed list (art. 10 AVG, art. 31 to 33 UAVG).
    ground: Mapped[str] = mapped_column(String(40))
    proportionality: Mapped[str] = mapped_column(Text)
    # Counts the changes of these two: advice is about one of them.
    revision: Mapped[int] = mapped_column(default=1)
    # Within six months.
    review_on: Mapped[date]
    # Either the day on which the person was informed, or until when and why that waits.
    informed_on: Mapped[date | None]
    postponed_until: Mapped[date | None]
    postponed_reason: Mapped[str | None] = mapped_column(Text)


class PrivacyAdvice(Proposed, Held, Base):
    """Advice of the privacy officer: asked, given, and followed or not. It is no veto."""

    __tablename__ = "dossier_privacy_advice"
    __table_args__ = of_dossier(Index(None, "holder", "dossier_id", "asked_at"))

    dossier_id: Mapped[UUID]
    proposed_at: Mapped[datetime] = mapped_column("asked_at", default=utc_now)
    proposed_by_id: Mapped[str | None] = mapped_column("asked_by_id", String(64))
    proposed_by: Mapped[str] = mapped_column("asked_by", String(200))
    question: Mapped[str] = mapped_column(Text)
    # Started before the advice: why, and when the advice must be there.
    urgent_reason: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime | None]
    # A code: positive, with conditions, negative.
    outcome: Mapped[str | None] = mapped_column(String(20))
    # The revision of the ground that the privacy officer read.
    ground_revision: Mapped[int | None]
    words: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column("given_at")
    answered_by_id: Mapped[str | None] = mapped_column("given_by_id", String(64))
    answered_by: Mapped[str | None] = mapped_column("given_by", String(200))
    followed: Mapped[bool | None]
    not_followed_reason: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(200))
