"""What partners answer to a document that they got."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, belongs_to, held_table
from stopintimidatie.core.text import Term


class PartnerAnswer(Held, Base):
    """The answer of a partner to what was asked. The dossier's chronology tells it as well."""

    __tablename__ = "partner_answer"
    __table_args__ = held_table(
        belongs_to("export", "export_id", ondelete="CASCADE"),
        belongs_to("dossier", "dossier_id", ondelete="CASCADE"),
        belongs_to("pickup", "pickup_id"),
        Index(None, "holder", "export_id", "at"),
        Index(None, "holder", "seen_at", "at"),
    )

    export_id: Mapped[UUID]
    dossier_id: Mapped[UUID]
    pickup_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    # Name and function of who answered, encrypted.
    answered_by: Mapped[str | None] = mapped_column(Text)
    done: Mapped[list[str]] = mapped_column(default=list)
    done_on: Mapped[date | None]
    text: Mapped[str | None] = mapped_column(Text)
    # They would like to speak to a reporter: about which report, and why.
    wants_reporter: Mapped[bool] = mapped_column(default=False)
    wants_about: Mapped[str | None] = mapped_column(Text)
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None] = mapped_column(String(200))


class CopyCorrection(Held, Base):
    """Something changed in a report of which somebody has a copy; open until they confirm."""

    __tablename__ = "copy_correction"
    __table_args__ = held_table(
        belongs_to("export", "export_id", ondelete="CASCADE"),
        Index(None, "holder", "export_id", "made_at"),
    )

    export_id: Mapped[UUID]
    # The report by its name in the document, such as M-03.
    label: Mapped[str] = mapped_column(String(20))
    change: Mapped[str] = mapped_column(String(20))
    # What was wrong, as codes; and what the holder must know, in the officer's words.
    parts: Mapped[list[str]] = mapped_column(default=list)
    note: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by: Mapped[str] = mapped_column(String(200))
    # None: there is no address, so somebody must call.
    told_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(String(200))


# The closed lists of deliveries. Pure.


class Done(Term):
    """The things a partner did. Of an investigation only that there was action, no finding."""

    WATCH = "toezicht", "extra toezicht gehouden", "extra supervision"
    TALK = "gesprek", "met iemand gesproken", "talked to somebody"
    FINED = "opgetreden", "opgetreden", "acted"
    PLACE = "plek", "iets aan de plek veranderd", "changed the place"
    HELP = "hulp", "hulp aangeboden of doorverwezen", "offered help"
    PLANNED = "gepland", "nog niets; het staat gepland", "planned"
    NOTHING = "niets", "niets kunnen doen", "could do nothing"
    OTHER = "anders", "iets anders", "something else"


class Part(Term):
    """The part of a report that was wrong."""

    WHEN = "tijd", "dag of tijd", "day or time"
    WHERE = "plek", "plek", "place"
    FORMS = "vormen", "vormen", "forms"
    STORY = "verhaal", "verhaal van de melder", "account"
    OFFENDER = "signalement", "signalement", "description of offender"
    REPORTER = "melder", "gegevens over de melder", "about the reporter"
    ALL = "alles", "de hele melding", "everything"
