"""The page *Verantwoording* of the settings: what is dated or missing, and the controller's form.

What it says of the controller stands in the privacy statement (`home/statements.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import colander

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.core.httpclient import OutgoingError, check_address
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import date_text
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.accountability.rules import (
    CONTROLLERS,
    DAYS,
    FEWEST,
    STATEMENT_OF,
    Condition,
    controller_of,
    lacking,
    lacking_words,
)
from stopintimidatie.municipalities.accountability.services import (
    Account,
    account_of,
    ask_to_settle,
    is_real,
)
from stopintimidatie.municipalities.areas.resources import Administration
from stopintimidatie.municipalities.levels.services import profile_of
from stopintimidatie.municipalities.people.services import able
from stopintimidatie.municipalities.settings.pages import PartPage, settings_page
from stopintimidatie.municipalities.settings.rules import Part

NAME: Final = "verantwoording"
# Beside the days of the gate.
_DAYS: Final = (*DAYS.values(), "nagekeken_op", "onderzoek_op")
_NO_NAMES: Final = "Een functie of afdeling, geen naam van een mens."
# If one of a group is filled in, the others are too.
_TOGETHER: Final = (
    ("verantwoordelijke", "besluit_op"),
    ("fg", "fg_adres", "fg_op"),
    ("verwerker", "overeenkomst_op"),
)


def _day(name: str, title: str, about: str = "") -> Any:
    return field(
        forms.Date(), title, name=name, missing=None, description=about, validator=forms.in_past
    )


def _text(name: str, title: str, about: str, length: int = 200) -> Any:
    return field(forms.Text(length), title, name=name, missing=None, description=about)


def accountability_schema(*, desk: bool) -> Any:
    """Return the form; what isn't there yet stays empty, and can be filled in later."""
    return Schema(
        _controller(desk),
        _day("besluit_op", "Datum van het besluit", "Waarin staat wie verantwoordelijk is."),
        _text("fg", "Functionaris gegevensbescherming (FG)", _NO_NAMES),
        _text("fg_adres", "Adres van de FG", "Een algemeen mailadres of telefoonnummer."),
        _day("fg_op", "FG aangewezen op"),
        _day("dpia_op", "DPIA vastgesteld op", "De datum van de laatste versie."),
        _text(
            "verwerker",
            "Wie deze installatie beheert",
            "De organisatie waarmee de verwerkersovereenkomst is gesloten.",
        ),
        _day("overeenkomst_op", "Verwerkersovereenkomst getekend op"),
        *_statement(desk),
        field(
            forms.Text(1_000, lines=True),
            "Opmerkingen",
            name="opmerkingen",
            missing=None,
            description="Zonder namen van mensen: iedereen die deze pagina ziet, leest dit.",
            widget=forms.TextArea(rows=3),
        ),
        field(forms.Integer(0), "Versie", widget=forms.Hidden(), name="versie"),
        validator=_complete,
    )


def _statement(desk: bool) -> Iterable[Any]:
    """Yield the fields that only the privacy statement shows."""
    yield field(
        forms.Text(300, lines=True),
        "Postadres",
        name="postadres",
        missing=None,
        description="Voor vragen en verzoeken over privacy. Elke regel van het adres apart.",
        widget=forms.TextArea(rows=3),
    )
    yield _email("privacyadres", "E-mailadres voor vragen over privacy")
    yield field(
        forms.Text(300),
        "Uw eigen privacyverklaring",
        name="verklaring",
        missing=None,
        description="Het adres op uw eigen site. Wij zetten er een link naartoe.",
        widget=forms.TextInput(autocomplete="off", inputmode="url"),
        validator=_public_page,
    )
    yield _day(
        "nagekeken_op",
        "Privacyverklaring nagekeken op",
        "De dag waarop uw jurist en FG de tekst goed vonden. De tekst is het laatst veranderd op"
        f" {date_text(STATEMENT_OF)}; keek u haar daarvoor na, kijk dan nog eens.",
    )
    if desk:
        yield _email("toegankelijkheid", "E-mailadres voor klachten over toegankelijkheid")
        yield field(
            forms.Date(),
            "Onderzoek naar toegankelijkheid gepland op",
            name="onderzoek_op",
            missing=None,
            description="Door een onafhankelijk bureau. Ligt deze dag binnen zes maanden, dan is de"
            " status op /toegankelijkheid C; anders D.",
        )


