"""The way of offered reports in the figures of the desk: counted, late first, and as a file."""

from __future__ import annotations

import csv
import io
import random
from datetime import datetime, time, timedelta
from statistics import median
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import AuditEvent
from stopintimidatie.core.clock import AMSTERDAM, after_working_days, clock_at, local_date, utc_now
from stopintimidatie.core.factors import confirmation
from stopintimidatie.core.security import Role
from stopintimidatie.desk.forwarding.services import DEPUTY_AFTER, DESK_AFTER
from stopintimidatie.desk.queue.summary import Way, ways
from stopintimidatie.disclosures.models import Pickup, PickupAnswer
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.reports.models import Report
from tests.support.factories import DORDRECHT, EINDHOVEN, make_report, make_user
from tests.support.installation import Installation
from tests.support.queries import count_queries
from tests.support.sittings import ZWIJNDRECHT, agree, arrive, open_in, pickup_of, read, sit

NATIONAL = "landelijk"
HERE = "/landelijk/cijfers"
OFFERED = "/landelijk?bezorging=aangeboden"
NOBODY_OPENED = ("verlopen", "teruggekomen", "ingetrokken", "aangeboden")


@pytest.fixture
def desk(installation: Installation) -> Any:
    return colleague(installation)


def colleague(installation: Installation) -> Any:
    return installation.browser(make_user(installation, (NATIONAL, Role.NATIONAL_DESK)))


def offer(
    installation: Installation,
    town: str = ZWIJNDRECHT,
    *,
    ago: int = 1,
    opened: int | None = None,
    answered: int | None = None,
    answer: str = "gelezen",
    **changes: Any,
) -> str:
    """A report that was offered some days ago, opened and answered so many days after that."""
    with installation.transaction(NATIONAL) as session:
        name = session.get_one(Municipality, town).name
        report = make_report(session, installation, holder=NATIONAL)
        # By the clock on the wall, so that a day is a day when summer time begins too.
        noon = datetime.combine(local_date(utc_now()), time(12), AMSTERDAM)
        since = noon - timedelta(days=ago)
        pickup = Pickup(
            holder=NATIONAL,
            reference=f"O-{random.Random(str(report.id)).randrange(10**8):08}",
            document_kind="melding",
            document_id=report.id,
            recipient=f"Gemeente {name}",
            state="aangeboden" if opened is None else "opgehaald",
            made_at=since,
            offered_at=since,
            picked_up_at=None if opened is None else since + timedelta(days=opened),
        )
        for column, value in changes.items():
            setattr(pickup, column, value)
        report.municipality_code, report.received_at = town, since
        delivery = {"klaar": "wacht_op_afspraak", "ingetrokken": "wacht_op_afspraak"}
        report.delivery = delivery.get(pickup.state, pickup.state)
        if pickup.state == "teruggegeven":
            report.delivery = "verlopen"
        session.add(pickup)
        session.flush()
        if answered is not None:
            at = since + timedelta(days=answered)
            session.add(PickupAnswer(holder=NATIONAL, pickup_id=pickup.id, kind=answer, at=at))
        return report.reference


def counted(installation: Installation) -> tuple[Way, list[Way]]:
    with installation.transaction(NATIONAL) as session:
        every, rows = ways(session)
        return every, list(rows)


def cells_of(page: Any) -> dict[str, list[str]]:
    """The cells of the first table, by municipality, with single spaces."""
    return {
        row.select_one("th").text.strip(): [
            " ".join(cell.text.replace("–", "").split()) for cell in row.select("td")
        ]
        for row in page.html.select_one("table").select("tbody tr")
    }


# Counting


