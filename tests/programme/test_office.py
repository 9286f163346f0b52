"""The files of the programme in other programs: LibreOffice opens them, veraPDF finds no fault."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pypdf import PdfReader

from stopintimidatie.programme.front.views import AUDIENCES, offers_for
from tests.support.installation import Installation
from tests.support.verapdf import validate_pdfs

pytestmark = pytest.mark.alles
NAMES = {name for code in AUDIENCES for offer in offers_for(code) for name, _ in offer.files}
FILES = sorted(name for name in NAMES if not name.endswith("pdf"))


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


def test_every_pdf_is_for_everybody_and_may_be_kept(
    installation: Installation, tmp_path: Path
) -> None:
    addresses = [f"/programma/{name}?gemeente=dordrecht" for name in NAMES if name.endswith("pdf")]
    paths = []
    for number, address in enumerate([*sorted(addresses), "/cursus/pdf"]):
        paths.append(tmp_path / f"{number}.pdf")
        paths[-1].write_bytes(installation.visitor().get(address).body)

    assert validate_pdfs(paths) == [[] for _ in paths]
