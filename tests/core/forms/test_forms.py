"""The form base: what is accepted, what is refused, and that nothing typed gets lost."""

import io
import math
import re
import unicodedata
from datetime import UTC, date, datetime, time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import colander
import deform
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from pyramid.httpexceptions import HTTPSeeOther

from stopintimidatie.core import forms
from stopintimidatie.core.forms import (
    Button,
    Change,
    ConflictError,
    Form,
    FormError,
    Schema,
    ask_values,
    field,
    handle_form,
    translate,
)
from stopintimidatie.core.forms.types import Text
from stopintimidatie.core.forms.widgets import SENT_TWICE, UNREADABLE
from tests.support.forms_support import GOOD, Everything, a_form, a_request, changed
from tests.support.styleguide.examples import ExamplePlace

NO_ADDRESS = f"E-mail: v{forms.NO_ADDRESS[1:]}"
pytestmark = pytest.mark.usefixtures("pyramid_config")


def refused(posted: list[tuple[str, Any]], schema: Any = None) -> Form:
    form = a_form(posted, schema)
    with pytest.raises(deform.ValidationFailure):
        form.validate(posted)
    return form


def soup_of(form: Form) -> BeautifulSoup:
    return BeautifulSoup(form.render(), "lxml")


def messages(form: Form) -> list[str]:
    return [error.message for error in form.error_list]


def read(typ: Any, text: Any) -> Any:
    return typ.deserialize(colander.SchemaNode(typ, name="veld", title="Veld"), text)


def says_no(typ: Any, text: Any) -> bool:
    try:
        read(typ, text)
    except colander.Invalid:
        return True
    return False


# Reading what was posted


def test_what_a_view_changes_in_its_form_is_in_no_other_form() -> None:
    one, other = Everything(), Everything()
    pairs = list(zip(parts_of(one), parts_of(other), strict=True))
    assert len(pairs) > 10
    assert [a.name for a, b in pairs if a is b] == []
    assert [a.name for a, b in pairs if a.widget is b.widget is not None] == []


def parts_of(node: Any) -> list[Any]:
    return [part for child in node.children for part in (child, *parts_of(child))]


def test_a_good_form_becomes_typed_values() -> None:
    values = a_form(GOOD).validate(GOOD)
    assert values["kanaal"] == "balie"
    assert values["vormen"] == ["naroepen", "volgen"]
    assert values["tijdstip"] == datetime(2026, 11, 20, 21, 40, tzinfo=UTC)
    assert values["plaats"] == {"wijk": "binnenstad", "plek": "Bij het station"}
    assert values["spoed"] is True
    assert values["datum"] is None


def test_unknown_names_are_ignored() -> None:
    values = a_form(GOOD).validate([*GOOD, ("rol", "beheer"), ("plaats.gemeente", "GM0772")])
    assert "rol" not in values
    assert "gemeente" not in values["plaats"]


@pytest.mark.parametrize(
    "markers",
    [
        [("__start__", "plaats:mapping")],
        [("__end__", "plaats:mapping")],
        [("__start__", "x:onzin")],
        [("__start__", "plaats:sequence"), ("plaats", "x"), ("__end__", "plaats:mapping")],
        [("__start__", ":rename"), ("__end__", ":rename")],
        [("__start__", "")] * 500,
    ],
)
def test_structure_markers_of_peppercorn_mean_nothing(markers: list[tuple[str, str]]) -> None:
    assert a_form(GOOD).validate([*markers, *GOOD])["kanaal"] == "balie"
    refused(markers)


def test_a_field_of_one_value_that_comes_twice_is_refused_and_no_text_is_lost() -> None:
    form = refused([*GOOD, ("kanaal", "telefoon"), ("verhaal", "Zij riepen weer.")])
    assert messages(form) == [
        f"Hoe kwam de melding binnen? {SENT_TWICE}",
        "Verhaal: dit kwam meer dan één keer binnen. Kijk na wat er nu staat, en verstuur het"
        " formulier dan opnieuw.",
    ]
    story = soup_of(form).select_one("textarea").get_text()  # type: ignore[union-attr]
    assert story.strip() == "Twee jongens riepen mij na. Zij riepen weer."


