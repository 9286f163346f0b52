"""Texts that a copy tells by law (art. 15(1) AVG), and the questions to who checks it.

The texts are a proposal; a jurist of the municipality still has to confirm them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from stopintimidatie.core.storage.retention import RETENTION_CLASSES, RetentionClass
from stopintimidatie.privacy.requests.models import Capacity
from stopintimidatie.privacy.retention.words import term_in_words
from stopintimidatie.reports.vocabulary import Form
from stopintimidatie.reports.words import listed

TITLE: Final = "De gegevens die wij over u hebben"
INTRO: Final = (
    "U vroeg welke gegevens wij over u hebben. Die staan hieronder. Wat over anderen gaat of naar"
    " hen wijst, is zwartgemaakt of weggelaten, om hen te beschermen (artikel 15 lid 4 AVG en"
    " artikel 41 UAVG).",
)
NOTHING: Final = "Wij hebben geen gegevens over u gevonden."
OF_REPORTED: Final = (
    "Wat melders vertelden en wat medewerkers daarover schreven, krijgt u niet letterlijk: daaruit"
    " kan blijken wie meldde. U krijgt een samenvatting. Ook dagen en plekken staan er daarom niet"
    " in."
)
# It doesn't say that nobody got anything, for it may not tell of a demand.
NOBODY: Final = "Wij noemen hier niemand buiten onze organisatie."
# The title of the summary, and the words that it begins with.
OWN_WORDS: Final = "Wat over u is vastgelegd"
START: Final = (
    "Mensen vertelden ons over uw gedrag op straat. Medewerkers schreven dat op, en wat wij eraan"
    " deden."
)
# For a reader outside, where the house has a word of its own for it.
PLAIN_KINDS: Final = {"uitvoer": "Document voor een partner"}
# Several texts of one place stand together.
PLAIN_PLACES: Final = {
    "een notitie": "notities",
    "een afspraak": "afspraken",
    "een besluit": "besluiten",
    "een maatregel": "maatregelen",
    "een voorstel": "voorstellen",
    "een overleg": "overleggen",
    "de aanvraag": "waarom en waarvoor",
    "de bevroren inhoud": "de inhoud",
}
# The same whether or not there are any: that there is a photo may tell who made it.
NO_FILES: Final = (
    "Foto's, filmpjes en geluid bij een melding geven wij niet mee: er staan anderen op."
)
QUESTIONS: Final = {
    Capacity.REPORTER: "Kan de vrager in deze kopie iets over iemand anders lezen?",
    Capacity.REPORTED: "Kan hij of zij zien wie meldde?",
    Capacity.MENTIONED: "Kan hij of zij zien wie meldde, of iets over iemand anders lezen?",
    Capacity.PARTNER: "Kan de vrager in deze kopie iets over iemand anders lezen?",
}
_NOT_WHO: Final = (
    "Zulke gegevens komen van mensen die een melding doen, van medewerkers en van partners van de"
    " gemeente. Dit geldt voor iedereen in een melding. Wie meldde, vertellen wij niet."
)
_CATEGORIES: Final = {
    Capacity.REPORTER: "Wat u zelf invulde, uw contactgegevens als u die gaf, en wat medewerkers"
    " opschreven over uw melding.",
    Capacity.REPORTED: "Wat over u is verteld en opgeschreven. Bij iedereen over wie is gemeld kan"
    " dat zijn: een naam, hoe iemand eruitziet, gedrag, gesprekken, en of gedrag een strafbaar feit"
    " kan zijn.",
    Capacity.MENTIONED: "Uw naam, en wat over u is verteld en opgeschreven.",
    Capacity.PARTNER: "Uw naam, uw functie en hoe wij u bereiken, en wat u ons schreef.",
}
_SOURCE: Final = {
    Capacity.REPORTER: "Van uzelf, en van medewerkers die met uw melding werkten.",
    Capacity.REPORTED: _NOT_WHO,
    Capacity.MENTIONED: _NOT_WHO,
    Capacity.PARTNER: "Van uzelf, van uw organisatie, en van medewerkers.",
}
_PURPOSE: Final = (
    "Wij behandelen meldingen van intimidatie op straat, en zorgen met anderen dat het stopt. Dat"
    " is een taak van algemeen belang (artikel 6 lid 1 onder e AVG)."
)
_RIGHTS: Final = (
    "U kunt ons vragen om verkeerde gegevens te verbeteren, om gegevens te wissen, of om ze een"
    " tijd niet te gebruiken. U kunt ook zeggen dat u niet wilt dat wij ze gebruiken. Doe dat op"
    " dezelfde manier als dit verzoek. U krijgt binnen een maand antwoord."
)
_COMPLAINT: Final = (
    "Bent u het niet eens met wat u kreeg, of met wat zwartgemaakt is? Maak dan binnen zes weken"
    " bezwaar: in de brief bij deze kopie staat hoe. U kunt ook een klacht indienen bij de"
    " Autoriteit Persoonsgegevens: autoriteitpersoonsgegevens.nl."
)
_AUTOMATED: Final = (
    "Geen computer beslist over u. Medewerkers beoordelen alles zelf. Er is geen profilering: geen"
    " computer voorspelt wat u doet."
)
_ELSEWHERE: Final = (
    "Wij zochten alleen bij onszelf: wilt u ook weten wat een andere gemeente of het landelijk"
    " meldpunt over u heeft, vraag het dan ook daar."
)
# The same whether or not there was any.
_DEMANDS: Final = (
    "Soms moeten wij gegevens geven omdat politie of justitie die vordert. Dat kan geheim zijn."
    " Daarom staat in geen enkele kopie of dat is gebeurd."
)
_ABROAD: Final = "Wij geven uw gegevens niet door buiten de Europese Economische Ruimte (EER)."


def conduct(reported: Iterable[Collection[str]]) -> str:
    """Return the conduct of several reports in words; what a single one says isn't named.

    Args:
        reported: the forms of harassment of each report.
    """
    counts = Counter(form for forms in reported for form in set(forms))
    common = sorted(form for form, number in counts.items() if number > 1)
    if not common:
        return "hinderlijk gedrag op straat"
    named = listed(Form, common) or ""
    return named if len(common) == len(counts) else f"{named}, en ander hinderlijk gedrag"


def about(
    registry: Any,
    capacity: str,
    kinds: Mapping[str, str],
    tables: Collection[str],
    days: int,
    officer: str,
) -> tuple[tuple[str, str], ...]:
    """Return what the law asks to tell, as pairs of a title and a text.

    Args:
        registry: of the application, for the terms.
        capacity: of who asks.
        kinds: the kinds of documents that are part of the copy, in words.
        tables: the tables they stand in.
        days: how long a backup is kept at most.
        officer: where the FG can be reached; empty when that wasn't filled in.
    """
    terms = ["Deze termijnen gelden voor iedereen. Niet alles hoeft over u te gaan."]
    terms += [
        f"{row.label}: {term_in_words(row)}{_from(row)}."
        for row in RETENTION_CLASSES.of(registry).values()
        if set(row.tables) & set(tables) and row.desk is not True
    ]
    terms.append(
        f"In reservekopieën kunnen dezelfde gegevens staan. Die doorzoeken wij niet; zij zijn na"
        f" {days} dagen weg."
    )
    rights = _RIGHTS
    if officer:
        rights += f" Vragen hierover? De functionaris gegevensbescherming bereikt u zo: {officer}."
    held = ", ".join(sorted(kinds.values())) or "geen"
    held = held[0].upper() + held[1:]
    files = (("Foto's en andere bestanden", NO_FILES),) if capacity != Capacity.REPORTER else ()
    return (
        *files,
        ("Waarvoor wij uw gegevens gebruiken", _PURPOSE),
        ("Welke soorten gegevens dit zijn", _CATEGORIES[Capacity.of(capacity)]),
        ("Waar uw gegevens in staan", f"{held}. {_ELSEWHERE}"),
        ("Waar uw gegevens vandaan komen", _SOURCE[Capacity.of(capacity)]),
        ("Ontvangers die wij niet noemen", _DEMANDS),
        ("Hoe lang wij uw gegevens bewaren", "\n".join(terms)),
        ("Uw rechten", rights),
        ("Klacht en bezwaar", _COMPLAINT),
        ("Besluiten door een computer", _AUTOMATED),
        ("Buiten Europa", _ABROAD),
    )


def _from(row: RetentionClass) -> str:
    """Return the day from which a term counts; nothing for data that goes with something else."""
    counts = row.term is not None and row.term.number
    return f", vanaf {row.starts}" if counts else ""
