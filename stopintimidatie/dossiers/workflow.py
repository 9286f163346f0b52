"""The life of a dossier as data, and the closed lists of a dossier: codes with their words."""

from __future__ import annotations

from typing import Final

from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import Term
from stopintimidatie.core.workflow import FieldKind, InputField, Workflow, step


class DossierState(Term):
    """The state of a dossier."""

    PREPARING = "in_voorbereiding", "In voorbereiding", "in preparation"
    ACTIVE = "in_aanpak", "In aanpak", "active"
    MONITORING = "monitoring", "Monitoring", "monitoring"
    CLOSED = "afgesloten", "Afgesloten", "closed"
    DESTROYED = "vernietigd", "Vernietigd", "destroyed"
    TRANSFERRED = "overgebracht", "Overgebracht", "transferred"


class DossierKind(Term):
    """The thing that a dossier is about."""

    HOTSPOT = "hotspot", "hotspot: een plek", "hotspot: a place"
    GROUP = "groep", "groep", "group"
    PERSON = "persoonsgericht", "persoonsgericht: één persoon", "person-directed"
    THEME = "thema", "thema", "theme"

    @property
    def short(self) -> str:
        """The kind in one word, for lists."""
        return self.value.capitalize()


class ClosingReason(Term):
    """The reason that a dossier ends for."""

    GOAL = "doel_bereikt", "het doel is bereikt", "goal reached"
    QUIET = "geen_nieuwe_meldingen", "er komen geen nieuwe meldingen", "no new reports"
    TAKEN_OVER = "overgenomen", "een andere organisatie neemt het over", "taken over"
    MERGED = "samengevoegd", "samengevoegd met een ander dossier", "merged"
    # Chosen by its own step, never at closing.
    NOT_STARTED = "niet_gestart", "niet gestart", "not started"


class AgreementState(Term):
    """The state of an agreement."""

    OPEN = "open", "open", "open"
    DONE = "gedaan", "gedaan", "done"
    DROPPED = "vervallen", "vervallen", "dropped"


DEFAULT_BODY: Final = "burgemeester"


class ConsultationKind(Term):
    """The name of a consultation; only about a person it is a casusoverleg."""

    PLAIN = "overleg", "overleg", "consultation"
    CASE = "casusoverleg", "casusoverleg", "case consultation"


class ConsultationState(Term):
    """The state of a consultation."""

    PLANNED = "gepland", "gepland", "planned"
    HELD = "gehouden", "gehouden", "held"
    DROPPED = "vervallen", "vervallen", "dropped"


class TabledState(Term):
    """The state of what was tabled: still there or not."""

    KEPT = "bewaard", "bewaard zoals het voorlag", "kept"
    REDACTED = "gewijzigd", "onleesbaar gemaakt waar dat moest", "redacted"
    DESTROYED = "vernietigd", "vernietigd", "destroyed"


# Lines of the history that name another dossier, under `dossier` in their values.
TOOK_IN: Final = "opgenomen"
SPLIT_OFF: Final = "gesplitst"
SPLIT_FROM: Final = "afgesplitst"
RELATED: Final = (TOOK_IN, SPLIT_OFF, SPLIT_FROM)


P: Final = Permission
S: Final = DossierState

ENDED: Final = frozenset({S.CLOSED, S.DESTROYED, S.TRANSFERRED})
LIVE: Final = frozenset(S) - ENDED
# States in which nobody works on a dossier any more, not even to reopen it.
GONE: Final = frozenset({S.DESTROYED, S.TRANSFERRED})

_FOOTING: Final = (
    InputField("doel", "Doel", help="Waarvoor worden gegevens in dit dossier bij elkaar gebracht?"),
    InputField("grondslag", "Grondslag", FieldKind.CHOICE, options="legal_bases"),
    InputField(
        "verantwoordelijke",
        "Verantwoordelijk orgaan",
        FieldKind.LINE,
        help="Meestal de burgemeester of het college.",
    ),
    InputField("dossierhouder", "Dossierhouder", FieldKind.PERSON, options="dossier_owners"),
)
_URGENCY: Final = InputField(
    "spoed_reden",
    "Waarom kan de start niet wachten op het advies?",
    required=False,
    help="De privacyfunctionaris adviseert dan binnen één werkdag nadat het dossier is gestart."
    " Laat leeg als u op het advies wacht.",
)
# The questions that are asked of a person-directed dossier only.
PERSON_FIELDS: Final = frozenset({_URGENCY.name})