def test_text_for_a_file_and_a_file_for_text_count_as_nothing() -> None:
    upload = SimpleNamespace(filename="a.txt", file=io.BytesIO(b"x"))
    form = refused(changed(("verhaal", upload), ("bijlage", "tekst")))
    assert messages(form) == ["Vul ‘Verhaal’ in."]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from([n for n, _ in GOOD] + ["x", "__start__"]), st.text())))
def test_whatever_is_posted_is_read_or_refused(posted: list[tuple[str, str]]) -> None:
    form = a_form(posted)
    try:
        form.validate(posted)
    except deform.ValidationFailure:
        form.render().encode("utf-8")


# The types


@pytest.mark.parametrize(
    "text", ["nan", "inf", "-inf", "1_000", "1e5", "٣", "0x1", "1.", ".5", "１"]
)
def test_a_number_is_digits_and_finite(text: str) -> None:
    assert says_no(forms.Decimal(-1e6, 1e6), text)
    assert says_no(forms.Integer(), text)


def test_a_decimal_takes_a_comma_and_stays_within_bounds() -> None:
    assert math.isclose(read(forms.Decimal(50, 54), "51,8133"), 51.8133)
    assert says_no(forms.Decimal(50, 54), "55")


def test_an_integer_stays_within_bounds() -> None:
    assert read(forms.Integer(0, 9), " 7 ") == 7
    assert says_no(forms.Integer(0, 9), "10")
    assert says_no(forms.Integer(0, 9), "1.5")
    node = colander.SchemaNode(forms.Integer(1))
    with pytest.raises(colander.Invalid, match=r"van 1 tot en met 1\.000\.000\.000\.'"):
        node.deserialize("0")
    node = colander.SchemaNode(forms.Decimal(0.5, 20))
    with pytest.raises(colander.Invalid, match=r"van 0,5 tot en met 20\.'"):
        node.deserialize("0")


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\x1bb", "\x7f", "\ufffe"])
def test_text_that_no_database_keeps_is_refused(text: str) -> None:
    assert says_no(forms.Text(), text)
    assert says_no(forms.Password(), text)


def test_nobody_turns_the_direction_of_what_is_read() -> None:
    assert read(forms.Text(), "tot \u202egnirts\u202c \u2067hier\u2069") == "tot gnirts hier"
    assert Text(50, json=True).check("tot \u202egnirts\u202c عربي") == "tot gnirts عربي"


def test_text_on_one_line_loses_its_line_ends() -> None:
    assert read(forms.Text(), " bij\r\nhet  station ") == "bij het station"


def test_text_of_several_lines_keeps_them() -> None:
    assert read(forms.Text(lines=True), "een\r\ntwee\rdrie\n") == "een\ntwee\ndrie"


def test_text_is_composed() -> None:
    assert read(forms.Text(), "cafe\u0301") == "café"
    upload = SimpleNamespace(filename="cafe\u0301.jpg", file=io.BytesIO(b"x"))
    assert read(forms.Upload(100), upload).name == "café.jpg"


# Characters on which normalising, line ends and the removal of characters could go wrong.
ODD = st.text(st.sampled_from("ae \u0301\u0323\u030a\r\n\x07\ufffe\u202e\u2067é\u0958\u1100\u1161"))


@settings(deadline=None)
@given(st.one_of(ODD, st.text()))
def test_what_the_api_keeps_comes_back_from_a_form_as_it_is(typed: str) -> None:
    try:
        kept = Text(500, json=True).check(typed)
    except ValueError:
        return
    if kept is not colander.null:
        assert unicodedata.is_normalized("NFC", kept)
        assert read(forms.Text(500, lines=True), kept.replace("\n", "\r\n")) == kept


