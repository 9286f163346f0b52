"""Absence of people, and who does their work meanwhile: it ends by itself after the last day.

What was promised, snoozed or waits for approval moves to the substitute. Nothing of it is stored
with the work: who reads a list asks here whose work is theirs today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.forms import (
    Button,
    Date,
    Form,
    FormError,
    OneOf,
    Schema,
    field,
    handle_form,
)
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.text import date_text, uuid_of
from stopintimidatie.core.web.request import Request, form_view, post_view, query_pairs
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.municipalities.people.models import Absence

KIND: Final = "afwezigheid"
# An absence that is longer than this is a role that ought to end.
LONGEST: Final = timedelta(days=366)
TRIAGE: Final = Permission.TRIAGE
# The work that stays undone when the substitute hasn't the role.
LACKING: Final[Mapping[Role, str]] = {
    Role.OFFICER: "ziet geen contactgegevens van melders, dus bellen moet een ander",
    Role.DOSSIER_OWNER: "ziet geen persoonsgerichte dossiers",
    Role.ADMIN: "beheert hier niets",
    Role.PRIVACY_OFFICER: "behandelt geen verzoeken om te wissen",
    Role.DATA_PROTECTION_OFFICER: "houdt hier geen toezicht",
    Role.PROCESS_OWNER: "beoordeelt geen vernietigingslijsten",
    Role.ARCHIVIST: "keurt geen bewaartermijnen en vernietiging goed",
    Role.POLICE_DATA: "ziet hier minder",
}


@dataclass(frozen=True)
class Away:
    """An absence with the names that a page shows, and who does the work meanwhile."""

    row: Absence
    name: str
    substitute: str
    # The roles of the substitute here, and those of the person that who has the work hasn't.
    roles: frozenset[Role]
    lacks: Sequence[Role]
    # Ids and names of who has the work, as it is passed on; empty when none of them may do it.
    chain: Sequence[tuple[UUID, str]]
    # The substitute is away as well.
    passed_on: bool

    @property
    def covered(self) -> bool:
        """Tell that somebody who is there does the work."""
        last = self.chain[-1][0] if self.chain else None
        return last is not None and not (self.passed_on and last == self.row.substitute_id)

    @property
    def stands_in(self) -> str:
        """Say who steps in, or why nobody does."""
        if self.passed_on:
            heir = self.chain[-1][1] if self.covered else "niemand"
            return f"vervanger {self.substitute} is zelf afwezig; {heir} neemt het over"
        if self.covered:
            return f"vervanger {self.substitute}"
        does = "doet dit werk hier niet meer" if self.roles else "werkt hier niet meer"
        return f"{self.substitute} {does}, dus er is geen vervanger"

    @property
    def words(self) -> str:
        """Say until when, and who steps in."""
        stands_in = self.stands_in if self.covered else "zonder vervanger"
        return f"afwezig tot en met {date_text(self.row.until)}; {stands_in}"

    @property
    def warning(self) -> str:
        """Say what of the work doesn't move to who has it; empty when all or nothing does."""
        return _warning(self.chain[-1][1], self.lacks) if self.covered else ""


def stands_in_for(session: Session, holder: str, user_id: UUID, today: date) -> set[UUID]:
    """Return the people whose work is this user's as well today, without the user."""
    return work_of(away_today(session, holder, today), user_id)


def work_of(away: Mapping[UUID, Away], user_id: UUID) -> set[UUID]:
    """Return whose work is this user's as well, of those who are away."""
    return {person for person, absence in away.items() if user_id in dict(absence.chain)}


def acting_for(session: Session, user_id: UUID, today: date) -> UUID:
    """Return who does this user's work today at the holder of the session: mostly the user."""
    holder = session.scalar(
        select(Absence.holder).where(
            Absence.user_id == user_id, Absence.since <= today, Absence.until >= today
        )
    )
    away = away_today(session, holder, today).get(user_id) if holder else None
    return away.chain[-1][0] if away and away.chain else user_id


def away_today(session: Session, holder: str, today: date) -> Mapping[UUID, Away]:
    """Return who is away today, by id."""
    rows = absences(session, holder, today, today)
    return {away.row.user_id: away for away in rows}


def absences(session: Session, holder: str, since: date, until: date) -> Sequence[Away]:
    """Return the absences of a holder that share a day with a period, the first to begin first.

    A substitute who is away passes the work on to the own substitute; who may not do it is skipped.
    It is no absence any more when the person and the substitutes have all left.
    """
    person, substitute = aliased(User), aliased(User)
    rows = session.execute(
        select(Absence, person.name, substitute.name)
        .join(person, person.id == Absence.user_id)
        .join(substitute, substitute.id == Absence.substitute_id)
        .where(Absence.holder == holder, Absence.since <= until, Absence.until >= since)
        .order_by(Absence.since, person.name)
    ).all()
    if not rows:
        return []
    roles = {user.id: own for user, own in _roles(session, holder).items()}
    names = {row.substitute_id: name for row, _, name in rows}
    result = []
    for row, name, stands_in in rows:
        day = max(row.since, since)
        path = _path(row, [other for other, _, _ in rows if other.since <= day <= other.until])
        mine, own = roles.get(row.user_id, set()), roles.get(row.substitute_id, set())
        # The work of who lost all roles meanwhile is still there.
        here = [(id_, roles[id_]) for id_ in path if id_ in roles]
        able = [(id_, names[id_]) for id_, has in here if _does_work_of(mine or has, has)]
        if not mine and not able:
            continue
        heirs = roles[able[-1][0]] if able else set()
        lacks = [role for role in Role if role in mine - heirs]
        result.append(Away(row, name, stands_in, frozenset(own), lacks, able, len(path) > 1))
    return result


