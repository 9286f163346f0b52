"""The town register: numbers and opening hours of municipalities.

Edited in place, imported from a file after a preview, exported: public data of organisations.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any, Final

import colander
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import AMSTERDAM, is_holiday, utc_now
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.mail.delivery import is_mobile
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import DAYS as WEEKDAYS
from stopintimidatie.core.text import date_short, plural
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.limits import CSV_UPLOAD
from stopintimidatie.core.web.request import Request, form_view, page_view
from stopintimidatie.core.web.responses import as_text, csv_response
from stopintimidatie.desk.agreements.views import line_field
from stopintimidatie.desk.resources import Desk, DeskMunicipality
from stopintimidatie.exports.review.rules import names_person
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.names import slugify
from stopintimidatie.municipalities.areas.queries import all_municipalities
from stopintimidatie.municipalities.levels.services import AUDIT_KIND
from stopintimidatie.municipalities.people.services import is_role_address
from stopintimidatie.municipalities.settings.forms import phone_number
from stopintimidatie.municipalities.settings.models import TownRegister

# Opening hours

DAYS: Final = ("ma", "di", "wo", "do", "vr", "za", "zo")
HOW: Final = "Schrijf de openingstijden als ma-do 09:00-17:00; vr 09:00-12:30."
UNKNOWN: Final = "openingstijden onbekend"
# Days ahead that are searched for the next opening: past Christmas and New Year.
AHEAD: Final = 15
Span = tuple[int, time, time]


def read_hours(text: str) -> list[Span]:
    """Return the opening hours as weekday (Monday is 0), opening and closing time, in order.

    Hours without a day are those of working days, or of the days named before.

    Raises:
        ValueError: It can't be read.
    """
    text = " ".join(text.lower().split())
    for written, plain in _SPELLED:
        text = text.replace(written, plain)
    *pieces, rest = _CLOCK.split(text)
    if rest.strip():
        raise ValueError(text)
    spans, days = [], list(range(5))
    for names, opens, dash, closes in zip(*[iter(pieces)] * 4, strict=True):
        days = _days(names) or days
        start, end = (
            datetime.strptime(at, "%H:%M" if ":" in at else "%H").time() for at in (opens, closes)
        )
        if dash != "-" or start >= end:
            raise ValueError(text)
        spans += [(day, start, end) for day in days]
    return sorted(spans)


_CLOCK: Final = re.compile(r"(\d+(?::\d+)?)", re.ASCII)
# Spellings of people, and what is read; the last ones leave no blank beside a dash.
_SPELLED: Final = (
    *((name, day) for name, day in zip(WEEKDAYS, DAYS, strict=True)),
    *((sign, "-") for sign in ("\u2013", "t/m", "tot")),
    *((sign, " ") for sign in (";", ",", " en ", "uur", ": ")),
    (".", ":"),
    ("  ", " "),
    (" -", "-"),
    ("- ", "-"),
)


def _days(names: str) -> list[int]:
    days: list[int] = []
    for name in names.split():
        first, _, last = name.partition("-")
        span = range(DAYS.index(first), DAYS.index(last or first) + 1)
        if not span:
            raise ValueError(names)
        days += span
    return days


def opening(hours: str | None, now: datetime) -> str:
    """Say until when a municipality is open now, or when it opens; it is closed on holidays."""
    local, spans = now.astimezone(AMSTERDAM), read_hours(hours or "")
    for ahead in range(AHEAD):
        day = local.date() + timedelta(days=ahead)
        for weekday, opens, closes in () if is_holiday(day) else spans:
            if weekday != day.weekday() or (ahead == 0 and closes <= local.time()):
                continue
            if ahead == 0 and opens <= local.time():
                return f"nu open tot {closes:%H:%M}"
            far = f" {date_short(day)}" if ahead > 6 else ""
            return f"opent {DAYS[weekday]}{far} {opens:%H:%M}"
    return UNKNOWN


# A file for the register

# The columns of the table by the heads of the file, which are the names of the form's controls too.
COLUMNS: Final = {
    "telefoon": "telephone",
    "afdeling": "department",
    "postvak": "mailbox",
    "openingstijden": "hours",
    "bron": "source",
    "datum": "checked_on",
}
HEADS: Final = ("gemeente", *COLUMNS)
# There are some 340 municipalities.
MOST_LINES: Final = 500
NOT_UTF8: Final = "Dit bestand is niet te lezen. Sla het op als ‘CSV UTF-8’."


def read_lines(content: bytes) -> list[Mapping[str, str]]:
    """Return the lines of a file by its heads, as this program exported them or anybody made them.

    A line with more or fewer columns than the first one is empty.

    Raises:
        ValueError: It isn't such a file; the message says why, in Dutch.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(NOT_UTF8) from None
    if "\0" in text:
        raise ValueError(NOT_UTF8)
    comma = ";" if ";" in text.partition("\n")[0] else ","
    try:
        heads, *rows = list(csv.reader(io.StringIO(text), delimiter=comma, strict=True)) or [[]]
    except csv.Error:
        raise ValueError("In dit bestand staat een aanhalingsteken los.") from None
    if sorted(heads) != sorted(HEADS):
        raise ValueError(f"De eerste regel moet deze kolommen noemen: {', '.join(HEADS)}.")
    if len(rows) > MOST_LINES:
        raise ValueError(f"Kies een bestand van hoogstens {MOST_LINES} regels.")
    return [
        dict(zip(heads, map(_plain, row), strict=False)) if len(row) == len(heads) else {}
        for row in rows
        if any(row)
    ]


