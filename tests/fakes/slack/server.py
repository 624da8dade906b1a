"""A Slack on loopback: the part of its Web API that the worker speaks, with state, limits and faults.

It answers as the pages of docs.slack.dev/reference/methods describe (read 2026-11), checks blocks
against the published limits, and keeps what was posted in `posts`. Used as a context manager.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs

from fakes.slack.blocks import Refused
from fakes.slack.posting import Posting
from fakes.slack.talking import TEAM, Talking
from fakes.slack.workspace import Channel, Workspace

if TYPE_CHECKING:
    from fakes.slack.sockets import SocketServer

APP_TOKEN = "xapp-1-A09-900-s3cr3tApps3cr3tApp"

TOKEN = "xoxb-900000000000-s3cr3tS3cr3tS3cr3t"
ALL_SCOPES = (
    "chat:write",
    "users:read",
    "users:read.email",
    "im:write",
    "im:history",
    "channels:read",
    "channels:history",
    "groups:read",
    "groups:history",
    "channels:join",
    "channels:manage",
    "groups:write",
    "usergroups:read",
    "usergroups:write",
    "commands",
)


@dataclass(frozen=True)
class Fault:
    """What happens to one call. Instead of it: `status` (with `code`, `headers`, or a raw `body`), or
    `drop_before`. After it took effect: `drop_after`, an answer that comes `slow_s` seconds late, or
    the `status` where `is_after`.
    """

    status: int = 200
    code: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    drop_before: bool = False
    drop_after: bool = False
    is_after: bool = False
    slow_s: float = 0.0


def rate_limited(retry_after_s: int) -> Fault:
    return Fault(429, "ratelimited", headers={"Retry-After": str(retry_after_s)})


class SlackServer(Workspace, Posting, Talking):
    """State is public: tests set it up and look into it. One call of one method may be made to fail by
    `fail(method, fault)`; faults of a method are used up in order.
    """

    def __init__(self) -> None:
        Workspace.__init__(self)
        Posting.__init__(self)
        Talking.__init__(self)
        self.sockets: SocketServer | None = None  # of Socket Mode, if it is on
        self.people: dict[str, dict[str, Any]] = {}
        self.channels = {"C0LEAVERS01": Channel("C0LEAVERS01", "leavers")}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.scopes = set(ALL_SCOPES)
        self.is_revoked = False
        self.page_size = 200
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.base}/api/"

    def add_person(self, email: str, user_id: str, **extra: Any) -> None:
        known = {"id": user_id, "name": email.partition("@")[0], "team_id": TEAM, "profile": {"email": email}}
        self.people[email.lower()] = {**known, **extra}

    def fail(self, method: str, *faults: Fault) -> None:
        self._faults[method].extend(faults)

    def mend(self) -> None:
        self._faults.clear()

    def called(self, method: str) -> int:
        return sum(name == method for name, _ in self.calls)

    # --- one request -----------------------------------------------------------------------------

    def answer(self, method: str, bearer: str, body: dict[str, Any]) -> tuple[Fault, bytes]:
        """Return the fault to act out while answering, and the answer."""
        with self._lock:
            self.calls.append((method, body))
            fault = self._faults[method].popleft() if self._faults[method] else Fault()
            if fault.drop_before or (fault.body is not None and not fault.is_after):
                return fault, fault.body or b""
            failed = _json({"ok": False, "error": fault.code or "internal_error", **fault.extra})
            is_failure = bool(fault.code) or fault.status != HTTPStatus.OK
            if is_failure and not fault.is_after:
                return fault, failed
            try:
                result = self._method(method, bearer)(body)
            except Refused as refused:
                if refused.code == "ratelimited":
                    fault = rate_limited(1)
                return fault, _json({"ok": False, "error": refused.code, **refused.extra})
            return fault, fault.body or (failed if is_failure else _json({"ok": True, **result}))

    def wait(self, seconds: float) -> None:
        self._closing.wait(seconds)

    def headers(self) -> dict[str, str]:
        return {"x-oauth-scopes": ",".join(sorted(self.scopes))}

    def _method(self, method: str, bearer: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        if not bearer.startswith("Bearer "):
            raise Refused("not_authed")
        if method == "apps.connections.open":
            if bearer != f"Bearer {APP_TOKEN}" or self.sockets is None:
                raise Refused("invalid_auth")
            address = self.sockets.address()
            return lambda _: {"url": address}
        if bearer != f"Bearer {TOKEN}":
            raise Refused("invalid_auth")
        if self.is_revoked:
            raise Refused("token_revoked")
        methods = {
            "auth.test": self._auth_test,
            "conversations.info": self._info,
            "conversations.open": self._open,
            "users.conversations": self._own_channels,
            "users.lookupByEmail": self._look_up,
            **self.inventory_methods(),
            **self.posting_methods(),
            **self.talking_methods(),
        }
        if method not in methods:
            raise Refused("unknown_method")
        return methods[method]

    def _need(self, *scopes: str) -> None:
        for scope in scopes:
            if scope not in self.scopes:
                raise Refused("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))

    # --- methods ---------------------------------------------------------------------------------

    def _auth_test(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "team": "St Mary's",
            "team_id": TEAM,
            "user": "whosleft",
            "user_id": "U0BOT",
            "bot_id": "B09",
        }

    def _look_up(self, body: dict[str, Any]) -> dict[str, Any]:
        self._need("users:read.email")
        user = self.people.get(str(body.get("email", "")).lower())
        if user is None:
            raise Refused("users_not_found")
        return {"user": user}

    def _open(self, body: dict[str, Any]) -> dict[str, Any]:
        self._need("im:write")
        return {"channel": {"id": self._direct(body.get("users", ""))}}

    def _own_channels(self, body: dict[str, Any]) -> dict[str, Any]:
        types = str(body.get("types", "public_channel")).split(",")
        self._need(*(["channels:read"] if "public_channel" in types else []))
        self._need(*(["groups:read"] if "private_channel" in types else []))
        mine = [c for c in self.channels.values() if c.is_member]
        start = int(body.get("cursor") or 0)
        end = start + min(self.page_size, int(body.get("limit", 100)))
        rows = [{"id": c.channel_id, "name": c.name, "is_archived": c.is_archived} for c in mine[start:end]]
        return {"channels": rows, "response_metadata": {"next_cursor": str(end) if end < len(mine) else ""}}

    def _info(self, body: dict[str, Any]) -> dict[str, Any]:
        channel = self.channels.get(body.get("channel", ""))
        if channel is None:
            raise Refused("channel_not_found")
        self._need("groups:read" if channel.is_private else "channels:read")
        row = channel.row()
        if body.get("include_num_members") != "true":
            del row["num_members"]
        return {"channel": row}


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close() waits for them

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle is what the tests are about."""


