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

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import (
    Button,
    ConflictError,
    Form,
    Hidden,
    Schema,
    field,
    handle_form,
    not_before_today,
)
from stopintimidatie.core.mail.message import render
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.text import date_text, local, plural
from stopintimidatie.core.web.components import (
    RailDecision,
    answer_in_panel,
    is_partial,
    leave_panel,
)
from stopintimidatie.core.web.request import Request, form_view, post_view
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.dossiers.case.services import DossierPlan
from stopintimidatie.dossiers.filing.services import REFERABLE
from stopintimidatie.dossiers.filing.views import check_danger, danger_questions, take_on
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.dossiers.patterns import services
from stopintimidatie.dossiers.patterns.models import DECIDABLE, Pattern
from stopintimidatie.dossiers.patterns.queries import memberships_of, possible_dossiers, why_of
from stopintimidatie.dossiers.patterns.resources import PatternResource
from stopintimidatie.dossiers.patterns.rules import hours_text
from stopintimidatie.dossiers.patterns.services import Filed
from stopintimidatie.dossiers.resources import dossier_path, path_of_dossier
from stopintimidatie.dossiers.workflow import DossierKind
from stopintimidatie.municipalities.areas.queries import neighbourhoods_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.workbench.forms import Option

FORM_PAGE: Final = "stopintimidatie.dossiers.patterns:templates/form.jinja2"
ACCEPTED: Final = "stopintimidatie.dossiers.patterns:templates/accepted.txt.jinja2"
Values = dict[str, Any]
MOST_LISTED: Final = 5
NEW: Final = "nieuw"


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

    @property
    def why_not(self) -> str:
        """The reason that nothing can be brought into a dossier; empty when something can."""
        if self.taken:
            return (
                "Een collega werkt hieraan, in een dossier dat u niet kunt openen. Maak geen tweede"
                " dossier: vraag het eerst."
            )
        if self.number:
            return ""
        filed = "Alle meldingen zitten al in een dossier."
        return filed if self.dossiers else "De meldingen zijn er niet meer."


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


def outcome_of(pattern: Pattern, made: Filed) -> str:
    """Say what was done: which reports are in the dossier, and to which it only refers."""
    return render(ACCEPTED, {"pattern": pattern, "made": made, "plural": plural}).strip()


def rail_of(filing: Filing, *, open_: bool, here: str) -> list[RailDecision]:
    """Return what can be decided about a pattern, with the keys that mean the same everywhere."""
    decided = "" if open_ else "daarover is al besloten"
    accept = decided
    if open_ and filing.why_not:
        accept = "een collega werkt eraan" if filing.taken else "alles zit al in een dossier"
    asked = decided or ("" if filing.elsewhere else "dit ligt bij geen collega")
    post, kept = f"{here}/vragen-collega", "een besluit over een patroon blijft staan"
    return [
        RailDecision("2", "In een dossier", f"{here}/aannemen", disabled_reason=accept),
        RailDecision("4", "Geen patroon", f"{here}/afwijzen", disabled_reason=decided),
        RailDecision("5", "Vragen aan de collega", post=post, disabled_reason=asked),
        RailDecision("w", "Uitstellen tot", f"{here}/uitstellen", disabled_reason=decided),
        RailDecision("z", "Ongedaan", disabled_reason=kept, small=True),
    ]


def only_open(context: PatternResource, request: Request) -> Response | None:
    """Send who opens the form of a decided pattern back to it; a POST gets its answer there."""
    if request.method == "POST" or context.pattern.state in DECIDABLE:
        return None
    return _leave(context, request, "Over dit patroon is al besloten, of het is vervallen.")


def _leave(context: PatternResource, request: Request, why: str) -> Response:
    request.flash(why, "warning")
    return leave_panel(request, request.resource_path(context).rstrip("/"))


def pattern_form(name: str) -> Any:
    """Register a view that shows a form about a pattern and takes what is posted."""
    permission = Permission.EDIT_DOSSIER
    return form_view(PatternResource, name, permission, FORM_PAGE, guards=(only_open,))


@pattern_form("aannemen")
def accept_view(context: PatternResource, request: Request) -> Any:
    """Put the reports of a pattern in a new dossier, or in the dossier that they belong to."""
    pattern, session = context.pattern, request.db
    reports = services.reports_of(session, pattern)
    note_read(request, context.holder, "melding", [r.id for r in reports], task="patroon aannemen")
    memberships = _memberships(context, request, reports)
    filing = filing_of(pattern, reports, context.municipality.slug, memberships)
    reports = [report for report in reports if report.id not in filing.elsewhere]
    if pattern.state in DECIDABLE and filing.why_not:
        return _leave(context, request, filing.why_not)
    areas = [(area.code, area.name) for area in neighbourhoods_of(session, context.holder)]
    place = dict(areas).get(pattern.neighbourhood_code or "", "de gemeente")
    title = f"Overlast in {place} {hours_text(pattern.from_minute, pattern.to_minute)}"
    possible = possible_dossiers(session, context.holder)
    schema = Schema(
        field(
            forms.OneOf([(NEW, "Een nieuw dossier maken"), *possible]),
            "Waarin komen deze meldingen?",
            name="dossier",
        ),
        # A new dossier needs these two, so they are checked when it is made.
        field(
            forms.Text(200),
            "Titel van het nieuwe dossier",
            name="titel",
            description="Kort en neutraal. Noem geen namen van personen.",
            missing=None,
        ),
        field(forms.OneOf(areas), "Wijk van het nieuwe dossier", name="wijk", missing=None),
        *danger_questions(reports),
        version_field(),
    )
    first = {
        "dossier": str(pattern.dossier_id) if pattern.dossier_id else NEW,
        "titel": title,
        "wijk": pattern.neighbourhood_code,
    }

    def act(values: Values) -> HTTPSeeOther:
        return _accept(context, request, reports, filing, values)

    button, options = (
        Button("aannemen", "Aannemen"),
        options_of(pattern, dict(possible), memberships, title),
    )
    return _decide(context, request, "In een dossier", schema, button, first, act, options)


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
            summary=" ".join(
                why_of(context.pattern, services.reports_of(request.db, context.pattern))
            ),
        )
    else:
        plan = UUID(values["dossier"])
    actor, effects = request.actor, WORKFLOW_EFFECTS.of(request.registry)
    for report in reports:
        take_on(request.db, effects, report, values, actor)
    made = services.accept(
        request.db, effects, context.pattern, plan, actor, elsewhere=filing.elsewhere
    )
    link = (f"Naar {made.dossier.number}", str(path_of_dossier(request.db, made.dossier.id)))
    request.flash(
        outcome_of(context.pattern, made),
        "warning" if made.waiting or made.proposed else "ok",
        link=link,
    )
    return HTTPSeeOther(_list(context))


