"""The page of one destruction list: its lines, what can be decided, and the step of each role."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.hands import hands_of
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.factors.confirmation import recently_confirmed
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.text import days_until, plural
from stopintimidatie.core.web.components import (
    RailDecision,
    WorkbenchRow,
    is_partial,
    turn_of,
)
from stopintimidatie.core.web.request import (
    NavItem,
    Paging,
    Request,
    page_view,
    post_view,
    query_pairs,
    wanted_page,
    with_params,
)
from stopintimidatie.dossiers.resources import path_of_dossier
from stopintimidatie.privacy.destruction import services, words
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    LineDecision,
    ListState,
)
from stopintimidatie.privacy.destruction.queries import (
    AUTHORISED,
    GONE,
    STANDINGS,
    UNDECIDED,
    LineFilter,
    Numbers,
    archive_keys,
    held_by,
    is_late,
    line_of,
    lines_of,
    numbers_of,
    people_of,
    standing_of,
    statements_of,
    step_lines,
    tombstone_of,
    without_archive,
)
from stopintimidatie.privacy.destruction.requests import WITHDRAW, acts_of, extensions_on
from stopintimidatie.privacy.destruction.resources import ListResource, may_open
from stopintimidatie.privacy.destruction.rules import ASSESSES, AUTHORISES, CHECKS, other_step
from stopintimidatie.privacy.retention.models import Extension
from stopintimidatie.reports.vocabulary import KIND as REPORT

TEMPLATES: Final = "stopintimidatie.privacy.destruction:templates"
# The parameter that names the line in hand, by the reference of its document.
LINE: Final = "regel"
ANY: Final = "alles"
TASK: Final = "vernietigingslijst bekijken"
# Told with what comes first on a list: what nobody decided yet.
CHANGED: Final = "De lijst is intussen veranderd. Kijk haar opnieuw na, en doe het dan nog eens."
BY_CONTROLLER: Final = "langer dan het uiterste besluit alleen de verwerkingsverantwoordelijke"
IS_ASKED: Final = "er is gevraagd of het langer mag blijven"
NOT_NOW: Final = {
    AUTHORISED: "dit is al gemachtigd; haal het eerst terug",
}


def filter_of(request: Request) -> LineFilter:
    """Return the lines that the address asks for."""
    asked = dict(query_pairs(request))
    standing = asked.get("stand", "")
    return LineFilter(
        retention_class=asked.get("klasse", "")[:40],
        standing=standing if standing in STANDINGS else "",
        late=asked.get("laat") == "ja",
    )


@page_view(ListResource, "", Permission.VIEW_RETENTION, f"{TEMPLATES}/list.jinja2")
def list_view(context: ListResource, request: Request) -> dict[str, Any]:
    """Show the lines of a list beside the one in hand (`?regel=M-4F7K-2QX9`)."""
    session, row, today = request.db, context.row, local_date(utc_now())
    if is_partial(request):
        # The address follows what is shown, also after a decision that led here.
        request.response.headers["HX-Push-Url"] = request.path_qs
    wanted = filter_of(request)
    numbers = numbers_of(session, [row.id], today, wanted).get(row.id, Numbers())
    paging = Paging(wanted_page(request), numbers.shown(wanted.retention_class))
    lines = lines_of(session, row.id, wanted, today, paging.span)
    asked = dict(query_pairs(request)).get(LINE, "")[:20]
    line = _in_hand(session, row, lines, asked)
    held = held_by(session, [*lines, *([line] if line is not None and line not in lines else ())])
    _note(context, request, [*lines, *([line] if line is not None else ())])
    known = extensions_on(session, line.document_id) if line is not None else ()
    shown = Shown(context, request, lines, line, numbers, next(iter(known), None))
    return {
        "row": row,
        "state": words.state_of_list(row),
        "numbers": words.summary(numbers),
        "late": numbers.late,
        "early": words.earlier(numbers.early),
        "turn_words": words.turn(row, numbers),
        "step": step_of(context, request, numbers),
        "people": words.people(people_of(session, row.id), row),
        "statements": statements_of(session, row.id) if numbers.standings[GONE] else [],
        "register": request.resource_path(context.__parent__),
        "views": _views(request, numbers, wanted),
        "classes": _classes(request, numbers, wanted),
        "items": _rows(shown, held),
        "paging": paging,
        "turn": turn_of(request, paging, LINE),
        "asked": asked,
        "detail": _detail(shown, held) if line is not None else None,
        "rail": rail_of(shown) if line is not None else [],
        "choose": LINE if _decides(context, request) else None,
        "together": request.resource_path(context, "samen"),
        "all_together": _all_together(context, request, numbers, paging),
        "may_assess": bool(request.has_permission(Permission.ASSESS_DESTRUCTION, context)),
    }


@dataclass(frozen=True)
class Shown:
    """A page of a list: its lines, the one in hand, and the numbers of all."""

    context: ListResource
    request: Request
    lines: Sequence[DestructionLine]
    line: DestructionLine | None
    numbers: Numbers
    # The latest request to keep the document in hand beyond its maximum.
    asked: Extension | None

    def label(self, code: str) -> str:
        """Return a retention class in few words."""
        return words.class_label(RETENTION_CLASSES.of(self.request.registry), code)


def _in_hand(
    session: Session, row: DestructionList, lines: Sequence[DestructionLine], asked: str
) -> DestructionLine | None:
    """Return the line that the address names; without one the first, rather an undecided one."""
    if asked == "laatste":
        return lines[-1] if lines else None
    if asked:
        known = next((line for line in lines if line.reference == asked), None)
        return known or line_of(session, row.id, asked)
    undecided = (line for line in lines if standing_of(line) == UNDECIDED)
    return next(undecided, lines[0] if lines else None)


def _note(context: ListResource, request: Request, lines: Sequence[DestructionLine]) -> None:
    """Note that these reports were seen on a list."""
    ids = {line.document_id: None for line in lines if line.document_kind == REPORT}
    note_read(request, context.holder, REPORT, list(ids), task=TASK)


def _decides(context: ListResource, request: Request) -> bool:
    """Tell whether this person decides on lines: the process owner, and who holds them back."""
    return bool(request.has_permission(Permission.HOLD, context))


def _views(request: Request, numbers: Numbers, wanted: LineFilter) -> list[NavItem]:
    """Return the states of lines to choose from, and what is late."""
    plain = {"pagina": None, LINE: None}
    views = [
        NavItem(
            "Alles",
            with_params(request, stand=None, laat=None, **plain),
            current=not wanted.standing and not wanted.late,
            count=numbers.total,
        ),
        *(
            NavItem(
                label,
                with_params(request, stand=code, laat=None, **plain),
                current=wanted.standing == code,
                count=numbers.standings[code],
            )
            for code, label in STANDINGS.items()
        ),
        NavItem(
            "Te laat",
            with_params(request, stand=None, laat="ja", **plain),
            current=wanted.late,
            count=numbers.late,
        ),
    ]
    return [view for view in views if view.count or view.current or view is views[0]]


def _classes(request: Request, numbers: Numbers, wanted: LineFilter) -> list[NavItem]:
    """Return the classes to choose from; none when there is but one."""
    classes = RETENTION_CLASSES.of(request.registry)
    plain = {"pagina": None, LINE: None}
    if len(numbers.classes) < 2:
        return []
    return [
        NavItem(
            words.class_label(classes, code),
            with_params(request, klasse=None if wanted.retention_class == code else code, **plain),
            current=wanted.retention_class == code,
            count=numbers.classes[code],
        )
        for code in sorted(numbers.classes)
    ]


def _rows(shown: Shown, held: Any) -> list[WorkbenchRow]:
    today = local_date(utc_now())
    rows = []
    for line in shown.lines:
        open_ = standing_of(line) not in (GONE, AUTHORISED)
        # The day of a line that was put off or held back says nothing any more.
        counts = standing_of(line) in (UNDECIDED, LineDecision.GOES)
        number = shown.numbers.classes[line.retention_class]
        rows.append(
            WorkbenchRow(
                title=line.reference,
                href=with_params(shown.request, **{LINE: line.reference}),
                meta=words.row_facts(line, held.get(line.document_id, ())),
                days=(line.due_on - today).days if counts else None,
                days_text=f"aan de beurt {days_until(line.due_on)}" if counts else "",
                fresh=standing_of(line) == UNDECIDED,
                current=line is shown.line,
                value=line.reference if open_ else "",
                group=f"{shown.label(line.retention_class)} ({number})",
            )
        )
    return rows


def _detail(shown: Shown, held: Any) -> dict[str, Any]:
    """Return what is shown of the line in hand: never its content."""
    line, request = shown.line, shown.request
    assert line is not None  # noqa: S101 - the caller has one
    today, late = local_date(utc_now()), is_late(line, local_date(utc_now()))
    why = held.get(line.document_id, [])
    rows = words.line_rows(line, shown.label(line.retention_class), why, today, late)
    rows += [("Sleutel van het archief", key) for key in archive_keys(request.db, [line]).values()]
    return {
        "line": line,
        "standing": STANDINGS[standing_of(line)],
        "gone": line.gone_at is not None,
        "late": late,
        "rows": rows,
        "asked": words.request_rows(shown.asked) if shown.asked is not None else [],
        "held": why,
        "href": _way_to(shown.context, request, line),
    }


def _way_to(context: ListResource, request: Request, line: DestructionLine) -> str | None:
    """Return the address of the document for who may open it; None for others."""
    identity = request.identity
    if line.gone_at is not None:
        stone = tombstone_of(request.db, line.document_id)
        path: str | None = request.resource_path(context.__parent__, stone) if stone else None
        return path
    if identity is None or not may_open(identity, context.holder, line.document_kind):
        return None
    if line.document_kind == REPORT:
        return f"/m/{line.reference}"
    return path_of_dossier(request.db, line.document_id)


def rail_of(shown: Shown) -> list[RailDecision]:
    """Return what can be decided about the line in hand; empty for a role that decides nothing."""
    context, request, line = shown.context, shown.request, shown.line
    assert line is not None  # noqa: S101 - the caller has one
    here = request.resource_path(context).rstrip("/")
    query = f"?{LINE}={line.reference}"
    standing = standing_of(line)
    closed = NOT_NOW.get(standing, "")
    only = closed or (BY_CONTROLLER if line.at_maximum else "")
    open_ = shown.asked if shown.asked is not None and shown.asked.outcome is None else None
    decisions = []
    if request.has_permission(Permission.ASSESS_DESTRUCTION, context):
        fields = {"gezien": services.fingerprint([line]), "terug": _next(shown)}
        decisions = [
            RailDecision(
                "1",
                "Mee",
                post=f"{here}/mee{query}",
                fields=fields,
                disabled_reason=closed or (IS_ASKED if open_ else ""),
            ),
            RailDecision("2", "Uitstellen tot", f"{here}/uitstellen{query}", disabled_reason=only),
        ]
    if _decides(context, request):
        decisions.append(
            RailDecision("3", "Vasthouden", f"{here}/vasthouden{query}", disabled_reason=only)
        )
    if may_take_back(context, request) and standing == AUTHORISED:
        decisions.append(RailDecision("4", "Terughalen", f"{here}/terughalen{query}"))
    return decisions if closed else [*decisions, *_longer(shown, open_, f"{here}/", query)]


def _longer(shown: Shown, asked: Extension | None, here: str, query: str) -> Iterator[RailDecision]:
    """Yield what this person can do about keeping the document beyond its maximum."""
    identity, line = shown.request.identity, shown.line
    assert line is not None  # noqa: S101 - the caller has one
    acts = acts_of(shown.request.db, identity, line, asked) if identity is not None else ()
    for key, (name, label) in enumerate(acts, 5):
        href = f"{here}{name}{'&' if '?' in name else '?'}{query[1:]}"
        if name == WITHDRAW and asked is not None:
            fields = {"gezien": services.fingerprint([asked])}
            yield RailDecision(str(key), label, post=href, fields=fields)
        else:
            yield RailDecision(str(key), label, href)


def may_take_back(context: ListResource, request: Request) -> bool:
    """Tell whether this person may take back what is authorised: process owner and archivist."""
    either = (Permission.ASSESS_DESTRUCTION, Permission.AUTHORISE_DESTRUCTION)
    return any(request.has_permission(permission, context) for permission in either)


def _next(shown: Shown) -> str:
    """Return the page of the line after the one in hand."""
    lines = list(shown.lines)
    place = lines.index(shown.line) + 1 if shown.line in lines else len(lines)
    after = [line for line in lines[place:] if standing_of(line) == UNDECIDED]
    reference = after[0].reference if after else None
    return with_params(shown.request, **{LINE: reference})


def _all_together(
    context: ListResource, request: Request, numbers: Numbers, paging: Paging
) -> list[tuple[str, str]]:
    """Return the ways to decide on all lines of these filters at once, beyond this page."""
    if paging.pages < 2 or not _decides(context, request):
        return []
    path = request.resource_path(context, "samen")
    query = with_params(request, pagina=None, **{LINE: None, ANY: "ja"}).partition("?")[2]
    return [
        (label, f"{path}?{query}&besluit={code}")
        for code, label in (
            ("mee", "mee"),
            ("uitgesteld", "uitstellen"),
            ("vastgehouden", "vasthouden"),
        )
        if code == "vastgehouden" or request.has_permission(Permission.ASSESS_DESTRUCTION, context)
    ]


# The steps


@dataclass(frozen=True)
class _Words:
    """Words of a step: on its button, below that, and after it was made."""

    permission: Permission
    label: str
    about: str
    said: str


_WORDS: Final = {
    ASSESSES: _Words(
        Permission.ASSESS_DESTRUCTION,
        "Beoordeling afsluiten ({})",
        "Daarna kijkt de privacyfunctionaris ze na.",
        "De beoordeling van {} is afgesloten. De privacyfunctionaris is aan de beurt.",
    ),
    CHECKS: _Words(
        Permission.CHECK_DESTRUCTION,
        "Bevriezingen zijn nagekeken ({})",
        "Kijk eerst bij elke regel waarop hij wacht. Daarna machtigt de archivaris.",
        "{} nagekeken. De archivaris is aan de beurt.",
    ),
    AUTHORISES: _Words(
        Permission.AUTHORISE_DESTRUCTION,
        "Vernietiging machtigen ({})",
        "Elke regel gaat daarna op zijn eigen dag, en dan is hij voorgoed weg."
        " Tot die dag kan een regel nog worden teruggehaald.",
        "De vernietiging van {} is gemachtigd.",
    ),
}


def step_of(context: ListResource, request: Request, numbers: Numbers) -> dict[str, Any] | None:
    """Return the button of the step that is this person's now; None without one."""
    waiting = {
        ASSESSES: numbers.to_assess,
        CHECKS: numbers.to_check,
        AUTHORISES: numbers.to_authorise,
    }
    state = ListState(context.row.state)
    # Lines that are only held or put off need nobody after the process owner.
    idle = {ASSESSES: state is ListState.DONE, CHECKS: state is not ListState.ASSESSED}
    for step, said in _WORDS.items():
        number = waiting[step]
        if number and not idle.get(step) and request.has_permission(said.permission, context):
            lines = step_lines(request.db, context.row.id, services.STEPS[step].takes)
            ready, left = _ready(request, lines, step)
            return {
                "href": request.resource_path(context, step) if ready else "",
                "label": said.label.format(plural(ready, "regel", "regels")),
                "fields": {"gezien": services.fingerprint(lines)},
                "about": said.about if ready else "",
                "left": left,
            }
    return None


