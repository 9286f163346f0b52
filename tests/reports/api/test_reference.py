"""The page for builders of apps shows the API as it is, to everybody the same."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml.html import HtmlElement, document_fromstring

from stopintimidatie.core.security import Role
from stopintimidatie.reports.api.calls import APP_KEY, CALLS, FOLLOW_CODE
from stopintimidatie.reports.api.openapi import openapi_document
from stopintimidatie.reports.api.problems import Kind
from stopintimidatie.reports.api.reference import calls_of, kind_of
from tests.support.api import Api
from tests.support.curl import NEW_KEY, read
from tests.support.factories import DORDRECHT, connect, make_user
from tests.support.installation import Installation

PAGE = "/api/v1/docs"


@pytest.fixture
def api(installation: Installation) -> Api:
    return Api(installation)


def page_of(answer: Any) -> HtmlElement:
    return document_fromstring(answer.text)


def text_of(part: HtmlElement) -> str:
    return " ".join(part.text_content().split())


def test_every_call_stands_on_the_page_with_its_method_and_address(api: Api) -> None:
    page = page_of(api.app.get(PAGE))
    assert text_of(page.find(".//h1")) == "API voor bouwers van apps"
    for call in CALLS:
        [section] = page.xpath(f"//section[@id='{call.name}']")
        assert f"{call.method} /api/v1{call.path}" in text_of(section)
        assert page.xpath(f"//a[@href='#{call.name}']/text()") == [call.summary]
        for status in call.replies:
            assert section.xpath(f".//th[text()='{status}']"), (call.name, status)
    assert page.xpath("//a[@href='/api/v1/openapi.json']")


def test_every_field_and_every_refusal_stands_on_the_page(api: Api) -> None:
    shown = set(page_of(api.app.get(PAGE)).xpath("//code/text()"))
    assert {
        "melder.leeftijdsgroep",
        "locatie.adres.postcode",
        "woordenlijsten[].waarden[].code",
    } <= shown
    schemas = openapi_document()["components"]["schemas"]
    assert set(schemas["Melding"]["properties"]) <= shown
    assert {kind.code for kind in Kind} <= shown


def test_the_first_command_on_the_page_sends_a_report(api: Api) -> None:
    [command] = page_of(api.app.get(PAGE)).xpath(
        "//pre[@aria-label='Een melding sturen']/code/text()"
    )
    sent = read(command.replace("UW-APPSLEUTEL", "demo-app"))
    path = urlsplit(sent.url).path
    api.app.request(path, method=sent.method, headers=sent.headers, body=sent.body, status=201)


def test_the_key_of_the_first_command_is_new_each_time_it_is_copied(api: Api) -> None:
    answer = api.app.get(PAGE)
    assert NEW_KEY in page_of(answer).xpath("string(//pre[@aria-label='Een melding sturen'])")
    assert "uuidgen" in answer.text


def test_a_call_that_needs_a_key_or_a_code_has_its_header_among_the_parameters(api: Api) -> None:
    page = page_of(api.app.get(PAGE))
    for call in CALLS:
        headers = page.xpath(
            f"//section[@id='{call.name}']//table[contains(caption, 'Parameters')]"
            "//tr[td='header']/th//text()"
        )
        shown = {text for text in headers if text in ("Authorization", "Volgcode")}
        names = {APP_KEY: "Authorization", FOLLOW_CODE: "Volgcode"}
        assert shown == {names[need] for need in call.needs}, call.name


def test_the_answer_to_an_addition_is_as_the_page_shows(api: Api) -> None:
    sent, shown = (
        json.loads(example.text)
        for call in calls_of(openapi_document())
        for example in call.examples
        if call.name == "meldingAanvullen"
    )
    receipt = api.post().json
    answer = api.add(receipt, sent).json
    assert {**answer, "op": ""} == {**shown, "op": ""}


def test_the_page_is_the_same_for_everybody_and_may_be_kept(installation: Installation) -> None:
    connect(installation)
    officer = installation.browser(make_user(installation, (DORDRECHT, Role.OFFICER)))
    visitor = installation.visitor()
    answer = visitor.get(PAGE)
    assert officer.get(PAGE).text == answer.text
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert "Set-Cookie" not in answer.headers
    # A cache may keep the page alone, not the answers of other addresses.
    assert visitor.get(f"{PAGE}/x", status=404).headers["Cache-Control"] == "no-store"


def test_every_example_on_the_page_is_that_of_the_document() -> None:
    document = openapi_document("https://meldpunt.example")
    shown = {call.name: call for call in calls_of(document)}
    report = document["paths"]["/meldingen"]["post"]["requestBody"]["content"]["application/json"]
    wanted = [example["value"] for example in report["examples"].values()]
    found = [json.loads(example.text) for example in shown["meldingSturen"].examples]
    assert found[: len(wanted)] == wanted
    assert len(found) == len(wanted) + 1
    assert not shown["meldingIntrekken"].answers


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["string", "null"]}, "tekst of null"),
        ({"type": "string", "format": "date"}, "datum"),
        ({"type": "number", "minimum": -90, "maximum": 90}, "getal, vanaf -90, tot en met 90"),
        ({"type": "string", "maxLength": 100}, "tekst, hoogstens 100 tekens"),
        ({"type": "array", "minItems": 1}, "lijst, ten minste 1"),
    ],
)
def test_what_a_field_takes_is_said_in_words(schema: dict[str, Any], expected: str) -> None:
    assert kind_of(schema) == expected
