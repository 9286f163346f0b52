"""Whole pages of the room alone: layout, error pages, headers, static files, the door."""

import gzip
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from webob import Request, Response
from webtest import TestApp, Upload

from stopintimidatie.core.web.body import MAX_FIELDS, MULTIPART
from stopintimidatie.core.web.request import Request as OurRequest
from stopintimidatie.core.web.responses import (
    CSP,
    HEADERS,
    HSTS,
    PICTURE_CSP,
    ROOT,
    cache_control,
    headers_tween,
    pack,
)
from tests.support.forms_support import GOOD
from tests.support.styleguide.app import make_app

GUIDE = "/stijlgids"


@pytest.fixture(scope="module")
def app() -> TestApp:
    return TestApp(make_app())


def get(app: TestApp, address: str, **kw: Any) -> Any:
    return app.get(address, expect_errors=True, **kw)


def ask(app: TestApp, address: str, **kw: Any) -> Any:
    """Without cookies: the test client's jar can't read a broken address."""
    response = Request.blank(address, **kw).get_response(app.app)
    assert response.body is not None  # read to the end, so that a file is closed
    return response


def soup_of(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.text, "lxml")


# Layout


def test_the_search_box_is_the_first_form_of_a_signed_in_page(app: TestApp) -> None:
    form = soup_of(get(app, GUIDE)).select("form")[0]
    assert (form["action"], form["method"]) == ("/zoeken", "get")
    assert form.select_one("input[name=q]")


def test_who_is_not_signed_in_has_no_search_box_menu_or_name(app: TestApp) -> None:
    soup = soup_of(get(app, f"{GUIDE}?bezoeker"))
    assert not soup.select(".si-search, .si-nav, .si-account")


def test_the_page_is_dutch_and_starts_with_a_skip_link(app: TestApp) -> None:
    soup = soup_of(get(app, GUIDE))
    assert soup.html is not None
    assert soup.html["lang"] == "nl"
    link = soup.select("body a")[0]
    assert soup.find(id=str(link["href"])[1:]) is not None


def test_signing_out_is_a_post_with_a_token(app: TestApp) -> None:
    form = soup_of(get(app, GUIDE)).select_one(".si-account form")
    assert form is not None
    assert (form["action"], form["method"]) == ("/afmelden", "post")
    assert form.select_one("input[name=csrf_token]")


def test_the_municipality_shows_its_name_and_colour(app: TestApp) -> None:
    soup = soup_of(get(app, f"{GUIDE}?kleur=0b5394"))
    assert "Gemeente Dordrecht" in soup.select_one("header").get_text()  # type: ignore[union-attr]
    assert soup.select_one("link[href^='/huisstijl/0b5394.css']")


def test_a_page_of_nobody_in_particular_is_of_the_national_desk(app: TestApp) -> None:
    soup = soup_of(get(app, f"{GUIDE}?landelijk"))
    assert "landelijk meldpunt" in soup.select_one("header").get_text()  # type: ignore[union-attr]
    assert not soup.select("link[href^='/huisstijl/']")


def test_nothing_on_the_page_breaks_the_content_policy(app: TestApp) -> None:
    page = get(app, GUIDE)
    soup = soup_of(page)
    assert not soup.select("[style], style, script:not([src])")
    for tag in soup.select("[src], link[href]"):
        assert str(tag.get("src") or tag["href"]).startswith(("/", "data:image/"))
    assert not [a for tag in soup() for a in tag.attrs if a.startswith("on")]


def test_after_a_mistake_the_title_says_so(app: TestApp) -> None:
    form = get(app, GUIDE).forms["formulier"]
    answer = form.submit("opslaan", expect_errors=True)
    assert answer.status_int == 422
    assert soup_of(answer).title.get_text().startswith("Fout: Stijlgids")  # type: ignore[union-attr]


def test_a_whole_form_with_a_file_goes_through(app: TestApp) -> None:
    form = get(app, GUIDE).forms["formulier"]
    for name, value in GOOD:
        if name not in ("vormen", "spoed", "opslaan"):
            form[name] = value
    form.set("vormen", True, index=0)
    form["bijlage"] = Upload("foto.jpg", b"x" * 20)
    assert form.submit("opslaan").status_int == 303
    form["bijlage"] = Upload("foto.jpg", b"x" * 1001)
    assert "Kies een bestand van hoogstens" in form.submit("opslaan", expect_errors=True).text


def test_a_conflict_is_answered_409(app: TestApp) -> None:
    form = get(app, GUIDE).forms["formulier"]
    for name, value in GOOD:
        if name not in ("vormen", "spoed", "opslaan"):
            form[name] = value
    form.set("vormen", True, index=0)
    assert form.submit("concept", expect_errors=True).status_int == 409


