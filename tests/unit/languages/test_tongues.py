"""The ten languages: which one a code means, and how each writes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import ticket
from worker.domain.messages.message import Paragraph, Recipient, RecipientKind
from worker.domain.messages.sentences import digest, ticket_paragraph, ticket_steps, ticket_title
from worker.domain.text.direction import FSI, PDI
from worker.domain.text.tongue import ENGLISH
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, TicketKind
from worker.languages import LANGUAGES, BabelLanguages

NINE = datetime(2026, 11, 4, 8, 5, tzinfo=UTC)
ALL = BabelLanguages("de")
MEMBERS = ("{n} message from Whosleft", "{n} messages from Whosleft")


@pytest.mark.parametrize(
    "code, found",
    [
        ("fr", "fr"),
        ("pt-BR", "pt-BR"),
        ("de-AT", "de-AT"),
        ("de_at", "de-AT"),
        ("de-US", "de"),
        ("ar-EG", "ar-EG"),
        ("ar-EG-u-nu-latn", "ar-EG-u-nu-latn"),
        ("ar-u-nu-klingon", "ar"),
        ("ur-Arab-PK", "ur-PK"),
        ("zh, pl;q=0.4, xx", "pl"),
        ("en", "en"),
        ("en-US", "en-US"),
        ("hi-Latn", "de"),
        ("zh-Hans", "de"),
        ("sr-Latn", "de"),
        ("what?", "de"),
        ("", "de"),
        (None, "de"),
    ],
)
def test_a_code_means_one_of_our_languages_or_the_organisation_s(code: str | None, found: str) -> None:
    assert ALL.of(code).code == found


def test_english_without_a_region_is_the_plain_one() -> None:
    assert (
        BabelLanguages().of(None) is BabelLanguages("it").of("en") is BabelLanguages("it").of("zh") is ENGLISH
    )


def test_the_best_is_the_first_that_there_is() -> None:
    assert ALL.best(["zh", "??", "tr-TR", "fr"]).code == "tr-TR"
    assert ALL.best([]).code == "de"
    assert ALL.of("tr-TR") is ALL.best(["tr-TR"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_direction_is_that_of_the_script(language: str) -> None:
    assert ALL.of(language).is_rtl is (LANGUAGES[language] == "Arab")


@pytest.mark.parametrize(
    "code, instant, day, number",
    [
        ("en", "Wed 04 Nov 2026 09:05 CET", "04 Nov 2026", "1,234,567"),
        ("en-US", "Wed, Nov 4, 2026, 9:05 AM GMT+01:00", "Nov 4, 2026", "1,234,567"),
        ("de-AT", "Mi., 4. Nov. 2026, 09:05 MEZ", "4. Nov. 2026", "1.234.567"),
        ("fr", "mer. 4 nov. 2026, 09:05 UTC+01:00", "4 nov. 2026", "1 234 567"),
        ("hi", "बुध, 4 नव॰ 2026, 9:05 am GMT+01:00", "4 नव॰ 2026", "12,34,567"),
        ("ar", "الأربعاء، 4 نوفمبر 2026، 9:05 ص غرينتش+01:00", "4 نوفمبر 2026", "1,234,567"),
        ("ar-EG", "الأربعاء، ٤ نوفمبر ٢٠٢٦، ٩:٠٥ ص غرينتش+٠١:٠٠", "٤ نوفمبر ٢٠٢٦", "١٬٢٣٤٬٥٦٧"),
        ("ar-EG-u-nu-latn", "الأربعاء، 4 نوفمبر 2026، 9:05 ص غرينتش+01:00", "4 نوفمبر 2026", "1,234,567"),
        ("ar-AE-u-nu-arab", "الأربعاء، ٤ نوفمبر ٢٠٢٦، ٩:٠٥ ص غرينتش+٠١:٠٠", "٤ نوفمبر ٢٠٢٦", "١٬٢٣٤٬٥٦٧"),
        ("ur-IN", "بدھ، ۴ نومبر، ۲۰۲۶ ۹:۰۵ AM GMT+۰۱:۰۰", "۴ نومبر، ۲۰۲۶", "۱٬۲۳۴٬۵۶۷"),
    ],
)
def test_instants_days_and_numbers_are_written_as_in_its_region(
    code: str, instant: str, day: str, number: str
) -> None:
    tongue = ALL.of(code)

    def plain(text: str) -> str:
        return text.replace("\u202f", " ").replace("\u00a0", " ").replace("\u200f", "")

    assert plain(tongue.instant(NINE, "Europe/Berlin")) == instant
    assert (
        plain(tongue.day(date(2026, 11, 4))) == plain(tongue.day(date(2026, 11, 4), date(2027, 1, 1))) == day
    )
    assert plain(tongue.day(date(2026, 11, 4), date(2026, 1, 1))) in day
    assert plain(tongue.number(1_234_567)) == number


@pytest.mark.parametrize("code", ["en", "de", "es", "pl", "tr"])
def test_greenwich_is_no_distance_from_itself(code: str) -> None:
    assert ALL.of(code).instant(NINE, "Europe/London").endswith(" GMT")


@pytest.mark.parametrize(
    "code, written",
    [("en", "80%, 5.01%"), ("de", "80 %, 5,01 %"), ("tr", "%80, %5,01"), ("ar-EG", "٨٠%, ٥٫٠١%")],
)
def test_a_share_is_a_percentage_with_the_decimals_that_it_has(code: str, written: str) -> None:
    tongue = ALL.of(code)
    assert (
        f"{tongue.percent(0.8)}, {tongue.percent(0.0501)}".replace("\u00a0", " ").replace("\u061c", "")
        == written
    )


@pytest.mark.parametrize(
    "code, said",
    [
        ("en", ("Fri 01 Jan 00:30", "Thu 31 Dec 2026 23:30")),
        ("de", ("Fr., 1. Jan., 00:30", "Do., 31. Dez. 2026, 23:30")),
        ("ar-EG", ("الجمعة، ١ يناير، ١٢:٣٠ ص", "الخميس، ٣١ ديسمبر ٢٠٢٦، ١١:٣٠ م")),
    ],
)
def test_a_moment_names_its_year_unless_it_is_the_present_one_in_that_zone(
    code: str, said: tuple[str, str]
) -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    moments = [
        ALL.of(code).moment(new_year, zone, new_year + timedelta(hours=1)).replace("\u00a0", " ")
        for zone in ("Europe/Berlin", "Europe/London")
    ]
    assert [one.replace("\u200f", "") for one in moments] == list(said)


@pytest.mark.parametrize(
    "code, said",
    [
        ("de", {1: "1 Nachricht von Whosleft", 2: "2 Nachrichten von Whosleft"}),
        (
            "pl",
            {n: f"{n} {'wiadomość' if n == 1 else 'wiadomości'} od Whosleft" for n in (1, 2, 5, 12, 22, 25)},
        ),
        ("fr", {1: "1 message de Whosleft", 2: "2 messages de Whosleft"}),
        (
            "ar",
            {
                1: "رسالة واحدة من Whosleft", 2: "رسالتان من Whosleft", 3: "3 رسائل من Whosleft",
                11: "11 رسالة من Whosleft", 100: "100 رسالة من Whosleft",
            },
        ),
        ("ar-EG", {3: "٣ رسائل من Whosleft"}),
    ],
)  # fmt: skip
def test_things_are_counted_in_its_plural_forms(code: str, said: dict[int, str]) -> None:
    assert {n: ALL.of(code).count(*MEMBERS, n) for n in said} == said


def test_polish_has_a_form_for_few_and_one_for_many() -> None:
    people = ("{n} person: {cause}", "{n} people: {cause}")

    assert [ALL.of("pl").count(*people, n, cause="x") for n in (1, 3, 5, 22)] == [
        "1 osoba: x", "3 osoby: x", "5 osób: x", "22 osoby: x",
    ]  # fmt: skip


def test_a_text_that_nobody_translated_is_said_in_english_and_an_empty_one_is_empty() -> None:
    assert ALL.of("de").say("Not {one} of ours", one="quite") == "Not quite of ours"
    assert ALL.of("de").say("") == ""


def test_latin_values_in_a_right_to_left_text_stand_between_isolates() -> None:
    one = ticket(TicketKind.REMOVE_MEMBER, person_name="أحمد", group_name="Ward 7", handle="+447700900001")
    paragraph = ticket_paragraph(one, "UTC", tongue=ALL.of("ar"))

    assert paragraph.headline == f"إزالة أحمد من {FSI}Ward 7{PDI}"
    assert dict(paragraph.facts)["العضو"] == f"{FSI}+447700900001{PDI}"
    assert ticket_title(one, ALL.of("fr")) == f"Retirer {FSI}أحمد{PDI} de Ward 7"


def test_a_sentence_within_a_sentence_keeps_its_isolates() -> None:
    tongue = ALL.of("ur")
    title = ticket_title(ticket(group_name="Ward 7", person_name="Ann"), tongue)

    said = tongue.say("Overdue: {title}", title=title)

    assert title in said
    assert said.count(FSI) == said.count(PDI) == 3


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TicketKind)
@pytest.mark.parametrize(
    "app", ["whatsapp", "signal", "telegram", "teams", "slack", "matrix", "xmpp", "pigeon"]
)
def test_every_ticket_is_said_whole_in_every_language(language: str, kind: TicketKind, app: str) -> None:
    one = ticket(kind, messenger=app, assignee=Assignee("dee@corp.example", "Dee", AssigneeWhy.OWNER))
    tongue = ALL.of(language)

    paragraph = ticket_paragraph(one, "UTC", tongue=tongue)

    texts = [
        paragraph.headline,
        paragraph.text,
        *paragraph.steps,
        *(v for pair in paragraph.facts for v in pair),
    ]
    assert all(texts)
    assert not any("{" in text for text in texts)
    if language != "en":
        english = ticket_paragraph(one, "UTC")
        assert not set(paragraph.steps) & set(english.steps)
        assert (paragraph.headline, paragraph.text) != (english.headline, english.text)


@given(st.text(max_size=30), st.sampled_from(sorted(LANGUAGES)))
def test_no_name_breaks_a_text(name: str, language: str) -> None:
    one = ticket(person_name=name, member_name=name, group_name=name)
    tongue = ALL.of(language)

    title, steps = ticket_title(one, tongue), ticket_steps(one, tongue)

    assert steps
    assert title.count(FSI) == title.count(PDI)
    assert "\n" not in title


def test_a_digest_s_title_is_in_its_recipient_s_language() -> None:
    to = Recipient(RecipientKind.PERSON, "dee@corp.example", "Dee", "tr")
    items = [("a", Paragraph("one")), ("b", Paragraph("two"))]

    assert digest("k", to, items, "", is_urgent=False, tongue=ALL.of("tr")).title == "Whosleft’ten 2 ileti"


@pytest.mark.parametrize("code, said", [
    ("en-US", "2 days 12 hr"),
    ("de", "2 Tg. 12 Std."),
    ("pl", "2 dni 12 godz."),
    ("ar-EG", "يومين ١٢ س"),
    ("hi", "2 दिन 12 घं॰"),
])  # fmt: skip
def test_a_length_of_time_is_written_with_the_language_s_units(code: str, said: str) -> None:
    assert BabelLanguages().of(code).span(timedelta(days=2, hours=12, minutes=5)) == said
