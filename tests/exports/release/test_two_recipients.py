"""Two recipients of one request, from the dossier until both can fetch their document."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.exports.request.test_together import asked, look_at_all
from tests.support.deliveries import put_ready
from tests.support.exporting import Case, make_case, quick, with_partner
from tests.support.installation import Installation


def test_a_code_for_each_is_made_in_one_go_and_only_for_what_can_be_fetched(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation, number=1)
    partners = [with_partner(installation, name) for name in ("Politie Noord", "Politie Zuid")]
    first, second = asked_together(case, *partners)
    browser = case.browser("aanvrager")
    refused = browser.post(
        f"{case.path}/{first}/ophaalcode", {"csrf_token": browser.cookies["csrf"]}, status=303
    )
    assert "Er staat nog niets klaar" in refused.follow().text
    page = case.browser("beslisser").get(f"{case.path}/{first}/beoordelen?samen=ja")
    look_at_all(page.forms["formulier"]).submit("goedkeuren", status=303)
    installation.run_jobs()
    put_ready(case, first)
    assert len(codes(case, first)) == 1
    put_ready(case, second)
    assert len(set(codes(case, first))) == 2


def codes(case: Case, reference: str) -> list[str]:
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    button = next(form for form in page.forms.values() if "samen" in form.fields)
    return codes_on(button.submit(status=200))


def codes_on(page: Any) -> list[str]:
    return re.findall(r"<dd>(\d{4} \d{4})</dd>", page.text)


def asked_together(case: Case, *codes: str) -> list[str]:
    """The references of what was asked for, in the order of the request."""
    page = asked(case, *codes).submit("aanvragen").follow()
    reference = page.request.path.rpartition("/")[2]
    shown = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen?samen=ja")
    return [card.text.partition(":")[0] for card in shown.html.select(".si-beside > .si-card > h2")]
