"""A project of the real Redmine as a world of trackers: our account, and what people do there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.tracker.redmine.config import RedmineConfig
from connectors.tracker.redmine.connector import RedmineTracker
from contracts.tracker import AMINA, TrackerWorld, tracker_context
from redmine import AMINA as AMINA_LOGIN
from redmine import CLOSER, ROOT, US, Project, RedmineServer
from wires import Wire

STATES: dict[str, Any] = {
    "done": ["Closed", "Resolved"],
    "open": ["In Progress", "New", "Feedback"],
    "declined": ["Rejected"],
}


def config(wire: Wire, server: RedmineServer, project: Project, **more: Any) -> RedmineConfig:
    return RedmineConfig.model_validate(
        {
            "url": wire.url,
            "api_key": server.people[US].key,
            "project": project.identifier,
            "tracker": "Task",
            "states": STATES,
            "accounts": {AMINA: server.people[AMINA_LOGIN].id},
            "requests_per_minute": 6000,
            **more,
        }
    )


class RedmineWorld(TrackerWorld):
    def __init__(self, server: RedmineServer, wire: Wire, project: Project) -> None:
        self.server = server
        self.wire = wire
        self.project = project
        self.tracker: RedmineTracker = RedmineTracker(config(wire, server, project), tracker_context())

    def end(self) -> None:
        self.tracker.close()
        self.server.retire(self.project)

    def close(self, ref: str) -> None:
        self.server.status(CLOSER, ref, "Closed")

    def decline(self, ref: str) -> None:
        self.server.status(CLOSER, ref, "Rejected")

    def reopen(self, ref: str) -> None:
        self.server.status(CLOSER, ref, "In Progress")

    def delete(self, ref: str) -> None:
        self.server.asked(ROOT, "DELETE", f"/issues/{ref}.json")

    def somebody_elses(self) -> str:
        issue = {"project_id": self.project.id, "subject": "Printer on floor 3 is jammed"}
        made = self.server.asked(ROOT, "POST", "/issues.json", {"issue": issue})
        return str(made["issue"]["id"])

    def comments(self, ref: str) -> Sequence[str]:
        return self.server.comments(ref)

    def files(self, ref: str) -> int:
        return len(self.server.issue(ref, "attachments")["attachments"])

    def text(self, ref: str) -> str:
        return self.server.text(ref)

    def copies(self) -> int:
        self.wire.mend()
        return self.server.count(self.project)

    def forbid_moves(self) -> None:
        self.server.act("forbid_moves", self.project.role)

    def forbid_writes(self) -> None:
        self.server.act("permit", self.project.role, "view_issues")

    def lose_answers(self, count: int) -> None:
        """Until somebody counts the copies. The project is asked for once, so it is known by then."""
        self.tracker._place()
        self.wire.lose_answers()

    def answer_html(self) -> None:
        self.tracker.close()
        self.wire.answer_html()
