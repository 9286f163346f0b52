"""The page on which somebody looks at the free text of a report and marks what has to go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from stopintimidatie.core import forms
from stopintimidatie.core.forms import Button, Form, FormError, handle_form
from stopintimidatie.core.security import Permission
from stopintimidatie.core.security.policy import note_read
from stopintimidatie.core.storage.personal import personal_data_holders
from stopintimidatie.core.storage.session import between_transactions
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import plural
from stopintimidatie.core.web.components import Panel
from stopintimidatie.core.web.request import Request, form_view, query_pairs
from stopintimidatie.dossiers.queries import erasure_grounds, explain_holds
from stopintimidatie.exports.profiles.rules import Field
from stopintimidatie.exports.redaction.reports import LABELS
from stopintimidatie.exports.review.rules import (
    MarkError,
    Signs,
    Span,
    Suggestion,
    read_marks,
    signs_for,
    suggest,
    tells_minor,
    with_marks,
    words_at,
)
from stopintimidatie.exports.review.services import (
    CONTROLS,
    MINORS,
    digest_of,
    looked_at,
    save_review,
    texts_of,
    treat_as_minor,
)
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import GONE, ReportResource
from stopintimidatie.reports.services import redact_words
from stopintimidatie.reports.words import involves_minor
from stopintimidatie.reports.workbench.selection import own_path

NAME: Final = "tekst-nakijken"
LIMIT: Final = 20_000
SHORTEST: Final = 2
MOST: Final = 50
GOOD: Final = Button("onleesbaar", "Voorgoed onleesbaar maken", kind="danger")
BUTTONS: Final = (Button("opslaan", "Opslaan voor ontvangers"), GOOD)


@form_view(ReportResource, NAME, Permission.REDACT, "templates/review.jinja2")
def review_view(context: ReportResource, request: Request) -> Any:
    """Mark words: to leave out for recipients, or to make unreadable for good."""
    report = context.report
    # From the page of a case one goes back there.
    back = own_path(dict(query_pairs(request)).get("terug")) or request.resource_path(context)
    hints = _proposals(request, report)
    texts = texts_of(report)
    signs = signs_for(texts.values())
    known = looked_at(request.db, report)
    spans = {
        field: known[field].spans if field in known else [hint.span for hint in hints[field]]
        for field in texts
    }
    asks = not involves_minor(report) and any(tells_minor(hints[field]) for field in texts)
    holds = explain_holds(request.db, report, texts_too=True)
    # A form that was opened before the hold is answered with the reason.
    for_good = request.method == "POST" or not holds
    grounds = erasure_grounds(request.registry, request.db, report.id) if for_good else []
    shown = {CONTROLS[name]: with_marks(texts[name], spans[name], signs) for name in texts}
    version = digest_of(repr((sorted(field.name for field in known), shown)))
    form = Form(
        _schema(texts, signs, asks=asks, grounds=grounds),
        request,
        buttons=[*([BUTTONS[0]] if texts else []), *([GOOD] if for_good else [])],
        appstruct={**shown, "versie": version},
        cancel_url=back,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        check_shown(form, values, shown, version)
        marked = _read(texts, values, signs)
        if form.pressed() == GOOD.name:
            _made_unreadable(context, request, texts, marked, values)
            return HTTPSeeOther(back)
        _nothing_for_good(values)
        if asks:
            treat_as_minor(request.db, report, _answer(values), request.actor)
        save_review(request.db, report, marked, request.actor)
        request.flash("Nagekeken. Een ontvanger leest deze tekst zonder wat u hebt gemarkeerd.")
        return HTTPSeeOther(back)

    def page() -> dict[str, Any]:
        note_read(request, context.holder, "melding", [report.id], task="tekst nakijken")
        about = {"report": report, "signs": signs, "known": bool(known), "holds": holds}
        return {**about, "texts": texts, "labels": LABELS, "hints": hints}

    return handle_form(request, form, on_valid, page)


def version_field() -> Any:
    """Return the hidden field with the digest of all that was shown."""
    return forms.field(forms.Text(64), "Versie", name="versie", missing="", widget=forms.Hidden())


def check_shown(
    form: Form, values: Mapping[str, Any], shown: Mapping[str, str], version: str
) -> None:
    """Check that texts and marks are as they were when the form was opened.

    Raises:
        ConflictError: They aren't. The form has the present version now, and what was typed.
    """
    if values["versie"] == version:
        return
    form["versie"].cstruct = version
    for name in shown.keys() - form.request.POST.keys():
        form[name].cstruct = shown[name]
    raise forms.ConflictError(
        "Deze tekst is intussen nagekeken of gewijzigd. Uw invoer is niet opgeslagen en er is niets"
        " overschreven. Neem over wat de ander markeerde, en sla dan opnieuw op.",
        [forms.Change(form[n].title, shown[n], values[n]) for n in shown if values[n] != shown[n]],
    )


def _proposals(request: Request, report: Report) -> dict[Field, tuple[Suggestion, ...]]:
    """Return what may be marked in each text, and nothing for a text that changed meanwhile."""
    before, places = texts_of(report), _places(request, report)
    # A stranger wrote what is looked through: meanwhile nobody waits for a lock.
    with between_transactions(request):
        proposals = {
            field: suggest(text, places, [other for other in before.values() if other is not text])
            for field, text in before.items()
        }
    if request.method == "POST":
        request.db.refresh(report, with_for_update=True)
    now = texts_of(report)
    return {field: proposals[field] if now[field] == before.get(field) else () for field in now}


def _places(request: Request, report: Report) -> list[str]:
    """Return the names of areas here, which are no names of people."""
    if report.holder == NATIONAL:
        return []
    wanted = select(Neighbourhood.name).where(Neighbourhood.municipality_code == report.holder)
    return list(request.db.scalars(wanted))


def _schema(
    texts: Mapping[Field, str], signs: Signs, *, asks: bool, grounds: Sequence[tuple[str, str]]
) -> Any:
    """Return the form.

    `asks`: whether somebody is a minor, as a text tells such an age. `grounds`: on which words can
    go for good; empty where they can't.
    """

    def area(name: str, title: str, most: int, rows: int, about: str) -> Any:
        text, widget = forms.Text(most, lines=True), forms.TextArea(rows=rows)
        return forms.field(text, title, name=name, missing="", description=about, widget=widget)

    hint = f"Zet {signs.begin} voor en {signs.end} achter wat weg moet."
    return forms.Schema(
        *(
            area(CONTROLS[field], LABELS[field], LIMIT, min(14, 3 + len(text) // 80), hint)
            for field, text in texts.items()
        ),
        *([_minor_field()] if asks else []),
        *(_for_good(area, grounds) if grounds else ()),
        version_field(),
    )


def _for_good(area: Any, grounds: Sequence[tuple[str, str]]) -> tuple[Any, ...]:
    """Return the fields of what goes for good."""
    return (
        area(
            "woorden",
            "Andere woorden om voorgoed weg te halen",
            2000,
            2,
            "Eén per regel, zoals een naam die alleen in een bericht of notitie staat."
            " Alleen voor ‘Voorgoed onleesbaar maken’.",
        ),
        forms.field(
            forms.OneOf(grounds),
            "Grond",
            name="grond",
            missing="",
            description="Een verzoek staat erbij als deze melding er ‘hoort erbij’ kreeg.",
        ),
        area(
            "reden",
            "Reden",
            500,
            2,
            "Nodig als u iets voorgoed onleesbaar maakt. Herhaal de woorden zelf niet.",
        ),
        forms.field(
            forms.Flag(),
            "Ik weet dat niemand deze woorden nog terughaalt",
            name="zeker",
            missing=False,
        ),
    )


def _minor_field() -> Any:
    about = (
        "Nodig om op te slaan voor ontvangers. In de tekst staat een leeftijd onder de 18, en de"
        " melding telt niet als een over een minderjarige. Bij ja gelden strengere regels."
    )
    choice = forms.OneOf(MINORS, radio=True)
    return forms.field(
        choice,
        "Gaat dit over een minderjarige?",
        name="minderjarig",
        missing="",
        description=about,
    )


def _read(
    texts: Mapping[Field, str], values: Mapping[str, Any], signs: Signs
) -> dict[Field, tuple[Span, ...]]:
    """Read the marks that were put in the texts.

    Raises:
        FormError: A text was changed, or a sign is missing.
    """
    marked = {}
    for field, text in texts.items():
        try:
            marked[field] = read_marks(text, values[CONTROLS[field]], signs)
        except MarkError as problem:
            raise FormError(str(problem), CONTROLS[field]) from None
    return marked


def _answer(values: Mapping[str, Any]) -> str:
    """Return the answer about a minor.

    Raises:
        FormError: There is none.
    """
    if not values["minderjarig"]:
        raise FormError("Kies ‘nee’, of over wie het gaat.", "minderjarig")
    answer: str = values["minderjarig"]
    return answer


def _nothing_for_good(values: Mapping[str, Any]) -> None:
    """Check that no field of the reject button was filled in.

    Raises:
        FormError: One was.
    """
    for name in ("woorden", "grond", "reden", "zeker"):
        if values[name]:
            raise FormError(
                f"U koos ‘{BUTTONS[0].title}’, maar dit hoort bij ‘{GOOD.title}’. Kies die knop, of"
                " maak dit leeg.",
                name,
            )


def _made_unreadable(
    context: ReportResource,
    request: Request,
    texts: Mapping[Field, str],
    marked: Mapping[Field, Sequence[Span]],
    values: Mapping[str, Any],
) -> None:
    words = [word for field in texts for word in words_at(texts[field], marked[field])]
    words += [line.strip() for line in values["woorden"].splitlines() if line.strip()]
    _check(words, values)
    if holds := explain_holds(request.db, context.report, texts_too=True):
        raise FormError(" ".join(holds))
    registry = request.registry
    count = redact_words(
        request.db,
        registry.key_ring,
        personal_data_holders(registry),
        context.report,
        words,
        values["grond"],
        values["reden"],
        request.actor,
    )
    request.flash(
        f"De woorden zijn onleesbaar gemaakt in {plural(count, 'tekst', 'teksten')}. Wat er van was"
        " bevroren voor een ontvanger, is vernietigd. Kijk de tekst opnieuw na als die naar een"
        " ontvanger moet."
        if count
        else "Deze woorden stonden nergens. Er is niets veranderd.",
        "ok" if count else "warning",
    )


def _check(words: Sequence[str], values: Mapping[str, Any]) -> None:
    """Check all that must be there before anything goes for good.

    Raises:
        FormError: Something is missing.
    """
    if not words:
        raise FormError("Markeer eerst wat weg moet, of typ het bij ‘Andere woorden’.")
    if len(words) > MOST:
        raise FormError(f"Doe hoogstens {MOST} stukken tegelijk.")
    if any(len(word) < SHORTEST for word in words):
        raise FormError("Een losse letter kan niet. Markeer het hele woord.")
    if not values["grond"]:
        raise FormError("Kies de grond: een verzoek, of een van artikel 17 lid 1 AVG.", "grond")
    if not values["reden"]:
        raise FormError("Schrijf op waarom deze woorden weg moeten.", "reden")
    if not values["zeker"]:
        raise FormError("Zet het vinkje: dit kan niemand terugdraaien.", "zeker")


def report_panel(context: ReportResource, request: Request) -> Panel | None:
    """Show on the page of a report whether its text was looked at, with the way to it."""
    if context.report.state in GONE or not request.has_permission(Permission.REDACT, context):
        return None
    texts = texts_of(context.report)
    known = looked_at(request.db, context.report)
    newest = max(
        (review.row for review in known.values()), key=lambda row: row.looked_at, default=None
    )
    return Panel(
        "Vrije tekst",
        "stopintimidatie.exports.review:templates/review_panel.jinja2",
        {
            "href": f"{request.resource_path(context).rstrip('/')}/{NAME}",
            "done": bool(texts) and set(known) == set(texts),
            "empty": not texts,
            "newest": newest,
        },
    )
