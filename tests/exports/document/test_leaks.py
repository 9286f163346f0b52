"""No secret of a dossier reaches who may not have it: not in the PDF, not on the preview (P2–P12).

One dossier with a word of its own in every field of every document in it; per profile one PDF,
unpacked to its last stream. What each may see stands here by hand, so that a slip in the profiles
isn't also a slip in the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader

from stopintimidatie.exports.document.assets import load_assets
from stopintimidatie.exports.extract.services import Prepared
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.redaction import rules
from stopintimidatie.exports.redaction.rules import hidden, marked
from stopintimidatie.exports.redaction.selection import select
from stopintimidatie.exports.request.preview import preview_values
from tests.support.drawing import render
from tests.support.exports_factory import NOW, frozen, opened, redact
from tests.support.leaking import BYTES, REPORTS, may_see, secrets, seeded, word


def everything_in(pdf: bytes) -> Iterator[str]:
    """The text of the pages, and every string, name and unpacked stream of the file."""
    reader = PdfReader(BytesIO(pdf))
    yield " ".join(page.extract_text() for page in reader.pages)
    yield repr(reader.metadata)
    with pikepdf.open(BytesIO(pdf)) as document:
        for part in document.objects:
            yield from strings_of(part)
            if isinstance(part, pikepdf.Stream):
                raw = part.read_bytes()
                yield raw.decode("latin-1")
                yield raw.decode("utf-16-be", errors="ignore")


def strings_of(value: Any) -> Iterator[str]:
    """Titles, alternative texts, names of files: whatever a dictionary or array holds."""
    if isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
        for key, inner in value.items():
            yield str(key)
            if not getattr(inner, "is_indirect", False):
                yield from strings_of(inner)
    elif isinstance(value, pikepdf.Array):
        for inner in value:
            if not getattr(inner, "is_indirect", False):
                yield from strings_of(inner)
    elif isinstance(value, (pikepdf.String, pikepdf.Name)):
        yield str(value)


# What a row tells of a report, and its role may stand in the chronology.
OF_ROWS = {"STREET", "SPOT", "KENMERK"}
# The short suite takes this profile: it gets whole reports, and hides most of a person.
IN_SHORT = {"zorg_welzijn"}


@pytest.mark.parametrize(
    "name",
    [
        name if name in IN_SHORT else pytest.param(name, marks=pytest.mark.alles)
        for name in PROFILES
    ],
)
def test_what_a_recipient_may_not_have_is_nowhere_in_the_pdf_or_on_the_preview(name: str) -> None:
    check_everything(name, rows=False)


# Who may have most, and who least.
@pytest.mark.alles
@pytest.mark.parametrize("name", [pytest.param("intern", marks=pytest.mark.alles), "bestuur"])
def test_a_row_of_the_table_tells_no_more_of_a_report(name: str) -> None:
    check_everything(name, rows=True)


@pytest.mark.alles
@pytest.mark.parametrize("name", sorted({*PROFILES} - {"intern", "bestuur"}))
def test_a_row_of_the_table_tells_nobody_more_of_a_report(name: str) -> None:
    check_everything(name, rows=True)


def check_everything(name: str, *, rows: bool) -> None:
    """Look for every secret in the PDF and on the preview, all reports in full or as rows."""
    source, profile = seeded(), PROFILES[name]
    chosen = select(source.reports, profile, () if rows else None)
    content, lines = rules.redact(source, chosen), hidden(source, chosen, inside=True)
    prepared = Prepared(
        export=Export(),
        at=NOW,
        profile=profile,
        content=content,
        hidden=lines,
        marked=marked(source.reports, chosen, lines),
        subjects=(),
        against=(),
        minors=True,
        read_ids=(),
        files={},
        unread={},
    )
    page = repr(preview_values(prepared))
    pdf = render(content, load_assets())
    text, *others = everything_in(pdf)
    whole = "\n".join((text, *others))
    assert source.number in text
    wrong = []
    for secret, (what, serial) in secrets().items():
        allowed = may_see(name, what, serial)
        if rows and serial and what not in OF_ROWS:
            if what == "ROLE":
                continue
            allowed = False
        if not allowed and (secret.lower() in whole.lower() or secret.lower() in page.lower()):
            wrong.append(f"{what} {serial} leaks")
        # Beside the exact place, streets stand only in the table of the map, the first of a spot.
        exact = what == "STREET" and may_see(name, "SPOT", serial)
        if allowed and not exact and secret not in text:
            wrong.append(f"{what} {serial} is missing")
    assert wrong == []
    # To the minute only for who gets the time.
    timed = name in {"intern", "politie", "handhaving", "openbaar_vervoer"}
    assert ("21.43" in text) == timed


# Photos and the like, where an admin opened them: for whom the minimum lets through.
FILES_FOR = {"intern", "politie", "handhaving"}


# All get them, or none, for one reason: the short suite asks for who gets them.
@pytest.mark.parametrize("name", ["politie", pytest.param("zorg_welzijn", marks=pytest.mark.alles)])
def test_a_file_goes_only_with_who_may_have_it(name: str) -> None:
    check_files(name)


@pytest.mark.alles
@pytest.mark.parametrize("name", sorted({*PROFILES} - {"politie", "zorg_welzijn"}))
def test_a_file_goes_with_each_who_may_have_it_and_nobody_else(name: str) -> None:
    check_files(name)


def check_files(name: str) -> None:
    content = redact(seeded(), opened(PROFILES[name]))
    wanted = [file.file_name for file in content.attachments.files]
    files = [BYTES[file_name] for file_name in wanted]
    pdf = render(frozen(content, BYTES), load_assets(), files=files)
    whole = "\n".join(everything_in(pdf))
    allowed = set()
    if name in FILES_FOR:
        # None of a minor's, nor of a report that stays out.
        allowed = {word("FILE")} | {word("CLIP", serial) for serial in REPORTS[name] - {3}}
    assert set(wanted) == allowed
    for file_name, data in BYTES.items():
        assert (file_name in whole) == (file_name in allowed), file_name
        assert (data.decode() in whole) == (file_name in allowed), data
    assert (word("PHOTO") in whole) == (name in FILES_FOR)
