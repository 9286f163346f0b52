"""Deciding about a pattern: accept, put off, reject, or ask the colleague who works on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, ConflictError, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, local, plural
from stopintimidatie.core.web.components import (
    RailDecision,
    answer_in_panel,
    is_partial,
    leave_panel,
)
from stopintimidatie.core.web.request import (
    Request,
    form_view,
    post_view,
)
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.dossiers.case.services import DossierPlan
from stopintimidatie.dossiers.filing.services import REFERABLE
from stopintimidatie.dossiers.filing.views import check_danger, danger_questions, take_on
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.dossiers.patterns.forms import (
    NEW,
    accept_schema,
    reject_schema,
    snooze_schema,
)
from stopintimidatie.dossiers.patterns.models import DECIDABLE, Pattern
from stopintimidatie.dossiers.patterns.queries import (
    memberships_of,
    possible_dossiers,
    why_of,
)
from stopintimidatie.dossiers.patterns.resources import PatternResource
from stopintimidatie.dossiers.patterns.rules import hours_text
from stopintimidatie.dossiers.patterns.services import (
    Filed,
    StalePatternError,
    accept,
    ask_colleagues,
    choice_of,
    leaders,
    reject,
    reports_of,
    snooze,
    take_in_hand,
)
from stopintimidatie.dossiers.resources import dossier_path, path_of_dossier
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workbench.forms import Option

FORM_PAGE: Final = "stopintimidatie.dossiers.patterns:templates/form.jinja2"
Values = dict[str, Any]
MOST_LISTED: Final = 5
TAKEN: Final = (
    "Een collega werkt hieraan, in een dossier dat u niet kunt openen. Maak geen tweede dossier:"
    " vraag het eerst."
)
FINAL: Final = "een besluit over een patroon blijft staan"
ALL_FILED: Final = "Alle meldingen zitten al in een dossier."


@dataclass(frozen=True, slots=True)
class Filing:
    """The reports that the proposal brings into a dossier.

    `number`: of all of them; 0 when each is in a dossier already: `dossiers` are the titles and
    addresses of those. `referred`: of those that the dossier will only refer to. `elsewhere`: the
    ids of those in a dossier that this person may not see; these stay where they are.
    """

    number: int
    referred: int
    dossiers: list[tuple[str, str]]
    elsewhere: frozenset[UUID] = frozenset()
    shown: int = 0

    @property
    def taken(self) -> bool:
        """True if a colleague works on this: at least half is in a dossier that isn't seen here."""
        return bool(self.elsewhere) and 2 * len(self.elsewhere) >= self.shown


def filing_of(
    pattern: Pattern, reports: Sequence[Report], slug: str, memberships: Sequence[Any]
) -> Filing:
    """Return what accepting would do: a new dossier takes or refers to every report.

    But for those in a dossier that the reader may not see: nobody is led to duplicate that.
    `memberships`: of `memberships_of`. Pure.
    """
    elsewhere = frozenset(row.report_id for row in hidden(memberships))
    total, reports = len(reports), [r for r in reports if r.id not in elsewhere]
    shown = [report.id for report in reports]
    rows = [
        row
        for row in memberships
        if row.seen and row.slug and row.report_id in shown
        if pattern.dossier_id in (None, row.dossier_id)
    ]
    inside = {row.report_id for row in rows}
    if inside.issuperset(shown):
        places = {f"{r.number} {r.title}": dossier_path(slug, r.slug, r.number) for r in rows}
        return Filing(0, 0, list(places.items()), elsewhere, total)
    left = [r for r in reports if pattern.dossier_id is None or r.id not in inside]
    referred = sum(report.state in REFERABLE for report in left)
    return Filing(len(left), referred, [], elsewhere, total)


def hidden(memberships: Sequence[Any]) -> list[Any]:
    """Return the memberships of dossiers that the reader may not see; a reference is none. Pure."""
    return [row for row in memberships if not row.seen and not row.reference]


def why_not_accept(filing: Filing) -> str:
    """Say why nothing of a pattern can be brought into a dossier; empty when something can."""
    if filing.taken:
        return TAKEN
    gone = ALL_FILED if filing.dossiers else "De meldingen zijn er niet meer."
    return "" if filing.number else gone


def outcome_of(pattern: Pattern, made: Filed) -> str:
    """Say what was done: which reports are in the dossier, and to which it only refers."""
    number = made.dossier.number
    parts = [f"Patroon P-{pattern.number} is aangenomen."]
    if made.filed:
        parts.append(f"{plural(made.filed, 'melding zit', 'meldingen zitten')} nu in {number}.")
    if made.referred:
        many = plural(made.referred, "melding", "meldingen")
        stay = "blijft waar zij al was" if made.referred == 1 else "blijven waar zij al waren"
        parts.append(f"Naar {many} verwijst {number} alleen: die {stay}.")
    if made.waiting:
        parts.append(f"Nog niet in {number}: {', '.join(made.waiting)}. Ga daar eerst mee verder.")
    if made.proposed:
        waits = "wacht" if len(made.proposed) == 1 else "wachten"
        parts.append(
            f"Nog niet in {number}: {', '.join(made.proposed)}. Die {waits} op een tweede blik:"
            " beantwoord eerst het voorstel van de collega."
        )
    return " ".join(parts)