@post_view(PatternResource, "vragen-collega", Permission.EDIT_DOSSIER)
def ask_view(context: PatternResource, request: Request) -> HTTPSeeOther:
    """Ask who leads the dossiers that this person may not see if they work on it."""
    pattern = context.pattern
    rows = hidden(_memberships(context, request, services.reports_of(request.db, pattern)))
    if not rows or pattern.state not in DECIDABLE:
        request.flash("Over dit patroon hoeft u niemand iets te vragen.", "warning")
    else:
        owners = {row.owner_id for row in rows if row.owner_id}
        asked = owners or services.leaders(request.db, context.holder)
        services.ask_colleagues(request.db, pattern, asked, request.actor)
        request.flash("Uw collega krijgt een e-mail zonder inhoud, en ziet hier dat u het vroeg.")
    if is_partial(request):
        return HTTPSeeOther(f"{_list(context)}?patroon={pattern.number}")
    return HTTPSeeOther(request.resource_path(context).rstrip("/"))


@pattern_form("uitstellen")
def snooze_view(context: PatternResource, request: Request) -> Any:
    """Put the decision off until a day."""
    schema = Schema(
        field(
            forms.Date(),
            "Tot welke dag?",
            name="tot",
            description="Is het patroon er dan nog, dan ziet u het weer.",
            validator=not_before_today,
        ),
        version_field(),
    )
    first = {"tot": local(utc_now()).date() + timedelta(days=14)}

    def act(values: Values) -> HTTPSeeOther:
        services.snooze(request.db, context.pattern, values["tot"], request.actor)
        return _done(context, request, f"uitgesteld tot {date_text(values['tot'])}")

    button = Button("uitstellen", "Uitstellen")
    return _decide(context, request, "Patroon uitstellen", schema, button, first, act)


@pattern_form("afwijzen")
def reject_view(context: PatternResource, request: Request) -> Any:
    """Reject the pattern with a reason, and keep it quiet until a day."""
    until = "Niet opnieuw voorstellen tot"
    schema = Schema(
        field(
            forms.Text(1000, lines=True),
            "Waarom is dit geen patroon?",
            name="reden",
            description="Bijvoorbeeld: een evenement, of een bekende storing. Geen namen.",
            widget=forms.TextArea(rows=3),
        ),
        field(forms.Date(), until, name="tot", validator=not_before_today),
        version_field(),
    )
    quiet = timedelta(days=services.choice_of(request.db, context.holder).quiet_days)
    first = {"tot": local(utc_now()).date() + quiet}

    def act(values: Values) -> HTTPSeeOther:
        services.reject(request.db, context.pattern, values["reden"], values["tot"], request.actor)
        return _done(context, request, "afgewezen")

    button = Button("afwijzen", "Afwijzen")
    return _decide(context, request, "Patroon afwijzen", schema, button, first, act)


def version_field() -> Any:
    """Return the hidden field with the version that this person saw."""
    return field(forms.Integer(0), "Versie", widget=Hidden(), name="versie")


def _list(context: PatternResource) -> str:
    return f"/gemeenten/{context.municipality.slug}/patronen"


def _decide(
    context: PatternResource,
    request: Request,
    title: str,
    schema: Any,
    button: Button,
    first: Values,
    act: Callable[[Values], Any],
    listed: Sequence[Option] = (),
) -> Any:
    """Show the form of a decision, or lock the pattern and act.

    `listed`: what can be chosen with one press, the best first.
    """
    own, pattern = request.resource_path(context).rstrip("/"), context.pattern
    form = Form(
        schema,
        request,
        buttons=[button],
        appstruct={**first, "versie": pattern.version},
        action=request.path,
        # In a panel the page around it has another address.
        cancel_url=f"{_list(context)}?patroon={pattern.number}" if is_partial(request) else own,
    )

    def on_valid(values: Values) -> Any:
        try:
            services.take_in_hand(request.db, pattern, values["versie"])
        except ConflictError:
            form["versie"].cstruct = str(pattern.version)
            raise
        return act(values)

    def page() -> Values:
        answer_in_panel(request)
        version = {"versie": form["versie"].cstruct}
        return {"title": title, "above": context.title, "listed": listed, "hidden": version}

    return handle_form(request, form, on_valid, page)


def _done(context: PatternResource, request: Request, outcome: str) -> HTTPSeeOther:
    request.flash(f"Patroon P-{context.pattern.number} is {outcome}.")
    return HTTPSeeOther(_list(context))
