"""Standard texts for reporters and replies for officers, as long as nobody set others. Pure.

They stand in `standard.toml`, in Dutch and English. The text of a reply has blanks that are filled
in for one report (`rules.fill_reply`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

# Names of answers beside those of the forms of harassment.
CONNECTED: Final = "standaard"
NOT_CONNECTED: Final = "niet_aangesloten"
NOT_PLACED: Final = "plek_onbekend"
KINDS: Final = {
    CONNECTED: "Standaardantwoord",
    NOT_CONNECTED: "Gemeente is niet aangesloten",
    NOT_PLACED: "Gemeente is nog niet bekend",
}
LET_OP_WORKING_DAYS: Final = 10
CONTACT_WITHIN_DAYS: Final = 3
READ_WITHIN_WORKING_DAYS: Final = 1

# The voice for the young: Dutch that says *je*.
INFORMAL: Final = "nl_JE"
_POLITE: Final = frozenset({"u", "uw", "uzelf"})


def says_u(text: str) -> bool:
    """Tell whether a Dutch text speaks to its reader as *u*."""
    return not _POLITE.isdisjoint(word.strip(".,:;?!()‘’'\"").lower() for word in text.split())


# By their name in the file: mostly a text in each language.
TEXTS: Final = tomllib.loads((files(__package__) / "standard.toml").read_text(encoding="utf-8"))
EMERGENCY: Final[Mapping[str, Any]] = TEXTS["spoed"]
HELP_LINES: Final[list[dict[str, Any]]] = TEXTS["hulplijnen"]
REPLIES: Final[list[dict[str, Any]]] = TEXTS["sjablonen"]

QUESTION: Final = "vraag"
MESSAGE: Final = "bericht"
FEEDBACK: Final = "terugkoppeling"
NOT_HANDLED: Final = "niet_in_behandeling"
REPLY_KINDS: Final = {
    QUESTION: "Vraag aan de melder",
    MESSAGE: "Bericht aan de melder",
    FEEDBACK: "Terugkoppeling bij het afhandelen",
    NOT_HANDLED: "Bericht bij ‘niet in behandeling’",
}
REPLY_BLANKS: Final = {
    "kenmerk": "het kenmerk van de melding",
    "gemeente": "de naam van de gemeente",
    "datum": "de dag van de melding",
    "plek": "de wijk, of anders de gemeente",
}
# Blanks that only a reply of one kind can fill in.
MORE_BLANKS: Final = {
    QUESTION: {"uiterlijk": "de laatste dag voor een antwoord"},
    NOT_HANDLED: {"hulplijnen": "de hulplijnen die bij deze melder passen"},
}


def reply_blanks(kind: str) -> dict[str, str]:
    """Return the blanks that a reply of this kind may have, with their meaning."""
    return {**REPLY_BLANKS, **MORE_BLANKS.get(kind, {})}


@dataclass(frozen=True, slots=True)
class Reply:
    """A text to begin an answer with: its title for officers, its words by language."""

    id: str
    kind: str
    title: str
    texts: Mapping[str, str]


def reply_of(row: Mapping[str, Any]) -> Reply:
    """Return a reply from its stored content."""
    return Reply(row["id"], row["soort"], row["titel"], row["teksten"])
