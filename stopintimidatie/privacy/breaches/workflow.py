"""The clock of 72 hours and the workflow of a breach, as data: from entry to closed. Pure.

Article 33(1) AVG counts in hours, from the moment the controller knows. So weekends, holidays and
the hour that the clock goes forward or back change nothing: the moments are compared in UTC.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import plural
from stopintimidatie.core.workflow import FieldKind, InputField, State, Workflow, step
from stopintimidatie.privacy.breaches.vocabulary import KIND, NoticeKind, Risk

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

# Words that follow a step.
DONE: Final = {
    "beoordelen": "Het risico is beoordeeld.",
    "herbeoordelen": "Het risico is opnieuw beoordeeld.",
    "ap_melden": "Vastgelegd dat u dit bij de AP meldde.",
    "ap_aanvullen": "Vastgelegd dat u de melding bij de AP aanvulde.",
    "ap_compleet": "Vastgelegd dat de melding bij de AP compleet is.",
    "ap_intrekken": "Vastgelegd dat u de melding bij de AP introk.",
    "niet_melden": "Vastgelegd dat u dit niet bij de AP meldt, en waarom.",
    "afsluiten": "Het datalek is afgesloten.",
    REOPEN: "Het datalek is weer open.",
    REOPEN_REPORTED: "Het datalek is weer open.",
}


def why_not_now(state: str, name: str) -> str:
    """Return why this step can't be made now, and what comes first."""
    if state == INVESTIGATED and name in {"niet_melden", "afsluiten"}:
        return "Beoordeel eerst het risico."
    if state == JUDGED and name == "afsluiten":
        return "Besluit eerst over de AP: leg de melding vast, of kies ‘Niet melden bij de AP’."
    return "Deze stap is al gezet, of kan nu niet meer."


def line_words(name: str) -> str:
    """Return a line of the history in words."""
    if name in LINES:
        return LINES[name]
    return WORKFLOW.transition(name).label


TERM: Final = timedelta(hours=72)
# The privacy officers are reminded this long before the end.
WARNING: Final = timedelta(hours=24)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
ABOUT_PEOPLE: Final = frozenset({NoticeKind.PEOPLE, NoticeKind.OTHERWISE, NoticeKind.NOT_PEOPLE})


def due_at(aware_at: datetime) -> datetime:
    """Return the last moment to notify the AP in time, in UTC: there every hour counts once."""
    return aware_at.astimezone(UTC) + TERM


def is_late(due: datetime, moment: datetime) -> bool:
    """Tell whether a notification at this moment comes after the 72 hours."""
    return moment > due


def span(length: timedelta) -> str:
    """Return a length in words: days and hours, hours, or minutes."""
    days, hours = length.days, int(length.seconds / 3600)
    if days:
        rest = f" en {plural(hours, 'uur', 'uur')}" if hours else ""
        return plural(days, "dag", "dagen") + rest
    if length >= _HOUR:
        return plural(hours, "uur", "uur")
    return plural(int(length / _MINUTE), "minuut", "minuten")


def countdown(due: datetime, now: datetime) -> str:
    """Return how long there is to notify the AP, or how long ago that ended."""
    left = due.astimezone(UTC) - now.astimezone(UTC)
    return f"{span(-left)} te laat" if left < timedelta(0) else f"nog {span(left)}"


@dataclass(frozen=True)
class Judged:
    """Facts of a breach that decide which steps may be made."""

    risk: str | None
    complete: bool
    notices: Collection[str]

    @property
    def people_settled(self) -> bool:
        """Tell whether people were told, or it was written down why not."""
        return bool(ABOUT_PEOPLE & set(self.notices))


def why_not_unreported(risk: str | None) -> str | None:
    """Return why a breach can't stay without a notification to the AP; None when it may."""
    if risk == Risk.NONE:
        return None
    return (
        "Niet melden mag alleen als er waarschijnlijk geen risico is voor mensen (art. 33 lid 1"
        " AVG). Meld bij de AP, of beoordeel het risico opnieuw."
    )


def why_not_closed(judged: Judged) -> str | None:
    """Return what must be done before a breach can be closed; None when it may."""
    if judged.risk is None:
        return "Beoordeel eerst het risico."
    if not judged.complete:
        return "Vul eerst bij ‘Feiten’ in wat er gebeurde, de gevolgen en de maatregelen."
    if judged.risk == Risk.HIGH and not judged.people_settled:
        return (
            "Bij een hoog risico moeten betrokkenen het weten (art. 34 AVG). Vertel het hun, of leg"
            " vast waarom dat niet hoeft."
        )
    return None
