"""docs/intake-api.md is true: its commands are carried out, its tables compared with the code."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from stopintimidatie.reports.api.calls import CALLS
from stopintimidatie.reports.api.problems import TYPE_PREFIX, Kind
from stopintimidatie.reports.conversation.words import READER_STATUS
from tests.support.api import Api
from tests.support.curl import read
from tests.support.installation import ROOT, Installation

TEXT = (ROOT / "docs" / "intake-api.md").read_text(encoding="utf-8")


def examples() -> list[tuple[str, int]]:
    """Every command with the status that is promised after it."""
    parts = TEXT.split("```sh\n")[1:]
    found = []
    for part in parts:
        command, _, after = part.partition("```")
        promised = re.match(r"\s*Antwoord: `(\d+)`", after)
        assert promised, f"no answer after: {command}"
        found.append((command, int(promised[1])))
    return found


def picture() -> bytes:
    """A small JPEG."""
    made = BytesIO()
    Image.new("RGB", (8, 8)).save(made, "JPEG")
    return made.getvalue()


def table(heading: str) -> dict[str, str]:
    """First column to second of the table under a header row that starts so."""
    rows = TEXT.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]
    return {row[0]: row[1] for row in cells}


@pytest.fixture
def api(installation: Installation) -> Api:
    return Api(installation)


def test_the_commands_on_the_page_do_what_it_says(api: Api) -> None:
    known: dict[str, str] = {}
    assert len(examples()) == 12
    for text, status in examples():
        for name, value in known.items():
            text = text.replace(f"${name}", value)
        command = read(text)
        parts = urlsplit(command.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if command.file:
            files = [("bestand", command.file, picture())]
            kind, command.body = api.app.encode_multipart([], files)
            command.headers["Content-Type"] = kind
        answer: Any = api.app.request(
            path, method=command.method, headers=command.headers, body=command.body, status=status
        )
        if status == 201 and "volgcode" in answer.json:
            known = {name: answer.json[name.lower()] for name in ("KENMERK", "VOLGCODE")}


def test_every_refusal_stands_on_the_page_with_its_status() -> None:
    written = table("code")
    assert written == {kind.code: str(kind.status) for kind in Kind}
    assert TYPE_PREFIX in TEXT


def test_every_status_stands_on_the_page() -> None:
    assert set(table("`status`")) == set(READER_STATUS)


def test_every_call_stands_on_the_page() -> None:
    for call in CALLS:
        fixed = call.path.split("{")[0]
        assert f"/api/v1{fixed}" in TEXT
