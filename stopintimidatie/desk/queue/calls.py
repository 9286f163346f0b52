"""The call list of the desk, and calls: how each ended, and what becomes of the reports that wait.

Whom to ring stands there with the number, whether somebody is there now, and the last call. The
number of statements doesn't depend on how many municipalities there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core import forms
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.retention import RETENTION_CLASSES, Term
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import date_text, day_of, plural
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, page_view
from stopintimidatie.desk.agreements.register import opening
from stopintimidatie.desk.agreements.views import agreed_rows
from stopintimidatie.desk.forwarding.access import number_of
from stopintimidatie.desk.forwarding.pickup import unanswered
from stopintimidatie.desk.forwarding.views import returned_by_town
from stopintimidatie.desk.models import TownCall
from stopintimidatie.desk.queue.services import Waiting, policies_of, towns_of, waiting_reports
from stopintimidatie.desk.resources import Desk, DeskMunicipality
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.municipalities.agreements.rules import RING_ABOUT, VALID
from stopintimidatie.municipalities.agreements.services import standing_of
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.services import AUDIT_KIND
from stopintimidatie.municipalities.settings.models import MunicipalitySetting, TownRegister
from stopintimidatie.municipalities.settings.rules import Part, working_phone


class Outcome(StrEnum):
    """Outcome of a call."""

    SPOKEN = "gesproken"
    WE_RING = "wij_bellen"
    THEY_RING = "zij_bellen"
    WRONG = "verkeerd_nummer"
    REFUSES = "weigert"
    LATER = "volgende_keer"


LABELS: Final = {
    Outcome.SPOKEN: "gesproken",
    Outcome.WE_RING: "niemand bereikt, of nog niet klaar: wij bellen terug",
    Outcome.THEY_RING: "zij bellen terug",
    Outcome.WRONG: "verkeerd nummer",
    Outcome.REFUSES: "de gemeente weigert",
    Outcome.LATER: "volgende keer op een andere dag",
}
SHOWN: Final = 20
# A later day is no use: the reports that wait are gone by then.
FARTHEST: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Contact:
    """The way to ring a municipality: the number, if that was wrong, and when it is open."""

    number: str | None
    wrong: bool
    opening: str
    register: TownRegister | None


def contacts(session: Session, codes: Collection[str]) -> dict[str, Contact]:
    """Return how to ring each municipality: the number that reporters are given, else a wrong one.

    Its own number goes first, then that of the register.
    """
    published = (
        select(MunicipalitySetting.owner, MunicipalitySetting.content)
        .where(
            MunicipalitySetting.part == Part.CONTACT,
            MunicipalitySetting.owner.in_(codes),
            MunicipalitySetting.effective_from <= utc_now(),
            MunicipalitySetting.withdrawn_at.is_(None),
        )
        .order_by(MunicipalitySetting.effective_from, MunicipalitySetting.number)
    )
    # A later version replaces the earlier one.
    own = {code: content.get("telefoon") for code, content in session.execute(published)}
    rows = session.scalars(select(TownRegister).where(TownRegister.code.in_(codes)))
    register = {row.code: row for row in rows}
    return {code: _contact(own.get(code), register.get(code)) for code in codes}


def _contact(own: str | None, row: TownRegister | None) -> Contact:
    phones, hours = (own, row.telephone if row else None), row.hours if row else None
    number = working_phone(phones, row.wrong if row else ())
    known = number or working_phone(phones, ())
    return Contact(known, known != number, opening(hours, utc_now()), row)


@dataclass(frozen=True, slots=True)
class CallRow:
    """A municipality to ring, with all that is known before ringing."""

    town: Municipality
    waiting: Waiting
    contact: Contact
    standing: str
    policy: str | None
    returned: int
    # Reports that were withdrawn, erased or restricted, to which the municipality gave no answer.
    silent: int
    last: TownCall | None

    def later(self, today: date) -> bool:
        """Tell whether the next call is on a later day; urgent reports never wait for that."""
        day = self.last.day if self.last is not None else None
        return day is not None and day > today and not self.waiting.urgent


def call_list(session: Session, keys: KeyRing) -> list[CallRow]:
    """Return the municipalities to ring: urgent first, then longest waiting.

    Reports wait there, or messages came back, or the test mail or a withdrawal has no answer. Those
    to ring on a later day come last.
    """
    returned, silent = returned_by_town(session), Counter(row.town for row in unanswered(session))
    standings = {row.town.code: row.word for row in agreed_rows(session, keys)}
    every = {
        code: row.to_ring(valid=standings.get(code) in VALID)
        for code, row in waiting_reports(session).items()
    }
    waiting = {code: row for code, row in every.items() if row.number}
    ring_about = {code for code, word in standings.items() if word in RING_ABOUT.values()}
    towns = towns_of(session, {*waiting, *returned, *silent, *ring_about})
    phones, policies = contacts(session, towns), policies_of(session, towns)
    last, now = _last_calls(session, towns), utc_now()
    rows = [
        CallRow(
            town,
            waiting=waiting.get(code, Waiting()),
            contact=phones[code],
            standing=standings.get(code, "geen afspraak"),
            policy=policies.get(code),
            returned=returned.get(code, 0),
            silent=silent[code],
            last=last.get(code),
        )
        for code, town in towns.items()
    ]
    today = day_of(now)

    def rank(row: CallRow) -> tuple[bool, bool, datetime, str]:
        waits = row.waiting
        return not waits.urgent, row.later(today), waits.oldest or now, row.town.name

    return sorted(rows, key=rank)


def _last_calls(session: Session, codes: Collection[str]) -> dict[str, TownCall]:
    later = aliased(TownCall)
    same = later.municipality_code == TownCall.municipality_code
    last = TownCall.municipality_code.in_(codes), ~exists().where(same, later.at > TownCall.at)
    rows = session.scalars(select(TownCall).where(*last).order_by(TownCall.id))
    return {row.municipality_code: row for row in rows}


def calls_with(session: Session, code: str) -> Sequence[TownCall]:
    """Return the latest calls with a municipality, newest first."""
    return session.scalars(
        select(TownCall)
        .where(TownCall.municipality_code == code)
        .order_by(TownCall.at.desc(), TownCall.id)
        .limit(SHOWN)
    ).all()


# Saving a call


def effects(
    town: str, waiting: Waiting, offered: int, *, valid: bool, term: Term | None
) -> dict[Outcome, str]:
    """Say for each outcome what becomes of the reports that wait, and of those that are offered.

    `valid`: reports may go to the municipality; `term`: after which a report at the desk goes.
    """
    first = term.after(day_of(waiting.first)) if term and waiting.first is not None else None
    values = {
        "town": town,
        "waiting": waiting,
        "rung": waiting.to_ring(valid=valid),
        "offered": offered,
        "valid": valid,
        "day": date_text(max(first, day_of(utc_now()))) if first is not None else "",
        "plural": plural,
    }
    asset = "stopintimidatie.desk.queue:templates/outcome.txt.jinja2"
    return {way: render(asset, {**values, "outcome": way}).strip() for way in Outcome}


def save_call(session: Session, code: str, values: Mapping[str, Any], actor: Actor) -> None:
    """Save how a call ended; a wrong number isn't given to anybody until it is edited.

    `values`: `uitkomst`, `dag`, and `nummer`: the number that was shown.

    Raises:
        FormError: A day is missing or too much, or there was no number that could be wrong.
    """
    outcome, day, today = Outcome(values["uitkomst"]), values["dag"], day_of(utc_now())
    if outcome is not Outcome.LATER and day is not None:
        raise FormError("Een dag hoort alleen bij ‘volgende keer’.", "dag")
    if outcome is Outcome.LATER and not (day and today < day <= today + FARTHEST):
        raise FormError("Kies een dag na vandaag, binnen zestig dagen.", "dag")
    if outcome is Outcome.WRONG:
        contact = contacts(session, [code])[code]
        if contact.number is None or values["nummer"] != contact.number:
            raise FormError("Dit nummer staat hier niet meer. Kijk wat er nu staat.", "uitkomst")
        row = contact.register or TownRegister(code=code)
        row.wrong = sorted({*(row.wrong or ()), contact.number})
        session.add(row)
    by = {"by_id": actor.id, "by": actor.name}
    session.add(TownCall(holder=NATIONAL, municipality_code=code, outcome=outcome, day=day, **by))
    fields = [code, outcome]
    record(session, actor, "gemeente.gebeld", NATIONAL, AUDIT_KIND, fields=fields)


# Pages


@page_view(Desk, "bellijst", Permission.VIEW_DESK, "templates/call_list.jinja2")
def call_list_view(context: Desk, request: Request) -> dict[str, Any]:
    """Show the municipalities to ring, with what waits for each."""
    rows = call_list(request.db, request.registry.key_ring)
    number = sum(row.waiting.number for row in rows)
    return {"rows": rows, "number": number, "labels": LABELS}


def _call_schema(becomes: Mapping[Outcome, str]) -> Any:
    """Return the form of a call; `becomes`: what each outcome does to the reports that wait."""
    return Schema(
        field(
            forms.OneOf(
                [(way, f"{LABELS[way]}. {says}.") for way, says in becomes.items()],
                radio=True,
            ),
            "Hoe liep het gesprek af",
            name="uitkomst",
            description="Bij elke keuze staat wat er met de meldingen gebeurt die wachten.",
        ),
        field(
            forms.Date(),
            "Dag",
            name="dag",
            missing=None,
            drawn=forms.Opened("Wanneer u weer belt", (Outcome.LATER.value,)),
        ),
        field(forms.Text(20), "Nummer", name="nummer", widget=forms.Hidden(), missing=None),
    )


def _call_values(context: DeskMunicipality, request: Request) -> dict[str, Any]:
    """Return what is shown beside a call: the number, the form, and earlier calls."""
    session, town = request.db, context.municipality
    contact = contacts(session, [town.code])[town.code]
    waiting = waiting_reports(session, town.code).get(town.code, Waiting())
    valid = standing_of(session, request.registry.key_ring, town.code).valid
    offered = number_of(session, town.code, Pickup.state == PickupState.OFFERED)
    left = RETENTION_CLASSES.of(request.registry)["meldpunt_blijft_liggen"]
    form = Form(
        _call_schema(effects(town.name, waiting, offered, valid=valid, term=left.term)),
        request,
        formid="gesprek",
        action=request.resource_path(context, "gesprek"),
        buttons=[Button("opslaan", "Gesprek opslaan")],
        appstruct={"nummer": contact.number} if contact.number else {},
    )
    return {
        "name": town.name,
        "contact": contact,
        "form": form,
        "calls": calls_with(session, town.code),
        "labels": LABELS,
    }


def call_panel(context: Any, request: Any) -> Panel:
    """Return the panel with the script, the form of a call and earlier calls."""
    renderer = "stopintimidatie.desk.queue:templates/call_panel.jinja2"
    return Panel("Bellen", renderer, _call_values(context, request))


@form_view(DeskMunicipality, "gesprek", Permission.ROUTE_REPORT, "templates/call.jinja2")
def call_view(context: DeskMunicipality, request: Request) -> Any:
    """Show the form of a call with the script beside it, and save how it ended."""
    page = _call_values(context, request)

    def on_valid(values: dict[str, Any]) -> Any:
        save_call(request.db, context.municipality.code, values, request.actor)
        if values["uitkomst"] == Outcome.REFUSES:
            return HTTPSeeOther(request.resource_path(context, "weigering"))
        request.flash(f"Gesprek met {context.municipality.name} opgeslagen.")
        return HTTPSeeOther(f"/{NATIONAL}/bellijst")

    return handle_form(request, page["form"], on_valid, page)
