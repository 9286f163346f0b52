"""Five hundred hostile texts through the real rendering: nothing read, fetched, broken or lost."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pikepdf
import pytest
from pypdf import PdfReader
from weasyprint import HTML

from stopintimidatie.exports.document.assets import displayable, load_assets
from stopintimidatie.exports.document.process import render_in_process
from stopintimidatie.exports.document.rendering import PackageFetcher
from stopintimidatie.exports.profiles.defaults import INTERNAL
from stopintimidatie.exports.vocabulary import clean
from tests.support.exports_factory import a_dossier, a_report, redact
from tests.support.verapdf import validate_pdf

SECRET = "INHOUD-VAN-HET-BESTAND"
IN_A_REPORT = 25


def payloads(url: str, file: str) -> list[str]:
    """Fifty: markup, pictures, styles, addresses, templates, the insides of a PDF, odd letters."""
    markup = [
        f"</p><img src='{url}/img'>",
        f"<link rel=stylesheet href='{url}/css'>",
        f"<style>@import url({url}/import);</style>",
        f"<script src='{url}/js'></script>",
        f"<iframe src='{url}/frame'></iframe>",
        f"<object data='file://{file}'></object>",
        f"<embed src='file://{file}'>",
        f"<base href='{url}/'>",
        "<meta http-equiv=refresh content=0>",
        "<b><i><u>" * 20,
        "</div>" * 30,
        "<!-- ",
        "-->",
        "<![CDATA[",
        "<?php echo 1 ?>",
        "<br>" * 9,
        "<table><tr><td>",
        "<h1>Titel</h1>",
        "<a href='javascript:alert(1)'>x</a>",
        "&lt;b&gt; &amp;",
    ]
    pictures = [
        f"<svg><image href='{url}/svg'/></svg>",
        f"<svg onload=alert(1)><use href='{url}/u#x'/></svg>",
        "<svg><foreignObject><p>x</p></foreignObject></svg>",
        f'"><img src="file://{file}">',
        "<!DOCTYPE svg [<!ENTITY a 'aaaa'>]><svg>&a;</svg>",
        "data:image/svg+xml,<svg/>",
    ]
    styles = [
        f"p {{ background: url(file://{file}) }}",
        f'"; }} @import "{url}/css"; url({url}/x)',
        "}}} * { display: none } {{{",
        "content: counter(page)",
        "expression(alert(1))",
        "\\0061\\22 {}",
        "/* */ @page { size: 1mm }",
    ]
    addresses = [
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "//evil.example/x",
        "\\\\evil\\share",
        "ftp://evil.example",
    ]
    insides = [
        "{{ 7*7 }} {% include '/etc/passwd' %} {# x #}",
        "%s %(x)s {0} ${x} `id`",
        ") Tj ET endstream endobj",
        "<< /S /JavaScript /JS (app.alert(1)) >>",
        "%PDF-1.7 %%EOF",
        "../../../../etc/passwd\x00.png",
    ]
    letters = [
        "links \u202egnorw\u202c rechts",
        "nul\u200bbreed\u200d te\u2060samen\ufeff",
        "e\u0301\u0302\u0303\u0304 z\u0335\u0336a\u0489lgo",
        "😀👩‍👩‍👧‍👦🏳️‍🌈👍🏽 emoji",
        "привіт مرحبا 漢字 हिन्दी",
        "langwoordzonderspaties" * 40,
    ]
    return [*markup, *pictures, *styles, *addresses, *insides, *letters]


def variants(text: str) -> list[str]:
    """Ten dresses for each."""
    return [
        text,
        text.upper(),
        quote(text),
        text.replace("<", "&lt;"),
        text.replace("<", "＜"),
        f"'{text}'",
        f'"{text}"',
        "\u2066" + text,
        "\u200b".join(text[:60]),
        unicodedata.normalize("NFD", text)[::-1],
    ]


def cases(url: str, file: str) -> list[str]:
    return [
        f"g{n:03}v {text} e{n:03}v"
        for n, text in enumerate(
            variant for one in payloads(url, file) for variant in variants(one)
        )
    ]


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A web server that remembers what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def tight(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def stands(wanted: str, text: str) -> bool:
    """Whole, or cut once by the foot of a page."""
    if wanted in text:
        return True
    cuts = range(1, len(wanted))
    return any(wanted[:cut] in text and wanted[cut:] in text for cut in cuts)


@pytest.mark.alles
def test_five_hundred_hostile_texts_are_words_that_can_be_read_and_nothing_more(
    listener: tuple[str, list[str]], tmp_path: Path
) -> None:
    url, asked = listener
    file = tmp_path / "geheim.txt"
    file.write_text(SECRET)
    every = cases(url, str(file))
    assert len(every) >= 500
    groups = [every[at : at + IN_A_REPORT] for at in range(0, len(every), IN_A_REPORT)]
    reports = tuple(
        a_report(serial, account="\n\n".join(group), place_note=group[0], place=group[-1][:80])
        for serial, group in enumerate(groups, start=1)
    )
    pdf = render_in_process(redact(a_dossier(reports), INTERNAL))
    assert asked == []
    for kept in (SECRET.encode(), b64encode(SECRET.encode())):
        assert kept not in pdf
    pages = [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]
    text = tight("".join(pages))
    assert SECRET not in text
    known = load_assets().for_text("".join(every)).characters
    lost = [one for one in every if not stands(tight(displayable(clean(one), known)), text)]
    assert lost == []
    assert no_letter_is_missing(pdf)
    (tmp_path / "hostile.pdf").write_bytes(pdf)
    assert validate_pdf(tmp_path / "hostile.pdf") == []


RED_DOT = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40">'
    '<rect width="120" height="40" fill="#e30613"/></svg>'
)


def no_letter_is_missing(pdf: bytes) -> bool:
    """No glyph is .notdef, the empty box: number 0 of its font, two bytes each."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        for page in opened.pages:
            for instruction in pikepdf.parse_content_stream(page):
                operands, operator = instruction.operands, instruction.operator
                if str(operator) not in ("Tj", "TJ"):
                    continue
                parts = operands[0] if str(operator) == "TJ" else operands
                for part in parts:
                    glyphs = bytes(part) if isinstance(part, pikepdf.String) else b""
                    if any(glyphs[i : i + 2] == b"\0\0" for i in range(0, len(glyphs), 2)):
                        return False
    return True


