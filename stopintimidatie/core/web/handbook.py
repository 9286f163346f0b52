"""`/hulp`: the manual for who works in the portal, and the paragraph that a page leads to.

The manual is `docs/gebruikers/*.md`. Below a heading a comment names the pages that lead there:
`<!-- hulp: MunicipalityResource/postvak ReportResource/* -->`, class of the context and name of
the view, with `*` for the others of that class. HTML in the manual is left out, so a chapter is
nothing but what Markdown says; its own check of links refuses what runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup

from stopintimidatie.core.security import Permission
from stopintimidatie.core.tree import Container, Resource
from stopintimidatie.core.web.request import Request, page_view
from stopintimidatie.core.web.responses import static_url
from stopintimidatie.settings import MIGRATIONS

# A wheel has the manual in the package, a clone with its docs; the migrations tell which it is.
_PLACE: Final = "handbook" if MIGRATIONS.name == "migrations" else "docs/gebruikers"
HANDBOOK: Final = MIGRATIONS.parent / _PLACE
HOME: Final = "/hulp"
FIRST: Final = "begin"
_POINTER: Final = re.compile(r"(?m)^##+ (.{1,200})\n\n<!-- hulp: ([\w/*. -]{1,2000}) -->$")
_WORD: Final = re.compile(r"[^\w-]+")


@dataclass(frozen=True)
class Reading:
    """A chapter as it is read: its title, its HTML, its headings as pairs of id and words."""

    title: str
    html: Markup
    headings: tuple[tuple[str, str], ...]


def chapters() -> list[str]:
    """Return the names of all chapters: how to begin first."""
    return sorted((p.stem for p in HANDBOOK.glob("*.md")), key=lambda name: (name != FIRST, name))


def _text_of(chapter: str) -> str:
    return (HANDBOOK / f"{chapter}.md").read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def read_chapter(name: str) -> Reading:
    """Return a chapter of the manual, rendered once in each process."""
    # Only who reads the manual has its library in memory.
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").enable("table")
    markdown.add_render_rule("html_block", lambda *_: "")
    markdown.add_render_rule("html_inline", lambda *_: "")
    tokens = markdown.parse(_text_of(name))
    headings: list[tuple[str, str]] = []
    for token, inner in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and inner is not None:
            words = inner.content.replace("*", "").replace("`", "")
            headings.append((_id_of(words), words))
            token.attrSet("id", headings[-1][0])
        for child in token.children or ():
            if child.type == "image":
                # The title, with who opens what, is for tests/support/manual.py.
                picture = str(child.attrs["src"]).rpartition("/")[2]
                child.attrs = {"src": static_url(f"hulp/{picture}")}
            href = str(child.attrGet("href") or "")
            if child.type == "link_open" and not href.startswith(("#", "https:")):
                child.attrSet("href", _own_address(href))
    # The page draws the title, the first three tokens, itself.
    html = Markup(markdown.renderer.render(tokens[3:], markdown.options, {}))  # noqa: S704 - no HTML of the text is in it
    return Reading(headings[0][1], html, tuple(headings[1:]))


def _id_of(heading: str) -> str:
    """Return the name of a heading in an address."""
    return _WORD.sub("-", heading.lower()).strip("-")


def _own_address(href: str) -> str:
    """Return where a link between pages of docs leads in the portal: to a chapter, or to all."""
    page, sign, heading = href.partition("#")
    name = page.rpartition("/")[2].removesuffix(".md")
    return f"{HOME}/{name}{sign}{heading}" if name in chapters() else HOME


# Asked by every page, so it does without the library and its 180 ms.
@lru_cache(maxsize=1)
def pointers() -> Mapping[str, str]:
    """Return the address of a paragraph by class and view, as in `ReportResource/contact`."""
    return {
        page: f"{HOME}/{name}#{_id_of(heading)}"
        for name in chapters()
        for heading, pages in _POINTER.findall(_text_of(name))
        for page in pages.split()
    }


def help_href(request: Any) -> str:
    """Return the paragraph about this page, else the contents of the manual."""
    classes = [kind.__name__ for kind in type(getattr(request, "context", None)).__mro__]
    view = getattr(request, "view_name", None) or ""
    asked = [f"{kind}/{name}" for kind in classes for name in (view, "*")]
    return next((pointers()[page] for page in asked if page in pointers()), HOME)


class Handbook(Container):
    """Node of `/hulp`, for everybody who is signed in."""

    label = "Hulp"

    def __getitem__(self, name: str) -> Resource:
        if name not in chapters():
            raise KeyError(name)
        return Chapter(name, self)


class Chapter(Container):
    """Node of `/hulp/begin`, for everybody who is signed in."""

    @property
    def title(self) -> str:
        """Return the words of its first heading."""
        return read_chapter(str(self.__name__)).title


@page_view(Handbook, "", Permission.SIGNED_IN, "templates/handbook.jinja2")
def handbook_view(context: Handbook, request: Request) -> dict[str, Any]:
    """Show the contents of the manual: how to begin first, then by title."""
    first, *others = [(name, read_chapter(name)) for name in chapters()]
    return {"chapters": [first, *sorted(others, key=lambda row: row[1].title)], "reading": None}


@page_view(Chapter, "", Permission.SIGNED_IN, "templates/handbook.jinja2")
def chapter_view(context: Chapter, request: Request) -> dict[str, Any]:
    """Show a chapter."""
    return {"chapters": [], "reading": read_chapter(str(context.__name__))}