@settings(deadline=None)
@given(st.one_of(ODD, st.text()), st.booleans())
def test_what_a_form_keeps_is_composed(typed: str, lines: bool) -> None:
    try:
        kept = forms.Text(500, lines=lines).deserialize(None, typed)
    except colander.Invalid:
        return
    assert kept is colander.null or unicodedata.is_normalized("NFC", kept)


def test_a_text_that_grows_by_composing_is_refused_before_it_reaches_the_database() -> None:
    grows = "\u0958" * 300
    assert len(unicodedata.normalize("NFC", grows)) == 600
    with pytest.raises(ValueError, match="langer dan 500 tekens"):
        Text(500, json=True).check(grows)


def test_spaces_alone_are_nothing() -> None:
    assert read(forms.Text(), "  \n ") is colander.null


def test_too_long_a_text_says_by_how_much() -> None:
    with pytest.raises(colander.Invalid) as caught:
        read(forms.Text(10), "a" * 13)
    assert caught.value.msg == "Maak de tekst 3 tekens korter: het mogen er 10 zijn."


@pytest.mark.parametrize("text", ["2026-11-24", "24-11-2026", "24/11/2026", "24 11 2026"])
def test_a_date_as_browsers_and_people_write_it(text: str) -> None:
    assert read(forms.Date(), text) == date(2026, 11, 24)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "1-13-2026", "2026", "morgen", "0001-01-01", "9999-01-01", "2026-11-24Z"]
)
def test_a_date_that_does_not_exist_is_refused(text: str) -> None:
    assert says_no(forms.Date(), text)


@pytest.mark.parametrize("text", ["2026-11-24T22:40", "24-11-2026 22.40", "2026-11-24T22:40:31.5"])
def test_a_moment_is_meant_in_amsterdam_and_becomes_utc(text: str) -> None:
    assert read(forms.Moment(), text) == datetime(2026, 11, 24, 21, 40, tzinfo=UTC)


def test_an_hour_that_the_clock_skips_does_not_exist() -> None:
    assert says_no(forms.Moment(), "2026-03-29T02:30")
    assert read(forms.Moment(), "2026-03-29T03:00") == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    assert read(forms.Moment(), "2026-10-25T02:30") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["T", "2026-11-24", "2026-11-24T25:00", "T22:40", "2026-11-24T22"])
def test_half_a_moment_is_refused(text: str) -> None:
    assert says_no(forms.Moment(), text)


def test_a_moment_comes_back_as_it_was_filled_in() -> None:
    node = colander.SchemaNode(forms.Moment())
    moment = datetime(2026, 7, 1, 20, 0, tzinfo=UTC)
    assert node.serialize(moment) == "2026-07-01T22:00"
    assert node.deserialize("2026-07-01T22:00") == moment


def test_a_time_of_day() -> None:
    assert read(forms.Time(), "9:05") == time(9, 5)
    assert says_no(forms.Time(), "24:00")


def test_only_listed_codes_can_be_chosen() -> None:
    assert says_no(forms.OneOf([("a", "A")]), "b")
    assert says_no(forms.ManyOf([("a", "A")]), ("a", "b"))
    assert read(forms.ManyOf([("a", "A"), ("b", "B")]), ("b", "a", "b")) == ["a", "b"]


@pytest.mark.parametrize(
    ("typ", "good", "bad"),
    [
        (forms.Integer(0, 9, json=True), [7, 7.0], ["7", True, 7.5, 10, None]),
        (forms.Decimal(0, 9, json=True), [7, 7.5], ["7,5", "7.5", True, -1, None]),
        (forms.Flag(json=True), [True, False], ["ja", 1, None]),
        (forms.Flag(nullable=True, json=True), [True, None], ["", 0]),
        (forms.Text(5, json=True), ["vijf"], [5, None, "zes en meer", "a\x00"]),
        (forms.OneOf([("a", "A")], json=True), ["a"], ["b", ["a"], None]),
        (forms.ManyOf([("a", "A"), ("b", "B")], json=True), [["b", "a"], []], ["a", ["a", "a"]]),
        (forms.Moment(json=True), ["2026-11-20T22:40:00+01:00"], ["2026-11-20T22:40", "", 1]),
    ],
)
def test_a_type_for_json_takes_values_that_mean_what_they_say(
    typ: Any, good: list[Any], bad: list[Any]
) -> None:
    assert [value for value in good if says_no(typ, value)] == []
    assert [value for value in bad if not says_no(typ, value)] == []


