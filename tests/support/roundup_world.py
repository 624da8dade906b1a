"""The real Roundup behind the recipe's bridge, run as the recipe says, as a world of trackers.

Whosleft -> wire -> bridge -> Roundup        Whosleft's door for calls <- bridge
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from channels import wait_for
from contracts.tracker import TrackerWorld
from fakes.webhook_program import IN, OUT, tracker
from ports import free_port
from recipes import BRIDGE
from roundup_server import CLOSER, PASSWORD, US, RoundupServer
from throwaway import Process, guarded_folder
from wires import Wire, wire_to
from worker.ops.receiver import receiving

PATH = "/roundup"


class RoundupWorld(TrackerWorld):
    """`wire` is between Whosleft and the bridge."""

    def __init__(self, server: RoundupServer, wire: Wire, listen: str) -> None:
        self.server = server
        self.wire = wire
        calls = {"listen": listen, "path": PATH, "secrets": [IN]}
        self.tracker = tracker(wire.url, calls=calls)

    def number(self, ref: str) -> str:
        """The issue of a ticket."""
        [number] = [one["id"] for one in self.server.issues() if one["external_id"].endswith(f"/{ref}")]
        return str(number)

    def known(self, ref: str) -> dict[str, Any]:
        """What the bridge knows of a ticket."""
        [known] = [one["whosleft"] for one in self.server.issues() if one["external_id"].endswith(f"/{ref}")]
        return dict(json.loads(known))

    def close(self, ref: str) -> None:
        self._put(ref, "resolved", is_closed=True)

    def reopen(self, ref: str) -> None:
        self._put(ref, "chatting", is_closed=False)

    def _put(self, ref: str, status: str, *, is_closed: bool) -> None:
        self.server.put(CLOSER, self.number(ref), status=status)
        wait_for(lambda: self.known(ref)["closed"] is is_closed)  # the bridge has told it

    def decline(self, ref: str) -> None:
        raise NotImplementedError("Roundup's classic template has no such status")

    def delete(self, ref: str) -> None:
        self.server.delete(self.number(ref))

    def somebody_elses(self) -> str:
        raise NotImplementedError("Roundup is not read")

    def comments(self, ref: str) -> Sequence[str]:
        return self.server.said(self.number(ref))[1:]

    def text(self, ref: str) -> str:
        [issue] = [one for one in self.server.issues() if one["external_id"].endswith(f"/{ref}")]
        return "\n".join([issue["title"], self.server.said(issue["id"])[0]])

    def copies(self) -> int:
        self.wire.mend()
        return len(self.server.issues())

    def forbid_moves(self) -> None:
        raise NotImplementedError("see the test of rights")

    def forbid_writes(self) -> None:
        raise NotImplementedError("see the test of rights")

    def lose_answers(self, count: int) -> None:
        """Until somebody counts the copies."""
        self.wire.lose_answers()

    def answer_html(self) -> None:
        self.wire.answer_html()


@contextmanager
def roundup_world(server: RoundupServer) -> Iterator[RoundupWorld]:
    """Yield it with the bridge running, and the door open for its calls."""
    listen, port = f"127.0.0.1:{free_port()}", free_port()
    environment = {
        "WHSEC_OUT": OUT, "WHSEC_IN": IN, "WHOSLEFT": f"http://{listen}{PATH}", "EVERY_S": "0.05",
        "ROUNDUP": f"http://127.0.0.1:{server.port}", "ROUNDUP_LOGIN": f"{US}:{PASSWORD}",
    }  # fmt: skip
    with guarded_folder("whosleft-bridge-") as folder, wire_to(port) as wire:
        world = RoundupWorld(server, wire, listen)
        given = (f"{key}={value}" for key, value in environment.items())
        command = ("/usr/bin/env", *given, sys.executable, str(BRIDGE), f"127.0.0.1:{port}")
        bridge = Process(command, "127.0.0.1", (port,), folder / "bridge.out")
        with receiving(world.tracker.calls):
            bridge.start()
            (folder / "bridge.pid").write_text(str(bridge.pid))
            try:
                yield world
            finally:
                bridge.stop()
                world.tracker.close()
