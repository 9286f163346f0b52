"""The pages of handling one report: contact, handing out, snoozing, and its notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.accounts.services import colleagues
from stopintimidatie.core.clock import AMSTERDAM, local_date, utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.forms import Button, Form, FormError, Opened, Schema, field, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import date_text, datetime_long, uuid_of
from stopintimidatie.core.web.components import Panel, answer_in_panel, is_partial
from stopintimidatie.core.web.request import Request, form_view
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.municipalities.people.absence import away_today
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.reports.conversation.calls import NEEDLESS
from stopintimidatie.reports.handling import services
from stopintimidatie.reports.page.decisions import ALREADY, Began, did_just
from stopintimidatie.reports.page.replies import text_field
from stopintimidatie.reports.page.steps import (
    DANGER,
    Choices,
    add_version,
    add_way_back,
    answer_danger,
    conflict,
    danger_field,
    must_ask_danger,
    possible_steps,
    version_values,
    way_out,
)
from stopintimidatie.reports.page.views import (
    CONTACT_DATA,
    STEP_PAGE,
    came_from,
    contact_of,
    impossible,
    step_page,
)
from stopintimidatie.reports.personal import reached_by, read_contact
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.services import StaleReportError, lock_report
from stopintimidatie.reports.words import signals_of

NOTES: Final = "stopintimidatie.reports.handling:templates/notes.jinja2"
REASON: Final = "Kort, voor uw collega’s. Dit komt in de geschiedenis."
CONTACT_TASK: Final = "contact vastleggen"
# The acts in the history that each page makes.
_ACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "contact": ("contact",),
    "uitdelen": ("toewijzen",),
    "sluimeren": ("sluimeren", "wakker"),
}
Act = Callable[[dict[str, Any]], None]


def notes_panel(context: ReportResource, request: Request) -> Panel | None:
    """Return the notes on the page of a report, and the way to add one."""
    report = context.report
    notes = services.notes_of(request.db, report)
    may_triage = request.has_permission(Permission.TRIAGE, context)
    may_add = may_triage and report.state not in GONE
    if not notes and not may_add:
        return None
    href = request.resource_path(context, "notitie") if may_add else None
    return Panel("Notities", NOTES, {"notes": notes, "href": href})


def people_to_choose(request: Request, holder: str) -> list[tuple[str, str]]:
    """Return (id, name) of who handles reports here, with who steps in for whoever is away."""
    away = away_today(request.db, holder, local_date(utc_now()))
    return [
        (str(user.id), f"{user.name} ({away[user.id].words})" if user.id in away else user.name)
        for user in colleagues(request.db, holder, Permission.TRIAGE)
    ]


def _handle(
    context: ReportResource,
    request: Request,
    form: Form,
    act: Act,
    page: str | Callable[[], dict[str, Any]],
    done: str,
) -> Any:
    """Show the form, or lock the report and act; `done` is said on the next page.

    `page`: the title of the page of a step, or what makes another one.
    """
    report, here = context.report, request.resource_path(context)

    def on_valid(values: dict[str, Any]) -> HTTPSeeOther:
        try:
            lock_report(request.db, report, values["versie"])
            # The page that tells of a refusal must not show what was done before it.
            with request.db.begin_nested():
                act(values)
        except StaleReportError:
            acts = _ACTS.get(request.view_name, ())
            if did_just(request.db, report, request.actor, acts, values["versie"]):
                request.flash(ALREADY.format(report.reference))
                return HTTPSeeOther(way_out(values, here))
            raise conflict(request.db, form, report, values["gezien"], ()) from None
        except WorkflowError as problem:
            raise FormError(str(problem), problem.field) from None
        if not is_partial(request):
            # In a workbench the bar says it.
            request.flash(f"{report.reference}: {done}")
        return HTTPSeeOther(way_out(values, here))

    def shown() -> dict[str, Any]:
        answer_in_panel(request)
        if isinstance(page, str):
            return step_page(context, request, page)
        return page()

    return handle_form(request, form, on_valid, shown)


def _form(
    context: ReportResource, request: Request, schema: Any, label: str, **values: Any
) -> Form:
    add_version(schema)
    add_way_back(schema)
    back = came_from(request, request.resource_path(context))
    known = {**version_values(context.report), **values, "terug": back}
    buttons = [Button("opslaan", label)]
    # In a panel the page around it has another address.
    return Form(
        schema,
        request,
        buttons=buttons,
        appstruct=known,
        action=request.path_qs,
        cancel_url=came_from(request, back, "hier"),
    )


def _too_late(context: ReportResource, request: Request, title: str) -> dict[str, Any] | None:
    """Return the page that says that this isn't possible in the present state, or None."""
    if context.report.state in services.ASSIGNABLE or request.method == "POST":
        return None
    return impossible(context, request, step_page(context, request, title))


