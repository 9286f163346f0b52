"""What a page is to who reads it large, in the dark or in forced colours, or works by keyboard."""

from __future__ import annotations

from typing import Any

from lxml.html import HtmlElement, document_fromstring
from playwright.sync_api import Page

from tests.support.axe import problems_on, violations

CONTRAST: dict[str, Any] = {
    "runOnly": {"type": "rule", "values": ["color-contrast"]},
    "resultTypes": ["violations"],
}
WIDTHS, HEIGHT = (320, 390, 1280), 900
# Text that is cut off: hidden by its own box, and not shortened on purpose with dots.
CLIPPED = """
() => [...document.querySelectorAll('body *')].filter((el) => {
  const style = getComputedStyle(el), box = el.getBoundingClientRect();
  if (!el.offsetParent || box.width < 2 || box.height < 2) return false;
  if (style.clipPath !== 'none') return false;
  if (!/hidden|clip/.test(style.overflowX + style.overflowY)) return false;
  // A map is a window that is moved.
  if (el.matches('.leaflet-container')) return false;
  if (style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none') return false;
  if (/^(INPUT|SELECT|TEXTAREA|IMG|SVG|PATH|PROGRESS)$/i.test(el.tagName)) return false;
  return el.scrollWidth > el.clientWidth + 2 || el.scrollHeight > el.clientHeight + 2;
}).map((el) => el.outerHTML.slice(0, 160))
"""
# What can be used and lies below something else.
COVERED = """
() => [...document.querySelectorAll('a[href], button, summary, input, select, textarea')]
  .filter((el) => {
    if (!el.checkVisibility({visibilityProperty: true}) || el.type === 'hidden') return false;
    if (el.matches('.utrecht-skip-link')) return false;
    el.scrollIntoView({block: 'center', inline: 'center'});
    const box = el.getClientRects()[0];
    if (!box || box.width < 2 || getComputedStyle(el).clipPath !== 'none') return false;
    const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    const own = at && (el.contains(at) || at.contains(el) || el.closest('label')?.contains(at));
    return !own && at?.control !== el;
  }).map((el) => el.outerHTML.slice(0, 160))
"""
# What Tab should come to; of radio buttons with one name, one.
STOPS = """
() => {
  const groups = new Set();
  return [...document.querySelectorAll(
    'a[href], button, summary, input:not([type=hidden]), select, textarea, [tabindex="0"]')]
  .filter((el) => {
    if (el.disabled || el.tabIndex < 0) return false;
    if (!el.checkVisibility({visibilityProperty: true})) return false;
    if (el.tagName === 'SUMMARY' && el.parentElement.tagName !== 'DETAILS') return false;
    if (el.type !== 'radio') return true;
    const group = (el.form?.id ?? '') + el.name;
    return groups.has(group) ? false : Boolean(groups.add(group));
  }).length;
}
"""
# Also where a field has the focus at first: after it, Tab would go on from there.
FROM_THE_TOP = """
() => {
  window.scrollTo(0, 0);
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
}
"""
FOCUSED = """
() => {
  const el = document.activeElement;
  if (!el || el === document.body) return null;
  // A field for a date has several stops within itself.
  if (el !== window.vorige) el.dataset.langs = (Number(el.dataset.langs) || 0) + 1;
  const again = el === window.vorige;
  window.vorige = el;
  const shows = (part) => {
    const style = getComputedStyle(part);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  };
  const seen = shows(el) || (el.closest('label') && shows(el.closest('label')));
  return [el.outerHTML.slice(0, 160), Number(el.dataset.langs), Boolean(seen), again];
}
"""


def contrast_problems(page: Page, mode: str) -> list[str]:
    """Texts that can't be read as the page is shown now."""
    found = violations(page, CONTRAST)
    return [f"{mode}: {node['html'][:160]}" for fault in found for node in fault["nodes"]]


def problems_in_colours(page: Page) -> list[str]:
    """Texts that can't be read in the dark, or in forced colours; the page is light after it."""
    found: list[str] = []
    page.emulate_media(color_scheme="dark")
    found += contrast_problems(page, "dark")
    page.emulate_media(color_scheme="light", forced_colors="active")
    found += contrast_problems(page, "forced colours")
    page.emulate_media(color_scheme="light", forced_colors="none")
    return found


def problems_when_large(page: Page) -> list[str]:
    """Texts at 200% that are cut off, or need scrolling sideways; and what is covered."""
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    found = [f"cut off at 200%: {part}" for part in page.evaluate(CLIPPED)]
    found += [f"covered at 200%: {part}" for part in page.evaluate(COVERED)]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("scrolls sideways at 200%")
    page.evaluate("document.documentElement.style.fontSize = ''")
    return found


def problems_by_keyboard(page: Page) -> list[str]:
    """What Tab doesn't come to, comes to without showing it, or doesn't leave."""
    page.evaluate(FROM_THE_TOP)
    wanted, found, reached = int(page.evaluate(STOPS)), [], 0
    for _ in range(4 * wanted):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None or focused[1] > 1:
            break
        html, _, seen, again = focused
        reached += not again
        if not seen:
            found.append(f"focus doesn't show: {html}")
    if reached < wanted:
        found.append(f"Tab comes to {reached} of {wanted}")
    return found


def problems_at_widths(page: Page) -> list[str]:
    """Return the problems that axe sees at 320, 390 and 1280 px; the page ends at 1280."""
    found: list[str] = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        found += [f"{width} px: {problem}" for problem in problems_on(page)]
    return found


def all_problems_on(page: Page) -> list[str]:
    """Return all problems that are looked for on a page."""
    return [
        *problems_at_widths(page),
        *problems_in_colours(page),
        *problems_when_large(page),
        *problems_by_keyboard(page),
    ]


def problems_without_script(html: str) -> list[str]:
    """What a page offers that does nothing without script."""
    page = document_fromstring(html)
    found = []
    for button in page.iter("button"):
        idle = button.get("type") == "button" and button.get("aria-disabled") != "true"
        if idle and not _is_hidden(button):
            found.append(f"a button for a script alone: {button.text_content().strip()[:60]}")
    for form in page.iter("form"):
        sends = [*form.iter("button"), *form.xpath(".//input[@type='submit']")]
        if not _is_hidden(form) and not any(one.get("type") != "button" for one in sends):
            found.append(f"a form without a button: {form.get('action')}")
    for link in page.iter("a"):
        if link.get("href") in ("#", "") and not _is_hidden(link):
            found.append(f"a link to nowhere: {link.text_content().strip()[:60]}")
    for part in page.xpath("//*[@hx-get or @hx-post]"):
        if part.tag not in ("a", "form", "button", "select", "input") and not part.get(
            "hx-trigger"
        ):
            found.append(f"only htmx follows it: {part.tag}")
    return found


def _is_hidden(element: HtmlElement) -> bool:
    return any(
        part.get("hidden") is not None or part.tag in ("template", "dialog")
        for part in (element, *element.iterancestors())
    )
