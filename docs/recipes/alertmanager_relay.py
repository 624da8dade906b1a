"""Whosleft's events to Prometheus Alertmanager: a receiver for `kind: webhook`. Python's standard library alone.

    WHSEC=whsec_… ALERTMANAGER=http://127.0.0.1:9093 python3 alertmanager_relay.py 127.0.0.1:8099

An escalated or reopened ticket fires an alert, and so does one whose "done" was taken back; one that is done, blocked,
verified, cancelled or waived resolves it, whatever happened to it. Labels identify an alert, so they hold the ticket's
number and kind, and no name. Events may come out of order: of each ticket the relay remembers the newest that it passed
on, until it is restarted, and takes older ones without passing them on.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.request import Request, urlopen

FIRES = {"ticket.escalated", "ticket.reopened", "ticket.undone"}
RESOLVES = {"done", "blocked", "verified", "cancelled", "waived"}  # states of a ticket
STAYS = timedelta(days=7)  # without an end, Alertmanager resolves an alert by itself after five minutes
TOLERANCE_S = 300
BODY_MAX = 65_536
TICKETS_MAX = 100_000


def is_genuine(headers: Mapping[str, str], body: bytes, secret: str, now_s: float) -> bool:
    """True if the secret signed this body, and lately."""
    id_, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdecimal() or abs(now_s - int(at)) > TOLERANCE_S:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.digest(key, f"{id_}.{at}.".encode() + body, hashlib.sha256))
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(b"v1," + wanted, one.encode()) for one in given)


def alert_of(event: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """The alert for an event; None for an event that changes none."""
    kind = event["type"].removeprefix("net.whosleft.").removesuffix(".v1")
    data = event["data"]
    is_over = data.get("state") in RESOLVES
    if not kind.startswith("ticket.") or "kind" not in data or not (is_over or kind in FIRES):
        return None
    return {
        "labels": {"alertname": "WhosleftTicketOverdue", "ticket": event["subject"], "kind": data["kind"]},
        "annotations": {"summary": f"{event['subject']} ({data['kind']}) is escalated"},
        "generatorURL": data.get("url", ""),
        "endsAt": (now if is_over else now + STAYS).isoformat(),
    }


class Newest:
    """The newest event of each ticket that was passed on, by its place in Whosleft's journal."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.seqs: dict[str, int] = {}

    def pass_on(self, ticket: str, seq: int, send: Callable[[], bool]) -> bool:
        """Send an event, one at a time, unless a newer one of its ticket was sent; False if it has to come again."""
        with self.lock:
            if seq < self.seqs.get(ticket, 0):
                return True
            if not send():
                return False
            self.seqs.pop(ticket, None)
            self.seqs[ticket] = seq
            if len(self.seqs) > TICKETS_MAX:
                del self.seqs[next(iter(self.seqs))]  # nothing happened to it for longest
            return True


NEWEST = Newest()


class Relay(BaseHTTPRequestHandler):
    """Answers 204 only when Alertmanager has taken the alert: until then Whosleft sends the event again."""

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("content-length", 0)), BODY_MAX))
        now = datetime.now(UTC)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if not is_genuine(headers, body, os.environ["WHSEC"], now.timestamp()):
            self.answer(HTTPStatus.UNAUTHORIZED)
            return
        event = json.loads(body)
        alert = alert_of(event, now)
        is_done = alert is None or NEWEST.pass_on(
            event["subject"], event["data"]["seq"], lambda: self.is_taken(alert)
        )
        self.answer(HTTPStatus.NO_CONTENT if is_done else HTTPStatus.SERVICE_UNAVAILABLE)

    def is_taken(self, alert: Mapping[str, Any]) -> bool:
        url = f"{os.environ['ALERTMANAGER']}/api/v2/alerts"
        request = Request(url, json.dumps([alert]).encode(), {"content-type": "application/json"})
        try:
            with urlopen(request, timeout=10) as answer:
                return answer.status == HTTPStatus.OK
        except OSError:
            return False

    def answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.end_headers()


if __name__ == "__main__":
    host, _, port = sys.argv[1].rpartition(":")
    ThreadingHTTPServer((host, int(port)), Relay).serve_forever()
