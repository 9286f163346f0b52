"""Forms to ask for an export, and to decide about one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import colander

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError, Opened
from stopintimidatie.core.text import Term, day_of, plural
from stopintimidatie.exports.extract.rules import GROUNDS, REASON_MAX
from stopintimidatie.exports.profiles.defaults import offered
from stopintimidatie.exports.redaction.reports import in_short
from stopintimidatie.exports.redaction.rules import QUESTION_MAX, RECIPIENT_MAX
from stopintimidatie.exports.redaction.selection import FULL_MOST, pseudonym
from stopintimidatie.exports.redaction.source import SourceReport
from stopintimidatie.exports.redaction.summary import TEXT_MAX
from stopintimidatie.exports.request.queries import bases_for
from stopintimidatie.exports.request.rules import PURPOSE_MAX, usual_profile
from stopintimidatie.exports.vocabulary import DEMAND, ExportRequest, FileForm
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.services import covenant_on
from stopintimidatie.municipalities.partners.vocabulary import (
    LegalBasis,
    MinorsGround,
    Purpose,
    RestrictedUse,
)

# The questions about a demand and about urgency; empty for any other export.


ROUTES: Final[Mapping[str, str]] = {
    "vordering_artikel": "demand_article",
    "vordering_nummer": "demand_number",
    "vordering_functionaris": "demand_officer",
    "vordering_datum": "demand_on",
    "spoed": "urgent",
    "spoed_reden": "urgent_reason",
}


_DEMANDED: Final = Opened("De vordering", (DEMAND,))
_URGENT: Final = Opened("Spoed")


def demand_fields() -> tuple[Any, ...]:
    """Return the fields about a demand, which are asked only with that legal basis."""
    return (
        _demanded("vordering_artikel", forms.Text(40), "Artikel", "Zoals: art. 126nd Sv."),
        _demanded("vordering_nummer", forms.Text(30), "Nummer", ""),
        _demanded(
            "vordering_functionaris",
            forms.Text(200),
            "Functionaris",
            "De functie, geen naam. Zoals: officier van justitie, Rotterdam.",
        ),
        _demanded(
            "vordering_datum",
            forms.Date(),
            "Datum",
            "Bij een vordering gaan ook meldingen mee die de melder liever niet deelt. Dat staat"
            " dan in het register.",
        ),
    )


def _demanded(name: str, typ: Any, title: str, description: str) -> Any:
    return forms.field(
        typ, title, name=name, description=description, missing=None, drawn=_DEMANDED
    )


def urgency_fields() -> tuple[Any, ...]:
    """Return the choice of urgency, and the fields that are asked with it."""
    return (
        forms.field(
            forms.Flag(),
            "Spoed: nu maken, achteraf beoordelen",
            name="spoed",
            description="Alleen als er gevaar is. Een collega moet het binnen één werkdag alsnog"
            " beoordelen.",
            missing=False,
        ),
        forms.field(
            forms.Text(1000, lines=True),
            "Waarom is dit spoed?",
            name="spoed_reden",
            missing=None,
            widget=forms.TextArea(rows=3),
            drawn=_URGENT,
        ),
    )


# The names of the controls, and what of the wish each is.
CONTROLS: Final[Mapping[str, str]] = {
    "soort_ontvanger": "profile",
    "ontvanger": "recipient",
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
    **ROUTES,
}
ATTRIBUTES: Final = {attribute: control for control, attribute in CONTROLS.items()}
# Not asked for a partner of the municipality.
KNOWN_OF_PARTNER: Final = frozenset({"ontvanger", "convenant"})
PAGE_ONE: Final = forms.Folded(
    "Meer voor op bladzijde 1: feiten, beleving, vermoedens, terugkoppeling"
)
USUAL_ANSWER: Final = timedelta(days=14)
USUAL_TERM: Final = timedelta(days=182)
NO_ENFORCEMENT: Final = (
    "Handhaving staat er niet bij: uw boa's zijn vandaag niet bevoegd om straatintimidatie te"
    " bekeuren. De beheerder vult in wanneer zij dat zijn."
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
    """
    known = frozenset() if partner is None else KNOWN_OF_PARTNER
    nodes = (
        *_recipient(empowered, partner),
        *_reasons(bases_for(partner)),
        *(_minors(needed=ground) if minors else ()),
        *_despite(unwilling),
        *bound_fields(restricted),
        *_in_full(choosable, most),
        _file(),
        *_extra(),
        *urgency_fields(),
    )
    return forms.Schema(*(node for node in nodes if node.name not in known))


