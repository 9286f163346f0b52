"""The words of the desk's decisions: to reporters, and in the bar at the bottom. Pure."""

from __future__ import annotations

from typing import Final

ABROAD: Final = (
    "Wat u meldt, gebeurde buiten Nederland. Daar kan een Nederlandse gemeente niets aan doen. Meld"
    " het bij de politie van dat land. Bent u nu in gevaar? Bel in de Europese Unie 112."
)
NOT_FOUND: Final = (
    "Wij konden niet vinden in welke gemeente dit gebeurde. Daarom kunnen wij uw melding niet"
    " doorgeven. Weet u het nog? Schrijf het hieronder: dan openen wij uw melding weer."
)
NO_HARASSMENT: Final = (
    "Wij lazen uw melding met twee mensen. Wat u schrijft is vervelend, maar het is geen"
    " straatintimidatie. Daarom geven wij het niet door. Meld het bij uw gemeente, of bel de"
    " politie: 0900-8844. Klopt het niet? Schrijf het hieronder: dan kijken wij opnieuw."
)
NO_HARASSMENT_REASON: Final = "Het gaat over iets anders dan straatintimidatie."

# By the step: the words behind the reference, and what leaves once it can't be undone.
DONE: Final = {
    "routeren": ("wordt doorgegeven", "De gemeente krijgt de melding"),
    "meldpunt_vraag": ("vraag gesteld aan de melder", "De melder leest dit"),
    "meldpunt_bericht": ("bericht aan de melder", "De melder leest dit"),
    "meldpunt_afsluiten": ("afgesloten", "De melder leest dit"),
    "meldpunt_geen_straatintimidatie": ("afgesloten", "De melder leest dit"),
    "meldpunt_verder": ("weer in de wachtrij", ""),
    "meldpunt_heropenen": ("weer in de wachtrij", ""),
    "spoed": ("spoed aangepast", ""),
}
CHANGED: Final = "{} is intussen gewijzigd door een ander. Kijk wat er nu staat en besluit opnieuw."
TOO_LATE: Final = (
    "Dit kan niet meer ongedaan worden gemaakt. Open de melding en kies daar wat nu moet."
)
PROPOSED: Final = (
    "{}: een collega beslist mee. Tot die tijd staat de melding bij ‘Een collega beslist mee’."
)
WHY_NOT: Final = "Schrijf op waarom u het er niet mee eens bent. Er is niets gewijzigd."
DECLINED: Final = "{}: niet afgesloten. De melding staat weer in de wachtrij."
