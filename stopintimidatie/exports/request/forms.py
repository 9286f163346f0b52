"""Forms to ask for an export, and to decide about one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import colander

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Opened
from stopintimidatie.core.text import day_of, plural, uuid_of
from stopintimidatie.exports.extract.services import GROUNDS, REASON_MAX
from stopintimidatie.exports.profiles.defaults import PROFILES, offered, profile_for
from stopintimidatie.exports.redaction.reports import in_short
from stopintimidatie.exports.redaction.rules import QUESTION_MAX, RECIPIENT_MAX
from stopintimidatie.exports.redaction.selection import FULL_MOST, pseudonym
from stopintimidatie.exports.redaction.source import SourceReport
from stopintimidatie.exports.redaction.summary import TEXT_MAX
from stopintimidatie.exports.request.queries import bases_for
from stopintimidatie.exports.request.rules import PURPOSE_MAX
from stopintimidatie.exports.vocabulary import DEMAND, ExportRequest, FileForm
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.services import covenant_on
from stopintimidatie.municipalities.partners.vocabulary import (
    LegalBasis,
    MinorsGround,
    Purpose,
    RestrictedUse,
)

# The names of the controls, and what of the wish each is.
CONTROLS: Final[Mapping[str, str]] = {
    "soort_ontvanger": "profile",
    "ontvanger": "recipient",
    "bericht_aan": "offer_address_id",
    "vraag": "question",
    "antwoord_voor": "answer_by",
    "doel": "purpose",
    "grondslag": "legal_basis",
    "convenant": "covenant",
    "vernietigen_voor": "destroy_by",
    "grond_minderjarigen": "minors_ground",
    "soort_doel": "purpose_code",
    "soort_grond": "minors_code",
    "telefoon": "owner_phone",
    "feiten": "facts",
    "beleving": "perceptions",
    "vermoedens": "assumptions",
    "terugkoppeling": "feedback",
    "bestand": "file_form",
    "volledig": "in_full",
    "vordering_artikel": "demand_article",
    "vordering_nummer": "demand_number",
    "vordering_functionaris": "demand_officer",
    "vordering_datum": "demand_on",
    "spoed": "urgent",
    "spoed_reden": "urgent_reason",
}
ATTRIBUTES: Final = {attribute: control for control, attribute in CONTROLS.items()}
REGISTERED: Final = "Dit staat in het register. Leeg: wat voor deze ontvanger gewoon is."
DESPITE: Final = (
    "De melder deelt ze liever niet, of is jonger dan 16 en is niets gevraagd. Is er een grond om"
    " dat toch te doen? Open de melding, en vul grondslag en reden in. De melder krijgt bericht."
)
NOT_EMPOWERED: Final = (
    " Handhaving staat er niet bij: uw boa's zijn vandaag niet bevoegd om straatintimidatie"
    " te bekeuren. De beheerder vult in wanneer zij dat zijn."
)
PAGE_ONE: Final = forms.Folded(
    "Meer voor op bladzijde 1: feiten, beleving, vermoedens, terugkoppeling"
)
DEMANDED: Final = Opened("De vordering", (DEMAND,))
USUAL_ANSWER: Final = timedelta(days=14)
USUAL_TERM: Final = timedelta(days=182)


def _lines(title: str, description: str) -> Any:
    """Return a field for text on page one."""
    typ, widget = forms.Text(TEXT_MAX, lines=True), forms.TextArea(rows=3)
    more = {"missing": None, "widget": widget, "drawn": PAGE_ONE}
    return forms.field(typ, title, description=description, **more)


class RequestSchema(forms.Schema):
    """All questions of a request; `request_schema` takes out what isn't asked."""

    soort_ontvanger = forms.field(
        forms.OneOf((), radio=True),
        "Soort ontvanger",
        description="Hiervan hangt af wat de ontvanger te zien krijgt.",
    )
    ontvanger = forms.field(
        forms.Text(RECIPIENT_MAX),
        "Ontvanger",
        description="Welk team of welke functie. Zoals: Politie, basisteam Drechtsteden.",
    )
    vraag = forms.field(
        forms.Text(QUESTION_MAX, lines=True),
        "Wat vraagt u de ontvanger?",
        description="Dit staat boven aan bladzijde 1. Noem geen namen.",
    )
    antwoord_voor = forms.field(forms.Date(), "Antwoord vóór", validator=forms.not_before_today)
    doel = forms.field(
        forms.Text(PURPOSE_MAX, lines=True),
        "Doel",
        description="Waarvoor mag de ontvanger de gegevens gebruiken?",
    )
    soort_doel = forms.field(
        forms.OneOf(Purpose.choices()), "Soort doel", description=REGISTERED, missing=None
    )
    grondslag = forms.field(
        forms.OneOf(()), "Grondslag", description="Een convenant is geen grondslag."
    )
    vordering_artikel = forms.field(
        forms.Text(40),
        "Artikel",
        description="Zoals: art. 126nd Sv.",
        missing=None,
        drawn=DEMANDED,
    )
    vordering_nummer = forms.field(forms.Text(30), "Nummer", missing=None, drawn=DEMANDED)
    vordering_functionaris = forms.field(
        forms.Text(200),
        "Functionaris",
        description="De functie, geen naam. Zoals: officier van justitie, Rotterdam.",
        missing=None,
        drawn=DEMANDED,
    )
    vordering_datum = forms.field(
        forms.Date(),
        "Datum",
        description="Bij een vordering gaan ook meldingen mee die de melder liever niet deelt. Dat"
        " staat dan in het register.",
        missing=None,
        drawn=DEMANDED,
    )
    convenant = forms.field(forms.Text(200), "Convenant, als dat er is", missing=None)
    vernietigen_voor = forms.field(
        forms.Date(),
        "Ontvanger vernietigt uiterlijk op",
        description="Na vandaag, en hoogstens een jaar.",
    )
    grond_minderjarigen = forms.field(
        forms.Text(1000, lines=True),
        "Extra grond: minderjarigen",
        description="Vul dit in voor elke ontvanger buiten de eigen afdeling: in dit dossier gaat"
        " het ook om minderjarigen. Waarom heeft de ontvanger hun gegevens nodig?",
        missing=None,
        needed_sometimes=True,
    )
    soort_grond = forms.field(
        forms.OneOf(MinorsGround.choices()),
        "Soort grond voor minderjarigen",
        description=REGISTERED,
        missing=None,
    )
    bestand = forms.field(
        forms.OneOf([(form.value, form.label) for form in FileForm], radio=True),
        "Soort bestand",
        description="Een PDF met wachtwoord is niet geschikt om te bewaren. U krijgt het wachtwoord"
        " één keer te zien, en geeft het langs een andere weg dan het bestand.",
        missing=FileForm.ARCHIVE.value,
    )
    telefoon = forms.field(
        forms.Text(40),
        "Rechtstreeks nummer van de dossierhouder",
        description="De ontvanger belt dit nummer met zijn antwoord.",
        missing=None,
        widget=forms.TelInput(autocomplete="off"),
    )
    feiten = _lines("Wat staat vast?", "Wat is gezien, gedaan of door meer mensen gemeld?")
    beleving = _lines("Wat voelen melders?", "Hoe melders het beleven.")
    vermoedens = _lines("Wat is een vermoeden?", "Wat nog niet is nagegaan.")
    terugkoppeling = _lines(
        "Wat mogen melders horen?", "Wat de ontvanger wel en niet tegen melders mag zeggen."
    )
    spoed = forms.field(
        forms.Flag(),
        "Spoed: nu maken, achteraf beoordelen",
        description="Alleen als er gevaar is. Een collega moet het binnen één werkdag alsnog"
        " beoordelen.",
        missing=False,
    )
    spoed_reden = forms.field(
        forms.Text(1000, lines=True),
        "Waarom is dit spoed?",
        missing=None,
        widget=forms.TextArea(rows=3),
        drawn=Opened("Spoed"),
    )


