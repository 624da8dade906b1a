"""Which records are about which messenger, by what, and which version to reach."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisory_records import CVE, EVERY, by_cpe
from builders import NOW
from worker.domain.watch.matching import AdvisoryRecord, MatchedBy, NamedProduct, matches
from worker.domain.watch.products import is_known, products_of, title_of
from worker.domain.watch.versions import Fix, platform_in, stricter, stricter_all, version_in

PHONES = products_of([], has_systems=True)


def by_cna(vendor: str, product: str, fix: Fix | None = None) -> NamedProduct:
    return NamedProduct(MatchedBy.AFFECTED, vendor, product, product, fix)


def found(*products: NamedProduct, text: str = "", **more: object) -> list[tuple[str, str]]:
    record = AdvisoryRecord(CVE, text=text, products=products, **more)  # type: ignore[arg-type]
    return [(one.product.key, one.by.value) for one in matches(record, EVERY, NOW)]


# --- what it is about -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "product, key",
    [
        (by_cpe("whatsapp", "whatsapp"), "whatsapp"),
        (by_cpe("whatsapp", "whatsapp_business"), "whatsapp"),
        (by_cpe("whatsapp", "whatsapp_for_desktop"), "whatsapp"),
        (by_cpe("signal", "signal-desktop"), "signal"),
        (by_cpe("signal", "private_messenger"), "signal"),
        (by_cpe("telegram", "telegram_desktop"), "telegram"),
        (by_cpe("microsoft", "teams"), "teams"),
    ],
)
def test_a_name_in_cpe(product: NamedProduct, key: str) -> None:
    assert found(product) == [(key, "cpe")]


@pytest.mark.parametrize(
    "vendor, product, key",
    [
        ("Facebook", "WhatsApp for iOS", "whatsapp"),
        ("Meta Platforms, Inc.", "WhatsApp Desktop for Windows", "whatsapp"),
        ("Signal Technology Foundation", "Signal for Android", "signal"),
        ("Telegram FZ-LLC", "Telegram for Android", "telegram"),
        ("Microsoft", "Microsoft Teams for iOS", "teams"),
        ("Slack Technologies", "Slack", "slack"),
        ("element-hq", "element-android", "matrix"),
    ],
)
def test_the_authority_s_own_name(vendor: str, product: str, key: str) -> None:
    assert found(by_cna(vendor, product)) == [(key, "affected")]


@pytest.mark.parametrize(
    "text, key",
    [
        ("A flaw in WhatsApp lets anybody ring.", "whatsapp"),
        ("Signal Desktop before 9.2 keeps files.", "signal"),
        ("A flaw in Telegram for Android.", "telegram"),
        ("Microsoft Teams spoofing.", "teams"),
        ("Slack Desktop 4 on Windows.", "slack"),
        ("Element Android up to 1.6.32 fails to log out.", "matrix"),
    ],
)
def test_words_of_a_record_that_names_no_product(text: str, key: str) -> None:
    assert found(text=text) == [(key, "words")]


FALSE_FRIENDS = {
    "Jenkins Matrix Project": (NamedProduct(MatchedBy.WORDS, "Jenkins", "Matrix Project Plugin"),),
    "a plug-in for Slack": (by_cpe("jenkins", "slack"), by_cna("Jenkins Project", "Jenkins Slack Plugin")),
    "Slackware": (by_cpe("slackware", "slackware_linux"),),
    "a clone of Signal": (NamedProduct(MatchedBy.WORDS, "TeleMessage", "TM SGNL"),),
    "Silverlight": (NamedProduct(MatchedBy.WORDS, "Microsoft", "Silverlight"),),
    "Skype": (NamedProduct(MatchedBy.WORDS, "Microsoft", "Skype for Business"),),
    "a plug-in for WhatsApp": (by_cna("Somebody", "Click to Chat for WhatsApp"),),
    "another part of CPE": (by_cpe("whatsapp", "whatsapp", part="h"),),
    "a vendor that begins alike": (by_cna("Metabase", "WhatsApp"), by_cna("Slackwise", "Slack")),
}


@pytest.mark.parametrize("products", FALSE_FRIENDS.values(), ids=FALSE_FRIENDS.keys())
def test_false_friends(products: tuple[NamedProduct, ...]) -> None:
    assert found(*products, text="An alternative to WhatsApp, Signal Desktop and Telegram.") == []


@pytest.mark.parametrize(
    "text",
    [
        "Slackware Linux", "a signal handler", "the Signal app users of Archive Signal", "a matrix of elements",
        "teams of people", "WhatsAppX", "my-whatsapp-plugin", "",
    ],
)  # fmt: skip
def test_words_that_mean_something_else(text: str) -> None:
    assert found(text=text) == []


def test_the_best_evidence_is_named() -> None:
    assert found(by_cna("Facebook", "WhatsApp for iOS"), by_cpe("whatsapp", "whatsapp")) == [
        ("whatsapp", "cpe")
    ]


def test_a_record_may_be_about_several() -> None:
    assert found(by_cpe("whatsapp", "whatsapp"), by_cpe("signal", "signal")) == [
        ("whatsapp", "cpe"),
        ("signal", "cpe"),
    ]


def test_a_withdrawn_record_is_about_nothing() -> None:
    assert found(by_cpe("whatsapp", "whatsapp"), is_rejected=True) == []


@pytest.mark.parametrize(
    "is_exploited, since, counts",
    [
        (False, None, False),
        (True, None, True),
        (True, NOW.date() - timedelta(days=120), True),
        (True, NOW.date() - timedelta(days=121), False),
    ],
)
def test_of_systems_only_what_is_exploited_lately(
    is_exploited: bool, since: date | None, counts: bool
) -> None:
    apple = NamedProduct(MatchedBy.WORDS, "Apple", "iOS, iPadOS, and macOS")
    record = AdvisoryRecord(CVE, products=(apple,), is_exploited=is_exploited, exploited_on=since)

    assert [one.product.key for one in matches(record, PHONES, NOW)] == (["ios"] if counts else [])


def test_which_messengers_are_known() -> None:
    assert is_known("WhatsApp")
    assert not is_known("xmpp")
    assert (title_of("teams"), title_of("xmpp")) == ("Microsoft Teams", "xmpp")
    assert [one.key for one in products_of(["Signal", "xmpp"], has_systems=True)] == [
        "signal",
        "ios",
        "android",
    ]


# --- the version to reach -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one, other, strict",
    [
        (Fix("2.26.7.10"), Fix("2.26.7.10", is_newer=True), Fix("2.26.7.10", is_newer=True)),
        (Fix("2.9"), Fix("2.10"), Fix("2.10")),
        (Fix("7.13"), Fix("7.13.0", is_newer=True), Fix("7.13.0", is_newer=True)),
        (Fix("1.0rc1"), Fix("1.0.1"), Fix("1.0.1")),
        (None, Fix("1"), Fix("1")),
        (None, None, None),
    ],
)
def test_the_stricter_one_counts(one: Fix | None, other: Fix | None, strict: Fix | None) -> None:
    assert stricter(one, other) == strict == stricter(other, one)


# Each version in one spelling: what ends in .0 is the same without it
VERSIONS = st.tuples(st.lists(st.integers(0, 30), max_size=3), st.integers(1, 30)).map(
    lambda parts: ".".join(map(str, [*parts[0], parts[1]]))
)
FIXES = st.builds(Fix, VERSIONS, st.booleans())


@given(st.lists(st.dictionaries(st.sampled_from(["ios", "android"]), FIXES, max_size=2), max_size=4))
def test_the_order_of_sources_does_not_matter(parts: list[dict[str, Fix]]) -> None:
    assert stricter_all(parts) == stricter_all(reversed(parts))


@pytest.mark.parametrize(
    "text, version", [("v2.1", "2.1"), (" 3 ", "3"), ("*", ""), ("unspecified", ""), ("", "")]
)
def test_what_is_a_version(text: str, version: str) -> None:
    assert version_in(text) == version


@pytest.mark.parametrize(
    "text, platform",
    [
        ("iphone_os", "ios"),
        ("WhatsApp Desktop for Mac", "macos"),
        ("WhatsApp for Windows Phone", "windows_phone"),
        ("Signal Desktop", "desktop"),
        ("element-android", "android"),
        ("machine", ""),
        ("-", ""),
    ],
)
def test_which_platform_a_text_names(text: str, platform: str) -> None:
    assert platform_in(text) == platform


def test_by_platform_and_the_business_app_apart() -> None:
    record = AdvisoryRecord(
        CVE,
        products=(
            by_cpe("whatsapp", "whatsapp", "iphone_os", fix=Fix("2.25.21.73")),
            by_cna("Facebook", "WhatsApp Business for iOS", Fix("2.25.21.78")),
            by_cpe("whatsapp", "whatsapp_for_desktop", "-", fix=Fix("0.3")),
            by_cpe("whatsapp", "whatsapp", "*", fix=Fix("9")),
            by_cpe("whatsapp", "whatsapp", "android"),
        ),
    )
    [match] = matches(record, EVERY, NOW)

    assert match.platforms == {
        "any": Fix("9"),
        "desktop": Fix("0.3"),
        "ios": Fix("2.25.21.73"),
        "ios_business": Fix("2.25.21.78"),
    }
