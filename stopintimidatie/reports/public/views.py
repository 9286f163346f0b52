"""/melden: where it was; /melden/dordrecht: what happened; and the answer on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import deform
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, handle_form, read_controls
from stopintimidatie.core.limits import sender_of
from stopintimidatie.core.sandbox.process import memory_file
from stopintimidatie.core.storage.session import between_transactions
from stopintimidatie.core.text import _
from stopintimidatie.core.tree.resources import TREE_ROOTS
from stopintimidatie.core.web.limits import TOO_BUSY, NoPlaceError
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.core.web.responses import LOCATING
from stopintimidatie.core.web.translation import keep_language, voice
from stopintimidatie.municipalities.areas.drawing import Sketch
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.areas.queries import all_municipalities, municipalities_by_name
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import Published, let_op
from stopintimidatie.municipalities.settings.standard import INFORMAL
from stopintimidatie.reports.arrival.submission import UnclearError, moment_of
from stopintimidatie.reports.attachments.cleaner import CleaningError
from stopintimidatie.reports.attachments.services import Upload, take
from stopintimidatie.reports.conversation.services import NotNowError
from stopintimidatie.reports.public import forms as public_forms
from stopintimidatie.reports.public import services as public_services
from stopintimidatie.reports.public.forms import STEPS, ChosenPoint, Where, reporting_schema
from stopintimidatie.reports.public.pages import (
    IN_TRANSIT,
    NATIONAL_LOOK,
    Reporting,
    ReportingPlace,
    comes_from_here,
    look_of,
    speak_to,
)
from stopintimidatie.reports.public.places import (
    FoundPlace,
    find_places,
    only_postcode,
    wijken_of,
)
from stopintimidatie.reports.public.services import (
    Counter,
    FormKey,
    Receipt,
    campaign_of,
    location_of,
    submission_of,
    take_in,
)
from stopintimidatie.reports.vocabulary import AgeGroup, LocationSource

START: Final = "stopintimidatie.reports.public:templates/reporting.jinja2"
PAGE: Final = "stopintimidatie.reports.public:templates/reporting_place.jinja2"
ANSWER: Final = "stopintimidatie.reports.public:templates/reporting_answer.jinja2"
WIJK: Final = "waar.wijk"
# The parameter with the step that one leaves, and the step about the place.
STEP, PLACE_STEP = "stap", "waar"
# The button of a place on the first page, with the age that was chosen there.
BEGIN: Final = "begin"
AGE: Final = "leeftijd.leeftijdsgroep"
MAP_CLICK: Final = f"{WIJK}.kaart.x"
STALE: Final = _(
    "Deze pagina stond lang open. Er is nog niets verstuurd, en wat u schreef staat er nog. Druk"
    " nog een keer op ‘Melding versturen’."
)
CAME: Final = _("De foto zit bij de melding, zonder plaats, tijd en toestel.")
WAITS: Final = _("De foto wacht op de virusscanner. Is hij veilig, dan komt hij bij de melding.")
BESIDE_THE_MAP: Final = _("Daar ligt geen wijk. Tik op de kaart, of kies een wijk uit de lijst.")


@form_view(Reporting, "", NO_PERMISSION_REQUIRED, START)
def start_view(context: Reporting, request: Request) -> dict[str, Any]:
    """Ask whether it happens now, and where it was. The words go by POST, so into no address."""
    typed = str(request.POST.get("plaats", ""))[:100] if request.method == "POST" else ""
    age = _age(request)
    speak_to(request, age, ())
    campaign = campaign_of(dict(query_pairs(request)).get("c"))

    def address(place: FoundPlace | str) -> str:
        return keep_language(request, _address(place, campaign))

    return {
        "typed": typed,
        "places": find_places(request.db, typed) if typed.strip() else None,
        "only_postcode": only_postcode(typed),
        "municipalities": municipalities_by_name(all_municipalities(request.db)),
        "address": address,
        "ages": AgeGroup.choices("nl"),
        "age": age,
        "branding": NATIONAL_LOOK,
    }


def _age(request: Request) -> str | None:
    """Return the age that was sent along, by its code; it stands in no address."""
    given = request.POST.get(AGE) if request.method == "POST" else None
    return given if given in {age.value for age in AgeGroup} else None


def _address(place: FoundPlace | str, campaign: str | None) -> str:
    """Return where to report for a place that was found, or for a name."""
    slug = place if isinstance(place, str) else place.municipality.slug
    wijk = None if isinstance(place, str) or not place.neighbourhood else place.neighbourhood.slug
    parameters = {name: value for name, value in (("wijk", wijk), ("c", campaign)) if value}
    return f"/melden/{slug}{'?' if parameters else ''}{urlencode(parameters)}"


@dataclass
class Visit:
    """One request for the form of a place, with what was found out about it."""

    place: ReportingPlace
    request: Request
    where: Where
    published: Published
    key: FormKey | None
    # Code of the wijk that was chosen so far.
    wijk: str | None
    missed: bool
    # The point that was tapped just now.
    point: ChosenPoint | None


@form_view(ReportingPlace, "", NO_PERMISSION_REQUIRED, PAGE, require_csrf=False)
def place_view(context: ReportingPlace, request: Request) -> Any:
    """Show the form in three steps; take a click on its map, or the report itself."""
    visit = _visit(context, request)
    if not visit.where.in_transit:
        request.response.headers["Permissions-Policy"] = LOCATING
    form = _form(visit)
    page = _page(visit, form)
    if request.method != "POST":
        return page
    if BEGIN in request.POST:
        form[STEPS[1] if visit.where.age else STEPS[0]].widget.current = True
        return page
    if not comes_from_here(request, signed=visit.key is not None):
        request.response.status_int = 400
        return _shown_again(visit, form, page, problem=STALE)
    if STEP in request.POST:
        return _next_step(visit, form, _shown_again(visit, form, page))
    if MAP_CLICK in request.POST or public_forms.AWAY in request.POST:
        return _shown_again(visit, form, page)
    answer = handle_form(request, form, lambda values: _send(visit, values), page)
    if visit.key is None:
        _renew(visit, form)
    return answer


def _visit(place: ReportingPlace, request: Request) -> Visit:
    areas = wijken_of(request.db, place.code) if place.code else []
    drawn = request.registry.sketches.sketch_of(request.db, place.code) if place.code else None
    chosen, missed, point = _chosen(request, areas, drawn)
    path = request.resource_path(place)
    published = published_for(request.db, place.code)
    where = Where(
        name=place.title,
        neighbourhoods=[(area.code, area.name) for area in areas],
        in_transit=place.__name__ == IN_TRANSIT,
        map_address=_map_address(path, areas, chosen) if drawn else None,
        action=keep_language(request, path),
        questions=published.questions("app"),
        age=_age(request),
    )
    typed = str(request.POST.get("invoer", "")) if request.method == "POST" else ""
    own = [str(words) for question in where.questions for words in question.words.values()]
    warned = place.municipality and let_op(published, place.title, INFORMAL)
    speak_to(request, where.age, [*own, warned or ""])
    key = public_services.read(request.registry.key_ring, typed, str(place.__name__), utc_now())
    return Visit(place, request, where, published, key, chosen, missed, point)


def _chosen(
    request: Request, areas: list[Neighbourhood], drawn: Sketch | None
) -> tuple[str | None, bool, ChosenPoint | None]:
    """Return the wijk so far, whether a click on the map missed, and the point of the click."""
    if request.method != "POST" or BEGIN in request.POST:
        slug = dict(query_pairs(request)).get("wijk")
        return next((area.code for area in areas if area.slug == slug), None), False, None
    chosen = str(request.POST.get(WIJK, ""))
    so_far = chosen if chosen in {area.code for area in areas} else None
    if MAP_CLICK not in request.POST or drawn is None:
        return so_far, False, None
    tap = drawn.tap(request.POST, WIJK)
    if tap is None:
        return so_far, True, None
    code, lat, lon, accuracy = tap
    return code, False, ChosenPoint(lat, lon, accuracy, LocationSource.PIN)


def _map_address(path: str, areas: list[Neighbourhood], chosen: str | None) -> str:
    slug = next((area.slug for area in areas if area.code == chosen), None)
    return f"{path}/kaart" + (f"?wijk={slug}" if slug else "")


def _form(visit: Visit) -> Form:
    request = visit.request
    opening: dict[str, Any] = {
        "invoer": _new_key(visit),
        "campagne": campaign_of(dict(query_pairs(request)).get("c")),
        "leeftijd": {"leeftijdsgroep": visit.where.age},
    }
    if visit.wijk is not None:
        opening["waar"] = {"wijk": visit.wijk}
    return Form(
        reporting_schema(visit.where),
        request,
        buttons=[Button("versturen", _("Melding versturen"))],
        action=visit.where.action,
        appstruct=opening,
    )


def _new_key(visit: Visit) -> str:
    return public_services.sign(
        visit.request.registry.key_ring, str(visit.place.__name__), utc_now()
    )


def _renew(visit: Visit, form: Form) -> None:
    """Give the form a key that counts, whatever was sent along."""
    form["invoer"].cstruct = _new_key(visit)


def _page(visit: Visit, form: Form) -> dict[str, Any]:
    municipality, published = visit.place.municipality, visit.published
    return {
        "form": form,
        "place": visit.place,
        "let_op": let_op(published, municipality.name, voice()) if municipality else None,
        "branding": look_of(municipality, published),
        "statement": _statement_of(visit.place),
    }


def _statement_of(place: ReportingPlace) -> str:
    """Return the address of the privacy statement about reports of this place."""
    return f"/privacy/{place.__name__}" if place.code else "/privacy"


def _shown_again(
    visit: Visit, form: Form, page: dict[str, Any], *, problem: str | None = None
) -> dict[str, Any]:
    """Return the page as it was sent, with the wijk of the map; nothing is judged or kept."""
    sent = read_controls(form, visit.request.POST.items())
    if "wijk" in sent["waar"] and visit.wijk is not None:
        sent["waar"]["wijk"] = visit.wijk
    if visit.point is not None:
        sent["waar"][public_forms.NAME] = str(visit.point)
    elif public_forms.AWAY in visit.request.POST:
        sent["waar"][public_forms.NAME] = ""
    form.cstruct = form.deserialize(sent)
    if visit.missed:
        form.add_error(BESIDE_THE_MAP, WIJK)
    if problem:
        form.add_error(problem)
    if visit.key is None:
        _renew(visit, form)
    return page


def _next_step(visit: Visit, form: Form, page: dict[str, Any]) -> dict[str, Any]:
    """Return the page with the next step, or with the one that was sent and its mistakes."""
    request = visit.request
    name = str(request.POST.get(STEP))
    if name not in STEPS[:-1]:
        raise HTTPNotFound()
    try:
        values = form[name].validate_pstruct(read_controls(form, request.POST.items())[name])
        if name == PLACE_STEP:
            moment_of(values["datum"], values["tijd"], values["dagdeel"], utc_now())
            location_of(values, visit.where)
    except deform.ValidationFailure:
        pass
    except UnclearError as unclear:
        form.add_error(unclear.message, f"{PLACE_STEP}.{unclear.field}")
    if form.failed:
        request.response.status_int = 422
    form[name if form.failed else STEPS[STEPS.index(name) + 1]].widget.current = True
    return page


def _send(visit: Visit, values: dict[str, Any]) -> dict[str, Any]:
    request = visit.request
    if visit.key is None:
        raise FormError(STALE)
    try:
        given = submission_of(values, visit.where, utc_now())
    except UnclearError as unclear:
        raise FormError(unclear.message, f"{PLACE_STEP}.{unclear.field}") from None
    registry = request.registry
    receipt = take_in(
        request.db,
        registry.key_ring,
        registry.locator_cache,
        Counter(visit.place, visit.published, values["waar"].get("wijk")),
        given,
        visit.key,
        registry.senders.watch(sender_of(request.environ, request.app_settings), None, request.db),
    )
    speak_to(request, given.reporter_age_group, receipt.texts)
    request.override_renderer = ANSWER
    return {
        "receipt": receipt,
        "photo": _keep_photo(request, receipt, values["uzelf"]["foto"]),
        "can_follow": "volgen" in TREE_ROOTS.of(registry),
        "place": visit.place,
        "branding": look_of(visit.place.municipality, visit.published),
        "statement": _statement_of(visit.place),
    }


def _keep_photo(request: Request, receipt: Receipt, given: Any) -> tuple[str, str] | None:
    """Keep the photo of a report that came in; return how that went, and in which words."""
    if given is None:
        return None
    # Whatever happens when the file is opened: the report is stored.
    with between_transactions(request):
        pass
    try:
        with memory_file() as file:
            file.write(given.content)
            made = take(Upload(request, receipt.copy, file, "melden"))
    except (CleaningError, NotNowError, NoPlaceError) as refused:
        return "warning", str(refused) or TOO_BUSY
    return "info", WAITS if made.sealed else CAME


@view_config(
    context=ReportingPlace,
    name="kaart",
    request_method="GET",
    permission=NO_PERMISSION_REQUIRED,
)
def map_view(context: ReportingPlace, request: Request) -> Response:
    """Send the map of a municipality as a picture."""
    code = context.code
    drawn = request.registry.sketches.sketch_of(request.db, code) if code else None
    if code is None or drawn is None:
        raise HTTPNotFound()
    slug = dict(query_pairs(request)).get("wijk")
    areas = wijken_of(request.db, code) if slug else []
    chosen = next((area.code for area in areas if area.slug == slug), None)
    return Response(drawn.svg(chosen), content_type="image/svg+xml", charset="utf-8")
