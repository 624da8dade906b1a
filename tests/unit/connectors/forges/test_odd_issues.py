"""One issue that is not as the others, or all of them out of sight: what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from contracts.tracker import draft
from fakes.github.server import GithubServer
from fakes.github.world import GithubWorld
from fakes.gitlab.server import GitlabServer
from fakes.gitlab.world import GitlabWorld
from worker.domain.mirror.outside import CopyGone, CopyStanding, CopyUnread, Seen
from worker.ports import BadConfig, Transient

World = GithubWorld | GitlabWorld


class OddGithub(GithubServer):
    """Shows some issues without when they were made."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: set[int] = set()

    def shown(self, issue: Any) -> dict[str, Any]:
        return {
            key: one
            for key, one in super().shown(issue).items()
            if not _is_kept_back(self, issue.number, key)
        }


class OddGitlab(GitlabServer):
    """As OddGithub."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: set[int] = set()

    def shown(self, issue: Any) -> dict[str, Any]:
        return {
            key: one for key, one in super().shown(issue).items() if not _is_kept_back(self, issue.iid, key)
        }


def _is_kept_back(server: OddGithub | OddGitlab, number: int, key: str) -> bool:
    return key == "created_at" and number in server.odd


def odd(world: World) -> set[int]:
    assert isinstance(world.server, OddGithub | OddGitlab)
    return world.server.odd


@pytest.fixture(params=["github", "gitlab"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    server = OddGithub() if request.param == "github" else OddGitlab()
    with server:
        world = GithubWorld(server) if isinstance(server, GithubServer) else GitlabWorld(server)
        with closing(world.tracker):
            yield world


def made(world: World, count: int) -> list[str]:
    return [world.tracker.create(draft(number), "0").ref for number in range(1, count + 1)]


@pytest.mark.parametrize("others", [0, 150])  # GitHub's are read by pages, and one by one
def test_an_issue_that_is_not_shown_whole_keeps_no_other_from_being_read(world: World, others: int) -> None:
    refs = made(world, 1)
    for number in range(others):
        world.server.add(f"other {number}")
    refs += made(world, 1)
    odd(world).add(1)
    world.close(refs[-1])

    found = {one.ref: one for one in world.tracker.read(refs)}

    unread, closed = found[refs[0]], found[refs[-1]]
    assert isinstance(unread, CopyUnread)
    assert "'created_at'" in unread.why
    assert isinstance(closed, Seen)
    assert closed.standing is CopyStanding.DONE


def test_what_no_issue_shows_is_the_trackers_trouble(world: World) -> None:
    refs = made(world, 3)
    odd(world).update(int(ref) for ref in refs)
    with pytest.raises(Transient, match="'created_at'"):
        list(world.tracker.read(refs))


def test_a_repository_that_is_out_of_sight_costs_no_request_for_each_issue() -> None:
    with OddGithub() as server:
        world = GithubWorld(server)
        with closing(world.tracker):
            server.is_visible = False
            asked = len(server.log)
            with pytest.raises(BadConfig):
                list(world.tracker.read([str(1000 * number) for number in range(1, 9)]))
            assert len(server.log) - asked == 4  # three issues, and the list


def test_issues_that_gitlab_shows_no_more_cost_no_request_each() -> None:
    with OddGitlab() as server:
        world = GitlabWorld(server)
        with closing(world.tracker):
            refs = made(world, 8)
            server.hidden |= {int(ref) for ref in refs}
            asked = len(server.log)
            found = list(world.tracker.read(refs))
            assert [type(one) for one in found] == [CopyGone] * 8
            assert len(server.log) - asked == 5  # the list, three alone, and the project


def test_issues_of_github_that_are_switched_off_are_not_deleted() -> None:
    with OddGithub() as server:
        world = GithubWorld(server)
        with closing(world.tracker):
            [ref] = made(world, 1)
            server.has_issues = False
            with pytest.raises(BadConfig, match="switched off"):
                list(world.tracker.read([ref]))
