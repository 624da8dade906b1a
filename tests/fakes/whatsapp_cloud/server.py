"""Meta's Groups API on loopback: groups of one number, with state, pages, errors and signed calls.

It answers as developers.facebook.com/documentation/business-messaging/whatsapp/groups describes (2026). A removal is
only asked for; it happens when `settle` says so. Used as a context manager.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

NUMBER, TOKEN, VERSION = "106540352242922", "EAAG-s3cr3tS3cr3tS3cr3t", "v23.0"
APP_SECRET, VERIFY_TOKEN = "app-s3cr3t", "verify-s3cr3t"
INFO = {
    "subject", "description", "participants", "join_approval_mode", "suspended", "creation_timestamp",
    "total_participant_count",
}  # fmt: skip


class Refused(Exception):
    """An error of Meta: the HTTP status, the code, and a text that names people, as real ones may."""

    def __init__(self, status: int, code: int, subcode: int = 0) -> None:
        super().__init__(code)
        self.status, self.code, self.subcode = status, code, subcode


@dataclass
class Group:
    """A group as it is. `participants` are Meta's records."""

    subject: str
    participants: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    error: Refused | None = None  # what asking for it gives
    link: str = "https://chat.whatsapp.com/LinkOfThisGroup1"


@dataclass(frozen=True)
class Raw:
    """An answer as it is."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Hook = Callable[[str, str, dict[str, str]], "Raw | None"]


class CloudServer:
    """State is public. `hook(method, path, query)` may answer in place of the server, or return None."""

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {}
        self.page_size = 1024
        self.lists_plainly = False  # the list as `data: […]`, in place of `data: {groups: […]}`
        self.expires_cursors = 0  # so many more cursors are expired when they are used
        self.partial_ids: set[str] = set()  # groups that a page with several rows can't show
        self.error: Refused | None = None
        self.hook: Hook = lambda _method, _path, _query: None
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.pending: list[tuple[str, str, str]] = []  # request, group, user
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, group_id: str, subject: str, *wa_ids: str, **extra: Any) -> Group:
        self.groups[group_id] = Group(subject, [{"wa_id": wa_id} for wa_id in wa_ids], extra)
        return self.groups[group_id]

    def settle(self) -> list[dict[str, Any]]:
        """Carry out what was asked for; return what Meta would call us with."""
        values = []
        for request, group_id, user in self.pending:
            group = self.groups[group_id]
            group.participants = [one for one in group.participants if user not in one.values()]
            removed = {"type": "group_participants_remove", "group_id": group_id, "request_id": request,
                       "removed_participants": [{"input": user}], "timestamp": "1795514400"}  # fmt: skip
            values.append(removed)
        self.pending.clear()
        return values

    # --- One request --------------------------------------------------------------------------------------

    def answer(self, method: str, target: str, bearer: str, body: bytes) -> Raw:
        parts = urlsplit(target)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        path = unquote(parts.path)
        self.asked.append((method, path, query, json.loads(body) if body else None))
        if instead := self.hook(method, path, query):
            return instead
        try:
            return _json(200, self._answer(method, path, query, bearer, body))
        except Refused as error:
            text = f"(#{error.code}) about +447700900101, Amina Yusuf"
            found = {"error": {"message": text, "type": "OAuthException", "code": error.code,
                               "error_data": {"details": text}, "fbtrace_id": "x"}}  # fmt: skip
            return _json(error.status, found)

    def _answer(self, method: str, path: str, query: dict[str, str], bearer: str, body: bytes) -> Any:
        if bearer != f"Bearer {TOKEN}":
            raise Refused(401, 190)
        if self.error is not None:
            raise self.error
        version, _, rest = path.removeprefix("/").partition("/")
        if version != VERSION:
            raise Refused(400, 2635)
        if rest.endswith("/groups"):
            if rest != f"{NUMBER}/groups":
                raise Refused(400, 100, 33)
            return self._list(query)
        if rest.endswith("/participants") and method == "DELETE":
            return self._remove(rest.removesuffix("/participants"), json.loads(body))
        if rest.endswith("/invite_link") and method == "GET":
            group = self._group(rest.removesuffix("/invite_link"))
            return {"messaging_product": "whatsapp", "invite_link": group.link}
        return self._info(rest, set(query.get("fields", "").split(",")))

    def _list(self, query: dict[str, str]) -> Any:
        limit = min(int(query.get("limit", "25")), self.page_size)
        after = query.get("after", "")
        if after and self.expires_cursors:
            self.expires_cursors -= 1
            raise Refused(400, 131059)
        ids = sorted(self.groups, reverse=True)
        start = int(after.removeprefix("c")) if after else 0
        shown = ids[start : start + limit]
        hidden = [one for one in shown if one in self.partial_ids and limit > 1]
        rows = [
            {"id": one, "subject": self.groups[one].subject, "created_at": "1795514400"}
            for one in shown
            if one not in hidden
        ]
        paging: dict[str, Any] = {"cursors": {"before": f"c{start}", "after": f"c{start + len(shown)}"}}
        if start + limit < len(ids):
            paging["next"] = f"https://elsewhere.example/?after=c{start + limit}"
        answer: dict[str, Any] = {"data": rows if self.lists_plainly else {"groups": rows}, "paging": paging}
        return answer | ({"errors": [{"code": 131201, "title": "Partial success"}]} if hidden else {})

    def _group(self, group_id: str) -> Group:
        if group_id not in self.groups:
            raise Refused(400, 131041)
        if error := self.groups[group_id].error:
            raise error
        return self.groups[group_id]

    def _info(self, group_id: str, fields: set[str]) -> Any:
        group = self._group(group_id)
        assert fields <= INFO, "a field that Meta doesn't have"
        full = {
            "subject": group.subject,
            "participants": group.participants,
            "total_participant_count": len(group.participants),
            "join_approval_mode": "auto_approve",
            "suspended": False,
            **group.extra,
        }
        return {"id": group_id, "messaging_product": "whatsapp"} | {
            key: value for key, value in full.items() if key in fields and value is not None
        }

    def _remove(self, group_id: str, body: Any) -> Any:
        group = self._group(group_id)
        assert body["messaging_product"] == "whatsapp"
        (one,) = body["participants"]
        if not any(one["user"] in each.values() for each in group.participants):
            raise Refused(400, 131212)
        request = f"request-{len(self.asked)}"
        self.pending.append((request, group_id, one["user"]))
        return {"messaging_product": "whatsapp", "request_id": request}


def signed(value: Any, secret: str = APP_SECRET) -> tuple[bytes, dict[str, str]]:
    """A call's body and headers."""
    body = json.dumps(value).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return body, {"x-hub-signature-256": f"sha256={digest}", "content-type": "application/json"}


def change(field_name: str, *groups: Any, number: str = NUMBER) -> dict[str, Any]:
    """The body of a call about groups."""
    value = {"messaging_product": "whatsapp", "groups": list(groups),
             "metadata": {"display_phone_number": "447700900199", "phone_number_id": number}}  # fmt: skip
    changes = [{"field": field_name, "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}


def _json(status: int, value: Any) -> Raw:
    return Raw(status, json.dumps(value).encode(), {"content-type": "application/json"})


def _handler(cloud: CloudServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            size = int(self.headers.get("content-length", "0"))
            bearer = self.headers.get("authorization", "")
            raw = cloud.answer(self.command, self.path, bearer, self.rfile.read(size))
            self.send_response(raw.status)
            for name, value in raw.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(raw.body)))
            self.end_headers()
            self.wfile.write(raw.body)

        do_GET = do_DELETE = do_POST = _serve  # noqa: N815  the names that the library calls

        def log_message(self, *_args: Any) -> None:
            """Keep quiet."""

    return Handler
