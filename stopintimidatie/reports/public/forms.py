"""The form of /melden: three short steps in gentle words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

import colander
from deform.widget import OptGroup

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Schema, field
from stopintimidatie.core.text import _, file_size
from stopintimidatie.core.web.limits import PUBLIC_UPLOAD
from stopintimidatie.core.web.translation import gettext, language
from stopintimidatie.municipalities.areas.facts import inside_netherlands
from stopintimidatie.municipalities.settings.forms import question_field
from stopintimidatie.municipalities.settings.vocabulary import Question
from stopintimidatie.reports import vocabulary as reports_vocabulary
from stopintimidatie.reports.arrival.schema import ask
from stopintimidatie.reports.attachments.cleaner import PHOTO_TYPES
from stopintimidatie.reports.vocabulary import AgeGroup, LocationSource

NAME: Final = "punt"
AWAY: Final = "punt_weg"
NO_POINT: Final = _("Dit punt kan niet. Kies het opnieuw, of haal het weg.")
NOT_HERE: Final = _("Dit punt ligt niet in Nederland. Haal het weg, en vertel waar het was.")
_WRITTEN: Final = re.compile(
    r"(-?[0-9]{1,3}\.[0-9]{1,8}),(-?[0-9]{1,3}\.[0-9]{1,8}),([0-9]{1,6}),(gps|pin)\Z", re.ASCII
)


@dataclass(frozen=True)
class ChosenPoint:
    """A point in degrees, how exact it is, and where it came from."""

    lat: float
    lon: float
    accuracy_m: int
    source: LocationSource

    def __str__(self) -> str:
        return f"{self.lat:.6f},{self.lon:.6f},{self.accuracy_m},{self.source.value}"


def read_point(text: str) -> ChosenPoint | None:
    """Return the point that was carried along; None when nobody here wrote that."""
    match = _WRITTEN.match(text.strip())
    if match is None:
        return None
    lat, lon, accuracy, source = match.groups()
    return ChosenPoint(float(lat), float(lon), int(accuracy), LocationSource.of(source))


class Point(forms.Text):
    """Point as its field carries it."""

    def from_text(self, text: str) -> Any:
        """Return the chosen point."""
        point = read_point(text)
        if point is None:
            raise ValueError(NO_POINT)
        if not inside_netherlands(point.lat, point.lon):
            raise ValueError(NOT_HERE)
        return point


NO_EMAIL: Final = _(
    "Vul een e-mailadres in zoals naam@voorbeeld.nl, met alleen gewone letters en cijfers voor het"
    " apenstaartje."
)
NO_PHONE: Final = _("Dit telefoonnummer klopt niet. Vul het in zoals 06 12345678.")
Choices = Sequence[tuple[str, str]]
Values = Mapping[str, Any]
YES_NO: Final = (("ja", _("ja, dat mag")), ("nee", _("liever niet")))
STEPS: Final = ("leeftijd", "wat", "waar", "uzelf")
EARLIEST: Final = date(2000, 1, 1)
# Contact wishes on the public page: without an answer through the app, which it can't promise.
WISHES: Final = tuple(
    w for w in reports_vocabulary.ContactWish if w is not reports_vocabulary.ContactWish.VIA_APP
)


@dataclass(frozen=True)
class Where:
    """Facts known before the questions: of the place, by the address; and the age."""

    name: str
    neighbourhoods: Choices = ()
    in_transit: bool = False
    map_address: str | None = None
    action: str = ""
    # Questions of the municipality itself.
    questions: tuple[Question, ...] = ()
    age: str | None = None


def reporting_schema(where: Where) -> Any:
    """Return what is asked on the page of a place."""
    hidden = (
        field(forms.Text(160), name.title(), name=name, widget=forms.Hidden(), missing=None)
        for name in ("invoer", "campagne")
    )
    return Schema(_age(), _event(where), _where_and_when(where), _yourself(where), *hidden)


def _step(name: str, title: str, *nodes: Any, **more: Any) -> Any:
    number = STEPS.index(name)
    after = STEPS[number + 1] if number + 1 < len(STEPS) else None
    return Schema(
        *nodes,
        title=title,
        name=name,
        widget=forms.Step(
            number=number + 1,
            total=len(STEPS),
            anchor=f"stap-{name}",
            before=f"stap-{STEPS[number - 1]}" if number else None,
            after=f"stap-{after}" if after else None,
            # The answer to the first question changes the words of the others.
            anew=not number,
        ),
        **more,
    )


_ask: Final = partial(ask, public=True)


def _age() -> Any:
    asked = _ask("melder.leeftijdsgroep", _("Hoe oud is wie dit invult?"), radio=True)
    return _step("leeftijd", _("Leeftijd"), asked)


def _event(where: Where) -> Any:
    groups = [
        OptGroup(group.public, *[(form.value, form.public) for form in kinds])
        for group, kinds in reports_vocabulary.FORMS_BY_GROUP.items()
    ]
    return _step(
        "wat",
        _("Wat maakte u mee?"),
        _ask("hoedanigheid", _("Wie bent u?"), radio=True),
        _ask(
            "vormen",
            _("Wat gebeurde er?"),
            description=_("Kies alles wat past."),
            widget=forms.CheckboxChoice(values=groups),
        ),
        _ask(
            "omschrijving",
            _("Vertel het in uw eigen woorden"),
            lines=True,
            description=_("Zo kort of lang als u wilt. Schrijf geen namen en geen kentekens op."),
        ),
        _ask("plegers.aantal", _("Met hoeveel waren zij?")),
        _ask("plegers.bekend", _("Kent u hen?")),
        _ask(
            "plegers.signalement",
            _("Hoe zagen zij eruit?"),
            lines=True,
            description=_(
                "Alleen kleding, vervoermiddel en waar zij heen gingen. Geen naam en geen afkomst."
            ),
            widget=forms.TextArea(rows=2, autocomplete="off"),
        ),
        *(question_field(question, language()) for question in where.questions),
    )


def _where_and_when(where: Where) -> Any:
    return _step(
        "waar",
        _("Waar en wanneer was het?"),
        *(_transit() if where.in_transit else _place(where)),
        _ask("typePlek", _("Wat voor plek was het?")),
        field(
            forms.Date(),
            _("Welke dag?"),
            name="datum",
            validator=colander.All(_not_long_ago, forms.in_past),
            widget=forms.DateInput(autocomplete="off"),
        ),
        field(
            forms.Time(),
            _("Hoe laat ongeveer?"),
            name="tijd",
            missing=None,
            widget=forms.TimeInput(autocomplete="off"),
        ),
        _ask("dagdeel", _("Weet u de tijd niet? Welk deel van de dag?")),
        _ask("herhaling", _("Gebeurde het vaker?")),
    )


def _place(where: Where) -> list[Any]:
    chosen = []
    if where.neighbourhoods:
        chosen.append(
            field(
                forms.OneOf(where.neighbourhoods),
                gettext("In welke wijk van %(name)s?", name=where.name),
                name="wijk",
                missing=None,
                needed_sometimes=True,
                description=_(
                    "Tik op de kaart of kies uit de lijst. Weet u de wijk niet? Vertel dan"
                    " hieronder waar het was."
                )
                if where.map_address
                else _("Weet u de wijk niet? Vertel dan hieronder waar het was."),
                widget=forms.MapSelect(
                    values=where.neighbourhoods,
                    image=where.map_address,
                    image_text=gettext(
                        "Kaart van %(name)s. Kiest u liever zonder kaart? Gebruik de lijst"
                        " hieronder.",
                        name=where.name,
                    ),
                    image_action=f"{where.action}#stap-waar",
                ),
            )
        )
    chosen.append(_point(where))
    said = _ask(
        "locatie.omschrijving",
        _("Waar precies?"),
        needed_sometimes=True,
        description=_(
            "Een straat, een adres, of iets dat u zag: het station, de bushalte, een"
            " winkel. Hebt u hierboven al iets gekozen? Dan hoeft dit niet."
        ),
    )
    return [*chosen, said]


def _point(where: Where) -> Any:
    return field(
        Point(80),
        _("Weet u het precieze punt?"),
        name=NAME,
        missing=None,
        description=_(
            "Tik op de kaart. Bent u nog op de plek zelf? Dan kunt u de plek van uw toestel"
            " meesturen. Dat gebeurt alleen als u op de knop drukt."
        )
        if where.map_address
        else _(
            "Bent u nog op de plek zelf? Dan kunt u de plek van uw toestel meesturen. Dat gebeurt"
            " alleen als u op de knop drukt."
        ),
        widget=forms.PointInput(
            chosen=_("Er is een punt gekozen. Alleen wie uw melding behandelt, ziet het."),
            none=_("Er is nog geen punt gekozen. Dat hoeft ook niet."),
            busy=_("Wij zoeken de plek van uw toestel. Kies ‘toestaan’ als uw toestel dat vraagt."),
            failed=_(
                "Het lukt niet om de plek van uw toestel te vinden. Vertel in woorden waar het was."
            ),
            away_name=AWAY,
            away_action=f"{where.action}#stap-waar",
        ),
    )


def _transit() -> list[Any]:
    return [
        _ask(
            "locatie.ov.lijn",
            _("Welke lijn of trein?"),
            needed_sometimes=True,
            description=_("Bijvoorbeeld: bus 3, of de trein. Een lijn of een halte is genoeg."),
        ),
        _ask(
            "locatie.ov.halte", _("Bij welke halte of welk station was u?"), needed_sometimes=True
        ),
        _ask("locatie.ov.richting", _("Waar ging de rit heen?")),
        _ask("locatie.omschrijving", _("Wilt u nog iets zeggen over de plek?")),
    ]


def _not_long_ago(node: Any, value: date) -> None:
    if value < EARLIEST:
        raise colander.Invalid(node, _("Deze dag is te lang geleden. Kijk het jaar na."))


def _yourself(where: Where) -> Any:
    return _step(
        "uzelf",
        _("Uzelf en contact"),
        _ask("melder.gender", _("Wat is uw gender?")),
        _ask("ernstGevoel", _("Hoe voelde het?")),
        _ask("politie", _("Weet de politie het al?")),
        _ask(
            "contactGewenst",
            _("Wilt u dat wij contact met u opnemen?"),
            radio=True,
            choices=[(wish.value, wish.public) for wish in WISHES],
        ),
        *_reach(),
        _ask("hulpGewenst", _("Ik wil graag hulp of iemand om mee te praten")),
        *(_sharing() if AgeGroup.may_consent(where.age) else ()),
        field(
            forms.Upload(PUBLIC_UPLOAD),
            _("Foto"),
            name="foto",
            missing=None,
            description=gettext(
                "JPEG, HEIC, PNG of WebP, hoogstens %(most)s. Plaats, tijd en toestel halen wij"
                " eruit. Maak geen foto als dat gevaar geeft. Meer foto's, geluid of video"
                " meesturen kan na het melden, met de volgcode.",
                most=file_size(PUBLIC_UPLOAD),
            ),
            # In the last step, for a browser gives a file once.
            widget=forms.FileInput(accept=PHOTO_TYPES),
        ),
        validator=_reachable,
    )


def _sharing() -> list[Any]:
    sharing: Any = {"choices": YES_NO, "radio": True}
    return [
        _ask(
            "deelvoorkeur.politie",
            _("Mag de gemeente dit delen met de politie?"),
            under="deelPolitie",
            **sharing,
            description=_(
                "Ook als u dat liever niet wilt, bellen wij de politie als iemand in gevaar is. En"
                " van sommige zeer ernstige misdrijven moeten wij aangifte doen: dat verplicht de"
                " wet. Een jurist moet dit nog bevestigen."
            ),
        ),
        _ask(
            "deelvoorkeur.ketenpartners",
            _("Mag de gemeente dit delen met anderen die kunnen helpen?"),
            under="deelPartners",
            **sharing,
            description=_("Zoals jongerenwerk, handhaving of het openbaar vervoer."),
        ),
    ]


def _reach() -> list[Any]:
    """Return the fields of how one can be reached; all of it may stay empty."""
    return [
        _ask(
            "melder.naam",
            _("Uw naam"),
            description=_("Blijft u liever anoniem? Laat naam, telefoon en e-mail dan leeg."),
        ),
        _ask(
            "melder.telefoon",
            _("Uw telefoonnummer"),
            kind=partial(forms.Phone, hint=NO_PHONE),
            widget=forms.TelInput(autocomplete="off"),
        ),
        _ask(
            "melder.email",
            _("Uw e-mailadres"),
            kind=partial(forms.Email, hint=NO_EMAIL),
            widget=forms.EmailInput(autocomplete="off"),
        ),
        _ask("contactWanneer", _("Wanneer kunnen wij u bellen?")),
    ]


def _reachable(node: Any, said: Values) -> None:
    error = colander.Invalid(node)
    if said["contactGewenst"] == reports_vocabulary.ContactWish.CALL and not said["telefoon"]:
        error["telefoon"] = _("Vul uw telefoonnummer in, want u wilt gebeld worden.")
    if said["contactGewenst"] == reports_vocabulary.ContactWish.MAIL and not said["email"]:
        error["email"] = _("Vul uw e-mailadres in, want u wilt een mail.")
    if error.children:
        raise error