def test_a_wrong_code_of_a_json_list_is_named_by_its_position() -> None:
    with pytest.raises(colander.Invalid) as caught:
        read(forms.ManyOf([("a", "A"), ("b", "B")], json=True), ["a", "x"])
    assert [(error.pos, error.positional) for error in caught.value.children] == [(1, True)]


@pytest.mark.parametrize("json", [True, False])
def test_a_telephone_number_and_an_address_are_kept_alike_from_a_form_and_an_app(
    json: bool,
) -> None:
    phone, email = forms.Phone(30, hint="Nee.", json=json), forms.Email(254, hint="Nee.", json=json)
    assert read(phone, " 06 12345678 ") == "+31612345678"
    assert read(email, " iemand@EXAMPLE.org ") == "iemand@example.org"
    assert read(phone, "  ") is read(email, "  ") is colander.null
    for typ, wrong in ((phone, "123"), (phone, "0" * 31), (email, "a@b"), (email, "a\x00@b.nl")):
        assert says_no(typ, wrong), wrong


def test_a_flag_is_true_only_when_ticked() -> None:
    assert read(forms.Flag(), "ja") is True
    assert [read(forms.Flag(), other) for other in ("nee", "", colander.null)] == [False] * 3


def test_a_file_has_a_plain_name_and_a_limit() -> None:
    big = SimpleNamespace(filename="C:\\map\\foto.jpg", file=io.BytesIO(b"x" * 11))
    assert says_no(forms.Upload(10), big)
    found = read(forms.Upload(11), big)
    assert (found.name, len(found.content)) == ("foto.jpg", 11)


def test_a_file_is_whole_again_when_a_request_is_tried_again() -> None:
    """WebOb reads a form once: the second attempt gets the same file objects."""
    upload = SimpleNamespace(filename="foto.jpg", file=io.BytesIO(b"x" * 11))
    assert [len(read(forms.Upload(100), upload).content) for _ in range(2)] == [11, 11]


def test_a_file_name_cannot_be_a_path_or_empty() -> None:
    upload = SimpleNamespace(filename="../../etc/\x00", file=io.BytesIO(b"x"))
    assert read(forms.Upload(100), upload).name == "bestand"


def test_validators_say_what_to_do() -> None:
    future = changed(("tijdstip", "2150-01-01T00:00"), ("verhaal", "kort"), ("email", "a@b"))
    assert messages(refused(future)) == [
        "Wanneer was het? Dit ligt in de toekomst. Kies een eerder moment.",
        "Verhaal: schrijf iets meer: ten minste 5 tekens.",
        NO_ADDRESS,
    ]
    for odd in ("\u24e711@dordrecht.example", "jos\u00e9@example.org"):
        assert messages(refused(changed(("email", odd)))) == [NO_ADDRESS], odd


def test_a_day_that_is_over_is_refused_where_it_may_not_be() -> None:
    node = colander.SchemaNode(forms.Date(), validator=forms.not_before_today)
    assert node.deserialize("2150-01-01") == date(2150, 1, 1)
    with pytest.raises(colander.Invalid, match="voorbij"):
        node.deserialize("2020-01-01")


# What the page shows


class Pair(Schema):
    """Two groups that ask the same, one of them something more."""

    eerste = ExamplePlace(title="Eerste plek")
    tweede = ExamplePlace(title="Tweede plek")
    derde = Schema(field(forms.Text(9), "Nummer", name="nummer"), title="Het nummer", name="derde")


