"""The manual in the portal: read by who is signed in, and each page leads to its paragraph."""

from __future__ import annotations

from pathlib import Path

import pytest

from stopintimidatie.core.security import Role
from stopintimidatie.core.web import handbook
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation
from tests.support.matrix import MATRIX


def test_a_page_leads_to_its_own_paragraph_and_others_to_the_contents(
    installation: Installation,
) -> None:
    connect(installation)
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    led = {}
    for address in ("/hulp", "/hulp/begin", "/account"):
        link = officer.get(address).html.find("a", string="Hulp bij deze pagina")
        led[address] = link["href"]
    own = "/hulp/begin#hulp-lezen"
    assert led == {"/hulp": own, "/hulp/begin": own, "/account": "/hulp"}
    page = officer.get(own)
    assert page.html.select_one("#hulp-lezen").text == "Hulp lezen"
    assert officer.get("/hulp/bestaat-niet", status=404)
    assert (
        installation.visitor()
        .get(own, status=303)
        .location.startswith("http://localhost:6543/aanmelden")
    )


def test_each_comment_names_a_page_that_exists() -> None:
    pages = {(view.context, view.name) for view in MATRIX}
    contexts = {context for context, _ in pages}
    for context, name in handbook.pointers():
        assert (context, name) in pages or (name == "*" and context in contexts), (context, name)


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
