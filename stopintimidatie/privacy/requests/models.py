"""Tables of requests of data subjects, their history and letters, and what follows from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, delete
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.schema import SchemaItem

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage import personal
from stopintimidatie.core.storage.models import Base, Held, belongs_to, held_table, partial_index
from stopintimidatie.core.storage.retention import RetentionClass, Way
from stopintimidatie.core.text import Term, _
from stopintimidatie.core.workflow import HistoryLine
from stopintimidatie.dossiers.models import Versioned

KIND: Final = "verzoek"
# The key purpose of who asks, of what is asked, and of letters.
PURPOSE: Final = "subject-request"


class Right(Term):
    """Right of the AVG that a request calls on."""

    ACCESS = "inzage", "inzage in gegevens (art. 15)", "access"
    RECTIFICATION = "rectificatie", "gegevens verbeteren (art. 16)", "rectification"
    ERASURE = "wissen", "gegevens wissen (art. 17)", "erasure"
    RESTRICTION = "beperking", "gebruik beperken (art. 18)", "restriction"
    OBJECTION = "bezwaar", "bezwaar tegen gebruik (art. 21)", "objection"


class Capacity(Term):
    """Capacity in which somebody stands in our data; it decides what is given."""

    REPORTER = "melder", "melder", "reporter"
    REPORTED = "gemelde", "iemand over wie is gemeld", "somebody reported about"
    MENTIONED = "genoemde", "getuige, of iemand die wordt genoemd", "witness or somebody mentioned"
    PARTNER = "partner", "contactpersoon van een partner", "contact person of a partner"


class AskedBy(Term):
    """Person who asks: the data subject, or somebody for them."""

    SELF = "zelf", "de betrokkene zelf", "the data subject"
    PARENT = "ouder_of_voogd", "een ouder of voogd", "a parent or guardian"
    PROXY = "gemachtigde", "een gemachtigde, zoals een advocaat", "a proxy"


class Channel(Term):
    """Way in which a request came in."""

    LETTER = "brief", "brief", "letter"
    MAIL = "e_mail", "e-mail", "e-mail"
    COUNTER = "balie", "balie", "counter"
    PHONE = "telefoon", "telefoon", "telephone"
    FORM = "formulier", "formulier op de website", "form on the website"
    FOLLOW = "volgpagina", "volgpagina van een melding", "follow page of a report"


class Identity(Term):
    """Way in which it was made sure who asks; never by a copy of an identity document."""

    FOLLOW_CODE = "volgcode", "volgcode van de melding", "follow code of the report"
    CALLED = "teruggebeld", "teruggebeld op een nummer dat wij al hadden", "called back"
    WRITTEN = "bericht", "bericht aan een adres dat wij al hadden", "message to a known address"
    SEEN = "gezien", "identiteitsbewijs gezien aan de balie", "identity document seen"
    DIGID = "digid", "DigiD", "DigiD"


class ChildOutcome(Term):
    """Outcome of hearing a child before a parent is answered."""

    AGREES = "geen_bezwaar", "het kind heeft geen bezwaar", "the child agrees"
    REFUSES = "wil_niet", "het kind wil het niet", "the child doesn't want it"
    UNREACHED = "niet_bereikt", "het kind is niet bereikt", "the child wasn't reached"


class Ground(Term):
    """Ground for refusing a request; a closed list."""

    NOT_IDENTIFIABLE = "avg_11", "wij kunnen de vrager niet herkennen (art. 11 AVG)", "art. 11"
    UNFOUNDED = "avg_12_5", "kennelijk ongegrond of buitensporig (art. 12 lid 5 AVG)", "art. 12(5)"
    OTHERS = "avg_15_4", "rechten van anderen (art. 15 lid 4 AVG)", "art. 15(4)"
    NEEDED = "avg_17_3", "de gegevens blijven nodig (art. 17 lid 3 AVG)", "art. 17(3)"
    OVERRIDING = "avg_21", "dwingende gronden gaan voor (art. 21 AVG)", "art. 21"
    EXCEPTION = "uavg_41", "uitzondering van artikel 41 UAVG", "art. 41 UAVG"
    REPRESENTATIVE = "uavg_5_4", "een ander moet dit vragen (art. 5 lid 4 UAVG)", "art. 5(4) UAVG"
    CORRECT = "klopt", "de gegevens kloppen (art. 16 en 18 AVG)", "the data are right"
    NOT_MET = "geen_grond", "geen grond van toepassing (art. 17, 18 of 21 AVG)", "no ground applies"


class RestrictionGround(Term):
    """Ground of a restriction (art. 18(1) AVG)."""

    CONTESTED = "juistheid", "de juistheid wordt betwist (a)", "accuracy is contested"
    UNLAWFUL = (
        "onrechtmatig",
        "het gebruik mag niet, maar wissen wil de persoon niet (b)",
        "unlawful",
    )
    NEEDED = "nodig", "de persoon heeft de gegevens nodig voor een rechtsvordering (c)", "needed"
    OBJECTION = "bezwaar", "de persoon maakte bezwaar (d)", "objection"


class SentHow(Term):
    """Way in which a letter went."""

    POST = "post", "per post", "by post"
    MAIL = "e_mail", "per beveiligde e-mail", "by secure e-mail"
    FOLLOW = "volgpagina", "op de volgpagina", "on the follow page"
    PICKUP = "ophaalpagina", "op de ophaalpagina", "at the pick-up page"
    COUNTER = "balie", "meegegeven aan de balie", "at the counter"


class RequestState(Term):
    """State of a request."""

    RECEIVED = "ontvangen", "Ontvangen", "received"
    SEARCHING = "zoeken", "Zoeken", "searching"
    REDACTING = "redigeren", "Redigeren", "redacting"
    CHECKING = "tweede_persoon", "Bij de tweede persoon", "with the second person"
    CHECKED = "nagekeken", "Nagekeken", "checked"
    SENT = "verstuurd", "Beantwoord", "answered"
    PARTLY = "deels", "Deels toegewezen", "granted in part"
    REFUSED = "geweigerd", "Geweigerd", "refused"
    WITHDRAWN = "ingetrokken", "Ingetrokken", "withdrawn"
    PASSED_ON = "doorgestuurd", "Doorgestuurd", "passed on"


# The states after the decision. The letter ends the request when it was sent.
DECIDED: Final = frozenset(
    {RequestState.SENT, RequestState.PARTLY, RequestState.REFUSED}
    | {RequestState.WITHDRAWN, RequestState.PASSED_ON}
)


def of_request(*items: SchemaItem) -> tuple[Any, ...]:
    """Return `__table_args__` of a table whose rows belong to a request and go with it."""
    return held_table(belongs_to("subject_request", "request_id", ondelete="CASCADE"), *items)


class SubjectRequest(Versioned, Held, Base):
    """A request of a data subject, as a case with a clock."""

    __tablename__ = "subject_request"
    __table_args__ = held_table(
        UniqueConstraint("holder", "reference"),
        partial_index("ix_subject_request_open", "holder", "due_on", where="ended_at IS NULL"),
        Index(None, "holder", "received_on"),
    )

    reference: Mapped[str] = mapped_column(String(11))
    # Codes of `Right`, `Capacity` and `AskedBy`.
    right: Mapped[str] = mapped_column(String(20))
    capacity: Mapped[str] = mapped_column(String(20))
    asked_by: Mapped[str] = mapped_column(String(20))
    # The data subject is younger than 16.
    child: Mapped[bool] = mapped_column(default=False)
    channel: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(30))
    received_on: Mapped[date]
    due_on: Mapped[date]
    extended_on: Mapped[date | None]
    extended_reason: Mapped[str | None] = mapped_column(Text)
    # Sealed JSON: name, e-mail, phone and postal address of who asks.
    person: Mapped[str | None] = mapped_column(Text)
    # Sealed: the request in the person's own words.
    question: Mapped[str | None] = mapped_column(Text)
    identity_how: Mapped[str | None] = mapped_column(String(20))
    identity_at: Mapped[datetime | None]
    identity_by: Mapped[str | None] = mapped_column(String(200))
    handler_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    # A child is heard through its own channel before anything is confirmed to its parent.
    child_heard_on: Mapped[date | None]
    child_outcome: Mapped[str | None] = mapped_column(String(20))
    # A code of the closed list of grounds, and the reason in words.
    refused_ground: Mapped[str | None] = mapped_column(String(20))
    decided_reason: Mapped[str | None] = mapped_column(Text)
    # The answer was sent, or the person took the request back.
    ended_at: Mapped[datetime | None]
    # The last day to object to the answer, which is a decision (art. 34 UAVG); set when it is sent.
    objection_until: Mapped[date | None]
    # An objection came in, and is over; until then nothing of the case goes.
    objection_on: Mapped[date | None]
    objection_ended_on: Mapped[date | None]
    # Unused since the release after 1.0.0, but for showing what that kept; goes one later.
    objection_number: Mapped[str | None] = mapped_column(String(100))
    objection_due: Mapped[date | None]
    objection_outcome: Mapped[str | None] = mapped_column(String(20))
    objection_reason: Mapped[str | None] = mapped_column(Text)

    @property
    def is_decided(self) -> bool:
        """Tell whether the request was decided, sent or not."""
        return self.state in DECIDED

    @property
    def is_unsent(self) -> bool:
        """Tell whether the decision hasn't gone to who asked yet."""
        return self.is_decided and self.ended_at is None

    @property
    def objection_runs(self) -> bool:
        """Tell whether there is an objection that isn't over."""
        return self.objection_on is not None and self.objection_ended_on is None


