"""The workflow of a breach as data: from entry to closed, with the AP in phases."""

from __future__ import annotations

from typing import Final

from stopintimidatie.core.security import Permission
from stopintimidatie.core.workflow import FieldKind, InputField, State, Workflow, step
from stopintimidatie.privacy.breaches.vocabulary import KIND

INVESTIGATED: Final = "wordt_onderzocht"
JUDGED: Final = "beoordeeld"
REPORTED: Final = "gemeld_bij_ap"
NOT_REPORTED: Final = "niet_gemeld_bij_ap"
WITHDRAWN: Final = "ingetrokken_bij_ap"
CLOSED: Final = "lek_afgesloten"
# States in which the 72 hours count: nobody decided about the AP.
COUNTS: Final = frozenset({INVESTIGATED, JUDGED})
REOPEN, REOPEN_REPORTED = "heropenen", "heropenen_gemeld"
# Steps that the page asks more for than a reason: a day and hour, and the AP's number.
TO_AP: Final = ("ap_melden", "ap_aanvullen", "ap_compleet", "ap_intrekken")

_RISK: Final = (
    InputField(
        "risico",
        "Hoe groot is het risico voor mensen?",
        FieldKind.CHOICE,
        options="datalek_risico",
        help="Denk aan hoe gevoelig de gegevens zijn, om hoeveel mensen het gaat, en wie de"
        " gegevens nu kan lezen. Bij kinderen is het risico eerder hoog.",
    ),
    InputField("reden", "Waarom?", help="Noem geen namen. De AP kan dit later opvragen."),
)
_WHY: Final = InputField("reden", "Waarom?", help="Noem geen namen. De AP kan dit later opvragen.")
_BY: Final = Permission.HANDLE_BREACHES

WORKFLOW: Final = Workflow(
    KIND,
    frozenset({INVESTIGATED}),
    (
        State(INVESTIGATED, "wordt onderzocht"),
        State(JUDGED, "beoordeeld"),
        State(REPORTED, "gemeld bij de AP"),
        State(NOT_REPORTED, "niet gemeld bij de AP"),
        State(WITHDRAWN, "melding bij de AP ingetrokken"),
        State(CLOSED, "afgesloten", ended=True),
    ),
    (
        step(
            "beoordelen",
            "Risico beoordelen",
            f"{INVESTIGATED} {JUDGED} {NOT_REPORTED} {WITHDRAWN}",
            JUDGED,
            _BY,
            *_RISK,
        ),
        step("herbeoordelen", "Risico opnieuw beoordelen", REPORTED, REPORTED, _BY, *_RISK),
        step(
            "ap_melden",
            "Melding bij de AP vastleggen",
            f"{INVESTIGATED} {JUDGED} {NOT_REPORTED} {WITHDRAWN}",
            REPORTED,
            _BY,
        ),
        step("ap_aanvullen", "Aanvulling vastleggen", REPORTED, REPORTED, _BY),
        step("ap_compleet", "Laatste aanvulling vastleggen", REPORTED, REPORTED, _BY),
        step("ap_intrekken", "Intrekken bij de AP vastleggen", REPORTED, WITHDRAWN, _BY),
        step("niet_melden", "Niet melden bij de AP", JUDGED, NOT_REPORTED, _BY, _WHY),
        step("afsluiten", "Afsluiten", f"{REPORTED} {NOT_REPORTED} {WITHDRAWN}", CLOSED, _BY),
        step(REOPEN, "Weer openen", CLOSED, INVESTIGATED, _BY, _WHY),
        # The AP has a notification: its 72 hours don't begin to count again.
        step(REOPEN_REPORTED, "Weer openen", CLOSED, REPORTED, _BY, _WHY),
    ),
)
# Lines of the history that are no step.
LINES: Final = {
    "ingevoerd": "Gemeld",
    "nog_een_bericht": "Nog een bericht hierover",
    "feiten": "Feiten aangevuld",
    "tijdstip": "Tijdstip van bekend worden gewijzigd",
    "stukken": "Meldingen toegevoegd",
    "betrokkenen": "Betrokkenen geïnformeerd, of besloten van niet",
    "doorgegeven": "Doorgegeven aan gemeenten",
}


def line_words(name: str) -> str:
    """Return a line of the history in words."""
    if name in LINES:
        return LINES[name]
    return WORKFLOW.transition(name).label