POINTING_OUT = (
    "<image href='{url}/a' width='9' height='9'/>",
    "<image href='file://{file}' width='9' height='9'/>",
    "<style>@import url({url}/b);</style>",
    "<style>@font-face {{ font-family: x; src: url({url}/c) }}</style>",
    "<use href='{url}/d#x'/>",
    "<rect width='9' height='9' fill='url({url}/e#x)'/>",
    "<foreignObject><iframe src='{url}/f'/></foreignObject>",
)


def test_a_logo_that_points_outside_itself_gets_nothing(
    listener: tuple[str, list[str]], tmp_path: Path
) -> None:
    url, asked = listener
    file = tmp_path / "geheim.png"
    file.write_bytes(b"INHOUD-VAN-HET-BESTAND")
    logos = [
        RED_DOT.replace("</svg>", inside.format(url=url, file=file) + "</svg>")
        for inside in POINTING_OUT
    ]
    # As the dossier shows its logo, by the dossier's own fetcher; all of them on one page.
    images = [
        f"<img alt='x' src='data:image/svg+xml;base64,{b64encode(one.encode()).decode()}'>"
        for one in logos
    ]
    page = HTML(string="".join(images), url_fetcher=PackageFetcher(load_assets()))
    pdf = page.write_pdf(uncompressed_pdf=True)
    assert asked == []
    assert b"INHOUD-VAN" not in pdf
    assert pdf.count(b"0 0 120 40 re") >= len(POINTING_OUT) - 1, "they were drawn"