class SubjectRequestMove(HistoryLine, Held, Base):
    """A line of the history of a request."""

    __tablename__ = "subject_request_move"
    __table_args__ = of_request(Index(None, "holder", "request_id", "at"))

    request_id: Mapped[UUID]


class RequestLetter(Held, Base):
    """A letter of a request, as it was made from a template."""

    __tablename__ = "request_letter"
    __table_args__ = of_request(Index(None, "holder", "request_id", "made_at"))

    request_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    # Sealed.
    content: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by: Mapped[str] = mapped_column(String(200))
    sent_on: Mapped[date | None]
    # A code: by post, by mail, on the follow page, at the pick-up page.
    sent_how: Mapped[str | None] = mapped_column(String(20))


class RequestTrace(Held, Base):
    """A document in which something about the person was found, and whether it is part of it."""

    __tablename__ = "request_trace"
    __table_args__ = of_request(
        UniqueConstraint("holder", "request_id", "document_kind", "document_id")
    )

    request_id: Mapped[UUID]
    document_kind: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[UUID]
    reference: Mapped[str] = mapped_column(String(20))
    # Codes of the places in the document where it was found, never the words.
    places: Mapped[list[str]] = mapped_column(default=list)
    # None: nobody looked yet.
    included: Mapped[bool | None]
    reason: Mapped[str | None] = mapped_column(Text)
    found_at: Mapped[datetime] = mapped_column(default=utc_now)
    found_by: Mapped[str] = mapped_column(String(200))


