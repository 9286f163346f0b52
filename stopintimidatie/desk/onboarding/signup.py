"""The public page /aansluiten: a municipality asks to join, with an address it confirms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field, handle_form
from stopintimidatie.core.limits import Meter, Senders, Watched, count_and_judge
from stopintimidatie.core.mail.addresses import Owner, confirm_address, find_address, set_address
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import Subject, holder_of_rows, treated
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.core.tree import Root
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.desk.models import JoiningRequest
from stopintimidatie.desk.queue.forms import Town
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.names import slugify
from stopintimidatie.municipalities.areas.queries import municipality_by_code
from stopintimidatie.municipalities.people.forms import Telephone
from stopintimidatie.municipalities.people.services import is_role_address
from stopintimidatie.reports.public.pages import NATIONAL_LOOK
from stopintimidatie.reports.public.places import not_connected

KIND: Final = "aanmelding"
VISITOR: Final = Actor("bezoeker", None, "niet aangemeld")
# The most unconfirmed requests of one municipality in a day; more would be a prank.
MOST_A_DAY: Final = 3
DAY: Final = timedelta(days=1)
# The same limit for codes to one address, for any municipality, so that no mailbox is flooded.
TO_ADDRESS: Final = Meter(
    "aansluiten",
    MOST_A_DAY,
    DAY,
    reason="Naar dit adres is vandaag al een paar keer een code verstuurd. Kijk in de mail, of"
    " probeer het morgen opnieuw.",
)
# Anybody can have an address at these, so it proves nothing about a municipality.
FOR_EVERYBODY: Final = frozenset(
    (
        *("gmail", "googlemail", "hotmail", "outlook", "live", "msn", "yahoo", "icloud", "me"),
        *("mac", "proton", "protonmail", "gmx", "aol", "ziggo", "kpnmail", "planet", "home"),
        *("hetnet", "xs4all", "upcmail", "casema", "chello", "telfort", "tele2", "online"),
        *("quicknet", "caiway", "zonnet", "solcon", "freedom", "mail"),
    )
)


def owner_of_request(request_id: UUID) -> Owner:
    """Return the owner of the e-mail address of a request."""
    return Owner(KIND, str(request_id))


def fault_of_address(address: str) -> str | None:
    """Return why this can't be the address of a role at a municipality, or None. Pure."""
    labels = address.partition("@")[2].lower().split(".")
    if len(labels) > 1 and labels[-2] in FOR_EVERYBODY:
        return "Gebruik een adres van de gemeente zelf, niet van een maildienst voor iedereen."
    if not is_role_address(address):
        return (
            "Kies een adres van een functie, zoals oov@gemeente.nl of veiligheid@gemeente.nl."
            " Dan komt een bericht ook aan als iemand vrij is."
        )
    return None


def domain_fits(address: str, name: str) -> bool:
    """Tell whether the domain of an address holds the name of the municipality. Pure.

    That of 's-Gravenhage is denhaag.nl, which no rule knows: then the desk checks.
    """
    domain = address.partition("@")[2].lower().replace("-", "")
    return slugify(name).replace("-", "") in domain.split(".")[-2:][0].removeprefix("gemeente")


def ask_to_join(
    session: Session,
    keys: KeyRing,
    municipality: Municipality,
    *,
    function: str,
    address: str,
    telephone: str | None,
) -> JoiningRequest:
    """Store a request to join, and send a code to its address.

    Raises:
        FormError: the address isn't one of a role, or there were too many requests today.
    """
    fault = fault_of_address(address)
    if fault:
        raise FormError(fault, "adres")
    enter(session, NATIONAL)
    _refuse_too_many(session, municipality.code)
    joining = JoiningRequest(
        holder=NATIONAL,
        municipality_code=municipality.code,
        function=function,
        telephone=telephone,
        domain_fits=domain_fits(address, municipality.name),
    )
    session.add(joining)
    session.flush()
    set_address(session, keys, NATIONAL, owner_of_request(joining.id), address, VISITOR)
    fields = [municipality.code]
    record(session, VISITOR, "aansluiting.gevraagd", NATIONAL, KIND, [joining.id], fields=fields)
    return joining


def refuse_flood(session: Session, senders: Senders, address: str) -> None:
    """Count a code to this address, and refuse too many.

    Raises:
        FormError: enough codes went there today.
    """
    subject = senders.subject(TO_ADDRESS, address.lower(), session)
    crowded = count_and_judge(session, (Watched(TO_ADDRESS, subject),))
    if crowded:
        raise FormError(crowded, "adres")


def _refuse_too_many(session: Session, code: str) -> None:
    now = utc_now()
    number = session.scalar(
        select(func.count())
        .select_from(JoiningRequest)
        .where(
            JoiningRequest.municipality_code == code,
            JoiningRequest.confirmed_at.is_(None),
            # Requests with a time in the future were stored by a clock that was wrong.
            JoiningRequest.asked_at.between(now - DAY, now),
        )
    )
    if (number or 0) >= MOST_A_DAY:
        raise FormError(
            "Voor deze gemeente is vandaag al een paar keer een code verstuurd. Kijk in de mail van"
            " uw functieadres, of probeer het morgen opnieuw."
        )


