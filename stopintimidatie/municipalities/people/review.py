"""The quarterly review: of each person somebody says that the roles are still right."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.mail.addresses import Owner
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.text import date_text, plural
from stopintimidatie.core.web.components import ListItem
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.people.access import Steward, log_change
from stopintimidatie.municipalities.people.forms import NO, YES, review_schema
from stopintimidatie.municipalities.people.queries import Person, count_due, people_at
from stopintimidatie.municipalities.people.roster import REVIEW_PAGE, USERS_PAGE, Roster
from stopintimidatie.municipalities.people.services import postbox_of, urgent_number_of

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
    form = Form(
        review_schema([_question(person, names) for person in asked]),
        request,
        buttons=[Button("opslaan", "Antwoorden opslaan")],
        action=roster.address(REVIEW_PAGE),
        cancel_url=roster.address(USERS_PAGE),
        appstruct={"stand": state},
    )

    def on_valid(values: dict[str, Any]) -> Any:
        if values["stand"] != state:
            raise FormError(CHANGED)
        right = [person for person in asked if values[_control(person)] == YES]
        wrong = [person for person in asked if values[_control(person)] == NO]
        if not right and not wrong:
            raise FormError("Kies bij minstens één persoon of de rollen kloppen.")
        review(request.db, roster.steward(request), right)
        return _onwards(request, roster, right, wrong)

    days = [person.reviewed_on for person in everybody if person.reviewed_on]
    page = {
        "roster": roster,
        "asked": asked,
        "due": sum(person.due(today) for person in asked),
        "last": max(days, default=None),
        "last_by": _last_by(everybody, names),
        "alone": not asked,
    }
    return handle_form(request, form, on_valid, page)


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


def _last_by(people: Sequence[Person], names: dict[str, str]) -> str:
    reviewed = [person for person in people if person.reviewed_on]
    if not reviewed:
        return ""
    latest = max(reviewed, key=lambda person: person.reviewed_on or local_date(utc_now()))
    return names.get(latest.reviewed_by_id or "", "")


def _state_of(people: Sequence[Person]) -> str:
    """Return a short mark of who has which role, to see that the page is still right."""
    roles = sorted(
        f"{person.user.id} {role.role} {role.until}" for person in people for role in person.roles
    )
    return hashlib.sha256("\n".join(roles).encode()).hexdigest()[:32]


def reviews_to_do(session: Session, holder: str, me: UUID, path: str) -> list[ListItem]:
    """Return the item of the start page about people whose roles must be reviewed, or none."""
    number = count_due(session, holder, me)
    if not number:
        return []
    waits = f"{plural(number, 'persoon', 'mensen')}: kloppen hun rollen nog?"
    return [ListItem("Controleer de rechten", f"{path}/{REVIEW_PAGE}", meta=[waits])]


def addresses_to_set(session: Session, holder: str, path: str, *, texting: bool) -> list[ListItem]:
    """Return the items of the start page about addresses at which the municipality isn't reached.

    `texting`: whether text messages can be sent, so that a number for spoed is of use.
    """
    owners = {postbox_of(holder): ("Stel in waar u hoort dat er iets wacht", "e-mailadres")}
    if texting:
        owners[urgent_number_of(holder)] = ("Stel het nummer voor spoed in", "buiten kantoortijd")
    rows = session.scalars(
        select(MailAddress).where(
            MailAddress.holder == holder,
            MailAddress.owner_kind.in_([owner.kind for owner in owners]),
        )
    )
    usable = {Owner(row.owner_kind, row.owner_id) for row in rows if row.usable}
    return [
        ListItem(title, f"{path}/berichten", meta=[about])
        for owner, (title, about) in owners.items()
        if owner not in usable
    ]
