"""The closed lists of a dossier: codes that never change, with their words. Pure."""

from __future__ import annotations

from typing import Final

from stopintimidatie.core.text import Term


class DossierKind(Term):
    """What a dossier is about."""

    HOTSPOT = "hotspot", "hotspot: een plek", "hotspot: a place"
    GROUP = "groep", "groep", "group"
    PERSON = "persoonsgericht", "persoonsgericht: één persoon", "person-directed"
    THEME = "thema", "thema", "theme"

    @property
    def short(self) -> str:
        """The kind in one word, for lists."""
        return self.value.capitalize()


class ClosingReason(Term):
    """Why a dossier ends."""

    GOAL = "doel_bereikt", "het doel is bereikt", "goal reached"
    QUIET = "geen_nieuwe_meldingen", "er komen geen nieuwe meldingen", "no new reports"
    TAKEN_OVER = "overgenomen", "een andere organisatie neemt het over", "taken over"
    MERGED = "samengevoegd", "samengevoegd met een ander dossier", "merged"


class AgreementState(Term):
    """How an agreement stands."""

    OPEN = "open", "open", "open"
    DONE = "gedaan", "gedaan", "done"
    DROPPED = "vervallen", "vervallen", "dropped"


DEFAULT_BODY: Final = "burgemeester"


class ConsultationKind(Term):
    """What a consultation is called; only about a person it is a casusoverleg."""

    PLAIN = "overleg", "overleg", "consultation"
    CASE = "casusoverleg", "casusoverleg", "case consultation"


class ConsultationState(Term):
    """How a consultation stands."""

    PLANNED = "gepland", "gepland", "planned"
    HELD = "gehouden", "gehouden", "held"
    DROPPED = "vervallen", "vervallen", "dropped"


class TabledState(Term):
    """Whether what was tabled is still there."""

    KEPT = "bewaard", "bewaard zoals het voorlag", "kept"
    REDACTED = "gewijzigd", "onleesbaar gemaakt waar dat moest", "redacted"
    DESTROYED = "vernietigd", "vernietigd", "destroyed"


# Lines of the history that name another dossier, under `dossier` in their values.
TOOK_IN: Final = "opgenomen"
SPLIT_OFF: Final = "gesplitst"
SPLIT_FROM: Final = "afgesplitst"
RELATED: Final = (TOOK_IN, SPLIT_OFF, SPLIT_FROM)
