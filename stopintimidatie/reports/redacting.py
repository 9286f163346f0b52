"""Words of a report made unreadable for good, wherever they went with it.

Each room takes them out of its own tables, history and frozen papers (`storage.personal`); the
index is written anew. What stays is that it was done, by whom, why and how often: never the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import KIND, append_move
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.personal import Fragment, PersonalDataHolder, Subject

# Shorter than this a word stands within others: "Ed" in "iedereen".
WITHIN_OTHERS: Final = 5


def fragment_of(words: str) -> Fragment:
    """A name may stand in a longer word ("Sannes fiets"); a very short one is only itself."""
    return Fragment(words.strip(), whole_words=len(words.strip()) < WITHIN_OTHERS)


def redact_words(
    session: Session,
    keys: KeyRing,
    holders: Mapping[str, PersonalDataHolder],
    report: Report,
    words: Iterable[str],
    reason: str,
    actor: Actor,
) -> int:
    """Take these words out of everything that is about the report; in how many texts they stood."""
    # The longest first: a name within a marked sentence would break the sentence up.
    fragments = [fragment_of(one) for one in sorted(set(words), key=len, reverse=True)]
    subject = Subject(reference=report.reference)
    session.flush()
    # What was frozen of this report first: who has a copy hears of which report and what to do.
    copies = sum(
        holder.source_redacted(session, keys, KIND, report.id, fragment)
        for holder in holders.values()
        for fragment in fragments
    )
    found = [
        (holder, document)
        for holder in holders.values()
        for document in holder.find(session, keys, subject)
    ]
    count = copies + sum(
        holder.redact(session, keys, document, fragment)
        for holder, document in found
        for fragment in fragments
    )
    for fragment in fragments:
        reason = fragment.taken_out_of(reason)
    values = {"reden": reason, "teksten": count}
    append_move(session, report, actor, "onleesbaar", report.state, values)
    record(session, actor, "melding.onleesbaar", report.holder, KIND, [report.id])
    return count
