"""Connections that we open to Slack (Socket Mode), over which clicks come in: two, so that one can be renewed.

The SDK's built-in client does the work. What is corrected of it was measured with 3.48: as it is, it hears nothing for
three seconds after each routine reconnect (the time in which a click has to be acknowledged), spins for half a minute
after a connection that ended without a CLOSE frame, ignores NO_PROXY, sleeps where it is asked to wait, and never ends
if it is closed while it connects anew.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from threading import Event, Lock, Thread
from time import monotonic
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from connectors.notify.slack.incoming import MALFORMED, Incoming
from connectors.notify.slack.notes import CLICK_LOST, SOCKET_LOST, SOCKET_OPENED, SOCKET_REFUSED
from connectors.notify.slack.talk import SocketOpener
from connectors.notify.slack.web import silent
from worker.ports import ConnectorError, Note, Transient

CONNECTIONS = 2
READ_S = 0.25  # how long a read holds up a reconnect
PING_S = 2.0
BUFFER = 65_536  # bytes of one read; messages of a megabyte break the SDK's 1 KiB
LOOK_S = 1.0
PAUSE_S, PAUSE_MAX_S = 5.0, 60.0  # after a refused address; doubled each time


class Sockets:
    """The connections of one notifier, in threads of their own, from `begin` until `end`."""

    def __init__(self, opener: SocketOpener, incoming: Incoming, note: Note) -> None:
        self._opener = opener
        self._incoming = incoming
        self._note = note
        self._lines: list[_Line] = []
        self._heard_s = 0.0  # when a connection was last ready, by the monotonic clock
        self._ended = Event()
        self._lock = Lock()
        self._thread = Thread(target=self._watch, name="slack sockets", daemon=True)

    @property
    def deaf_s(self) -> float:
        """For how many seconds no connection was ready; 0 while one is."""
        return 0.0 if self.ready else monotonic() - self._heard_s

    @property
    def ready(self) -> int:
        """How many connections Slack has greeted."""
        return sum(line.is_ready for line in self._lines)

    def begin(self) -> None:
        """Start connecting."""
        self._heard_s = monotonic()
        self._lines = [_Line(self._opener, self._take, self._changed) for _ in range(CONNECTIONS)]
        self._thread.start()

    def end(self) -> None:
        """Close the connections; what is being handled is finished first."""
        self._ended.set()
        self._thread.join()
        for line in self._lines:
            line.close()

    def _watch(self) -> None:
        while not self._ended.is_set():
            for line in self._lines:
                line.look()
            if self.ready:
                self._heard_s = monotonic()
            self._ended.wait(LOOK_S)

    def _take(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        try:
            answer = self._incoming.take(request.type, request.payload)
        except MALFORMED:
            answer = {}  # Slack would send it again and again
        except Exception as error:  # noqa: BLE001  whatever storing raises: it was not kept, so it is not acknowledged
            self._note(CLICK_LOST, error=type(error).__name__)
            return
        payload = answer if answer and request.accepts_response_payload else None
        client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))

    def _changed(self, error: str, reason: str, *, is_ready: bool) -> None:
        with self._lock:
            if error:
                self._note(SOCKET_REFUSED, connections=self.ready, error=error)
            elif is_ready:
                self._note(SOCKET_OPENED, connections=self.ready)
            else:
                self._note(SOCKET_LOST, connections=self.ready, reason=reason)


class _Line(SocketModeClient):
    """One connection. `take` gets each request in a thread of the client; `changed` hears of its ups and downs."""

    def __init__(
        self,
        opener: SocketOpener,
        take: Callable[[BaseSocketModeClient, SocketModeRequest], None],
        changed: Callable[..., None],
    ) -> None:
        super().__init__(
            "xapp",  # the opener has the token
            logger=silent(),  # the client's own log has payloads
            ping_interval=PING_S,
            receive_buffer_size=BUFFER,
            on_message_listeners=[self._hear],
        )
        self.socket_mode_request_listeners.append(take)
        self._opener = opener
        self._changed = changed
        self._greeted = ""  # the session that Slack greeted
        self._not_before_s = 0.0
        self._pause_s = PAUSE_S

    @property
    def is_ready(self) -> bool:
        return self.is_connected() and self._greeted == self.session_id()

    def look(self) -> None:
        """Connect if it was never connected, and notice a connection that has ended. Never raises."""
        if not self.current_app_monitor_started:
            self._connect_first()
        elif self._has_ended():
            self.disconnect()
        if self._greeted and not self.is_connected():
            self._greeted = ""
            self._changed("", "it ended", is_ready=False)

    def _connect_first(self) -> None:
        try:
            self.connect_to_new_endpoint()
        except (ConnectorError, OSError):
            return  # it was noted, and is tried again

    def issue_new_wss_url(self) -> str:
        """The address to connect to. After a refusal there is a pause, in which Slack is not asked; at the end, too."""
        if self.closed or monotonic() < self._not_before_s:
            raise Transient("Slack: the next connection waits.", remedy="Nothing to do.")
        try:
            url = self._opener.url()
        except ConnectorError as error:
            asked = error.retry_after_s if isinstance(error, Transient) else None
            self._not_before_s = monotonic() + max(asked or 0.0, self._pause_s)
            self._pause_s = min(2 * self._pause_s, PAUSE_MAX_S)
            self._changed(error.message, "", is_ready=False)
            raise
        self.proxy = _proxy_for(url)
        return url

    def connect(self) -> None:
        """As the SDK's, with a read that ends soon: whoever reconnects waits for it."""
        super().connect()
        raw = self.current_session.sock if self.current_session else None
        if raw is None:  # the SDK raises nothing where the handshake is refused
            self._not_before_s = monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, PAUSE_MAX_S)
            self._changed("the handshake was refused", "", is_ready=False)
            return
        raw.settimeout(READ_S)

    def close(self) -> None:
        """As the SDK's, which closes the connection that it has, and waits for the reader of one that comes after."""
        self.closed = True
        with self.connect_operation_lock:  # one that is being made is the last
            pass
        self.current_session_runner.event.set()
        while self.current_session_runner.is_alive():
            self.current_session_state.terminated = True
            self.disconnect()
            self.current_session_runner.thread.join(READ_S)
        super().close()

    def _hear(self, text: str) -> None:
        message = _head(text)
        if message.get("type") == "hello":
            self._greeted, self._pause_s = self.session_id() or "", PAUSE_S
            self._changed("", "", is_ready=True)
        elif message.get("type") == "disconnect":
            self._greeted = ""
            self._changed("", str(message.get("reason", "")), is_ready=False)

    def _has_ended(self) -> bool:
        """True if the other side has ended the connection without saying so, which the SDK notices late."""
        raw = self.current_session.sock if self.current_session else None
        if raw is None:
            return False
        try:
            with socket.socket(fileno=os.dup(raw.fileno())) as double:
                return double.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True


def _head(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _proxy_for(url: str) -> str | None:
    """The proxy that the environment names for an address, unless it exempts it."""
    host = urlsplit(url).hostname or ""
    return None if proxy_bypass(host) else getproxies().get("https")