def _handler(slack: SlackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            self._answer(path, _parse("", query.encode()))

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path.startswith("/response/"):
                self._take_answer(raw)
                return
            self._answer(self.path, _parse(self.headers.get("Content-Type", ""), raw))

        def _answer(self, path: str, body: dict[str, Any]) -> None:
            method = path.removeprefix("/api/")
            fault, answer = slack.answer(method, self.headers.get("Authorization", ""), body)
            if fault.slow_s:
                slack.wait(fault.slow_s)
            if fault.drop_before or fault.drop_after:
                self.close_connection = True
                return
            self.send_response(fault.status)
            is_json = fault.body is None
            self.send_header("Content-Type", "application/json; charset=utf-8" if is_json else "text/html")
            for name, value in {**slack.headers(), **fault.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _take_answer(self, raw: bytes) -> None:
            number = self.path.removeprefix("/response/")
            status, answer = slack.take_answer(number, json.loads(raw))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
            pass

    return Handler


def _parse(content_type: str, raw: bytes) -> dict[str, Any]:
    if content_type.startswith("application/json"):
        body: dict[str, Any] = json.loads(raw)
        return body
    form: dict[str, Any] = {key: values[-1] for key, values in parse_qs(raw.decode()).items()}
    for key in ("blocks", "metadata"):
        if key in form:
            form[key] = json.loads(form[key])
    return form


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode()