def _plain(cell: str) -> str:
    """Return a cell without the sign that an export puts before what looks like a formula."""
    escaped = cell[:1] == "'" and as_text(cell[1:]) == cell
    return (cell[1:] if escaped else cell).strip()


# The form


def holds(test: Callable[[str], Any], message: str) -> Callable[[Any, str], None]:
    """Return a check that a test gives something true of a text, and raises no ValueError."""

    def validate(node: Any, value: str) -> None:
        with suppress(ValueError):
            if test(value):
                return
        raise colander.Invalid(node, message)

    return validate


def register_schema(towns: Sequence[str]) -> Any:
    """Return the form of the town register; `towns`: names that are nobody's."""
    nobody = holds(lambda text: not names_person(text, towns), _NOBODY)
    words = partial(
        line_field,
        validator=colander.All(nobody, holds(lambda text: as_text(text) == text, _FORMULA)),
    )
    mailbox = colander.All(forms.email_address, holds(is_role_address, _OF_PERSON))
    hours = holds(read_hours, HOW)
    phone = colander.All(
        phone_number, holds(_is_own, _POLICE), holds(lambda text: not is_mobile(text), _MOBILE)
    )
    return forms.Schema(
        line_field(20, "Algemeen nummer", "telefoon", _PHONE, validator=phone, missing=None),
        words(120, "Afdeling", "afdeling", _DEPARTMENT, missing=None),
        line_field(200, "Functionele mailbox", "postvak", validator=mailbox, missing=None),
        line_field(200, "Openingstijden", "openingstijden", _HOURS, validator=hours, missing=None),
        words(200, "Bron", "bron", "Bijvoorbeeld: website van de gemeente."),
        forms.field(forms.Date(), "Nagekeken op", name="datum", validator=forms.in_past),
    )


def _is_own(phone: str) -> bool:
    """Tell whether a number isn't one of the police, which a town has no share in."""
    digits = "".join(filter(str.isdigit, phone)).removeprefix("00").removeprefix("31")
    return digits.lstrip("0") not in ("112", "9008844")


_POLICE: Final = "112 en 0900-8844 zijn niet van de gemeente. Vul haar algemene nummer in."
_MOBILE: Final = "Dit is een mobiel nummer. Melders lezen dit: vul het algemene nummer in."
_NOBODY: Final = "Hier lijkt een naam, nummer of adres te staan. Noem alleen de organisatie."
_FORMULA: Final = "Begin met een letter: dit lijkt een formule."
_OF_PERSON: Final = "Dit adres is van één persoon. Vul dat van een functie in: oov@gemeente.nl."
_PHONE: Final = "Melders lezen dit, zolang de gemeente zelf geen nummer opgaf."
_DEPARTMENT: Final = "Naar wie u vraagt. Geen naam van een persoon."
_HOURS: Final = f"{HOW} Op feestdagen is een gemeente dicht."


