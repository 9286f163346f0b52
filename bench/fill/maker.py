"""Filling an installation: the municipalities, the batches, and the order over processes.

Demo accounts only.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bench.fill import places, plan
from bench.fill.course import Course, Stage, store
from bench.fill.dossiers import DossierCourse, planned
from bench.fill.places import Calendar, Draft, Site, drafts
from bench.fill.plan import Batch, Numbering
from bench.stories.dossiers import Candidate, closed_after
from bench.stories.histories import Case, history, pick_up_at
from bench.stories.model import Dice, Membership, start_of
from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.accounts.passwords import hash_password
from stopintimidatie.core.accounts.services import find_user, give_role
from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import insert_rows
from stopintimidatie.core.storage.tenancy import enter
from stopintimidatie.core.text import with_check
from stopintimidatie.core.tree.models import Reference
from stopintimidatie.demo.loader import CODE_PURPOSE, DemoError
from stopintimidatie.demo.scenario import PASSWORD
from stopintimidatie.dossiers.services import next_number
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.reports.api.queries import make_demo_key
from stopintimidatie.reports.arrival import Arrival, Arrived
from stopintimidatie.reports.arrival.services import content_of, make_rows, promises_of
from stopintimidatie.reports.arrival.submission import Routing, validate
from stopintimidatie.reports.fields import Submission
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.rules import (
    ALPHABET,
    PREFIX,
    RANDOM_CHARACTERS,
    derive_follow_code,
)
from stopintimidatie.reports.vocabulary import Source

REPORTER: Final = Actor("melder", None, "melder")
APP: Final = Actor("app", None, "demo-app")
_ROLES: Final = (Role.OFFICER, Role.DOSSIER_OWNER)


def prepare_desk(engine: Engine) -> UUID:
    """Make the app key that all reports came in with."""
    with transaction(engine, NATIONAL) as session:
        return make_demo_key(session, SYSTEM).id


def hashed_password() -> str:
    """Return the hash of all these accounts; made once, for it is slow on purpose."""
    return hash_password(PASSWORD)


def take_part(session: Session, code: str, hashed: str) -> Mapping[str, Actor]:
    """Connect the municipality and give it an officer and a dossier owner; doing so twice is fine.

    The session has entered this holder.
    """
    profile = session.get(MunicipalityProfile, code)
    if profile is None:
        session.add(MunicipalityProfile(code=code, level=ParticipationLevel.PROGRAMME))
    else:
        profile.level = ParticipationLevel.PROGRAMME
    municipality = session.get_one(Municipality, code)
    found = {"melder": REPORTER, "systeem": SYSTEM}
    for role in _ROLES:
        user = _user(session, municipality, role, hashed)
        give_role(session, SYSTEM, user, code, role)
        found[role.value] = Actor("gebruiker", str(user.id), user.name)
    return found


def _user(session: Session, municipality: Municipality, role: Role, hashed: str) -> User:
    username = f"{role.value}@{municipality.slug}.example"
    user = find_user(session, username)
    if user is None:
        name = f"{role.label} {municipality.name}"
        user = User(username=username, name=name, password_hash=hashed, demo=True)
        session.add(user)
        session.flush()
    return user


# One batch: drawing and telling its reports, what became of them, and storing it all

SPACE = len(ALPHABET) ** RANDOM_CHARACTERS
Incoming = tuple[Submission, Routing, Arrival]


@dataclass(frozen=True)
class Town:
    """Municipality with what all its batches share."""

    name: str
    numbering: Numbering
    holder: str
    slug: str
    wijk_slugs: Mapping[str, str]
    sites: Sequence[Site]
    actors: Mapping[str, Actor]
    keys: KeyRing
    app_key_id: UUID
    moment: datetime
    calendar: Calendar


def make(engine: Engine, town: Town, batch: Batch) -> bool:
    """Make and store a batch in one transaction; False when it was there already."""
    dice = Dice(f"{town.name}/{batch.name}")
    ids = [UUID(int=dice.getrandbits(128), version=4) for _ in range(batch.count)]
    with transaction(engine, batch.share.holder) as session:
        if session.scalar(select(Report.id).where(Report.id == ids[0])) is not None:
            return False
        stage = Stage(dice, town.holder, town.actors, town.moment)
        made = list(drafts(dice, town.sites, batch.count, town.moment, town.calendar))
        references = _references(session, town.numbering, batch)
        incoming = (
            _incoming(town, draft, report_id, reference)
            for draft, report_id, reference in zip(made, ids, references, strict=True)
        )
        arrived = receive_many(session, town.keys, town.holder, incoming)
        courses = [Course(stage, draft, row) for draft, row in zip(made, arrived, strict=True)]
        if town.holder != NATIONAL:  # nobody at the desk has touched them yet
            _tell(session, stage, town, courses)
        store(session, stage, courses)
    return True


def _incoming(town: Town, draft: Draft, report_id: UUID, reference: str) -> Incoming:
    told, ground = draft.told, draft.site.ground
    desk = town.holder == NATIONAL
    waiting = "te_routeren" if ground is None else "wacht_op_afspraak"
    arrival = Arrival(
        source=Source(told.source),  # type: ignore[call-arg]
        actor=APP,
        follow_code=derive_follow_code(town.keys.derive(CODE_PURPOSE), town.app_key_id, report_id),
        received_at=told.received_at,
        quarantine=draft.quarantined and not desk,
        report_id=report_id,
        reference=reference,
    )
    routing = Routing(town.holder, draft.place, waiting if desk else None)
    return validate(told.body, told.received_at), routing, arrival


def receive_many(
    session: Session, keys: KeyRing, holder: str, reports: Iterable[Incoming]
) -> list[Arrived]:
    """Take in many reports of one holder at once and silently.

    Each leaves what `receive` makes of it, but no job: nobody is told. Its reference is given. The
    caller has the index of the holder built afterwards.

    Args:
        session: Transaction that enters the holder.
        keys: Keys of the installation.
        holder: Code of a municipality, or `landelijk`.
        reports: What each tells, where it goes and how it came.
    """
    enter(session, holder)
    promises = promises_of(session, holder)
    made = [
        make_rows(keys, content_of(given), routing, arrival, str(arrival.reference), promises)
        for given, routing, arrival in reports
    ]
    rows = (row for arrived in made for row in arrived.rows)
    insert_rows(session, (row for row in rows if row[0] is not OutboxJob))
    return made


def _references(session: Session, numbering: Numbering, batch: Batch) -> list[str]:
    """Return references, different over the order; one that is taken by another gives way."""
    serials = range(batch.first, batch.first + batch.count)
    wanted = [reference(numbering.scattered(serial, SPACE)) for serial in serials]
    taken = set(session.scalars(select(Reference.reference).where(Reference.reference.in_(wanted))))
    # Far beyond the serials of any order.
    return [
        name if name not in taken else reference(numbering.scattered(serial + SPACE // 2, SPACE))
        for serial, name in zip(serials, wanted, strict=True)
    ]


def reference(number: int) -> str:
    """Write a number below `SPACE` as a reference."""
    characters = []
    for _ in range(RANDOM_CHARACTERS):
        number, place = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[place])
    return with_check(PREFIX, "".join(characters))


def _tell(session: Session, stage: Stage, town: Town, courses: Sequence[Course]) -> None:
    """Tell what became of the reports of a batch, alone or in dossiers."""
    dice = stage.dice
    picked = [_picked_up(dice, course.draft, town.moment) for course in courses]
    filed = _file(session, stage, town, courses, picked)
    for number, course in enumerate(courses):
        dossier, member = filed.get(str(number), (None, None))
        case = _case(course.draft, picked[number], town.moment, dossier, member)
        course.tell(*history(dice, case))
        if dossier is not None and member is not None:
            ground = course.draft.site.ground
            slug = town.wijk_slugs[ground.wijk] if ground else ""
            dossier.join(course, member, (town.slug, slug))


def _picked_up(dice: Dice, draft: Draft, moment: datetime) -> datetime | None:
    told = draft.told
    return pick_up_at(dice, told.received_at, told.incident.forms, moment)


def _file(
    session: Session,
    stage: Stage,
    town: Town,
    courses: Sequence[Course],
    picked: Sequence[datetime | None],
) -> dict[str, tuple[DossierCourse, Membership]]:
    """File reports in dossiers of the busiest places."""
    candidates: dict[Site, list[Candidate]] = {}
    for number, course in enumerate(courses):
        site, told = course.draft.site, course.draft.told
        if course.draft.kind == "gewoon" and site.ground is not None:
            forms = told.incident.forms
            candidate = Candidate(str(number), town.holder, forms, picked[number])
            candidates.setdefault(site, []).append(candidate)
    filed: dict[str, tuple[DossierCourse, Membership]] = {}
    days = town.calendar.days.stop
    for _, plan_of in planned(stage.dice, candidates, len(courses), town.moment, days):
        number_of = next_number(session, town.holder, plan_of.created_at)
        dossier = DossierCourse(stage, plan_of, *number_of)
        dossier.write()
        filed |= {member.report: (dossier, member) for member in plan_of.members}
    return filed


def _case(
    draft: Draft,
    picked_up: datetime | None,
    moment: datetime,
    dossier: DossierCourse | None,
    member: Membership | None,
) -> Case:
    closed = closed_after(dossier.demo.moves, member.joined_at) if dossier and member else None
    return Case(
        received_at=draft.told.received_at,
        moment=moment,
        kind=draft.kind,
        quarantined=draft.quarantined,
        picked_up=picked_up,
        body=draft.told.body,
        dossier=dossier.number if dossier else "",
        membership=member,
        closed_at=closed,
    )


# The order, the work in one or several processes, and the progress

Progress = Callable[[int, int], None]
CONNECTED: Final = 300
YEARS: Final = 5


@dataclass(frozen=True)
class Order:
    """Order of so many reports, from which seed, until which day.

    :param connected: so many municipalities hold their own reports.
    :param fixed: municipalities that get a number of their own.
    """

    total: int
    seed: int
    day: date
    years: int = YEARS
    connected: int = CONNECTED
    fixed: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What all chance follows from: another order makes other reports."""
        fixed = ",".join(f"{code}={number}" for code, number in sorted(self.fixed.items()))
        parts = (self.seed, self.total, self.day, self.years, self.connected, fixed)
        return "/".join(map(str, parts))