APART: Final = "vraag_apart"


def question_apart() -> Any:
    """Return the question for one of several recipients, where it isn't the one for all."""
    return forms.field(
        forms.Text(QUESTION_MAX, lines=True),
        "Wat vraagt u deze ontvanger?",
        name=APART,
        description="Leeg: de vraag die hierboven voor allen staat.",
        missing=None,
        drawn=forms.Folded("Een andere vraag aan deze ontvanger"),
    )


def request_schema(
    *,
    minors: bool,
    empowered: bool,
    ground: bool = False,
    partner: PartnerOrganisation | None = None,
    unwilling: Sequence[tuple[int, str]] = (),
    restricted: Sequence[tuple[int, str]] = (),
    choosable: Sequence[tuple[str, str]] = (),
    most: int = FULL_MOST,
    contacts: Sequence[tuple[str, str]] = (),
) -> Any:
    """Return the schema of a request; the ground for minors is asked only where there are any.

    Args:
        minors: whether the dossier is about minors too.
        ground: whether a recipient outside gets a report about a minor, which needs a ground.
        empowered: whether boas of this municipality may enforce today.
        partner: whom it is for: name and covenant are known then, and fewer grounds apply.
        unwilling: reports that reporters would rather not share: number, and what was said.
        restricted: what may not be used now: number, and on which ground.
        choosable: the reports of which some can be told in full; empty when all are.
        most: the highest number of reports told in full.
        contacts: the people of the partner who can be told: address and words.
    """
    schema, bases, profiles = RequestSchema(), bases_for(partner), offered(empowered=empowered)
    kinds = [(kind.name, kind.label) for kind in profiles if not (partner and kind.own_house)]
    schema["soort_ontvanger"].typ = forms.OneOf(kinds, radio=True)
    if not empowered:
        schema["soort_ontvanger"].description += NOT_EMPOWERED
    schema["grondslag"].typ = forms.OneOf([(basis.value, basis.nl) for basis in bases])
    if ground:
        schema["grond_minderjarigen"].missing = colander.required
    if unwilling:
        schema.add_before("bestand", _unwilling(unwilling))
    if restricted:
        schema.add_before("bestand", restricted_schema(restricted))
    if contacts:
        schema.add_before("bestand", _contact_choice(contacts))
    if choosable:
        schema.add_before("bestand", _in_full(choosable, most))
    for name in (
        *(("ontvanger", "convenant") if partner else ()),
        *(() if LegalBasis.ORDER in bases else (n for n in CONTROLS if n.startswith("vordering_"))),
        *(() if minors else ("grond_minderjarigen", "soort_grond")),
    ):
        del schema[name]
    return schema


