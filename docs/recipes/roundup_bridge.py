"""Whosleft's tickets in Roundup, and back: between `kind: webhook` and Roundup's REST. Python's standard library alone.

    WHSEC_OUT=whsec_… WHSEC_IN=whsec_… WHOSLEFT=http://127.0.0.1:8091/roundup ROUNDUP=https://roundup.example.org/tracker
    ROUNDUP_LOGIN=whosleft:PASSWORD python3 roundup_bridge.py 127.0.0.1:8098

    an event             -> the issue with its id, or a new one -> changed, if the event is newer
    every half minute    -> the issues that changed -> what people closed or reopened -> told to Whosleft

What is known of a ticket stands in its issue: `external_id` names the ticket, `whosleft` says what was told last. So a
restart loses nothing, and what comes twice has no effect. Another tracker needs another `Roundup`, and the rest stays.
"""

import base64
import hashlib
import hmac
import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

CLOSED = ("resolved",)  # what means closed there
ON_DONE, ON_REOPEN = "resolved", "in-progress"  # what we set
EVERY_S = float(os.environ.get("EVERY_S", "30"))
TIMEOUT_S, TOLERANCE_S, BODY_MAX = 10, 300, 1_048_576
TROUBLE = (OSError, HTTPException, ValueError, KeyError)  # of a request; whatever it was, it is tried again
STILL = "This is still to be done: Whosleft has looked."
WAITS = "This waits for another ticket, so it can't be done yet."
ENDED = {"cancelled": "Nothing is to be done any more.", "waived": "Somebody decided against doing it."}
log = logging.getLogger("bridge")
Row = Mapping[str, Any]


class Roundup:
    """The tracker. What raises TROUBLE may be done all the same, so everything here can be repeated."""

    def __init__(self, url: str, login: str) -> None:
        self.base = f"{url.rstrip('/')}/rest/data/"
        self.links: dict[str, str] = {}  # by which issues are being made
        key, place = base64.b64encode(login.encode()).decode(), urlsplit(url)
        self.headers = {"Authorization": f"Basic {key}", "Origin": f"{place.scheme}://{place.netloc}"}
        self.headers |= {"X-Requested-With": "whosleft", "Content-Type": "application/json"}
        self.statuses = {row["name"]: row["id"] for row in self.rows("status", {"@fields": "name"})}
        self.closed = {self.statuses[name] for name in CLOSED}
        [me] = self.rows("user", {"username:": login.partition(":")[0]})
        self.me = me["id"]

    def find(self, external_id: str) -> Row | None:
        """Return the oldest issue of a ticket, whatever its status. With the colon the comparison is exact."""
        return next(iter(self.issues({"external_id:": external_id})), None)

    def changed(self, since: str) -> list[Row]:
        """Return our issues that were changed since an instant of Roundup's, oldest change first."""
        found = self.issues({"external_id": "/T-", "activity": f"{since};", "@sort": "activity"})
        return [row for row in found if row["whosleft"]]

    def issues(self, asked: Mapping[str, str]) -> list[Row]:
        return self.rows("issue", {"@fields": "status,activity,actor,external_id,whosleft", **asked})

    def create(self, external_id: str, told: Row, title: str, text: str, email: str) -> None:
        """Make an issue by a link that works once, so that a repeat does not make two while the first still runs."""
        made = {"title": title, "external_id": external_id, "whosleft": json.dumps(told)}
        made |= self.said(text) | self.given(email)
        link = self.links.get(external_id) or self.ask("POST", "issue/@poe", {})["link"]
        self.links[external_id] = link
        try:
            self.ask("POST", f"issue/@poe/{link.rpartition('/')[2]}", made)
        except HTTPError:  # used up, or too old: the next one looks, and takes another
            del self.links[external_id]
            raise
        del self.links[external_id]

    def change(self, issue: Row, told: Row, status: str = "", email: str = "", note: str = "") -> None:
        """Change all at once, if nobody else did since it was read."""
        now = self.ask("GET", f"issue/{issue['id']}?@verbose=0")
        known = now["attributes"]
        if (known["status"], known["whosleft"]) != (issue["status"], issue["whosleft"]):
            raise OSError(f"issue{issue['id']} was changed meanwhile")
        fields = {"whosleft": json.dumps(told), **self.said(note, known["messages"]), **self.given(email)}
        if status:
            fields["status"] = self.statuses[status]
        self.ask("PUT", f"issue/{issue['id']}", fields, now["@etag"])

    def said(self, text: str, messages: list[str] | None = None) -> dict[str, Any]:
        """A message, which stands nowhere before an issue has it."""
        if not text:
            return {}
        made = self.ask("POST", "msg", {"content": text, "author": self.me, "date": "."})
        return {"messages": [*(messages or []), made["id"]]}

    def given(self, email: str) -> dict[str, Any]:
        """Whoever has this address, if it is exactly one account."""
        found = self.rows("user", {"address:": email}) if email else []
        return {"assignedto": found[0]["id"]} if len(found) == 1 else {}

    def address(self, user: str) -> str:
        return str(self.ask("GET", f"user/{user}?@fields=address")["attributes"]["address"] or "")

    def rows(self, kind: str, asked: Mapping[str, str]) -> list[Row]:
        return list(self.ask("GET", f"{kind}?{urlencode({'@verbose': 0, **asked})}")["collection"])

    def ask(self, method: str, path: str, body: Row | None = None, etag: str = "") -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = self.headers | ({"If-Match": etag} if etag else {})
        request = Request(self.base + path, data, headers, method=method)
        with urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)["data"]