@pytest.mark.both_databases
def test_numbers_and_days_are_those_of_an_independent_count(installation: Installation) -> None:
    chance, towns = random.Random(42), (ZWIJNDRECHT, EINDHOVEN, DORDRECHT)
    made: list[dict[str, Any]] = []
    for _ in range(60):
        case: dict[str, Any] = {"town": chance.choice(towns), "ago": chance.randrange(1, 330)}
        if chance.random() < 0.6:
            case["opened"] = chance.randrange(1, 12)
            case["state"] = chance.choice(("opgehaald", "opgehaald", "teruggegeven"))
            if chance.random() < 0.7:
                case["answered"] = case["opened"] + chance.randrange(5)
        else:
            case["state"] = chance.choice(("aangeboden", "verlopen", "ingetrokken"))
        made.append(case)
        offer(installation, **case)
    every, rows = counted(installation)
    with installation.transaction(NATIONAL) as session:
        names = {town: session.get_one(Municipality, town).name for town in towns}
        starts = {row.id: row for row in session.scalars(select(Pickup))}
    assert len(starts) == every.offered == len(made) == sum(row.offered for row in rows)
    for town, name in names.items():
        mine = [case for case in made if case["town"] == town]
        (row,) = [row for row in rows if row.name == name]
        assert row.town is not None
        assert (row.town.code, row.offered) == (town, len(mine))
        assert row.opened == sum("opened" in case for case in mine)
        assert row.answered == sum("answered" in case for case in mine)
        assert row.returned == sum(case["state"] == "teruggegeven" for case in mine)
        assert len(row.waiting) == sum(case["state"] == "aangeboden" for case in mine)
        for state in ("verlopen", "ingetrokken"):
            assert row.ended.get(state, 0) == sum(case["state"] == state for case in mine)
        for spread, way in ((row.to_open, "opened"), (row.to_answer, "answered")):
            days = [case[way] for case in mine if way in case]
            assert spread == (median(days), max(days))
        assert row.offered == row.opened + len(row.waiting) + sum(row.ended.values())
    assert sum(every.ended.values()) == sum(sum(row.ended.values()) for row in rows)


def test_an_offer_of_more_than_a_year_ago_counts_no_longer(installation: Installation) -> None:
    offer(installation, ago=366, opened=1)
    offer(installation, ago=364, opened=1)
    assert counted(installation)[0].offered == 1


def test_what_was_opened_by_a_code_before_its_message_went_counts_from_when_it_was_made(
    installation: Installation,
) -> None:
    offer(installation, opened=1, offered_at=None)
    offer(installation, state="klaar", offered_at=None)
    every, _ = counted(installation)
    assert (every.offered, every.opened, every.to_open) == (1, 1, (1, 1))


def test_encrypted_mail_is_opened_at_once_and_says_nothing_about_days(
    installation: Installation,
) -> None:
    offer(installation, opened=0)
    offer(installation, ago=9, opened=4, answered=6)
    every, _ = counted(installation)
    assert (every.opened, every.to_open, every.to_answer) == (2, (4, 4), (6, 6))


def test_what_a_town_answers_to_a_withdrawal_is_no_answer_to_the_report(
    installation: Installation,
) -> None:
    for kind in ("niet_meer_in_gebruik", "vernietigd", "blijft"):
        offer(installation, opened=1, answered=2, answer=kind)
    assert counted(installation)[0].answered == 0
    offer(installation, ago=5, opened=1, answered=3, answer="niet_van_ons", state="teruggegeven")
    every, _ = counted(installation)
    assert (every.answered, every.returned, every.to_answer) == (1, 1, (3, 3))


def test_the_first_answer_counts(installation: Installation) -> None:
    offer(installation, ago=9, opened=1, answered=4)
    with installation.transaction(NATIONAL) as session:
        pickup = session.scalars(select(Pickup)).one()
        at = pickup.made_at + timedelta(days=2)
        session.add(PickupAnswer(holder=NATIONAL, pickup_id=pickup.id, kind="ontvangen", at=at))
    assert counted(installation)[0].to_answer == (2, 2)


def test_how_an_unopened_offer_ended_is_told_apart(installation: Installation, desk: Any) -> None:
    offer(installation, state="verlopen")
    offer(installation, state="verlopen", returned_at=utc_now())
    offer(installation, state="ingetrokken")
    offer(installation)
    with installation.transaction(NATIONAL) as session:
        row = session.scalars(select(Pickup).where(Pickup.state == "aangeboden")).one()
        row.document_id = row.id
    every, _ = counted(installation)
    assert every.ended == dict.fromkeys(NOBODY_OPENED, 1)
    assert (every.offered, every.opened, [*every.waiting]) == (4, 0, [])
    (cells,) = cells_of(desk.get(HERE)).values()
    assert cells[4] == (
        "4 1 verlopen of teruggenomen 1 bericht kwam terug 1 melder trok in 1 melding is weg"
    )


def test_pick_ups_of_others_are_not_the_desks(installation: Installation) -> None:
    offer(installation, opened=1)
    offer(installation, document_kind="uitvoer")
    with installation.transaction(DORDRECHT) as session:
        mine = {"reference": "O-ANDER", "document_kind": "melding", "offered_at": utc_now()}
        report = make_report(session, installation)
        about = {"document_id": report.id, "recipient": "Gemeente Zwijndrecht"}
        session.add(Pickup(holder=DORDRECHT, **mine, **about))
    assert counted(installation)[0].offered == 1


