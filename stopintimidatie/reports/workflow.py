"""The life of a report as data.

A municipality offers a report to another, which accepts or refuses; the desk hands over at once.
"""

from __future__ import annotations

from typing import Final

from stopintimidatie.core.security import Permission
from stopintimidatie.core.workflow import (
    FieldKind,
    InputField,
    State,
    Workflow,
    step,
)

P: Final = Permission

OFFERED: Final = "overdracht_aangeboden"
# The reason of a report that was reported already.
DOUBLE: Final = "dubbel"
# The steps by which a municipality doesn't handle a report: from its inbox, and from quarantine.
REJECT, TURN_DOWN = "niet_in_behandeling", "afwijzen"
NOT_HANDLED: Final = frozenset({REJECT, TURN_DOWN})
REASON: Final = InputField("reden", "Reden")

STATES: Final = (
    State("quarantaine", "Quarantaine"),
    State("nieuw", "Nieuw"),
    State("in_behandeling", "In behandeling"),
    State("wacht_op_melder", "Wacht op melder"),
    State("wacht_op_partner", "Wacht op partner"),
    State("in_dossier", "In dossier"),
    State("overdracht_aangeboden", "Overdracht aangeboden"),
    State("afgehandeld", "Afgehandeld", ended=True),
    State("niet_in_behandeling", "Niet in behandeling", ended=True),
    State("overgedragen", "Overgedragen", ended=True),
    State("ingetrokken", "Ingetrokken", ended=True),
    State("vernietigd", "Vernietigd", ended=True),
)
# The effect, of a higher room, that gives a report another neighbourhood. Assessing calls it.
TO_NEIGHBOURHOOD: Final = "melding.wijk"
ENDED: Final = frozenset(state.code for state in STATES if state.ended)
# States of the reports that go along when a municipality goes into another.
MERGEABLE: Final = frozenset({"nieuw", "in_behandeling", "wacht_op_melder", "wacht_op_partner"})
LIVE: Final = frozenset(state.code for state in STATES) - {"vernietigd"}

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
        "nieuw",
        "overgedragen",
        P.ROUTE_REPORT,
        InputField("gemeente", "Gemeente", FieldKind.DOCUMENT, options="municipalities"),
        REASON,
        effect="melding.doorgeven",
    ),
    step(
        "meldpunt_vraag",
        "Vraag stellen aan de melder",
        "nieuw",
        "wacht_op_melder",
        P.ROUTE_REPORT,
        *QUESTION,
        effect="meldpunt.vraag",
    ),
    step(
        "meldpunt_verder",
        "Verder zonder te wachten op de melder",
        "wacht_op_melder",
        "nieuw",
        P.ROUTE_REPORT,
        REASON,
        effect="meldpunt.verder",
    ),
    step(
        "meldpunt_antwoord",
        "Antwoord van de melder",
        "wacht_op_melder",
        "nieuw",
        P.BY_REPORTER,
        effect="meldpunt.verder",
    ),
    step(
        "meldpunt_geen_antwoord",
        "De melder heeft niet geantwoord",
        "wacht_op_melder",
        "nieuw",
        P.BY_CLOCK,
        effect="meldpunt.verder",
    ),
    step(
        "meldpunt_bericht",
        "Bericht aan de melder",
        "nieuw",
        "nieuw",
        P.ROUTE_REPORT,
        InputField("bericht", "Bericht aan de melder", help=WORDS_TO_REPORTER),
        effect="meldpunt.bericht",
    ),
    step(
        "meldpunt_afsluiten",
        "Afsluiten bij het meldpunt",
        "nieuw",
        "niet_in_behandeling",
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
        "nieuw",
        "niet_in_behandeling",
        P.ROUTE_REPORT,
        REASON,
        InputField("bericht", "Bericht aan de melder", help=WORDS_TO_REPORTER),
        effect="meldpunt.geen_straatintimidatie",
    ),
    step(
        "meldpunt_heropenen",
        "Heropenen bij het meldpunt",
        "niet_in_behandeling",
        "nieuw",
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
FORWARDED: Final = frozenset({"aangeboden", "opgehaald"})

TRANSITIONS: Final = (
    step(
        "vrijgeven",
        "Uit quarantaine halen",
        "quarantaine",
        "nieuw",
        P.RELEASE,
        REASON,
        effect="melding.vrijgeven",
    ),
    step(
        "afwijzen",
        "Niet in behandeling nemen",
        "quarantaine",
        "niet_in_behandeling",
        P.RELEASE,
        *WHY_NOT,
        effect="melding.einde",
    ),
    step(
        "in_behandeling_nemen",
        "In behandeling nemen",
        "nieuw",
        "in_behandeling",
        P.TRIAGE,
        InputField("behandelaar", "Behandelaar", FieldKind.PERSON, options="handlers"),
        effect="melding.behandelaar",
    ),
    step(
        "vraag_melder",
        "Vraag stellen aan de melder",
        "in_behandeling",
        "wacht_op_melder",
        P.TRIAGE,
        *QUESTION,
        effect="melding.vraag_melder",
    ),
    step(
        "antwoord_melder",
        "Verder zonder te wachten op de melder",
        "wacht_op_melder",
        "in_behandeling",
        P.TRIAGE,
        REASON,
        effect="melding.wachten_voorbij",
    ),
    step(
        "antwoord_ontvangen",
        "Antwoord van de melder",
        "wacht_op_melder",
        "in_behandeling",
        P.BY_REPORTER,
        effect="melding.wachten_voorbij",
    ),
    step(
        "antwoord_bleef_uit",
        "De melder heeft niet geantwoord",
        "wacht_op_melder",
        "in_behandeling",
        P.BY_CLOCK,
        effect="melding.wachten_voorbij",
    ),
    step(
        "vraag_partner",
        "Vraag stellen aan een partner",
        "in_behandeling",
        "wacht_op_partner",
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
        "wacht_op_partner",
        "in_behandeling",
        P.TRIAGE,
        REASON,
        effect="melding.wachten_voorbij",
    ),
    step(
        "in_dossier",
        "In een dossier plaatsen",
        "in_behandeling",
        "in_dossier",
        P.EDIT_DOSSIER,
        InputField("dossier", "Dossier", FieldKind.DOCUMENT, options="dossiers"),
        REASON,
        effect="dossier.toevoegen",
    ),
    step(
        "uit_dossier",
        "Uit het dossier halen",
        "in_dossier",
        "in_behandeling",
        P.EDIT_DOSSIER,
        REASON,
        effect="dossier.verwijderen",
    ),
    step(
        "afhandelen",
        "Afhandelen",
        "in_behandeling in_dossier",
        "afgehandeld",
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
        "in_behandeling",
        "niet_in_behandeling",
        P.TRIAGE,
        *WHY_NOT,
        effect="melding.einde",
    ),
    step(
        "heropenen",
        "Heropenen",
        "afgehandeld niet_in_behandeling",
        "in_behandeling",
        P.TRIAGE,
        REASON,
        effect="melding.heropenen",
    ),
    step(
        "overdracht_aanbieden",
        "Aanbieden aan een andere gemeente",
        "in_behandeling",
        OFFERED,
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
        OFFERED,
        "in_behandeling",
        P.TRIAGE,
        REASON,
        effect="overdracht.intrekken",
    ),
    step(
        "overdracht_aangenomen",
        "Aangenomen door de andere gemeente",
        OFFERED,
        "overgedragen",
        P.BY_OTHER_HOLDER,
        InputField("gemeente", "Gemeente", FieldKind.DOCUMENT),
        effect="overdracht.geven",
    ),
    step(
        "overdracht_geweigerd",
        "Geweigerd door de andere gemeente",
        OFFERED,
        "in_behandeling",
        P.BY_OTHER_HOLDER,
        REASON,
    ),
    *AT_DESK,
    step(
        "samenvoegen",
        "Naar de gemeente waarin deze opging",
        MERGEABLE,
        "overgedragen",
        P.BY_OPERATOR,
        InputField("gemeente", "Gemeente", FieldKind.DOCUMENT),
        REASON,
        effect="melding.samenvoegen",
    ),
    step(
        "intrekken",
        "Intrekken",
        LIVE - {"ingetrokken"},
        "ingetrokken",
        P.BY_REPORTER,
        effect="melding.intrekken",
    ),
    step("vernietigen", "Vernietigen", ENDED - {"vernietigd"}, "vernietigd", P.BY_RETENTION),
    step(
        "wissen",
        "Gegevens gewist op verzoek",
        LIVE - {"overgedragen", OFFERED},
        "vernietigd",
        P.BY_ERASURE,
        InputField("grond", "Grond"),
        REASON,
        effect="melding.wissen",
    ),
)

REPORT_WORKFLOW: Final = Workflow(
    "melding", frozenset({"quarantaine", "nieuw"}), STATES, TRANSITIONS
)