def _unwilling(reports: Sequence[tuple[int, str]]) -> Any:
    title = f"Niet zonder grond te delen: {plural(len(reports), 'melding', 'meldingen')}"
    return grounds_schema("toch", title, DESPITE, reports, GROUNDS)


PRINTED: Final = "Dit staat ook in het document."


def restricted_schema(parts: Sequence[tuple[int, str]], about: str = PRINTED) -> Any:
    """Return the group of fields to give what is restricted (art. 18(2) AVG)."""
    words = (
        "Dit gaat niet mee. Het mag alleen voor een rechtsvordering of om iemand anders te"
        " beschermen. Is dat zo? Vul dan grondslag en reden in."
    )
    grounds = tuple(RestrictedUse)
    return grounds_schema("beperkt", "Gebruik beperkt", words, parts, grounds, about)


def grounds_schema(
    name: str,
    title: str,
    description: str,
    reports: Sequence[tuple[int, str]],
    offer: Sequence[Any],
    about: str = PRINTED,
) -> Any:
    """Return a group with, of each report, the ground on which it goes along, and the reason."""
    fold = forms.Fold()
    group = forms.Schema(title=title, name=name, description=description, widget=fold)
    grounds = forms.OneOf([(ground.value, ground.nl) for ground in offer])
    for number, words in reports:
        group.add(
            forms.Schema(
                forms.field(grounds, "Grondslag om toch te delen", name="grondslag", missing=None),
                forms.field(
                    forms.Text(REASON_MAX, lines=True),
                    "Reden",
                    name="reden",
                    description=about,
                    widget=forms.TextArea(rows=3),
                    missing=None,
                ),
                title=words,
                name=f"melding_{number}",
                widget=forms.Fold(),
            )
        )
    return group


