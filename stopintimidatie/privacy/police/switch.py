"""The switch of the compartment: off until the police gives a municipality something in writing.

Off means that it isn't there: no role can be given, so nobody has a page, a menu or a section; and
nothing is marked. It is a part of the settings, in versions; the log says who switched. It can't be
switched off while somebody may read or something is kept.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.models import OfferState, RoleAssignment, RoleOffer
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import FormError, Schema, field
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.areas.resources import MunicipalityAdministration
from stopintimidatie.municipalities.people.models import GroupRole
from stopintimidatie.municipalities.settings import pages
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import Part
from stopintimidatie.privacy.police.models import PoliceItem

ON, OFF = "aan", "uit"
ABOUT: Final = (
    "Geeft de politie u iets schriftelijk, zoals een brief of een antwoord op uw uitvoer? Zet dit"
    " dan aan. Wat zij geeft, staat apart: alleen wie u de rol ‘gemachtigde politiegegevens’ geeft,"
    " leest het. Wijs twee mensen aan. Staat dit uit, dan is er niets van te zien."
)
IN_USE: Final = (
    "Dit kan nog niet uit: iemand heeft de rol ‘gemachtigde politiegegevens’ of krijgt die nog, of"
    " er ligt nog iets. Vernietig eerst wat er ligt, en haal daarna de rol weg."
)


def is_on(session: Session, holder: str) -> bool:
    """Tell whether this municipality has the compartment; the desk has none."""
    return holder != NATIONAL and published_for(session, holder).keeps_police_data


def lock_switch(session: Session, holder: str) -> None:
    """Keep the switch as it is until this transaction ends."""
    session.get_one(Holder, holder, with_for_update=True)


def may_give_role(session: Session, holder: str, keep: bool = True) -> bool:
    """Tell whether the role of the compartment may be given; `keep`: until the transaction ends."""
    if keep:
        lock_switch(session, holder)
    return is_on(session, holder)


def is_in_use(session: Session, holder: str) -> bool:
    """Tell whether somebody may read police data here or will, or any is kept."""
    code = Role.POLICE_DATA.value
    waits = (OfferState.PROPOSED, OfferState.OFFERED)
    people = (
        exists().where(kind.holder == holder, kind.role == code, *more)
        for kind, more in (
            (RoleAssignment, ()),
            (RoleOffer, (RoleOffer.state.in_(waits),)),
            (GroupRole, (GroupRole.state.in_(waits),)),
        )
    )
    kept = exists().where(PoliceItem.holder == holder, PoliceItem.destroyed_at.is_(None))
    return bool(session.scalar(select(or_(kept, *people))))


def only_where_on(context: Any, request: Request) -> None:
    """Answer as if the page isn't there where the compartment is off (guard)."""
    if not is_on(request.db, context.holder):
        raise HTTPNotFound()


# The guards of every page of the compartment.
ASKED: Final = (only_where_on, recently_confirmed)

SCHEMA: Final = Schema(
    field(
        forms.OneOf([(ON, "Aan"), (OFF, "Uit")], radio=True),
        "Politiegegevens apart bewaren",
        name="stand",
    ),
    field(forms.Date(), "Sinds wanneer", name="op", validator=forms.in_past),
    field(
        forms.Text(300),
        "Waar dat staat",
        name="bron",
        description="Een besluit, convenant of zaaknummer, zonder namen van mensen.",
    ),
    field(forms.Integer(0), "Versie", widget=forms.Hidden(), name="versie"),
)


@pages.municipality_page(
    name="politie",
    request_method=("GET", "POST"),
    renderer="stopintimidatie.municipalities.settings:templates/part.jinja2",
)
def switch_view(context: MunicipalityAdministration, request: Request) -> Any:
    """Show the form of the switch, and save it."""
    page = pages.PartPage(context, request, Part.POLICE)
    day = page.content.get("op")
    first = {**page.content, "op": date.fromisoformat(day) if day else None}

    def read(values: dict[str, Any]) -> Any:
        lock_switch(request.db, context.holder)
        if values["stand"] == OFF and is_in_use(request.db, context.holder):
            raise FormError(IN_USE, "stand")
        content = {name: values[name] for name in ("stand", "bron")}
        content["op"] = values["op"].isoformat()
        return content

    return page.handle(SCHEMA.clone(), first, read, heading="Politiegegevens", about=ABOUT)
