"""The course of a request as data, and what higher rooms add to its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pyramid.exceptions import ConfigurationError

from stopintimidatie.core.registry import Directive, named
from stopintimidatie.core.security import Permission
from stopintimidatie.core.text import Term
from stopintimidatie.core.workflow import FieldKind, InputField, Transition, Workflow, step
from stopintimidatie.privacy.requests.models import DECIDED, RequestState, Right

S: Final = RequestState
P: Final = Permission
_REASON: Final = InputField("reden", "Waarom")
_GROUND: Final = InputField("grond", "Grond", FieldKind.CHOICE, options="verzoek_grond")
_IN_LETTER: Final = "Deze tekst komt in de brief. Noem geen anderen."
# The states in which an answer is still expected, in the order of the work.
OPEN: Final = (S.RECEIVED, S.SEARCHING, S.REDACTING, S.CHECKING, S.CHECKED)
_OPEN: Final = frozenset(OPEN)


def _handled(
    name: str, label: str, sources: Term | frozenset[Term], target: Term, *fields: InputField
) -> Transition:
    """Return a step of who handles requests."""
    return step(name, label, sources, target, P.HANDLE_REQUESTS, *fields)


REQUEST_WORKFLOW: Final = Workflow(
    "verzoek",
    frozenset({S.RECEIVED}),
    RequestState,
    DECIDED,
    (
        _handled(
            "identiteit",
            "Identiteit vaststellen",
            S.RECEIVED,
            S.SEARCHING,
            InputField(
                "hoe",
                "Hoe weet u wie dit is?",
                FieldKind.CHOICE,
                options="verzoek_identiteit",
                help="Bewaar nooit een kopie van een identiteitsbewijs, ook niet een waarin iets is"
                " weggelakt. Kreeg u er een? Vernietig die, en zeg dat.",
            ),
        ),
        _handled("redigeren", "Zoeken is klaar", S.SEARCHING, S.REDACTING),
        _handled(
            "tweede_persoon", "Laten nakijken door een tweede persoon", S.REDACTING, S.CHECKING
        ),
        step("nagekeken", "Kopie is nagekeken", S.CHECKING, S.CHECKED, P.CHECK_COPY),
        _handled("versturen", "Kopie versturen", S.CHECKED, S.SENT),
        _handled(
            "terug",
            "Terug naar redigeren",
            frozenset({S.CHECKING, S.CHECKED}),
            S.REDACTING,
            _REASON,
        ),
        _handled(
            "toewijzen",
            "Verzoek toewijzen",
            S.SEARCHING,
            S.SENT,
            InputField(
                "reden",
                "Wat wilt u er nog bij schrijven?",
                required=False,
                help="Deze tekst komt in de brief. Is er nog niets gewist, verbeterd of beperkt?"
                " Schrijf dan waarom u het toch toewijst. Noem geen anderen.",
            ),
        ),
        _handled(
            "deels",
            "Deels toewijzen",
            S.SEARCHING,
            S.PARTLY,
            InputField("wel", "Wat doet u wel?", help=_IN_LETTER),
            _GROUND,
            InputField("reden", "Wat doet u niet, en waarom?", help=_IN_LETTER),
        ),
        _handled(
            "weigeren",
            "Weigeren",
            _OPEN,
            S.REFUSED,
            _GROUND,
            InputField(
                "reden",
                "Waarom",
                help="Deze tekst komt in de brief. Gaat het om een verzoek namens een kind, dan"
                " komt zij daar niet in: die brief is altijd gelijk.",
            ),
        ),
        _handled(
            "doorsturen",
            "Doorsturen",
            _OPEN,
            S.PASSED_ON,
            InputField(
                "naar",
                "Naar wie?",
                FieldKind.LINE,
                help="De gemeente of organisatie die hierover gaat. De vrager krijgt een brief.",
            ),
        ),
        _handled("intrekken", "Ingetrokken door de vrager", _OPEN, S.WITHDRAWN, _REASON),
    ),
)
# Steps of access alone, where a copy is made; and those of all other rights.
OF_ACCESS: Final = frozenset({"redigeren", "tweede_persoon", "nagekeken", "terug", "versturen"})
OF_OTHERS: Final = frozenset({"toewijzen", "deels"})
# Steps by which a request is granted, which a parent's isn't before the child was heard.
GRANTS_IT: Final = frozenset(
    {"redigeren", "tweede_persoon", "nagekeken", "versturen", "toewijzen", "deels"}
)
# Steps that are the answer, with a letter.
ANSWERS: Final = frozenset({"versturen", "toewijzen", "deels", "weigeren"})
# No step: who asked, the question, the letters and the copy go.
FORGET: Final = "vergeten"


def fits(right: str, name: str) -> bool:
    """Tell whether a step belongs to requests that call on this right."""
    return name not in (OF_OTHERS if right == Right.ACCESS else OF_ACCESS)


def _nothing(*about: Any) -> None:
    """Do nothing, and refuse nothing."""


@dataclass(frozen=True)
class RequestRule:
    """A higher room's part in a step of a request.

    Args:
        name: of the rule, once in the house.
        step: name of the step, or `FORGET`.
        missing: (session, request) -> why it can't be made yet, in Dutch; None: it can.
        follows: (registry, session, request, actor): done in the same transaction.
        refuses: (session, request, actor) -> why it isn't this person's to make; None: it is.
        page: name of the view below the case that makes the step, instead of the usual form.
    """

    name: str
    step: str
    missing: Callable[[Any, Any], str | None] = _nothing
    follows: Callable[[Any, Any, Any, Any], None] = _nothing
    refuses: Callable[[Any, Any, Any], str | None] = _nothing
    page: str | None = None


def _check(registry: Any) -> None:
    steps = {move.name for move in REQUEST_WORKFLOW.transitions} | {FORGET}
    for rule in REQUEST_RULES.of(registry).values():
        if rule.step not in steps:
            raise ConfigurationError(f"{rule.name}: requests have no step {rule.step}")


REQUEST_RULES: Final = Directive[str, RequestRule](
    "add_request_rule", "request_rules", named, _check
)


def rules_of(registry: Any, name: str) -> list[RequestRule]:
    """Return what higher rooms have to do with a step."""
    return [rule for rule in REQUEST_RULES.of(registry).values() if rule.step == name]