def _email(name: str, title: str) -> Any:
    return field(
        forms.Email(200, hint="Schrijf het adres als naam@voorbeeld.nl."),
        title,
        name=name,
        missing=None,
        description="Een algemeen adres, niet dat van één mens. Iedereen kan het lezen.",
        widget=forms.EmailInput(),
    )


def _public_page(node: Any, value: str) -> None:
    """Refuse what isn't the address of a page that everybody can open."""
    try:
        check_address(value, demo=False)
    except OutgoingError:
        raise colander.Invalid(
            node, "Vul het hele adres in, zoals https://www.dordrecht.nl/privacy."
        ) from None


def _controller(desk: bool) -> Any:
    title = "Verwerkingsverantwoordelijke"
    if desk:
        return _text("verantwoordelijke", title, "De organisatie die het meldpunt houdt.")
    return field(
        forms.OneOf(CONTROLLERS),
        title,
        name="verantwoordelijke",
        missing=None,
    )


def _complete(node: Any, values: Mapping[str, Any]) -> None:
    """Refuse half of what belongs together, at the field that is empty."""
    error = colander.Invalid(node)
    for names in _TOGETHER:
        if any(values[name] for name in names):
            for name in names:
                if not values[name]:
                    error[name] = "Vul dit ook in, of laat leeg wat erbij hoort."
    if error.children:
        raise error


@settings_page(
    name=NAME, request_method=("GET", "POST"), renderer="templates/accountability.jinja2"
)
def accountability(context: Administration, request: Request) -> Any:
    """Show what is dated and what is missing, with the form, and save it."""
    page = PartPage(context, request, Part.ACCOUNTABILITY, back=NAME)
    account = account_of(request.db, context.holder)
    stored = account.content
    days = {name: date.fromisoformat(stored[name]) for name in _DAYS if stored.get(name)}

    def read(values: dict[str, Any]) -> dict[str, Any]:
        ask_to_settle(request.db, context.holder)
        return _content_of(values)

    return page.handle(
        accountability_schema(desk=page.national),
        {**stored, **days},
        read,
        lambda values: {"controller": controller_of(_content_of(values))},
        cancel=request.resource_path(context),
        **_page(context, request, account),
    )


def _content_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the form as they are stored; without those left empty."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
        if name != "versie" and value
    }


def administration_panel(context: Administration, request: Request) -> Panel:
    """Return the panel on the page of the settings: what is dated, and what is missing."""
    template = "stopintimidatie.municipalities.accountability:templates/panel.jinja2"
    account = account_of(request.db, context.holder)
    return Panel("Verantwoording", template, _page(context, request, account))


def _page(context: Administration, request: Request, account: Account) -> dict[str, Any]:
    lines = account.lines
    held = able(RoleAssignment.role).where(RoleAssignment.holder == context.holder)
    national = context.holder == NATIONAL
    controller = controller_of(account.content)
    missing = lacking_words(lacking(lines))
    looked_at = bool(missing) and not national
    slug = None if national else context.__parent__.__name__
    return {
        "controller": controller,
        "name": None if national else context.__parent__.title,
        "statement": f"/privacy/{slug}" if slug else "/privacy",
        "statement_lacks": ", ".join(controller.lacking(desk=national)),
        "lines": lines,
        "fewest": FEWEST,
        "held": set(request.db.scalars(held)),
        "links": {
            Condition.TERMS: request.resource_path(context.__parent__, Condition.TERMS.value)
        },
        "href": request.resource_path(context, NAME),
        "register": request.resource_path(context.__parent__, "verwerkingen"),
        "national": national,
        "missing": missing,
        "is_real": is_real(request.registry.app_settings.demo, context.holder),
        "profile": profile_of(request.db, context.holder) if looked_at else None,
    }
