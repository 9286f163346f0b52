"""/volgen: the reporter reads, adds, answers and withdraws. No account, no script needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import BusyError, Button, Form, FormError, handle_form
from stopintimidatie.core.limits import PATIENCE_SECONDS, Turnstile
from stopintimidatie.core.sandbox.process import memory_file
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.text import _, local
from stopintimidatie.core.web.components import ELSEWHERE, panels
from stopintimidatie.core.web.limits import TOO_BUSY, NoPlaceError
from stopintimidatie.core.web.request import Request, query_pairs
from stopintimidatie.core.web.translation import gettext, keep_language, language
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.municipalities.areas.queries import municipality_by_code
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import read_from
from stopintimidatie.reports.attachments.cleaner import LATER, CleaningError
from stopintimidatie.reports.attachments.services import (
    MOST,
    WAITING,
    Attachment,
    Upload,
    attachments_of,
    take,
)
from stopintimidatie.reports.conversation.decisions import (
    WITHDRAWN,
    keep_for_police,
    take_back,
    taken_back,
    withdraw,
)
from stopintimidatie.reports.conversation.queries import (
    STOPPED,
    Copy,
    Standing,
    answers_told,
    blanks_of,
    explanation,
    follow,
    keeping_of,
    let_op_of,
)
from stopintimidatie.reports.conversation.services import (
    CLOSED_TEXTS,
    NotNowError,
    add_message,
    contact_known,
    give_verdict,
    set_contact,
)
from stopintimidatie.reports.conversation.words import Situation, fill, message_title, sentence
from stopintimidatie.reports.follow.forms import (
    HOME,
    EnterSchema,
    contact_form,
    form_of,
    message_form,
    takes_clips,
    upload_form,
    verdict_form,
)
from stopintimidatie.reports.follow.resources import (
    Follower,
    FollowPages,
    follower_of,
    set_follower,
)
from stopintimidatie.reports.rules import normalise_follow_code, normalise_reference

REPORT: Final = "/volgen/melding"
TEMPLATES: Final = "stopintimidatie.reports.follow:templates/"
# The name under which higher rooms add sections to the page of the report.
PANELS: Final = "volgen"
# And this for what the reporter must see first.
FIRST_PANELS: Final = "volgen_eerst"

Page = dict[str, Any]
View = Callable[[Any, Request], Any]
FollowView = Callable[[Request, Standing], Any]


class TooOftenError(FormError):
    """Too many wrong codes from here."""

    status = 429


def page(name: str, template: str | None, *methods: str) -> Callable[[View], View]:
    """Return the decorator of a public view of /volgen."""

    def register(plain: View) -> View:
        @wraps(plain)
        def view(context: Any, request: Request) -> Any:
            """Return the page with its words in the reader's language."""
            return plain(context, request)

        registered: View = view_config(
            context=FollowPages,
            name=name,
            request_method=methods,
            permission=NO_PERMISSION_REQUIRED,
            renderer=TEMPLATES + template if template else None,
        )(view)
        return registered

    return register


@page("", "follow_enter.jinja2", "GET", "POST")
def enter(context: FollowPages, request: Request) -> Any:
    """Ask reference and code; whoever has just given them goes on to the report."""
    if request.method == "GET" and follower_of(request) is not None:
        return HTTPSeeOther(keep_language(request, REPORT))
    form = form_of(request, EnterSchema(), Button("bekijken", _("Melding bekijken")), HOME)

    def on_valid(values: Page) -> Any:
        who = Follower(
            normalise_reference(values["kenmerk"]) or values["kenmerk"],
            normalise_follow_code(values["volgcode"]) or "",
        )
        turnstile = Turnstile(request.registry.senders, request.environ)
        if turnstile.closed():
            request.response.headers["Retry-After"] = str(PATIENCE_SECONDS)
            raise TooOftenError(
                _(
                    "Er is vanaf deze plek te vaak een verkeerde code ingevuld. Wacht een"
                    " kwartier en probeer het dan nog eens."
                )
            )
        if standing_of(request, who) is None:
            turnstile.guessed()
            raise FormError(
                _(
                    "Bij dit kenmerk en deze volgcode vinden wij geen melding. Kijk"
                    " allebei goed na. Is het lang geleden? Als de bewaartermijn voorbij"
                    " is, vernietigen wij een melding. Bent u de volgcode kwijt? Wij"
                    " kunnen haar niet opzoeken: bel dan uw gemeente, of doe een nieuwe"
                    " melding."
                )
            )
        response = HTTPSeeOther(keep_language(request, REPORT))
        set_follower(request, response, who)
        return response

    return handle_form(request, form, on_valid, {"done": "klaar" in dict(query_pairs(request))})