def choices_in_full(reports: Sequence[SourceReport], most: int) -> list[tuple[str, str]]:
    """Return each report with its number and words, the newest first; none when all are in full."""
    if len(reports) <= most:
        return []
    newest = sorted(reports, key=lambda report: (report.happened_at, report.serial), reverse=True)
    return [(str(report.serial), f"{pseudonym(report)}: {in_short(report)}") for report in newest]


def _contact_choice(contacts: Sequence[tuple[str, str]]) -> Any:
    """Return the choice of who is told once the document is there."""
    return forms.field(
        forms.OneOf(contacts),
        "Wie krijgt bericht zodra het klaarstaat?",
        name="bericht_aan",
        description="Een e-mail zonder inhoud. U geeft de code door.",
        missing=None,
        widget=forms.Select(values=contacts, empty="Niemand: ik geef het zelf"),
    )


def _in_full(choosable: Sequence[tuple[str, str]], most: int) -> Any:
    """Return the boxes of the reports that are told in full."""
    proposed = {code for code, _ in choosable[:most]}

    def unless_proposed(codes: Any) -> Any:
        # The newest of what goes along: a recipient may not get all that is proposed.
        return None if codes and set(codes) == proposed else codes

    return forms.field(
        forms.ManyOf(choosable),
        "Meldingen die volledig in het document staan",
        name="volledig",
        description=f"Kies er hoogstens {most}. De nieuwste zijn aangekruist. Van alle andere"
        f" staat in het document alleen een regel in een tabel: wanneer, waar en welke vormen.",
        missing=(),
        preparer=unless_proposed,
        drawn=forms.Folded(
            f"Welke meldingen staan volledig in het document? ({most} van {len(choosable)})",
            proposes=True,
        ),
    )


def first_values(
    dossier: Any,
    phone: str | None,
    partner: PartnerOrganisation | None = None,
    in_full: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what the dossier, the calendar and the partner already tell.

    Args:
        dossier: the dossier that is asked for.
        phone: the number of the municipality.
        partner: whom it is for, when it is a partner.
        in_full: the numbers of the reports that are proposed to be told in full.
    """
    today = day_of(utc_now())
    kind = None if partner is None else profile_for(partner.profile or partner.kind)
    return {
        **({"soort_ontvanger": kind} if kind in PROFILES else {}),
        "bestand": FileForm.ARCHIVE.value,
        "volledig": in_full,
        "antwoord_voor": today + USUAL_ANSWER,
        "vernietigen_voor": today + USUAL_TERM,
        "doel": (dossier.purpose or "")[:PURPOSE_MAX] or None,
        "grondslag": dossier.legal_basis,
        "telefoon": phone,
    }


def read_request(
    values: Mapping[str, Any], partner: PartnerOrganisation | None = None
) -> ExportRequest:
    """Read what a valid form asks for; of a partner, its name and the covenant that counts."""
    answers = {CONTROLS[name]: values[name] for name in values if name in CONTROLS}
    answers["deviations"] = [
        {"nummer": int(name.removeprefix("melding_")), **given}
        for name, given in {**values.get("toch", {}), **values.get("beperkt", {})}.items()
        if any(given.values())
    ] or None
    if answers.get("in_full") is not None:
        answers["in_full"] = [int(number) for number in answers["in_full"]]
    if partner is not None:
        answers |= {"recipient": partner.name, "partner_id": partner.id}
        answers["offer_address_id"] = uuid_of(answers.get("offer_address_id") or "")
        answers["covenant"] = covenant_on(partner, day_of(utc_now()))
    return ExportRequest(**answers)


def control_of(field: str | None) -> str | None:
    """Return the name of the control at which a mistake in an answer is shown."""
    field = field or ""
    return field if field.startswith(("toch.", "beperkt.")) else ATTRIBUTES.get(field)