class Restriction(Held, Base):
    """Restriction of the use of contested data of one document (art. 18 AVG)."""

    __tablename__ = "data_restriction"
    restricts: ClassVar[bool] = True
    __table_args__ = of_request(
        Index(None, "holder", "document_id"),
        partial_index(
            "ix_data_restriction_in_force", "holder", "document_id", where="lifted_at IS NULL"
        ),
    )

    request_id: Mapped[UUID]
    document_kind: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[UUID]
    reference: Mapped[str] = mapped_column(String(20))
    # A code of the ground of art. 18(1), and in words which data is contested.
    ground: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column("about", Text)
    since: Mapped[datetime] = mapped_column("started_at", default=utc_now)
    started_by_id: Mapped[str | None] = mapped_column(String(64))
    by: Mapped[str] = mapped_column("started_by", String(200))
    # The person is told before it is lifted (art. 18(3)).
    told_on: Mapped[date | None]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(String(200))
    lifted_reason: Mapped[str | None] = mapped_column(Text)


class Correction(Held, Base):
    """Correction that stands beside the account of a reporter, which stays (art. 16 AVG)."""

    __tablename__ = "data_correction"
    restricts: ClassVar[bool] = False
    # It stands for good.
    lifted_at: ClassVar[datetime | None] = None
    __table_args__ = of_request(Index(None, "holder", "document_id"))

    request_id: Mapped[UUID]
    document_kind: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[UUID]
    reference: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column("text", Text)
    since: Mapped[datetime] = mapped_column("made_at", default=utc_now)
    made_by_id: Mapped[str | None] = mapped_column(String(64))
    by: Mapped[str] = mapped_column("made_by", String(200))


# Personal data: the person who asks, what they wrote, and the letters to them


def erase(session: Session, document: UUID) -> None:
    """Delete a request with all that belongs to it."""
    session.execute(delete(SubjectRequest).where(SubjectRequest.id == document))


PERSONAL_DATA: Final = personal.PersonalDataHolder(
    KIND,
    {
        "subject_request": personal.treated(
            text="extended_reason decided_reason objection_number objection_reason",
            sealed="person question",
            staff="identity_by changed_by",
        ),
        "subject_request_move": personal.treated(
            text="reason", codes="values", staff="actor_id actor_name"
        ),
        "request_letter": personal.treated(sealed="content", staff="made_by"),
        "request_trace": personal.treated(text="reason", codes="places", staff="found_by"),
        "data_restriction": personal.treated(
            text="about lifted_reason", staff="started_by_id started_by lifted_by"
        ),
        "data_correction": personal.treated(text="text", staff="made_by_id made_by"),
        "subject_copy": personal.treated(
            text="answer",
            codes="sha256",
            staff="made_by_id made_by checked_by_id checked_by changed_by",
        ),
    },
    personal.find_nothing,
    personal.redact_nothing,
    erase,
)
RETENTION: Final = RetentionClass(
    KIND,
    "Verzoeken van betrokkenen: wie vroeg wat, de brieven en de kopie",
    tuple(PERSONAL_DATA.columns),
    Way.BY_ITSELF,
    "de dag waarop het verzoek is afgerond",
    until=_("5 jaar; de kopie en wie het vroeg 3 maanden na de bezwaartermijn"),
    source="eigen beleid; een jurist moet dit nog bevestigen",
)
