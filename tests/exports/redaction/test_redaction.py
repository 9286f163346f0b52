"""Redaction: what a recipient doesn't get is nowhere, and the annex says what that was."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stopintimidatie.exports.profiles.defaults import INTERNAL, MINORS, POLICE, PROFILES
from stopintimidatie.exports.profiles.rules import (
    FREE_TEXT,
    MINIMUM,
    Coarse,
    Field,
    Overlay,
    Profile,
    Rule,
    Section,
    Sharing,
    Treatment,
    at_least,
    coarse,
    minimum_for,
    rules_under,
    steps,
    strictness,
)
from stopintimidatie.exports.redaction.content import ContentError, DossierContent, Hidden, to_json
from stopintimidatie.exports.redaction.rules import RESTRICTED_RULE, hidden
from stopintimidatie.exports.redaction.rules import marked as mark_reports
from stopintimidatie.exports.redaction.selection import select
from stopintimidatie.exports.redaction.source import (
    Despite,
    DossierSource,
    Edition,
    EventKind,
    Offenders,
    Reliability,
    Reviewed,
    SourceAction,
    SourceEvent,
    SourceReport,
    Term,
)
from stopintimidatie.exports.vocabulary import ExportRequest
from stopintimidatie.reports.vocabulary import TimePrecision
from tests.support.exports_factory import (
    FORMS,
    a_dossier,
    a_report,
    a_request,
    an_edition,
    redact,
    some_reports,
)
from tests.support.leaking import seeded

OUT = Rule(Treatment.LEFT_OUT, "proef")
ANNEX = redact(a_dossier(0), INTERNAL).annex


def not_given(source: DossierSource, profile: Profile) -> tuple[Hidden, ...]:
    return hidden(source, select(source.reports, profile), inside=True)


def text_of(content: DossierContent) -> str:
    return to_json(content).decode()


def marked(serial: int, *, minor: bool, police: bool, partners: bool) -> SourceReport:
    """A report in which every field carries a word that occurs nowhere else."""

    def term(name: str) -> Term:
        return Term(name, f"{name}merk{serial}x")

    return SourceReport(
        serial=serial,
        reference=f"M-KENMERK-{serial}X",
        happened_at=datetime(2026, 3, 1 + serial % 27, 21, 17, tzinfo=UTC),
        precision=TimePrecision.EXACT,
        part_of_day=None,
        place=f"plekmerk{serial}x",
        place_note=f"omschrijvingmerk{serial}x",
        neighbourhood="Binnenstad",
        place_type=term("soort"),
        forms=(term("vorm"),),
        role=term("rol"),
        feeling=term("gevoel"),
        consequences=(term("gevolg"),),
        recurrence=term("herhaling"),
        reporter_age=term("leeftijd"),
        minor=minor,
        offenders=Offenders(age=term("geschat"), appearance=f"signalementmerk{serial}x"),
        bystanders=term("omstanders"),
        police=term("politie"),
        willing_to_talk=True,
        account=f"verhaalmerk{serial}x",
        share_police=police,
        share_partners=partners,
    )


MARKS = {
    Field.REFERENCE: "M-KENMERK-{}X",
    Field.PLACE: "lekmerk{}x",
    Field.PLACE_NOTE: "mschrijvingmerk{}x",
    Field.PLACE_TYPE: "oortmerk{}x",
    Field.ROLE: "olmerk{}x",
    Field.RECURRENCE: "erhalingmerk{}x",
    Field.FEELING: "evoelmerk{}x",
    Field.CONSEQUENCES: "evolgmerk{}x",
    Field.REPORTER_AGE: "eeftijdmerk{}x",
    Field.OFFENDERS: "eschatmerk{}x",
    Field.APPEARANCE: "ignalementmerk{}x",
    Field.BYSTANDERS: "mstandersmerk{}x",
    Field.POLICE: "olitiemerk{}x",
    Field.ACCOUNT: "erhaalmerk{}x",
}

some_marked = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=0, max_size=12
).map(
    lambda kinds: tuple(
        marked(100 + i, minor=minor, police=police, partners=partners)
        for i, (minor, police, partners) in enumerate(kinds)
    )
)


@settings(max_examples=60, deadline=None)
@given(reports=some_marked, profile=st.sampled_from(sorted(PROFILES)))
def test_a_field_is_in_the_content_exactly_when_its_rule_shows_it(
    reports: tuple[SourceReport, ...], profile: str
) -> None:
    chosen = PROFILES[profile]
    text = text_of(redact(a_dossier(reports), chosen))
    for report in reports:
        given_ = chosen.lists_reports and not select((report,), chosen).withheld
        overlay = MINORS if report.minor else None
        for field, mark in MARKS.items():
            shown = given_ and rules_under(chosen, overlay)[field].treatment is Treatment.SHOWN
            if field is not Field.PLACE_TYPE or chosen.lists_reports:
                assert (mark.format(report.serial) in text) == shown, field


@settings(max_examples=60, deadline=None)
@given(reports=some_marked)
def test_the_annex_counts_what_was_left_out(reports: tuple[SourceReport, ...]) -> None:
    lines = {(line.what, line.rule): line.number for line in not_given(a_dossier(reports), POLICE)}
    given_ = [report for report in reports if report.share_police]
    withheld = sum(n for (_, rule), n in lines.items() if rule == "deelvoorkeur van de melder")
    accounts = sum(n for (what, _), n in lines.items() if what == "Verhaal van de melder")
    times = sum(n for (what, _), n in lines.items() if what == "Tijdstip")
    assert withheld == len(reports) - len(given_)
    assert accounts == len(given_)
    assert times == sum(report.minor for report in given_)


@settings(max_examples=40, deadline=None)
@given(reports=some_marked)
def test_a_withheld_report_changes_nothing_but_its_count(
    reports: tuple[SourceReport, ...],
) -> None:
    allowed = tuple(report for report in reports if report.share_police)
    whole, without = redact(a_dossier(reports), POLICE), redact(a_dossier(allowed), POLICE)
    said = tuple(pair for pair in whole.page_one.essentials if pair.label != "Weggelaten")
    page_one = replace(whole.page_one, essentials=said)
    assert replace(whole, page_one=page_one, annex=without.annex) == without


@pytest.mark.parametrize(
    ("number", "words", "told"),
    [(4, "Enkele meldingen", 0), (5, "5 meldingen", 5), (13, "13 meldingen", 13)],
)
def test_who_is_outside_reads_that_reports_are_missing_and_not_why(
    number: int, words: str, told: int
) -> None:
    refused = [a_report(n, share_police=n == 1) for n in range(number)]
    bound = a_report(98, restricted="betwist"), a_report(99)
    source = a_dossier((*refused, *bound))
    content = redact(source, POLICE)
    (pair,) = (pair for pair in content.page_one.essentials if pair.label == "Weggelaten")
    assert pair.value == f"{words} zijn weggelaten."
    (line,) = (line for line in content.annex.hidden if line.what.startswith("Meldingen die"))
    assert (line.rule, line.number) == ("niet bestemd voor deze ontvanger", told)
    for reason in ("deelvoorkeur", "beperk", "liever niet"):
        assert reason not in text_of(content)
    # The officer who prepares it reads the reasons, and the department about its own document.
    rules = [line.rule for line in hidden(source, select(source.reports, POLICE), inside=True)]
    assert {"deelvoorkeur van de melder", RESTRICTED_RULE} <= {*rules}
    assert "(artikel 18 AVG)" in text_of(redact(source, INTERNAL))


def test_redaction_is_a_pure_function() -> None:
    assert redact(a_dossier(40), POLICE) == redact(a_dossier(40), POLICE)


def test_officers_texts_name_reports_by_pseudonym_for_a_partner() -> None:
    kept, gone = a_report(3), a_report(4, share_police=False)
    note = f"Zie {kept.reference} en {gone.reference.lower()}."
    content = redact(a_dossier((kept, gone), assessment=note), POLICE)
    assert content.picture.assessment == "Zie M-03 en [melding]."
    internal = redact(a_dossier((kept, gone), assessment=note), INTERNAL)
    assert kept.reference in internal.picture.assessment


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_what_came_from_the_police_is_in_no_document(profile: Profile) -> None:
    event = SourceEvent(
        date(2026, 5, 1), "geheimpje", "politie", Reliability.ESTABLISHED, EventKind.NOTE, True
    )
    action = SourceAction(date(2026, 5, 2), "geheimpje", "politie", "geheimpje", True)
    content = redact(a_dossier(3, events=(event,), actions=(action,)), profile)
    assert "geheimpje" not in text_of(content)
    lines = [line for line in content.annex.hidden if "politie komen" in line.what]
    assert [line.number for line in lines] == [2]


def test_internal_notes_stay_inside() -> None:
    note = "Eigenaar van de bioscoop wil meedenken over de uitloop"
    assert note in text_of(redact(a_dossier(3), INTERNAL))
    assert note not in text_of(redact(a_dossier(3), POLICE))


def test_a_report_of_a_minor_shows_only_the_part_of_day_and_no_free_text() -> None:
    report = replace(marked(1, minor=True, police=True, partners=True))
    content = redact(a_dossier((report,)), INTERNAL)
    assert content.reports[0].minor
    assert content.reports[0].heading == "maandag 2 maart 2026, avond (18 tot 24 uur)"
    assert content.reports[0].account == ""
    assert content.page_one.minors.startswith("Ja, bij 1 melding.")
    assert "minderjarigen versie 1" in content.annex.profile


def test_contact_data_has_no_place_in_the_source_at_all() -> None:
    names = {
        name
        for kind in (SourceReport, Offenders, type(a_dossier(0)), ExportRequest, Edition)
        for name in kind.__dataclass_fields__
    }
    assert not names & {"name", "email", "telephone", "phone", "contact", "naam", "telefoon"}
    assert any(
        "altijd" not in line.rule and line.number == 0 for line in not_given(a_dossier(1), POLICE)
    )


def test_numbers_of_reports_last_over_versions_and_recipients() -> None:
    reports = some_reports(12)
    some = reports[3:]
    names = [report.pseudonym for report in redact(a_dossier(some), INTERNAL).reports]
    assert names == [f"M-{serial:02d}" for serial in range(4, 13)]


def test_new_reports_are_those_the_last_version_didnt_have() -> None:
    content = redact(a_dossier(some_reports(17)), INTERNAL)
    assert [report.pseudonym for report in content.reports if report.new] == ["M-16", "M-17"]
    assert "M-16 en M-17" in content.page_one.news[0]
    first = redact(a_dossier(3, edition=an_edition(previous=None)), INTERNAL)
    assert not any(report.new for report in first.reports)


def test_a_dossier_without_reports_has_words_for_it() -> None:
    content = redact(a_dossier(0), POLICE)
    assert (content.picture.forms, content.picture.tiles) == ((), ())
    assert content.page_one.essentials[-1].value == "Er zijn geen meldingen in dit document."


def test_many_reports_in_a_row_are_one_line_of_the_chronology() -> None:
    reports = tuple(
        a_report(serial, happened_at=datetime(2026, 7, serial, 20, tzinfo=UTC))
        for serial in (1, 2, 3, 5, 9)
    )
    lines = redact(a_dossier(reports, events=()), INTERNAL).chronology
    assert [(line.when, line.what) for line in lines] == [
        ("01-07 t/m 09-07-2026", "5 meldingen: M-01 t/m M-03, M-05 en M-09")
    ]


def test_the_figures_count_each_report_once_and_each_form() -> None:
    picture = redact(a_dossier(60), INTERNAL).picture
    forms = sum(len(report.forms) for report in some_reports(60))
    assert sum(count.number or 0 for count in picture.forms) == forms
    assert sum(count.number or 0 for count in picture.places) == 60
    assert sum(count.number or 0 for count in picture.months) == 60


def _unlisted() -> Profile:
    return replace(INTERNAL, name="proef", sections={**INTERNAL.sections, Section.REPORTS: OUT})


def test_small_numbers_are_told_only_with_the_reports_themselves() -> None:
    reports = (*some_reports(40), a_report(99, forms=(Term("zeldzaam", "zeldzaam"),)))
    exact = redact(a_dossier(reports), INTERNAL).picture
    picture = redact(a_dossier(reports), _unlisted()).picture
    assert {c.label: c.number for c in exact.forms}["zeldzaam"] == 1
    assert {c.label: c.number for c in picture.forms}["zeldzaam"] is None
    numbers = [c.number for c in (*picture.forms, *picture.places, *picture.months)]
    numbers += [cell for row in picture.weekdays for cell in row.cells]
    assert all(number is None or (number >= 5 and number % 5 == 0) for number in numbers)


def test_who_doesnt_get_the_reports_gets_no_trace_of_one() -> None:
    reports = tuple(marked(100 + i, minor=False, police=True, partners=True) for i in range(3))
    content = redact(a_dossier(reports), _unlisted())
    text = text_of(content)
    assert content.reports == ()
    assert not any(
        mark.format(100) in text for field, mark in MARKS.items() if field is not Field.PLACE_TYPE
    )
    assert "M-100" not in text
    assert "Minder dan 5 meldingen" in text


def test_the_question_and_the_recipient_have_a_limit_that_page_one_can_hold() -> None:
    for request in (
        a_request(question="a" * 601),
        a_request(question=" "),
        a_request(recipient="b" * 81),
    ):
        with pytest.raises(ContentError):
            redact(a_dossier(1, request=request), POLICE)


def test_two_reports_with_one_number_are_a_mistake() -> None:
    with pytest.raises(ContentError, match="hetzelfde nummer"):
        redact(a_dossier((a_report(1), a_report(1))), POLICE)


def test_every_profile_decides_on_every_field_and_gives_its_reason() -> None:
    with pytest.raises(ValueError, match="doesn't decide"):
        replace(POLICE, rules={Field.TIME: Rule(Treatment.SHOWN)})
    with pytest.raises(ValueError, match="without a reason"):
        Overlay("proef", 1, {Field.FEELING: Rule(Treatment.LEFT_OUT)})
    with pytest.raises(ValueError, match="can't be grover"):
        Overlay("proef", 1, {Field.FORMS: Rule(Treatment.COARSENED, "proef", Coarse.DAY)})
    with pytest.raises(ValueError, match="can't be weggelaten"):
        Overlay("proef", 1, {Field.FORMS: OUT})


def test_the_stricter_of_profile_and_overlay_holds() -> None:
    softer = Overlay("proef", 1, {Field.ACCOUNT: Rule(Treatment.SHOWN)})
    assert rules_under(POLICE, softer)[Field.ACCOUNT].how is Coarse.REVIEWED
    assert rules_under(INTERNAL, MINORS)[Field.ACCOUNT].treatment is Treatment.LEFT_OUT


def test_a_coarse_place_is_the_neighbourhood_everywhere() -> None:
    rules = {**INTERNAL.rules, Field.PLACE: coarse(Coarse.NEIGHBOURHOOD, "proef")}
    vague = replace(INTERNAL, name="proef", rules=rules)
    report = marked(1, minor=False, police=True, partners=True)
    content = redact(a_dossier((report,), place="precieshier"), vague)
    assert "precieshier" not in text_of(content)
    assert "plekmerk1x" not in text_of(content)
    assert ("Plek", "Binnenstad") in [(d.label, d.value) for d in content.reports[0].details]


def test_a_partner_is_refused_by_the_preference_about_partners() -> None:
    partner = replace(INTERNAL, name="proef", sharing=Sharing.PARTNERS)
    reports = (a_report(1), a_report(2, share_partners=False))
    assert [r.pseudonym for r in redact(a_dossier(reports), partner).reports] == ["M-01"]


@pytest.mark.parametrize(
    ("precision", "heading"),
    [
        (TimePrecision.EXACT, "vrijdag 18 september 2026, 22.40 uur"),
        (TimePrecision.HOUR, "vrijdag 18 september 2026, rond 23 uur"),
        (TimePrecision.PART_OF_DAY, "vrijdag 18 september 2026, avond (18 tot 24 uur)"),
        (TimePrecision.DAY, "vrijdag 18 september 2026"),
        (TimePrecision.UNKNOWN, "rond 18 september 2026"),
    ],
)
def test_a_time_is_never_more_exact_than_the_reporter_was(
    precision: TimePrecision, heading: str
) -> None:
    report = a_report(1, precision=precision, forms=FORMS[:1])
    assert redact(a_dossier((report,)), INTERNAL).reports[0].heading == heading


def test_a_line_of_many_reports_with_scattered_numbers_only_counts_them() -> None:
    reports = tuple(
        a_report(serial, happened_at=datetime(2026, 7, 1 + serial // 3, 20, tzinfo=UTC))
        for serial in range(1, 60, 3)
    )
    (line,) = redact(a_dossier(reports, events=()), INTERNAL).chronology
    assert line.what == "20 meldingen"


def test_no_profile_is_laxer_than_the_law_allows_and_nothing_opens_it() -> None:
    assert set(MINIMUM) == set(PROFILES)
    for profile in PROFILES.values():
        assert at_least(profile) == profile, profile.name
        open_ = replace(
            profile,
            rules={field: Rule(Treatment.SHOWN) for field in Field},
            sections={section: Rule(Treatment.SHOWN) for section in Section},
        )
        kept = at_least(open_)
        for subject in (*Field, *Section):
            least = minimum_for(profile.name, subject)
            if least is not None:
                assert strictness(subject, kept.rule(subject)) == strictness(subject, least)
        hidden_ = {field for field in Field if kept.rules[field].treatment is Treatment.LEFT_OUT}
        assert {Field.CONTACT, Field.POLICE_SOURCED} <= hidden_
        exact = kept.rules[Field.PLACE].treatment is Treatment.SHOWN
        assert exact == (profile.name in {"intern", "politie", "handhaving"})
    assert not PROFILES["bestuur"].lists_reports


def test_every_step_from_loose_to_strict_tells_no_more_than_the_one_before() -> None:
    report = marked(1, minor=False, police=True, partners=True)
    texts = tuple(Reviewed(field, field.name[:2]) for field in FREE_TEXT)
    report = replace(report, street="st1x", reviewed=texts)
    for field in set(Field) - {Field.TIME}:
        told = []
        for treatment, how in steps(field):
            rule = Rule(treatment, "proef" if treatment else "", how)
            loose = replace(INTERNAL, rules={**INTERNAL.rules, field: rule})
            told.append(len(text_of(replace(redact(a_dossier((report,)), loose), annex=ANNEX))))
        assert told == sorted(told, reverse=True), field


def test_a_part_that_is_left_out_is_nowhere_and_says_so() -> None:
    source = a_dossier(3)
    for section in Section:
        rules = {**INTERNAL.sections, section: OUT}
        content = redact(source, replace(INTERNAL, sections=rules))
        assert section.value in content.left_out
        assert any(section.value in line.what.lower() for line in content.annex.hidden)
        text = text_of(content)
        if section is Section.AGREEMENTS:
            assert "Jongerenwerk gaat op vrijdagavond" not in text
        if section is Section.PICTURE:
            assert source.assessment[:40] not in text
        if section is Section.FEEDBACK:
            assert source.feedback_text[:30] not in text


def test_a_coarse_time_says_no_more_than_the_part_of_the_day_or_the_day() -> None:
    for how, heading in (
        (Coarse.PART_OF_DAY, "vrijdag 18 september 2026, avond (18 tot 24 uur)"),
        (Coarse.DAY, "vrijdag 18 september 2026"),
    ):
        rules = {**INTERNAL.rules, Field.TIME: coarse(how, "proef")}
        content = redact(a_dossier((a_report(1),)), replace(INTERNAL, rules=rules))
        assert content.reports[0].heading == heading
        counted = sum(cell or 0 for row in content.picture.weekdays for cell in row.cells)
        assert counted == (how is Coarse.PART_OF_DAY)


@settings(max_examples=60, deadline=None)
@given(reports=some_marked, profile=st.sampled_from(sorted(PROFILES)))
def test_the_preview_marks_as_often_as_the_annex_counts_and_gives_nothing_away(
    reports: tuple[SourceReport, ...], profile: str
) -> None:
    chosen = PROFILES[profile]
    lines = not_given(a_dossier(reports, events=(), actions=()), chosen)
    marks = mark_reports(reports, select(reports, chosen), lines)
    counted = Counter(mark.line for report in marks for mark in report.marks)
    if chosen.lists_reports:
        numbers = {n: line.number for n, line in enumerate(lines, 1) if line.number}
        assert counted == numbers
        assert [one.pseudonym for one in marks] == [f"M-{r.serial}" for r in reports]
    else:
        assert marks == ()
    assert "merk1" not in repr(marks)


def test_offenders_are_told_apart_as_seen_taken_for_and_thought_only_of_a_group() -> None:
    reports = (a_report(3), a_report(4, offenders=Offenders(appearance="met een litteken")))
    group = a_dossier(reports, kind=Term("groep", "groep"))
    (one,) = redact(group, POLICE).offenders
    assert (one.pseudonym, one.report) == ("P-03", "M-03")
    assert [p.label for p in one.facts] == ["Aantal", "In een groep", "Vervoer"]
    assert [p.label for p in one.impressions] == ["Leeftijd, geschat", "Geslacht"]
    assert [p.value for p in one.assumptions] == ["Onbekende"]
    assert "litteken" not in text_of(redact(group, POLICE))
    assert redact(a_dossier(reports), POLICE).offenders == ()
    assert redact(group, PROFILES["woningcorporatie"]).offenders == ()
    assert redact(group, PROFILES["bestuur"]).offenders == ()


def test_a_ground_passes_over_one_preference_and_the_annex_tells_it() -> None:
    ground = Despite(Term("avg_6_1_d_vitaal_belang", "vitaal belang"), "Er is gevaar.")
    reports = (a_report(1, share_police=False), a_report(2, share_police=False, despite=ground))
    content = redact(a_dossier(reports), POLICE)
    assert [report.pseudonym for report in content.reports] == ["M-02"]
    told = [(pair.label, pair.value) for pair in content.annex.deviations]
    assert told == [("M-02", "vitaal belang. Reden: Er is gevaar.")]
    assert redact(a_dossier(reports), INTERNAL).annex.deviations == ()


@pytest.mark.parametrize(
    ("areas", "said"),
    [
        (["Binnenstad", "Binnenstad"], "Binnenstad"),
        (["Binnenstad", "Binnenstad", "Reeland"], "Binnenstad; ook meldingen uit Reeland"),
        (
            ["Reeland", "Reeland", "Binnenstad"],
            "Binnenstad; de meeste meldingen zijn uit Reeland",
        ),
        (
            ["Reeland", "Reeland", "Krispijn", "Noordflank", "Noordflank"],
            "Binnenstad; de meeste meldingen zijn uit Reeland, Noordflank en elders",
        ),
    ],
)
def test_page_one_says_in_which_neighbourhoods_the_reports_are(areas: list[str], said: str) -> None:
    reports = (a_report(number, neighbourhood=area) for number, area in enumerate(areas, start=1))
    source = a_dossier(tuple(reports), place="", neighbourhood="Binnenstad")
    told = {pair.label: pair.value for pair in redact(source, INTERNAL).page_one.essentials}
    assert told["Waar"] == said
    management = redact(source, PROFILES["bestuur"]).page_one.essentials
    assert {pair.label: pair.value for pair in management}["Waar"] == "Binnenstad"


def test_a_school_gets_place_hours_figures_and_the_question_and_no_report() -> None:
    source = seeded()
    asked = replace(source.request, perceptions="Meisjes zijn bang.", assumptions="Uit 4 havo.")
    content = redact(replace(source, request=asked), PROFILES["school"])
    assert [pair.label for pair in content.page_one.essentials][:2] == ["Waar", "Wanneer"]
    assert content.page_one.question == asked.question
    assert content.picture.forms
    assert content.heading.place == source.place
    for part in ("reports", "report_rows", "offenders", "chronology", "actions", "agreements"):
        assert getattr(content, part) == (), part
    assert content.page_one.agreements == ()
    everything = repr(content)
    reference = source.reports[0].reference
    for words in ("Meisjes zijn bang", "Uit 4 havo", source.assessment, reference):
        assert words not in everything


def test_a_number_of_a_report_in_the_question_to_a_school_is_gone() -> None:
    source = seeded()
    asked = replace(source.request, question=f"Kent u {source.reports[0].reference}?")
    content = redact(replace(source, request=asked), PROFILES["school"])
    assert content.page_one.question == "Kent u [melding]?"
