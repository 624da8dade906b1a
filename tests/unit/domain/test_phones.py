"""Phone numbers: how the world writes them, what spreadsheets and keyboards do to them, and properties."""

import re
from collections.abc import Callable
from itertools import product

import phonenumbers
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from worker.domain.identity.phones import canonical, mask, masked_number, stands_in, to_e164, variants

E164 = r"\+[1-9][0-9]{6,14}"
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
LRE, PDF, NBSP, NB_HYPHEN = "\u202a", "\u202c", "\u00a0", "\u2011"

regions = st.sampled_from(REGIONS)
digits = st.text("0123456789", min_size=1, max_size=17)
any_code = st.sampled_from(CODES).map(str)
international = st.builds("+{}{}".format, any_code, digits)
decorated = st.text("+0123456789 ()-./xXeE,@٠١٢٣\u202a\u00a0\u2011", max_size=24)
written = st.text(max_size=40) | decorated | international | digits

brazilian = st.builds(
    "+55{}{}{}".format, st.integers(11, 99), st.sampled_from(("", "9")), st.integers(2 * 10**7, 10**8 - 1)
)
mexican = st.builds("+52{}{}".format, st.sampled_from(("", "1")), st.integers(10**9, 10**10 - 1))
argentine = st.builds("+54{}{}".format, st.sampled_from(("", "9")), st.integers(10**9, 10**10 - 1))
with_variants = brazilian | mexican | argentine | international


def library_reading(text: str) -> str | None:
    """Ask phonenumbers alone, the slow way; None unless the number is possible, not only locally."""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    possible = (
        phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if possible else None


def expected_of_a_clean_number(number: str) -> str | None:
    """Return what is kept, or what the library reads and reads again in the same way."""
    if re.fullmatch(r"\+521[2-9]\d{9}|\+225\d{8}", number):
        return number
    reading = library_reading(number)
    is_settled = reading is not None and re.fullmatch(E164, reading) and library_reading(reading) == reading
    return reading if is_settled else None


# --- What is read -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw, region, expected",
    [
        pytest.param("+447700900123", "GB", "+447700900123", id="drama range: possible, never valid"),
        pytest.param("+44 (0)7700 900123", "GB", "+447700900123", id="a trunk zero in brackets"),
        pytest.param("+44 (0)7700 900123", "US", "+447700900123", id="read from abroad"),
        pytest.param("00447700900123", "GB", "+447700900123", id="00 for the plus"),
        pytest.param("07700900123", "GB", "+447700900123", id="national"),
        pytest.param("447700900123", "GB", "+447700900123", id="without its plus"),
        pytest.param("٠٥٠١٢٣٤٥٦٧", "SA", "+966501234567", id="Arabic-Indic digits"),
        pytest.param("۰۹۱۲۳۴۵۶۷۸۹", "IR", "+989123456789", id="Persian digits"),
        pytest.param(f"{LRE}+44 7700 900123{PDF}", "GB", "+447700900123", id="wrapped in U+202A"),
        pytest.param(
            f"+44{NBSP}7700{NB_HYPHEN}900123", "GB", "+447700900123", id="NBSP and non-breaking hyphen"
        ),
        pytest.param("5511987654321", "BR", "+5511987654321", id="Brazil with its ninth digit"),
        pytest.param("+553187654321", "BR", "+553187654321", id="an old Brazilian number is not completed"),
        pytest.param("+5215512345678", "GB", "+5215512345678", id="an old Mexican number is kept"),
        pytest.param("5215512345678", "MX", "+5215512345678", id="an old Mexican number without its plus"),
        pytest.param("+525512345678", "GB", "+525512345678", id="a Mexican number of today"),
        pytest.param("+5491123456789", "GB", "+5491123456789", id="an Argentine mobile"),
        pytest.param("+541123456789", "GB", "+541123456789", id="an Argentine landline, or the same mobile"),
        pytest.param("011 15 2345-6789", "AR", "+5491123456789", id="the Argentine 15"),
        pytest.param("+22507010203", "GB", "+22507010203", id="an Ivorian number of before 2021 is kept"),
        pytest.param("+80012345678", "GB", "+80012345678", id="a number of no country"),
        pytest.param("+390612345678", "GB", "+390612345678", id="the Italian zero stays"),
        pytest.param("+39 (0)6 12345678", "GB", "+390612345678", id="the Italian zero stays in brackets too"),
        pytest.param("+966 (0)50 123 4567", "GB", "+966501234567", id="a Saudi zero in brackets"),
        pytest.param("(555) 010-0199", "US", "+15550100199", id="brackets"),
        pytest.param("+1 555 010 0123", "GB", "+15550100123", id="North America"),
        pytest.param("(+44) 7700 900123", "US", "+447700900123", id="the code in brackets"),
        pytest.param("\uff0b\uff14\uff14 7700 900123", "US", "+447700900123", id="full-width"),
        pytest.param("+44.7700.900.123", "US", "+447700900123", id="dots"),
        pytest.param("+44\u22127700\u2013900123", "US", "+447700900123", id="a minus and an en dash"),
        pytest.param("+4477\u200f00900\u200e123", "US", "+447700900123", id="bidi marks among the digits"),
        pytest.param("+4915112345678", "GB", "+4915112345678", id="clean"),
        pytest.param("+49015112345678", "GB", "+4915112345678", id="clean but for a trunk zero"),
        pytest.param("tel:+44-7700-900123;ext=12", "US", "+447700900123", id="RFC 3966"),
        pytest.param("'07700900123", "GB", "+447700900123", id="a spreadsheet's mark for text"),
        pytest.param("\t07700 900123\r\n", "GB", "+447700900123", id="white space"),
        pytest.param(
            "966501234567+", "SA", "+966501234567", id="a plus that went to the other end, right to left"
        ),
        pytest.param("+00447700900123", "GB", "+447700900123", id="both 00 and plus"),
    ],
)
def test_a_number_is_read_however_it_is_written(raw: str, region: str, expected: str) -> None:
    assert to_e164(raw, region) == expected


