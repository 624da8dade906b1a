"""Who is not listed any more, what is left of the deleted, and what a full pass has to repair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from fakes.directory import FakeDirectory
from harness import Harness
from worker.domain.model import AccountFacts, Standing
from worker.ports import (
    AuthFailed,
    ConnectorError,
    CursorExpired,
    DirectoryPage,
    Incomplete,
    Malformed,
    PassEnd,
    PermissionDenied,
    Rejected,
    Transient,
)

Start = Callable[..., Harness]


class Guarded(FakeDirectory):
    """Hides people: they are not listed, and a look-up of them is refused. `forgets` loses its next deltas' words.

    `meanwhile` happens in the world while a full pass is read.
    """

    def __init__(self, *args: object, **wishes: object) -> None:
        super().__init__(*args, **wishes)  # type: ignore[arg-type]  # whatever the harness gives
        self.hidden: set[str] = set()
        self.forgets: set[str] = set()
        self.delta_errors: list[ConnectorError] = []
        self.meanwhile: Callable[[], object] | None = None

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        if cursor is not None and not full and self.delta_errors:
            raise self.delta_errors.pop(0)
        items = list(super().changes(cursor, full=full))
        if full and self.meanwhile is not None:
            self.meanwhile()
            items = [*super().changes(None, full=True)][:-1] + items[-1:]
        unsaid = self.hidden if full else self.hidden | self.forgets
        for item in items:
            yield without(unsaid, item) if isinstance(item, DirectoryPage) else replace(item, total=None)

    def look_up(self, person_id: str) -> AccountFacts | None:
        if person_id in self.hidden:
            raise PermissionDenied("not to be seen", missing="List", remedy="Grant it.")
        return super().look_up(person_id)


def without(unsaid: set[str], page: DirectoryPage) -> DirectoryPage:
    return DirectoryPage(tuple(one for one in page.records if one.person_id not in unsaid))


@pytest.fixture
def guarded(start: Start) -> Harness:
    return start(directory_type=Guarded)


def corp(harness: Harness) -> Guarded:
    assert isinstance(harness.corp, Guarded)
    return harness.corp


# --- people who can't be found ----------------------------------------------------------------------------


def test_who_may_only_be_hidden_from_us_is_no_leaver(guarded: Harness) -> None:
    corp(guarded).hidden = {"ann", "ben"}

    report = guarded.poll(full=True)

    assert guarded.leavers() == []
    assert (report.counts["unseen"], report.is_ok) == (2, False)
    source = guarded.source()
    assert source.trouble == (
        "2 people whom corp listed before can't be found: hidden from our account, or deleted without a trace. "
        "Missed last: corp/ann, corp/ben (whosleft people show ID)."
    )
    assert source.remedy == "Nobody's status is changed. Grant it."
    assert source.last_success_at == guarded.now


def test_it_is_news_that_somebody_else_cannot_be_found(guarded: Harness) -> None:
    told = []
    for hidden in ({"ann"}, {"ben"}, {"ben"}):
        corp(guarded).hidden = hidden
        guarded.poll(full=True)
        guarded.deliver()
        told.append([one.title for one in guarded.soc.sent])
        guarded.soc.sent.clear()
        guarded.later()
        guarded.poll()
        assert f"Missed last: corp/{min(hidden)} " in (guarded.source().trouble or "")

    assert [bool(one) for one in told] == [True, True, False]


@pytest.mark.parametrize("names_them", [True, False])
def test_whose_record_cannot_be_understood_stays_and_keeps_nobody_from_being_read(
    start: Start, *, names_them: bool
) -> None:
    company = start(directory_type=Garbled)
    assert isinstance(company.corp, Garbled)
    company.corp.garbled, company.corp.names_them = {"ann"}, names_them
    company.leave("ben")

    report = company.poll(full=True)

    assert report.troubles == ()
    assert (company.leavers(), company.standing("ann")) == (["ben"], Standing.ACTIVE)


class Garbled(FakeDirectory):
    """Some records can't be understood, neither in a pass nor by themselves."""

    def __init__(self, *args: object, **wishes: object) -> None:
        super().__init__(*args, **wishes)  # type: ignore[arg-type]  # whatever the harness gives
        self.garbled: set[str] = set()
        self.names_them = True  # in a pass

    def changes(self, cursor: str | None, *, full: bool = False) -> Iterator[DirectoryPage | PassEnd]:
        for item in super().changes(cursor, full=full):
            ids = [one if self.names_them else "line 7" for one in self.garbled]
            bad = tuple(Malformed("?", record_id=one) for one in ids)
            if isinstance(item, DirectoryPage):
                yield replace(without(self.garbled, item), malformed=bad)
            else:
                yield item

    def look_up(self, person_id: str) -> AccountFacts | None:
        if person_id in self.garbled:
            raise Malformed("a date like no other", record_id=person_id)
        return super().look_up(person_id)


