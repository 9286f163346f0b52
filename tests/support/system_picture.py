"""The picture on top of the README: `python -m tests.support.system_picture`.

Boxes with words and arrows between them, written as SVG: no font, picture or script of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

TARGET = Path(__file__).parents[2] / "docs" / "beelden" / "systeem.svg"
WIDTH, HEIGHT = 1000, 360
TITLE = "Stopintimidatie: the way of a report, and what it stands on"
STYLE = (
    "text{font-family:sans-serif;font-size:15px;fill:#1b1b1b;text-anchor:middle}"
    ".name{font-weight:bold}.note{font-size:13px;fill:#4a4a4a}"
    "rect{fill:#fff;stroke:#154273;stroke-width:1.5}.outside{fill:#f3f3f3;stroke:#696969}"
    ".under{fill:#e5f0f9}path{fill:none;stroke:#154273;stroke-width:1.5;marker-end:url(#end)}"
)
END = (
    '<marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
    ' orient="auto"><path d="M0 0 8 4 0 8" style="marker-end:none"/></marker>'
)


@dataclass(frozen=True)
class Box:
    """Words in a frame; the first line is its name."""

    x: int
    y: int
    lines: tuple[str, ...]
    kind: str = ""
    width: int = 168
    height: int = 84

    def svg(self) -> str:
        middle = self.x + self.width // 2
        top = self.y + self.height // 2 + 5 - 9 * (len(self.lines) - 1)
        words = "".join(
            f'<text class="{"note" if number else "name"}" x="{middle}" y="{top + 18 * number}">'
            f"{escape(line)}</text>"
            for number, line in enumerate(self.lines)
        )
        return (
            f'<rect class="{self.kind}" x="{self.x}" y="{self.y}" width="{self.width}"'
            f' height="{self.height}" rx="6"/>{words}'
        )


BOXES = (
    Box(10, 40, ("Reporter", "app, web form, phone", "follows with a code"), "outside"),
    Box(210, 40, ("Intake", "which town, which", "neighbourhood")),
    Box(410, 40, ("Inbox", "officers (OOV) assess,", "ask, answer")),
    Box(610, 40, ("Dossier", "a place or a person,", "measures, agreements")),
    Box(810, 40, ("PDF", "redacted by profile,", "approved by a colleague"), "", 180),
    Box(210, 170, ("National desk", "for towns that", "take no part")),
    Box(810, 170, ("Police, partners", "pick it up, answer;", "all in a register"), "outside", 180),
    Box(10, 290, ("web", "pages and JSON API"), "under", 225, 56),
    Box(260, 290, ("worker", "search, mail, PDFs, terms"), "under", 225, 56),
    Box(510, 290, ("PostgreSQL", "or SQLite, for a trial"), "under", 225, 56),
    Box(760, 290, ("Log, terms, erasure", "over all of it"), "under", 230, 56),
)
ARROWS = (
    *("M178 82H208", "M378 82H408", "M578 82H608", "M778 82H808"),
    *("M294 124V168", "M378 212H494V126", "M900 124V168"),
)


def picture() -> str:
    """The whole picture."""
    parts = [box.svg() for box in BOXES] + [f'<path d="{way}"/>' for way in ARROWS]
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{TITLE}">\n<title>{TITLE}</title>\n<style>{STYLE}</style>\n'
        f'<defs>{END}</defs>\n<path d="M0 0H{WIDTH}V{HEIGHT}H0Z"'
        f' style="fill:#fff;stroke:none;marker-end:none"/>\n{body}\n</svg>\n'
    )


if __name__ == "__main__":
    TARGET.write_text(picture(), encoding="utf-8")