@pytest.mark.parametrize(
    "raw, region, expected",
    [
        pytest.param("7700900123", "GB", "+447700900123", id="lost its zero"),
        pytest.param("7700900123.0", "GB", "+447700900123", id="lost its zero, a float"),
        pytest.param("447700900123.0", "GB", "+447700900123", id="a float"),
        pytest.param("+447700900123.0", "US", "+447700900123", id="a float with its plus"),
        pytest.param("447700900123,00", "GB", "+447700900123", id="a float where the comma is decimal"),
        pytest.param("٤٤٧٧٠٠٩٠٠١٢٣٫٠", "GB", "+447700900123", id="a float in Arabic"),
        pytest.param("4.47700900123E+11", "GB", "+447700900123", id="an exponent with every digit"),
        pytest.param("4,47700900123e11", "GB", "+447700900123", id="an exponent where the comma is decimal"),
        pytest.param("4.477009001230E+11", "GB", "+447700900123", id="an exponent with a zero too many"),
        pytest.param("4.47701E+11", "GB", None, id="an exponent that lost digits"),
        pytest.param(
            "4.4770090012E+11", "GB", None, id="an exponent that lost one digit, or a zero: who knows"
        ),
        pytest.param("4.4770090012345E+11", "GB", None, id="an exponent of no whole number"),
        pytest.param("4E+11", "GB", None, id="an exponent with next to nothing"),
        pytest.param("4915112345678", "DE", "+4915112345678", id="a mobile rather than the landline in Leer"),
        pytest.param("3012345678", "DE", "+493012345678", id="a landline of Berlin that lost its zero"),
        pytest.param("15112345678", "DE", "+4915112345678", id="a German mobile that lost its zero"),
        pytest.param(
            "971501234567", "GB", "+971501234567", id="a mobile abroad, as the plan has no such number"
        ),
        pytest.param("5550100199", "US", "+15550100199", id="the plan's own numbers come first"),
        pytest.param("442079460123", "US", None, id="a landline abroad is too little to go by"),
        pytest.param("493012345678", "DE", "+493012345678", id="a landline of Berlin that lost its plus"),
        pytest.param("306912345678", "DE", "+49306912345678", id="a landline of Berlin, not a Greek mobile"),
        pytest.param("00447700900123", "US", "+447700900123", id="00 where the exit code is 011"),
        pytest.param("00447700900123", "ID", "+447700900123", id="00 where all lengths are possible"),
        pytest.param("0011447700900123", "AU", "+447700900123", id="an exit code that goes on after its 00"),
        pytest.param("011447700900123", "US", "+447700900123", id="an exit code without 00"),
    ],
)
def test_a_number_that_lost_something_is_mended_only_where_that_is_sure(
    raw: str, region: str, expected: str | None
) -> None:
    assert to_e164(raw, region) == expected


