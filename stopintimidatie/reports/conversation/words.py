"""The status that a reporter reads: a code and a sentence; how long one can think again. Pure.

The codes are those of the domain: the reporter needn't know every state of a report. Who has it,
a municipality or the national desk, changes the sentence and not the code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.resources import files
from typing import Any, Final

from stopintimidatie.core.text import _
from stopintimidatie.core.web.translation import gettext
from stopintimidatie.reports.workflow import DOUBLE, FORWARDED, NOT_PLACED, Delivery, ReportState

S: Final = ReportState
# Status for the reporter: code -> states or delivery states, and the sentence.
READER_STATUS: Final[dict[str, tuple[frozenset[str], str]]] = {
    "verwijderd": (frozenset({S.DESTROYED}), _("Uw melding is verwijderd.")),
    "ingetrokken": (frozenset({S.WITHDRAWN}), _("U hebt de melding ingetrokken.")),
    "doorgegeven": (
        frozenset({S.HANDED_OVER, *FORWARDED}),
        _("Uw melding is doorgegeven aan de gemeente."),
    ),
    "afgerond": (
        frozenset({S.HANDLED, S.NOT_HANDLED}),
        _("De gemeente heeft uw melding afgerond."),
    ),
    "in_aanpak": (frozenset({S.IN_DOSSIER}), _("Uw melding hoort bij een grotere aanpak.")),
    "vraag": (frozenset({S.WAITING_FOR_REPORTER}), _("De gemeente heeft een vraag aan u.")),
    "wordt_bekeken": (
        frozenset({S.IN_HAND, S.WAITING_FOR_PARTNER, S.OFFERED}),
        _("De gemeente bekijkt uw melding."),
    ),
    "ontvangen": (
        frozenset({S.QUARANTINE, S.NEW, *Delivery} - FORWARDED),
        _("Uw melding is ontvangen."),
    ),
}
# Closed because this was told already: what becomes of it is to be read nowhere, so it is said.
READER_DOUBLE: Final = _("Uw melding hoort bij een melding die er al was.")
# The same of a report that the desk has; closed there, by the reason.
READER_DESK: Final = {
    "vraag": _("Het landelijk meldpunt heeft een vraag aan u."),
    "afgerond": _("Het landelijk meldpunt heeft uw melding afgerond."),
}
READER_ENDED: Final = {
    NOT_PLACED: _("Uw melding kon niet naar een gemeente."),
    "test": _("Uw melding is afgesloten, omdat zij een test leek."),
}


class Situation(StrEnum):
    """The situation of a report: it says who can read what its reporter sends now."""

    TOWN = "gemeente"
    DESK = "meldpunt"
    OFFERED = "aangeboden"
    PICKED_UP = "opgehaald"
    # Picked up, and the agreement with the municipality ended: nothing can be told there by mail.
    ENDED = "opgehaald_zonder_afspraak"
    # Picked up, and its use is restricted at request since: the municipality reads nothing of it.
    BOUND = "opgehaald_beperkt"
    # Opened by a municipality that gave it back: it waits at the desk again.
    RETURNED = "teruggegeven"
    # Picked up, and so long ago that the desk has destroyed its own copy.
    GONE = "opgehaald_en_weg"


TABLE: Final[dict[str, Any]] = json.loads(
    (files(__package__) / "sentences.json").read_text(encoding="utf-8")
)
READ_BY: Final[str] = TABLE["wie_leest"]
# A function is free text, and reporters read it: only these words, and so no name, number or link.
FUNCTION_WORDS: Final = frozenset(TABLE["woorden_van_functies"].split())
# Sentences for the reporter, by the situation of the report and the name of the moment. `{wie}` is
# the function of the reader; `{telefoon}` is empty or a number in brackets.
SENTENCES: Final[dict[Situation, dict[str, str]]] = {
    Situation(code): sentences for code, sentences in TABLE["zinnen"].items()
}
# The answers of a municipality about a report that was withdrawn after it was picked up, and the
# closed reasons to keep it.
ANSWERED: Final[dict[str, str]] = TABLE["antwoorden"]
STAYS: Final[dict[str, str]] = TABLE["blijft_omdat"]


def sentence(situation: Situation, name: str) -> str:
    """Return a sentence of the table; what a situation lacks is said as at the desk, or not."""
    return SENTENCES[situation].get(name) or SENTENCES[Situation.DESK].get(name, "")


def fill(text: str, blanks: Mapping[str, str]) -> str:
    """Return a sentence for a reporter in the language of the reader, with its blanks filled."""
    return gettext(text).format(**blanks)


def message_title(kind: str) -> str:
    """Return the heading above a message of this kind."""
    titles: dict[str, str] = TABLE["koppen"]
    return titles.get(kind, titles["bericht"])


def reader_status(
    state: str, delivery: str | None, *, desk: bool = False, reason: str | None = None
) -> tuple[str, str]:
    """Return (code, sentence) of what the reporter reads; a delivery goes before what isn't over.

    `desk`: the national desk has it. `reason`: the reason of its end.
    """
    # A municipality that joined has only the record of what it picked up: that is still passed on.
    ended = desk and state in (ReportState.WITHDRAWN, ReportState.DESTROYED)
    seen = delivery if delivery in FORWARDED and not ended else state
    for code, (states, sentence) in READER_STATUS.items():
        if seen in states:
            if code == "afgerond" and reason == DOUBLE:
                return code, READER_DOUBLE
            if not desk:
                return code, sentence
            closed = READER_ENDED.get(reason or "") if code == "afgerond" else None
            return code, closed or READER_DESK.get(code, sentence)
    raise ValueError(f"no reader status for {state}")


# The days in which a reporter can take a withdrawal back.
THINK_AGAIN: Final = timedelta(days=14)


def undo_until(withdrawn_at: datetime) -> datetime:
    """Return the moment until which a withdrawal can be taken back."""
    return withdrawn_at + THINK_AGAIN


def may_undo(withdrawn_at: datetime, now: datetime) -> bool:
    """Tell whether a withdrawal can still be taken back."""
    return now < undo_until(withdrawn_at)
