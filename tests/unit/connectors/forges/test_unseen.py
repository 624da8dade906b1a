"""An issue whose number was answered is the copy, though it is not shown, or without its mark: once is enough."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from contracts.tracker import draft
from fakes.github.server import GithubServer, description
from fakes.github.world import GithubWorld
from fakes.gitlab.server import GitlabServer
from fakes.gitlab.world import GitlabWorld
from fakes.graph.http import Reply, Request
from worker.domain.mirror.outside import CopyGone, CopyStanding, Seen

World = GithubWorld | GitlabWorld


class MarkingGithub(GithubServer):
    """With a robot that rewrites new issues while `rewrites`."""

    rewrites = True

    def truth(self, request: Request) -> Reply:
        reply = super().truth(request)
        if request.method == "POST" and self.rewrites:
            self.issues[max(self.issues)].body = "Please set a weight."
        return reply


class MarkingGitlab(GitlabServer):
    """As MarkingGithub."""

    rewrites = True

    def truth(self, request: Request) -> Reply:
        reply = super().truth(request)
        if request.method == "POST" and self.rewrites:
            self.issues[max(self.issues)].description = "Please set a weight."
        return reply


def stop_robot(world: World) -> None:
    assert isinstance(world.server, MarkingGithub | MarkingGitlab)
    world.server.rewrites = False


@pytest.fixture(params=["github", "gitlab"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    server = MarkingGithub(description()) if request.param == "github" else MarkingGitlab()
    with server:
        world = GithubWorld(server) if isinstance(server, GithubServer) else GitlabWorld(server)
        with closing(world.tracker):
            yield world
        server.judged()


def test_one_whose_mark_was_taken_out_is_linked_by_its_number(world: World) -> None:
    mark = world.tracker.mark()

    made = [world.tracker.create(draft(number), mark) for number in (1, 2)]

    assert [(one.ref, one.identity) for one in made] == [("1", ""), ("2", "")]
    [concern] = world.tracker.concerns()
    assert (concern.about, "hidden mark" in concern.message) == ("identity", True)
    checked = world.tracker.check()
    assert (checked.ok, "would not be found" in checked.message) == (False, True)

    stop_robot(world)
    world.tracker.create(draft(3), mark)
    assert list(world.tracker.concerns()) == []
    assert world.tracker.check().ok


def test_one_that_is_not_shown_is_linked_by_its_number(world: World) -> None:
    stop_robot(world)
    world.server.hidden.add(1)

    seen = world.tracker.create(draft(), "0")

    assert (seen.ref, seen.key[-2:], seen.identity) == ("1", "#1", draft().identity)
    assert (seen.standing, seen.url[-9:]) == (CopyStanding.OPEN, "/issues/1")
    [concern] = world.tracker.concerns()
    assert "#1 was made, and is not shown" in concern.message
    assert isinstance(next(iter(world.tracker.read([seen.ref]))), CopyGone)
    assert not world.tracker.check().ok

    world.server.hidden.clear()
    [now] = world.tracker.read([seen.ref])
    assert isinstance(now, Seen)
    assert list(world.tracker.concerns()) == []


def test_one_that_was_transferred_at_once_keeps_the_number_it_was_made_with() -> None:
    class Moving(GithubServer):
        def truth(self, request: Request) -> Reply:
            reply = super().truth(request)
            if request.method == "POST":
                self.transfer(1)
            return reply

    with Moving(description()) as server, closing(GithubWorld(server).tracker) as tracker:
        made = tracker.create(draft(), "0")
        assert (made.ref, made.key, made.is_elsewhere) == ("1", "org/elsewhere#901", True)
        server.judged()


def test_one_that_was_moved_at_once_is_linked_and_not_done() -> None:
    class Moving(GitlabServer):
        def truth(self, request: Request) -> Reply:
            reply = super().truth(request)
            if request.method == "POST":
                self.issues[1].state, self.issues[1].moved_to = "closed", 99
            return reply

    with Moving() as server, closing(GitlabWorld(server).tracker) as tracker:
        made = tracker.create(draft(), "0")
        assert (made.ref, made.standing) == ("1", CopyStanding.OPEN)
        assert list(tracker.read(["1"])) == [CopyGone("1", "moved to another project")]
        server.judged()