# Error pages


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 500])
def test_an_error_page_says_what_to_do_next(app: TestApp, status: int) -> None:
    page = get(app, f"/fout?status={status}")
    assert page.status_int == status
    main = soup_of(page).select_one("main")
    assert main is not None
    assert main.select_one("h1")
    assert len(main.select("p")) >= 2
    assert main.select("a[href]")


def test_a_fault_of_ours_has_a_number_and_tells_nothing_more(app: TestApp) -> None:
    page = get(app, "/fout?status=500")
    assert "Nummer van deze storing" in page.text
    assert "on purpose" not in page.text
    assert "Traceback" not in page.text


def test_an_old_token_is_explained(app: TestApp) -> None:
    page = app.post(GUIDE, {"csrf_token": "oud"}, expect_errors=True)
    assert page.status_int == 400
    assert "Dit formulier geldt niet meer" in page.text


@pytest.mark.parametrize(
    "address",
    ["/", "/gemeenten", "/gemeenten/dordrecht/x/y", "/__class__", "//x", "/@@x", "/x/../y"],
)
def test_a_visitor_gets_the_same_redirect_for_every_portal_address(
    app: TestApp, address: str
) -> None:
    answer = get(app, f"{address}?bezoeker")
    assert answer.status_int == 303
    assert answer.headers["Location"].startswith("http://localhost/aanmelden?volgende=")


def test_a_visitor_who_posts_is_not_led_back_to_a_post(app: TestApp) -> None:
    answer = app.post("/gemeenten/x?bezoeker", {"a": "b"}, expect_errors=True)
    assert answer.headers["Location"] == "http://localhost/aanmelden"


def test_a_public_address_that_is_not_there_is_404_for_a_visitor(app: TestApp) -> None:
    for address in (
        "/static/geen.css",
        "/huisstijl/geen.css",
        "/huisstijl/A4123F.css",
        "/robots.txt",
    ):
        assert get(app, f"{address}?bezoeker").status_int == 404


# Headers


@pytest.mark.parametrize(
    "address",
    [
        GUIDE,
        "/fout?status=500",
        "/x",
        "/x?bezoeker",
        "/%ff",
        "/static/app.css",
        "/huisstijl/a4123f.css",
    ],
)
def test_every_answer_has_the_security_headers(app: TestApp, address: str) -> None:
    headers = ask(app, address).headers
    for name, value in HEADERS.items():
        assert headers[name] == value
    assert "unsafe" not in CSP


@pytest.mark.parametrize("policy", [CSP, PICTURE_CSP], ids=["page", "picture"])
@pytest.mark.parametrize("directive", ["default-src", "frame-ancestors", "base-uri", "object-src"])
def test_no_answer_can_be_framed_or_pull_in_what_is_not_ours(policy: str, directive: str) -> None:
    assert f"{directive} 'none'" in policy.split("; ")


@pytest.mark.parametrize(("what", "status"), [("stuk", 500), ("conflict", 409)])
def test_what_goes_wrong_after_the_page_was_made_gets_a_page_too(
    app: TestApp, what: str, status: int
) -> None:
    answer = ask(app, f"{GUIDE}?laat={what}")
    assert answer.status_int == status
    assert answer.headers["Content-Security-Policy"] == CSP
    assert "De melding is opgeslagen" not in answer.text


def test_pages_are_not_kept_and_static_files_are() -> None:
    assert cache_control("/gemeenten/x", "", 200) == "no-store"
    assert cache_control("/static/app.css", "v=1", 404) == "no-store"
    assert cache_control("/static/app.css", "", 200) == "public, max-age=3600"
    assert "immutable" in cache_control("/static/app.css", "v=1f0c", 200)
    assert "immutable" in cache_control("/huisstijl/a4123f.css", "", 200)


def test_https_only_is_asked_for_when_the_public_address_is_https() -> None:
    for https in (True, False):
        registry = SimpleNamespace(app_settings=SimpleNamespace(https=https, map_background="geen"))
        tween = headers_tween(lambda request: Response(), registry)
        response = tween(SimpleNamespace(environ={"PATH_INFO": "/"}))
        assert (response.headers.get("Strict-Transport-Security") == HSTS) is https


# Static files and the theme


@pytest.mark.parametrize("folder", ["/static/", "/static/js/", "/static", "/huisstijl/"])
def test_a_folder_of_static_files_shows_no_list(app: TestApp, folder: str) -> None:
    assert get(app, folder).status_int == 404


def test_a_static_file_has_its_hash_in_its_address_and_is_packed(app: TestApp) -> None:
    link = soup_of(get(app, GUIDE)).select_one("link[href^='/static/app.css']")
    assert link is not None
    answer = ask(app, str(link["href"]), headers={"Accept-Encoding": "gzip"})
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) < 10_000
    assert "Accept-Encoding" in answer.headers["Vary"]
    # Comments are for builders, who read the file; the rules are all there.
    sheet, source = gzip.decompress(answer.body), (ROOT / "app.css").read_bytes()
    assert b"/* " in source
    assert b"/* " not in sheet
    assert sheet.count(b"{") == source.count(b"{")