TRANSITIONS: Final = (
    step(
        "starten",
        "In aanpak nemen",
        S.PREPARING,
        S.ACTIVE,
        P.EDIT_DOSSIER,
        *_FOOTING,
        _URGENCY,
        effect="dossier.starten",
    ),
    step(
        "niet_starten",
        "Niet starten",
        S.PREPARING,
        S.CLOSED,
        P.EDIT_DOSSIER,
        InputField(
            "reden",
            "Waarom start dit dossier niet?",
            help="Noem geen namen. De meldingen gaan uit het dossier en blijven in behandeling. Van"
            " een persoonsgericht dossier verdwijnt ook de titel uit de lijsten.",
        ),
        effect="dossier.niet_starten",
    ),
    step(
        "monitoren",
        "Naar monitoring",
        S.ACTIVE,
        S.MONITORING,
        P.EDIT_DOSSIER,
        InputField(
            "effect_datum",
            "Wanneer kijkt u naar het effect?",
            FieldKind.DATE,
            help="Op deze dag beoordeelt u of de aanpak werkt.",
        ),
        InputField("reden", "Toelichting", required=False),
        effect="dossier.monitoren",
    ),
    step(
        "afsluiten",
        "Afsluiten",
        S.MONITORING,
        S.CLOSED,
        P.EDIT_DOSSIER,
        InputField("reden_code", "Reden", FieldKind.CHOICE, options="closing_reasons"),
        InputField(
            "overgenomen_door",
            "Overgenomen door",
            FieldKind.LINE,
            help="Welke organisatie of functie. Alleen bij overname.",
            when=("reden_code", frozenset({ClosingReason.TAKEN_OVER.value})),
        ),
        InputField(
            "samengevoegd_met",
            "Samengevoegd met dossier",
            FieldKind.DOCUMENT,
            options="other_dossiers",
            help="De meldingen gaan mee naar dat dossier. Alleen bij samenvoegen.",
            when=("reden_code", frozenset({ClosingReason.MERGED.value})),
        ),
        InputField("effect", "Effect", help="Wat heeft de aanpak opgeleverd?"),
        InputField(
            "terugkoppeling",
            "Terugkoppeling aan melders",
            help="Wat mogen de melders weten? Elke melder leest deze tekst meteen, met de eigen"
            " volgcode; zij zien elkaar niet. Noem geen namen. Bij samenvoegen gaat er niets"
            " uit: het werk gaat verder.",
        ),
        InputField("reden", "Toelichting", required=False),
        effect="dossier.afsluiten",
    ),
    step(
        "samenvoegen",
        "Samenvoegen",
        LIVE,
        S.CLOSED,
        P.EDIT_DOSSIER,
        InputField(
            "samengevoegd_met",
            "Samenvoegen met dossier",
            FieldKind.DOCUMENT,
            options="other_dossiers",
            help="De meldingen en de open afspraken gaan mee naar dat dossier. Dit dossier"
            " wordt afgesloten en verwijst ernaar.",
        ),
        InputField("reden", "Reden", help="Waarom horen deze dossiers bij elkaar?"),
        effect="dossier.samenvoegen",
    ),
    step(
        "heropenen",
        "Terug naar aanpak",
        frozenset({S.MONITORING, S.CLOSED}),
        S.ACTIVE,
        P.EDIT_DOSSIER,
        InputField("reden", "Reden"),
        effect="dossier.heropenen",
    ),
    step("vernietigen", "Vernietigen", S.CLOSED, S.DESTROYED, P.BY_RETENTION),
    step("overbrengen", "Overbrengen naar het archief", S.CLOSED, S.TRANSFERRED, P.BY_RETENTION),
    step(
        "wissen",
        "Gegevens gewist op verzoek",
        frozenset(S) - GONE,
        S.DESTROYED,
        P.BY_ERASURE,
        InputField("grond", "Grond"),
        InputField("reden", "Reden"),
        effect="dossier.wissen",
    ),
)

DOSSIER_WORKFLOW: Final = Workflow(
    "dossier", frozenset({S.PREPARING}), DossierState, ENDED, TRANSITIONS
)
