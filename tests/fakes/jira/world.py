"""A Jira, the tracker under test on it, and what people do there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

from connectors.tracker.jira.config import JiraConfig
from connectors.tracker.jira.connector import JiraTracker
from contracts.tracker import TrackerWorld, tracker_context
from fakes.jira.server import TOKEN, USER, JiraServer, description
from fakes.jira.site import Issue, Site
from fakes.jira.text import as_read

STATES = {
    "done": ["Done"],
    "open": ["To Do", "In Progress"],
    "declined": ["Won't Do"],
    "fields": {"resolution": {"name": "Done"}},
}


class JiraWorld(TrackerWorld):
    def __init__(self, server: JiraServer, sleep: Callable[[float], None], **keys: Any) -> None:
        self.server = server
        given = {
            "url": server.url,
            "user": USER if server.site.is_cloud else None,
            "token": TOKEN,
            "project": "SEC",
            "states": STATES,
            "requests_per_minute": 6000,
        }
        context = replace(tracker_context(), sleep=sleep)
        self.tracker: JiraTracker = JiraTracker(JiraConfig.model_validate(given | keys), context)

    @property
    def site(self) -> Site:
        return self.server.site

    def issue(self, ref: str) -> Issue:
        return next(one for one in self.site.issues if str(one.id) == ref)

    def close(self, ref: str) -> None:
        self.site.set_status(self.issue(ref), "Done", self.site.sam, "Done")

    def decline(self, ref: str) -> None:
        self.site.set_status(self.issue(ref), "Done", self.site.sam, "Won't Do")

    def reopen(self, ref: str) -> None:
        self.site.set_status(self.issue(ref), "To Do", self.site.sam)

    def delete(self, ref: str) -> None:
        self.site.delete(self.issue(ref))

    def somebody_elses(self) -> str:
        return str(self.site.add().id)

    def comments(self, ref: str) -> Sequence[str]:
        return [as_read(one["body"]) for one in self.issue(ref).comments]

    def files(self, ref: str) -> int:
        return len(self.issue(ref).files)

    def text(self, ref: str) -> str:
        fields = self.issue(ref).fields
        return f"{fields['summary']}\n{as_read(fields['description'])}"

    def copies(self) -> int:
        return len(self.site.issues)

    def forbid_moves(self) -> None:
        self.site.may.discard("TRANSITION_ISSUES")

    def forbid_writes(self) -> None:
        self.site.may -= {"TRANSITION_ISSUES", "ADD_COMMENTS", "ASSIGN_ISSUES"}
        self.site.attachments_on = False

    def lose_answers(self, count: int) -> None:
        self.server.lose(count)

    def answer_html(self) -> None:
        self.server.is_html = True


@contextmanager
def jira_world(
    *, is_cloud: bool, sleep: Callable[[float], None] = lambda _wait_s: None, **keys: Any
) -> Iterator[JiraWorld]:
    """Start a Jira of its own; at the end, everything has to have been as Atlassian describes it."""
    with JiraServer(is_cloud=is_cloud, contract=description()) as server:
        world = JiraWorld(server, sleep, **keys)
        with closing(world.tracker):
            yield world
        server.judged()