def rail_of(shown: Mapping[str, Any], here: str) -> list[RailDecision]:
    """Return what can be decided about a pattern, with the keys that mean the same everywhere.

    It is empty for a role that decides nothing.
    """
    if not shown["may_decide"]:
        return []
    decided = "" if shown["decides"] else "daarover is al besloten"
    filing = shown["filing"]
    accept = decided
    if not accept and not shown["may_accept"]:
        accept = "een collega werkt eraan" if filing.taken else "alles zit al in een dossier"
    asked = decided or ("" if shown["ask"] else "dit ligt bij geen collega")
    return [
        RailDecision("2", "In een dossier", f"{here}/aannemen", disabled_reason=accept),
        RailDecision("4", "Geen patroon", f"{here}/afwijzen", disabled_reason=decided),
        RailDecision(
            "5", "Vragen aan de collega", post=f"{here}/vragen-collega", disabled_reason=asked
        ),
        RailDecision("w", "Uitstellen tot", f"{here}/uitstellen", disabled_reason=decided),
        RailDecision("z", "Ongedaan", disabled_reason=FINAL, small=True),
    ]


@form_view(PatternResource, "aannemen", Permission.EDIT_DOSSIER, FORM_PAGE)
def accept_view(context: PatternResource, request: Request) -> Any:
    """Put the reports of a pattern in a new dossier, or in the dossier that they belong to."""
    if (closed := _closed(context, request)) is not None:
        return closed
    pattern = context.pattern
    reports = reports_of(request.db, pattern)
    note_read(request, context.holder, "melding", [r.id for r in reports], task="patroon aannemen")
    memberships = _memberships(context, request, reports)
    filing = filing_of(pattern, reports, context.municipality.slug, memberships)
    reports = [report for report in reports if report.id not in filing.elsewhere]
    if pattern.state in DECIDABLE and (why := why_not_accept(filing)):
        request.flash(why, "warning")
        return leave_panel(request, request.resource_path(context).rstrip("/"))
    areas = [(area.code, area.name) for area in neighbourhoods_of(request.db, context.holder)]
    names = dict(areas)
    hours = hours_text(pattern.from_minute, pattern.to_minute)
    title = f"Overlast in {names.get(pattern.neighbourhood_code or '', 'de gemeente')} {hours}"
    possible = possible_dossiers(request.db, context.holder)
    form = _form(
        context,
        request,
        accept_schema(possible, areas, danger_questions(reports)),
        Button("aannemen", "Aannemen"),
        dossier=str(pattern.dossier_id) if pattern.dossier_id else NEW,
        titel=title,
        wijk=pattern.neighbourhood_code,
    )
    options = options_of(pattern, dict(possible), memberships, title)
    return _decide(
        context,
        request,
        form,
        "In een dossier",
        lambda v: _accept(context, request, reports, filing, v),
        listed=options,
    )


def options_of(
    pattern: Pattern, possible: Mapping[str, str], memberships: Sequence[Any], title: str
) -> list[Option]:
    """Return the dossiers that fit a pattern, the best first, and a new one. Pure.

    Args:
        pattern: The pattern.
        possible: The id of each dossier that it can go to, with number and title.
        memberships: The dossiers that its reports are in already.
        title: Of a new dossier.
    """
    known = {} if pattern.dossier_id is None else {str(pattern.dossier_id): "hoort bij dit patroon"}
    number = Counter(str(row.dossier_id) for row in memberships if row.seen)
    for dossier, times in number.most_common(MOST_LISTED):
        many = plural(times, "melding zit", "meldingen zitten")
        known.setdefault(dossier, f"{many} er al in")
    listed = [Option(possible[d], {"dossier": d}, why) for d, why in known.items() if d in possible]
    new = {"dossier": NEW, "titel": title, "wijk": pattern.neighbourhood_code or ""}
    return [*listed, Option(f"Nieuw dossier: {title}", new)]


def _memberships(
    context: PatternResource, request: Request, reports: Sequence[Report]
) -> Sequence[Any]:
    roles = roles_at(request, context.holder)
    return memberships_of(request.db, [report.id for report in reports], roles)


def _accept(
    context: PatternResource,
    request: Request,
    reports: Sequence[Report],
    filing: Filing,
    values: Values,
) -> HTTPSeeOther:
    check_danger(values, reports)
    if values["dossier"] == NEW:
        for name in ("titel", "wijk"):
            if not values[name]:
                raise WorkflowError("Vul dit in voor een nieuw dossier.", name)
        plan: DossierPlan | UUID = DossierPlan(
            title=values["titel"],
            kind=DossierKind.HOTSPOT.value,
            neighbourhood_code=values["wijk"],
            summary=_summary(context, request),
        )
    else:
        plan = UUID(values["dossier"])
    actor, effects = request.actor, WORKFLOW_EFFECTS.of(request.registry)
    for report in reports:
        take_on(request.db, effects, report, values, actor)
    made = accept(request.db, effects, context.pattern, plan, actor, elsewhere=filing.elsewhere)
    link = (f"Naar {made.dossier.number}", str(path_of_dossier(request.db, made.dossier.id)))
    request.flash(
        outcome_of(context.pattern, made),
        "warning" if made.waiting or made.proposed else "ok",
        link=link,
    )
    return HTTPSeeOther(_list(context))