def test_the_others_of_that_pass_are_read_all_the_same(guarded: Harness) -> None:
    corp(guarded).hidden = {"ann"}
    corp(guarded).forgets = {"cem"}
    guarded.leave("cem")

    guarded.poll(full=True)

    assert guarded.leavers() == ["cem"]


def test_a_source_is_red_until_everybody_is_to_be_seen_again(guarded: Harness) -> None:
    corp(guarded).hidden = {"ann"}
    guarded.poll(full=True)
    guarded.later()
    corp(guarded).change("ben", title="Matron")
    guarded.poll()
    guarded.later()
    guarded.poll()
    assert "1 person" in (guarded.source().trouble or "")
    assert guarded.source().last_success_at == guarded.now

    corp(guarded).hidden = set()
    guarded.poll(full=True)

    assert guarded.source().trouble is None
    assert [kind for kind in guarded.kinds() if kind.startswith("source.")] == [
        "source.first_read",
        "source.failed",
        "source.recovered",
    ]


def test_the_same_trouble_is_announced_once_and_another_number_again(guarded: Harness) -> None:
    corp(guarded).hidden = {"ann"}
    for _ in range(3):
        guarded.poll(full=True)
        guarded.later()
    assert guarded.kinds().count("source.failed") == 1

    corp(guarded).hidden = {"ann", "ben"}
    guarded.poll(full=True)

    assert guarded.kinds().count("source.failed") == 2


def test_a_passing_fault_in_between_does_not_hide_who_is_missing(guarded: Harness) -> None:
    corp(guarded).hidden = {"ann"}
    guarded.poll(full=True)
    corp(guarded).fail(Transient("busy"), times=1)
    guarded.poll()
    assert guarded.source().trouble == "busy"

    guarded.poll()

    assert "1 person" in (guarded.source().trouble or "")
    assert (
        guarded.source().remedy == "Nobody's status is changed. whosleft check says which right is missing."
    )


def test_who_is_never_to_be_found_never_becomes_a_leaver_by_time(guarded: Harness) -> None:
    corp(guarded).hidden = {"ann"}
    for _ in range(6):
        guarded.poll(full=True)
        guarded.later(hours=24)
        guarded.poll()

    assert guarded.standing("ann") is Standing.ACTIVE


# --- deltas and full passes -------------------------------------------------------------------------------


def test_a_nightly_pass_reads_the_delta_first_and_agrees_with_it(guarded: Harness) -> None:
    guarded.leave("ann")

    report = guarded.poll(full=True)

    assert corp(guarded).reads[-2:] == ["delta", "full"]
    assert (report.counts["left"], report.counts["repaired"]) == (1, 0)
    assert "source.repaired" not in guarded.kinds()


def test_what_the_deltas_had_missed_is_repaired_counted_and_told(guarded: Harness) -> None:
    corp(guarded).forgets = {"ann"}
    guarded.leave("ann")
    guarded.poll()
    assert guarded.leavers() == []

    report = guarded.poll(full=True)

    assert guarded.leavers() == ["ann"]
    assert report.counts["repaired"] == 1
    [told] = [sealed.entry for sealed in guarded.journal() if sealed.entry.kind == "source.repaired"]
    assert told.data == {"count": 1, "people": ["ann"]}


