"""Files of reporters at the door: known when they come again, within bounds; reports never stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from webtest import Upload

from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.limits import Budgets
from stopintimidatie.core.scanner import Scanner
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.web.limits import PUBLIC_UPLOAD
from stopintimidatie.reports.attachments.services import MOST
from stopintimidatie.reports.models import Report, ReportAttachment
from stopintimidatie.reports.personal import erase
from tests.support.api import PROBLEM, Api
from tests.support.clamd import Clamd, infected
from tests.support.factories import DORDRECHT, EINDHOVEN, connect, make_dossier, make_user
from tests.support.following import follow_in_browser
from tests.support.installation import Installation
from tests.support.offering import Case
from tests.support.photos import photo, stored

pytestmark = [pytest.mark.both_databases, pytest.mark.short_on("sqlite")]

Variant = Callable[..., Installation]
HERE = "145.53.10.20"
THERE = "145.53.10.21"
# Larger than is free on any disk.
FLOOR = 100_000_000
BIG = 10_000_000


@pytest.fixture
def api(installation: Installation) -> Iterator[Api]:
    connect(installation)
    yield Api(installation)
    # The application is shared with other tests of this process.
    installation.registry.budgets = Budgets()


def sizes(number: int) -> list[bytes]:
    """Photos of which no two are the same."""
    return [photo(size=(8 + place, 8)) for place in range(number)]


def sound(size: int) -> bytes:
    """A WAV of so many bytes that is taken; the number in it makes it another file each time."""
    data = uuid4().bytes * (size // 16)
    head = b"WAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88\x58\1\0\2\0\x10\0data"
    body = head + len(data).to_bytes(4, "little") + data
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def rows(api: Api, holder: str = DORDRECHT) -> list[ReportAttachment]:
    with api.installation.transaction(holder) as session:
        return list(session.scalars(select(ReportAttachment).order_by(ReportAttachment.number)))


# Known again


def test_a_file_sent_again_is_the_same_attachment_also_when_the_report_is_full(api: Api) -> None:
    receipt, files = api.post().json, sizes(MOST + 1)
    first = api.attach(receipt, files[0])
    # The answer was lost, or the app was killed before it was noted.
    again = api.attach(receipt, files[0], name="anders.png", status=200)
    assert again.json == first.json
    for content in files[1:MOST]:
        api.attach(receipt, content)
    api.attach(receipt, files[MOST], status=409)
    assert [api.attach(receipt, f, status=200).json["nummer"] for f in files[:MOST]] == [
        *range(1, MOST + 1)
    ]
    assert stored(api) == (MOST, MOST)


def test_the_same_file_with_another_report_is_another_attachment_that_nothing_ties_to_it(
    api: Api,
) -> None:
    for _ in range(2):
        api.attach(api.post().json, photo())
    first, second = rows(api)
    assert first.sent_hash != second.sent_hash
    assert len(first.sent_hash or "") == 64


@pytest.mark.short_on("postgresql")
@pytest.mark.judged_once
def test_the_same_file_twice_at_once_is_one_attachment(api: Api) -> None:
    receipt, start = api.post().json, threading.Barrier(3)
    answers: list[int] = []

    def send() -> None:
        start.wait(10)
        answers.append(api.attach(receipt, photo(), status="*").status_int)

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [200, 200, 201]
    assert stored(api) == (1, 1)


def test_a_key_belongs_to_one_file(api: Api) -> None:
    receipt, key, (one, other) = api.post().json, str(uuid4()), sizes(2)
    first = api.attach(receipt, one, key=key).json
    assert api.attach(receipt, one, key=key, status=200).json == first
    refused = api.attach(receipt, other, key=key, status=422)
    assert refused.content_type == PROBLEM
    assert refused.json["type"].endswith(":sleutel-hergebruikt")
    assert "per bestand" in refused.json["detail"]
    # Known by its bytes, whatever its key.
    assert api.attach(receipt, one, key=str(uuid4()), status=200).json == first
    assert api.attach(receipt, other, key=str(uuid4())).json["nummer"] == 2
    assert stored(api)[0] == 2


@pytest.mark.parametrize("key", ["", "x", "1234", f"{UUID(int=1)} {UUID(int=2)}", "\N{BULLET}"])
def test_a_key_is_a_uuid(api: Api, key: str) -> None:
    refused = api.attach(api.post().json, photo(), key=key, status=400)
    assert refused.json["type"].endswith(":sleutel-ongeldig")
    assert stored(api) == (0, 0)


def test_a_refused_file_leaves_its_key_free(api: Api) -> None:
    receipt, key = api.post().json, str(uuid4())
    api.attach(receipt, b"geen foto", key=key, status=415)
    assert api.attach(receipt, photo(), key=key).json["nummer"] == 1


@pytest.mark.short_on("postgresql")
def test_who_presses_twice_on_the_page_sends_one_file(api: Api) -> None:
    browser = follow_in_browser(api, api.post().json)
    form = browser.get("/volgen/melding").forms["bijlage"]
    for _ in range(2):
        form["bestand"] = Upload("foto.jpg", photo())
        form.submit("meesturen", status=303).follow().mustcontain("Uw bestand is verstuurd")
    assert stored(api) == (1, 1)


def test_a_file_is_known_under_a_new_key_of_the_house_as_well(api: Api) -> None:
    receipt, registry = api.post().json, api.installation.registry
    first, ring = api.attach(receipt, photo()).json, registry.key_ring
    registry.key_ring = KeyRing(2, {**ring.masters, 2: b"n" * 32})
    try:
        assert api.attach(receipt, photo(), status=200).json == first
    finally:
        registry.key_ring = ring


def test_what_is_erased_is_not_known_any_more(api: Api) -> None:
    api.attach(api.post().json, photo(), key=str(uuid4()))
    with api.installation.transaction(DORDRECHT) as session:
        erase(session, session.scalars(select(Report.id)).one())
    assert rows(api) == []


@pytest.mark.usefixtures("at_once")
def test_a_file_is_known_after_a_hand_over(installation: Installation) -> None:
    connect(installation, DORDRECHT)
    connect(installation, EINDHOVEN)
    case = Case(installation)
    receipt = {"kenmerk": case.reference, "volgcode": case.code}
    first = case.api.attach(receipt, photo()).json
    case.offer()
    case.answer("aannemen")
    installation.run_jobs()
    assert case.api.attach(receipt, photo(), status=200).json == first
    assert stored(case.api, EINDHOVEN)[0] == 1


# Sealed


def later(api: Api, delay: timedelta) -> None:
    with clock_at(utc_now() + delay):
        api.installation.run_jobs()


@pytest.fixture
def scanned(api: Api, clamd: Clamd) -> Iterator[Api]:
    """The API of an installation where files wait while the scanner is away."""
    api.installation.registry.scanner = Scanner(clamd.socket, files_wait=True)
    yield api
    api.installation.registry.scanner = None


@pytest.mark.alles
def test_a_stopped_file_sent_again_is_stopped_again_and_kept_once(scanned: Api) -> None:
    receipt, key = scanned.post().json, str(uuid4())
    for _ in range(3):
        refused = scanned.attach(receipt, infected(photo()), key=key, status=422)
        assert "na 30 dagen wordt het vernietigd" in refused.json["detail"]
    assert [row.sealed for row in rows(scanned)] == ["tegengehouden"]
    assert scanned.attach(receipt, photo()).json["nummer"] == 2
    later(scanned, timedelta(days=31))
    ended = rows(scanned)[0]
    assert (ended.parts, ended.sent_hash, ended.sent_key) == (0, None, None)
    # Its content is gone, so it is looked at and kept anew.
    scanned.attach(receipt, infected(photo()), key=key, status=422)
    assert [(row.sealed, row.parts) for row in rows(scanned)] == [
        ("tegengehouden", 0),
        (None, 1),
        ("tegengehouden", 1),
    ]


def test_a_file_that_waits_is_known_before_and_after_the_scanner_saw_it(
    scanned: Api, clamd: Clamd
) -> None:
    receipt = scanned.post().json
    clamd.end()
    first = scanned.attach(receipt, photo(), status=202).json
    assert scanned.attach(receipt, photo(), status=200).json == first
    broken = scanned.attach(receipt, b"geen foto", key=str(uuid4()), status=202).json
    clamd.start()
    later(scanned, timedelta(minutes=6))
    again = scanned.attach(receipt, photo(), status=200).json
    assert (again["nummer"], again["status"]) == (first["nummer"], "opgeslagen")
    # What was thrown away isn't known; it is judged anew.
    assert broken["nummer"] == 2
    scanned.attach(receipt, b"geen foto", status=415)
    assert [row.sealed for row in rows(scanned)] == [None, "onleesbaar"]


# Budgets


def sender(api: Api, address: str) -> Api:
    api.app.extra_environ["REMOTE_ADDR"] = address
    return api


@contextmanager
def budgets_of(variant: Variant, **megabytes: int) -> Iterator[Api]:
    made = variant(**megabytes)
    connect(made)
    yield sender(Api(made), HERE)
    made.registry.budgets = Budgets()


def test_a_sender_has_a_budget_of_bytes_for_files_and_reports_come_in_beyond_it(
    variant: Variant,
) -> None:
    with budgets_of(variant, sender_megabytes=25) as api:
        receipt, files = api.post().json, [sound(BIG) for _ in range(3)]
        for content in files[:2]:
            api.attach(receipt, content)
        refused = api.attach(receipt, files[2], status=429)
        assert refused.content_type == PROBLEM
        assert refused.json["type"].endswith(":bestanden-op")
        assert "Uw melding is wel goed binnengekomen" in refused.json["detail"]
        assert refused.headers["Retry-After"] == "86400"
        assert api.post().json["kenmerk"]
        # What came in is known, and costs nothing.
        api.attach(receipt, files[0], status=200)
        form = follow_in_browser(api, receipt).get("/volgen/melding").forms["bijlage"]
        form["bestand"] = Upload("geluid.wav", files[2])
        page = form.submit("meesturen", status=422, extra_environ={"REMOTE_ADDR": HERE})
        page.mustcontain("Bewaar dit bestand en stuur het morgen")
        assert stored(api)[0] == 2
        sender(api, THERE).attach(receipt, files[2])
        with clock_at(utc_now() + timedelta(days=1)):
            sender(api, HERE).attach(receipt, sound(BIG))


@pytest.mark.alles
def test_all_who_use_one_app_share_its_budget(variant: Variant) -> None:
    with budgets_of(variant, app_megabytes=25) as api:
        for address in (HERE, THERE):
            sender(api, address).attach(api.post().json, sound(BIG))
        refused = sender(api, "145.53.10.22").attach(api.post().json, sound(BIG), status=429)
        assert "met deze app" in refused.json["detail"]
        # The page of the reporter is another way in.
        form = follow_in_browser(api, api.post().json).get("/volgen/melding").forms["bijlage"]
        form["bestand"] = Upload("geluid.wav", sound(BIG))
        form.submit("meesturen", status=303)


@pytest.mark.alles
def test_a_report_has_a_budget_too(variant: Variant) -> None:
    with budgets_of(variant, report_megabytes=1) as api:
        receipt = api.post().json
        api.attach(receipt, sound(700_000))
        refused = api.attach(receipt, sound(700_000), status=413)
        assert refused.json["type"].endswith(":bestand-te-groot")
        assert "Samen zijn de bestanden hoogstens 1 MB" in refused.json["detail"]
        api.attach(receipt, sound(200_000))
        api.attach(api.post().json, sound(700_000))


def test_stopped_files_count_for_the_budget_of_their_report(variant: Variant, clamd: Clamd) -> None:
    with budgets_of(variant, report_megabytes=1) as api:
        api.installation.registry.scanner = Scanner(clamd.socket)
        receipt = api.post().json
        large = infected(photo() + bytes(700_000))
        api.attach(receipt, large, status=422)
        api.attach(receipt, sound(700_000), status=413)
        assert len(rows(api)) == 1


@pytest.mark.alles
def test_only_what_is_kept_counts_stopped_files_too(variant: Variant, clamd: Clamd) -> None:
    with budgets_of(variant, sender_megabytes=25) as api:
        receipt, registry = api.post().json, api.installation.registry
        registry.scanner = Scanner(clamd.socket)
        clamd.end()
        for _ in range(3):
            api.attach(receipt, sound(BIG), status=503)
        registry.scanner = None
        for _ in range(3):
            api.attach(receipt, b"geen geluid" + bytes(BIG), status=415)
        api.attach(receipt, sound(BIG))
        registry.scanner = Scanner(clamd.socket)
        clamd.start()
        for _ in range(2):
            stopped = infected(uuid4().bytes + bytes(1_900_000))
            api.attach(receipt, stopped, status=422)
        registry.scanner = None
        api.attach(receipt, sound(PUBLIC_UPLOAD - 13_700_000), status=429)
        api.attach(receipt, sound(PUBLIC_UPLOAD - 13_900_000))


@pytest.mark.alles
def test_a_picture_that_grows_when_it_is_drawn_anew_counts_as_it_is_kept(
    variant: Variant,
) -> None:
    with budgets_of(variant, sender_megabytes=25) as api:
        receipt, small = api.post().json, photo("PNG", (4000, 4000))
        kept = api.attach(receipt, small).json["grootte"]
        assert kept > len(small)
        api.attach(receipt, sound(PUBLIC_UPLOAD - kept), status=429)
        api.attach(receipt, sound(PUBLIC_UPLOAD - kept - 1_000))


@pytest.mark.alles
def test_who_is_not_known_shares_a_larger_budget_and_each_process_has_its_share(
    variant: Variant,
) -> None:
    made = variant(web_processes=2, sender_megabytes=100, app_megabytes=100)
    connect(made)
    api = Api(made)
    assert asked_for(api) == [500_000_000, 50_000_000]
    assert asked_for(sender(api, HERE)) == [50_000_000, 50_000_000]
    many = variant(web_processes=64)
    assert asked_for(sender(Api(many), HERE)) == [PUBLIC_UPLOAD, 156_250_000]
    for installation in (made, many):
        installation.registry.budgets = Budgets()


def asked_for(api: Api) -> list[int]:
    """Return the most bytes of the sender and of the app, as the counters are asked."""
    asked: list[int] = []

    class Watched(Budgets):
        def spend(self, budgets: Any, size: int, *, count: bool = True) -> bool:
            asked[:] = budgets.values()
            return super().spend(budgets, size, count=count)

    api.installation.registry.budgets = Watched()
    api.attach(api.post().json, photo())
    return asked


def test_nothing_in_memory_tells_who_sent(api: Api) -> None:
    sender(api, HERE).attach(api.post().json, photo())
    held = repr(vars(api.installation.registry.budgets))
    assert "145.53" not in held
    assert str(api.app_key_id) not in held


# The floor of the disk


def test_below_the_floor_of_the_disk_files_are_refused_and_reports_are_not(
    api: Api, variant: Variant
) -> None:
    receipt = api.post().json
    first = api.attach(receipt, sizes(1)[0]).json
    full = variant(disk_floor_megabytes=FLOOR)
    api = Api(full)
    refused = api.attach(receipt, photo(), status=503)
    assert refused.json["type"].endswith(":bestanden-dicht")
    assert "te weinig ruimte" in refused.json["detail"]
    assert int(refused.headers["Retry-After"]) == 900
    assert api.attach(receipt, sizes(1)[0], status=200).json == first
    assert api.post().json["kenmerk"]
    form = follow_in_browser(api, receipt).get("/volgen/melding").forms["bijlage"]
    form["bestand"] = Upload("foto.jpg", photo())
    form.submit("meesturen", status=503).mustcontain("te weinig ruimte", "stuur het later nog")
    with full.transaction() as session:
        address = f"/gemeenten/dordrecht/binnenstad/{make_dossier(session).number}"
    owner = full.browser(make_user(full, (DORDRECHT, Role.DOSSIER_OWNER)))
    form = owner.get(f"{address}/bijlage-toevoegen").forms["formulier"]
    form["waarover"], form["bestand"] = "Lamp bij de tunnel", Upload("a.jpg", photo())
    form.submit("toevoegen", status=503).mustcontain("te weinig ruimte")
    assert stored(api) == (1, 1)


def disk(installation: Installation) -> dict[str, str]:
    answer = installation.visitor().get("/health/ready", status=200).json
    return next(check for check in answer["controles"] if check["naam"] == "schijf")


def test_health_says_that_the_disk_is_nearly_full_and_stays_ready(variant: Variant) -> None:
    assert disk(variant(disk_floor_megabytes=0))["toestand"] == "goed"
    check = disk(variant(disk_floor_megabytes=FLOOR))
    assert check["toestand"] == "let op"
    assert "bestanden worden geweigerd, meldingen niet" in check["melding"]


@pytest.mark.alles
def test_another_disk_can_be_watched_and_one_that_is_not_there_is_full(
    variant: Variant, tmp_path: Any
) -> None:
    assert disk(variant(disk_folder=tmp_path))["toestand"] == "goed"
    assert disk(variant(disk_folder=tmp_path / "weg"))["toestand"] == "let op"
