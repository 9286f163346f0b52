"""Reports in a breach: adding them, and telling their reporters on the follow page."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field
from stopintimidatie.core.jobs import enqueue
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.request import Request, form_view
from stopintimidatie.dossiers.forms import version_field
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.municipalities.areas.facts import CODE as PRACTICE
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.privacy.breaches.forms import NO_NAMES
from stopintimidatie.privacy.breaches.jobs import SHARE, TELL
from stopintimidatie.privacy.breaches.models import Breach, BreachDocument, BreachNotice
from stopintimidatie.privacy.breaches.resources import BreachResource
from stopintimidatie.privacy.breaches.services import append, tally
from stopintimidatie.privacy.breaches.views import FORM, handle, open_breach
from stopintimidatie.privacy.breaches.vocabulary import KIND, NoticeKind
from stopintimidatie.privacy.holds.services import BELONGS, HoldError
from stopintimidatie.privacy.holds.services import documents_of as documents_named
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT

ADD, TELL_THEM, OTHERWISE, SHARE_IT = "meldingen", "vertellen", "betrokkenen", "gemeenten"
LONGEST: Final = 4_000
OTHER_WAY, NOT_NEEDED = "anders", "niet"
DUTCH: Final = """\
Er is iets misgegaan met gegevens uit uw melding. Dat spijt ons.

Wat er is gebeurd: [wat er is gebeurd, en wanneer].

Wat dit voor u kan betekenen: [wie nu wat kan weten]. {known}

Wat wij doen: wij zoeken uit hoe dit kon gebeuren. [Wat u nog meer doet.]

Wat u kunt doen: u hoeft niets te doen. Zegt iemand iets tegen u over wat u meldde, of voelt u \
zich niet veilig? Laat het ons weten. Is er gevaar? Bel 112. U kunt hierover ook klagen bij de \
Autoriteit Persoonsgegevens.

Vragen? {call}"""
ENGLISH: Final = """\
Something went wrong with data from your report. We are sorry.

What happened: [what happened, and when].

What this may mean for you: [who may know what now]. {known}

What we are doing: we are finding out how this could happen. [What else you do.]

What you can do: you don't have to do anything. Does somebody talk to you about what you reported, \
or do you not feel safe? Let us know. Are you in danger? Call 112. You can also complain to the \
Dutch Data Protection Authority (Autoriteit Persoonsgegevens).

Questions? {call}"""


# The reports in a breach


class AddSchema(Schema):
    """The form that adds reports, by reference."""

    kenmerken = field(
        forms.Text(5_000, lines=True),
        "Welke meldingen?",
        description="Kenmerken van meldingen of nummers van dossiers, met een spatie of op een"
        " nieuwe regel. Van een dossier gaan alle meldingen mee.",
        widget=forms.TextArea(rows=4),
    )
    versie = version_field()


@form_view(BreachResource, ADD, Permission.HANDLE_BREACHES, FORM)
def add_view(context: BreachResource, request: Request) -> Any:
    """Add reports of which data went astray."""
    breach = open_breach(context)
    form = Form(
        AddSchema(),
        request,
        buttons=[Button("toevoegen", "Toevoegen")],
        appstruct={"versie": breach.version},
        cancel_url=request.resource_path(context),
    )

    def act(values: dict[str, Any]) -> str:
        try:
            rows = documents_named(
                request.db, values["kenmerken"], roles_at(request, context.holder)
            )
        except HoldError as problem:
            raise FormError(str(problem), problem.field) from None
        number = add_reports(request.db, breach, rows, request.actor)
        return plural(number, "melding is toegevoegd.", "meldingen zijn toegevoegd.")

    return handle(context, request, form, "Meldingen toevoegen", act)


def add_reports(
    session: Session, breach: Breach, rows: list[Report | Dossier], actor: Actor
) -> int:
    """Add reports, and those of dossiers, to a breach; return how many weren't there yet."""
    there = select(BreachDocument.document_id).where(BreachDocument.breach_id == breach.id)
    known = set(session.scalars(there))
    reports = {row.id: row.reference for row in rows if isinstance(row, Report)}
    inside = [row.id for row in rows if isinstance(row, Dossier)]
    if inside:
        members = (
            select(Report.id, Report.reference)
            .join(DossierMembership, DossierMembership.report_id == Report.id)
            .where(DossierMembership.dossier_id.in_(inside), *BELONGS)
        )
        reports |= dict(session.execute(members).all())
    new = {number: reference for number, reference in reports.items() if number not in known}
    session.add_all(
        BreachDocument(
            holder=breach.holder,
            breach_id=breach.id,
            document_kind=REPORT,
            document_id=number,
            reference=reference,
        )
        for number, reference in new.items()
    )
    if new:
        append(session, breach, actor, "stukken", {"aantal": str(len(new))})
        record(session, actor, "datalek.meldingen", breach.holder, KIND, [breach.id, *new])
    return len(new)