class ImportSchema(forms.Schema):
    """The form to choose a file for the town register, or to confirm what it changes."""

    bestand = forms.field(
        forms.Upload(CSV_UPLOAD),
        "Bestand",
        description=f"CSV, met dezelfde kolommen als de uitvoer. Hoogstens {MOST_LINES} regels.",
        widget=forms.FileInput(accept=".csv,text/csv"),
        missing=None,
    )
    tekst = forms.field(
        forms.Text(CSV_UPLOAD, lines=True), "Tekst", widget=forms.Hidden(), missing=""
    )
    zegel = forms.field(forms.Text(64), "Zegel", widget=forms.Hidden(), missing="")


# Edited and imported

REFUSED: Final = "geweigerd"
NOTHING: Final = TownRegister()


@dataclass(frozen=True)
class Line:
    """A line of the file: a new or changed row, or one that is refused.

    `changes`: the head of each changed column, with what stood there and what will; of a refused
    line the head, what was written and why that can't be.
    """

    number: int
    town: str
    outcome: str
    changes: Sequence[tuple[str, str, str]]
    code: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def values_of(row: TownRegister | None) -> dict[str, Any]:
    """Return a row by the names of the form's controls, which are the heads of the file."""
    return {name: getattr(row or NOTHING, column) for name, column in COLUMNS.items()}


def store(session: Session, rows: Mapping[str, Mapping[str, Any]], actor: Actor) -> None:
    """Store what is known of municipalities, by their code; a number that was wrong is forgotten.

    `rows`: the values by the names of the form's controls.
    """
    known = {row.code: row for row in session.scalars(select(TownRegister))}
    for code, values in rows.items():
        row = known.get(code) or TownRegister(code=code)
        edited = row.telephone, values["telefoon"]
        row.wrong = [phone for phone in row.wrong or () if phone not in edited]
        for name, column in COLUMNS.items():
            setattr(row, column, values[name])
        session.add(row)
    record(session, actor, "gemeente.nummers", NATIONAL, AUDIT_KIND, fields=sorted(rows))


def export_rows(session: Session) -> Iterable[list[Any]]:
    """Yield the lines of the file: every municipality, also those of which nothing is known."""
    known = {row.code: row for row in session.scalars(select(TownRegister))}
    for town in all_municipalities(session):
        yield [town.name, *values_of(known.get(town.code)).values()]


def preview(session: Session, rows: Sequence[Mapping[str, str]]) -> list[Line]:
    """Return what becomes of each line of a file that says something; nothing is written.

    A municipality with nothing behind its name, as in the export, stays as it is.
    """
    every = all_municipalities(session)
    towns = {slugify(name): town for town in every for name in (town.name, town.code)}
    known = {row.code: row for row in session.scalars(select(TownRegister))}
    schema = register_schema([town.name for town in every])
    named = [
        (number, row, towns.get(slugify(row.get("gemeente", ""))))
        for number, row in enumerate(rows, 2)
        if not row or any(row[column] for column in COLUMNS)
    ]
    often = Counter(town for _, _, town in named)
    return [_line(number, row, town, often[town], known, schema) for number, row, town in named]


def _line(
    number: int,
    row: Mapping[str, str],
    town: Municipality | None,
    often: int,
    known: Mapping[str, TownRegister],
    schema: Any,
) -> Line:
    if not row:
        wrong = {"gemeente": "Deze regel heeft meer of minder kolommen dan de eerste regel."}
    elif town is None:
        wrong = {"gemeente": "Deze gemeente kennen wij niet."}
    elif often > 1:
        wrong = {"gemeente": "Deze gemeente staat vaker in het bestand. Laat één regel staan."}
    else:
        try:
            values = schema.deserialize({column: row[column] for column in COLUMNS})
        except colander.Invalid as error:
            wrong = error.asdict()
        else:
            present = known.get(town.code)
            changes = [
                (name, str(before or ""), str(values[name] or ""))
                for name, before in values_of(present).items()
                if before != values[name]
            ]
            outcome = "gewijzigd" if present else "nieuw"
            return Line(number, town.name, outcome, changes, town.code, values)
    why = {name: "Vul dit in." if text == "Required" else text for name, text in wrong.items()}
    refused = [(name, row.get(name, "")[:100], text) for name, text in why.items()]
    return Line(number, row.get("gemeente", "")[:100], REFUSED, refused)


