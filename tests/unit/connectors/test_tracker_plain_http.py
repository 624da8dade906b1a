"""A tracker's credential goes in plain text to this machine alone: `http:` is for loopback only, for every `url`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.registry import spec as spec_of
from contracts.tracker import tracker_context
from worker.ports import Port

PRIVATE = "http://10.20.30.40"
STATES: dict[str, Any] = {"done": ["Done"], "open": ["New"]}
KEYS: dict[str, dict[str, Any]] = {
    "github": {"url": f"{PRIVATE}/api/v3", "token": "t0ken", "repository": "org/leavers"},
    "gitlab": {"url": PRIVATE, "token": "t0ken", "project": "group/leavers"},
    "jira": {"url": PRIVATE, "token": "t0ken", "project": "SEC", "states": STATES},
    "redmine": {
        "url": PRIVATE,
        "api_key": "t0ken",
        "project": "security",
        "tracker": "Task",
        "states": STATES,
    },
    "request_tracker": {"url": PRIVATE, "token": "t0ken", "queue": "Security", "states": STATES},
    "servicenow": {"url": PRIVATE, "user": "svc", "password": "t0ken", "states": {"done": [6], "open": [1]}},
}


@pytest.fixture
def overheard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The requests that somebody on the way to a private address can read."""
    seen: list[str] = []

    class OnTheWay(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(f"{self.path} {dict(self.headers)}")
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), OnTheWay) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_address[1]}")
        for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield seen
        server.shutdown()


@pytest.mark.parametrize("kind", KEYS)
def test_a_trackers_credential_is_not_sent_to_a_private_address_in_plain_text(
    kind: str, overheard: list[str]
) -> None:
    spec = spec_of(Port.TRACKER, kind)
    with pytest.raises(ValidationError, match="in the clear"):
        spec.config.model_validate(KEYS[kind])
    here = spec.config.model_validate({**KEYS[kind], "url": "http://127.0.0.1"})
    config = here.model_copy(update={"url": KEYS[kind]["url"]})  # as if a name led there
    with closing(spec.build(config, tracker_context())) as tracker:
        checked = tracker.check()

    assert overheard == []
    assert not checked.ok
    assert "Plain http" in checked.message