def _path(row: Absence, rows: Sequence[Absence]) -> list[UUID]:
    """Return who get the work in turn: the substitute, the substitute of that one when away."""
    next_of = {other.user_id: other.substitute_id for other in rows}
    path = [row.substitute_id]
    while path[-1] in next_of and next_of[path[-1]] not in {*path, row.user_id}:
        path.append(next_of[path[-1]])
    return path


def _does_work_of(mine: set[Role], own: set[Role]) -> bool:
    """Tell whether who has the roles `own` may do some of the work of who has the roles `mine`."""
    return bool(mine & own) or (may(mine, TRIAGE) and may(own, TRIAGE))


def _roles(session: Session, holder: str) -> Mapping[User, set[Role]]:
    """Return who has a role here that counts, by name, with the roles."""
    rows = session.execute(
        select(User, RoleAssignment.role)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(RoleAssignment.holder == holder, User.blocked_at.is_(None))
        .where(RoleAssignment.counting())
        .order_by(User.name, User.username)
    )
    roles: dict[User, set[Role]] = {}
    for user, role in rows:
        roles.setdefault(user, set()).add(Role(role))
    return roles


def _warning(name: str, lacks: Sequence[Role]) -> str:
    missing = [LACKING[role] for role in lacks if role in LACKING]
    return f"{name} kan niet alles overnemen: {'; '.join(missing)}." if missing else ""


@dataclass(frozen=True)
class Substitute:
    """A colleague who can step in; `lacks`: the roles of the person that this one hasn't."""

    user: User
    lacks: Sequence[Role]

    @property
    def label(self) -> str:
        """Return the name, with the roles that are missing."""
        roles = " en ".join(role.label for role in self.lacks)
        return f"{self.user.name} (zonder de rol {roles})" if roles else self.user.name

    @property
    def warning(self) -> str:
        """Say what of the work doesn't move to this colleague; empty when all does."""
        return _warning(self.user.name, self.lacks)


def substitutes(session: Session, holder: str, user_id: UUID) -> Sequence[Substitute]:
    """Return the colleagues who do some of this person's work here, who can do all of it first."""
    roles = _roles(session, holder)
    mine = next((own for user, own in roles.items() if user.id == user_id), set[Role]())
    can = [
        Substitute(user, [role for role in Role if role in mine - own])
        for user, own in roles.items()
        if user.id != user_id and _does_work_of(mine, own)
    ]
    return sorted(can, key=lambda substitute: len(substitute.lacks))


def announce_absence(
    session: Session,
    holder: str,
    user_id: UUID,
    substitute_id: UUID,
    since: date,
    until: date,
    actor: Actor,
) -> Absence:
    """Store that somebody is away, and who steps in.

    Raises:
        FormError: The days or the substitute are impossible; nothing is stored.
    """
    _check_days(since, until)
    if substitute_id not in {s.user.id for s in substitutes(session, holder, user_id)}:
        raise FormError("Deze collega doet hier ander werk. Kies een ander.", "vervanger")
    for away in absences(session, holder, since, until):
        if away.row.user_id == user_id:
            raise FormError(
                f"Van {date_text(away.row.since)} tot en met {date_text(away.row.until)} staat er"
                " al een afwezigheid. Beëindig die eerst, of kies andere dagen.",
                "van",
            )
        if away.row.user_id == substitute_id:
            raise FormError(
                # Named as the field is, so that nothing goes before the name.
                f"Vervanger {away.name} is zelf {away.words}. Kies een ander, of andere dagen.",
                "vervanger",
            )
    absence = Absence(
        holder=holder, user_id=user_id, substitute_id=substitute_id, since=since, until=until
    )
    session.add(absence)
    session.flush()
    people = [user_id, substitute_id]
    record(session, actor, "afwezigheid.gemeld", holder, KIND, people, fields=[str(since)])
    return absence


def _check_days(since: date, until: date) -> None:
    if since < local_date(utc_now()):
        raise FormError("Deze dag is voorbij. Kies vandaag of later.", "van")
    if until < since:
        raise FormError("De laatste dag ligt voor de eerste. Kies een latere dag.", "tot")
    if until - since > LONGEST:
        raise FormError(
            "Dit is langer dan een jaar. Kies een eerdere laatste dag; u kunt later verlengen."
            " Komt iemand niet terug, beëindig dan de rol.",
            "tot",
        )


