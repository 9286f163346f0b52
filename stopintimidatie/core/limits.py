"""Count how often a sender or an app asks, without storing who they are.

A sender is known by its internet address, during the request only. Stored is a hash under a key
that is made each day and deleted the next. After that nothing leads back to an address, nor from
one day to another. None of it is in a backup.

Reports are never refused for their number: those over the limit go to quarantine. Reading, and
trying follow codes, are refused over their limit. So are files, by the bytes that came in today;
those are counted in memory.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Engine,
    Index,
    Integer,
    String,
    delete,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from stopintimidatie.core.clock import daily, utc_now
from stopintimidatie.core.jobs import Job, JobContext
from stopintimidatie.core.storage.encryption import KEY_BYTES
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.retention import RetentionClass, Way
from stopintimidatie.core.storage.session import Row, insert_into, transaction
from stopintimidatie.core.text import AMSTERDAM, local
from stopintimidatie.settings import Settings

_FLEETING: Final = {"not_in_backup": "keys and hashes that must be gone the next day"}


class SenderKey(Base):
    """The key of a day, under which addresses are hashed; thrown away the next."""

    __tablename__ = "sender_key"
    __table_args__ = ({"info": _FLEETING},)

    day: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))


class SenderHit(Base):
    """That somebody asked something at a moment; who, only the key of the day could tell."""

    __tablename__ = "sender_hit"
    __table_args__ = (Index(None, "subject", "at"), {"info": _FLEETING})

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    subject: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)


FORGET_JOB: Final = Job("afzenders.vergeten")
# Some minutes into the next day: no request of the day before is still busy then.
FORGOTTEN_AT: Final = time(0, 5)
SUBJECT_CHARACTERS: Final = 32


@dataclass(frozen=True)
class Meter:
    """Limit of `most` requests within `window`; about one in `every` is stored."""

    name: str
    most: int
    window: timedelta
    every: int = 1
    # A sentence for the officer, at a report that comes in beyond the limit.
    reason: str = ""

    @property
    def rows(self) -> int:
        """The number of stored rows at which the limit is reached."""
        return max(self.most // self.every, 1)


@dataclass(frozen=True)
class Watched:
    """A meter, and the hash that it counts (see `Senders.subject`), valid for today."""

    meter: Meter
    subject: str


# Seconds in Retry-After when it was too much: the quarter of an hour that the page names.
PATIENCE_SECONDS: Final = 900
READS_OF_APP: Final = Meter("lezen-app", 30_000, timedelta(minutes=10), 250)
GUESSES: Final = Meter("raden", 30, timedelta(minutes=15))
# Behind a proxy that doesn't tell who asks, all are one.
GUESSES_OF_ALL: Final = Meter("raden", 300, timedelta(minutes=15))
# Wrong passwords from one network, in browsers that aren't known.
FAILED_SIGN_INS: Final = Meter("aanmelden", 30, timedelta(minutes=15))
FAILED_SIGN_INS_OF_ALL: Final = Meter("aanmelden", 300, timedelta(minutes=15))
# Mails with a link that were asked for from one network, whether or not one was sent.
ASKED_LINKS: Final = Meter("links", 100, timedelta(minutes=15))
ASKED_LINKS_OF_ALL: Final = Meter("links", 1_000, timedelta(minutes=15))
FEWEST_ROWS: Final = 120


def reports_of_sender(settings: Settings) -> Meter:
    """Return the meter of reports from one sender."""
    return Meter(
        "melden",
        settings.flood_reports_per_sender,
        timedelta(hours=1),
        reason="Veel meldingen van één adres binnen een uur. Welk adres is niet bewaard.",
    )


def reports_of_app(settings: Settings) -> Meter:
    """Return the meter of reports from one app."""
    most = settings.flood_reports_per_app
    return Meter(
        "melden-app",
        most,
        timedelta(minutes=1),
        max(most // FEWEST_ROWS, 1),
        reason="Heel veel meldingen uit één app binnen een minuut.",
    )


def reads_of_sender(settings: Settings) -> Meter:
    """Return the meter of what one sender reads."""
    return Meter("lezen", settings.flood_reads_per_sender, timedelta(minutes=10), 10)


def sender_of(environ: Any, settings: Settings) -> str | None:
    """Return the address that a request comes from; of IPv6 its /64 network. Never store it.

    Reads the header of the setting `sender.header`, which a proxy must fill with one address, else
    the address of the connection. None when that isn't a public address, such as a proxy's own.
    """
    header = settings.sender_header
    header_address = environ.get(f"HTTP_{header.upper().replace('-', '_')}") if header else None
    try:
        address = ip_address(str(header_address or environ.get("REMOTE_ADDR", "")).strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if not address.is_global:
        return None
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)


def network_of(sender: str) -> str:
    """Return the network of a sender: the /24 of an IPv4 address, the /48 of IPv6.

    Who tries passwords of many accounts changes addresses within a network at no cost.
    """
    network = ip_network(sender, strict=False)
    return str(network.supernet(new_prefix=24 if network.version == 4 else 48))


def drawn(meter: Meter) -> bool:
    """Decide by chance whether this request is stored: one in `meter.every` is."""
    return meter.every == 1 or secrets.randbelow(meter.every) == 0


class Senders:
    """The meters of an installation; each process keeps the key of the day."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self.settings = settings
        self._reports = reports_of_sender(settings), reports_of_app(settings)
        self._lock = Lock()
        self._day: date | None = None
        self._key = b""

    def subject(self, meter: Meter, who: str, session: Session | None = None) -> str:
        """Return what is written down of somebody for a meter: another text for each meter and day.

        `session`: a transaction that is busy already, for who has one.
        """
        message = f"{meter.name}\x00{who}".encode()
        made = hmac.new(self._key_of_today(session), message, hashlib.sha256).hexdigest()
        return made[:SUBJECT_CHARACTERS]

    def _key_of_today(self, session: Session | None) -> bytes:
        today = local(utc_now()).date()
        with self._lock:
            if self._day == today:
                return self._key
            if session is not None:
                # Not remembered: that transaction may yet be rolled back.
                return bytes.fromhex(_shared_key(session, today))
            self._key = bytes.fromhex(self._drawn_or_read(today))
            self._day = today
            return self._key

    def _drawn_or_read(self, today: date) -> str:
        """Return the key of the day.

        Read first, so that only its first sender waits for a writer.
        """
        with transaction(self._engine, write=False) as session:
            key = _key_in_database(session, today)
        if key is not None:
            return key
        with transaction(self._engine) as session:
            return _shared_key(session, today)

    def too_many(self, meter: Meter, who: str) -> bool:
        """Tell whether somebody has reached the limit of a meter; count nothing."""
        subject = self.subject(meter, who)
        with transaction(self._engine, write=False) as session:
            return _counted(session, meter, subject) >= meter.rows

    def note(self, meter: Meter, who: str) -> None:
        """Write one down, when it is drawn."""
        if drawn(meter):
            subject = self.subject(meter, who)
            with transaction(self._engine) as session:
                session.add(SenderHit(subject=subject))

    def watch(
        self, who: str | None, app: str | None, session: Session | None = None
    ) -> tuple[Watched, ...]:
        """Return the meters for a report of this sender and this app; count nothing yet.

        Args:
            who: The sender, from `sender_of`; None leaves the meter of senders out.
            app: What tells apps apart; None leaves the meter of apps out.
            session: A session whose transaction is open already, to read the key of today with.
        """
        asked = zip(self._reports, (who, app), strict=True)
        return tuple(
            Watched(meter, self.subject(meter, name, session)) for meter, name in asked if name
        )