def test_every_line_of_the_summary_names_its_field_and_groups_that_ask_the_same() -> None:
    form = refused([("eerste.wijk", "x"), ("tweede.wijk", "binnenstad")], Pair())
    assert messages(form) == [
        "Eerste plek, Wijk: kies een van de mogelijkheden uit de lijst.",
        "Eerste plek: vul ‘Plek’ in.",
        "Tweede plek: vul ‘Plek’ in.",
        "Vul ‘Nummer’ in.",
    ]
    (beside, *_) = soup_of(form).select(".si-error")
    assert beside.text == "Fout: Kies een van de mogelijkheden uit de lijst."
    mended = refused([*changed(("kanaal", ""))])
    mended.add_error("M-01 zit hier niet bij.", "verhaal")
    assert messages(mended)[1] == "Verhaal: M-01 zit hier niet bij."


def test_every_control_has_a_label_or_a_legend() -> None:
    soup = soup_of(a_form())
    for control in soup.select("input:not([type=hidden]), select, textarea"):
        label = soup.find("label", attrs={"for": control["id"]})
        assert label is not None, control
        assert label.get_text(strip=True)
    for fieldset in soup.select("fieldset"):
        assert fieldset.find("legend", recursive=False)


def test_ids_are_unique_also_with_two_forms_on_a_page() -> None:
    html = a_form().render() + a_form(formid="tweede").render()
    ids = [tag["id"] for tag in BeautifulSoup(html, "lxml").select("[id]")]
    assert len(ids) == len(set(ids))


def test_description_and_error_are_tied_to_their_control() -> None:
    soup = soup_of(refused(changed(("plaats.plek", ""))))
    control = soup.select_one("[name='plaats.plek']")
    assert control is not None
    ids = str(control["aria-describedby"]).split()
    assert [soup.find(id=one).get_text(strip=True) for one in ids] == [  # type: ignore[union-attr]
        "Zo precies als u weet.",
        "Fout:Vul ‘Plek’ in.",
    ]
    assert control["aria-invalid"] == "true"


def test_the_summary_leads_to_what_must_be_mended() -> None:
    soup = soup_of(refused([]))
    summary = soup.select_one(".si-error-summary")
    assert summary is not None
    assert (summary["role"], summary["tabindex"]) == ("alert", "-1")
    links = [str(link["href"])[1:] for link in summary.select("a")]
    assert len(links) == 6
    assert all(soup.find(id=target) for target in links)


def test_what_is_optional_says_so() -> None:
    label = soup_of(a_form()).find("label", attrs={"for": "formulier-datum"})
    assert label is not None
    assert label.get_text(" ", strip=True) == "Terugbeldatum (niet verplicht)"


def test_everything_typed_is_still_there_after_a_mistake() -> None:
    typed = changed(
        ("tijdstip", "gisteravond"),
        ("aantal", "twee"),
        ("verhaal", "  <b>Kort</b>\n"),
        ("telefoon", "06-123"),
        ("datum", "31-02-2026"),
        ("kanaal", ""),
        ("plaats.wijk", "stadspolders"),
    )
    soup = soup_of(refused(typed))

    def value(name: str) -> str:
        return str(soup.select_one(f"[name='{name}']")["value"])  # type: ignore[index]

    assert value("tijdstip") == "gisteravond"
    assert value("aantal") == "twee"
    assert value("telefoon") == "06-123"
    assert value("datum") == "31-02-2026"
    story = soup.select_one("textarea").get_text()  # type: ignore[union-attr]
    assert story.removeprefix("\n") == "  <b>Kort</b>\n"  # a browser drops the first line end too
    assert [o["value"] for o in soup.select("select option[selected]")] == ["stadspolders"]
    assert [b["value"] for b in soup.select("[name=vormen][checked]")] == ["naroepen", "volgen"]
    assert soup.select_one("[name=spoed]").has_attr("checked")  # type: ignore[union-attr]


