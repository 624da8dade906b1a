"""A repository with people, and what they do there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from connectors.tracker.github import SPEC
from contracts.tracker import AMINA, TrackerWorld, tracker_context
from fakes.github.server import REPOSITORY, TOKEN, GithubServer, refused
from fakes.trackers.markdown import as_read
from worker.ports.connectors.base import no_wait
from worker.ports.connectors.tracker import Tracker


def github(server: GithubServer, *, sleep: Callable[[float], None] = no_wait, **keys: Any) -> Tracker:
    given = {
        "url": server.url,
        "token": TOKEN,
        "repository": REPOSITORY,
        "labels": ["whosleft"],
        "accounts": {AMINA: "amina-y"},
        "requests_per_minute": 6000,
    } | keys
    made: Tracker = SPEC.build(SPEC.config.model_validate(given), replace(tracker_context(), sleep=sleep))
    return made


class GithubWorld(TrackerWorld):
    def __init__(self, server: GithubServer, **keys: Any) -> None:
        self.server = server
        self.tracker = github(server, **keys)

    def close(self, ref: str) -> None:
        self.server.change(int(ref), "sam-doe", "closed", None)

    def decline(self, ref: str) -> None:
        self.server.change(int(ref), "sam-doe", "closed", "not_planned")

    def reopen(self, ref: str) -> None:
        self.server.change(int(ref), "sam-doe", "open", None)

    def delete(self, ref: str) -> None:
        self.server.gone.add(int(ref))

    def somebody_elses(self) -> str:
        return str(self.server.add("Printer on floor 3 is jammed").number)

    def comments(self, ref: str) -> Sequence[str]:
        return [as_read(one) for one in self.server.issues[int(ref)].comments]

    def text(self, ref: str) -> str:
        issue = self.server.issues[int(ref)]
        return f"{issue.title}\n{as_read(issue.body)}"

    def copies(self) -> int:
        return len(self.server.issues)

    def forbid_moves(self) -> None:
        self.server.may_move = False

    def forbid_writes(self) -> None:
        for method in ("PATCH", "POST"):
            self.server.tell(f"{method} ", refused(403, "Resource not accessible by personal access token"))

    def lose_answers(self, count: int) -> None:
        self.server.lose(count)

    def answer_html(self) -> None:
        self.server.is_a_page = True