def _must_stay(context: ReportResource, request: Request, title: str) -> dict[str, Any] | None:
    """Return the page that says why no day at all is possible, and what to do instead; or None."""
    report = context.report
    if report.snoozed_until is not None or request.method == "POST":
        return None
    latest = services.latest_snooze(report)
    if report.urgent:
        why = "U kunt een melding met spoed niet wegleggen. Behandel deze nu, of geef haar door."
    elif latest is not None and latest <= local_date(utc_now()):
        why = "Er is contact beloofd, en dat moet vandaag of moest al. Neem eerst contact op."
    else:
        return None
    request.response.status_int = 409
    steps = [("Uitdelen", request.resource_path(context, "uitdelen"))]
    if report.contact_deadline is not None:
        steps.insert(0, ("Contact vastleggen", request.resource_path(context, "contact")))
    return {**step_page(context, request, title), "form": None, "why": why, "steps": steps}


# Asked before the form is shown: its page has the contact data, and what is typed must stay.
@form_view(
    ReportResource,
    "contact",
    Permission.TRIAGE,
    "templates/contact.jinja2",
    guards=(recently_confirmed,),
)
def contact_view(context: ReportResource, request: Request) -> Any:
    """Show the form about an attempt to reach the reporter, and store how it went."""
    report, when = context.report, wish_to_call(context, request)
    proposal = services.proposed_attempt(when, utc_now())
    reachable = any(reached_by(request.db, report))
    form = contact_form(context, request, when, proposal, reachable=reachable)

    def act(values: dict[str, Any]) -> None:
        outcome, note = values["uitkomst"], values["toelichting"]
        next_at = _next_attempt(values, proposal)
        services.record_attempt(request.db, report, outcome, note, next_at, request.actor)

    page = partial(contact_page, context, request, when, reachable=reachable)
    return _handle(context, request, form, act, page, "het contact is vastgelegd.")


def contact_page(
    context: ReportResource, request: Request, when: str | None, *, reachable: bool
) -> dict[str, Any]:
    """Return what is said beside the form about contact: who it is, what happened, who helps.

    `when`: as of `wish_to_call`.
    """
    report, holder = context.report, None if context.holder == NATIONAL else context.holder
    published = published_for(request.db, holder)
    return {
        **step_page(context, request, CONTACT_TASK),
        "voicemail": services.voicemail_allowed(when),
        "reachable": reachable,
        "steps": possible_steps(request, context),
        "help_lines": published.help_for("nl", report.reporter_age_group, report.forms),
        **contact_of(context, request, CONTACT_TASK),
    }


@form_view(
    ReportResource,
    CONTACT_DATA,
    Permission.VIEW_CONTACT,
    "templates/contact_data.jinja2",
    guards=(recently_confirmed,),
)
def contact_data_view(context: ReportResource, request: Request) -> Any:
    """Ask why contact data is needed of a reporter who wants no contact; keep that, and show it."""
    reason = field(
        forms.Text(500),
        "Waarom hebt u deze nodig?",
        name="reden",
        description="Dit komt in de geschiedenis. Wie over zijn gegevens vraagt, kan horen dat u ze"
        " bekeek.",
        validator=forms.at_least(5),
    )
    form = _form(context, request, Schema(reason), "Contactgegevens tonen")

    def on_valid(values: dict[str, Any]) -> dict[str, Any]:
        services.note_opened(request.db, context.report, values["reden"], request.actor)
        return {**page(), "form": None, **contact_of(context, request, CONTACT_DATA, reason=True)}

    def page() -> dict[str, Any]:
        return step_page(context, request, "Contactgegevens")

    return handle_form(request, form, on_valid, page)


def contact_form(
    context: ReportResource,
    request: Request,
    when: str | None,
    proposal: datetime,
    *,
    reachable: bool,
) -> Form:
    """Make the form about an attempt to reach the reporter.

    Without a number and a mail address contact can only be given up. `when`: as of `wish_to_call`.
    `proposal`: the moment of the next attempt when none is chosen.
    """
    voicemail = services.voicemail_allowed(when)
    outcomes = [
        pair for pair in services.OUTCOMES.items() if voicemail or pair[0] != services.VOICEMAIL
    ]
    if not reachable:
        outcomes = [(NEEDLESS, "contact is niet meer nodig")]
    keys = {code: str(number) for number, (code, _) in enumerate(outcomes, 1)}
    later = Opened(
        f"De volgende poging. Leeg: {datetime_long(proposal)}", tuple(sorted(services.TRIED))
    )
    again = [
        field(forms.Date(), "Dag", name="dag", missing=None, drawn=later),
        field(forms.Time(), "Uur", name="uur", missing=None, drawn=later),
    ]
    schema = Schema(
        field(
            forms.OneOf(outcomes, radio=True),
            "Hoe ging het contact?",
            name="uitkomst",
            widget=forms.RadioChoice(values=outcomes, keys=keys),
        ),
        *(again if reachable else ()),
        text_field(
            "toelichting",
            "Toelichting",
            "Kort, zonder namen en nummers. Dit komt in de geschiedenis.",
            missing="",
        ),
    )
    return _form(context, request, schema, "Contact vastleggen")


