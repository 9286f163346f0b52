"""What axe and the browser's console say against a page."""

from __future__ import annotations

import json
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


# Writing out what is right as well takes as long as the judging itself.
AXE = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}


def complaints_of(page: Page) -> list[str]:
    """Errors of scripts and refusals of the policy, from now on."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of" not in message.text:
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def violations(page: Page, options: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the problems that axe sees on a page; its script is loaded once for each page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    command = f"axe.run({json.dumps(options)}).then((results) => results.violations)"
    found: list[dict[str, Any]] = page.evaluate(command)
    return found


def problems_on(page: Page) -> list[str]:
    found = [
        f"{v['id']}: {v['help']} ({v['nodes'][0]['target'][0]})" for v in violations(page, AXE)
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("scrolls sideways")
    return found