def report_page(name: str, template: str, *methods: str) -> Callable[[FollowView], View]:
    """Return the decorator of a page of the report; who may not follow it begins again."""

    def register(plain: FollowView) -> View:
        @page(name, template, *methods)
        @wraps(plain)
        def view(context: FollowPages, request: Request) -> Any:
            who = follower_of(request)
            standing = standing_of(request, who) if who else None
            if standing is None:
                return _gone(request, keep_language(request, HOME))
            return plain(request, standing)

        return view

    return register


@report_page("melding", "follow.jinja2", "GET")
def show_report(request: Request, standing: Standing) -> Any:
    """Show how the report stands, the conversation, and what the reporter can do."""
    # Whoever is busy here isn't sent away in the middle of it.
    set_follower(request, request.response, follower_of(request))
    shown = _shown(request, standing)
    done = _done(request, standing, shown)
    words = said(request, standing, (done or "").removesuffix("_zonder_contact"))
    return {**shown, "done": done, "done_told": words}


def _done(request: Request, standing: Standing, shown: Page) -> str | None:
    """Return the name of what was just done, as far as the report agrees.

    Somebody else may have made the link: it can't say that something was done that wasn't.
    """
    done, keeping = dict(query_pairs(request)).get("gedaan", ""), shown["keeping"]
    phone, mail, folded = shown["contact_known"]
    if done == "toch":
        back = taken_back(request.registry.engine, standing.copy)
        return None if back is None else "toch" if back else "toch_zonder_contact"
    if done == "ingetrokken" and keeping.contact_kept:
        done = "ingetrokken_bewaard"
    if done == "contact" and folded and (phone or mail):
        return "contact_dicht"
    agrees = {
        "contact": phone or mail,
        "bericht": any(message.from_reporter for message in standing.messages),
        "mening": standing.verdict is not None,
        "bijlage": bool(shown["files"]),
        "bijlage_wacht": any(file.sealed == WAITING for file in shown["files"]),
        "ingetrokken": standing.status == WITHDRAWN,
        "ingetrokken_bewaard": standing.status == WITHDRAWN,
        "bewaren": keeping.asked,
    }
    return done if agrees.get(done) else None


@report_page("bericht", "follow.jinja2", "POST")
def message(request: Request, standing: Standing) -> Any:
    """Take what the reporter adds or answers."""

    def act(values: Page) -> str:
        effects = WORKFLOW_EFFECTS.of(request.registry)
        add_message(request.registry.engine, effects, standing.copy, values["tekst"])
        return "bericht"

    return _take(request, standing, "form", message_form(request, standing), act)


@report_page("contactgegevens", "follow.jinja2", "POST")
def contact(request: Request, standing: Standing) -> Any:
    """Take another telephone number or mail address of the reporter."""
    registry = request.registry

    def act(values: Page) -> str:
        phone, email = values["telefoon"], values["email"]
        if not (phone or email):
            raise FormError(_("Vul een telefoonnummer of een e-mailadres in."), "telefoon")
        set_contact(registry.engine, registry.key_ring, standing.copy, phone, email)
        return "contact"

    return _take(request, standing, "contact", contact_form(request), act)


@report_page("bijlage", "follow.jinja2", "POST")
def attachment(request: Request, standing: Standing) -> Any:
    """Take a photo, sound or video of the reporter."""

    def act(values: Page) -> str:
        with memory_file() as file:
            file.write(values["bestand"].content)
            made = take(Upload(request, standing.copy, file, "volgen"))
        return "bijlage_wacht" if made.sealed else "bijlage"

    return _take(request, standing, "upload", upload_form(request), act)


@report_page("mening", "follow.jinja2", "POST")
def verdict(request: Request, standing: Standing) -> Any:
    """Take whether it helped: one question, when it is over."""

    def act(values: Page) -> str:
        give_verdict(request.registry.engine, standing.copy, values["geholpen"])
        return "mening"

    return _take(request, standing, "verdict", verdict_form(request, standing), act)


def _take(
    request: Request, standing: Standing, name: str, form: Form, act: Callable[[Page], str]
) -> Any:
    """Handle a form of the page of the report, where it stands under this name.

    `act`: does it, and returns the name of what was done.
    """
    field = form.schema.children[0].name

    def on_valid(values: Page) -> Any:
        try:
            return _shown_again(request, act(values))
        except NotNowError as refused:
            raise FormError(str(refused), field) from None
        except CleaningError as refused:
            later = refused.fault in LATER
            raise (BusyError if later else FormError)(str(refused), field) from None
        except NoPlaceError:
            raise BusyError(TOO_BUSY, field) from None

    made = handle_form(request, form, on_valid)
    return (
        {**_shown(request, standing), name: form, "done": None} if isinstance(made, dict) else made
    )


def _shown_again(request: Request, done: str) -> HTTPSeeOther:
    """Return to the page of the report, which says what was done."""
    return HTTPSeeOther(keep_language(request, f"{REPORT}?gedaan={done}#inhoud"))


