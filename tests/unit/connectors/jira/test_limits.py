"""Refusals, limits and other people's writes: what was done, and what is asked next."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contracts.tracker import draft
from fakes.jira.server import TOKEN
from fakes.jira.site import Refused
from fakes.jira.world import JiraWorld, jira_world
from worker.domain.mirror.outside import CopyStanding, Goal, Seen
from worker.ports import AuthFailed, Changed, ConnectorError, NotDone, Rejected, Transient

REASON = {"RateLimit-Reason": "jira-per-issue-on-write"}


def made(world: JiraWorld) -> Seen:
    return world.tracker.create(draft(), world.tracker.mark())


def limited(world: JiraWorld, seen: Seen, **headers: str) -> None:
    refused = Refused(429, "Too many writes.")
    refused.headers = {**REASON, **headers}
    world.site.limits[int(seen.ref)] = [refused]


@pytest.mark.parametrize("is_cloud", [True, False])
def test_a_limit_with_a_wait_pauses_this_tracker_alone(is_cloud: bool) -> None:
    waits: list[float] = []
    others: list[float] = []
    with (
        jira_world(is_cloud=is_cloud, sleep=waits.append) as world,
        jira_world(is_cloud=is_cloud, sleep=others.append) as other,
    ):
        seen = made(world)
        limited(world, seen, **{"Retry-After": "7"})
        with pytest.raises(NotDone, match="jira-per-issue-on-write") as raised:
            world.tracker.note(seen, "It waits.")
        assert raised.value.retry_after_s == 7
        assert world.comments(seen.ref) == []
        waits.clear()
        world.tracker.note(seen, "It waits.")
        made(other)
        assert 6 < waits[0] <= 8
        assert others == []
        assert world.comments(seen.ref) == ["It waits."]


def test_a_long_wait_holds_up_nobody_else() -> None:
    waits: list[float] = []
    with jira_world(is_cloud=True, sleep=waits.append) as world:
        seen = made(world)
        limited(world, seen, **{"Retry-After": "1800"})
        waits.clear()
        for _ in range(2):
            with pytest.raises(NotDone) as raised:
                world.tracker.note(seen, "It waits.")
            assert raised.value.retry_after_s == pytest.approx(1800, abs=5)
        assert (waits, len(world.server.seen("/comment"))) == ([], 1)
        assert not world.tracker.check().ok


def test_a_limit_without_a_wait_is_surely_not_done(either: JiraWorld) -> None:
    seen = made(either)
    limited(either, seen)
    with pytest.raises(NotDone, match="jira-per-issue-on-write") as raised:
        either.tracker.move(seen, Goal.DONE, "Verified.")
    assert raised.value.retry_after_s is None
    assert (either.issue(seen.ref).status, either.comments(seen.ref)) == ("To Do", [])
    assert either.tracker.move(seen, Goal.DONE, "Verified.").standing is CopyStanding.DONE


def test_a_conflict_says_that_it_was_changed_and_nothing_is_written(either: JiraWorld) -> None:
    seen = made(either)
    either.server.faults.append("conflict")
    with pytest.raises(Changed):
        either.tracker.move(seen, Goal.DONE, "Verified.")
    assert (either.issue(seen.ref).status, either.comments(seen.ref)) == ("To Do", [])


def test_a_refused_credential_says_what_to_check(either: JiraWorld) -> None:
    either.server.is_signed_out = True
    with pytest.raises(AuthFailed, match="must be authenticated") as raised:
        either.tracker.mark()
    assert "token" in raised.value.remedy
    assert not either.tracker.check().ok


def test_an_address_within_jira_that_is_no_jira_is_an_error(either: JiraWorld) -> None:
    either.answer_html()
    with pytest.raises(ConnectorError, match="no whole JSON"):
        either.tracker.mark()


def test_no_error_has_the_credential(either: JiraWorld) -> None:
    seen = made(either)
    said = []
    for fault in ("lost_before", "lost_after", "broken_after", "conflict", "html_after"):
        either.server.faults.append(fault)
        with pytest.raises((Transient, Changed)) as raised:
            either.tracker.note(seen, "It waits.")
        error: BaseException | None = raised.value
        while error is not None:
            said.append(f"{error!r} {error} {vars(error)}")
            error = error.__cause__
    assert TOKEN not in " ".join(said)
    assert TOKEN not in repr(either.tracker.__dict__)


def test_plain_http_goes_to_no_public_address() -> None:
    with (
        pytest.raises(ValidationError, match="in the clear"),
        jira_world(is_cloud=True, url="http://93.184.216.34"),
    ):
        pass


def test_a_status_in_a_put_is_dropped_so_none_is_ever_put(either: JiraWorld) -> None:
    seen = made(either)
    either.site.edit(either.issue(seen.ref), {"fields": {"status": {"name": "Done"}}})
    assert either.issue(seen.ref).status == "To Do", "as Jira does: it is taken, and nothing comes of it"
    either.tracker.move(seen, Goal.DONE, "Verified.")
    assert [line.path for line in either.server.seen(method="PUT")] == []


def test_a_move_that_is_taken_without_effect_names_the_status(either: JiraWorld) -> None:
    seen = made(either)
    either.site.ignores_moves = True
    with pytest.raises(Rejected, match="its status is 'To Do'") as raised:
        either.tracker.move(seen, Goal.DONE, "Verified.")
    assert raised.value.remedy