def test_a_mistaken_date_is_drawn_as_text_so_that_the_browser_keeps_it() -> None:
    form = refused(changed(("datum", "31-02-2026")))
    assert soup_of(form).select_one("[name=datum]")["type"] == "text"  # type: ignore[index]
    assert soup_of(a_form()).select_one("[name=datum]")["type"] == "date"  # type: ignore[index]


def test_a_password_never_comes_back() -> None:
    form = refused(changed(("wachtwoord", "zeer-geheim"), ("kanaal", "")))
    assert "zeer-geheim" not in form.render()


def test_broken_text_is_sent_back_as_something_a_page_can_hold() -> None:
    form = refused(changed(("verhaal", "stuk\x00 en \ud800 half")))
    assert "\x00" not in form.render()
    form.render().encode("utf-8")


def test_a_form_shows_the_values_it_is_given() -> None:
    given_values = {
        "datum": date(2026, 11, 24),
        "vormen": ["fluiten"],
        "breedte": 51.8,
        "spoed": True,
    }
    soup = soup_of(a_form(appstruct=given_values))
    assert soup.select_one("[name=datum]")["value"] == "2026-11-24"  # type: ignore[index]
    assert soup.select_one("[name=breedte]")["value"] == "51,8"  # type: ignore[index]
    assert [b["value"] for b in soup.select("[name=vormen][checked]")] == ["fluiten"]
    assert soup.select_one("[name=spoed]").has_attr("checked")  # type: ignore[union-attr]


def test_the_page_has_no_inline_style_or_script() -> None:
    html = refused([]).render()
    assert " style=" not in html
    assert "<script" not in html
    assert " on" not in {
        attribute[:3] for tag in BeautifulSoup(html, "lxml")() for attribute in tag.attrs
    }


def test_the_token_is_in_a_post_form_and_never_in_an_address() -> None:
    assert soup_of(a_form()).select_one("[name=csrf_token]")
    assert not soup_of(a_form(method="GET")).select_one("[name=csrf_token]")


def test_a_type_of_colander_itself_is_refused() -> None:
    class Stock(Schema):
        tekst = field(colander.String(), "Tekst", widget=forms.TextInput())

    with pytest.raises(TypeError, match="tekst"):
        a_form(schema=Stock())


def test_a_widget_of_deform_itself_is_refused() -> None:
    class Stock(Schema):
        tekst = field(forms.Text(), "Tekst", widget=deform.widget.RichTextWidget())

    with pytest.raises(TypeError, match="tekst"):
        a_form(schema=Stock())


# Handling a submission


def keep(values: dict[str, Any]) -> Any:
    return HTTPSeeOther("/klaar")


def test_looking_at_a_form_shows_it() -> None:
    request = a_request()
    page = handle_form(request, Form(Everything(), request), keep, {"titel": "x"})
    assert isinstance(page, dict)
    assert page["titel"] == "x"
    assert not page["form"].failed


def test_a_good_submission_is_handed_on() -> None:
    request = a_request(GOOD)
    answer = handle_form(request, Form(Everything(), request), keep)
    assert isinstance(answer, HTTPSeeOther)


@pytest.mark.parametrize(("goes", "there"), [(None, "/terug"), (HTTPSeeOther("/klaar"), "/klaar")])
def test_what_was_asked_is_acted_on_and_leads_back_or_elsewhere(goes: Any, there: str) -> None:
    button = Button("opslaan", "Opslaan")
    page = ask_values(a_request(), Everything(), button, lambda values: goes, "/terug")
    assert isinstance(page, dict)
    assert page["form"].cancel_url == "/terug"
    request = a_request(GOOD)
    answer = ask_values(request, Everything(), button, lambda values: goes, "/terug")
    assert isinstance(answer, HTTPSeeOther)
    assert answer.location == there