def test_a_town_whose_name_changed_keeps_its_row(installation: Installation, desk: Any) -> None:
    offer(installation, recipient="Gemeente Vroeger")
    assert cells_of(desk.get(HERE))["Vroeger"][1] == "1"


# Late


def test_late_is_when_the_desk_is_told_and_stands_first(installation: Installation) -> None:
    offer(installation, DORDRECHT, ago=20, opened=1)
    offer(installation, EINDHOVEN)
    offer(installation, ZWIJNDRECHT)
    with installation.transaction(NATIONAL) as session:
        named = select(Pickup).where(Pickup.recipient == "Gemeente Zwijndrecht")
        moment = after_working_days(session.scalars(named).one().made_at, DESK_AFTER)
        # The other was offered somewhat later.
        other = session.scalars(select(Pickup).where(Pickup.recipient == "Gemeente Eindhoven"))
        pickup = other.one()
        pickup.offered_at = pickup.made_at + timedelta(seconds=90)
    with clock_at(moment - timedelta(seconds=1)):
        every, rows = counted(installation)
        assert (every.late, every.at_deputy) == (0, 2)
    with clock_at(moment + timedelta(seconds=1)):
        every, rows = counted(installation)
        assert (every.late, every.at_deputy) == (1, 1)
        assert [(row.name, row.late) for row in rows] == [
            ("Zwijndrecht", 1),
            ("Eindhoven", 0),
            ("Dordrecht", 0),
        ]
        cells = cells_of(colleague(installation).get(HERE))
        assert cells["Zwijndrecht"][0].startswith("1 te laat 1 wacht oudste van")
        assert cells["Eindhoven"][0].startswith("1 bij vervanger 1 wacht")
        assert cells["Dordrecht"][0] == ""


# The same numbers as the lists


def test_what_waits_is_what_the_queue_shows_as_offered(
    installation: Installation, desk: Any
) -> None:
    for town, state in (
        (ZWIJNDRECHT, "aangeboden"),
        (ZWIJNDRECHT, "aangeboden"),
        (ZWIJNDRECHT, "verlopen"),
        (ZWIJNDRECHT, "klaar"),
        (EINDHOVEN, "aangeboden"),
    ):
        offer(installation, town, state=state)
    offer(installation, opened=1)
    page = desk.get(HERE)
    tile = next(tile for tile in page.html.select(".si-tile") if "te openen" in tile.text)
    assert tile.select_one("a")["href"] == OFFERED
    assert tile.select_one(".si-tile__number").text == "3"
    assert len(desk.get(OFFERED).html.select(".wb-row")) == 3
    for row in page.html.select_one("table").select("tbody tr"):
        link = row.select_one("td a")
        assert link.text.split()[0] == str(len(desk.get(link["href"]).html.select(".wb-row")))
    assert len(page.html.select_one("table").select("tbody tr")) == 2


def test_the_numbers_of_a_town_are_those_of_its_page(installation: Installation, desk: Any) -> None:
    """Also of what was given back since, and has another municipality now."""
    offer(installation)
    offer(installation, opened=1)
    back = offer(installation, opened=1, answered=1, answer="niet_van_ons", state="teruggegeven")
    offer(installation, EINDHOVEN, state="verlopen")
    with installation.transaction(NATIONAL) as session:
        report = session.scalars(select(Report).where(Report.reference == back)).one()
        report.municipality_code, report.delivery = EINDHOVEN, "wacht_op_afspraak"
    cells = cells_of(desk.get(HERE))
    for town, name in (("zwijndrecht", "Zwijndrecht"), ("eindhoven", "Eindhoven")):
        panel = desk.get(f"/landelijk/{town}").html.select_one("#doorgegeven")
        items = [item.text for item in panel.select(".si-list__item")]
        assert cells[name][1] == str(sum("aangeboden" in item for item in items))
        assert cells[name][2] == str(sum("opgehaald" in item for item in items))


