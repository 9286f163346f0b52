"""A logo is made harmless or refused, whatever was put into the file."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stopintimidatie.core.sandbox.process import LOGO_BYTES
from stopintimidatie.municipalities.settings.services import LogoError, clean_logo

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">'


def svg(inside: str, head: str = HEAD) -> bytes:
    return f"{head}{inside}</svg>".encode()


def png(size: tuple[int, int] = (64, 32), **extra: str) -> bytes:
    info = PngInfo()
    for name, value in extra.items():
        info.add_text(name, value)
    written = BytesIO()
    Image.new("RGB", size, "#9b1c31").save(written, "PNG", pnginfo=info)
    return written.getvalue()


def test_shapes_and_their_colours_stay() -> None:
    shape = '<g style="fill:#9b1c31;behavior:url(x)"><path d="M0 0h10v10z" opacity=".5"/></g>'
    logo = clean_logo(svg(f"<title>Logo</title>{shape}"))
    assert logo.media_type == "image/svg+xml"
    text = logo.content.decode()
    for part in ("<title>Logo</title>", 'fill="#9b1c31"', 'd="M0 0h10v10z"', 'opacity=".5"'):
        assert part in text
    assert "behavior" not in text
    assert clean_logo(logo.content).content == logo.content


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>',
        '<image href="https://kwaad.example/x.png"/>',
        '<use href="https://kwaad.example/x.svg#a"/>',
        '<a href="javascript:alert(1)"><path d="M0 0"/></a>',
        "<animate attributeName='href' values='javascript:alert(1)'/>",
        "<set attributeName='onload' to='alert(1)'/>",
        "<style>@import 'https://kwaad.example/x.css'</style>",
    ],
)
def test_what_runs_fetches_or_hides_something_is_refused(inside: str) -> None:
    with pytest.raises(LogoError):
        clean_logo(svg(inside))


@pytest.mark.parametrize(
    "attribute",
    [
        'onload="alert(1)"',
        'xlink:href="javascript:alert(1)" xmlns:xlink="http://www.w3.org/1999/xlink"',
        'fill="url(https://kwaad.example/x)"',
        'style="fill:url(//kwaad.example)"',
        'fill="\\75 rl(//kwaad.example)"',
        'clip-path="URL(data:image/svg+xml;base64,AAAA)"',
        'class="kwaad" href="https://kwaad.example"',
    ],
)
def test_attributes_that_do_more_than_draw_go(attribute: str) -> None:
    text = clean_logo(svg(f'<path d="M0 0" {attribute}/>')).content.decode()
    assert "<path d=" in text
    for word in ("kwaad", "alert", "onload", "href", "base64"):
        assert word not in text


def test_what_an_editor_leaves_behind_goes_without_a_word() -> None:
    extra = (
        '<!-- van Jan --><metadata>Jan</metadata><n:namedview xmlns:n="urn:sodipodi" user="Jan"/>'
    )
    text = clean_logo(svg(f'{extra}<rect width="1" height="1"/>')).content.decode()
    assert "Jan" not in text
    assert "<rect" in text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<html><svg></svg></html>",
        b"<svg",
        svg("", '<svg xmlns="http://www.w3.org/2000/svg">'),
        svg("", '<svg xmlns="urn:x" viewBox="0 0 1 1">'),
        b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + svg("<title>&a;</title>"),
        b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">]>' + svg("<title>&a;&a;</title>"),
        svg("<g>" * 60 + "</g>" * 60),
        svg('<path d="M0 0"/>' * 4_000),
        svg(f"<title>{'x' * LOGO_BYTES}</title>"),
        b"\x89PNG\r\n\x1a\n",
        png()[:60],
        png((4_001, 4)),
        b"\x00" * 1_000_001,
        b'<?xml version="1.0" encoding="bestaat-niet"?>' + svg(""),
    ],
)
def test_what_cant_be_a_logo_is_refused_with_advice(content: bytes) -> None:
    with pytest.raises(LogoError, match=r"\.$"):
        clean_logo(content)


def test_of_a_png_only_pixels_are_left() -> None:
    given = png(Author="Jan Jansen", XML="<script>")
    logo = clean_logo(given + b"<script>alert(1)</script>")
    assert logo.media_type == "image/png"
    assert b"Jansen" not in logo.content
    assert b"script" not in logo.content
    with Image.open(BytesIO(logo.content)) as image:
        assert image.size == (64, 32)
    with Image.open(BytesIO(clean_logo(png((3_000, 1_500))).content)) as image:
        assert image.size == (800, 400)
