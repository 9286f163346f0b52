"""Commands about the users of the portal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.cli.common import clear_errors, database, operator
from stopintimidatie.cli.words import DutchGroup
from stopintimidatie.core.accounts.links import NO_PASSWORD, invite, link_of
from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.accounts.passwords import hash_chosen
from stopintimidatie.core.accounts.services import (
    BLOCKED,
    UNBLOCKED,
    AccountError,
    block_user,
    create_user,
    find_user,
    give_role,
    unblock_user,
)
from stopintimidatie.core.audit import record
from stopintimidatie.core.factors.services import factors_of, reset_factors
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.encryption import load_key_ring
from stopintimidatie.core.text import date_text
from stopintimidatie.municipalities.areas.queries import find_municipality
from stopintimidatie.municipalities.people.access import FACTOR_RESET
from stopintimidatie.municipalities.people.mail import renew_password
from stopintimidatie.municipalities.people.queries import Person, people_at
from stopintimidatie.municipalities.people.services import USER_KIND
from stopintimidatie.privacy.police.switch import may_give_role
from stopintimidatie.settings import PROGRAM, Settings

# A deputy has an end date and a mandate, and is invited on the pages.
ROLES: Final = [role.value for role in Role if role is not Role.DEPUTY]


@click.group("gebruiker", cls=DutchGroup)
def user_group() -> None:
    """Gebruikers van het portaal."""


def _holder(session: Session, name: str) -> str:
    """Find the holder that a person means by a code, a slug, or `landelijk`."""
    if name == NATIONAL:
        return NATIONAL
    municipality = find_municipality(session, name)
    if municipality is None:
        raise AccountError(
            f"De gemeente ‘{name}’ is niet gevonden. Geef een code (GM0505), de naam in het adres"
            " (dordrecht) of ‘landelijk’."
        )
    return municipality.code


def _give(session: Session, user: User, holder: str, role: Role) -> None:
    """Give a role, but none of police data where these aren't kept apart.

    Raises:
        AccountError: The role can't be given.
    """
    if role is Role.POLICE_DATA and not may_give_role(session, holder):
        raise AccountError("Politiegegevens staan hier uit: zet ze aan bij Beheer.")
    give_role(session, operator(), user, holder, role)


def _user(session: Session, username: str) -> User:
    user = find_user(session, username)
    if user is None:
        raise AccountError(f"Er is geen gebruiker {username}.")
    return user


@user_group.command("maken")
@click.argument("e-mailadres", metavar="E-MAILADRES")
@click.option("--naam", required=True, help="Voor- en achternaam.")
@click.option("--gemeente", required=True, help="Code, naam in het adres, of ‘landelijk’.")
@click.option("--rol", required=True, type=click.Choice(ROLES), help="De rol.")
@click.option("--wachtwoord-van-invoer", is_flag=True, help="Lees het wachtwoord van de invoer.")
@click.pass_obj
def make_user(settings: Settings, /, naam: str, gemeente: str, rol: str, **values: Any) -> None:
    """Maak een gebruiker met een rol. Zonder wachtwoord van de invoer kiest die er zelf een."""
    given, username = values["wachtwoord_van_invoer"], values["e_mailadres"]
    hashed, link = NO_PASSWORD, ""
    with clear_errors():
        keys = load_key_ring(settings.key_file)
        if given:
            password = sys.stdin.readline().rstrip("\n")
            hashed = hash_chosen(password, username=username, name=naam)
    with database(settings) as session:
        holder = _holder(session, gemeente)
        user = create_user(session, operator(), username, naam, hashed)
        _give(session, user, holder, Role(rol))
        if not given:
            link = link_of(keys, invite(session, keys, user))
    if given:
        click.echo(f"{username} kan zich aanmelden als {Role(rol).label}.")
        return
    click.echo(f"{username} is {Role(rol).label}, en kiest een wachtwoord met de link hieronder.")
    click.echo("De link werkt één keer, een week lang. Geef hem alleen aan die persoon.")
    click.echo(f"{settings.public_address}/uitnodiging?sleutel={link}")


@user_group.command("rol")
@click.argument("e-mailadres", metavar="E-MAILADRES")
@click.option("--gemeente", required=True, help="Code, naam in het adres, of ‘landelijk’.")
@click.option("--rol", required=True, type=click.Choice(ROLES), help="De rol.")
@click.pass_obj
def add_role(settings: Settings, /, gemeente: str, rol: str, **values: Any) -> None:
    """Geef een gebruiker er een rol bij."""
    with database(settings) as session:
        user = _user(session, values["e_mailadres"])
        _give(session, user, _holder(session, gemeente), Role(rol))
    click.echo(f"{values['e_mailadres']} is nu ook {Role(rol).label}.")


@user_group.command("lijst")
@click.option("--gemeente", help="Alleen van deze gemeente, of ‘landelijk’.")
@click.pass_obj
def list_users(settings: Settings, gemeente: str | None) -> None:
    """Toon wie waar een rol heeft, met tweede stap en laatste keer aanmelden."""
    with database(settings) as session:
        if gemeente:
            holders = [_holder(session, gemeente)]
        else:
            known = select(RoleAssignment.holder).distinct().order_by(RoleAssignment.holder)
            holders = list(session.scalars(known))
        lines = [_line(code, person) for code in holders for person in people_at(session, code)]
        if not gemeente:
            lines += [_line_without_role(user) for user in _without_role(session)]
    if not lines:
        click.echo(f"Er zijn hier nog geen gebruikers. Maak er een met: {PROGRAM} gebruiker")
    for line in lines:
        click.echo(line)


def _without_role(session: Session) -> Sequence[User]:
    """Return the users without a role anywhere, by name; not those whose data were erased."""
    return session.scalars(
        select(User)
        .where(~User.roles.any(), User.username.contains("@"))
        .order_by(User.name, User.username)
    ).all()


def _line_without_role(user: User) -> str:
    blocked = ["account geblokkeerd"] if user.blocked_at else []
    return "\t".join(["-", user.username, user.name, "geen rol", *blocked])


def _line(code: str, person: Person) -> str:
    used = date_text(person.signed_in_at) if person.signed_in_at else "nooit"
    blocked = ["account geblokkeerd"] if person.user.blocked_at else []
    blocked += ["hier geblokkeerd"] if person.blocked else []
    parts = [
        code,
        person.user.username,
        person.user.name,
        ", ".join(person.labels) or "geen rol",
        f"aangemeld: {used}",
        f"tweede stap: {person.factor}",
        *blocked,
    ]
    return "\t".join(parts)


@user_group.command("blokkeren")
@click.argument("e-mailadres", metavar="E-MAILADRES")
@click.pass_obj
def block(settings: Settings, /, **values: Any) -> None:
    """Blokkeer een gebruiker bij elke gemeente, en meld die overal af."""
    with database(settings) as session:
        user = _user(session, values["e_mailadres"])
        holders = block_user(session, operator(), user)
    _tell(settings, BLOCKED, user, holders)
    click.echo(f"{values['e_mailadres']} is geblokkeerd en overal afgemeld.")


@user_group.command("deblokkeren")
@click.argument("e-mailadres", metavar="E-MAILADRES")
@click.pass_obj
def unblock(settings: Settings, /, **values: Any) -> None:
    """Hef de blokkade van een heel account op. Een blokkade van een gemeente blijft."""
    with database(settings) as session:
        user = _user(session, values["e_mailadres"])
        if user.blocked_at is None:
            raise AccountError(f"{values['e_mailadres']} is niet geblokkeerd.")
        holders = unblock_user(session, operator(), user)
    _tell(settings, UNBLOCKED, user, holders)
    click.echo(f"{values['e_mailadres']} kan zich weer aanmelden.")


def _tell(settings: Settings, action: str, user: User, holders: Iterable[str]) -> None:
    """Record in the log of each holder where a user has a role what was done to the account."""
    for holder in holders:
        with database(settings, holder) as session:
            record(session, operator(), action, holder, USER_KIND, [user.id])


@user_group.command("wachtwoord")
@click.argument("e-mailadres", metavar="E-MAILADRES")
@click.pass_obj
def new_password(settings: Settings, /, **values: Any) -> None:
    """Zet een wachtwoord uit en mail een link om een nieuw te kiezen. Die ziet u zelf niet."""
    with clear_errors():
        keys = load_key_ring(settings.key_file)
    with database(settings) as session:
        user = _user(session, values["e_mailadres"])
        if user.blocked_at is not None:
            raise AccountError(f"{values['e_mailadres']} is geblokkeerd. Hef dat eerst op.")
        renew_password(session, keys, operator(), user)
    click.echo(
        f"Het wachtwoord van {values['e_mailadres']} werkt niet meer. De worker mailt een link die"
        " een dag werkt."
    )


@user_group.command("factor")
@click.argument("e-mailadres", metavar="E-MAILADRES")
@click.pass_obj
def reset_factor(settings: Settings, /, **values: Any) -> None:
    """Haal de tweede stap weg van wie haar kwijt is. Die persoon stelt een nieuwe in."""
    with database(settings, NATIONAL) as session:
        user = _user(session, values["e_mailadres"])
        if not factors_of(session, user.id).any:
            raise AccountError(f"{values['e_mailadres']} heeft geen tweede stap.")
        reset_factors(session, operator(), user.id, NATIONAL)
        holders = sorted({role.holder for role in user.roles} - {NATIONAL})
    _tell(settings, FACTOR_RESET, user, holders)
    click.echo(
        f"De tweede stap van {values['e_mailadres']} is weg. Deze persoon is overal afgemeld, en"
        " stelt bij het aanmelden een nieuwe in."
    )
