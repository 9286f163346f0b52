"""Two recipients of one request, from the dossier until both can fetch their document."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs.worker import Worker
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.security import Role
from stopintimidatie.reports.models import Report
from tests.support.deliveries import form_of, mails, pickup_of
from tests.support.exporting import (
    Case,
    asked,
    decide,
    look_at_all,
    make_case,
    quick,
    send_request,
    with_partner,
)
from tests.support.factories import DORDRECHT, make_user
from tests.support.installation import Installation


def test_a_code_for_each_is_made_in_one_go_and_only_for_what_can_be_fetched(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation, number=1)
    partners = [with_partner(installation, name) for name in ("Politie Noord", "Politie Zuid")]
    first, second = asked_together(case, *partners)
    page = case.browser("beslisser").get(f"{case.path}/{first}/beoordelen?samen=ja")
    look_at_all(page.forms["formulier"]).submit("goedkeuren", status=303)
    installation.run_jobs()
    # Their contacts were told by themselves.
    assert len(set(codes(case, first))) == len(set(codes(case, second))) == 2


def test_two_recipients_take_ten_acts_from_the_first_page_of_a_dossier_to_two_codes(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation, number=1)
    for name in ("Politie Noord", "Politie Zuid"):
        with_partner(installation, name)
    acts = 0

    def press(form: Any, button: str | None, **fields: Any) -> Any:
        """Fill in, tick and press: each is an act."""
        nonlocal acts
        acts += len(fields) + 1
        for field, value in fields.items():
            form[field] = value
        return form.submit(button, status="*").maybe_follow()

    first_page = case.browser("aanvrager").get(case.path)
    partners = form_of(first_page, "uitvoer-samen")
    for box in partners.fields["voor"]:
        box.checked = True
        acts += 1
    asking = press(partners, "kiezen")
    left_open = press(asking.forms["formulier"], "aanvragen", vraag="Wilt u meedenken?")
    # Too early: the page says so, and has the button still.
    early = button_for_both(left_open).submit().follow()
    assert "Er staat nog niets klaar" in early
    assert button_for_both(early)

    waits = case.browser("beslisser").get("/gemeenten/dordrecht/wacht")
    acts += 1
    decision = waits.click(href="beoordelen", index=0).forms["formulier"]
    boxes = {name: True for name in decision.fields if name and name.startswith("bekeken_")}
    press(decision, "goedkeuren", **boxes)
    installation.run_jobs()

    assert len(set(codes_on(press(button_for_both(left_open), None)))) == 2
    assert acts == 10


def button_for_both(page: Any) -> Any:
    """The form of the button that makes the codes of both."""
    (form,) = [form for form in page.forms.values() if "Codes maken voor allebei" in form.text]
    return form


def codes(case: Case, reference: str) -> list[str]:
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    return codes_on(button_for_both(page).submit(status=200))


def codes_on(page: Any) -> list[str]:
    return re.findall(r"<dd>(\d{4} \d{4})</dd>", page.text)


def asked_together(case: Case, *codes: str) -> list[str]:
    """The references of what was asked for, in the order of the request."""
    page = asked(case, *codes).submit("aanvragen").follow()
    reference = page.request.path.rpartition("/")[2]
    shown = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen?samen=ja")
    return [card.text.partition(":")[0] for card in shown.html.select(".si-beside > .si-card > h2")]


def test_who_was_chosen_is_told_once_it_is_made_and_the_second_person_reads_who(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation, number=1)
    reference = asked_for(case, with_partner(installation))
    page = case.browser("beslisser").get(f"{case.path}/{reference}/beoordelen")
    assert "Wil Wijk, wijkagent" in page.text
    page.forms["formulier"].submit("goedkeuren", status=303)
    installation.run_jobs()
    assert len(mails(installation, "uitvoer_klaar")) == 1
    assert pickup_of(installation).downloads_most == 3
    assert "ophaalcode" in case.browser("aanvrager").get(f"{case.path}/{reference}").text


def test_an_address_that_is_no_longer_confirmed_leaves_it_with_its_asker_and_the_page_says_so(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation, number=1)
    reference = asked_for(case, with_partner(installation))
    with installation.transaction(DORDRECHT) as session:
        session.scalars(select(MailAddress)).one().verified_at = None
    decide(case, reference)
    installation.run_jobs()
    assert case.export(reference).state == "gereed"
    assert mails(installation, "uitvoer_klaar") == []
    page = case.browser("aanvrager").get(f"{case.path}/{reference}")
    assert "‘Dit adres is niet bevestigd. Kies een ander.’ Niemand kreeg bericht" in page


def test_what_was_asked_by_who_may_no_more_stays_and_the_page_says_so(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation, number=1)
    reference = asked_for(case, with_partner(installation))
    decide(case, reference)
    with installation.transaction() as session:
        session.scalars(select(User).where(User.name == "An Vrager")).one().blocked_at = utc_now()
    installation.run_jobs()
    assert case.export(reference).state == "gereed"
    assert mails(installation, "uitvoer_klaar") == []
    page = case.browser("beslisser").get(f"{case.path}/{reference}")
    assert "Wie dit aanvroeg, mag het nu niet meer geven" in page


def test_the_page_says_why_a_document_was_not_put_ready_and_nothing_while_that_may_still_come(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation, number=2)
    reference = asked_for(case, with_partner(installation))
    decide(case, reference)
    worker = Worker(installation.registry)
    while case.export(reference).state != "gereed":
        assert worker.run_once()
    browser, address = case.browser("aanvrager"), f"{case.path}/{reference}"
    page = browser.get(address)
    assert "wordt vanzelf klaargezet" in page
    assert "Niet klaargezet" not in page
    with installation.transaction(DORDRECHT) as session:
        report = session.get_one(Report, case.reports[0])
        before, report.state = report.state, "ingetrokken"
    installation.run_jobs()
    with installation.transaction(DORDRECHT) as session:
        session.get_one(Report, case.reports[0]).state = before
    page = browser.get(address)
    assert "wordt vanzelf klaargezet" not in page
    (said,) = page.html.select(".utrecht-alert")
    assert "een melding die de melder heeft ingetrokken" in said.text
    assert "adres" not in said.text


def test_nobody_else_than_a_contact_of_this_partner_can_be_chosen(
    installation: Installation,
) -> None:
    case = make_case(installation, number=1)
    partner = with_partner(installation)
    refused = send_request(case, ontvanger=None, partner=partner, bericht_aan=str(uuid4()))
    assert refused.status_int == 422


def asked_for(case: Case, partner: str) -> str:
    """The reference of an export whose form was sent as it stands: the first contact is told."""
    form = case.browser("aanvrager").get(f"{case.path}/uitvoer-aanvragen?partner={partner}")
    form = form.forms["formulier"]
    form["vraag"] = "Wilt u meedenken?"
    return str(form.submit("aanvragen", status=303).location.rpartition("/")[2])


def test_a_deputy_decides_two_together_and_reads_the_function_of_who_is_told_and_no_name(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    case = make_case(installation, number=1)
    case.people["waarnemer"] = make_user(installation, (DORDRECHT, Role.DEPUTY), name="Ali Leen")
    first, second = asked_together(
        case, *(with_partner(installation, name) for name in ("Politie Noord", "Politie Zuid"))
    )
    page = case.browser("waarnemer").get(f"{case.path}/{first}/beoordelen?samen=ja")
    assert page.text.count("wijkagent") == 2
    assert "Wil Wijk" not in page
    page.forms["formulier"].submit("goedkeuren", status=422)
    done = look_at_all(page.forms["formulier"]).submit("goedkeuren", status=303).follow()
    assert "Er wacht niets op u" in done
    installation.run_jobs()
    assert len(set(codes(case, first))) == len(set(codes(case, second))) == 2