def _field(name: str, typ: Any, title: str, **kw: Any) -> Any:
    return forms.field(typ, title, name=name, **kw)


def _recipient(empowered: bool, partner: PartnerOrganisation | None) -> tuple[Any, ...]:
    kinds = [
        (profile.name, profile.label)
        for profile in offered(empowered=empowered)
        if partner is None or not profile.own_house
    ]
    absent = "" if empowered else f" {NO_ENFORCEMENT}"
    return (
        _field(
            "soort_ontvanger",
            forms.OneOf(kinds, radio=True),
            "Soort ontvanger",
            description=f"Hiervan hangt af wat de ontvanger te zien krijgt.{absent}",
        ),
        _field(
            "ontvanger",
            forms.Text(RECIPIENT_MAX),
            "Ontvanger",
            description="Welk team of welke functie. Zoals: Politie, basisteam Drechtsteden.",
        ),
        _field(
            "vraag",
            forms.Text(QUESTION_MAX, lines=True),
            "Wat vraagt u de ontvanger?",
            description="Dit staat boven aan bladzijde 1. Noem geen namen.",
        ),
        _field("antwoord_voor", forms.Date(), "Antwoord vóór", validator=forms.not_before_today),
    )


def _reasons(bases: Sequence[LegalBasis]) -> tuple[Any, ...]:
    return (
        _field(
            "doel",
            forms.Text(PURPOSE_MAX, lines=True),
            "Doel",
            description="Waarvoor mag de ontvanger de gegevens gebruiken?",
        ),
        _code("soort_doel", Purpose, "Soort doel"),
        _field(
            "grondslag",
            forms.OneOf([(basis.value, basis.nl) for basis in bases]),
            "Grondslag",
            description="Een convenant is geen grondslag.",
        ),
        *(demand_fields() if LegalBasis.ORDER in bases else ()),
        _field("convenant", forms.Text(200), "Convenant, als dat er is", missing=None),
        _field(
            "vernietigen_voor",
            forms.Date(),
            "Ontvanger vernietigt uiterlijk op",
            description="Na vandaag, en hoogstens een jaar.",
        ),
    )


def _code(name: str, terms: Iterable[Term], title: str) -> Any:
    """Return the choice of a code for the register, where what is typed doesn't come."""
    offer = forms.OneOf([(term.value, term.nl) for term in terms])
    about = "Dit staat in het register. Leeg: wat voor deze ontvanger gewoon is."
    return _field(name, offer, title, description=about, missing=None)


def _file() -> Any:
    return _field(
        "bestand",
        forms.OneOf([(form.value, form.label) for form in FileForm], radio=True),
        "Soort bestand",
        description="Een PDF met wachtwoord is niet geschikt om te bewaren. U krijgt het wachtwoord"
        " één keer te zien, en geeft het langs een andere weg dan het bestand.",
        missing=FileForm.ARCHIVE.value,
    )


def _minors(*, needed: bool) -> tuple[Any, ...]:
    words = _field(
        "grond_minderjarigen",
        forms.Text(1000, lines=True),
        "Extra grond: minderjarigen",
        description="Vul dit in voor elke ontvanger buiten de eigen afdeling: in dit dossier gaat"
        " het ook om minderjarigen. Waarom heeft de ontvanger hun gegevens nodig?",
        missing=colander.required if needed else None,
        needed_sometimes=True,
    )
    return words, _code("soort_grond", MinorsGround, "Soort grond voor minderjarigen")


PRINTED: Final = "Dit staat ook in het document."


def _despite(reports: Sequence[tuple[int, str]]) -> tuple[Any, ...]:
    """Return fields for the legal basis and reason of each report its reporter wouldn't share."""
    if not reports:
        return ()
    group = forms.Schema(
        title=f"Niet zonder grond te delen: {plural(len(reports), 'melding', 'meldingen')}",
        name="toch",
        description="De melder deelt ze liever niet, of is jonger dan 16 en is niets gevraagd. Is"
        " er een grond om dat toch te doen? Open de melding, en vul grondslag en reden in. De"
        " melder krijgt bericht.",
        widget=forms.Fold(),
    )
    _add_grounds(group, reports, GROUNDS, PRINTED)
    return (group,)