def count_and_judge(session: Session, watched: Sequence[Watched]) -> str | None:
    """Count one more for each meter, and return the reason of the first that was full already.

    Returns None when no meter was full. Adds `SenderHit` rows to the session, also when a meter was
    full, so call it once for each request.
    """
    crowded = [w for w in watched if _counted(session, w.meter, w.subject) >= w.meter.rows]
    for _, values in rows_for(watched):
        session.add(SenderHit(**values))
    return crowded[0].meter.reason if crowded else None


def rows_for(watched: Sequence[Watched]) -> list[Row]:
    """Return the rows to store for one request: a `SenderHit` for each meter that chance picks."""
    now = utc_now()
    return [(SenderHit, {"subject": w.subject, "at": now}) for w in watched if drawn(w.meter)]


def count_of(subject: ColumnElement[str], since: ColumnElement[datetime], rows: Any) -> Any:
    """Make a column: how many were written down of a subject, counted no further than matters."""
    some = (
        select(literal(1).label("one"))
        .where(SenderHit.subject == subject, SenderHit.at > since)
        .limit(rows)
        .subquery()
    )
    return select(func.count()).select_from(some).scalar_subquery()


def _counted(session: Session, meter: Meter, subject: str) -> int:
    since = literal(utc_now() - meter.window, SenderHit.at.type)
    return int(session.scalar(select(count_of(literal(subject), since, meter.rows))) or 0)