def test_what_really_happened_is_what_the_figures_say(
    installation: Installation, desk: Any
) -> None:
    agree(installation)
    first, second = arrive(installation), arrive(installation)
    installation.run_jobs()
    assert cells_of(desk.get(HERE))["Zwijndrecht"][1:4] == ["2", "0", "0"]
    _, page = sit(installation, first)
    opened = open_in(page, pickup_of(installation, first).reference)
    form = next(form for form in opened.forms.values() if form.action.endswith("antwoord"))
    form["antwoord"] = "gelezen"
    form.submit("vastleggen", status=303)
    assert cells_of(desk.get(HERE))["Zwijndrecht"][1:4] == ["2", "1", "1"]
    assert read(installation, second).delivery == "aangeboden"
    for days in (DEPUTY_AFTER, DESK_AFTER):
        moment = after_working_days(pickup_of(installation, second).made_at, days)
        with clock_at(moment + timedelta(hours=1)):
            installation.run_jobs()
    with clock_at(moment + timedelta(hours=1)):
        later = colleague(installation)
        town = later.get("/landelijk/zwijndrecht").html.select_one("#doorgegeven").text
        assert town.count("niet opgehaald: bel de gemeente") == 1
        assert cells_of(later.get(HERE))["Zwijndrecht"][0].startswith("1 te laat 1 wacht")


# The page and its file


def test_without_an_offer_the_page_says_so(installation: Installation, desk: Any) -> None:
    page = desk.get(HERE)
    assert "Nog niets aangeboden" in page
    assert "De weg van aangeboden meldingen" not in page
    assert f"{HERE}?bestand=csv" not in page
    (row,) = csv.DictReader(io.StringIO(desk.get(f"{HERE}?bestand=csv").text), delimiter=";")
    assert row["Aangeboden"] == row["Te laat"] == "0"


def test_more_towns_take_no_more_statements(installation: Installation, desk: Any) -> None:
    offer(installation, opened=1, answered=2)
    desk.get(HERE)
    with count_queries(installation) as few:
        desk.get(HERE)
    for town in (DORDRECHT, EINDHOVEN, "GM0518", "GM0363", "GM0599"):
        offer(installation, town)
        offer(installation, town, opened=1, answered=2)
    with count_queries(installation) as many:
        desk.get(HERE)
    assert many.count <= few.count


def logged(installation: Installation) -> list[Any]:
    with installation.transaction(NATIONAL) as session:
        mine = select(AuditEvent).where(AuditEvent.action == "cijfers.gedownload")
        return sorted(event.fields for event in session.scalars(mine))


def test_the_file_has_the_numbers_of_the_page_and_a_line_in_the_log(
    installation: Installation, desk: Any
) -> None:
    offer(installation, ago=9, opened=1, answered=3)
    offer(installation, ago=9, opened=2, answered=3)
    offer(installation, DORDRECHT, ago=2)
    assert logged(installation) == []
    page = cells_of(desk.get(HERE))
    assert page["Zwijndrecht"][1:] == ["2", "2", "2", "0", "1,5 langste 2", "3 langste 3"]
    body = desk.get(f"{HERE}?bestand=csv").body.decode("utf-8-sig")
    rows = [*csv.DictReader(io.StringIO(body), delimiter=";")]
    assert [row["Gemeente"] for row in rows] == ["Dordrecht", "Zwijndrecht", "Alle gemeenten"]
    assert rows[2]["Aangeboden"] == "3"
    for row in rows[:2]:
        names = ("Aangeboden", "Geopend", "Beantwoord")
        assert [row[name] for name in names] == page[row["Gemeente"]][1:4]
    days = [rows[1][f"Dagen tot openen, {which}"] for which in ("mediaan", "meest")]
    assert days == ["1,5", "2"]
    assert rows[0]["Dagen tot openen, mediaan"] == ""
    assert rows[0]["Wacht"] == "1"
    assert logged(installation) == [["csv", "doorgifte"]]
    sheet = desk.get(f"{HERE}?bestand=xlsx")
    assert sheet.content_type.endswith("spreadsheetml.sheet")
    assert logged(installation) == [["csv", "doorgifte"], ["doorgifte", "xlsx"]]


def test_a_file_of_another_kind_is_refused(installation: Installation, desk: Any) -> None:
    offer(installation)
    assert "Zwijndrecht" in desk.get(f"{HERE}?bestand=pdf", status=409)
    assert logged(installation) == []


def test_the_file_asks_for_the_second_factor_again_and_the_page_does_not(
    installation: Installation, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(installation)
    monkeypatch.setattr(confirmation, "must_confirm", lambda request: True)
    desk.get(HERE, status=200)
    answer = desk.get(f"{HERE}?bestand=csv", status=303)
    assert answer.location.partition("?")[0].endswith("/account-bevestigen")
    assert logged(installation) == []
