"""A project with people, and what they do there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.tracker.gitlab import SPEC
from contracts.tracker import AMINA, TrackerWorld, tracker_context
from fakes.gitlab.server import PROJECT, TOKEN, GitlabServer
from fakes.trackers.markdown import as_read
from worker.ports.connectors.tracker import Tracker


def gitlab(server: GitlabServer, **keys: Any) -> Tracker:
    given = {
        "url": server.url,
        "token": TOKEN,
        "project": PROJECT,
        "labels": ["whosleft"],
        "declined_labels": ["wontfix", "duplicate"],
        "accounts": {AMINA: "amina-y"},
        "requests_per_minute": 6000,
    } | keys
    made: Tracker = SPEC.build(SPEC.config.model_validate(given), tracker_context())
    return made


class GitlabWorld(TrackerWorld):
    def __init__(self, server: GitlabServer, **keys: Any) -> None:
        self.server = server
        self.tracker = gitlab(server, **keys)

    def close(self, ref: str) -> None:
        self.server.change(int(ref), "sam-doe", "closed")

    def decline(self, ref: str) -> None:
        self.server.issues[int(ref)].labels.append("Wontfix")
        self.close(ref)

    def reopen(self, ref: str) -> None:
        self.server.change(int(ref), "sam-doe", "opened")

    def delete(self, ref: str) -> None:
        del self.server.issues[int(ref)]

    def somebody_elses(self) -> str:
        return str(self.server.add("Printer on floor 3 is jammed").iid)

    def comments(self, ref: str) -> Sequence[str]:
        return [as_read(one) for one in self.server.issues[int(ref)].notes]

    def text(self, ref: str) -> str:
        issue = self.server.issues[int(ref)]
        return f"{issue.title}\n{as_read(issue.description)}"

    def copies(self) -> int:
        return len(self.server.issues)

    def forbid_moves(self) -> None:
        self.server.may_move = False

    def forbid_writes(self) -> None:
        self.server.is_forbidden = True

    def lose_answers(self, count: int) -> None:
        self.server.lose(count)

    def answer_html(self) -> None:
        self.server.is_a_page = True