def _shared_key(session: Session, today: date) -> str:
    """Return the key of the day, which the first process draws; throw earlier ones away."""
    key = _key_in_database(session, today)
    if key is not None:
        return key
    forget(session, today)
    fresh = insert_into(session, SenderKey).values(
        day=today, key=secrets.token_bytes(KEY_BYTES).hex()
    )
    session.execute(fresh.on_conflict_do_nothing())
    session.flush()
    return str(_key_in_database(session, today))


def _key_in_database(session: Session, today: date) -> str | None:
    return session.scalar(select(SenderKey.key).where(SenderKey.day == today))


def forget(session: Session, today: date) -> None:
    """Throw away the keys of other days, and what was written down with them."""
    midnight = datetime.combine(today, time(0), AMSTERDAM)
    session.execute(delete(SenderKey).where(SenderKey.day != today))
    # A time in the future was stored by a clock that was wrong.
    tomorrow = midnight + timedelta(days=1)
    session.execute(delete(SenderHit).where(or_(SenderHit.at < midnight, SenderHit.at >= tomorrow)))


def forget_yesterday(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Delete the key of yesterday, also after a quiet night (job)."""
    with context.transaction() as session:
        forget(session, local(utc_now()).date())


class Turnstile:
    """Limit on guesses, such as of follow codes: it refuses who made too many of them lately.

    It counts for each sender, not for each report, so nobody can close a report to its reporter.
    When the sender isn't known, all such requests share one higher limit (`GUESSES_OF_ALL`).

    Args:
        senders: The meters of the installation.
        environ: The request's, for the sender.
        meter: The limit of one sender.
        of_all: The limit that all share whose sender isn't known.
        networks: Count for each network instead (`network_of`).
    """

    def __init__(
        self,
        senders: Senders,
        environ: Any,
        meter: Meter = GUESSES,
        of_all: Meter = GUESSES_OF_ALL,
        *,
        networks: bool = False,
    ) -> None:
        who = sender_of(environ, senders.settings)
        self._senders, self._meter = senders, meter if who else of_all
        self._who = network_of(who) if who and networks else who or ""

    def closed(self) -> bool:
        """Tell whether who asks has made too many guesses."""
        return self._senders.too_many(self._meter, self._who)

    def guessed(self) -> None:
        """Count a guess."""
        self._senders.note(self._meter, self._who)


class Budgets:
    """The bytes of files that came in today, by name, in the memory of this process alone.

    Names are hashed under a key that is drawn each day and stored nowhere.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._day: date | None = None
        self._key = b""
        self._spent: Counter[bytes] = Counter()

    def spend(self, budgets: Mapping[str, int], size: int, *, count: bool = True) -> bool:
        """Count bytes for all these names, unless one has no room for them; tell which.

        Args:
            budgets: The most bytes of each name in a day.
            size: The bytes.
            count: False only looks whether there is room.
        """
        with self._lock:
            today = local(utc_now()).date()
            if today != self._day:
                self._day, self._key = today, secrets.token_bytes(KEY_BYTES)
                self._spent.clear()
            hashes = {name: hmac.digest(self._key, name.encode(), "sha256") for name in budgets}
            fits = all(self._spent[hashes[name]] + size <= most for name, most in budgets.items())
            if fits and count:
                self._spent.update(dict.fromkeys(hashes.values(), size))
            return fits


def reading_too_much(senders: Senders, sender: str | None, app: str | None) -> bool:
    """Tell whether this sender or app has reached the limit of reading; if not, count."""
    asked = [(READS_OF_APP, app)] if app else []
    if sender:
        asked.append((reads_of_sender(senders.settings), sender))
    if any(senders.too_many(meter, who) for meter, who in asked):
        return True
    for meter, who in asked:
        senders.note(meter, who)
    return False


def includeme(config: Any) -> None:
    """Register the meters and what is kept for them."""
    registry = config.registry
    registry.senders = Senders(registry.engine, registry.app_settings)
    registry.budgets = Budgets()
    config.add_job_kind(FORGET_JOB, forget_yesterday, next_at=daily(FORGOTTEN_AT))
    config.add_impersonal_table("sender_key", "a random key, for one day")
    config.add_impersonal_table("sender_hit", "hashes under a key that is thrown away daily")
    config.add_retention_class(
        RetentionClass(
            "afzender",
            "Tellers van afzenders, zonder adres",
            ("sender_key", "sender_hit"),
            Way.BY_ITSELF,
            "het eerste verzoek van die dag",
            until="tot het einde van de dag",
            source="eigen beleid",
        )
    )