@pytest.mark.parametrize(
    "raw, expected",
    [
        ("447700900123@c.us", "+447700900123"),
        ("447700900123@s.whatsapp.net", "+447700900123"),
        ("447700900123@S.WhatsApp.net", "+447700900123"),
        ("447700900123:12@s.whatsapp.net", "+447700900123"),
        ("+447700900123@c.us", "+447700900123"),
        ("5215512345678@c.us", "+5215512345678"),
        ("76699677012110@lid", None),
        (f"{LRE}447700900123@lid{PDF}", None),
        ("447700900123\uff20lid", None),
        ("447700900123@g.us", None),
        ("447700900123-1600000000@g.us", None),
        ("447700900123@example.org", None),
        ("447700900123@c.us@lid", None),
        ("sip:+447700900123@example.org", None),
        ("amina@c.us", None),
        ("0@c.us", None),
        ("@c.us", None),
        ("status@broadcast", None),
    ],
)
def test_of_the_ids_with_an_at_only_whatsapp_accounts_are_numbers(raw: str, expected: str | None) -> None:
    assert to_e164(raw, "US") == expected


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("", id="nothing"),
        pytest.param("   ", id="blank"),
        pytest.param("+", id="a plus"),
        pytest.param("Amina Yusuf", id="a name"),
        pytest.param("n/a", id="n/a"),
        pytest.param("0", id="zero"),
        pytest.param("999", id="an emergency number"),
        pytest.param("900123", id="a local part only"),
        pytest.param("+4412", id="too short"),
        pytest.param("+44770090012345", id="too long"),
        pytest.param("+2101234567", id="a code of no country"),
        pytest.param("+49123456789012345", id="possible in Germany, but longer than E.164"),
        pytest.param("+49110", id="possible in Germany, but no number of a person"),
        pytest.param("1-800-FLOWERS", id="letters for digits"),
        pytest.param("E07700900123", id="an employee's number"),
        pytest.param("07700900123abc", id="an id that begins with digits"),
        pytest.param("76699677012110", id="the digits of a LID"),
        pytest.param("12345678901234567890", id="twenty digits"),
        pytest.param("++447700900123", id="two pluses"),
        pytest.param("07700²900123", id="a superscript"),
        pytest.param("07700900123" + " " * 240, id="longer than any number"),
        pytest.param(
            "+49 00151 12345678", id="a doubled trunk zero, which reads as another number each time"
        ),
    ],
)
def test_what_does_not_surely_show_a_number_shows_none(raw: str) -> None:
    assert to_e164(raw, "GB") is None


@pytest.mark.parametrize(
    "region, remedy", [("gb", "write 'GB'"), ("UK", "for example 'GB'"), ("", "for example 'GB'")]
)
def test_an_unknown_region_is_refused_with_the_remedy(region: str, remedy: str) -> None:
    with pytest.raises(
        ValueError, match=f"default region '{region}': is no ISO 3166 code of two capitals; .*{remedy}"
    ):
        to_e164("07700900123", region)


# --- Properties of reading ----------------------------------------------------------------------------------


@given(written, regions)
@example("+490015112345678", "DE")
@example("+5215512345678", "MX")
@example("4E99", "GB")
@example("\ud800", "GB")
def test_any_text_gives_e164_or_nothing_and_reads_as_itself_anywhere(raw: str, region: str) -> None:
    e164 = to_e164(raw, region)

    assert e164 is None or re.fullmatch(E164, e164)
    assert {to_e164(e164 or "", other) for other in (region, "GB", "US", "DE", "BR")} == {e164}


@given(st.text() | st.text(max_size=300) | decorated, regions)
def test_no_text_raises(raw: str, region: str) -> None:
    assert to_e164(raw, region) is None or str(to_e164(raw, region)).startswith("+")


@given(st.from_regex(E164, fullmatch=True) | international, regions)
def test_the_short_way_for_clean_numbers_agrees_with_the_library(number: str, region: str) -> None:
    assert to_e164(number, region) == expected_of_a_clean_number(number)


@pytest.mark.parametrize("code", CODES)
def test_no_country_has_a_possible_number_that_is_not_read(code: int) -> None:
    tails = (
        "".join(pair)
        for pair in product("123456789", ("0100", "01001", "010019", "0100199", "01001992", "010019923"))
    )
    numbers = [f"+{code}{tail}" for tail in tails]
    stable = [number for number in numbers if library_reading(number) == number]

    assert [to_e164(number, "GB") for number in stable] == stable


