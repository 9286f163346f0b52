"""The page *Verantwoording* of the settings: what is dated, what is missing, and its form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import colander

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Schema, field, handle_form
from stopintimidatie.core.text import date_long
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.accountability.rules import (
    DAYS,
    Condition,
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
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import profile_of
from stopintimidatie.municipalities.settings import pages
from stopintimidatie.municipalities.settings.rules import Part

NAME: Final = "verantwoording"
CONTROLLERS: Final = (
    ("burgemeester", "de burgemeester"),
    ("college", "het college van burgemeester en wethouders"),
    ("beide", "de burgemeester en het college samen"),
)
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


@pages.settings_page(
    name=NAME, request_method=("GET", "POST"), renderer="templates/accountability.jinja2"
)
def accountability(context: Administration, request: Request) -> Any:
    """Show what is dated and what is missing, with the form, and save it."""
    account = account_of(request.db, context.holder)
    stored = account.content
    days = {name: date.fromisoformat(stored[name]) for name in DAYS.values() if stored.get(name)}
    schema = accountability_schema(desk=pages.is_national(context))
    form = pages.part_form(context, request, Part.ACCOUNTABILITY, schema, {**stored, **days})

    def on_valid(values: dict[str, Any]) -> Any:
        content = {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in values.items()
            if name != "versie" and value
        }
        saved = pages.save(
            context, request, Part.ACCOUNTABILITY, content, {**values, "vanaf": None}, back=NAME
        )
        ask_to_settle(request.db, context.holder)
        return saved

    return handle_form(request, form, on_valid, _page(context, request, account))


def administration_panel(context: Administration, request: Request) -> Panel:
    """Return the panel on the page of the settings: what is dated, and what is missing."""
    template = "stopintimidatie.municipalities.accountability:templates/panel.jinja2"
    account = account_of(request.db, context.holder)
    return Panel("Verantwoording", template, _page(context, request, account))


def _page(context: Administration, request: Request, account: Account) -> dict[str, Any]:
    lines = account.lines
    return {
        "lines": lines,
        "links": {
            Condition.TERMS: request.resource_path(context.__parent__, Condition.TERMS.value)
        },
        "href": request.resource_path(context, NAME),
        "national": pages.is_national(context),
        "says": _says(context, request, lacking_words(lacking(lines))),
    }


def _says(context: Administration, request: Request, missing: str) -> tuple[str, str]:
    """Return what the gate does now, with the kind of its alert."""
    demo = request.registry.app_settings.demo
    if not missing:
        return "ok", "Alles is gedateerd."
    if pages.is_national(context):
        return "warning", f"Nog niet gereed: {missing}. Vul dit in voor er echte meldingen komen."
    if not is_real(demo, context.holder):
        return "info", (
            f"Nog niet gereed: {missing}. Hier houdt dat niets tegen, want dit zijn geen echte"
            " meldingen. Bij een echte gemeente gaan meldingen dan naar het landelijk meldpunt."
        )
    profile = profile_of(request.db, context.holder)
    if profile.is_refused:
        return "warning", (
            f"Nog niet gereed: {missing}. Nieuwe meldingen gaan naar het landelijk meldpunt, tot"
            " alles is ingevuld; dan komen zij vanzelf naar u toe."
        )
    if profile.agreed_level != ParticipationLevel.PROGRAMME:
        return "info", f"Nog niet gereed: {missing}. Tot dan kan de gemeente niet aansluiten."
    until = f" na {date_long(profile.refused_from)}" if profile.refused_from else " over 90 dagen"
    return "warning", (
        f"Nog niet gereed: {missing}. Is het{until} niet ingevuld, dan gaan nieuwe meldingen naar"
        " het landelijk meldpunt."
    )
