"""/verificatie: yes or no to an id and a file, and not a word more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import func, select
from webob.request import BaseRequest
from webtest import TestResponse, Upload

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.tree import register_reference
from stopintimidatie.core.web.limits import IN_LINE, OUTSIDE
from stopintimidatie.disclosures import verification
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.resources import KIND, new_export_id
from stopintimidatie.disclosures.services import EventKind, note_event
from tests.support.disclosing import recorded
from tests.support.factories import DORDRECHT, EINDHOVEN, make_user
from tests.support.installation import Installation
from tests.support.queries import count_queries

PDF = b"%PDF-1.7 the file as it was made"


def known(installation: Installation) -> str:
    """An export in the register, with this file."""
    reference = recorded(installation, file_sha256=sha256(PDF).hexdigest())
    with installation.transaction(DORDRECHT) as session:
        register_reference(session, reference, DORDRECHT, KIND)
    return reference


def ask(
    installation: Installation, reference: str, content: bytes | None, browser: Any = None
) -> TestResponse:
    browser = browser or installation.visitor()
    form = browser.get("/verificatie").forms["formulier"]
    form["uitvoer"] = reference
    if content is not None:
        form["bestand"] = Upload("dossier.pdf", content, "application/pdf")
    return form.submit("controleren", expect_errors=True)


def heading(answer: TestResponse) -> str:
    return str(answer.html.find(class_="si-alert__title").text)


def test_the_file_as_it_was_made_is_genuine(installation: Installation) -> None:
    reference = known(installation)
    for typed in (reference, reference.lower(), reference.replace("-", " ")):
        answer = ask(installation, typed, PDF)
        assert (answer.status_int, heading(answer)) == (200, "Echt")
    for secret in ("Dordrecht", "Politie", "2026-0001", "Vrager"):
        assert secret not in answer.text


def test_every_kind_of_no_reads_the_same(installation: Installation) -> None:
    reference = known(installation)
    other = recorded(installation, file_sha256=sha256(b"else").hexdigest())
    with installation.transaction(DORDRECHT) as session:
        register_reference(session, other, DORDRECHT, KIND)
    tries = [
        (reference, PDF + b" "),
        (new_export_id(), PDF),
        (other, PDF),
        ("U-0000-0001", PDF),
        ("onzin", PDF),
    ]
    pages = set()
    for typed, content in tries:
        answer = ask(installation, typed, content)
        assert (answer.status_int, heading(answer)) == (200, "Onbekend")
        pages.add(answer.html.find(class_="si-alert").text)
    assert len(pages) == 1


def test_an_unknown_id_costs_as_many_queries_as_a_wrong_file(installation: Installation) -> None:
    reference = known(installation)
    numbers = []
    for typed in (reference, new_export_id(), "onzin"):
        with count_queries(installation) as seen:
            ask(installation, typed, b"something else")
        numbers.append(seen.count)
    assert len(set(numbers)) == 1


def test_what_was_withdrawn_or_is_over_is_told_of_the_very_file_alone(
    installation: Installation,
) -> None:
    reference = known(installation)
    later = utc_now() + timedelta(days=31)
    for moment, word in ((utc_now(), "Echt"), (later, "Verlopen")):
        with clock_at(moment):
            assert heading(ask(installation, reference, PDF)) == word
            assert heading(ask(installation, reference, PDF + b" ")) == "Onbekend"
    with installation.transaction(DORDRECHT) as session:
        row = session.scalars(select(Disclosure)).one()
        note_event(session, row, EventKind.WITHDRAWN, SYSTEM, "onjuist")
    numbers = []
    for content, word in ((PDF, "Ingetrokken"), (b"else", "Onbekend")):
        with count_queries(installation) as seen:
            assert heading(ask(installation, reference, content)) == word
        numbers.append(seen.count)
    assert len(set(numbers)) == 1


def test_the_address_of_the_qr_code_fills_the_id_in(installation: Installation) -> None:
    page = installation.visitor().get("/verificatie?uitvoer=U-4F7K-2QXJ")
    assert page.forms["formulier"]["uitvoer"].value == "U-4F7K-2QXJ"
    assert page.forms["formulier"].enctype == "multipart/form-data"
    strange = installation.visitor().get('/verificatie?uitvoer="><script>alert')
    assert "<script>alert" not in strange.text
    assert "><script>" not in strange.text


@pytest.mark.parametrize(("typed", "content"), [("", PDF), ("U-4F7K-2QXJ", None), ("", None)])
def test_what_is_missing_is_named(
    installation: Installation, typed: str, content: bytes | None
) -> None:
    answer = ask(installation, typed, content)
    assert answer.status_int == 422
    summary = answer.html.find(class_="si-error-summary").text
    assert ("Nummer van de uitgave" in summary) == (not typed)
    assert ("Kies een bestand" in summary) == (content is None)


def test_a_file_may_be_25_megabytes_and_no_more(installation: Installation) -> None:
    big = b"x" * 11_000_000
    answer = ask(installation, "U-4F7K-2QXJ", big)
    assert heading(answer) == "Onbekend", "larger than other forms may be"
    refused = ask(installation, "U-4F7K-2QXJ", b"x" * 25_000_001)
    assert refused.status_int == 422
    assert "Het PDF-bestand zoals u het kreeg, hoogstens 25 MB." in refused.text
    assert "Kies een bestand van hoogstens 25 MB." in refused.text
    empty = ask(installation, "U-4F7K-2QXJ", b"")
    assert empty.status_int == 422
    assert "Dit bestand is leeg." in empty.text
    visitor = installation.visitor()
    visitor.get("/verificatie")
    sent = {"csrf_token": visitor.cookies["csrf"], "uitvoer": "U-4F7K-2QXJ"}
    files = [("bestand", "a.pdf", b"x" * 25_200_000)]
    assert (
        visitor.post("/verificatie", sent, upload_files=files, expect_errors=True).status_int == 413
    )


def test_a_file_is_received_without_a_place_and_nothing_of_it_is_kept(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bool] = []
    inside = [True]

    @contextmanager
    def without_place() -> Iterator[None]:
        inside[0] = False
        yield
        inside[0] = True

    def write(self: verification.Fingerprint, part: bytes) -> None:
        written.append(inside[0])
        plain_write(self, part)

    plain_write = verification.Fingerprint.write
    monkeypatch.setattr(verification.Fingerprint, "write", write)
    monkeypatch.setattr(BaseRequest, "POST", None)
    visitor = installation.visitor()
    visitor.extra_environ[OUTSIDE] = without_place
    assert heading(ask(installation, known(installation), PDF * 10_000, visitor)) == "Onbekend"
    assert set(written) == {False}
    assert len(written) > 3, "in parts"


def test_when_too_many_files_are_read_one_is_asked_to_come_back(
    installation: Installation,
) -> None:
    with ExitStack() as stack:
        for _ in range(IN_LINE):
            stack.enter_context(installation.registry.cleaning_places.in_line())
        crowded = ask(installation, "U-4F7K-2QXJ", PDF)
    assert crowded.status_int == 503
    assert crowded.headers["Retry-After"]
    assert "wacht een halve minuut" in crowded.text
    assert heading(ask(installation, "U-4F7K-2QXJ", PDF)) == "Onbekend"


def test_strange_bodies_are_refused_without_an_error(installation: Installation) -> None:
    visitor = installation.visitor()
    visitor.get("/verificatie")
    token = visitor.cookies["csrf"]
    text_as_file = {"csrf_token": token, "uitvoer": "U-4F7K-2QXJ", "bestand": "tekst"}
    visitor.post("/verificatie", text_as_file, status=422)
    visitor.post("/verificatie", text_as_file, content_type="multipart/form-data", status=422)
    for kind, body in (("", b"--x"), ("; boundary=x", b"\xff\xfe"), ("; boundary=x", b"--x\r\n")):
        visitor.request(
            "/verificatie",
            method="POST",
            body=body,
            content_type=f"multipart/form-data{kind}",
            status="4*",
        )
    visitor.put("/verificatie", status="4*")
    visitor.get("/verificatie/U-4F7K-2QXJ", status=404)


def test_somebody_signed_in_elsewhere_may_check_too_and_nothing_is_logged(
    installation: Installation,
) -> None:
    reference = known(installation)
    browser = installation.browser(make_user(installation, (EINDHOVEN, Role.OFFICER)))

    def events(holder: str) -> Any:
        with installation.transaction(holder) as session:
            return session.scalar(select(func.count()).select_from(AuditEvent))

    before = [events(DORDRECHT), events(EINDHOVEN)]
    assert heading(ask(installation, reference, PDF, browser)) == "Echt"
    assert [events(DORDRECHT), events(EINDHOVEN)] == before
