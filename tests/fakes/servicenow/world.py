"""An instance with people, and what they do there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.tracker.servicenow import SPEC
from contracts.tracker import AMINA, TrackerWorld, tracker_context
from fakes.servicenow.server import CODES, PASSWORD, USER, ServicenowServer, failed
from worker.ports.connectors.tracker import Tracker

DOE = "sam.doe@example.org"
STATES = {"open": [1, 2, 3], "done": [6, 7], "declined": [8, CODES[2]], "on_cancelled": 8}


def servicenow(server: ServicenowServer, **keys: Any) -> Tracker:
    given = {
        "url": server.url,
        "user": USER,
        "password": PASSWORD,
        "states": STATES,
        "close": {"close_code": CODES[0]},
        "group": "Service desk",
        "requests_per_minute": 6000,
    } | keys
    made: Tracker = SPEC.build(SPEC.config.model_validate(given), tracker_context())
    return made


class ServicenowWorld(TrackerWorld):
    def __init__(self, server: ServicenowServer, **keys: Any) -> None:
        self.server = server
        self.group = server.add("sys_user_group", name="Service desk", active="true")
        self.amina = self.person("amina.yusuf", AMINA)
        self.doe = self.person("sam.doe", DOE)
        self.tracker = servicenow(server, **keys)

    def person(self, user_name: str, email: str) -> str:
        sys_id = self.server.add(
            "sys_user", user_name=user_name, name=user_name.title(), email=email, active="true"
        )
        self.server.add("sys_user_grmember", group=self.group, user=sys_id)
        return sys_id

    def close(self, ref: str) -> None:
        self.server.change(ref, self.doe, state="6", close_code=CODES[0], close_notes="Removed.")

    def decline(self, ref: str) -> None:
        self.server.change(ref, self.doe, state="8")

    def reopen(self, ref: str) -> None:
        self.server.change(ref, self.doe, state="2")

    def delete(self, ref: str) -> None:
        del self.server.tables["incident"][ref]

    def somebody_elses(self) -> str:
        at = self.server.tick().strftime("%Y-%m-%d %H:%M:%S")
        times = {"sys_created_on": at, "sys_updated_on": at, "sys_mod_count": "0"}
        return self.server.add("incident", number="INC0090001", state="1", assigned_to="", **times)

    def comments(self, ref: str) -> Sequence[str]:
        return [text for sys_id, _field, text in self.server.journal if sys_id == ref]

    def files(self, ref: str) -> int:
        return sum(one["table_sys_id"] == ref for one in self.server.files)

    def text(self, ref: str) -> str:
        record = self.server.tables["incident"][ref]
        return f"{record['short_description']}\n{record['description']}"

    def copies(self) -> int:
        return len(self.server.tables["incident"])

    def forbid_moves(self) -> None:
        self.server.unwritten.add("incident.state")

    def forbid_writes(self) -> None:
        for method in ("PATCH", "POST"):
            self.server.tell(f"{method} ", failed(403, "Operation Failed", "ACL Exception Update Failed"))

    def lose_answers(self, count: int) -> None:
        self.server.lose(count)

    def answer_html(self) -> None:
        self.server.is_a_page = True
