"""Slack as it calls the worker, and what stands behind the connector."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from connectors.notify.slack import SPEC
from connectors.notify.slack.connector import SlackNotifier
from contracts.messages import MESSAGE, NOW, context
from fakes.slack.server import TOKEN, SlackServer
from worker.domain.messages.message import Offer, ReaderAct
from worker.ports import InboundCall, Noted
from worker.ports.connectors.conversing import Interaction

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
OFFERS = tuple(Offer(act, act.value.title()) for act in ReaderAct)
TICKET = replace(MESSAGE.paragraphs[0], ticket="T-000123", version=7, offers=OFFERS)
AMINA, SAM = "U0AMINA01", "U0SAM0001"


class Desk:
    """What stands behind the connector: keeps what comes, or fails to."""

    def __init__(self) -> None:
        self.kept: list[Interaction] = []
        self.is_broken = False

    def keep(self, one: Interaction) -> None:
        if self.is_broken:
            raise OSError("the database is away")
        self.kept.append(one)


class Caller:
    """Slack, as it calls us: signed, at an instant, or wrongly."""

    def __init__(self, soc: SlackNotifier) -> None:
        [self.called] = soc.calls
        self.at = NOW

    def send(
        self, payload: Any, *, kind: str = "interactive", secret: str = SECRET, **changes: Any
    ) -> tuple[int, str]:
        body, content = self.body(payload, kind)
        stamp = str(int(self.at.timestamp()))
        signed = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": content, "x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={signed}",
        } | changes.pop("headers", {})  # fmt: skip
        call = InboundCall("POST", "/slack", headers=headers, body=body)
        return self.called.receive(replace(call, **changes))

    def body(self, payload: Any, kind: str) -> tuple[bytes, str]:
        if kind == "events_api":
            return json.dumps(payload).encode(), "application/json"
        form = {"payload": json.dumps(payload)} if kind == "interactive" else payload
        return urlencode(form).encode(), "application/x-www-form-urlencoded"


def built(slack: SlackServer, notes: list[Noted] | None = None, **interactive: Any) -> SlackNotifier:
    settings = {
        "token": TOKEN, "channel": "#leavers", "api_url": slack.url,
        "interactive": {"mode": "http", "signing_secret": SECRET, "listen": "127.0.0.1:0"}
        | {"operators": ["Sam@Example.org"]} | interactive,
    }  # fmt: skip
    said: list[Noted] = [] if notes is None else notes

    def note(event: Noted, /, **_: object) -> None:
        said.append(event)

    config = SPEC.config.model_validate(settings)
    notifier: SlackNotifier = SPEC.build(config, replace(context(), note=note))
    return notifier
