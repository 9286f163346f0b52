"""The files that an office program opens: LibreOffice converts each without a complaint."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pypdf import PdfReader

from stopintimidatie.programme.front.views import AUDIENCES, offers_for
from tests.support.installation import Installation

pytestmark = pytest.mark.alles
FILES = sorted(
    {
        name
        for code in AUDIENCES
        for offer in offers_for(code)
        for name, ending in offer.files
        if ending != "pdf"
    }
)


def converted(path: Path) -> PdfReader:
    command = ["soffice", f"-env:UserInstallation=file://{path.parent}/profile", "--headless"]
    command += ["--convert-to", "pdf", "--outdir", str(path.parent), str(path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert "rror" not in run.stdout + run.stderr
    return PdfReader(path.with_suffix(".pdf"))


@pytest.mark.parametrize("name", FILES)
def test_an_office_program_opens_it_and_shows_all_of_it(
    installation: Installation, name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    answer = installation.visitor().get(f"/programma/{name}?gemeente=dordrecht")
    path.write_bytes(answer.body)
    pages = converted(path).pages

    assert "concept" in pages[0].extract_text()
    assert "concept" in pages[-1].extract_text()
    if name.endswith("pptx"):
        assert len(pages) == 12