@report_page("intrekken", "follow_withdraw.jinja2", "GET", "POST")
def withdraw_page(request: Request, standing: Standing) -> Any:
    """Tell what withdrawing does, and withdraw when the button is pressed."""
    why = None
    if request.method == "POST":
        try:
            withdraw(request.registry, standing.copy)
        except NotNowError as refused:
            request.response.status_int = 409
            why = gettext(str(refused))
        else:
            return _shown_again(request, "ingetrokken")
    return {
        "standing": standing,
        "refused": why,
        "keeping": keeping_of(request.registry, standing.copy),
        "other_side": said(request, standing, "intrekken"),
    }


@report_page("toch-niet", "follow.jinja2", "POST")
def take_back_view(request: Request, standing: Standing) -> Any:
    """Take a withdrawal back, while that is possible."""
    return _press(request, standing, take_back, "toch")


@report_page("bewaren", "follow.jinja2", "POST")
def keep_view(request: Request, standing: Standing) -> Any:
    """Have the report kept for a report to the police, when it would soon be destroyed."""
    return _press(request, standing, keep_for_police, "bewaren")


def _press(
    request: Request, standing: Standing, act: Callable[[Any, Copy], None], done: str
) -> Any:
    """Do what a button without a form asks."""
    try:
        act(request.registry, standing.copy)
    except NotNowError as refused:
        return refuse(request, standing, str(refused))
    return _shown_again(request, done)


def refuse(request: Request, standing: Standing, why: str, status: int = 409) -> Page:
    """Return the page of the report with the reason why something can't be done now."""
    request.response.status_int = status
    return {**_shown(request, standing), "done": None, "refused": gettext(why)}


@page("sluiten", None, "POST")
def leave(context: FollowPages, request: Request) -> Any:
    """Forget the reporter on this device."""
    return _gone(request, keep_language(request, f"{HOME}?klaar=ja"))


@page("weg", None, "GET")
def leave_at_once(context: FollowPages, request: Request) -> Any:
    """Leave this page at once, so that the report can't be opened by going back."""
    return _gone(request, ELSEWHERE)


def _gone(request: Request, address: str) -> HTTPSeeOther:
    response = HTTPSeeOther(address)
    set_follower(request, response, None)
    return response


def standing_of(request: Request, who: Follower) -> Standing | None:
    """Return the report that reference and code open."""
    registry = request.registry
    return follow(registry.engine, registry.key_ring, who.reference, who.code)


def _shown(request: Request, standing: Standing) -> Page:
    """Return what stands on the page of the report."""
    closed = standing.copy.state in CLOSED_TEXTS
    stopped = standing.copy.state in STOPPED
    # It was handled, so that one can say what one thinks of that.
    done = standing.status == "afgerond" and not standing.double
    files = _files(request, standing)
    full = sum(file.takes_place for file in files) >= MOST
    # Whatever it said before: what is sent now would reach nobody.
    gone = standing.situation is Situation.GONE
    municipality = municipality_by_code(request.db, standing.municipality_code or "")
    published = published_for(request.db, standing.municipality_code)
    keeping, blanks = keeping_of(request.registry, standing.copy), blanks_of(request.db, standing)
    return {
        "standing": standing,
        "refused": None,
        "keeping": keeping,
        "panels": panels(request, PANELS, standing),
        "first_panels": panels(request, FIRST_PANELS, standing),
        "today": local(utc_now()).date(),
        "status_text": fill(standing.status_text, blanks),
        "told": fill(explanation(standing), blanks),
        "answers": answers_told(standing),
        "who_opens": said(request, standing, "bestanden_weg" if stopped else "bestanden"),
        "message_title": message_title,
        "no_messages": said(request, standing, "leeg"),
        "read_from": read_from(published, standing.received_at, utc_now(), language()),
        "municipality": municipality.name if municipality else None,
        "question": next((m.text for m in reversed(standing.messages) if m.kind == "vraag"), ""),
        "help_lines": published.help_for(language(), standing.age_group, ()),
        "let_op": let_op_of(request.db, standing, language()),
        "verdict": verdict_form(request, standing) if done else None,
        "files": files,
        "clips": takes_clips(request),
        "upload": None if closed or full or gone else upload_form(request),
        "form": None if closed or gone else message_form(request, standing),
        "contact": None if closed or gone else contact_form(request),
        "contact_known": contact_known(request.registry.engine, standing.copy),
        "may_withdraw": not closed,
    }


def said(request: Request, standing: Standing, name: str) -> str:
    """Return the sentence of this name for where the report is, in the reader's language."""
    return fill(sentence(standing.situation, name), blanks_of(request.db, standing))


def _files(request: Request, standing: Standing) -> list[Attachment]:
    copy = standing.copy
    with transaction(request.registry.engine, copy.holder, write=False) as session:
        return attachments_of(session, copy.report_id)
