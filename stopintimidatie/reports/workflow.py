"""The life of a report as data.

A municipality offers a report to another, which accepts or refuses; the desk hands over at once.
"""

from __future__ import annotations

from typing import Final

from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import Term
from stopintimidatie.core.workflow import FieldKind, InputField, Workflow, step


class ReportState(Term):
    """The state of a report."""

    QUARANTINE = "quarantaine", "Quarantaine", "quarantine"
    NEW = "nieuw", "Nieuw", "new"
    IN_HAND = "in_behandeling", "In behandeling", "in hand"
    WAITING_FOR_REPORTER = "wacht_op_melder", "Wacht op melder", "waiting for reporter"
    WAITING_FOR_PARTNER = "wacht_op_partner", "Wacht op partner", "waiting for partner"
    IN_DOSSIER = "in_dossier", "In dossier", "in dossier"
    OFFERED = "overdracht_aangeboden", "Overdracht aangeboden", "offered to a municipality"
    HANDLED = "afgehandeld", "Afgehandeld", "handled"
    NOT_HANDLED = "niet_in_behandeling", "Niet in behandeling", "not handled"
    HANDED_OVER = "overgedragen", "Overgedragen", "handed over"
    WITHDRAWN = "ingetrokken", "Ingetrokken", "withdrawn"
    DESTROYED = "vernietigd", "Vernietigd", "destroyed"


class Delivery(Term):
    """The state of a report of the desk on its way to its municipality."""

    TO_ROUTE = "te_routeren", "Gemeente onbekend", "municipality unknown"
    WAITING = "wacht_op_afspraak", "Wacht op afspraak", "waiting for an agreement"
    OFFERED = "aangeboden", "Aangeboden", "offered"
    PICKED_UP = "opgehaald", "Opgehaald", "picked up"
    EXPIRED = "verlopen", "Verlopen", "expired"


# With urgency the desk rings: an offer by mail alone is not enough.
RING_AT_ONCE: Final = (Delivery.WAITING, Delivery.OFFERED, Delivery.EXPIRED)

P: Final = Permission
S: Final = ReportState

# The reason of a report that was reported already.
DOUBLE: Final = "dubbel"
# The steps by which a municipality doesn't handle a report: from its inbox, and from quarantine.
REJECT, TURN_DOWN = "niet_in_behandeling", "afwijzen"
NOT_HANDLED: Final = frozenset({REJECT, TURN_DOWN})
REASON: Final = InputField("reden", "Reden")

# The states of a report that nobody judged yet.
UNREAD: Final = (S.NEW, S.QUARANTINE)
ENDED: Final = frozenset({S.HANDLED, S.NOT_HANDLED, S.HANDED_OVER, S.WITHDRAWN, S.DESTROYED})
# States that no figure, map or pattern counts: not (yet), or no longer, a report of this holder.
LEFT_OUT: Final = ENDED - {S.HANDLED} | {S.QUARANTINE}
# States of the reports that go along when a municipality goes into another.
MERGEABLE: Final = frozenset({S.NEW, S.IN_HAND, S.WAITING_FOR_REPORTER, S.WAITING_FOR_PARTNER})
LIVE: Final = frozenset(S) - {S.DESTROYED}
# The effect, of a higher room, that gives a report another neighbourhood. Assessing calls it.
TO_NEIGHBOURHOOD: Final = "melding.wijk"

NOT_HANDLED_REASONS: Final = (
    ("dubbel", "dubbel: dezelfde gebeurtenis is al gemeld"),
    ("geen_straatintimidatie", "geen straatintimidatie"),
    ("test", "een test"),
    ("te_weinig_informatie", "te weinig informatie"),
    ("onjuist_gebleken", "onjuist gebleken"),
)

# The reasons of the desk. Two of the desk say that it is no harassment: a step of its own.
NOT_PLACED: Final = "niet_te_plaatsen"
DESK_REASONS: Final = (
    (NOT_PLACED, "niet te plaatsen: geen gemeente kan hier iets mee"),
    ("dubbel", "dubbel: dezelfde gebeurtenis is al gemeld"),
    ("test", "een test"),
)

DOUBLE_OF: Final = InputField(
    "dubbel_van",
    "Dubbel van",
    FieldKind.DOCUMENT,
    required=False,
    help="Het kenmerk van de andere melding, zoals M-4F7K-2QX9.",
    when=("reden_code", frozenset({DOUBLE})),
)
# Asked only of a report whose reporter waits for contact, and then needed.
CONTACT: Final = InputField(
    "contact",
    "De melder wacht nog op contact. Hoe ging dat?",
    FieldKind.CHOICE,
    required=False,
    options="contact_over",
)
WHY_NOT: Final = (
    InputField("reden_code", "Reden", FieldKind.CHOICE, options="not_handled"),
    InputField("reden", "Toelichting", required=False),
    DOUBLE_OF,
    CONTACT,
)
QUESTION: Final = (
    InputField("vraag", "Vraag aan de melder"),
    InputField("uiterlijk", "Antwoord uiterlijk", FieldKind.DATE),
)
WORDS_TO_REPORTER: Final = "De melder leest dit met de volgcode. Noem geen namen van anderen."