# Pages

PAGE: Final = "nummers"


def _form(context: DeskMunicipality, request: Request) -> Form:
    row = request.db.get(TownRegister, context.municipality.code)
    return Form(
        register_schema([context.municipality.name]),
        request,
        formid=PAGE,
        action=request.resource_path(context, PAGE),
        buttons=[Button("opslaan", "Nummer en openingstijden opslaan")],
        appstruct={name: value for name, value in values_of(row).items() if value is not None},
    )


def register_panel(context: DeskMunicipality, request: Request) -> Panel:
    """Return the panel with what the register says of a municipality, and the form to edit it."""
    row = request.db.get(TownRegister, context.municipality.code)
    now = opening(row.hours if row else None, utc_now())
    values = {"row": row, "opening": now, "form": _form(context, request)}
    renderer = "stopintimidatie.desk.agreements:templates/register_panel.jinja2"
    return Panel("Nummer en openingstijden", renderer, values)


@form_view(DeskMunicipality, PAGE, Permission.ROUTE_REPORT)
def register_view(context: DeskMunicipality, request: Request) -> Any:
    """Show the form of one municipality in the register, and save it."""
    form = _form(context, request)

    def on_valid(values: dict[str, Any]) -> Any:
        store(request.db, {context.municipality.code: values}, request.actor)
        request.flash("Opgeslagen.")
        return HTTPSeeOther(request.resource_path(context))

    name, heading = context.municipality.name, "Nummer en openingstijden"
    page = {"title": f"{heading} {name}", "heading": heading, "above": name}
    return handle_form(request, form, on_valid, page)


@form_view(Desk, PAGE, Permission.ROUTE_REPORT, "templates/register_import.jinja2")
def import_view(context: Desk, request: Request) -> Any:
    """Show the form to choose a file, then what would change, and write that once confirmed.

    Where something else would change by then, that is shown in its place (409).
    """
    form = Form(ImportSchema(), request, buttons=[Button("bekijken", "Bekijken wat verandert")])

    def on_valid(values: dict[str, Any]) -> Any:
        content = values["bestand"].content if values["bestand"] else values["tekst"].encode()
        try:
            lines = preview(request.db, read_lines(content))
        except ValueError as problem:
            raise FormError(str(problem), "bestand") from None
        right = {line.code: line for line in lines if line.changes and line.outcome != REFUSED}
        # Nothing else is written than the preview showed.
        seal = hashlib.sha256(repr(lines).encode()).hexdigest()
        if right and values["zegel"] == seal:
            store(request.db, {code: line.values for code, line in right.items()}, request.actor)
            request.flash(f"{plural(len(right), 'gemeente', 'gemeenten')} bijgewerkt.")
            return HTTPSeeOther(request.resource_path(context, PAGE))
        refused = [line for line in lines if line.outcome == REFUSED]
        if values["zegel"] or len(refused) == len(lines) > 0:
            request.response.status_int = 409 if values["zegel"] else 422
        shown = {"lines": right.values(), "refused": refused, "form": form}
        return {**shown, "late": values["zegel"], "seal": seal, "text": content.decode("utf-8-sig")}

    return handle_form(request, form, on_valid, {"lines": None})


@page_view(Desk, "nummers-bestand", Permission.VIEW_DESK, "string")
def export_view(context: Desk, request: Request) -> Response:
    """Send the register as a file, with the columns that the import reads."""
    return csv_response("nummers-van-gemeenten", HEADS, export_rows(request.db))