def end_absence(session: Session, absence: Absence, actor: Actor) -> None:
    """End an absence today; one that hasn't begun is deleted."""
    today = local_date(utc_now())
    people = [absence.user_id, absence.substitute_id]
    if absence.since < today:
        absence.until = min(absence.until, today - timedelta(days=1))
    else:
        session.delete(absence)
    session.flush()
    record(session, actor, "afwezigheid.beeindigd", absence.holder, KIND, people)


# The page: for oneself, and for the admin of a colleague as well.

PAGE: Final = "afwezig"
END: Final = "afwezig-beeindigen"
WHO: Final = "wie"
TEMPLATE: Final = "stopintimidatie.municipalities.people:templates/absence.jinja2"


def absence_schema(people: Sequence[tuple[str, str]]) -> Any:
    """Make the form of an absence, with who can step in."""
    return Schema(
        field(Date(), "Eerste dag", name="van"),
        field(Date(), "Laatste dag", name="tot"),
        field(
            OneOf(people),
            "Vervanger",
            name="vervanger",
            description="Een collega die dit werk ook doet. Die ziet zo lang uw werk bij ‘van mij’"
            " en op de startpagina. Wat een rol vraagt die de collega niet heeft, gaat niet over.",
        ),
    )


@form_view(MunicipalityResource, PAGE, Permission.VIEW_MUNICIPALITY, TEMPLATE)
def absence_view(context: MunicipalityResource, request: Request) -> Any:
    """Show when this person is away and the form for it, and store what was filled in."""
    session, holder = request.db, context.holder
    person = _person(context, request)
    people = substitutes(session, holder, person.id)
    choices = [(str(substitute.user.id), substitute.label) for substitute in people]
    form = Form(absence_schema(choices), request, buttons=[Button("opslaan", "Vastleggen")])

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        days, substitute = (values["van"], values["tot"]), UUID(values["vervanger"])
        announce_absence(session, holder, person.id, substitute, *days, request.actor)
        request.flash("De afwezigheid is vastgelegd.")
        warning = next(s.warning for s in people if s.user.id == substitute)
        if warning:
            request.flash(warning, "warning")
        return HTTPSeeOther(_address(context, request, person.id))

    return handle_form(request, form, on_valid, lambda: _page(context, request, person, people))


def _page(
    context: MunicipalityResource, request: Request, person: User, people: Sequence[Substitute]
) -> dict[str, Any]:
    today = local_date(utc_now())
    rows = absences(request.db, context.holder, today, today + LONGEST)
    manages = bool(request.has_permission(Permission.MANAGE_MUNICIPALITY, context))
    mine = request.identity is not None and person.id == request.identity.user_id
    return {
        "person": person,
        "mine": mine,
        "people": people,
        "today": today,
        "rows": [away for away in rows if away.row.user_id == person.id],
        "others": [away for away in rows if away.row.user_id != person.id],
        "manages": manages,
        "here": request.resource_path(context, PAGE),
        "end": request.resource_path(context, END),
        "users": request.resource_path(context, "gebruikers") if manages else None,
    }


def _address(context: MunicipalityResource, request: Request, person: UUID) -> str:
    mine = request.identity is not None and person == request.identity.user_id
    here = request.resource_path(context, PAGE)
    return here if mine else f"{here}?{WHO}={person.hex}"


def _person(context: MunicipalityResource, request: Request) -> User:
    """Return the person that the page is about: oneself, or a colleague whom the admin names."""
    assert request.identity is not None  # noqa: S101 - the view needs a permission
    wanted = dict(query_pairs(request)).get(WHO, "")
    number = uuid_of(wanted) if wanted else request.identity.user_id
    if number != request.identity.user_id and not request.has_permission(
        Permission.MANAGE_MUNICIPALITY, context
    ):
        raise HTTPNotFound
    row = select(User).join(RoleAssignment, RoleAssignment.user_id == User.id)
    here = row.where(RoleAssignment.holder == context.holder, User.id == number)
    person = request.db.scalars(here.distinct()).one_or_none() if number else None
    if person is None:
        raise HTTPNotFound
    return person


@post_view(MunicipalityResource, END, Permission.VIEW_MUNICIPALITY)
def end_view(context: MunicipalityResource, request: Request) -> HTTPSeeOther:
    """End an absence of one's own, or as admin of a colleague."""
    number = uuid_of(request.POST.get("afwezigheid", ""))
    absence = request.db.get(Absence, number) if number else None
    mine = request.identity is not None and absence and absence.user_id == request.identity.user_id
    manages = request.has_permission(Permission.MANAGE_MUNICIPALITY, context)
    if absence is None or absence.holder != context.holder or not (mine or manages):
        raise HTTPNotFound
    person = absence.user_id
    works = select(RoleAssignment.user_id).where(
        RoleAssignment.holder == context.holder, RoleAssignment.user_id == person
    )
    end_absence(request.db, absence, request.actor)
    request.flash("De afwezigheid is beëindigd. Het werk is weer van wie het was.")
    # A person without a role has no page here, so the admin goes back to their own.
    if request.db.scalar(works.limit(1)) is None:
        return HTTPSeeOther(request.resource_path(context, PAGE))
    return HTTPSeeOther(_address(context, request, person))