# The steps of the national desk, with what waits there for a municipality.
AT_DESK: Final = (
    step(
        "doorgeven",
        "Doorgeven aan een gemeente",
        S.NEW,
        S.HANDED_OVER,
        P.ROUTE_REPORT,
        InputField("gemeente", "Gemeente", FieldKind.DOCUMENT, options="municipalities"),
        REASON,
        effect="melding.doorgeven",
    ),
    step(
        "meldpunt_vraag",
        "Vraag stellen aan de melder",
        S.NEW,
        S.WAITING_FOR_REPORTER,
        P.ROUTE_REPORT,
        *QUESTION,
        effect="meldpunt.vraag",
    ),
    step(
        "meldpunt_verder",
        "Verder zonder te wachten op de melder",
        S.WAITING_FOR_REPORTER,
        S.NEW,
        P.ROUTE_REPORT,
        REASON,
        effect="meldpunt.verder",
    ),
    step(
        "meldpunt_antwoord",
        "Antwoord van de melder",
        S.WAITING_FOR_REPORTER,
        S.NEW,
        P.BY_REPORTER,
        effect="meldpunt.verder",
    ),
    step(
        "meldpunt_geen_antwoord",
        "De melder heeft niet geantwoord",
        S.WAITING_FOR_REPORTER,
        S.NEW,
        P.BY_CLOCK,
        effect="meldpunt.verder",
    ),
    step(
        "meldpunt_bericht",
        "Bericht aan de melder",
        S.NEW,
        S.NEW,
        P.ROUTE_REPORT,
        InputField("bericht", "Bericht aan de melder", help=WORDS_TO_REPORTER),
        effect="meldpunt.bericht",
    ),
    step(
        "meldpunt_afsluiten",
        "Afsluiten bij het meldpunt",
        S.NEW,
        S.NOT_HANDLED,
        P.ROUTE_REPORT,
        InputField("reden_code", "Reden", FieldKind.CHOICE, options="desk_reasons"),
        InputField("reden", "Toelichting", required=False, help="Voor uw collega's."),
        InputField(
            "bericht",
            "Bericht aan de melder",
            required=False,
            help=WORDS_TO_REPORTER,
            when=("reden_code", frozenset({NOT_PLACED})),
        ),
        DOUBLE_OF,
        effect="meldpunt.afsluiten",
    ),
    step(
        "meldpunt_geen_straatintimidatie",
        "Afsluiten: geen straatintimidatie",
        S.NEW,
        S.NOT_HANDLED,
        P.ROUTE_REPORT,
        REASON,
        InputField("bericht", "Bericht aan de melder", help=WORDS_TO_REPORTER),
        effect="meldpunt.geen_straatintimidatie",
    ),
    step(
        "meldpunt_heropenen",
        "Heropenen bij het meldpunt",
        S.NOT_HANDLED,
        S.NEW,
        P.ROUTE_REPORT,
        REASON,
        effect="meldpunt.heropenen",
    ),
)
# The desk makes these in its queue, where they are explained, wait to be undone, or ask a second
# person: they have no page of their own.
DESK_STEPS: Final = frozenset(transition.name for transition in AT_DESK)
# A report on its way to a municipality that takes no part, or there already, is no longer the
# desk's to decide on.
FORWARDED: Final = frozenset({Delivery.OFFERED, Delivery.PICKED_UP})