def bound_fields(restricted: Sequence[tuple[int, str]], about: str = PRINTED) -> tuple[Any, ...]:
    """Return fields for the ground and reason to give what is restricted (art. 18(2) AVG)."""
    if not restricted:
        return ()
    group = forms.Schema(
        title="Gebruik beperkt",
        name="beperkt",
        description="Dit gaat niet mee. Het mag alleen voor een rechtsvordering of om iemand anders"
        " te beschermen. Is dat zo? Vul dan grondslag en reden in.",
        widget=forms.Fold(),
    )
    _add_grounds(group, restricted, tuple(RestrictedUse), about)
    return (group,)


def _add_grounds(
    group: Any, reports: Sequence[tuple[int, str]], offer: Sequence[Any], about: str
) -> None:
    """Add the fields of each report: the ground on which it goes along, and the reason."""
    for number, words in reports:
        part = forms.Schema(title=words, name=f"melding_{number}", widget=forms.Fold())
        grounds = [(ground.value, ground.nl) for ground in offer]
        part.add(
            _field("grondslag", forms.OneOf(grounds), "Grondslag om toch te delen", missing=None)
        )
        lines = forms.Text(REASON_MAX, lines=True)
        widget = forms.TextArea(rows=3)
        part.add(_field("reden", lines, "Reden", description=about, widget=widget, missing=None))
        group.add(part)


def choices_in_full(reports: Sequence[SourceReport], most: int) -> list[tuple[str, str]]:
    """Return each report with its number and words, the newest first; none when all are in full."""
    if len(reports) <= most:
        return []
    newest = sorted(reports, key=lambda report: (report.happened_at, report.serial), reverse=True)
    return [(str(report.serial), f"{pseudonym(report)}: {in_short(report)}") for report in newest]


def _in_full(choosable: Sequence[tuple[str, str]], most: int) -> tuple[Any, ...]:
    """Return the boxes of the reports that are told in full, when there is something to choose."""
    if not choosable:
        return ()
    proposed = {code for code, _ in choosable[:most]}

    def unless_proposed(codes: Any) -> Any:
        # The newest of what goes along: a recipient may not get all that is proposed.
        return None if codes and set(codes) == proposed else codes

    return (
        _field(
            "volledig",
            forms.ManyOf(choosable),
            "Meldingen die volledig in het document staan",
            description=f"Kies er hoogstens {most}. De nieuwste zijn aangekruist. Van alle andere"
            f" staat in het document alleen een regel in een tabel: wanneer, waar en welke vormen.",
            missing=(),
            preparer=unless_proposed,
            drawn=forms.Folded(
                f"Welke meldingen staan volledig in het document? ({most} van {len(choosable)})",
                proposes=True,
            ),
        ),
    )


def _extra() -> tuple[Any, ...]:
    def lines(name: str, title: str, help_text: str) -> Any:
        typ = forms.Text(TEXT_MAX, lines=True)
        widget = forms.TextArea(rows=3)
        more = {"missing": None, "widget": widget, "drawn": PAGE_ONE}
        return _field(name, typ, title, description=help_text, **more)

    return (
        _field(
            "telefoon",
            forms.Text(40),
            "Rechtstreeks nummer van de dossierhouder",
            description="De ontvanger belt dit nummer met zijn antwoord.",
            missing=None,
            widget=forms.TelInput(autocomplete="off"),
        ),
        lines("feiten", "Wat staat vast?", "Wat is gezien, gedaan of door meer mensen gemeld?"),
        lines("beleving", "Wat voelen melders?", "Hoe melders het beleven."),
        lines("vermoedens", "Wat is een vermoeden?", "Wat nog niet is nagegaan."),
        lines(
            "terugkoppeling",
            "Wat mogen melders horen?",
            "Wat de ontvanger wel en niet tegen melders mag zeggen.",
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
    kind = None if partner is None else partner.profile or usual_profile(partner.kind)
    return {
        **({"soort_ontvanger": kind} if kind else {}),
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
        answers["covenant"] = covenant_on(partner, day_of(utc_now()))
    return ExportRequest(**answers)


def control_of(field: str | None) -> str | None:
    """Return the name of the control at which a mistake in an answer is shown."""
    field = field or ""
    return field if field.startswith(("toch.", "beperkt.")) else ATTRIBUTES.get(field)


def mistakes(problem: FormError) -> list[tuple[str, str | None]]:
    """Return all that a refusal says, each with its answer."""
    return [(problem.message, problem.field), *problem.also]
