"""The words of the desk's decisions: to reporters, and in the bar at the bottom. Pure."""

from __future__ import annotations

from typing import Final

# By the language that the reporter reads best.
ABROAD: Final = {
    "nl": "Wat u meldt, gebeurde buiten Nederland. Daar kan een Nederlandse gemeente niets aan"
    " doen. Meld het bij de politie van dat land. Bent u nu in gevaar? Bel in de Europese Unie"
    " 112.",
    "en": "This happened outside the Netherlands. A Dutch municipality cannot do anything about it."
    " Report it to the police of that country. Are you in danger now? In the European Union, call"
    " 112.",
}
NOT_FOUND: Final = {
    "nl": "Wij konden niet vinden in welke gemeente dit gebeurde. Daarom kunnen wij uw melding niet"
    " doorgeven. Weet u het nog? Schrijf het hieronder: dan openen wij uw melding weer.",
    "en": "We could not find out in which municipality this happened, so we cannot pass your report"
    " on. Do you remember? Write it below: then we will open your report again.",
}
NO_HARASSMENT: Final = {
    "nl": "Wij lazen uw melding met twee mensen. Wat u schrijft is vervelend, maar het is geen"
    " straatintimidatie. Daarom geven wij het niet door. Meld het bij uw gemeente, of bel de"
    " politie: 0900-8844. Klopt het niet? Schrijf het hieronder: dan kijken wij opnieuw.",
    "en": "Two of us read your report. What you write is unpleasant, but it is not street"
    " harassment, so we do not pass it on. Report it to your municipality, or call the police:"
    " 0900-8844. Is that not right? Write it below: then we will look again.",
}
TOWN_QUESTION: Final = {
    "nl": "Dank u wel voor uw melding. Wij zoeken de gemeente waar dit gebeurde. In welke plaats"
    " was het, en bij welke straat, halte of winkel? Weet u het niet meer? Dat is niet erg. Schrijf"
    " dat dan. Bent u in gevaar? Bel 112.",
    "en": "Thank you for your report. We are looking for the municipality where this happened. In"
    " which town was it, and near which street, stop or shop? Don't you remember? That is fine."
    " Just tell us so. Are you in danger? Call 112.",
}
NO_HARASSMENT_REASON: Final = "Het gaat over iets anders dan straatintimidatie."

IN_DANGER: Final = (
    "{} is niet gesloten, want er is iemand in gevaar. Geef de melding door, of stel de melder een"
    " vraag."
)
