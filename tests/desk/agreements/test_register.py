"""The town register: edited in place, read from a file after a preview, written as one."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from webtest import Upload

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import AMSTERDAM
from stopintimidatie.core.security import Role
from stopintimidatie.desk.agreements.register import HEADS, MOST_LINES, UNKNOWN, opening, read_hours
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.settings.models import TownRegister
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import let_op
from tests.support.factories import connect, make_user
from tests.support.installation import Installation

NATIONAL = "landelijk"
ZWIJNDRECHT = "GM0642"
PAGE = "/landelijk/zwijndrecht"
GIVEN = {
    "telefoon": "14 078",
    "afdeling": "Openbare Orde en Veiligheid",
    "postvak": "oov@zwijndrecht.example",
    "openingstijden": "ma-do 09:00-17:00; vr 09:00-12:30",
    "bron": "website van de gemeente",
    "datum": "2024-01-05",
}


@pytest.fixture
def desk(installation: Installation) -> Any:
    return installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))


def rows(installation: Installation) -> dict[str, TownRegister]:
    with installation.transaction() as session:
        return {row.code: row for row in session.scalars(select(TownRegister))}


def fill(desk: Any, **changes: str) -> Any:
    form = desk.get(PAGE).forms["nummers"]
    for name, value in {**GIVEN, **changes}.items():
        form[name] = value
    return form


def let_op_of(installation: Installation) -> str:
    with installation.transaction() as session:
        return let_op(published_for(session, ZWIJNDRECHT), "Zwijndrecht") or ""


def test_a_number_is_edited_on_the_page_of_the_municipality_and_reporters_read_it(
    installation: Installation, desk: Any
) -> None:
    assert "Van deze gemeente weten wij nog geen nummer" in desk.get(PAGE)
    assert "Telefoon:" not in let_op_of(installation)
    page = fill(desk).submit("opslaan", status=303).follow()
    assert "14 078" in page.html.select_one("#nummers").text
    assert "Telefoon: 14 078." in let_op_of(installation)
    with installation.transaction(NATIONAL) as session:
        logged = select(AuditEvent).where(AuditEvent.action == "gemeente.nummers")
        assert session.scalars(logged).one().fields == [ZWIJNDRECHT]


def test_the_number_that_the_municipality_published_itself_goes_first(
    installation: Installation, desk: Any
) -> None:
    fill(desk).submit("opslaan", status=303)
    contact = {"dagen": 3, "telefoon": "078 770 70 70"}
    connect(installation, ZWIJNDRECHT, level=ParticipationLevel.NO_AGREEMENT, contact=contact)
    assert "Telefoon: 078 770 70 70." in let_op_of(installation)
    assert "078 770 70 70" in desk.get(f"{PAGE}/gesprek")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"telefoon": "bel maar"}, "Vul een telefoonnummer in"),
        ({"telefoon": "1 1 2"}, "zijn niet van de gemeente"),
        ({"telefoon": "0900-8844"}, "zijn niet van de gemeente"),
        ({"telefoon": "+31 900 8844"}, "zijn niet van de gemeente"),
        ({"telefoon": "06 1234 5678"}, "Dit is een mobiel nummer"),
        ({"telefoon": "+31 (0)6 12345678"}, "Dit is een mobiel nummer"),
        ({"postvak": "sanne.devries@zwijndrecht.example"}, "Dit adres is van één persoon"),
        ({"postvak": "geen adres"}, "e-mailadres"),
        ({"afdeling": "Veiligheid, mevrouw De Boer"}, "Noem alleen de organisatie"),
        ({"bron": "Sanne van de balie"}, "Noem alleen de organisatie"),
        ({"afdeling": "=1+1"}, "dit lijkt een formule"),
        ({"openingstijden": "elke dag"}, "Schrijf de openingstijden als"),
        ({"openingstijden": "ma 17:00-09:00"}, "Schrijf de openingstijden als"),
        ({"datum": "2099-01-01"}, "toekomst"),
        ({"bron": ""}, "Vul ‘Bron’ in"),
    ],
)
def test_what_names_a_person_or_cannot_be_read_is_refused_at_its_field(
    installation: Installation, desk: Any, changes: dict[str, str], words: str
) -> None:
    answer = fill(desk, **changes).submit("opslaan", status=422)
    assert words in answer
    assert rows(installation) == {}


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ((2026, 12, 1, 10, 0), "nu open tot 17:00"),
        ((2026, 12, 1, 8, 0), "opent di 09:00"),
        ((2026, 12, 1, 17, 0), "opent wo 09:00"),
        ((2026, 12, 4, 12, 30), "opent ma 09:00"),
        # The 25th is a Friday and a holiday.
        ((2026, 12, 25, 10, 0), "opent ma 09:00"),
        ((2026, 12, 24, 18, 0), "opent ma 09:00"),
    ],
)
def test_hours_say_what_is_open_now_and_when_it_opens(
    moment: tuple[int, int, int, int, int], words: str
) -> None:
    assert opening(GIVEN["openingstijden"], datetime(*moment, tzinfo=AMSTERDAM)) == words


def test_hours_that_nobody_knows_say_so() -> None:
    assert opening(None, datetime(2026, 12, 1, 10, 0, tzinfo=AMSTERDAM)) == UNKNOWN
    assert read_hours("za 10.00 - 12.00")[0][0] == 5


# The file


def send(desk: Any, content: bytes, status: int = 200) -> Any:
    form = desk.get("/landelijk/nummers").forms["formulier"]
    form["bestand"] = Upload("nummers.csv", content)
    return form.submit("bekijken", status=status)


def as_file(*lines: dict[str, str], heads: Any = HEADS) -> bytes:
    made = io.StringIO()
    writer = csv.DictWriter(made, heads, delimiter=";", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(lines)
    return made.getvalue().encode()


def line(**changes: str) -> dict[str, str]:
    return {"gemeente": "Zwijndrecht", **GIVEN, **changes}


def store_form(page: Any) -> Any:
    return next(form for form in page.forms.values() if "zegel" in form.fields)


@pytest.mark.alles
def test_a_file_shows_what_is_new_changed_and_refused_before_anything_is_written(
    installation: Installation, desk: Any
) -> None:
    fill(desk).submit("opslaan", status=303)
    page = send(
        desk,
        as_file(
            line(telefoon="14 079"),
            line(gemeente="Dordrecht"),
            line(gemeente="Nergenshuizen"),
            line(gemeente="Eindhoven", telefoon="bel maar", postvak="jan@eindhoven.example"),
        ),
    )
    cells = [
        [cell.text.strip() for cell in row.select("th, td")] for row in page.html.select("tbody tr")
    ]
    assert [
        "4",
        "Nergenshuizen",
        "gemeente",
        "Nergenshuizen",
        "Deze gemeente kennen wij niet.",
    ] in cells
    refused = {(row[1], row[2]) for row in cells if row[0] == "5"}
    assert refused == {("Eindhoven", "telefoon"), ("Eindhoven", "postvak")}
    assert ["Zwijndrecht", "gewijzigd", "telefoon", "14 078", "14 079"] in cells
    assert ["Dordrecht", "nieuw", "telefoon", "–", "14 078"] in cells
    assert {code: row.telephone for code, row in rows(installation).items()} == {
        ZWIJNDRECHT: "14 078"
    }
    done = store_form(page).submit(status=303).follow()
    assert "2 gemeenten bijgewerkt." in done
    stored = rows(installation)
    assert stored[ZWIJNDRECHT].telephone == "14 079"
    assert stored["GM0505"].hours == GIVEN["openingstijden"]


def test_the_exported_file_reads_back_unchanged(installation: Installation, desk: Any) -> None:
    fill(desk, telefoon="+31786204000").submit("opslaan", status=303)
    content = desk.get("/landelijk/nummers-bestand").body
    assert "'+31786204000" in content.decode()
    page = send(desk, content)
    assert "Er verandert niets" in page
    assert "geweigerd" not in page


def test_a_line_with_nothing_but_a_name_changes_nothing(
    installation: Installation, desk: Any
) -> None:
    fill(desk).submit("opslaan", status=303)
    bare = {"gemeente": "Zwijndrecht"}
    assert "Er verandert niets" in send(desk, as_file(bare, bare))
    # Beside a line that says something it isn't the same municipality twice.
    page = send(desk, as_file(bare, line(telefoon="14 079")))
    store_form(page).submit(status=303)
    assert rows(installation)[ZWIJNDRECHT].telephone == "14 079"


@pytest.mark.parametrize(
    "hours",
    [
        "ma-vr 9-17",
        "ma-vr 9:00-17:00",
        "ma-vr 09.00 - 17.00 uur",
        "ma t/m vr 9.00 tot 17.00 uur",
        "maandag-vrijdag: 09:00\u201317:00",
        "ma, di en wo 9-17; do-vr 9-17",
        "ma-wo 9-17, do-vr 9-17",
    ],
)
def test_hours_are_read_as_people_write_them(hours: str) -> None:
    assert opening(hours, datetime(2026, 12, 1, 10, 0, tzinfo=AMSTERDAM)) == "nu open tot 17:00"
    assert len(read_hours(hours)) == 5


def test_hours_without_days_are_those_of_working_days() -> None:
    assert read_hours("8.30-17.00") == read_hours("ma-vr 08:30-17:00")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"gemeente;telefoon\nZwijndrecht;14 078\n", "De eerste regel moet deze kolommen noemen"),
        (as_file(line()).replace(b"website", b"web\xffsite"), "CSV UTF-8"),
        (as_file(line()).decode().encode("utf-16"), "CSV UTF-8"),
        (as_file(line()).replace(b"website", b"web\0site"), "CSV UTF-8"),
        (as_file(line()) + b'"los', "aanhalingsteken"),
        (as_file(*[line()] * (MOST_LINES + 1)), f"hoogstens {MOST_LINES} regels"),
        (b"gemeente;x\n" * 10_000, "De eerste regel"),
        (as_file(*[line()] * 10_000), "hoogstens 200 kB"),
        (b"", "De eerste regel"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(
    installation: Installation, desk: Any, content: bytes, words: str
) -> None:
    assert words in send(desk, content, 422)
    assert rows(installation) == {}


@pytest.mark.parametrize("phone", ["14 078", "14078", "078 770 70 70", "0800-0432", "+31787707070"])
def test_the_number_of_a_municipality_is_taken_as_it_is_written(
    installation: Installation, desk: Any, phone: str
) -> None:
    fill(desk, telefoon=phone).submit("opslaan", status=303)
    assert rows(installation)[ZWIJNDRECHT].telephone == phone


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"telefoon": "0900-8844"}, "zijn niet van de gemeente"),
        ({"telefoon": "=HYPERLINK(1)"}, "Vul een telefoonnummer in"),
        ({"afdeling": "=cmd|' /C calc'!A0"}, "dit lijkt een formule"),
        ({"bron": ""}, "Vul dit in."),
        ({"datum": "gisteren"}, "datum"),
        ({"gemeente": ""}, "Deze gemeente kennen wij niet."),
    ],
)
def test_a_wrong_cell_is_refused_with_its_column(
    desk: Any, changes: dict[str, str], words: str
) -> None:
    assert words in send(desk, as_file(line(**changes)), 422)


def test_a_municipality_twice_in_a_file_is_refused_twice(desk: Any) -> None:
    page = send(desk, as_file(line(), line(gemeente="GM0642", telefoon="14 079")), 422)
    assert page.text.count("Deze gemeente staat vaker in het bestand.") == 2


def test_a_line_with_other_columns_is_refused(desk: Any) -> None:
    content = as_file(line()).rstrip() + b";nog iets\r\n"
    assert "meer of minder kolommen" in send(desk, content, 422)


def test_what_changed_after_the_preview_is_shown_again_and_not_overwritten(
    installation: Installation, desk: Any
) -> None:
    page = send(desk, as_file(line(telefoon="14 079")))
    fill(desk).submit("opslaan", status=303)
    again = store_form(page).submit(status=409)
    assert "Intussen is er iets gewijzigd" in again
    assert rows(installation)[ZWIJNDRECHT].telephone == "14 078"
    store_form(again).submit(status=303)
    assert rows(installation)[ZWIJNDRECHT].telephone == "14 079"


def test_a_confirmation_that_was_tampered_with_writes_nothing(
    installation: Installation, desk: Any
) -> None:
    form = store_form(send(desk, as_file(line())))
    form["tekst"] = "gemeente;kwaad\nZwijndrecht;1"
    assert "De eerste regel" in form.submit(status=422)
    assert rows(installation) == {}