# --- Variants -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "e164, expected",
    [
        pytest.param("+447700900123", {"+447700900123"}, id="most numbers are alone"),
        pytest.param(
            "+5511987654321", {"+5511987654321", "+551187654321"}, id="Brazil: with the ninth digit"
        ),
        pytest.param("+551187654321", {"+5511987654321", "+551187654321"}, id="Brazil: without it"),
        pytest.param("+551133334444", {"+551133334444"}, id="Brazil: a landline never gets a 9"),
        pytest.param("+5511933334444", {"+5511933334444"}, id="Brazil: nor does a mobile become a landline"),
        pytest.param("+5511998765432", {"+5511998765432", "+551198765432"}, id="Brazil: 99"),
        pytest.param("+5201987654321", {"+5201987654321"}, id="Mexico: no such area"),
        pytest.param("+5215512345678", {"+5215512345678", "+525512345678"}, id="Mexico: with the 1"),
        pytest.param("+525512345678", {"+5215512345678", "+525512345678"}, id="Mexico: without it"),
        pytest.param("+5491123456789", {"+5491123456789", "+541123456789"}, id="Argentina: with the 9"),
        pytest.param("+541123456789", {"+5491123456789", "+541123456789"}, id="Argentina: without it"),
        pytest.param("+548001234567", {"+548001234567"}, id="Argentina: a free number is no mobile"),
        pytest.param("76699677012110@lid", {"76699677012110@lid"}, id="what is no number is alone"),
        pytest.param("", {""}, id="nothing is alone"),
    ],
)
def test_the_forms_under_which_a_messenger_may_show_one_account(e164: str, expected: set[str]) -> None:
    assert variants(e164) == expected


@given(with_variants)
def test_variants_are_classes_and_canonical_names_them(number: str) -> None:
    forms = variants(number)

    assert number in forms
    assert {variants(form) for form in forms} == {forms}
    assert {canonical(form) for form in forms} == {canonical(number)}
    assert canonical(number) in forms


@given(with_variants, with_variants)
def test_numbers_share_a_canonical_form_exactly_when_they_are_variants(one: str, other: str) -> None:
    assert (canonical(one) == canonical(other)) == (one in variants(other))


@given(with_variants, regions)
def test_every_variant_of_a_number_is_e164(number: str, region: str) -> None:
    forms = variants(to_e164(number, region) or "+447700900123")

    assert all(re.fullmatch(E164, form) for form in forms)


@pytest.mark.parametrize(
    "e164, expected",
    [
        ("+551187654321", "+5511987654321"),
        ("+5215512345678", "+525512345678"),
        ("+541123456789", "+5491123456789"),
    ],
)
def test_the_canonical_form_is_stable_across_releases_as_indexes_hold_it(e164: str, expected: str) -> None:
    assert canonical(e164) == expected


# --- Masks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "e164, expected",
    [
        ("+447700900123", "+44•••••••123"),
        ("+15550100199", "+1•••••••199"),
        ("+966501234567", "+966••••••567"),
        ("+4712345678", "+47•••••678"),
        ("+6834000", "+683••••"),
        ("+2101234567", "+•••••••567"),
        ("07700900123", "•••"),
        ("Amina Yusuf", "•••"),
        ("", "•••"),
    ],
)
def test_a_mask_shows_the_country_and_three_digits_at_most(e164: str, expected: str) -> None:
    assert mask(e164) == expected


@given(st.from_regex(E164, fullmatch=True))
def test_a_mask_hides_at_least_four_digits(e164: str) -> None:
    assert mask(e164).count("•") >= 4
    assert len(mask(e164)) == len(e164)


@given(st.text())
def test_a_mask_of_anything_else_shows_nothing(text: str) -> None:
    assume(not re.fullmatch(E164, text))

    assert mask(text) == "•••"


@pytest.mark.parametrize("function", [variants, canonical, mask])
@given(text=st.text())
def test_no_text_is_too_odd(function: Callable[[str], object], text: str) -> None:
    assert function(text) is not None


@pytest.mark.parametrize(
    "written, shown",
    [
        ("+447700900123", "+44 •••• ••0123"),
        ("+44 (7700) 900-123", "+44 •••• ••0123"),
        ("+15555550123", "+1 •••• ••0123"),
        ("+3581234567", "+358 •••• ••"),
        ("+99", "•••"),
    ],
)
def test_others_read_the_country_and_the_last_digits(written: str, shown: str) -> None:
    assert masked_number(written) == shown


@pytest.mark.parametrize(
    "text", ["07700 900123", "0044 7700 900123", "ward 7, +44 (0)7700-900123", "٧٧٠٠٩٠٠١٢٣"]
)
def test_a_number_stands_in_a_text_however_it_is_written(text: str) -> None:
    assert stands_in("+447700900123", text)
    assert not stands_in("+447700900124", text)
    assert not stands_in("+2901234", "1234")