# Telling


def proposed(session: Session, holder: str) -> tuple[str, str]:
    """Return the proposed text in Dutch and in English."""
    phone = published_for(session, None if holder == NATIONAL else holder).telephone
    dutch = "Schrijf ons hieronder." if not phone else f"Bel {phone}, of schrijf ons hieronder."
    english = "Write to us below." if not phone else f"Call {phone}, or write to us below."
    return (
        DUTCH.format(known="[Stond uw naam of nummer erin? Schrijf dat.]", call=dutch),
        ENGLISH.format(known="[Was a name or number in it? Write so.]", call=english),
    )


class TellSchema(Schema):
    """The form of the text for reporters."""

    tekst = field(
        forms.Text(LONGEST, lines=True),
        "Tekst voor de melders",
        description="Vul in wat tussen haken staat. Schrijf rustig en eenvoudig: ook kinderen"
        " lezen dit. " + NO_NAMES,
        widget=forms.TextArea(rows=16),
    )
    engels = field(
        forms.Text(LONGEST, lines=True),
        "Dezelfde tekst in het Engels",
        description="Voor wie in het Engels meldde.",
        widget=forms.TextArea(rows=16),
    )
    versie = version_field()


@form_view(BreachResource, TELL_THEM, Permission.HANDLE_BREACHES, FORM)
def tell_view(context: BreachResource, request: Request) -> Any:
    """Write to the reporters, who read it on the follow page of their report."""
    breach = open_breach(context)
    left = tally(request.db, breach).left
    if not left:
        raise HTTPNotFound()
    dutch, english = proposed(request.db, context.holder)
    words = plural(left, "melder", "melders")
    form = Form(
        TellSchema(),
        request,
        buttons=[Button("vertellen", f"Vertellen aan {words}")],
        appstruct={"tekst": dutch, "engels": english, "versie": breach.version},
        cancel_url=request.resource_path(context),
    )

    def act(values: dict[str, Any]) -> str:
        for name in ("tekst", "engels"):
            if "[" in values[name] or "]" in values[name]:
                raise FormError("Vul eerst in wat tussen haken staat, en haal de haken weg.", name)
        texts = (values["tekst"], values["engels"])
        tell_people(request.db, breach, texts, request.actor)
        return f"Het bericht gaat nu naar {words}. Ververs deze pagina om te zien hoe ver het is."

    intro = (
        f"{words.capitalize()} leest dit op de eigen pagina van de melding, met de volgcode."
        if left == 1
        else f"{words.capitalize()} lezen dit op de eigen pagina van hun melding, met de volgcode."
    )
    more = " Wie een mailadres gaf, krijgt een mail dat er een bericht staat. Terughalen kan niet."
    return handle(context, request, form, "Melders vertellen", act, intro=intro + more)


def tell_people(session: Session, breach: Breach, texts: tuple[str, str], actor: Actor) -> None:
    """Have the reporters told that weren't yet, with a text in Dutch and in English."""
    notice = _notice(session, breach, NoticeKind.PEOPLE, texts[0], actor)
    notice.english = texts[1]
    session.flush()
    enqueue(session, TELL, breach.holder, {"bericht": str(notice.id)})


def _notice(
    session: Session, breach: Breach, kind: NoticeKind, text: str, actor: Actor
) -> BreachNotice:
    notice = BreachNotice(
        holder=breach.holder,
        breach_id=breach.id,
        kind=kind.value,
        sent_by=actor.name,
        text=text,
    )
    session.add(notice)
    append(session, breach, actor, "betrokkenen", {"soort": kind.value})
    fields = [kind.value]
    record(session, actor, "datalek.betrokkenen", breach.holder, KIND, [breach.id], fields=fields)
    return notice