def _summary(context: PatternResource, request: Request) -> str:
    """Return the first summary of the dossier: the pattern in words."""
    return " ".join(why_of(context.pattern, reports_of(request.db, context.pattern)))


@post_view(PatternResource, "vragen-collega", Permission.EDIT_DOSSIER)
def ask_view(context: PatternResource, request: Request) -> HTTPSeeOther:
    """Ask who leads the dossiers that this person may not see if they work on it."""
    pattern = context.pattern
    rows = hidden(_memberships(context, request, reports_of(request.db, pattern)))
    if not rows or pattern.state not in DECIDABLE:
        request.flash("Over dit patroon hoeft u niemand iets te vragen.", "warning")
    else:
        owners = {row.owner_id for row in rows if row.owner_id}
        asked = owners or leaders(request.db, context.holder)
        ask_colleagues(request.db, pattern, asked, request.actor)
        request.flash("Uw collega krijgt een e-mail zonder inhoud, en ziet hier dat u het vroeg.")
    if is_partial(request):
        return HTTPSeeOther(f"{_list(context)}?patroon={pattern.number}")
    return HTTPSeeOther(request.resource_path(context).rstrip("/"))


@form_view(PatternResource, "uitstellen", Permission.EDIT_DOSSIER, FORM_PAGE)
def snooze_view(context: PatternResource, request: Request) -> Any:
    """Put the decision off until a day."""
    if (closed := _closed(context, request)) is not None:
        return closed
    later = local(utc_now()).date() + timedelta(days=14)
    form = _form(context, request, snooze_schema(), Button("uitstellen", "Uitstellen"), tot=later)

    def act(values: Values) -> HTTPSeeOther:
        snooze(request.db, context.pattern, values["tot"], request.actor)
        return _done(context, request, f"uitgesteld tot {date_text(values['tot'])}")

    return _decide(context, request, form, "Patroon uitstellen", act)


@form_view(PatternResource, "afwijzen", Permission.EDIT_DOSSIER, FORM_PAGE)
def reject_view(context: PatternResource, request: Request) -> Any:
    """Reject the pattern with a reason, and keep it quiet until a day."""
    if (closed := _closed(context, request)) is not None:
        return closed
    quiet = timedelta(days=choice_of(request.db, context.holder).quiet_days)
    until = local(utc_now()).date() + quiet
    form = _form(context, request, reject_schema(), Button("afwijzen", "Afwijzen"), tot=until)

    def act(values: Values) -> HTTPSeeOther:
        reject(request.db, context.pattern, values["reden"], values["tot"], request.actor)
        return _done(context, request, "afgewezen")

    return _decide(context, request, form, "Patroon afwijzen", act)


def _form(
    context: PatternResource, request: Request, schema: Any, button: Button, **known: Any
) -> Form:
    own = request.resource_path(context).rstrip("/")
    # In a panel the page around it has another address.
    back = f"{_list(context)}?patroon={context.pattern.number}" if is_partial(request) else own
    return Form(
        schema,
        request,
        buttons=[button],
        appstruct={**known, "versie": context.pattern.version},
        action=request.path,
        cancel_url=back,
    )


def _list(context: PatternResource) -> str:
    return f"/gemeenten/{context.municipality.slug}/patronen"


def _closed(context: PatternResource, request: Request) -> Response | None:
    """Send who opens the form of a decided pattern back to it; a POST gets its answer there."""
    if request.method == "POST" or context.pattern.state in DECIDABLE:
        return None
    request.flash("Over dit patroon is al besloten, of het is vervallen.", "warning")
    return leave_panel(request, request.resource_path(context).rstrip("/"))


def _decide(
    context: PatternResource,
    request: Request,
    form: Form,
    title: str,
    act: Callable[[Values], Any],
    listed: Sequence[Option] = (),
) -> Any:
    """Show the form of a decision, or lock the pattern and act.

    `listed`: what can be chosen with one press, the best first.
    """

    def on_valid(values: Values) -> Any:
        try:
            take_in_hand(request.db, context.pattern, values["versie"])
            answer = act(values)
            request.db.flush()
            return answer
        except StalePatternError:
            form["versie"].cstruct = str(context.pattern.version)
            raise ConflictError(
                "Het patroon is intussen veranderd. Bekijk het opnieuw voor u beslist.", []
            ) from None
        except WorkflowError as problem:
            raise FormError(str(problem), problem.field) from None

    def page() -> Values:
        answer_in_panel(request)
        version = {"versie": form["versie"].cstruct}
        return {"title": title, "above": context.title, "listed": listed, "hidden": version}

    return handle_form(request, form, on_valid, page)


def _done(context: PatternResource, request: Request, outcome: str) -> HTTPSeeOther:
    request.flash(f"Patroon P-{context.pattern.number} is {outcome}.")
    return HTTPSeeOther(_list(context))
