"""The status that a reporter reads: a code and a sentence; how long one can think again. Pure.

The codes are those of the domain: the reporter needn't know every state of a report. Who has it,
a municipality or the national desk, changes the sentence and not the code.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from stopintimidatie.reports.workflow import DOUBLE, FORWARDED, NOT_PLACED, OFFERED

# Status for the reporter: code -> states or delivery states, and the sentence.
READER_STATUS: Final[dict[str, tuple[frozenset[str], str]]] = {
    "verwijderd": (frozenset({"vernietigd"}), "Uw melding is verwijderd."),
    "ingetrokken": (frozenset({"ingetrokken"}), "U hebt de melding ingetrokken."),
    "doorgegeven": (
        frozenset({"overgedragen", "aangeboden", "opgehaald"}),
        "Uw melding is doorgegeven aan de gemeente.",
    ),
    "afgerond": (
        frozenset({"afgehandeld", "niet_in_behandeling"}),
        "De gemeente heeft uw melding afgerond.",
    ),
    "in_aanpak": (frozenset({"in_dossier"}), "Uw melding hoort bij een grotere aanpak."),
    "vraag": (frozenset({"wacht_op_melder"}), "De gemeente heeft een vraag aan u."),
    "wordt_bekeken": (
        frozenset({"in_behandeling", "wacht_op_partner", OFFERED}),
        "De gemeente bekijkt uw melding.",
    ),
    "ontvangen": (
        frozenset({"quarantaine", "nieuw", "te_routeren", "wacht_op_afspraak", "verlopen"}),
        "Uw melding is ontvangen.",
    ),
}
# Closed because this was told already: what becomes of it is to be read nowhere, so it is said.
READER_DOUBLE: Final = "Uw melding hoort bij een melding die er al was."
# The same of a report that the desk has; closed there, by the reason.
READER_DESK: Final = {
    "vraag": "Het landelijk meldpunt heeft een vraag aan u.",
    "afgerond": "Het landelijk meldpunt heeft uw melding afgerond.",
}
READER_ENDED: Final = {
    NOT_PLACED: "Uw melding kon niet naar een gemeente.",
    "test": "Uw melding is afgesloten, omdat zij een test leek.",
}


def reader_status(
    state: str, delivery: str | None, *, desk: bool = False, reason: str | None = None
) -> tuple[str, str]:
    """Return (code, sentence) of what the reporter reads; a finished delivery goes first.

    `desk`: the national desk has it. `reason`: the reason of its end.
    """
    seen = delivery if delivery in FORWARDED else state
    for code, (states, sentence) in READER_STATUS.items():
        if seen in states:
            if code == "afgerond" and reason == DOUBLE:
                return code, READER_DOUBLE
            if not desk:
                return code, sentence
            ended = READER_ENDED.get(reason or "") if code == "afgerond" else None
            return code, ended or READER_DESK.get(code, sentence)
    raise ValueError(f"no reader status for {state}")


# The days in which a reporter can take a withdrawal back.
THINK_AGAIN: Final = timedelta(days=14)


def undo_until(withdrawn_at: datetime) -> datetime:
    """Return the moment until which a withdrawal can be taken back."""
    return withdrawn_at + THINK_AGAIN


def may_undo(withdrawn_at: datetime, now: datetime) -> bool:
    """Tell whether a withdrawal can still be taken back."""
    return now < undo_until(withdrawn_at)