def _ready(request: Request, lines: Sequence[DestructionLine], step: str) -> tuple[int, str]:
    """Count the lines with which this person makes a step, and say why others stay."""
    hands = hands_of(request.db, request.actor.id)
    mine = [line for line in lines if other_step(line, hands, step) is None]
    apart = without_archive(request.db, mine) if step == AUTHORISES else ()
    left = [words.left_over(len(lines) - len(mine)), words.archive_first(len(apart))]
    return len(mine) - len(apart), " ".join(filter(None, left))


@post_view(ListResource, ASSESSES, Permission.ASSESS_DESTRUCTION)
@post_view(ListResource, CHECKS, Permission.CHECK_DESTRUCTION)
@post_view(ListResource, AUTHORISES, Permission.AUTHORISE_DESTRUCTION, guards=(recently_confirmed,))
def step_view(context: ListResource, request: Request) -> HTTPSeeOther:
    """Make a step, or say why not; either way the list is shown again."""
    step, seen = request.view_name, request.POST.get("gezien", "")
    try:
        with request.db.begin_nested():
            number = services.make_step(request.db, context.row, step, request.actor, seen)
    except services.StaleListError:
        request.flash(CHANGED, "warning")
    except services.ListError as problem:
        request.flash(problem.message, "warning")
    else:
        lines = step_lines(request.db, context.row.id, services.STEPS[step].takes)
        left = _ready(request, lines, step)[1]
        done = _WORDS[step].said.format(plural(number, "regel", "regels"))
        request.flash(f"{done} {left}".rstrip())
    return HTTPSeeOther(request.resource_path(context).rstrip("/"))
