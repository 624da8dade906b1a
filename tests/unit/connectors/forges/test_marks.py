"""Where in a description the hidden mark is a copy's identity, and where it is somebody's paste."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from connectors.kit import forges
from contracts.tracker import draft
from fakes.github.server import GithubServer, description
from fakes.github.world import GithubWorld
from fakes.gitlab.server import GitlabServer
from fakes.gitlab.world import GitlabWorld
from worker.domain.mirror.outside import CopyStanding, Seen

IDENTITY = draft().identity
MARK = f"<!-- whosleft: {IDENTITY} -->"
OTHER = "<!-- whosleft: whosleft-3f9a1c-t-000999 -->"
LATER = "\n\n---\nSam: asked the ward sister, she does it tonight."


@pytest.mark.parametrize("body", [
    forges.description(draft()),
    forges.description(draft()) + LATER,
    forges.description(draft()).replace("\n", "\r\n") + LATER.replace("\n", "\r\n"),
    f"Text\n\n{MARK}Sam: asked the ward sister.",
    f"Sam: asked the ward sister.{MARK}",
    f"```\na log that Sam did not end\n\n{MARK}",
    f"```\na log\n```\n{MARK}\n~~~\nanother one\n~~~",
    f"```one line of code```\n{MARK}\n```\na log\n```",
    f"{OTHER}\n{MARK}\n> {OTHER}\n```html\n{OTHER}\n```",
])  # fmt: skip
def test_what_people_add_leaves_a_copy_its_identity(body: str) -> None:
    assert forges.identity(body) == IDENTITY


@pytest.mark.parametrize("body", [
    None, "", "Text", f"> {MARK}", f"  >> {MARK}\n\nIs this the one?", f"It says `{MARK}`.", MARK.replace("<", "&lt;"),
    f"```html\n{MARK}\n```\nIs this the one?", f"~~~\n```\n{MARK}\n~~~", f"````\n```\n{MARK}\n````  ",
])  # fmt: skip
def test_what_somebody_pastes_makes_no_copy(body: str | None) -> None:
    assert forges.identity(body) == ""


@pytest.fixture(params=["github", "gitlab"])
def world(request: pytest.FixtureRequest) -> Iterator[GithubWorld | GitlabWorld]:
    server = GithubServer(description()) if request.param == "github" else GitlabServer()
    with server:
        world = GithubWorld(server) if isinstance(server, GithubServer) else GitlabWorld(server)
        with closing(world.tracker):
            yield world
        server.judged()


def append(world: GithubWorld | GitlabWorld, text: str) -> None:
    """Somebody adds a text at the end of each issue's description."""
    if isinstance(world, GithubWorld):
        for issue in world.server.issues.values():
            issue.body += text
    else:
        for one in world.server.issues.values():
            one.description += text


def test_a_copy_with_a_line_added_is_read_and_found(world: GithubWorld | GitlabWorld) -> None:
    mark = world.tracker.mark()
    made = world.tracker.create(draft(), mark)
    append(world, LATER)
    world.close(made.ref)

    [seen] = world.tracker.read([made.ref])

    assert isinstance(seen, Seen)
    assert (seen.identity, seen.standing) == (IDENTITY, CopyStanding.DONE)
    assert [one.ref for one in world.tracker.find(IDENTITY, mark)] == [made.ref]
