"""Texts of the programme: read from the package, filled in, taken apart for who draws them. Pure.

A text is a file of `content/`: TOML between lines of `+++`, then Jinja2 that writes Markdown. A
blank, such as `[[naam van de FG]]`, is what a municipality still has to fill in.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markupsafe import escape

from stopintimidatie.core.text import FILTERS, date_text
from stopintimidatie.core.web.charts import Item, bar_chart, bar_summary, data_uri, trend_chart
from stopintimidatie.core.web.theme import DEFAULT_COLOUR

BLANK: Final = re.compile(r"\[\[([^\[\]]+)\]\]")
CHART, OVER_TIME = "grafiek", "grafiek-tijd"
FEW: Final = "minder dan 5"
# The sentence of a summary that is true only beside the table.
_BESIDE: Final = " Dezelfde cijfers staan in de tabel."
_SIGNS: Final = re.compile(r"([\\`*_{}\[\]<>#|~&])")
Nodes = Sequence[SyntaxTreeNode]


class Markdown(str):
    """Markdown of our own, put into a text as it stands; other values are escaped."""

    __slots__ = ()


@dataclass(frozen=True)
class Text:
    """A text as it stands in the package.

    `audiences`: for whom it is, by code. `checked`: by whom and on which day somebody looked it
    through; empty: it is a concept. `more`: what its kind has besides.
    """

    name: str
    title: str
    version: str
    day: date
    audiences: tuple[str, ...]
    kind: str
    checked: str
    more: Mapping[str, Any]
    body: str


@cache
def texts_in(folder: str) -> Mapping[str, Text]:
    """Return the texts of a folder by name, in the order of their names."""
    paths = (files(__package__) / "content" / folder).iterdir()
    texts = (_read(path.name[:-3], path.read_text("utf-8")) for path in paths)
    return {text.name: text for text in sorted(texts, key=lambda text: text.name)}


def _read(name: str, source: str) -> Text:
    _, head, body = source.split("+++\n", 2)
    more = tomllib.loads(head)
    by, on = more.pop("checked_by"), more.pop("checked_on")
    return Text(
        name,
        more.pop("title"),
        more.pop("version"),
        more.pop("date"),
        tuple(more.pop("audiences")),
        more.pop("kind"),
        f"{by} op {date_text(on)}" if by and on else "",
        more,
        body,
    )


@dataclass(frozen=True)
class Filled:
    """A text filled in with values. `edition`: which version of what it is, and who checked it."""

    text: Text
    title: str
    edition: str
    markdown: str

    @property
    def blanks(self) -> Sequence[str]:
        """Return what is still to be filled in, once each."""
        return list(dict.fromkeys(BLANK.findall(self.title + self.markdown)))


def fill_in(text: Text, values: Mapping[str, Any]) -> Filled:
    """Fill a text in. Its values have at least `product`, `owner`: of the edition.

    Raises:
        UndefinedError: the text asks for a value that isn't there.
    """
    checked = f"model, nagekeken door {text.checked}" if text.checked else "concept"
    product = f"Stopintimidatie {values['product']}"
    edition = f"Versie {text.version} van {date_text(text.day)}", product, values["owner"], checked
    parts = (_templates().from_string(part).render(values) for part in (text.title, text.body))
    title, body = parts
    return Filled(text, title, " · ".join(edition), body)


@cache
def _templates() -> Environment:
    templates = Environment(  # noqa: S701 - it writes Markdown; `_escaped` keeps values out of it
        undefined=StrictUndefined, finalize=_escaped, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters |= FILTERS
    return templates


def _escaped(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markdown):
        return _SIGNS.sub(r"\\\1", " ".join(value.split()))
    return value


def blank(words: str) -> Markdown:
    """Return a blank: something that the municipality still fills in."""
    return Markdown(f"[[{words}]]")


def known(value: Any, words: str) -> Any:
    """Return a value, or a blank with these words where there is none."""
    return blank(words) if value in (None, "") else value


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], numbers: int = 0) -> Markdown:
    """Return a table; so many columns at the end hold numbers."""
    rule = [*["---"] * (len(columns) - numbers), *["---:"] * numbers]
    written = ([str(_escaped(cell)) for cell in row] for row in rows)
    return Markdown("\n".join(f"| {' | '.join(row)} |" for row in (columns, rule, *written)))


def chart(title: str, items: Iterable[Item], *, over_time: bool = False) -> Markdown:
    """Return a chart of bars, or of columns: labels with numbers; None is fewer than five."""
    lines = (f"{label}\t{'' if number is None else number}" for label, number in items)
    kind = OVER_TIME if over_time else CHART
    return Markdown("\n".join([f"```{kind} {title}", *lines, "```"]))


# Taken apart


def nodes_of(markdown: str) -> Nodes:
    """Return the blocks of a text."""
    return SyntaxTreeNode(_markdown().parse(markdown)).children


@dataclass(frozen=True)
class Chart:
    """A chart of a text: labels with numbers, over time or not."""

    title: str
    items: Sequence[Item]
    over_time: bool

    @property
    def summary(self) -> str:
        """The words for who can't see it."""
        return bar_summary(self.title, self.items).removesuffix(_BESIDE)

    @property
    def rows(self) -> Iterator[tuple[str, str]]:
        """The same as rows of a table."""
        return ((label, FEW if number is None else str(number)) for label, number in self.items)


