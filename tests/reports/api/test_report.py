"""A report comes in by JSON: stored whole, answered on the spot, refused with reasons."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from sqlalchemy import select

from stopintimidatie.core.audit import SYSTEM, AuditEvent
from stopintimidatie.core.jobs import OutboxJob
from stopintimidatie.core.search.models import SearchDocument
from stopintimidatie.core.search.registry import INDEX
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.reports.api.openapi import FULL_REPORT, SMALL_REPORT
from stopintimidatie.reports.api.queries import (
    AppKeyError,
    list_app_keys,
    make_app_key,
    revoke_app_key,
)
from stopintimidatie.reports.models import Report, ReportContact
from stopintimidatie.reports.rules import normalise_reference
from stopintimidatie.reports.vocabulary import Source, in_order
from tests.support.api import PROBLEM, REPORTS, Api, at, report
from tests.support.factories import DORDRECHT, connect, own_answer
from tests.support.installation import Installation, Variant, make_settings

SEA = (54.5, 3.5)


@pytest.fixture
def api(installation: Installation) -> Api:
    return Api(installation)


def stored(api: Api, reference: str, holder: str) -> Report:
    with api.installation.transaction(holder) as session:
        return session.scalars(select(Report).where(Report.reference == reference)).one()


def test_a_report_in_a_connected_municipality_is_answered_in_its_own_words(api: Api) -> None:
    connect(
        api.installation,
        antwoorden=own_answer("Bedankt namens Dordrecht", "Wij lezen dit vandaag."),
        logo=b"\x89PNG\r\n\x1a\n",
    )
    answer = api.post()
    body = answer.json
    assert answer.content_type == "application/json"
    assert answer.headers["Location"].endswith(f"/api/v1/meldingen/{body['kenmerk']}")
    assert normalise_reference(body["kenmerk"]) == body["kenmerk"]
    assert body["status"] == "ontvangen"
    assert body["gemeente"] == {
        "code": DORDRECHT,
        "naam": "Dordrecht",
        "aangesloten": True,
        "logo": "/api/v1/gemeenten/GM0505/logo",
    }
    assert body["wijk"]["code"].startswith("WK0505")
    assert body["reactie"]["titel"] == "Bedankt namens Dordrecht"
    # Outside office hours it goes on with when somebody reads it.
    assert body["reactie"]["tekst"].startswith("Wij lezen dit vandaag.")
    assert body["letOp"] is None
    assert body["hulp"][0] == {"naam": "Politie (spoed)", "telefoon": "112"}


def test_everything_that_was_said_is_stored_with_its_holder(api: Api) -> None:
    connect(api.installation)
    reference = api.post().json["kenmerk"]
    found = stored(api, reference, DORDRECHT)
    assert found.state == "nieuw"
    assert found.source == Source.APP_ANDROID
    assert found.description == FULL_REPORT["omschrijving"]
    assert found.reported_forms == in_order(FULL_REPORT["vormen"])
    assert (found.share_with_police, found.share_with_partners) == (True, False)
    assert found.client_app_version == "3.2.0"


def test_contact_data_is_encrypted_apart_and_the_log_has_no_content(api: Api) -> None:
    connect(api.installation)
    api.post()
    with api.installation.transaction(DORDRECHT) as session:
        contact = session.scalars(select(ReportContact)).one()
        events = session.scalars(select(AuditEvent)).all()
        assert contact.email
        assert "iemand" not in contact.email
        received = [event for event in events if event.action == "melding.ontvangen"]
        assert [event.actor_kind for event in received] == ["app"]
        assert "jongens" not in repr([vars(event) for event in events])


@pytest.mark.both_databases
def test_a_201_means_that_the_report_and_what_makes_it_findable_are_committed(api: Api) -> None:
    connect(api.installation)
    api.post()
    with api.installation.transaction(DORDRECHT) as session:
        assert session.scalars(select(Report)).one()
        if api.installation.settings.sqlite:
            jobs = select(OutboxJob).where(
                OutboxJob.kind == INDEX.name, OutboxJob.holder == DORDRECHT
            )
            assert session.scalars(jobs).one()
        else:
            assert session.scalars(select(SearchDocument)).one()


@pytest.mark.parametrize("level", [None, ParticipationLevel.FORWARDING])
def test_a_municipality_that_is_not_connected_gets_the_let_op_text(
    api: Api, level: ParticipationLevel | None
) -> None:
    if level is not None:
        contact = {"dagen": 3, "telefoon": "14 078"}
        connect(api.installation, level=level, contact=contact, let_op={"werkdagen": 7})
    body = api.post().json
    assert body["gemeente"]["aangesloten"] is False
    assert body["letOp"].startswith("LET OP: de gemeente Dordrecht is nog niet aangesloten.")
    assert body["kenmerk"] in body["letOp"]
    if level is not None:
        assert "7 werkdagen" in body["letOp"]
        assert "14 078" in body["letOp"]
    assert stored(api, body["kenmerk"], "landelijk").delivery == "wacht_op_afspraak"


@pytest.mark.parametrize("place", [{"lat": SEA[0], "lon": SEA[1]}, {"omschrijving": "ergens"}])
def test_what_cant_be_placed_goes_to_the_national_desk(api: Api, place: dict[str, Any]) -> None:
    body = api.post(report(locatie=place)).json
    assert (body["gemeente"], body["wijk"], body["letOp"]) == (None, None, None)
    assert stored(api, body["kenmerk"], "landelijk").delivery == "te_routeren"


def test_the_smallest_report_is_enough(api: Api) -> None:
    body = api.post(SMALL_REPORT).json
    assert stored(api, body["kenmerk"], "landelijk").anonymous


def test_a_young_person_hears_of_the_kindertelefoon(api: Api) -> None:
    body = api.post(report(melder={"leeftijdsgroep": "onder_16"}, contactGewenst="nee")).json
    assert "0800-0432" in {line["telefoon"] for line in body["hulp"]}


def test_a_wish_of_a_child_is_taken_and_never_kept(api: Api) -> None:
    wishes = {"politie": True, "ketenpartners": True}
    child = report(melder={"leeftijdsgroep": "onder_16"}, contactGewenst="nee", deelvoorkeur=wishes)
    body = api.post(child, status=201).json
    row = stored(api, body["kenmerk"], "landelijk")
    assert (row.share_with_police, row.share_with_partners) == (False, False)


def test_the_same_key_and_body_give_the_same_answer_and_one_report(api: Api) -> None:
    key = str(uuid.uuid4())
    first = api.post(Idempotency_Key=key)
    again = api.post(Idempotency_Key=key.upper())
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    assert list(again.json) == list(first.json)
    assert api.count() == 1


def test_the_answer_is_the_same_after_a_crash_in_another_process(
    api: Api, database_url: str
) -> None:
    key = str(uuid.uuid4())
    first = api.post(Idempotency_Key=key)
    settings = make_settings(database_url, api.installation.settings.data_dir)
    restarted = Installation(settings)
    assert Api(restarted).post(Idempotency_Key=key).json == first.json
    restarted.close()


def test_the_same_key_with_another_body_is_refused(api: Api) -> None:
    key = str(uuid.uuid4())
    api.post(Idempotency_Key=key)
    refusal = api.post(SMALL_REPORT, Idempotency_Key=key, status=422)
    assert refusal.json["type"].endswith(":sleutel-hergebruikt")
    assert api.count() == 1


def test_a_key_belongs_to_one_app(api: Api) -> None:
    with api.installation.transaction() as session:
        _, token = make_app_key(session, SYSTEM, "iOS", Source.APP_IOS)
    key = str(uuid.uuid4())
    first = api.post(Idempotency_Key=key).json
    other = api.post(Idempotency_Key=key, Authorization=f"Bearer {token}").json
    assert other["kenmerk"] != first["kenmerk"]
    assert other["volgcode"] != first["volgcode"]
    assert stored(api, other["kenmerk"], "landelijk").source == Source.APP_IOS


def test_neither_body_nor_follow_code_is_kept_with_the_key(api: Api) -> None:
    body = api.post().json
    with api.installation.transaction() as session:
        rows = session.connection().exec_driver_sql("select * from idempotency_key").all()
    text = repr(rows)
    assert body["kenmerk"] in text
    assert body["volgcode"] not in text
    assert body["volgcode"].replace(" ", "") not in text
    assert "jongens" not in text
    assert "iemand@" not in text


REFUSALS: list[tuple[str, int, dict[str, str | None], bytes]] = [
    ("no app key", 401, {"Authorization": None}, b"{}"),
    ("wrong app key", 401, {"Authorization": "Bearer nee"}, b"{}"),
    ("no bearer", 401, {"Authorization": "Basic ZGVtby1hcHA6"}, b"{}"),
    ("401 before 413", 401, {"Authorization": None, "Content_Type": "text/plain"}, b"x" * 1048577),
    ("413", 413, {}, b" " * 1048577),
    ("413 before 415", 413, {"Content_Type": "text/plain"}, b"x" * 1048577),
    ("415", 415, {"Content_Type": "text/plain"}, b"{}"),
    ("415 for a form", 415, {"Content_Type": "application/x-www-form-urlencoded"}, b"a=b"),
    ("415 for latin-1", 415, {"Content_Type": "application/json; charset=latin-1"}, b"{}"),
    ("415 before 400", 415, {"Content_Type": "text/json", "Idempotency_Key": None}, b"nee"),
    ("400 without key", 400, {"Idempotency_Key": None}, b"{}"),
    ("400 odd key", 400, {"Idempotency_Key": "1"}, b"{}"),
    ("400 two keys", 400, {"Idempotency_Key": f"{uuid.UUID(int=1)}, {uuid.UUID(int=2)}"}, b"{}"),
    ("400 braces", 400, {"Idempotency_Key": "{" + str(uuid.UUID(int=1)) + "}"}, b"{}"),
    ("400 not json", 400, {}, b"nee"),
    ("400 nothing", 400, {}, b""),
    ("400 empty", 400, {}, b"{}"),
    ("400 list", 400, {}, b"[]"),
]


@pytest.mark.parametrize(
    ("status", "headers", "body"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_refusals_come_in_the_order_of_the_contract(
    api: Api, status: int, headers: dict[str, str | None], body: bytes
) -> None:
    refusal = api.post(body, status=status, **headers)
    assert refusal.content_type == PROBLEM
    assert refusal.json["status"] == status
    assert refusal.json["title"]
    assert refusal.headers["API-Version"]
    assert api.count() == 0


def test_the_key_refusal_comes_before_the_body_refusal(api: Api) -> None:
    assert (
        api.post(b"nee", Idempotency_Key="x", status=400).json["type"].endswith(":sleutel-ongeldig")
    )
    assert api.post(b"nee", status=400).json["type"].endswith(":json-ongeldig")


def test_a_broken_body_with_a_used_key_is_400_not_422(api: Api) -> None:
    key = str(uuid.uuid4())
    api.post(Idempotency_Key=key)
    api.post(b"{}", Idempotency_Key=key, status=400)


def test_all_wrong_fields_are_named_at_once(api: Api) -> None:
    refusal = api.post(report(vormen=["x"], ras="y", incidentVan="gisteren"), status=400)
    assert [fault["veld"] for fault in refusal.json["fouten"]] == [
        "incidentVan",
        "vormen[0]",
        "ras",
    ]
    assert refusal.json["type"].endswith(":velden-ongeldig")


def test_the_media_type_may_name_utf_8(api: Api) -> None:
    api.post(Content_Type='Application/JSON; charset="UTF-8"')


def test_a_revoked_key_counts_no_more_and_the_log_says_who_did_it(api: Api) -> None:
    with api.installation.transaction() as session:
        _, token = make_app_key(session, SYSTEM, "Android 3", Source.APP_ANDROID)
    api.post(Authorization=f"bearer {token}")
    with api.installation.transaction() as session:
        revoke_app_key(session, SYSTEM, "Android 3")
    api.post(Authorization=f"Bearer {token}", status=401)
    with api.installation.transaction("landelijk") as session:
        actions = set(session.scalars(select(AuditEvent.action)))
        assert {"appsleutel.gemaakt", "appsleutel.ingetrokken"} <= actions
        keys = list_app_keys(session)
        assert [key.name for key in keys] == ["Android 3", "demo-app"]
        assert token not in repr([vars(key) for key in keys])


def test_mistakes_with_app_keys_say_what_to_do(api: Api) -> None:
    for name, source, words in (
        ("demo-app", Source.APP_IOS, "andere naam"),
        ("", Source.APP_IOS, "Geef de sleutel een naam"),
        ("x" * 81, Source.APP_IOS, "Geef de sleutel een naam"),
        ("balie", Source.COUNTER, "De bron is een van"),
    ):
        with (
            pytest.raises(AppKeyError, match=words),
            api.installation.transaction() as session,
        ):
            make_app_key(session, SYSTEM, name, source)
    with pytest.raises(AppKeyError, match="geen appsleutel"), api.installation.transaction() as s:
        revoke_app_key(s, SYSTEM, "nooit gemaakt")


def test_the_demo_key_means_nothing_outside_a_demo(variant: Variant) -> None:
    Api(variant(demo=False)).post(status=401)


def test_a_key_is_forgotten_after_thirty_days(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    key = str(uuid.uuid4())
    first = api.post(Idempotency_Key=key).json
    other = api.post().json
    _make_older(api, days=29)
    assert api.post(Idempotency_Key=key).json == first
    _make_older(api, days=2)
    again = api.post(Idempotency_Key=key).json
    assert again["kenmerk"] != first["kenmerk"]
    with api.installation.transaction() as session:
        answers = session.connection().exec_driver_sql("select answer from idempotency_key").all()
    assert other["kenmerk"] not in repr(answers)
    assert len(answers) == 1


def _make_older(api: Api, days: int) -> None:
    from datetime import timedelta

    from stopintimidatie.reports.api.models import IdempotencyKey

    with api.installation.transaction() as session:
        for row in session.scalars(select(IdempotencyKey)):
            row.created_at -= timedelta(days=days)


def test_the_answer_fits_what_openapi_promises(api: Api) -> None:
    import jsonschema_rs

    document = api.app.get("/api/v1/openapi.json").json
    schema = document["components"]["schemas"]["Ontvangst"]
    for body in (FULL_REPORT, SMALL_REPORT, at(*SEA)):
        jsonschema_rs.validator_for(schema, validate_formats=True).validate(api.post(body).json)
    assert json.dumps(document)
    assert REPORTS.endswith("/meldingen")
