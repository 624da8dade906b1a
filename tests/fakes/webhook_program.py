"""A program that is told of tickets by signed webhooks, and calls back; its signatures are an independent library's."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook

from connectors.tracker.webhook import SPEC
from contracts.telling_tracker import TellingWorld, by_key
from contracts.tracker import tracker_context
from fakes.http_receiver import Fault, HttpReceiver
from worker.ops.clock import system_now
from worker.ports import InboundCall
from worker.ports.connectors.tracker import TellingTracker

OUT, IN, IN_NEXT = (f"whsec_{base64.b64encode(byte * 32).decode()}" for byte in (b"o", b"i", b"n"))


def tracker(url: str, **keys: Any) -> TellingTracker:
    calls = {"listen": "127.0.0.1:8091", "path": "/desk", "secrets": [IN_NEXT, IN]}
    given = {"url": url, "secrets": [OUT], "calls": calls, "requests_per_minute": 6000} | keys
    context = replace(tracker_context(), now=system_now)
    made: TellingTracker = SPEC.build(SPEC.config.model_validate(given), context)
    return made


def signed(
    body: bytes, call_id: str = "one", secret: str = IN, at: datetime | None = None, path: str = "/desk"
) -> InboundCall:
    at = at or system_now()
    headers = {
        "webhook-id": call_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(call_id, at, body.decode()),
    }
    return InboundCall("POST", path, headers=headers, body=body)


class ProgramWorld(TellingWorld):
    def __init__(self, receiver: HttpReceiver) -> None:
        self.receiver = receiver
        self.tracker = tracker(receiver.url)

    def tickets(self) -> Mapping[str, Mapping[str, Any]]:
        tellings = []
        for taken in self.receiver.taken:
            Webhook(OUT).verify(taken.body, dict(taken.headers))
            event = from_http(HTTPMessage(dict(taken.headers), taken.body), JSONFormat())
            data = event.get_data()
            assert isinstance(data, dict)
            tellings.append((taken.headers["idempotency-key"], data))
        return by_key(tellings)

    def lose_answers(self, count: int) -> None:
        self.receiver.fail(*[Fault(is_taken=True)] * count)

    def call(self, label: str, *, is_done: bool, call_id: str = "one", by: str = "", note: str = "") -> int:
        body = {"ticket": label, "state": "done" if is_done else "open", "by": by, "note": note}
        return self.answer(signed(json.dumps(body).encode(), call_id))

    def call_without_proof(self, label: str) -> int:
        body = json.dumps({"ticket": label, "state": "done"}).encode()
        return self.answer(signed(body, secret=OUT))

    def answer(self, call: InboundCall) -> int:
        [calls] = self.tracker.calls
        return calls.receive(call)[0]