def test_the_licence_in_a_stylesheet_stays_with_it() -> None:
    request = Request.blank("/", headers={"Accept-Encoding": "gzip"})
    rules = ".a { color: red }\n" * 40
    answer = Response(f"/*! MIT */\n/* why */\n{rules}", content_type="text/css")
    pack(request, answer)
    assert gzip.decompress(answer.body).decode() == f"/*! MIT */\n{rules}"


def test_a_page_is_packed_for_who_asked_for_it_and_never_for_another_site(app: TestApp) -> None:
    def sent(site: str | None) -> Any:
        named = {} if site is None else {"Sec-Fetch-Site": site}
        return ask(app, GUIDE, headers={"Accept-Encoding": "gzip", **named})

    for site in ("same-origin", "none"):
        answers = [sent(site) for _ in range(12)]
        assert {answer.headers["Content-Encoding"] for answer in answers} == {"gzip"}
        assert "Stijlgids" in gzip.decompress(answers[0].body).decode()
        assert max(len(answer.body) for answer in answers) < 15_000
        # The token in it differs as well; chance alone makes more lengths than that.
        assert len({len(answer.body) for answer in answers}) > 4
    for other in ("cross-site", "same-site", None):
        assert "Content-Encoding" not in sent(other).headers


def test_the_theme_is_css_of_one_colour(app: TestApp) -> None:
    answer = get(app, "/huisstijl/a4123f.css")
    assert answer.content_type == "text/css"
    assert "--si-brand:#a4123f" in answer.text


@pytest.mark.parametrize(
    "name", ["", "a4123f", "%23a4123f.css", "a4123.css", "a4123f.css%00", "x.css"]
)
def test_other_names_below_the_theme_are_not_there(app: TestApp, name: str) -> None:
    assert get(app, f"/huisstijl/{name}?bezoeker").status_int in (404, 303)


# The door


@pytest.mark.parametrize("address", ["/%ff", f"{GUIDE}?q=%ff", f"{GUIDE}?%ff=x", "/%c3%28/x"])
def test_bytes_that_are_no_text_are_a_bad_request(app: TestApp, address: str) -> None:
    assert ask(app, address).status_int == 400


def post_raw(app: TestApp, body: bytes, content_type: str, **environ: Any) -> Any:
    extra = {"CONTENT_TYPE": content_type, "REQUEST_METHOD": "POST", **environ}
    return app.request(GUIDE, method="POST", body=body, environ=extra, expect_errors=True)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"geen onderdeel", "multipart/form-data; boundary=x"),
        (b"geen grens", "multipart/form-data"),
        (b"a=b", "application/x-www-form-urlencoded; charset=onzin"),
        (b"&".join(b"a=b" for _ in range(MAX_FIELDS + 1)), "application/x-www-form-urlencoded"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(
    app: TestApp, body: bytes, content_type: str
) -> None:
    assert post_raw(app, body, content_type).status_int in (400, 413)


class ByParts(BytesIO):
    """A body that may not be read by the line: one of line ends alone has as many as bytes."""

    def readline(self, size: int | None = -1) -> bytes:
        raise AssertionError("read by the line")


def test_a_form_with_a_file_is_read_by_parts_and_once() -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="'
    texts = part + 'naam"\r\n\r\nÉ\x00én\r\n'.encode() + part + b'leeg"; filename=""\r\n\r\n\r\n'
    file = part + b'foto"; filename="a.jpg"\r\n\r\n' + b"\n" * 200_000 + b"\r\n--x--\r\n"
    request = OurRequest.blank(GUIDE, method="POST", content_type=f"{MULTIPART}; boundary=x")
    request.body_file = ByParts(texts + file)
    request.content_length = len(texts + file)
    request.is_body_seekable = True
    for _ in range(2):
        assert list(request.POST.items()) == [("naam", "Één"), ("leeg", "")]
        ((name, sent),) = request.files
    assert (name, sent.filename, sent.file.getvalue()) == ("foto", "a.jpg", b"\n" * 200_000)


@pytest.mark.parametrize("length", ["-1", "abc", "99999999999"])
def test_a_length_that_cannot_be_is_refused(app: TestApp, length: str) -> None:
    request = Request.blank(GUIDE, method="POST")
    request.environ["CONTENT_LENGTH"] = length
    assert request.get_response(app.app).status_int in (400, 413)


def test_a_broken_cookie_does_no_harm(app: TestApp) -> None:
    for cookie in ("\xff=\xfe", "csrf=\x01", "=;;=", "a" * 5000):
        assert get(app, GUIDE, headers={"Cookie": cookie}).status_int in (200, 400)
