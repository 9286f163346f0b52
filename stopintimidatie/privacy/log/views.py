"""Pages of the log: of a holder, or of one document; newest first, in pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleOffer
from stopintimidatie.core.audit import AuditEvent, AuditSubject
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.storage.session import COUNTED, count_at_most
from stopintimidatie.core.storage.tenancy import current_holder
from stopintimidatie.core.text import datetime_short
from stopintimidatie.core.tree import Resource
from stopintimidatie.core.web.components import FacetValue, Panel
from stopintimidatie.core.web.request import Paging, page_view, toggled, wanted_page, worth_counting
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.exports.models import Export
from stopintimidatie.municipalities.areas.resources import MunicipalityResource
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.steps import Action

# Actions in words; a code without words is shown as it is.

ACTIONS: Final[dict[str, str]] = {
    "gelezen": "Gelezen",
    "toegang.geweigerd": "Toegang geweigerd",
    "aanmelden.gelukt": "Aangemeld",
    "aanmelden.mislukt": "Aanmelden mislukt",
    "aanmelden.link_gevraagd": "Mail gevraagd om toch te kunnen aanmelden",
    "aanmelden.link_gebruikt": "Link gebruikt om toch te kunnen aanmelden",
    "aanmelden.gemeente_geweigerd": "Aanmelden via de gemeente geweigerd",
    "afmelden": "Afgemeld",
    "wachtwoord.gewijzigd": "Wachtwoord gewijzigd",
    "wachtwoord.mislukt": "Verkeerd wachtwoord bij het wijzigen ervan",
    "account.naam": "Eigen naam gewijzigd",
    "account.sessie": "Eigen sessie op een ander apparaat beëindigd",
    "wachtwoord.link_gevraagd": "Nieuw wachtwoord gevraagd",
    "wachtwoord.link_gebruikt": "Nieuw wachtwoord gekozen met de link uit de mail",
    "afmelden.gemeente": "Afgemeld bij de inlogdienst van de gemeente",
    "factor.app_ingesteld": "App met codes ingesteld",
    "factor.app_verwijderd": "App met codes verwijderd",
    "factor.passkey_ingesteld": "Passkey toegevoegd",
    "factor.passkey_verwijderd": "Passkey verwijderd",
    "factor.herstelcodes_gemaakt": "Nieuwe herstelcodes gemaakt",
    "factor.herstelcode_gebruikt": "Herstelcode gebruikt",
    "factor.hersteld": "Tweede stap hersteld door een beheerder",
    "gebruiker.rol": "Rol gegeven",
    "gebruiker.geblokkeerd": "Gebruiker geblokkeerd",
    "gebruiker.uitgenodigd": "Rol voorgesteld, of opnieuw uitgenodigd",
    "gebruiker.rol_bevestigd": "Rol bevestigd door een tweede persoon",
    "gebruiker.rol_geweigerd": "Rol geweigerd door een tweede persoon",
    "gebruiker.rol_ingetrokken": "Voorstel of uitnodiging ingetrokken",
    "gebruiker.rol_aanvaard": "Rol aangenomen",
    "gebruiker.rol_afgeslagen": "Rol niet aangenomen",
    "gebruiker.rol_weg": "Rol weggehaald",
    "gebruiker.groep_voorgesteld": "Rol voor een groep voorgesteld",
    "gebruiker.groep_weg": "Rol van een groep weggehaald",
    "gebruiker.rol_verlopen": "Rol vervallen: de einddatum is voorbij",
    "gebruiker.rol_stil": "Rol vervallen: te lang niet aangemeld",
    "gebruiker.einddatum": "Einddatum van een rol gezet",
    "gebruiker.toegang_geblokkeerd": "Toegang tot deze gemeente geblokkeerd",
    "gebruiker.toegang_hersteld": "Blokkade bij deze gemeente opgeheven",
    "gebruiker.afgemeld": "Overal afgemeld door een beheerder",
    "gebruiker.nagekeken": "Rechten nagekeken: de rollen kloppen",
    "gebruiker.gedeblokkeerd": "Blokkade van het hele account opgeheven",
    "gebruiker.wachtwoord_weg": "Wachtwoord uitgezet, link voor een nieuw gestuurd",
    "bewaartermijn.verstreken": "Weg omdat de bewaartermijn voorbij is",
    "bevriezing.geplaatst": "Bevroren tegen vernietiging",
    "bevriezing.verlengd": "Bevriezing verlengd",
    "bevriezing.opgeheven": "Bevriezing opgeheven",
    "termijnen.voorgesteld": "Bewaartermijnen voorgesteld",
    "termijnen.goedgekeurd": "Bewaartermijnen goedgekeurd",
    "termijnen.geweigerd": "Voorstel van bewaartermijnen geweigerd",
    "termijnen.ingetrokken": "Voorstel voor bewaartermijnen ingetrokken",
    "vernietiging.beslist": "Beslist over regels van een vernietigingslijst",
    "vernietiging.beoordeeld": "Vernietigingslijst beoordeeld",
    "vernietiging.nagekeken": "Vernietigingslijst nagekeken",
    "vernietiging.gemachtigd": "Vernietiging gemachtigd",
    "vernietiging.teruggehaald": "Machtiging om te vernietigen teruggehaald",
    "uiterste.gevraagd": "Gevraagd om een document langer te bewaren dan het uiterste",
    "uiterste.geadviseerd": "Advies over bewaren na het uiterste",
    "uiterste.besloten": "Besluit over bewaren na het uiterste ingevuld",
    "uiterste.ingetrokken": "Vraag om langer te bewaren ingetrokken",
    "verklaring.gemaakt": "Verklaring van vernietiging gemaakt",
    "verklaring.gedownload": "Verklaring van vernietiging opgehaald",
    "termijnen.verlengd": "Doorlopend besluit over korte termijnen verlengd",
    "melding.vernietigd": "Melding vernietigd volgens de bewaartermijn",
    "melding.overgebracht": "Melding overgebracht naar het archief",
    "dossier.vernietigd": "Dossier vernietigd volgens de bewaartermijn",
    "gemeente.uitgevoerd": "Alle gegevens van een vertrekkende gemeente uitgevoerd",
    "gemeente.vernietigd": "Gegevens van een vertrokken gemeente vernietigd",
    "dossier.overbrengen_gevraagd": "Pakket voor het archief gevraagd",
    "dossier.overbrengen_pakket": "Pakket voor het archief gemaakt",
    "dossier.overbrengen_opgehaald": "Pakket voor het archief gedownload",
    "dossier.overbrengen_ontvangen": "Ontvangstbewijs van het archief vastgelegd",
    "dossier.overgebracht": "Dossier overgebracht naar het archief",
    "afwezigheid.gemeld": "Afwezigheid met vervanger vastgelegd",
    "afwezigheid.beeindigd": "Afwezigheid beëindigd",
    "gemeente.zonder_beheerder": "Gemeente heeft geen beheerder meer",
    "gebruiker.opgeleid": "Opleiding vastgelegd",
    "uitnodiging.gebruikt": "Uitnodiging gebruikt",
    "aansluiting.gevraagd": "Aansluiting gevraagd",
    "aansluiting.gewijzigd": "Lijst van aansluiting gewijzigd",
    "melding.ontvangen": "Melding ontvangen",
    "melding.toestand": "Toestand van melding gewijzigd",
    "melding.ongedaan": "Besluit over melding ongedaan gemaakt",
    "melding.besluit_mislukt": "Besluit over melding kon niet worden uitgevoerd",
    "melding.voorgesteld": "Besluit over melding voorgesteld",
    "melding.voorstel_afgewezen": "Voorstel over melding niet overgenomen",
    "melding.adres": "Adres opgezocht",
    "melding.gerouteerd": "Gemeente gekozen door het meldpunt",
    "melding.beoordeeld": "Melding beoordeeld",
    "melding.contact": "Contact vastgelegd",
    "melding.sluimeren": "Melding laten sluimeren, of weer wakker gemaakt",
    "melding.toegewezen": "Melding toegewezen of losgelaten",
    "melding.notitie": "Notitie bij een melding",
    "melding.contact_erbij": "Contact met de melder van een dubbele melding komt erbij",
    "melding.bericht": "Bericht aan de melder",
    "melding.terugkoppeling": "Terugkoppeling aan melders",
    "melding.bericht_gezien": "Bericht van de melder gezien",
    "melding.antwoord": "Antwoord van de melder",
    "melding.aanvulling": "Aanvulling van de melder",
    "melding.mening": "Oordeel van de melder",
    "melding.bijlage": "Bijlage van de melder",
    "melding.ingetrokken": "Melding ingetrokken door de melder",
    "melding.toch_niet_ingetrokken": "Intrekken teruggedraaid door de melder",
    "melding.bewaren_gevraagd": "Melder vroeg om bewaren voor een aangifte",
    "melding.samengevoegd": "Meldingen naar de gemeente waarin deze opging",
    "melding.overgenomen": "Melding overgenomen",
    "melding.spoed": "Spoed aangepast",
    "melding.minderjarig": "Leeftijd aangepast: melding gaat over een minderjarige",
    "melding.onleesbaar": "Woorden onleesbaar gemaakt",
    "melding.nagekeken": "Tekst nagekeken voor ontvangers",
    "melding.gewist": "Gegevens van een melding gewist op verzoek",
    "dossier.gewist": "Gegevens van een dossier gewist op verzoek",
    "melding.wijk": "Melding naar een andere wijk",
    "overdracht.aangenomen": "Overdracht aangenomen",
    "overdracht.geweigerd": "Overdracht geweigerd",
    "patroon.voorgesteld": "Patroon voorgesteld door het systeem",
    "patroon.besluit": "Over een patroon besloten",
    "patroon.gevraagd": "Collega gevraagd of die aan een patroon werkt",
    "patroon.instelling": "Instellingen van patronen gewijzigd",
    "dossier.gemaakt": "Dossier gemaakt",
    "dossier.gewijzigd": "Dossier gewijzigd",
    "dossier.toestand": "Toestand van dossier gewijzigd",
    "dossier.samengevoegd": "Dossiers samengevoegd",
    "dossier.gesplitst": "Dossier gesplitst",
    "dossier.notitie": "Notitie geschreven",
    "dossier.afspraak_gemaakt": "Afspraak gemaakt",
    "dossier.afspraak_gewijzigd": "Afspraak gewijzigd",
    "dossier.maatregel": "Maatregel vastgelegd",
    "dossier.bijlage": "Bijlage in dossier",
    "dossier.bijlage_weg": "Bijlage uit dossier verwijderd",
    "dossier.aangewezen": "Aangewezen wie de meldingen ziet",
    "dossier.overleg": "Overleg vastgelegd",
    "dossier.deelnemer": "Deelnemers gewijzigd",
    "dossier.voorgelegd": "Vastgelegd wat op tafel lag",
    "dossier.voorgelegd_vernietigd": "Wat op tafel lag is vernietigd",
    "partner.toegevoegd": "Partner toegevoegd",
    "partner.gewijzigd": "Partner gewijzigd",
    "partner.beeindigd": "Partner beëindigd",
    "partner.hervat": "Weer samenwerken met partner",
    "partner.contact_toegevoegd": "Contactpersoon van partner toegevoegd",
    "partner.contact_gewijzigd": "Contactpersoon van partner gewijzigd",
    "partner.contact_verwijderd": "Contactpersoon van partner verwijderd",
    "dossier.melding_erbij": "Melding in een dossier geplaatst",
    "dossier.melding_eruit": "Melding uit een dossier gehaald",
    "uitvoer.aangevraagd": "Uitvoer aangevraagd",
    "uitvoer.goedgekeurd": "Uitvoer goedgekeurd",
    "uitvoer.afgewezen": "Uitvoer afgewezen",
    "uitvoer.gemaakt": "Uitvoer gemaakt",
    "uitvoer.gedownload": "Uitvoer gedownload",
    "uitvoer.mislukt": "Uitvoer mislukt",
    "uitvoer.ingetrokken": "Uitvoer ingetrokken",
    "uitvoer.opnieuw": "Uitvoer opnieuw gestart",
    "handtekening.ingesteld": "Certificaat voor handtekeningen ingesteld",
    "handtekening.verwijderd": "Certificaat voor handtekeningen verwijderd",
    "uitvoer.afgebroken": "Maken van uitvoer afgebroken",
    "uitvoer.teruggenomen": "Aanvraag van uitvoer ingetrokken",
    "uitvoer.wachtwoord": "Wachtwoord van uitvoer getoond",
    "redactieprofiel.gewijzigd": "Redactieprofiel gewijzigd",
    "verstrekking.vastgelegd": "Verstrekking vastgelegd",
    "verstrekking.stap": "Stap van een verstrekking vastgelegd",
    "uitvoer.spoed": "Uitvoer met spoed gemaakt",
    "uitvoer.spoed_te_laat": "Spoeduitvoer niet op tijd beoordeeld",
    "uitvoer.achteraf_goedgekeurd": "Spoeduitvoer achteraf goedgekeurd",
    "uitvoer.achteraf_afgewezen": "Spoeduitvoer achteraf afgewezen",
    "uitvoer.correctie": "Correctie gemeld aan wie een kopie heeft",
    "uitvoer.overhandigd": "Uitvoer zelf gegeven aan een partner",
    "uitvoer.klaargezet": "Uitvoer klaargezet voor een partner",
    "uitvoer.beantwoord": "Partner gaf antwoord op uitvoer",
    "uitvoer.antwoord_gelezen": "Antwoord van partner gelezen",
    "ophalen.gedownload": "Document opgehaald door ontvanger",
    "ophalen.klaargezet": "Klaargezet om op te halen",
    "ophalen.code": "Code gegeven om op te halen",
    "ophalen.geopend": "Opgehaald met een code",
    "ophalen.verkeerde_code": "Verkeerde code bij ophalen",
    "melding.bezorging": "Bezorging van melding gewijzigd",
    "melding.inhoud_vernietigd": "Inhoud bij het meldpunt vernietigd",
    "afspraak.gemaakt": "Doorgifteafspraak vastgelegd",
    "afspraak.geweigerd": "Gemeente wil geen meldingen",
    "afspraak.beeindigd": "Doorgifteafspraak beëindigd",
    "afspraak.verlopen": "Doorgifteafspraak verlopen",
    "adres.gewijzigd": "Adres voor berichten gewijzigd",
    "adres.bevestigd": "Adres voor berichten bevestigd",
    "adres.onbereikbaar": "Berichten aan een adres komen terug",
    "post.verstuurd": "Bericht verstuurd",
    "post.geweigerd": "Bericht geweigerd",
    "post.teruggekomen": "Bericht kwam terug",
    "gebieden.geladen": "Grenzen geladen",
    "gemeente.aanmelden": "Aanmelden via de gemeente gewijzigd",
    "gemeente.aanmelden_bevestigd": "Inlogdienst bevestigd door een tweede persoon",
    "gemeente.aanmelden_geweigerd": "Inlogdienst geweigerd door een tweede persoon",
    "gemeente.beleid": "Campagne of beleid van een gemeente vastgelegd",
    "gemeente.maildomeinen": "Maildomeinen van een gemeente gewijzigd",
    "gemeente.niveau": "Niveau van een gemeente gewijzigd",
    "gemeente.poort_dicht": "Gemeente nog niet gereed: meldingen gaan straks naar het meldpunt",
    "gemeente.poort_open": "Gemeente weer gereed voor meldingen",
    "gemeente.niveau_gepland": "Niveau van een gemeente gepland",
    "gemeente.niveau_ingetrokken": "Gepland niveau van een gemeente ingetrokken",
    "instelling.gewijzigd": "Teksten of instellingen gewijzigd",
    "instelling.ingetrokken": "Geplande wijziging ingetrokken",
    "haltes.geladen": "Haltes geladen",
    "taak.opnieuw": "Opgegeven taak nog eens geprobeerd",
    "taak.weg": "Opgegeven taak weggegooid",
    "appsleutel.gemaakt": "Appsleutel gemaakt",
    "appsleutel.ingetrokken": "Appsleutel ingetrokken",
    "reservekopie.gemaakt": "Reservekopie gemaakt",
    "reservekopie.teruggezet": "Reservekopie teruggezet",
    "logboek.opgeschoond": "Te oude regels uit het logboek verwijderd",
    "reservekopie.opgeruimd": "Oude reservekopieën verwijderd",
    "reservekopie.opnieuw_weg": "Weer weg na het terugzetten van een reservekopie",
}


def label_of(action: str) -> str:
    """Return an action in words, such as *Aangemeld*."""
    return ACTIONS.get(action, action)


# Reading

# The number of documents of one event that are named; the others are counted.
NAMED: Final = 3


def _events(action: str | None, document: UUID | None) -> Select[AuditEvent]:
    statement = select(AuditEvent)
    if document is not None:
        subject = select(AuditSubject.event_id).where(AuditSubject.subject_id == document)
        statement = statement.where(AuditEvent.id.in_(subject))
    if action is not None:
        statement = statement.where(AuditEvent.action == action)
    return statement


def count_events(session: Session, action: str | None, document: UUID | None, most: int) -> int:
    """Count events; one more than `most` when there are more."""
    # Ordered as an index is: else PostgreSQL may look through all holders for the first few.
    newest = _events(action, document).with_only_columns(AuditEvent.id)
    return count_at_most(session, newest.order_by(AuditEvent.at.desc()), most)


@dataclass(frozen=True)
class LogLine:
    """An event, with the number of its documents and the names of the first few."""

    event: AuditEvent
    number: int
    names: Sequence[str]


def page_of_events(
    session: Session, action: str | None, document: UUID | None, offset: int, limit: int
) -> Sequence[LogLine]:
    """Return a page of events as lines, the newest first."""
    page = _events(action, document).order_by(AuditEvent.at.desc(), AuditEvent.id)
    events = session.scalars(page.offset(offset).limit(limit)).all()
    by_event = AuditSubject.event_id
    rank = func.row_number().over(partition_by=by_event, order_by=AuditSubject.subject_id)
    number = func.count().over(partition_by=by_event)
    about = (
        select(by_event, AuditSubject.subject_id, number.label("number"), rank.label("rank"))
        .where(by_event.in_([event.id for event in events]))
        .subquery()
    )
    rows = session.execute(select(about).where(about.c.rank <= NAMED)).all()
    names = _names(session, {row.subject_id for row in rows})
    lines = []
    for event in events:
        subjects = [row for row in rows if row.event_id == event.id]
        number_of = subjects[0].number if subjects else 0
        known = (names[row.subject_id] for row in subjects if row.subject_id in names)
        lines.append(LogLine(event, number_of, sorted(known)))
    return lines


def _names(session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the references of documents by id; of an offered role, the address it went to."""
    known = union_all(
        select(Report.id, Report.reference.label("name")).where(Report.id.in_(ids)),
        select(Dossier.id, Dossier.number).where(Dossier.id.in_(ids)),
        select(Export.id, Export.reference).where(Export.id.in_(ids)),
        # As the inviting person typed it; there is no offer once the role is taken or withdrawn.
        select(RoleOffer.id, RoleOffer.username).where(RoleOffer.id.in_(ids)),
    )
    return {row[0]: row[1] for row in session.execute(known)}