def wish_to_call(context: ReportResource, request: Request) -> str | None:
    """Return when the reporter can be called, in own words, as far as this person may know it."""
    may_know = request.has_permission(Permission.VIEW_CONTACT, context)
    if not may_know or context.report.contact_folded:
        return None
    contact = read_contact(request.db, request.registry.key_ring, context.report)
    return contact.when if contact else None


def _next_attempt(values: dict[str, Any], proposal: datetime) -> datetime | None:
    """Return the moment that was chosen, or the proposal; none where no attempt follows.

    Raises:
        FormError: Only half of it was filled in.
    """
    day, hour = values.get("dag"), values.get("uur")
    if values["uitkomst"] not in services.TRIED:
        if day or hour:
            raise FormError(
                "Bij deze uitkomst is er geen volgende poging. Maak dag en uur leeg, of kies een"
                " andere uitkomst.",
                "dag",
            )
        return None
    if day is None and hour is None:
        return proposal
    if day is None or hour is None:
        raise FormError("Kies dag en uur, of laat beide leeg.", "uur" if day else "dag")
    return datetime.combine(day, hour, AMSTERDAM)


def assign_schema(people: Choices, signals: Sequence[str]) -> Any:
    """Make the form that gives a report to a colleague, or to nobody.

    `signals`: of danger, in words, where the form must ask about that.
    """
    choices = [*people, (services.NOBODY, "niemand: de melding wacht weer op een collega")]
    return Schema(
        *([danger_field(signals)] if signals else ()),
        field(forms.OneOf(choices, radio=len(choices) <= 8), "Behandelaar", name="behandelaar"),
        text_field("reden", "Reden", REASON),
    )


@form_view(ReportResource, "uitdelen", Permission.TRIAGE, STEP_PAGE)
def assign_view(context: ReportResource, request: Request) -> Any:
    """Show the form that gives the report to a colleague or to nobody, and do it."""
    title = "Uitdelen"
    if late := _too_late(context, request, title):
        return late
    session, report, actor = request.db, context.report, request.actor
    people = people_to_choose(request, context.holder)
    asks = services.takes_in_hand(report) and must_ask_danger(report)
    schema = assign_schema(people, signals_of(report) if asks else ())
    form = _form(context, request, schema, title)

    def act(values: dict[str, Any]) -> None:
        began, person = Began(report), uuid_of(values["behandelaar"])
        if asks:
            answer_danger(session, report, values[DANGER] == "ja", actor)
        services.assign(session, report, person, values["reden"], actor, began=began)

    return _handle(context, request, form, act, title, "de behandelaar is gewijzigd.")


def snooze_schema(latest: str, *, asleep: bool) -> Any:
    """Make the form that lets a report sleep; of one that does, an empty day wakes it.

    `latest`: the last day that is possible, in words.
    """
    hints = [f"Uiterlijk {latest}." if latest else ""]
    hints.append("Maak dit leeg om de melding meteen terug te zetten." if asleep else "")
    until = field(
        forms.Date(),
        "Weer in de lijst op",
        name="tot",
        description=" ".join(filter(None, hints)),
        **({"missing": None} if asleep else {}),
    )
    return Schema(until)


@form_view(ReportResource, "sluimeren", Permission.TRIAGE, STEP_PAGE)
def snooze_view(context: ReportResource, request: Request) -> Any:
    """Show the form that lets the report sleep until a day, and do it."""
    title, report = "Wegleggen", context.report
    if late := _too_late(context, request, title):
        return late
    if awake := _must_stay(context, request, title):
        return awake
    latest = services.latest_snooze(report)
    words_of = f"{date_text(latest)}: dan is er contact beloofd" if latest else ""
    schema = snooze_schema(words_of, asleep=report.snoozed_until is not None)
    form = _form(context, request, schema, "Vastleggen", tot=report.snoozed_until)

    def act(values: dict[str, Any]) -> None:
        services.snooze(request.db, report, values["tot"], request.actor)

    return _handle(context, request, form, act, title, "vastgelegd wanneer de melding terugkomt.")


@form_view(ReportResource, "notitie", Permission.TRIAGE, STEP_PAGE)
def note_view(context: ReportResource, request: Request) -> Any:
    """Show the form of a note for colleagues, and keep it."""
    title = "Notitie toevoegen"
    text = field(
        forms.Text(services.LONGEST_NOTE, lines=True),
        "Notitie",
        name="tekst",
        description="Voor collega’s. De melder, partners en andere gemeenten lezen dit niet."
        " Noem geen namen van verdachten.",
    )
    form = _form(context, request, Schema(text), title)

    def act(values: dict[str, Any]) -> None:
        services.add_note(request.db, context.report, values["tekst"], request.actor)

    return _handle(context, request, form, act, title, "de notitie is toegevoegd.")