def test_a_mistake_answers_422_with_the_form() -> None:
    request = a_request([])
    page = handle_form(request, Form(Everything(), request), keep)
    assert isinstance(page, dict)
    assert request.response.status_int == 422
    assert request.form_failed


@pytest.mark.parametrize(("posted", "made"), [(None, 1), ([], 1), (GOOD, 0)])
def test_the_page_is_made_only_when_it_is_shown(posted: Any, made: int) -> None:
    request, times = a_request(posted), []

    def page() -> dict[str, Any]:
        times.append(True)
        return {"titel": "x"}

    answer = handle_form(request, Form(Everything(), request), keep, page)
    assert len(times) == made
    assert isinstance(answer, HTTPSeeOther) or answer["titel"] == "x"


def test_a_rule_of_the_house_is_shown_at_its_field_and_nothing_is_kept() -> None:
    request = a_request(GOOD)
    doomed = []
    request.tm = SimpleNamespace(doom=lambda: doomed.append(True))

    def refuse(values: dict[str, Any]) -> Any:
        raise FormError("Deze wijk is gesloten. Kies een andere.", "plaats.wijk")

    page = handle_form(request, Form(Everything(), request), refuse)
    assert isinstance(page, dict)
    soup = soup_of(page["form"])
    assert request.response.status_int == 422
    assert doomed == [True]
    error = soup.find(id="formulier-plaats-wijk-fout")
    assert error is not None
    assert "Kies een andere" in error.get_text()


def test_a_conflict_answers_409_and_shows_what_changed() -> None:
    request = a_request(GOOD)

    def conflict(values: dict[str, Any]) -> Any:
        raise ConflictError("Bekijk de wijziging.", [Change("Plek", "Bij de bushalte", "Station")])

    page = handle_form(request, Form(Everything(), request), conflict)
    assert isinstance(page, dict)
    assert request.response.status_int == 409
    text = soup_of(page["form"]).get_text(" ", strip=True)
    assert "Dit is intussen gewijzigd" in text
    assert "Nu opgeslagen: Bij de bushalte" in text


def test_the_pressed_button_is_known() -> None:
    assert a_form([("terug", "ja")]).pressed() == "terug"
    assert a_form([("onbekend", "ja")]).pressed() is None


# The messages


def test_a_message_of_colander_is_said_in_dutch() -> None:
    with pytest.raises(colander.Invalid) as caught:
        colander.Range(min=3)(None, 2)
    assert translate(caught.value.msg) == UNREADABLE
    assert translate("Pstruct is not a string") == UNREADABLE


def test_no_room_uses_a_validator_of_colander_that_speaks_english() -> None:
    ours = {"All", "Invalid", "Mapping", "MappingSchema", "Positional", "SchemaNode", "SchemaType"}
    used = {
        name
        for path in Path(forms.__file__).parents[2].rglob("*.py")
        for name in re.findall(r"\bcolander\.([A-Z]\w+)", path.read_text(encoding="utf-8"))
    }
    assert used <= ours


def test_a_message_of_our_own_passes_as_it_is() -> None:
    assert translate("Kost €5 ${x}.") == "Kost €5 ${x}."


class Asking(Schema):
    """A ground that asks for a number, an urgency that asks why, and something extra."""

    grond = field(forms.OneOf((("taak", "Taak"), ("vordering", "Vordering"))), "Grond")
    nummer = field(
        forms.Text(9), "Nummer", missing=None, drawn=forms.Opened("Vordering", ("vordering",))
    )
    spoed = field(forms.Flag(), "Spoed", missing=False)
    waarom = field(forms.Text(40), "Waarom", missing=None, drawn=forms.Opened("Spoed"))
    feiten = field(forms.Text(40), "Feiten", missing=None, drawn=forms.Folded("Meer"))
    gevoel = field(forms.Text(40), "Gevoel", missing=None, drawn=forms.Folded("Meer"))