class OtherwiseSchema(Schema):
    """The form about people who were told in another way, or not at all."""

    keuze = field(
        forms.OneOf(
            (
                (OTHER_WAY, "Betrokkenen zijn langs een andere weg geïnformeerd"),
                (NOT_NEEDED, "Betrokkenen worden niet geïnformeerd"),
            ),
            radio=True,
        ),
        "Wat legt u vast?",
    )
    reden = field(
        forms.Text(LONGEST, lines=True),
        "Hoe en wanneer, of waarom niet",
        description="Niet informeren mag als er geen hoog risico is, als de gegevens versleuteld"
        " waren, als het risico door maatregelen voorbij is, of als het onevenredig veel moeite"
        " kost en u het openbaar bekendmaakt (art. 34 lid 3 AVG). " + NO_NAMES,
        widget=forms.TextArea(rows=4),
    )
    versie = version_field()


@form_view(BreachResource, OTHERWISE, Permission.HANDLE_BREACHES, FORM)
def otherwise_view(context: BreachResource, request: Request) -> Any:
    """Note that people were told in another way, or why they aren't."""
    breach = open_breach(context)
    form = Form(
        OtherwiseSchema(),
        request,
        buttons=[Button("vastleggen", "Vastleggen")],
        appstruct={"versie": breach.version},
        cancel_url=request.resource_path(context),
    )

    def act(values: dict[str, Any]) -> str:
        other = values["keuze"] == OTHER_WAY
        kind = NoticeKind.OTHERWISE if other else NoticeKind.NOT_PEOPLE
        _notice(request.db, breach, kind, values["reden"], request.actor)
        return "Vastgelegd."

    return handle(context, request, form, "Betrokkenen", act)


# A breach at the desk or the supplier: an entry for each municipality


@form_view(BreachResource, SHARE_IT, Permission.HANDLE_BREACHES, FORM)
def share_view(context: BreachResource, request: Request) -> Any:
    """Give a breach at desk or supplier to municipalities, each with an entry of its own."""
    if context.holder != NATIONAL:
        raise HTTPNotFound()
    breach = open_breach(context)
    towns = connected(request.db)
    schema = Schema(
        field(forms.Flag(), "Alle aangesloten gemeenten", name="alle", missing=False),
        field(
            forms.ManyOf([(row.code, row.name) for row in towns]),
            "Alleen deze gemeenten",
            name="gemeenten",
            missing=(),
        ),
        version_field(),
    )
    form = Form(
        schema,
        request,
        buttons=[Button("doorgeven", "Doorgeven")],
        appstruct={"versie": breach.version},
        cancel_url=request.resource_path(context),
    )

    def act(values: dict[str, Any]) -> str:
        chosen = list(values["gemeenten"])
        if values["alle"] and chosen:
            raise FormError("Kies alle gemeenten, of vink aan welke. Niet allebei.", "gemeenten")
        codes = [row.code for row in towns] if values["alle"] else chosen
        if not codes:
            raise FormError("Kies minstens één gemeente.", "gemeenten")
        share(request.db, breach, codes, request.actor)
        number = plural(len(codes), "gemeente krijgt", "gemeenten krijgen")
        return f"{number} dit datalek in het eigen register, en bericht."

    intro = (
        "Elke gemeente die u kiest, krijgt dit datalek in het eigen register: wat er gebeurde, de"
        " gegevens, de gevolgen en de maatregelen. Vanaf dat moment loopt daar een eigen termijn"
        " van 72 uur. Wie het al heeft, krijgt het niet nog eens."
    )
    return handle(context, request, form, "Doorgeven aan gemeenten", act, intro=intro)


def connected(session: Session) -> list[Municipality]:
    """Return the municipalities that work with the product, by name; not the one to practise in."""
    taking_part = select(MunicipalityProfile.code).where(
        MunicipalityProfile.noted_level == ParticipationLevel.PROGRAMME
    )
    wanted = select(Municipality).where(
        Municipality.code.in_(taking_part), Municipality.code != PRACTICE
    )
    return list(session.scalars(wanted.order_by(Municipality.name, Municipality.code)))


def share(session: Session, breach: Breach, codes: list[str], actor: Actor) -> None:
    """Have a breach entered in the register of each of these municipalities."""
    for code in codes:
        enqueue(session, SHARE, code, {"lek": str(breach.id)})
    append(session, breach, actor, "doorgegeven", {"gemeenten": codes})
    record(session, actor, "datalek.doorgegeven", breach.holder, KIND, [breach.id], fields=codes)
