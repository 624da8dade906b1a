"""The last good copy of a rota's calendar."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from worker.domain.escalation.feeds import (
    FeedCopy,
    FeedRules,
    is_due,
    is_stale,
    known_etag,
    shrunken,
    with_feed,
)
from worker.domain.escalation.rota import Rota, on_call
from worker.domain.escalation.spans import Span

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES = FeedRules("Europe/London", timedelta(minutes=15), DAY, {"Ann": "a@example.org"})
TURN = Span(NOW - DAY, NOW + DAY, "a@example.org")
COPY = FeedCopy("site", NOW, NOW, NOW, NOW + 90 * DAY, (TURN,), etag='"1"', asked=RULES.fingerprint)
SITE = Rota("site", "Europe/London", fallback="desk@example.org")


def test_a_calendar_is_read_when_its_time_has_come() -> None:
    assert is_due(None, RULES, NOW)
    assert not is_due(COPY, RULES, NOW + timedelta(minutes=14))
    assert is_due(COPY, RULES, NOW + timedelta(minutes=15))


def test_other_rules_read_it_anew() -> None:
    other = replace(RULES, aliases={})

    assert is_due(COPY, other, NOW)
    assert known_etag(COPY, other, NOW) is None


def test_changes_alone_are_asked_for_within_a_day() -> None:
    assert known_etag(COPY, RULES, NOW + HOUR) == '"1"'
    assert known_etag(COPY, RULES, NOW + DAY) is None
    assert known_etag(replace(COPY, read_at=None), RULES, NOW) is None
    assert known_etag(None, RULES, NOW) is None


def test_its_turns_count_until_it_is_stale() -> None:
    now = with_feed(SITE, COPY, RULES, NOW + DAY - HOUR)
    later = with_feed(SITE, COPY, RULES, NOW + DAY)

    assert on_call(now, NOW).person == "a@example.org"
    assert now.known_until == COPY.known_until
    assert (on_call(later, NOW).person, on_call(later, NOW).source) == ("desk@example.org", "fallback")


def test_what_a_wrong_clock_read_is_read_again_as_a_whole_and_too_old_until_then() -> None:
    ahead = replace(COPY, tried_at=NOW + 40 * DAY, fetched_at=NOW + 40 * DAY, read_at=NOW + 40 * DAY)

    assert is_due(ahead, RULES, NOW)
    assert is_stale(ahead, RULES, NOW)
    assert known_etag(ahead, RULES, NOW) is None


def test_one_that_was_read_by_a_process_with_another_clock_counts() -> None:
    assert not is_stale(COPY, RULES, NOW - timedelta(minutes=5))


def test_one_that_was_never_read_is_stale() -> None:
    assert is_stale(None, RULES, NOW)
    assert is_stale(FeedCopy("site", NOW, problem="no answer"), RULES, NOW)
    assert with_feed(SITE, None, RULES, NOW) == SITE


def test_one_that_lost_most_of_its_turns_says_so() -> None:
    turns = tuple(Span(NOW + n * DAY, NOW + (n + 1) * DAY, "a@example.org") for n in range(1, 6))
    before = replace(COPY, turns=turns)

    assert shrunken(before, turns[:2], NOW) == "It has 2 of the 5 turns to come that it had."
    assert shrunken(before, turns[:3], NOW) == ""
    assert shrunken(None, (), NOW) == ""
    assert shrunken(FeedCopy("site", NOW), (), NOW) == ""