def find_request(session: Session, typed: str) -> JoiningRequest | None:
    """Return the request with the id in the address of a page, which nobody can guess, or None."""
    try:
        number = UUID(typed)
    except ValueError:
        return None
    enter(session, NATIONAL)
    return session.get(JoiningRequest, number)


def confirm(session: Session, keys: KeyRing, joining: JoiningRequest, typed: str) -> str | None:
    """Take the code that was typed for a request; return what is wrong with it, or None.

    Each try is counted, so the caller commits either way.
    """
    row = find_address(session, owner_of_request(joining.id))
    if row is None:
        return "Er is geen code verstuurd. Vraag de aansluiting opnieuw aan."
    problem = confirm_address(session, keys, row, typed, VISITOR)
    if problem is None:
        joining.confirmed_at = utc_now()
    return problem


# Pages

ADDRESS: Final = "/aansluiten-bevestigen"


def joining_schema(municipalities: Sequence[Municipality]) -> Any:
    """Return the form to ask for joining: the municipality, a function, and where a code goes."""
    return Schema(
        field(Town(municipalities), "Gemeente", name="gemeente"),
        field(
            forms.Text(100),
            "Uw functie",
            name="functie",
            description="Bijvoorbeeld: adviseur openbare orde en veiligheid. Geen naam.",
            widget=forms.TextInput(autocomplete="organization-title"),
        ),
        field(
            forms.Text(200),
            "E-mailadres van uw afdeling",
            name="adres",
            description="Een functieadres van de gemeente zelf. Wij sturen er een code heen.",
            widget=forms.EmailInput(autocomplete="off"),
            validator=forms.email_address,
        ),
        field(
            Telephone(),
            "Telefoonnummer",
            name="telefoon",
            missing=None,
            description="Wij bellen u via de centrale van de gemeente, of op dit nummer.",
            widget=forms.TelInput(),
        ),
    )


class ConfirmSchema(Schema):
    """The form of the code that was mailed."""

    code = field(
        forms.Text(20),
        "Code uit de mail",
        widget=forms.TextInput(width="medium", autocomplete="one-time-code", inputmode="numeric"),
    )


@form_view(Root, "aansluiten", NO_PERMISSION_REQUIRED, "templates/joining.jinja2")
def joining_view(request: Request) -> Any:
    """Show what joining means, and the form to ask for it; store a request."""
    form = Form(
        joining_schema(not_connected(request.db)),
        request,
        buttons=[Button("aanvragen", "Aansluiting aanvragen")],
    )

    def on_valid(values: dict[str, Any]) -> Any:
        municipality = municipality_by_code(request.db, values["gemeente"])
        if municipality is None:
            raise FormError("Kies een gemeente uit de lijst.", "gemeente")
        refuse_flood(request.db, request.registry.senders, values["adres"])
        joining = ask_to_join(
            request.db,
            request.registry.key_ring,
            municipality,
            function=values["functie"],
            address=values["adres"],
            telephone=values["telefoon"],
        )
        return HTTPSeeOther(location=f"{ADDRESS}?aanvraag={joining.id}")

    return handle_form(request, form, on_valid, {"branding": NATIONAL_LOOK})


@form_view(
    Root, "aansluiten-bevestigen", NO_PERMISSION_REQUIRED, "templates/joining_confirm.jinja2"
)
def confirm_view(request: Request) -> Any:
    """Show the form of the mailed code, and confirm the request; after that the desk rings."""
    joining = find_request(request.db, dict(query_pairs(request)).get("aanvraag", ""))
    if joining is None:
        raise HTTPNotFound()
    form = Form(
        ConfirmSchema(),
        request,
        buttons=[Button("bevestigen", "Bevestigen")],
        action=f"{ADDRESS}?aanvraag={joining.id}",
    )
    page = {"form": form, "asked": joining, "branding": NATIONAL_LOOK}

    def on_valid(values: dict[str, Any]) -> Any:
        problem = confirm(request.db, request.registry.key_ring, joining, values["code"])
        if problem is not None:
            # Not a FormError: that would roll the count of tries back.
            form.add_error(problem, "code")
            request.response.status_int = 422
            return page
        return HTTPSeeOther(location=f"{ADDRESS}?aanvraag={joining.id}")

    return handle_form(request, form, on_valid, page)


# Personal data; `core/mail` finds and erases the address

COLUMNS: Final = treated(text="function", sealed="telephone")


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Return the requests with this telephone number."""
    if not subject.phone:
        return []
    return session.scalars(
        select(JoiningRequest.id).where(JoiningRequest.telephone == subject.phone.strip())
    ).all()


PERSONAL_DATA: Final = holder_of_rows("aanmelding", JoiningRequest, COLUMNS, find)
