"""Slack's calls to us, where an app has no Socket Mode: genuine? new? then what they say is kept.

The signature is over the raw body, so nothing is read before it was proved. Answers: 401 for a wrong, missing, old or
future proof, 200 for what was kept or means nothing to us, 500 if it could not be kept: then the person sees a warning.
The same call again is answered as the first one was; with 500 while that is being kept, as nobody knows yet.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

from pydantic import SecretStr
from slack_sdk.signature import Clock, SignatureVerifier

from connectors.kit.calls import BAD, NOT_FOUND, OK, REFUSED, WRONG_METHOD
from connectors.notify.slack.incoming import MALFORMED, Incoming
from connectors.notify.slack.notes import CALL_REFUSED
from worker.ports import InboundCall, Note

FAILED = 500
REMEMBERED_S = 600  # twice the time for which a signature is good
REMEMBERED_MAX = 100_000


class SignedCalls:
    """`listen` and `path` are as configured. `now_s`: seconds since 1970. Threads share it."""

    key = "interactive.listen"
    caller = "Slack"

    def __init__(
        self,
        name: str,
        place: tuple[str, str],
        secret: SecretStr,
        incoming: Incoming,
        note: Note,
        now_s: Callable[[], float],
    ) -> None:
        self.name = name
        self.listen, path = place
        self._path = path.rstrip("/")
        self._verifier = SignatureVerifier(secret.get_secret_value(), _Clock(now_s))
        self._incoming = incoming
        self._note = note
        self._now_s = now_s
        self._lock = Lock()
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._under_way: set[tuple[str, str]] = set()

    def receive(self, call: InboundCall) -> tuple[int, str]:
        """See `worker.ports.Called`."""
        if call.path.rstrip("/") != self._path:
            return NOT_FOUND, ""
        if call.method != "POST":
            return WRONG_METHOD, ""
        if not self._is_genuine(call):
            self._note(CALL_REFUSED)
            return REFUSED, ""
        if (known := self._known(call)) is not None:
            return known, ""
        try:
            return self._answer(call)
        except MALFORMED:
            return BAD, ""
        except Exception:  # noqa: BLE001  whatever storing raises: it was not kept, so it is not acknowledged
            self._forget(call)
            return FAILED, ""
        finally:
            self._under_way.discard(_proof(call))

    def _answer(self, call: InboundCall) -> tuple[int, str]:
        kind, payload = _payload(call)
        if payload.get("type") == "url_verification":
            return OK, str(payload["challenge"])
        answer = self._incoming.take(kind, payload)
        return OK, json.dumps(answer) if answer else ""

    def _is_genuine(self, call: InboundCall) -> bool:
        stamp, signature = _proof(call)
        try:
            return self._verifier.is_valid(call.body, stamp, signature) is True
        except (ValueError, TypeError):  # what the SDK raises for hostile headers and bodies
            return False

    def _known(self, call: InboundCall) -> int | None:
        """The answer to a call that came before; None for a new one, which is under way from now on."""
        now_s, proof = self._now_s(), _proof(call)
        with self._lock:
            while self._seen and (
                next(iter(self._seen.values())) < now_s - REMEMBERED_S or len(self._seen) > REMEMBERED_MAX
            ):
                self._seen.popitem(last=False)
            if proof in self._under_way:
                return FAILED
            if proof in self._seen:
                return OK
            self._seen[proof] = now_s
            self._under_way.add(proof)
            return None

    def _forget(self, call: InboundCall) -> None:
        with self._lock:
            self._seen.pop(_proof(call), None)


class _Clock(Clock):
    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s

    def now(self) -> float:
        return self._now_s()


def _proof(call: InboundCall) -> tuple[str, str]:
    return (
        call.headers.get("x-slack-request-timestamp", ""),
        call.headers.get("x-slack-signature", ""),
    )


def _payload(call: InboundCall) -> tuple[str, Mapping[str, Any]]:
    """The kind and the payload: an event is JSON; a click is a form with JSON in it; a command is a form."""
    text = call.body.decode()
    if call.headers.get("content-type", "").startswith("application/json"):
        return "events_api", json.loads(text)
    form = {name: values[-1] for name, values in parse_qs(text).items()}
    if "payload" in form:
        return "interactive", json.loads(form["payload"])
    return "slash_commands", form