def take(tracker: Roundup, event: Row, version: int) -> None:
    """Bring a ticket's issue where the event says. Of two events the newer counts, whichever comes first."""
    data, external_id = event["data"], f"{event['source']}/{event['subject']}"
    email = (data["assignee"] or {}).get("email", "")
    told = {"version": version, "state": data["state"], "reopened": data["reopened"], "email": email}
    issue = tracker.find(external_id)
    if issue is None:
        if event["type"].endswith(".opened"):  # else somebody deleted it
            tracker.create(external_id, {**told, "closed": False}, *wording(event), email)
        return
    known = json.loads(issue["whosleft"])
    if version <= known["version"]:
        return
    closed, status, note = known["closed"], "", ""
    if data["state"] in {"verified", *ENDED}:
        closed, status = True, ON_DONE
        note = ENDED.get(data["state"]) or f"Verified on {data['verified_at'][:10]} by {data['verified_by']}."
    elif known["closed"] and data["reopened"] > known["reopened"]:
        closed, status, note = False, ON_REOPEN, STILL
    tracker.change(issue, {**told, "closed": closed}, status, email if email != known["email"] else "", note)


def wording(event: Row) -> tuple[str, str]:
    """Title and text of a new issue."""
    data, source = event["data"], event["source"]
    where = f": {data['group']['name']}" if data["group"] else ""
    title = f"{data['kind'].replace('_', ' ').capitalize()}{where} ({event['subject']})"
    link = f"{source}/tickets/{event['subject']}" if source.startswith("http") else ""
    who = (data["assignee"] or {}).get("name", "")
    return title, "\n".join(filter(None, (title, f"Due: {data['due_at'][:10]}", who, link)))


def hear(tracker: Roundup, since: str) -> str:
    """Tell what people closed or reopened since an instant; return the one from which to go on."""
    for issue in tracker.changed(since):
        try:
            hear_of(tracker, issue)
        except OSError as error:
            log.warning("Could not hear of issue%s: %s", issue["id"], error)
            break  # the next time begins with it
        except TROUBLE as error:
            log.warning("Could not understand issue%s: %s", issue["id"], error)
        since = issue["activity"]
    return since


def hear_of(tracker: Roundup, issue: Row) -> None:
    told, closed = json.loads(issue["whosleft"]), issue["status"] in tracker.closed
    if closed == told["closed"]:
        return
    if closed and told["state"] == "blocked":
        tracker.change(issue, told, ON_REOPEN, note=WAITS)
        return
    said = {"ticket": issue["external_id"].rpartition("/")[2], "state": "done" if closed else "open"}
    once = hashlib.sha256(f"{issue['external_id']} {closed} {issue['activity']}".encode()).hexdigest()
    tell({**said, "by": tracker.address(issue["actor"])}, once)
    tracker.change(issue, {**told, "closed": closed})


def signature(secret: str, id_: str, at: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, f"{id_}.{at}.".encode() + body, hashlib.sha256)).decode()


def tell(said: Row, id_: str) -> None:
    body, at = json.dumps(said).encode(), str(int(time.time()))
    headers = {"webhook-id": id_, "webhook-timestamp": at, "content-type": "application/json"}
    headers["webhook-signature"] = signature(os.environ["WHSEC_IN"], id_, at, body)
    try:
        urlopen(Request(os.environ["WHOSLEFT"], body, headers), timeout=TIMEOUT_S).close()
    except HTTPError as error:
        if error.code != HTTPStatus.BAD_REQUEST:  # which stays so; anything else is told again
            raise


class Bridge(HTTPServer):
    """One thread: while something is read there, the next event waits."""

    tracker: Roundup
    since, next_s = "2000-01-01", 0.0

    def service_actions(self) -> None:
        if time.monotonic() < self.next_s:
            return
        try:
            self.since = hear(self.tracker, self.since)
        except TROUBLE as error:
            log.warning("Could not hear: %s", error)
        self.next_s = time.monotonic() + EVERY_S


class Events(BaseHTTPRequestHandler):
    """Answers 204 only when Roundup has it: until then Whosleft sends it again."""

    server: Bridge
    timeout = TIMEOUT_S  # one who sends half a request would stop both directions

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("content-length", 0)), BODY_MAX))
        id_, at = self.headers.get("webhook-id", ""), self.headers.get("webhook-timestamp", "")
        wanted = signature(os.environ["WHSEC_OUT"], id_, at, body).encode()
        given = self.headers.get("webhook-signature", "").split(" ")
        is_now = at.isdecimal() and abs(time.time() - int(at)) <= TOLERANCE_S
        if not is_now or not any(hmac.compare_digest(wanted, one.encode()) for one in given):
            self.answer(HTTPStatus.UNAUTHORIZED)
            return
        key = self.headers.get("idempotency-key", "")
        try:
            take(self.server.tracker, json.loads(body), int(key.rpartition("/")[2]))
        except TROUBLE as error:
            log.warning("Could not take %s: %s", key, error)
            self.answer(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self.answer(HTTPStatus.NO_CONTENT)

    def answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.end_headers()


if __name__ == "__main__":
    host, _, port = sys.argv[1].rpartition(":")
    bridge = Bridge((host, int(port)), Events)
    bridge.tracker = Roundup(os.environ["ROUNDUP"], os.environ["ROUNDUP_LOGIN"])
    bridge.serve_forever()
