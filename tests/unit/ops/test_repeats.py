from datetime import UTC, datetime, timedelta

from worker.ops.repeats import AGAIN_AFTER, Repeats

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_what_was_said_is_news_again_after_an_hour() -> None:
    repeats = Repeats()
    moment = timedelta(microseconds=1)

    assert repeats.is_news("poll", "corp is gone", NINE)
    assert not repeats.is_news("poll", "corp is gone", NINE + AGAIN_AFTER - moment)
    assert repeats.is_news("poll", "corp is gone", NINE + AGAIN_AFTER)


def test_each_topic_and_text_is_said_for_itself() -> None:
    repeats = Repeats()
    repeats.is_news("poll", "corp is gone", NINE)

    assert repeats.is_news("verify", "corp is gone", NINE)
    assert repeats.is_news("poll", "tenant is gone", NINE)


def test_a_clock_that_was_set_back_does_not_silence_it() -> None:
    repeats = Repeats()
    repeats.is_news("poll", "corp is gone", NINE)

    assert repeats.is_news("poll", "corp is gone", NINE - timedelta(days=400))


def test_what_is_no_longer_so_is_news_when_it_comes_back() -> None:
    repeats = Repeats()
    for text in ("corp is gone", "tenant is gone"):
        repeats.is_news("poll", text, NINE)
    repeats.is_news("verify", "corp is gone", NINE)

    repeats.keep("poll", ("tenant is gone",))

    assert repeats.is_news("poll", "corp is gone", NINE)
    assert not repeats.is_news("poll", "tenant is gone", NINE)
    assert not repeats.is_news("verify", "corp is gone", NINE)