def fill(
    registry: Any,
    order: Order,
    *,
    helpers: Helpers | None = None,
    progress: Progress | None = None,
) -> int:
    """Make what isn't there yet; the number of reports that were added.

    :param helpers: processes to do it in; this one alone when None.
    :raises DemoError: this isn't a demo, or there is no place to put reports.
    """
    shares = _shares(registry, order)
    app_key_id = prepare_desk(registry.engine)
    hashed = hashed_password()
    calendar = Calendar(start_of(order.day), order.years)
    work = Work(registry.app_settings, order, app_key_id, hashed, calendar)
    done = added = 0
    ordered = plan.heaviest_first(shares)
    batches = Maker(registry, work).run(ordered) if helpers is None else helpers.run(work, ordered)
    for made, number in batches:
        done += number
        added += number if made else 0
        if progress is not None:
            progress(done, order.total)
    return added


def _shares(registry: Any, order: Order) -> list[plan.Share]:
    if not registry.app_settings.demo:
        raise DemoError("Dit kan alleen met demo = true in de instellingen.")
    if order.total < 1 or sum(order.fixed.values()) > order.total:
        raise DemoError(
            "Het aantal is te klein: geef minstens 1, en minstens wat de gemeenten samen krijgen."
        )
    with transaction(registry.engine, write=False) as session:
        weights = places.municipality_weights(session)
    strange = sorted(order.fixed.keys() - weights.keys())
    if strange:
        raise DemoError(
            f"Van {', '.join(strange)} is geen wijk bekend. Laad eerst de grenzen, met"
            " ‘stopintimidatie gebieden laden’, of noem een andere gemeente."
        )
    return plan.divide(order.total, weights, order.connected, order.fixed)


