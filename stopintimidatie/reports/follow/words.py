"""Texts for a reporter on /volgen: each status explained, and what was just done. Pure."""

from __future__ import annotations

from typing import Final

from stopintimidatie.reports.conversation.queries import PASSED_ON, Keeping
from stopintimidatie.reports.conversation.words import TABLE, Situation, sentence

NOT_KEPT: Final = Keeping()
EXPLAINED: Final[dict[str, str]] = TABLE["uitleg"]
# The same while the national desk has the report.
AT_DESK: Final[dict[str, str]] = TABLE["uitleg_bij_meldpunt"]
SAID: Final[dict[str, str]] = TABLE["op_volgen"]
# The names of acts whose words are the same wherever the report is.
DONE: Final[dict[str, str]] = TABLE["gedaan"]
MESSAGE_TITLES: Final[dict[str, str]] = TABLE["koppen"]


def explained(
    status: str,
    *,
    double: bool = False,
    contact_due: bool = False,
    desk: bool = False,
    keeping: Keeping = NOT_KEPT,
    situation: Situation = Situation.TOWN,
) -> list[str]:
    """Return the sentences under the status; of a double: that it goes on elsewhere.

    `desk`: the national desk has the report. `keeping`: how long it is kept. `situation`: who can
    read it; its sentences have blanks.
    """
    if double:
        goes_on = SAID["dubbel_bij_meldpunt" if desk else "dubbel"]
        return [goes_on, SAID["contact_volgt"]] if contact_due else [goes_on]
    if status == "ingetrokken":
        if keeping.kept:
            return [SAID["bewaard_met_contact" if keeping.contact_kept else "bewaard"]]
        return [sentence(situation, status) or EXPLAINED[status]]
    if text := sentence(situation, "uitleg" if status == PASSED_ON else status):
        return [text]
    return [(AT_DESK.get(status) if desk else None) or EXPLAINED.get(status, "")]


def message_title(kind: str) -> str:
    """Return the heading above a message of this kind."""
    return MESSAGE_TITLES.get(kind, "Bericht aan u")


def sender_words(sender: str | None, language: str) -> str:
    """Return the organisation that speaks, in the language of the reader; empty for the holder."""
    words = sender or ""
    if language == "en":
        words = words.replace("gemeente ", "municipality of ", 1)
        words = words.replace("via het landelijk meldpunt", "through the national desk")
    return words
