"""A photo goes with the first report, and whatever becomes of it, the report is in."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from webtest import TestApp, Upload

from stopintimidatie.core.scanner import Scanner
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage import NATIONAL
from stopintimidatie.core.web.body import FORM_TYPES, SMALL, most_of
from stopintimidatie.core.web.limits import PUBLIC_UPLOAD, PUBLIC_UPLOAD_FORM
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.reports.models import Report, ReportAttachment
from stopintimidatie.reports.public import views
from tests.support.clamd import Clamd, infected
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.photos import SECRET, photo
from tests.support.reporting import codes, filled

LOST = "Uw melding is binnen, de foto niet"


@pytest.fixture
def visitor(installation: Installation) -> TestApp:
    connect(installation)
    return installation.visitor()


def with_photo(visitor: TestApp, content: bytes, **more: Any) -> Any:
    return filled(visitor, **{"uzelf.foto": Upload("foto.jpg", content), **more})


def kept(installation: Installation, holder: str = DORDRECHT) -> tuple[int, list[str | None]]:
    """How many reports there are, and of each file why nobody can open it."""
    with installation.transaction(holder) as session:
        reports = len(session.scalars(select(Report.id)).all())
        return reports, list(session.scalars(select(ReportAttachment.sealed)))


def test_a_photo_goes_with_the_first_report_clean_of_place_and_device(
    installation: Installation, visitor: TestApp
) -> None:
    answer = with_photo(visitor, photo()).submit("versturen", status=200)
    answer.mustcontain("De foto zit bij de melding", no=[LOST])
    reference, _ = codes(answer)
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    opened = officer.get(f"/m/{reference}").follow().click("Foto 1")
    assert SECRET.encode() not in opened.body
    assert Image.open(BytesIO(opened.body)).size == (60, 80)


def test_without_a_photo_nothing_is_said_of_one(
    installation: Installation, visitor: TestApp
) -> None:
    answer = filled(visitor).submit("versturen", status=200)
    assert answer.html.find_all(string=lambda text: "De foto" in text or LOST in text) == []
    assert kept(installation) == (1, [])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"MZ\x90\x00 geen foto", "Dit soort bestand nemen wij niet aan"),
        (photo()[:200], "Dit bestand is niet te lezen"),
    ],
    ids=["programme", "half a photo"],
)
def test_a_photo_that_is_refused_loses_no_report_and_says_why(
    installation: Installation, visitor: TestApp, content: bytes, why: str
) -> None:
    answer = with_photo(visitor, content).submit("versturen", status=200)
    answer.mustcontain(LOST, why, "kan ook later, met de volgcode")
    assert all(codes(answer))
    assert kept(installation) == (1, [])


def test_to_a_minor_a_refusal_says_je(installation: Installation, visitor: TestApp) -> None:
    age = {"leeftijd.leeftijdsgroep": "16_17"}
    answer = with_photo(visitor, b"geen foto", **age).submit("versturen", status=200)
    answer.mustcontain("Je melding is binnen, de foto niet")


def test_too_large_a_photo_leaves_all_that_was_typed(
    installation: Installation, visitor: TestApp
) -> None:
    large = b"\xff\xd8\xff" + b"\0" * PUBLIC_UPLOAD
    page = with_photo(visitor, large).submit("versturen", status=422)
    page.mustcontain("Kies een bestand van hoogstens 25 MB", "Kies hem in de laatste stap opnieuw")
    assert kept(installation) == (0, [])
    again = page.forms["formulier"].submit("versturen", status=200)
    assert all(codes(again))


def test_work_on_a_photo_that_ends_halfway_loses_no_report(
    installation: Installation, visitor: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = with_photo(visitor, photo())

    def killed(upload: object) -> None:
        assert kept(installation) == (1, []), "stored before a file is opened"
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(views, "take", killed)
        form.submit("versturen", status=500)
    answer = form.submit("versturen", status=200)
    answer.mustcontain("Deze melding kregen wij al", "De foto zit bij de melding")
    assert kept(installation) == (1, [None])


def test_the_same_form_with_the_same_photo_is_one_report_with_one_photo(
    installation: Installation, visitor: TestApp
) -> None:
    form = with_photo(visitor, photo())
    first, second = (form.submit("versturen", status=200) for _ in range(2))
    assert codes(first) == codes(second)
    assert kept(installation) == (1, [None])


def test_a_photo_is_asked_again_where_the_page_came_back(visitor: TestApp) -> None:
    page = with_photo(visitor, photo(), **{"waar.datum": "2999-01-01"}).submit(status=422)
    page.mustcontain("Kies hem in de laatste stap opnieuw")


def test_the_desk_keeps_the_photo_of_a_municipality_that_is_not_connected(
    installation: Installation,
) -> None:
    connect(installation, level=ParticipationLevel.FORWARDING)
    answer = with_photo(installation.visitor(), photo()).submit("versturen", status=200)
    answer.mustcontain("De foto zit bij")
    assert kept(installation, NATIONAL) == (1, [None])


def test_while_the_scanner_is_away_the_photo_waits_sealed(
    installation: Installation, visitor: TestApp, clamd: Clamd
) -> None:
    clamd.end()
    installation.registry.scanner = Scanner(clamd.socket)
    with_photo(visitor, photo()).submit("versturen", status=200).mustcontain(LOST)
    assert kept(installation) == (1, [])
    installation.registry.scanner = Scanner(clamd.socket, files_wait=True)
    with_photo(visitor, photo()).submit("versturen", status=200).mustcontain(
        "De foto wacht op de virusscanner"
    )
    assert kept(installation) == (2, ["wacht"])


def test_what_the_scanner_stops_is_told_and_the_report_is_in(
    installation: Installation, visitor: TestApp, clamd: Clamd
) -> None:
    installation.registry.scanner = Scanner(clamd.socket)
    answer = with_photo(visitor, infected(photo())).submit("versturen", status=200)
    answer.mustcontain(LOST, "de virusscanner houdt het tegen")
    assert kept(installation) == (1, ["tegengehouden"])


@pytest.mark.sqlite
def test_only_a_form_with_a_file_may_be_large(installation: Installation) -> None:
    at = {"REQUEST_METHOD": "POST", "PATH_INFO": "/melden/dordrecht"}
    most = {
        kind: most_of(installation.registry, {**at, "CONTENT_TYPE": kind}) for kind in FORM_TYPES
    }
    assert most == dict(zip(FORM_TYPES, (SMALL, PUBLIC_UPLOAD_FORM), strict=True))