def holders(registry: Any, order: Order) -> list[str]:
    """Return who holds reports of this order."""
    return sorted({share.holder for share in _shares(registry, order)})


@dataclass(frozen=True)
class Work:
    """Work as another process needs to know it."""

    settings: Any
    order: Order
    app_key_id: UUID
    hashed: str
    calendar: Calendar


class Maker:
    """One process at work."""

    def __init__(self, registry: Any, work: Work) -> None:
        self._registry = registry
        self._work = work
        self._made = 0

    def run(self, shares: Iterable[plan.Share]) -> Iterator[tuple[bool, int]]:
        """Run shares, batch by batch; yield whether one was new, and how many reports it has."""
        engine = self._registry.engine
        for share in shares:
            town = _town(self._registry, self._work, share)
            for batch in plan.batches(share):
                yield make(engine, town, batch), batch.count
                self._made += 1
                if self._made.bit_count() == 1:
                    # PostgreSQL checks keys to parents by plans that a connection makes once; one
                    # made while the parent was (nearly) empty reads all rows of the holder, each
                    # time again. So now and then, ever less often: connections anew.
                    engine.dispose()


@dataclass(frozen=True)
class Helpers:
    """Other processes, each with an engine and keys of its own.

    :param open_registry: makes them from the settings; a function that another process can import.
    """

    number: int
    open_registry: Callable[[Any], Any]

    def run(self, work: Work, shares: Iterable[plan.Share]) -> Iterator[tuple[bool, int]]:
        """Run every share in some process; the batches of a share stay in order."""
        # Fresh processes: a forked one would share this one's connections.
        context = multiprocessing.get_context("spawn")
        start = (work, self.open_registry)
        with ProcessPoolExecutor(self.number, context, _start, start) as pool:
            for done in as_completed(pool.submit(_in_process, share) for share in shares):
                yield from done.result()


_here: dict[str, Maker] = {}


def _start(work: Work, open_registry: Callable[[Any], Any]) -> None:
    _here["maker"] = Maker(open_registry(work.settings), work)


def _in_process(share: plan.Share) -> list[tuple[bool, int]]:
    return list(_here["maker"].run([share]))


def _town(registry: Any, work: Work, share: plan.Share) -> Town:
    order, code = work.order, share.municipality
    with transaction(registry.engine, share.holder) as session:
        desk = share.holder == NATIONAL
        actors = {} if desk else take_part(session, share.holder, work.hashed)
        found = places.grounds_of(session, code) if code else []
        wijken = select(Neighbourhood.code, Neighbourhood.slug).where(
            Neighbourhood.municipality_code == code
        )
        slugs = dict(session.execute(wijken).all())
        slug = session.get_one(Municipality, code).slug if code else ""
    sites = places.sites_of(Dice(f"{order.name}/{code}"), code, found) if code else places.nowhere()
    keys = registry.key_ring
    return Town(
        name=order.name,
        numbering=plan.Numbering.of(order.name),
        holder=share.holder,
        slug=slug,
        wijk_slugs=slugs,
        sites=sites,
        actors=actors,
        keys=keys,
        app_key_id=work.app_key_id,
        moment=work.calendar.moment,
        calendar=work.calendar,
    )
