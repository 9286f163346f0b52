"""The judge itself: veraPDF must pass what is right and name what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import weasyprint

from tests.support.verapdf import validate_pdf

RIGHT = """<html lang="nl"><head><title>Dossier</title></head>
<body><h1>Dossier</h1><p>Łukasz riep na, twee keer.</p></body></html>"""
WITHOUT_ALTERNATIVE = RIGHT.replace(
    "<p>", "<p><svg width='9' height='9'><rect width='9' height='9'/></svg>"
)


def _write(html: str, target: Path) -> Path:
    weasyprint.HTML(string=html).write_pdf(target, pdf_variant="pdf/ua-1")
    return target


def test_a_tagged_document_breaks_no_rule_of_its_own_standard_and_some_of_the_other(
    tmp_path: Path,
) -> None:
    path = _write(RIGHT, tmp_path / "right.pdf")
    assert validate_pdf(path, "ua1") == []
    assert "6.6.4-1" in [rule.split(":")[0] for rule in validate_pdf(path)]


def test_a_picture_without_alternative_text_is_named(tmp_path: Path) -> None:
    broken = validate_pdf(_write(WITHOUT_ALTERNATIVE, tmp_path / "wrong.pdf"), "ua1")
    assert [rule.split(":")[0] for rule in broken] == ["7.3-1"]


def test_an_unknown_flavour_or_file_is_an_error_and_never_a_pass(tmp_path: Path) -> None:
    (tmp_path / "no.pdf").write_bytes(b"not a PDF")
    for flavour, name in (("ua1", "no.pdf"), ("onzin", "no.pdf"), ("ua1", "absent.pdf")):
        with pytest.raises(ValueError, match="couldn't read"):
            validate_pdf(tmp_path / name, flavour)
