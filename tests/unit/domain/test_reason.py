"""A reason is its English sentence, and can be said in any other language."""

import copy
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.text.reason import (
    NO_REASON,
    LocalInstant,
    Reason,
    Value,
    Written,
    because,
    because_many,
    in_own_words,
    together,
)
from worker.domain.text.tongue import ENGLISH
from worker.languages import BabelLanguages

GERMAN = BabelLanguages().of("de")
ARABIC = BabelLanguages().of("ar")
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEFT = because(
    "{person} has left ({evidence}) and is still in the group",
    person="Ann",
    evidence=because("the account is disabled"),
)


def kept(reason: Reason) -> Reason:
    """As it comes back from storage: two texts."""
    return Reason(str(reason), reason.words)


def test_it_is_its_english_sentence() -> None:
    assert LEFT == "Ann has left (the account is disabled) and is still in the group"
    assert LEFT.say(ENGLISH) == LEFT
    assert json.dumps({"why": LEFT}) == f'{{"why": "{LEFT}"}}'


def test_it_is_said_in_another_language_with_the_reasons_that_are_in_it() -> None:
    said = "Ann arbeitet nicht mehr hier (das Konto ist deaktiviert) und ist noch in der Gruppe"

    assert LEFT.say(GERMAN) == said
    assert kept(LEFT).say(GERMAN) == said


def test_a_name_that_runs_the_other_way_is_kept_apart_in_every_language_but_the_stored_english() -> None:
    reason = because("confirmed by {name}", name="مريم")

    assert reason == "confirmed by مريم"
    assert reason.say(GERMAN) == "bestätigt von \u2068مريم\u2069"
    assert because("confirmed by {name}", name="Ann").say(ARABIC) == "بتأكيد من \u2068Ann\u2069"


@pytest.mark.parametrize(
    "value, english, german",
    [
        (LocalInstant(AT, "Europe/Berlin"), "Tue 24 Nov 2026 13:00 CET", "Di., 24. Nov. 2026, 13:00 MEZ"),
        (date(2026, 11, 24), "24 Nov 2026", "24. Nov. 2026"),
        (Written("2026-11-24", date(2026, 11, 24)), "2026-11-24", "24. Nov. 2026"),
        (timedelta(days=14), "14 days", "14 Tg."),
        (1234, "1234", "1.234"),
        ("1234", "1234", "1234"),
        (Reason("an English one"), "an English one", "an English one"),
    ],
)
def test_each_kind_of_value_is_written_as_the_language_writes_it(
    value: Value, english: str, german: str
) -> None:
    reason = because("needed again: {why}", why=value)

    assert reason == f"needed again: {english}"
    assert kept(reason).say(GERMAN) == f"wieder nötig: {german}"


@pytest.mark.parametrize(
    "n, english, german", [(1, "one person", "eine Person"), (2, "2 people", "2 Personen")]
)
def test_a_number_has_the_plural_form_of_the_language(n: int, english: str, german: str) -> None:
    reason = because_many("one person", "{n} people", n)

    assert (reason, kept(reason).say(GERMAN)) == (english, german)


def test_several_are_one_after_the_other() -> None:
    both = together((because("somebody"), in_own_words("so it is")))

    assert both == "somebody; so it is"
    assert kept(both).say(GERMAN) == "jemand; so it is"


def test_what_a_person_wrote_stays_as_it_is() -> None:
    own = in_own_words("{name} has left")

    assert own.is_translated
    assert own.say(GERMAN) == own == "{name} has left"
    assert in_own_words("") == NO_REASON
    assert in_own_words(ours := because("somebody")) is ours


@pytest.mark.parametrize(
    "reason",
    [
        NO_REASON,
        Reason("Ann has left"),
        Reason("written by the release before", LEFT.words),
        Reason("Ann 0", "no JSON"),
        Reason("Ann 1", "[]"),
        Reason("Ann 2", '{"text":["{name}"],"values":{}}'),
        Reason("Ann", '{"text":["{at}"],"values":{"at":{"at":"2026-11-24T12:00:00+00:00","in":"No/Where"}}}'),
    ],
)
def test_without_words_of_its_own_it_is_english_in_every_language(reason: Reason) -> None:
    assert not reason.is_translated
    assert reason.say(GERMAN) == reason


def test_a_copy_has_its_words() -> None:
    assert copy.deepcopy(LEFT).words == LEFT.words


@given(st.text(), st.text())
def test_braces_in_a_value_are_plain_text(name: str, words: str) -> None:
    reason = because("{name}: {words}", name=name, words=words)

    assert reason == f"{name}: {words}"
    assert kept(reason).is_translated == bool(reason)