def chart_of(info: str, content: str) -> Chart:
    """Return the chart that a block of a text holds."""
    kind, _, title = info.partition(" ")
    pairs = (line.rpartition("\t") for line in content.splitlines())
    items = [(label, int(number) if number else None) for label, _, number in pairs]
    return Chart(title, items, kind == OVER_TIME)


def rows_of(node: SyntaxTreeNode) -> list[Nodes]:
    """Return the rows of a table, its head first, each a list of cells."""
    return [row.children for part in node.children for row in part.children]


def runs_of(node: SyntaxTreeNode, bold: bool = False, italic: bool = False) -> Iterator[Any]:
    """Yield the pieces of a line: the words, whether bold, italic, and a blank."""
    for part in node.children:
        if part.type == "text":
            # Every other piece is what a blank asks for.
            for number, words in enumerate(BLANK.split(part.content)):
                if words:
                    yield words, bold, italic, number % 2 == 1
        elif part.type == "softbreak":
            yield " ", bold, italic, False
        elif part.type == "code_inline":
            yield part.content, bold, italic, False
        else:
            yield from runs_of(part, bold or part.type == "strong", italic or part.type == "em")


def slides_of(filled: Filled) -> list[tuple[SyntaxTreeNode, list[SyntaxTreeNode], str]]:
    """Return the slides of a text: the heading, what stands below it, and what the speaker says."""
    slides: list[Any] = []
    for node in nodes_of(filled.markdown):
        if node.type == "heading":
            slides.append((node.children[0], [], ""))
        elif node.type == "blockquote":
            said = "\n".join("".join(run[0] for run in runs_of(part)) for part in node.children)
            slides[-1] = (*slides[-1][:2], said)
        else:
            slides[-1][1].append(node)
    return slides


# As HTML, for pages and PDF


def html_of(filled: Filled, colour: str = DEFAULT_COLOUR) -> str:
    """Return the text as HTML, without its title."""
    return _html(nodes_of(filled.markdown), colour, tables=True)


def slides_html(filled: Filled, colour: str = DEFAULT_COLOUR) -> str:
    """Return slides as HTML: a section each, without what the speaker says."""
    sections = (
        f"<h1>{_html([title], colour)}</h1>{_html(blocks, colour)}"
        for title, blocks, _ in slides_of(filled)
    )
    first, *others = (f"{section}</section>" for section in sections)
    return f'<section class="first">{first}' + "".join(f"<section>{section}" for section in others)


def _html(nodes: Nodes, colour: str, *, tables: bool = False) -> str:
    """Draw blocks; `tables`: below a chart its table."""
    markdown = _markdown()
    environment = {"colour": colour, "tables": tables}
    drawn = (
        markdown.renderer.render(node.to_tokens(), markdown.options, environment) for node in nodes
    )
    return "".join(map(str, drawn))


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.core.ruler.push("accessible", _make_accessible)
    markdown.add_render_rule("text", _draw_words)
    markdown.add_render_rule("fence", _draw_chart)
    return markdown


def _make_accessible(state: Any) -> None:
    """Have heads of columns say so, numbers have a class, and items no paragraph of their own."""
    within = 0
    for token in state.tokens:
        within += token.nesting if token.type.startswith("list_item") else 0
        if token.type.startswith("paragraph") and within:
            token.hidden = True
        if token.attrs.pop("style", None):
            token.attrs["class"] = "number"
        if token.type == "th_open":
            token.attrs["scope"] = "col"


def _draw_words(self: Any, tokens: Sequence[Token], place: int, *_: Any) -> str:
    return BLANK.sub(r"<mark>\1</mark>", str(escape(tokens[place].content)))


def _draw_chart(self: Any, tokens: Sequence[Token], place: int, _: Any, given: Any) -> str:
    drawn = chart_of(tokens[place].info, tokens[place].content)
    draw = trend_chart if drawn.over_time else partial(bar_chart, labels=200)
    address = data_uri(draw(drawn.items, colour=given["colour"], width=440))
    picture = f'<img class="chart si-chart" src="{address}" alt="{escape(drawn.summary)}">'
    if not given["tables"]:
        return f"<p>{escape(drawn.title)}</p><p>{picture}</p>"
    heads = (
        f'<th scope="col">{escape(drawn.title)}</th><th scope="col" class="number">Meldingen</th>'
    )
    rows = (
        f'<tr><td>{escape(label)}</td><td class="number">{number}</td></tr>'
        for label, number in drawn.rows
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f"<p>{picture}</p>{table}"
