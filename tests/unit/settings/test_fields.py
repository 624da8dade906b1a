from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from worker.domain.text.durations import parse_duration
from worker.settings.explain import _leaks
from worker.settings.fields import (
    Email,
    Keeping,
    Language,
    Listen,
    Name,
    Region,
    Share,
    Timezone,
    WebAddress,
    duration_text,
)
from worker.settings.problems import SettingsProblem, format_problems, key_text
from worker.settings.times import TimeOfDay


@given(st.integers(0, 10**8))
def test_a_duration_written_is_the_duration_read(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse_duration(duration_text(duration)) == duration


@pytest.mark.parametrize("written", ["3y", "400d", "36h"])
def test_how_long_something_is_kept_is_written_as_it_is_read(written: str) -> None:
    kind: TypeAdapter[timedelta] = TypeAdapter(Keeping)
    assert kind.dump_python(kind.validate_python(written), mode="json") == written


@pytest.mark.parametrize("written", ["1y6d", "3 years", "0y", "y", 3])
def test_years_stand_alone(written: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Keeping).validate_python(written)


KINDS: dict[str, TypeAdapter[object]] = {
    "keeping": TypeAdapter(Keeping),
    "share": TypeAdapter(Share),
    "region": TypeAdapter(Region),
    "timezone": TypeAdapter(Timezone),
    "language": TypeAdapter(Language),
    "email": TypeAdapter(Email),
    "name": TypeAdapter(Name),
    "listen": TypeAdapter(Listen),
    "web": TypeAdapter(WebAddress),
    "time": TypeAdapter(TimeOfDay),
}


@pytest.mark.parametrize(
    "kind, written, read",
    [
        ("keeping", "3y", timedelta(days=1095)),
        ("keeping", " 400d ", timedelta(days=400)),
        ("share", 0, 0),
        ("share", 1, 1),
        ("share", "0.5", 0.5),
        ("share", 0.05, 0.05),
        ("region", "gb", "GB"),
        ("region", "DE", "DE"),
        ("timezone", "Asia/Kolkata", "Asia/Kolkata"),
        ("timezone", "UTC", "UTC"),
        ("language", "en", "en"),
        ("language", "pt-BR", "pt-BR"),
        ("language", "zh-Hant", "zh-Hant"),
        ("email", " it@corp.example ", "it@corp.example"),
        ("email", "it@straße.example", "it@xn--strae-oqa.example"),  # strasse.example is somebody else's
        ("email", "o'neil+x@mail.corp.example", "o'neil+x@mail.corp.example"),
        ("name", "ward-7_a", "ward-7_a"),
        ("listen", "localhost:80", "localhost:80"),
        ("listen", "[::]:9464", "[::]:9464"),
        ("web", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("web", "https://w.example.org/x/", "https://w.example.org/x"),
        ("time", "2:30", time(2, 30)),
    ],
)
def test_what_fits_is_read(kind: str, written: object, read: object) -> None:
    assert KINDS[kind].validate_python(written) == read


REFUSED: dict[str, list[object]] = {
    "share": [1.01, -0.1, "5%", True, None, "nan", []],
    "region": ["UK", "XX", "GBR", ""],
    "timezone": ["GMT+1", "europe/london", "", "../etc/passwd"],
    "language": ["xx", "", "en_GB!", "English"],
    "email": ["a@b", "a b@example.org", "@example.org", "a@example..org", "A <a@example.org>"],
    "name": ["Corp", "", "a.b", "a\n"],
    "listen": ["8080", "::1:8080", "a:b", "a:70000", "a b:1"],
    "web": ["ftp://x", "https://", "https://x?y=1", "w.example.org"],
    "time": ["24:00", "2", 150, "02:30:00"],
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_fit_is_refused(kind: str) -> None:
    for written in REFUSED[kind]:
        with pytest.raises(ValidationError):
            KINDS[kind].validate_python(written)


@given(st.text(min_size=1, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_a_text_with_the_whole_secret_in_it_leaks(secret: str, before: str, after: str) -> None:
    assert _leaks(secret, before + secret + after)


@pytest.mark.parametrize(
    "secret, text, leaks",
    [
        ("hunter2-hunter2", "'HUNTER2' is no password", True),
        ("xoxb-1234567890", "give the bot token alone (xoxb-…)", False),
        ("abc", "ab", False),
        ("abc", "xabcx", True),
    ],
)
def test_a_part_of_a_secret_leaks_when_it_is_long_enough(secret: str, text: str, leaks: bool) -> None:
    assert _leaks(secret, text) is leaks


def test_problems_are_one_line_each_in_the_order_of_the_file() -> None:
    late, early = (
        SettingsProblem("w.yaml", 9, 1, "a", "wrong", "Mend it."),
        SettingsProblem("w.yaml", 2, 7, "", "worse", ""),
    )
    assert format_problems([late, early, late]) == "w.yaml:2:7: worse.\nw.yaml:9:1: a: wrong. Mend it."
    assert format_problems([]) == ""


def test_a_key_path_reads_like_code() -> None:
    assert key_text(("escalation", "policies", 0, "steps", 1, "to")) == "escalation.policies[0].steps[1].to"
