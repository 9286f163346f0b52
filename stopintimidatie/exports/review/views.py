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
SAVE: Final = Button("opslaan", "Opslaan voor ontvangers")


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
        buttons=[*([SAVE] if texts else []), *([GOOD] if for_good else [])],
        appstruct={**shown, "versie": version},
        cancel_url=back,
    )

    def on_valid(values: dict[str, Any]) -> Any:
        check_shown(form, values, shown, version)
        marked = _marked(texts, values, signs)
        if form.pressed() == GOOD.name:
            words = [word for field in texts for word in words_at(texts[field], marked[field])]
            _make_unreadable(context, request, words, values)
            return HTTPSeeOther(back)
        _nothing_for_good(values)
        if asks:
            if not values["minderjarig"]:
                raise FormError("Kies ‘nee’, of over wie het gaat.", "minderjarig")
            treat_as_minor(request.db, report, values["minderjarig"], request.actor)
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
    before, wijken = texts_of(report), Neighbourhood.municipality_code == report.holder
    # Names of areas here are no names of people.
    places: Sequence[str] = ()
    if report.holder != NATIONAL:
        places = request.db.scalars(select(Neighbourhood.name).where(wijken)).all()
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


def _area(title: str, most: int, rows: int, about: str, name: str = "") -> Any:
    text, widget = forms.Text(most, lines=True), forms.TextArea(rows=rows)
    return forms.field(text, title, name=name, missing="", description=about, widget=widget)


class ReviewSchema(forms.Schema):
    """The form below the texts: whether somebody is a minor, and what goes for good."""

    minderjarig = forms.field(
        forms.OneOf(MINORS, radio=True),
        "Gaat dit over een minderjarige?",
        missing="",
        description="Nodig om op te slaan voor ontvangers. In de tekst staat een leeftijd onder de"
        " 18, en de melding telt niet als een over een minderjarige. Bij ja gelden strengere"
        " regels.",
    )
    woorden = _area(
        "Andere woorden om voorgoed weg te halen",
        2000,
        2,
        "Eén per regel, zoals een naam die alleen in een bericht of notitie staat."
        " Alleen voor ‘Voorgoed onleesbaar maken’.",
    )
    grond = forms.field(
        forms.OneOf(()),
        "Grond",
        missing="",
        description="Een verzoek staat erbij als deze melding er ‘hoort erbij’ kreeg.",
    )
    reden = _area(
        "Reden", 500, 2, "Nodig als u iets voorgoed onleesbaar maakt. Herhaal de woorden zelf niet."
    )
    zeker = forms.field(
        forms.Flag(), "Ik weet dat niemand deze woorden nog terughaalt", missing=False
    )


FOR_GOOD: Final = ("woorden", "grond", "reden", "zeker")


def _schema(
    texts: Mapping[Field, str], signs: Signs, *, asks: bool, grounds: Sequence[tuple[str, str]]
) -> Any:
    """Return the form.

    `asks`: whether somebody is a minor, as a text tells such an age. `grounds`: on which words can
    go for good; empty where they can't.
    """
    schema, hint = ReviewSchema(), f"Zet {signs.begin} voor en {signs.end} achter wat weg moet."
    for field, text in texts.items():
        area = _area(LABELS[field], LIMIT, min(14, 3 + len(text) // 80), hint, CONTROLS[field])
        schema.add_before("minderjarig", area)
    schema["grond"].typ = forms.OneOf(grounds)
    for name in (*(() if asks else ("minderjarig",)), *(() if grounds else FOR_GOOD)):
        del schema[name]
    schema.add(version_field())
    return schema


def marks_in(
    texts: Mapping[str, str], values: Mapping[str, Any], signs: Signs
) -> dict[str, tuple[Span, ...]]:
    """Return the marks that were put in each text, by its control.

    Raises:
        FormError: A text was changed, or a sign is missing.
    """
    marked = {}
    for name, text in texts.items():
        try:
            marked[name] = read_marks(text, values[name], signs)
        except MarkError as problem:
            raise FormError(str(problem), name) from None
    return marked


def _marked(
    texts: Mapping[Field, str], values: Mapping[str, Any], signs: Signs
) -> dict[Field, tuple[Span, ...]]:
    read = marks_in({CONTROLS[field]: text for field, text in texts.items()}, values, signs)
    return {field: read[CONTROLS[field]] for field in texts}


def _nothing_for_good(values: Mapping[str, Any]) -> None:
    """Check that no field of the other button was filled in.

    Raises:
        FormError: One was.
    """
    for name in FOR_GOOD:
        if values.get(name):
            raise FormError(
                f"U koos ‘{SAVE.title}’, maar dit hoort bij ‘{GOOD.title}’. Kies die knop, of"
                " maak dit leeg.",
                name,
            )


def _make_unreadable(
    context: ReportResource, request: Request, marked: Sequence[str], values: Mapping[str, Any]
) -> None:
    """Make words unreadable, once all is there that must be.

    Raises:
        FormError: Something is missing, or the report may not change now.
    """
    words = [*marked, *filter(None, map(str.strip, values["woorden"].splitlines()))]
    holds = explain_holds(request.db, context.report, texts_too=True)
    for wrong, message, field in (
        (not words, "Markeer eerst wat weg moet, of typ het bij ‘Andere woorden’.", None),
        (len(words) > MOST, f"Doe hoogstens {MOST} stukken tegelijk.", None),
        (
            any(len(word) < SHORTEST for word in words),
            "Een losse letter kan niet. Markeer het hele woord.",
            None,
        ),
        (
            not values["grond"],
            "Kies de grond: een verzoek, of een van artikel 17 lid 1 AVG.",
            "grond",
        ),
        (not values["reden"], "Schrijf op waarom deze woorden weg moeten.", "reden"),
        (not values["zeker"], "Zet het vinkje: dit kan niemand terugdraaien.", "zeker"),
        (holds, " ".join(holds), None),
    ):
        if wrong:
            raise FormError(message, field)
    count = redact_words(
        request.db,
        request.registry.key_ring,
        personal_data_holders(request.registry),
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