def test_a_choice_says_what_it_opens_and_what_it_opens_stands_just_after_it() -> None:
    page = soup_of(a_form(schema=Asking()))
    assert [one["value"] for one in page.select("option[data-opent]")] == ["vordering"]
    assert [one["name"] for one in page.select("input[data-opent]")] == ["spoed"]
    for name, title in (("grond", "Vordering"), ("spoed", "Spoed")):
        (legend,) = page.select(f"[data-veld={name}] + .si-opens > legend")
        assert legend.text == title
    (more,) = page.select("details")
    assert [one.text for one in more.select("summary")] == ["Meer"]
    assert len(more.select("input")) == 2
    assert not more.has_attr("open")
    assert not page.select(".si-opens--open")


def test_one_choice_opens_one_of_two_groups_after_it() -> None:
    class Two(Schema):
        grond = field(forms.OneOf((("a", "A"), ("b", "B")), radio=True), "Grond")
        nummer = field(forms.Text(9), "Nummer", drawn=forms.Opened("A", ("a",)))
        reden = field(forms.Text(9), "Reden", drawn=forms.Opened("B", ("b",)))

    page = soup_of(a_form(schema=Two()))
    opening = {one["value"]: one["data-opent"] for one in page.select("[name=grond]")}
    assert opening == {"a": "1", "b": "2"}
    titles = [one.text for one in page.select("[data-veld=grond] ~ .si-opens > legend")]
    assert titles == ["A", "B"]


def test_a_mistake_or_an_answer_is_never_behind_a_closed_door() -> None:
    form = refused([("nummer", "x" * 10), ("gevoel", "boos")], Asking())
    page = soup_of(form)
    ground, urgent = page.select(".si-opens")
    assert "si-opens--open" in ground["class"], "a mistake"
    assert "si-opens--open" not in urgent["class"]
    assert len(page.select("details[open]")) == 1, "an answer"


def test_fields_that_nothing_opens_are_a_mistake_of_the_program() -> None:
    class Wrong(Schema):
        waarom = field(forms.Text(40), "Waarom", missing=None, drawn=forms.Opened("Spoed"))

    form = a_form(schema=Wrong())
    with pytest.raises(TypeError, match="waarom"):
        form.render()


def test_a_ready_text_comes_below_what_was_typed_and_judges_nothing() -> None:
    ready = (
        forms.ReadyText("dank", "Bedanken", "Dank u wel."),
        forms.ReadyText("hulp", "Hulp", "Hier is hulp:\nSlachtofferhulp.\n"),
    )
    schema = Schema(
        field(Text(200, lines=True), "Bericht", name="b", widget=forms.TextArea(ready=ready)),
        field(Text(9), "Onderwerp", name="onderwerp"),
    )

    def sent(**typed: str) -> tuple[Form, Any]:
        posted = [("b.invullen", "ja"), *((k.replace("__", "."), v) for k, v in typed.items())]
        form = a_form(posted, schema.clone())
        request = a_request(posted)
        return form, handle_form(request, form, keep)

    form, shown = sent(b="Beste melder,", b__sjabloon="dank", onderwerp="te lang voor dit veld")
    assert (shown["form"], form.failed) == (form, False)
    assert form["b"].cstruct == "Beste melder,\n\nDank u wel."
    assert form["onderwerp"].cstruct == "te lang voor dit veld"
    assert sent(b__sjabloon="dank")[0]["b"].cstruct == "Dank u wel."
    # Another one takes the place of one that wasn't changed.
    assert sent(b="Dank u wel.", b__sjabloon="hulp")[0]["b"].cstruct == ready[1].text
    swapped = sent(b="Hier is hulp:\r\nSlachtofferhulp.", b__sjabloon="dank")[0]["b"].cstruct
    assert swapped == "Dank u wel."
    # Nothing was chosen, or it is there no more: all stays.
    assert sent(b="Dank u wel.")[0]["b"].cstruct == "Dank u wel."
    assert sent(b="Hoi", b__sjabloon="weg")[0]["b"].cstruct == "Hoi"
