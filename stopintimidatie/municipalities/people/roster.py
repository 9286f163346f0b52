"""The pages about the people of a holder, for its admin and for the desk: list, person, review."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.accounts.services import AccountError
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, FormError, ask_values
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import date_text, plural, uuid_of
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.municipalities.people import access, forms
from stopintimidatie.municipalities.people.access import Steward, log_change
from stopintimidatie.municipalities.people.queries import (
    Person,
    blocker_of,
    fading,
    is_last,
    is_last_steward,
    missed_without,
    people_at,
    person_at,
)
from stopintimidatie.municipalities.people.services import READERS

USERS_PAGE: Final = "gebruikers"
PERSON_PAGE: Final = "gebruiker"
REVIEW_PAGE: Final = "gebruikers-nakijken"
GONE: Final = "Deze persoon werkt hier niet, of niet meer. Er is niets gewijzigd."
RESET_DONE: Final = (
    "De tweede stap is teruggezet. Deze persoon is overal afgemeld, krijgt een mail en stelt bij"
    " het aanmelden een nieuwe in."
)
_TEMPLATES: Final = "stopintimidatie.municipalities.people:templates"
LIST: Final = f"{_TEMPLATES}/users.jinja2"
ONE: Final = f"{_TEMPLATES}/user.jinja2"
REVIEW: Final = f"{_TEMPLATES}/users_review.jinja2"


@dataclass(frozen=True)
class Roster:
    """The people of a holder, as its admin or the desk sees them.

    Args:
        code: the holder whose people they are.
        at: the holder that the user acts for.
        title: its name.
        path: the address below which the pages are.
        slug: the municipality in the address; empty where the path tells it.
        invite: the address of the page to invite somebody; empty where nobody is invited.
    """

    code: str
    at: str
    title: str
    path: str
    slug: str = ""
    invite: str = ""

    def address(self, page: str, **more: str) -> str:
        """Return the address of one of the pages."""
        asked = {**({"gemeente": self.slug} if self.slug else {}), **more}
        return f"{self.path}/{page}" + (f"?{urlencode(asked)}" if asked else "")

    def address_of(self, person: UUID) -> str:
        """Return the address of the page of a person."""
        return self.address(PERSON_PAGE, wie=str(person))

    def invite_again(self, person: UUID) -> str:
        """Return the address to propose another role, or a longer term, for somebody here."""
        return f"{self.invite}{'&' if '?' in self.invite else '?'}wie={person}"

    def steward(self, request: Request) -> Steward:
        """Return who changes something on these pages."""
        return Steward(request.actor, self.at, self.code)

    @property
    def by_desk(self) -> bool:
        """True where the desk looks after these people."""
        return self.at == NATIONAL


def known_invitee(request: Request, code: str) -> dict[str, str]:
    """Return name and address of the person in the address, who has a role here, for the form."""
    person = _asked_person(request, code)
    return {"naam": person.user.name, "adres": person.user.username} if person else {}


def change_confirmed(context: Any, request: Request) -> HTTPSeeOther | None:
    """Ask the second factor again before rights are changed; to look at them needs none (guard)."""
    return recently_confirmed(context, request) if request.method == "POST" else None


def list_page(request: Request, roster: Roster) -> dict[str, Any]:
    """Return the values of the page with all people of a holder."""
    people, now = people_at(request.db, roster.code), utc_now()
    settings = request.app_settings
    present = [person for person in people if person.roles]
    me, today = request.identity.user_id, local_date(now)  # type: ignore[union-attr]
    return {
        "roster": roster,
        "people": present,
        "blocked": [person for person in people if person.blocked and not person.roles],
        "fading": fading(present, now, settings.silence_days, demo=settings.demo),
        "due": [person for person in present if person.user.id != me and person.due(today)],
        "silence_days": settings.silence_days,
        "me": me,
        "attention": [],
        "overdue": [],
        "invited": [],
        "domains": [],
        "role_label": lambda role: Role(role.role).label,
    }


def handle_person(request: Request, roster: Roster) -> Any:
    """Show the page of one person, and make the change that was chosen.

    Raises:
        HTTPNotFound: nobody with this id works there or is blocked there.
    """
    person = _asked_person(request, roster.code)
    if person is None and request.method == "POST":
        request.flash(GONE, "error")
        return HTTPSeeOther(roster.address(USERS_PAGE))
    if person is None:
        raise HTTPNotFound()
    choices = _choices(request, roster, person)

    def act(values: dict[str, Any]) -> HTTPSeeOther:
        _refuse_stray(values)
        try:
            done, warnings = _change(request, roster, person, values)
        except AccountError as problem:
            # Read again what was undone: the page shows it.
            person_at(request.db, roster.code, person.user.id)
            raise FormError(str(problem), _field_of(values["keuze"])) from None
        request.flash(done)
        for warning in warnings:
            request.flash(warning, "warning")
        return HTTPSeeOther(_next_page(request, roster, person))

    schema, button = forms.access_schema(choices), Button("uitvoeren", "Uitvoeren")
    page, action = _facts(request, roster, person, choices), roster.address_of(person.user.id)
    back = roster.address(USERS_PAGE)
    return ask_values(request, schema, button, act, back, page, action=action)


def _asked_person(request: Request, code: str) -> Person | None:
    number = uuid_of(dict(query_pairs(request)).get("wie", ""))
    return person_at(request.db, code, number) if number else None


def _facts(
    request: Request, roster: Roster, person: Person, choices: Sequence[Any]
) -> dict[str, Any]:
    """Return the values of the page of a person."""
    session, settings, number = request.db, request.app_settings, person.user.id
    now, by = utc_now(), roster.steward(request)
    return {
        "roster": roster,
        "person": person,
        "blocker": blocker_of(session, person.blocked) if person.blocked else None,
        "changeable": bool(choices),
        "oneself": number == request.identity.user_id,  # type: ignore[union-attr]
        "no_reset": person.has_factor and access.why_not_reset(session, by, person.user),
        "last_steward": is_last_steward(session, roster.code, number),
        "last_reader": is_last(session, roster.code, number, READERS),
        "missed": missed_without(session, roster.code, person),
        "fading": fading([person], now, settings.silence_days, demo=settings.demo),
        "role_label": lambda role: Role(role.role).label,
    }


def _choices(request: Request, roster: Roster, person: Person) -> list[tuple[str, str]]:
    """Return what this user may change about a person; empty for oneself."""
    if person.user.id == request.identity.user_id:  # type: ignore[union-attr]
        return []
    here = "Bij het meldpunt" if roster.code == NATIONAL else f"Bij {roster.title}"
    own = [role for role in person.roles if not role.by_group]
    labels = {role.role: Role(role.role).label for role in own}
    choices = [(f"{forms.TAKE}-{code}", f"Rol weghalen: {labels[code]}") for code in labels]
    choices += [(f"{forms.END}-{code}", f"Einddatum zetten: {labels[code]}") for code in labels]
    if person.roles:
        choices.append((forms.BLOCK, f"{here} blokkeren, en overal afmelden"))
        choices.append((forms.SIGN_OUT, "Alleen overal afmelden"))
    if (
        person.roles
        and person.has_factor
        and not access.why_not_reset(request.db, roster.steward(request), person.user)
    ):
        choices.append((forms.RESET, "Tweede stap terugzetten: bij de volgende keer een nieuwe"))
    if person.blocked:
        choices.append((forms.UNBLOCK, f"{here} de blokkade opheffen: de rollen komen terug"))
    if roster.by_desk:
        choices.append(
            (forms.UNBLOCK_ACCOUNT, "Blokkade van het hele account opheffen")
            if person.user.blocked_at
            else (forms.BLOCK_ACCOUNT, "Het hele account blokkeren, bij elke gemeente")
        )
    return choices


def _refuse_stray(values: dict[str, Any]) -> None:
    """Refuse an answer that was filled in for another choice.

    Raises:
        FormError: there is one.
    """
    choice = values["keuze"]
    if values.get("laatste_dag") and not choice.startswith(forms.END):
        raise FormError("Deze datum hoort bij ‘Einddatum zetten’. Maak haar leeg.", "laatste_dag")
    if values.get("reden") and choice not in forms.REASONED:
        raise FormError("Een reden hoort bij blokkeren. Maak dit veld leeg.", "reden")


def _field_of(choice: str) -> str:
    if choice.startswith(forms.END):
        return "laatste_dag"
    return "reden" if choice in forms.REASONED else "keuze"


# The choices that name no role: what each does, and the words after it.
_ACTS: Final[Mapping[str, tuple[Callable[..., Sequence[str] | None], str]]] = {
    forms.BLOCK: (access.block, "{} is geblokkeerd."),
    forms.UNBLOCK: (access.unblock, "De blokkade van {} is opgeheven."),
    forms.SIGN_OUT: (access.end_sessions, "{} is overal afgemeld."),
    forms.RESET: (access.reset_factor, RESET_DONE),
    forms.BLOCK_ACCOUNT: (access.block_account, "Het account van {} is geblokkeerd."),
    forms.UNBLOCK_ACCOUNT: (access.unblock_account, "{} kan zich weer aanmelden."),
}


def _change(
    request: Request, roster: Roster, person: Person, values: dict[str, Any]
) -> tuple[str, Sequence[str]]:
    """Make the change that was chosen.

    Returns:
        What was done, and warnings.

    Raises:
        AccountError: it can't be.
    """
    session, by, number = request.db, roster.steward(request), person.user.id
    if values["keuze"] in _ACTS:
        act, done = _ACTS[values["keuze"]]
        reason = [values.get("reden") or ""] if values["keuze"] in forms.REASONED else []
        return done.format(person.user.name), act(session, by, number, *reason) or ()
    choice, _, role = values["keuze"].partition("-")
    if choice == forms.TAKE:
        return "De rol is weggehaald.", access.take_role(session, by, number, role)
    warnings = access.set_end(session, by, number, role, values["laatste_dag"])
    return "De einddatum is opgeslagen.", warnings


def _next_page(request: Request, roster: Roster, person: Person) -> str:
    """Return the page of the person while there is one, else the list."""
    request.db.flush()
    request.db.expire_all()
    if person_at(request.db, roster.code, person.user.id) is None:
        return roster.address(USERS_PAGE)
    return roster.address_of(person.user.id)


# The quarterly review: of each person somebody says that the roles are still right.

REVIEWED: Final = "gebruiker.nagekeken"
CHANGED: Final = (
    "De rollen of de mensen zijn intussen gewijzigd. Uw antwoorden zijn nog niet opgeslagen: open"
    " de pagina opnieuw en kijk de lijst na."
)


def handle_review(request: Request, roster: Roster) -> Any:
    """Show all people of a holder with the question whether their roles are right; save answers."""
    me, today = request.identity.user_id, local_date(utc_now())  # type: ignore[union-attr]
    everybody = [person for person in people_at(request.db, roster.code) if person.roles]
    asked = sorted(
        (person for person in everybody if person.user.id != me),
        key=lambda person: not person.due(today),
    )
    names = _names(request.db, everybody)
    state = _state_of(asked)
    schema = forms.review_schema([_question(person, names) for person in asked])

    def act(values: dict[str, Any]) -> HTTPSeeOther:
        if values["stand"] != state:
            raise FormError(CHANGED)
        right = [person for person in asked if values[_control(person)] == forms.YES]
        wrong = [person for person in asked if values[_control(person)] == forms.NO]
        if not right and not wrong:
            raise FormError("Kies bij minstens één persoon of de rollen kloppen.")
        review(request.db, roster.steward(request), right)
        return _onwards(request, roster, right, wrong)

    reviewed = [(person.reviewed_on, person) for person in everybody if person.reviewed_on]
    page = {
        "roster": roster,
        "asked": asked,
        "due": sum(person.due(today) for person in asked),
        "latest": max(reviewed, key=itemgetter(0), default=(None, None))[1],
        "names": names,
    }
    button, given = Button("opslaan", "Antwoorden opslaan"), {"stand": state}
    back, action = roster.address(USERS_PAGE), roster.address(REVIEW_PAGE)
    return ask_values(request, schema, button, act, back, page, given=given, action=action)


def review(session: Session, by: Steward, people: Sequence[Person]) -> None:
    """Keep that the roles of these people were found right today, with a record for each."""
    today = local_date(utc_now())
    for person in people:
        for role in person.roles:
            role.reviewed_on, role.reviewed_by_id = today, by.actor.id
        log_change(session, by, REVIEWED, person.user.id, [role.role for role in person.roles])


def _onwards(
    request: Request, roster: Roster, right: Sequence[Person], wrong: Sequence[Person]
) -> HTTPSeeOther:
    """Say what was saved, and lead to the people of whom something must go."""
    if right:
        request.flash(f"Nagekeken: {plural(len(right), 'persoon', 'mensen')}.")
    for person in wrong:
        request.flash(
            f"Bij {person.user.name} moet iets weg. Haal hier de rol weg.",
            "warning",
            link=(f"Rollen van {person.user.name}", roster.address_of(person.user.id)),
        )
    if len(wrong) == 1:
        return HTTPSeeOther(roster.address_of(wrong[0].user.id))
    return HTTPSeeOther(roster.address(USERS_PAGE))


def _control(person: Person) -> str:
    return f"persoon-{person.user.id.hex}"


def _question(person: Person, names: dict[str, str]) -> tuple[str, str, str]:
    """Return the control, the title and the description of the question about a person."""
    used = person.signed_in_at
    lines = [
        person.user.username,
        f"laatst aangemeld op {date_text(used)}" if used else "nooit aangemeld",
        _last_review(person, names),
    ]
    title = f"{person.user.name}: {', '.join(person.labels)}"
    return _control(person), f"{title}. Klopt dit nog?", " · ".join(lines)


def _last_review(person: Person, names: dict[str, str]) -> str:
    if person.reviewed_on is None:
        since = f", rol sinds {date_text(person.since)}" if person.since else ""
        if not person.due(local_date(utc_now())):
            return f"telt als nagekeken{since}"
        return f"nog niet nagekeken{since}"
    by = names.get(person.reviewed_by_id or "", "iemand die er niet meer is")
    return f"nagekeken op {date_text(person.reviewed_on)} door {by}"


def _names(session: Session, people: Sequence[Person]) -> dict[str, str]:
    """Return the names of who reviewed these people, by id."""
    ids = {UUID(person.reviewed_by_id) for person in people if person.reviewed_by_id}
    rows = session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return {str(number): name for number, name in rows}


def _state_of(people: Sequence[Person]) -> str:
    """Return a short mark of who has which role, to see that the page is still right."""
    roles = sorted(
        f"{person.user.id} {role.role} {role.until}" for person in people for role in person.roles
    )
    return hashlib.sha256("\n".join(roles).encode()).hexdigest()[:32]