TRANSITIONS: Final = (
    step(
        "vrijgeven",
        "Uit quarantaine halen",
        S.QUARANTINE,
        S.NEW,
        P.RELEASE,
        REASON,
        effect="melding.vrijgeven",
    ),
    step(
        "afwijzen",
        "Niet in behandeling nemen",
        S.QUARANTINE,
        S.NOT_HANDLED,
        P.RELEASE,
        *WHY_NOT,
        effect="melding.einde",
    ),
    step(
        "in_behandeling_nemen",
        "In behandeling nemen",
        S.NEW,
        S.IN_HAND,
        P.TRIAGE,
        InputField("behandelaar", "Behandelaar", FieldKind.PERSON, options="handlers"),
        effect="melding.behandelaar",
    ),
    step(
        "vraag_melder",
        "Vraag stellen aan de melder",
        S.IN_HAND,
        S.WAITING_FOR_REPORTER,
        P.TRIAGE,
        *QUESTION,
        effect="melding.vraag_melder",
    ),
    step(
        "antwoord_melder",
        "Verder zonder te wachten op de melder",
        S.WAITING_FOR_REPORTER,
        S.IN_HAND,
        P.TRIAGE,
        REASON,
        effect="melding.wachten_voorbij",
    ),
    step(
        "antwoord_ontvangen",
        "Antwoord van de melder",
        S.WAITING_FOR_REPORTER,
        S.IN_HAND,
        P.BY_REPORTER,
        effect="melding.wachten_voorbij",
    ),
    step(
        "antwoord_bleef_uit",
        "De melder heeft niet geantwoord",
        S.WAITING_FOR_REPORTER,
        S.IN_HAND,
        P.BY_CLOCK,
        effect="melding.wachten_voorbij",
    ),
    step(
        "vraag_partner",
        "Vraag stellen aan een partner",
        S.IN_HAND,
        S.WAITING_FOR_PARTNER,
        P.TRIAGE,
        InputField(
            "partner",
            "Partner",
            FieldKind.LINE,
            options="partners",
            help="Welke organisatie of functie. Uw partners worden voorgesteld.",
        ),
        InputField("vraag", "Vraag aan de partner"),
        InputField("uiterlijk", "Antwoord uiterlijk", FieldKind.DATE),
        effect="melding.vraag_partner",
    ),
    step(
        "antwoord_partner",
        "Verder na antwoord van de partner",
        S.WAITING_FOR_PARTNER,
        S.IN_HAND,
        P.TRIAGE,
        REASON,
        effect="melding.wachten_voorbij",
    ),
    step(
        "in_dossier",
        "In een dossier plaatsen",
        S.IN_HAND,
        S.IN_DOSSIER,
        P.EDIT_DOSSIER,
        InputField("dossier", "Dossier", FieldKind.DOCUMENT, options="dossiers"),
        REASON,
        effect="dossier.toevoegen",
    ),
    step(
        "uit_dossier",
        "Uit het dossier halen",
        S.IN_DOSSIER,
        S.IN_HAND,
        P.EDIT_DOSSIER,
        REASON,
        effect="dossier.verwijderen",
    ),
    step(
        "afhandelen",
        "Afhandelen",
        frozenset({S.IN_HAND, S.IN_DOSSIER}),
        S.HANDLED,
        P.TRIAGE,
        InputField("opvolging", "Opvolging", FieldKind.CHOICES, options="follow_ups"),
        InputField(
            "terugkoppeling",
            "Terugkoppeling aan de melder",
            FieldKind.CHOICE,
            options="feedback",
        ),
        InputField(
            "bericht",
            "Bericht aan de melder",
            required=False,
            help="Wat is er gedaan? De melder leest dit met de volgcode.",
            when=("terugkoppeling", frozenset({"gegeven"})),
        ),
        InputField(
            "reden",
            "Waarom geen terugkoppeling",
            required=False,
            when=("terugkoppeling", frozenset({"niet_gegeven"})),
        ),
        CONTACT,
        effect="melding.afhandelen",
    ),
    step(
        "niet_in_behandeling",
        "Niet in behandeling nemen",
        S.IN_HAND,
        S.NOT_HANDLED,
        P.TRIAGE,
        *WHY_NOT,
        effect="melding.einde",
    ),
    step(
        "heropenen",
        "Heropenen",
        frozenset({S.HANDLED, S.NOT_HANDLED}),
        S.IN_HAND,
        P.TRIAGE,
        REASON,
        effect="melding.heropenen",
    ),
    step(
        "overdracht_aanbieden",
        "Aanbieden aan een andere gemeente",
        S.IN_HAND,
        S.OFFERED,
        P.TRIAGE,
        InputField("gemeente", "Gemeente", FieldKind.DOCUMENT, options="municipalities"),
        InputField(
            "reden",
            "Reden",
            help="De andere gemeente leest dit. Noem geen namen van melders of verdachten.",
        ),
        effect="overdracht.aanbieden",
    ),
    step(
        "overdracht_intrekken",
        "Aanbod intrekken",
        S.OFFERED,
        S.IN_HAND,
        P.TRIAGE,
        REASON,
        effect="overdracht.intrekken",
    ),
    step(
        "overdracht_aangenomen",
        "Aangenomen door de andere gemeente",
        S.OFFERED,
        S.HANDED_OVER,
        P.BY_OTHER_HOLDER,
        InputField("gemeente", "Gemeente", FieldKind.DOCUMENT),
        effect="overdracht.geven",
    ),
    step(
        "overdracht_geweigerd",
        "Geweigerd door de andere gemeente",
        S.OFFERED,
        S.IN_HAND,
        P.BY_OTHER_HOLDER,
        REASON,
    ),
    *AT_DESK,
    step(
        "samenvoegen",
        "Naar de gemeente waarin deze opging",
        MERGEABLE,
        S.HANDED_OVER,
        P.BY_OPERATOR,
        InputField("gemeente", "Gemeente", FieldKind.DOCUMENT),
        REASON,
        effect="melding.samenvoegen",
    ),
    step(
        "intrekken",
        "Intrekken",
        LIVE - {S.WITHDRAWN},
        S.WITHDRAWN,
        P.BY_REPORTER,
        effect="melding.intrekken",
    ),
    step("vernietigen", "Vernietigen", ENDED - {S.DESTROYED}, S.DESTROYED, P.BY_RETENTION),
    step(
        "wissen",
        "Gegevens gewist op verzoek",
        LIVE - {S.HANDED_OVER, S.OFFERED},
        S.DESTROYED,
        P.BY_ERASURE,
        InputField("grond", "Grond"),
        REASON,
        effect="melding.wissen",
    ),
)

REPORT_WORKFLOW: Final = Workflow(
    "melding", frozenset({S.QUARANTINE, S.NEW}), ReportState, ENDED, TRANSITIONS
)
