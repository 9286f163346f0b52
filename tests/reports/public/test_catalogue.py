"""The catalogue of English has each sentence of the public pages, once, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from stopintimidatie.core.web.translation import LOCALES, catalogues, gettext, speaking
from tests.support.catalogue import ENGLISH, ROOT, english, extracted

# Templates with sentences that a reporter reads: those of these folders, all of them, and these.
FOLDERS = ("reports/public", "reports/follow", "core/forms")
PAGES = (
    "core/web/templates/layout.jinja2",
    "home/templates/accessibility.jinja2",
    "home/templates/privacy.jinja2",
    "home/templates/privacy_young.jinja2",
    "municipalities/accountability/templates/controller.jinja2",
    "privacy/copies/templates/follow_panel.jinja2",
    "privacy/destruction/templates/own_report.jinja2",
    "privacy/requests/templates/follow_ask.jinja2",
    "privacy/requests/templates/follow_panel.jinja2",
    "reports/conversation/templates/mail/bericht_voor_melder.txt.jinja2",
)
PACKAGE = ROOT / "stopintimidatie"
# What stands outside marks: for who is signed in, or in a form of the portal alone.
PORTAL = {
    "core/web/templates/layout.jinja2": (
        "Afgemeld Alles Sneltoetsen Kruimelpad Vertrouwelijk. Stand van Zoeken Woord of kenmerk"
    ),
}
NAMED = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def forms(message: Message) -> list[tuple[str, str]]:
    """The pairs of Dutch and English of a message: one, or each form of its plural."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string, strict=True))


def test_the_catalogue_has_what_templates_and_code_mark_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    marked = {message.id for message in extracted(tmp_path) if message.id}
    known = english()
    assert marked == {message.id for message in known if message.id}, (
        "Bring the catalogue up to date: docs/dev/pages-and-forms.md, *In another language*."
    )
    assert not known.obsolete


def test_each_sentence_is_translated_with_the_same_named_values() -> None:
    for message in english():
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        for dutch, other in forms(message):
            assert other.strip(), dutch
            assert sorted(NAMED.findall(dutch)) == sorted(NAMED.findall(other)), dutch


def test_every_catalogue_is_read(tmp_path: Path) -> None:
    assert set(catalogues()) == {"nl", *(path.name for path in LOCALES.iterdir())}
    assert ENGLISH.parts[-3] == "en"
    with speaking("en"):
        assert gettext("Dit kan nu niet") == "This can't be done now"
    with speaking("pap"):
        assert gettext("Dit kan nu niet") == "Dit kan nu niet"