def known_actions(session: Session) -> Sequence[str]:
    """Return the actions that occur in this holder's log; each takes one look at an index."""
    holder = current_holder(session)
    first = select(func.min(AuditEvent.action).label("action")).where(AuditEvent.holder == holder)
    actions = first.cte("found", recursive=True)
    following = select(func.min(AuditEvent.action)).where(
        AuditEvent.holder == holder, AuditEvent.action > actions.c.action
    )
    more = select(following.scalar_subquery()).where(actions.c.action.is_not(None))
    actions = actions.union_all(more)
    known = select(actions.c.action).where(actions.c.action.is_not(None)).order_by(actions.c.action)
    return session.scalars(known).all()


PAGE_SIZE = 50


@page_view(Resource, "logboek", Permission.VIEW_AUDIT, "templates/log.jinja2")
def log(context: Any, request: Any) -> dict[str, Any]:
    """Show the log of a document; of a municipality or the desk, the log of all documents."""
    document = _document(context)
    action = request.GET.get("actie") or None
    wanted = wanted_page(request)
    most = worth_counting(wanted, COUNTED, PAGE_SIZE)
    total = count_events(request.db, action, document, most)
    paging = Paging.counted(wanted, total, most, PAGE_SIZE)
    lines = page_of_events(request.db, action, document, paging.offset, paging.size)
    return {
        "rows": [_row(logged) for logged in lines],
        "facet": [
            FacetValue(label_of(code), toggled(request, "actie", code), None, code == action)
            for code in known_actions(request.db)
        ],
        "paging": paging,
    }


