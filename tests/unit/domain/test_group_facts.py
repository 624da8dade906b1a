"""What is known of a group besides its members, from one read to the next."""

from __future__ import annotations

from builders import DAY, HOUR, NOW
from worker.domain.groups.facts import carried, to_ask, unasked, with_look
from worker.domain.model import NOTHING_SHOWN, Fact, GroupFacts

LATER = NOW + DAY
PICTURE, LINK = Fact.PICTURE, Fact.LINK


def shown(link: str | None = None, picture: str | None = None, **changes: object) -> GroupFacts:
    return GroupFacts(link_sha256=link, picture_sha256=picture, **({"read_at": NOW} | changes))  # type: ignore[arg-type]


def later(*not_asked: Fact, **changes: object) -> GroupFacts:
    return unasked(shown(read_at=LATER, **changes), not_asked)  # type: ignore[arg-type]


def test_what_a_read_did_not_ask_for_is_as_it_was_and_so_is_its_age() -> None:
    now = carried(later(PICTURE, description="new"), shown(picture="p", description="old"))
    assert (now.picture_sha256, now.read_at_of(PICTURE)) == ("p", NOW)
    assert (now.description, now.read_at_of(Fact.DESCRIPTION)) == ("new", LATER)


def test_it_keeps_its_age_over_several_reads() -> None:
    once = carried(later(PICTURE), shown(picture="p"))
    assert carried(later(PICTURE), once).read_at_of(PICTURE) == NOW


def test_what_was_asked_for_and_is_not_shown_is_not_known_any_more() -> None:
    now = carried(shown(read_at=LATER), shown(link="a", picture="p", description="old"))
    assert (now.picture_sha256, now.link_sha256, now.description) == (None, None, None)
    assert (now.link_changed_at, now.link_before_at) == (None, None)


def test_what_was_asked_for_apart_has_its_own_age() -> None:
    now = carried(shown(picture="q", read_apart=((PICTURE, NOW + HOUR),)), shown(picture="p"))
    assert (now.picture_sha256, now.read_at_of(PICTURE)) == ("q", NOW + HOUR)


def test_what_nobody_ever_asked_for_is_unknown_and_has_no_age() -> None:
    now = carried(later(PICTURE, LINK), NOTHING_SHOWN)
    assert (now.picture_sha256, now.read_at_of(PICTURE)) == (None, None)
    assert (now.link_changed_at, now.link_before_at) == (None, None)


def test_the_first_link_is_no_change() -> None:
    now = carried(shown(link="a"), NOTHING_SHOWN)
    assert (now.link_changed_at, now.link_before_at) == (NOW, None)


def test_another_link_was_changed_between_two_reads() -> None:
    first = carried(shown(link="a"), NOTHING_SHOWN)
    now = carried(shown(link="b", read_at=LATER), first)
    assert (now.link_changed_at, now.link_before_at) == (LATER, NOW)


def test_the_same_link_keeps_what_is_known_of_its_change() -> None:
    first = carried(shown(link="a"), NOTHING_SHOWN)
    changed = carried(shown(link="b", read_at=LATER), first)
    for read in (shown(link="b", read_at=LATER + DAY), later(LINK)):
        now = carried(read, changed)
        assert (now.link_sha256, now.link_changed_at, now.link_before_at) == ("b", LATER, NOW)


def test_a_link_that_was_asked_for_apart_changed_when_it_was_asked_for() -> None:
    first = carried(shown(link="a", read_apart=((LINK, NOW - HOUR),)), NOTHING_SHOWN)
    now = carried(shown(link="b", read_at=LATER, read_apart=((LINK, LATER - HOUR),)), first)
    assert (now.link_changed_at, now.link_before_at) == (LATER - HOUR, NOW - HOUR)


def test_what_is_shown_without_being_asked_for_counts_as_read() -> None:
    read = unasked(shown(link="a", read_apart=((PICTURE, NOW),)), (LINK, PICTURE, Fact.EDIT))
    assert read.read_apart == ((PICTURE, NOW), (Fact.EDIT, None))


def test_of_a_closer_look_only_what_was_asked_for_counts() -> None:
    known = shown(link="a", picture="p", description="Rules")
    now = with_look(known, GroupFacts(picture_sha256="", description="?", read_apart=((PICTURE, LATER),)))
    assert (now.picture_sha256, now.read_at_of(PICTURE)) == ("", LATER)
    assert (now.description, now.link_sha256, now.read_at) == ("Rules", "a", NOW)


def test_a_closer_look_sees_that_the_link_was_changed() -> None:
    known = shown(link="a")
    now = with_look(known, GroupFacts(link_sha256="b", read_apart=((LINK, LATER),)))
    assert (now.link_changed_at, now.link_before_at) == (LATER, NOW)
    assert with_look(now, NOTHING_SHOWN) == now


def test_old_facts_are_asked_for() -> None:
    known = shown(read_apart=((PICTURE, NOW - DAY), (LINK, NOW - HOUR)))
    costly = {PICTURE, LINK, Fact.EDIT}
    assert to_ask(known, costly, NOW - 2 * HOUR, is_urgent=False) == {PICTURE}
    assert to_ask(known, costly, NOW - 2 * HOUR, is_urgent=True) == {PICTURE, LINK}
    assert to_ask(known, costly, None, is_urgent=True) == {PICTURE, LINK}
    assert to_ask(known, costly, None, is_urgent=False) == set()


def test_what_nobody_ever_asked_for_is_asked_for() -> None:
    assert to_ask(NOTHING_SHOWN, {PICTURE}, None, is_urgent=False) == {PICTURE}
    assert to_ask(GroupFacts(read_apart=((LINK, NOW),)), {PICTURE, LINK}, None, is_urgent=True) == {PICTURE}