def test_a_change_during_the_full_pass_is_no_fault_of_the_deltas(guarded: Harness) -> None:
    corp(guarded).meanwhile = lambda: guarded.leave("ben")

    report = guarded.poll(full=True)

    assert guarded.leavers() == ["ben"]
    assert report.counts["repaired"] == 0


def test_when_it_cannot_be_told_what_changed_meanwhile_nothing_is_blamed(guarded: Harness) -> None:
    corp(guarded).forgets = {"ann"}
    guarded.leave("ann")
    corp(guarded).meanwhile = lambda: corp(guarded).delta_errors.append(Transient("busy"))

    report = guarded.poll(full=True)

    assert (report.is_ok, report.counts["repaired"]) == (True, 0)
    assert guarded.leavers() == ["ann"]


@pytest.mark.parametrize("error", [Incomplete("cut"), Rejected("the link is no good"), CursorExpired("old")])
def test_a_delta_that_proves_nothing_does_not_keep_the_full_pass_away(
    guarded: Harness, error: ConnectorError
) -> None:
    guarded.leave("ann")
    corp(guarded).delta_errors = [error]

    assert guarded.poll(full=True).is_ok
    assert guarded.leavers() == ["ann"]


@pytest.mark.parametrize("error", [Transient("down"), AuthFailed("who are you?")])
def test_a_source_that_is_down_is_not_asked_twice(guarded: Harness, error: ConnectorError) -> None:
    corp(guarded).delta_errors = [error]

    assert not guarded.poll(full=True).is_ok
    assert corp(guarded).reads[-1] == "full"
    assert len(corp(guarded).reads) == 1, "the first pass of all, and none since"


def test_a_delta_without_news_says_nothing_of_who_is_missing(start: Start) -> None:
    company = start(directory_type=Guarded, can_look_up=False)
    corp(company).hidden = {"ann"}
    company.poll(full=True)
    for _ in range(10):
        company.later(hours=12)
        company.poll()

    assert company.standing("ann") is Standing.ACTIVE


# --- full passes that keep failing ------------------------------------------------------------------------


def fail_full(company: Harness, error: ConnectorError) -> None:
    """Read everybody in vain after a delta that goes well, and then the next delta."""

    def fail() -> None:
        raise error

    corp(company).meanwhile = fail
    assert not company.poll(full=True).is_ok
    corp(company).meanwhile = None
    company.later(minutes=1)
    assert company.poll().is_ok


def test_a_full_pass_that_passes_next_time_is_not_told(guarded: Harness) -> None:
    for _ in range(2):
        fail_full(guarded, Transient("slow"))

        assert guarded.source().trouble is None
    guarded.poll(full=True)
    fail_full(guarded, Transient("slow"))

    assert guarded.source().trouble is None
    assert "source.failed" not in guarded.kinds()


def test_full_passes_that_keep_failing_are_told_once_and_stay_until_one_goes_well(guarded: Harness) -> None:
    for _ in range(5):
        fail_full(guarded, Transient("slow"))

    assert guarded.source().trouble == "slow"
    assert guarded.source().last_success_at == guarded.now
    guarded.leave("ben")
    guarded.poll()
    assert (guarded.leavers(), guarded.source().trouble) == (["ben"], "slow"), "its deltas are believed"
    assert [kind for kind in guarded.kinds() if kind.startswith("source.")][1:] == ["source.failed"]

    guarded.poll(full=True)

    assert guarded.source().trouble is None
    assert guarded.kinds()[-1] == "source.recovered"


def test_a_full_pass_that_somebody_must_mend_is_told_at_once(guarded: Harness) -> None:
    for _ in range(2):
        fail_full(guarded, PermissionDenied("not everybody", missing="List", remedy="Grant it."))

    assert guarded.source().remedy == "Grant it."
    assert [kind for kind in guarded.kinds() if kind.startswith("source.")][1:] == ["source.failed"]
