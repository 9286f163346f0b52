"""The manual in the portal: read by who is signed in, and each page leads to its paragraph."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest

from stopintimidatie.core.clock import clock_at
from stopintimidatie.core.security import Role
from stopintimidatie.core.web import handbook
from tests.support.declared_views import views
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.manual import FOLDER, MOMENT, MOST_BYTES, MOST_PICTURES, pictures
from tests.support.matrix import MATRIX


def text_of(chapter: str) -> str:
    return (handbook.HANDBOOK / f"{chapter}.md").read_text(encoding="utf-8")


def test_a_page_leads_to_its_own_paragraph(
    installation: Installation,
) -> None:
    connect(installation)
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    led = {}
    for address in ("/hulp", "/hulp/begin", "/account"):
        link = officer.get(address).html.find("a", string="Hulp bij deze pagina")
        led[address] = link["href"]
    own = "/hulp/begin#hulp-lezen"
    account = "/hulp/aanmelden#mijn-account"
    assert led == {"/hulp": own, "/hulp/begin": own, "/account": account}
    page = officer.get(own)
    assert page.html.select_one("#hulp-lezen").text == "Hulp lezen"
    assert officer.get("/hulp/bestaat-niet", status=404)
    assert (
        installation.visitor()
        .get(own, status=303)
        .location.startswith("http://localhost:6543/aanmelden")
    )


def test_the_contents_begin_with_the_first_chapter_and_go_on_by_title(
    installation: Installation,
) -> None:
    person = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    links = [
        link.text.strip() for link in person.get("/hulp").html.select("main li a[href^='/hulp/']")
    ]
    assert links[0] == "Beginnen in het portaal"
    assert links[1:] == sorted(links[1:])
    assert len(links) == len(handbook.chapters())


def test_every_page_of_the_portal_leads_to_a_paragraph_that_exists(
    installation: Installation,
) -> None:
    """A new view is named in the comment below the heading of its paragraph."""
    classes = {view["context"].__name__: view["context"] for view in views(installation)}
    pages = [view for view in MATRIX if view.method == "GET" and view.permission]
    led = {
        (view.context, view.name): handbook.help_href(
            SimpleNamespace(context=object.__new__(classes[view.context]), view_name=view.name)
        )
        for view in pages
    }
    assert [page for page, address in led.items() if "#" not in address] == []
    ids = {
        f"/hulp/{name}#{heading}"
        for name in handbook.chapters()
        for heading, _ in handbook.read_chapter(name).headings
    }
    assert {*led.values()} <= ids


def test_each_comment_names_pages_that_exist_and_none_names_a_page_twice() -> None:
    pages = {(view.context, view.name) for view in MATRIX}
    contexts = {context for context, _ in pages}
    named = Counter(
        pointer
        for name in handbook.chapters()
        for comment in re.findall("<!--(.*?)-->", text_of(name), re.DOTALL)
        for pointer in comment.removeprefix(" hulp: ").split()
    )
    assert [pointer for pointer, times in named.items() if times > 1] == []
    assert {*named} == {*handbook.pointers()}
    for pointer in named:
        context, name = pointer.split("/")
        assert (context, name) in pages or (name == "*" and context in contexts), pointer


def test_a_link_within_the_manual_leads_to_a_heading_that_exists() -> None:
    for name in handbook.chapters():
        for href in re.findall(r'href="([^"]*)"', handbook.read_chapter(name).html):
            chapter, _, heading = href.removeprefix("/hulp/").partition("#")
            chapter = chapter or name
            if heading and chapter in handbook.chapters():
                known = dict(handbook.read_chapter(chapter).headings)
                assert unquote(heading) in known, (name, href)


def test_html_is_left_out_and_a_link_to_elsewhere_in_docs_leads_to_the_contents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "proef.md").write_text(
        "# Proef\n\n<script>alert(1)</script>\n\nZie <b>dit</b>, [verder](proef.md#slot),"
        " [regels](../roles.md) en [weg](javascript:alert(2)).\n\n## Slot\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(handbook, "HANDBOOK", tmp_path)
    reading = handbook.read_chapter.__wrapped__("proef")
    assert (reading.title, reading.headings) == ("Proef", (("slot", "Slot"),))
    assert "<script" not in reading.html
    assert "<b>" not in reading.html
    assert 'href="/hulp/proef#slot"' in reading.html
    assert 'href="/hulp"' in reading.html
    assert 'href="javascript' not in reading.html


def test_every_picture_is_there_is_used_is_small_and_says_who_opens_what() -> None:
    taken = list(pictures())
    files = [picture.file for picture in taken]
    assert sorted(files) == sorted(path.resolve() for path in FOLDER.iterdir())
    assert len(files) <= MOST_PICTURES
    for picture in taken:
        assert picture.file.stat().st_size <= MOST_BYTES, picture.file.name
        assert picture.account.endswith(".example"), picture.file.name
        assert picture.address.startswith("/"), picture.file.name
        image = f'<img src="/static/hulp/{picture.file.name}?v='
        assert image in handbook.read_chapter(picture.chapter).html
        assert picture.account not in handbook.read_chapter(picture.chapter).html


@pytest.mark.alles
def test_the_page_of_every_picture_opens_for_its_account(demo: Installation) -> None:
    with clock_at(MOMENT):
        for picture in pictures():
            page = demo.browser(picture.account).get(picture.address, status=200)
            assert page.html.select_one("main h1"), picture.address