def _document(context: Any) -> UUID | None:
    document: UUID | None = getattr(context, "document_id", None)
    whole = isinstance(context, MunicipalityResource) or context.__name__ == NATIONAL
    if document is None and not whole:
        raise HTTPNotFound()
    return document


def _row(logged: LogLine) -> list[str]:
    event = logged.event
    details = ", ".join(_details(event))
    return [
        datetime_short(event.at),
        event.actor_name,
        f"{label_of(event.action)}: {details}" if details else label_of(event.action),
        _about(logged),
        event.task or event.reason or "",
    ]


def _details(event: AuditEvent) -> list[str]:
    """Return the fields of an event in words: roles by their label, without the holder's code."""
    if not event.action.startswith("gebruiker."):
        return [field.replace("_", " ") for field in event.fields]
    roles = {role.value: role.label for role in Role}
    return [roles.get(field, field) for field in event.fields if field != event.holder]


def _about(logged: LogLine) -> str:
    """Return the kind of documents of a line, with their names."""
    kind, number = logged.event.subject_kind, logged.number
    if not logged.names:
        return f"{number} × {kind}" if number > 1 else kind
    rest = number - len(logged.names)
    return f"{kind}: {', '.join(logged.names)}{f' en {rest} meer' if rest > 0 else ''}"


# Links from a document to its own log, for who may read that


def log_action(request: Any, context: Any) -> Action | None:
    """Return the button that leads to the log, on the page of a report."""
    if not request.has_permission(Permission.VIEW_AUDIT, context):
        return None
    return Action("Logboek van deze melding", request.resource_path(context, "logboek"))


def log_panel(context: Any, request: Any) -> Panel | None:
    """Return the panel with links to the log and to erasing, on the page of a dossier."""
    if not request.has_permission(Permission.VIEW_AUDIT, context):
        return None
    may_erase = context.dossier.state not in GONE and bool(
        request.has_permission(Permission.ERASE, context)
    )
    values = {
        "href": request.resource_path(context, "logboek"),
        "erase_href": request.resource_path(context, "gegevens-wissen") if may_erase else None,
    }
    return Panel("Logboek en privacy", "stopintimidatie.privacy.log:templates/link.jinja2", values)
