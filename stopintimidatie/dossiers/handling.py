"""What the pages of a dossier share: who acts, where to, and what to do when it can't be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.clock import utc_now
from stopintimidatie.dossiers.forms import CONTROLS
from stopintimidatie.dossiers.history import DossierError, StaleDossierError
from stopintimidatie.dossiers.resources import DossierResource
from stopintimidatie.dossiers.titles import concerns
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.security import Role
from stopintimidatie.web.filters import datetime_short, local
from stopintimidatie.web.forms import Change, ConflictError, Form, FormError, handle_form
from stopintimidatie.web.navigation import Crumb
from stopintimidatie.web.request import Request
from stopintimidatie.workflow import WorkflowError

FORM_PAGE = "stopintimidatie.dossiers:templates/form.jinja2"
Values = dict[str, Any]


def roles_at(request: Request, holder: str) -> frozenset[Role]:
    """The roles of this person for the holder of the page."""
    return frozenset() if request.identity is None else request.identity.roles_for(holder)


def today() -> date:
    return local(utc_now()).date()


def page_of(context: DossierResource, request: Request, part: str = "") -> str:
    """The address of the dossier, or of one of its parts."""
    path: str = request.resource_path(context)
    path = path.rstrip("/")
    return f"{path}?deel={part}" if part else path


def back_to(context: DossierResource, request: Request, part: str = "") -> HTTPSeeOther:
    return HTTPSeeOther(page_of(context, request, part))


def crumbs(request: Request, label: str) -> list[Crumb]:
    """The breadcrumb of a page that is not the document itself."""
    return [*request.breadcrumb, Crumb(label, request.path)]


def form_page(context: DossierResource, request: Request, heading: str) -> Values:
    """What every form in a dossier shows around itself."""
    return {
        "crumbs": crumbs(request, heading),
        "heading": heading,
        "above": f"{context.dossier.number} {context.dossier.title}",
    }


def only_live(context: DossierResource, request: Request) -> HTTPSeeOther | None:
    """The way back, with the reason, for who opens a form of a closed dossier.

    What was typed before it closed comes by POST and gets its answer on the form.
    """
    if request.method == "POST" or context.dossier.state in LIVE:
        return None
    request.flash("Dit dossier is afgesloten. Neem het eerst terug in aanpak.", "warning")
    return back_to(context, request)


def doubts_about_title(
    request: Request, areas: Iterable[tuple[str, str]], old: str = ""
) -> list[str]:
    """What in the title that was sent may tell who it is about; nothing for one that was there."""
    title = request.POST.get("titel", "") if request.method == "POST" else ""
    if not isinstance(title, str) or title == old:
        return []
    return concerns(title[:300], [name for _, name in areas])


def check_title(values: Values, doubts: Sequence[str]) -> None:
    """:raises DossierError: the title strikes, and nobody said that it is right."""
    if doubts and not values.get("titel_is_goed"):
        raise DossierError(
            f"Deze titel lijkt {' en '.join(doubts)} te bevatten. Maak de titel neutraal, of zet"
            " het vinkje eronder als de titel toch goed is.",
            "titel",
        )


def submit(
    request: Request,
    form: Form,
    act: Callable[[Values], Any],
    page: Mapping[str, Any],
    *,
    conflict: Callable[[Values], list[Change]] = lambda values: [],
) -> Any:
    """Handle a form whose work may be refused by a rule, or come after somebody else's."""

    def on_valid(values: Values) -> Any:
        try:
            answer = act(values)
            request.db.flush()
            return answer
        except StaleDossierError as stale:
            raise _conflict(form, stale.row, conflict(values)) from None
        except WorkflowError as problem:
            name = CONTROLS.get(problem.field or "", problem.field)
            raise FormError(str(problem), name) from None

    return handle_form(request, form, on_valid, page)


def _conflict(form: Form, row: Any, changes: list[Change]) -> ConflictError:
    """The form now carries the present version: sending it again is done with open eyes."""
    form["versie"].cstruct = str(row.version)
    return ConflictError(
        f"{row.changed_by} heeft dit gewijzigd op {datetime_short(row.changed_at)}. Uw invoer is"
        " niet opgeslagen en er is niets overschreven. Klopt uw invoer nog? Sla dan opnieuw op.",
        changes,
    )
