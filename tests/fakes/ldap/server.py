"""A domain controller on loopback: what a real Samba cannot show, with state, limits and faults.

`LdapServer` is a `DomainController` (its state, settings and writes) behind a port. Used as a context manager; on
leaving it every connection is closed and every thread has ended.

    with LdapServer() as dc:
        dc.put("CN=Amy,OU=People,DC=corp,DC=example", sAMAccountName="amy")
        dc.answer(51, "busy", on="page 2", after_entries=3)
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ldap3.protocol import rfc4511

from fakes.ldap import wire
from fakes.ldap.controller import DIRSYNC, SCOPES, START_TLS, WHO_AM_I, DomainController, Pages, Reply, Search
from fakes.ldap.filter import text_of

USER = "svc-whosleft@corp.example"
PASSWORD = "s3cr3t-bind"
DISCONNECTION = "1.3.6.1.4.1.1466.20036"
NOT_BOUND = (
    "000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be "
    "completed on the connection., data 0, v4563"
)
_BIND, _UNBIND, _SEARCH, _ABANDON, _EXTENDED = 0x60, 0x42, 0x63, 0x50, 0x77
_SIMPLE = 0x80


@dataclass(frozen=True)
class Request:
    """What a client asked for. `kind`: bind, unbind, search, extended (`name` is its OID), or other."""

    kind: str
    user: str = ""  # the connection's, or whom a bind names
    name: str = ""
    base: str = ""
    scope: str = ""
    filter: str = ""
    attributes: tuple[str, ...] = ()
    controls: dict[str, tuple[bool, bytes]] = field(default_factory=dict)
    size_limit: int = 0
    time_limit: int = 0
    page: int = 0
    connection: int = 0


@dataclass
class Fault:
    """What happens to the next `times` requests that `on` names, after `skip` of them went well."""

    on: str
    times: int
    skip: int
    after_entries: int | None  # None: all of them
    code: int | None = None
    text: str = ""
    urls: tuple[str, ...] = ()
    raw: bytes = b""
    is_cut: bool = False  # the next message is sent by half
    slow_s: float = 0.0
    is_closing: bool = False


class LdapServer(DomainController):
    """`url` names it. With a `certificate` (PEM files: chain, key) it speaks TLS, at once or after StartTLS.

    Everything that was asked is in `requests`, in order. A user's password is in `users`; `refused` has the
    reason that AD gives (533 disabled, 701 expired, 775 locked) for those whose bind is refused nevertheless.
    """

    def __init__(
        self,
        root: str = "DC=corp,DC=example",
        *,
        certificate: tuple[Path, Path] | None = None,
        is_start_tls: bool = False,
        port: int = 0,
    ) -> None:
        super().__init__(root)
        self.users = {USER: PASSWORD}
        self.refused: dict[str, str] = {}
        self.is_tls_required = False
        self.requests: list[Request] = []
        self.lock = threading.RLock()
        self.closing = threading.Event()
        self.tls = _context(*certificate) if certificate else None
        self.is_start_tls = is_start_tls
        self._faults: list[Fault] = []
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self.disconnect()
        self._server.server_close()  # waits for the threads of the connections

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{'ldaps' if self.tls and not self.is_start_tls else 'ldap'}://127.0.0.1:{self.port}"

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(self._server.open)

    def searches(self) -> list[Request]:
        """The searches asked for so far, those of the rootDSE left out."""
        return [request for request in self.requests if request.kind == "search" and request.base]

    # --- faults ----------------------------------------------------------------------------------
    # `on`: bind, search (any but the rootDSE's), rootdse, dirsync, "page N", extended

    def answer(
        self,
        code: int,
        message: str = "",
        *,
        on: str = "search",
        after_entries: int = 0,
        times: int = 1,
        skip: int = 0,
        urls: tuple[str, ...] = (),
    ) -> None:
        """End with this result; a search after `after_entries` entries and without its controls."""
        self._faults.append(Fault(on, times, skip, after_entries, code, message, urls))

    def drop_after(
        self, entries: int, *, on: str = "search", times: int = 1, skip: int = 0, is_cut: bool = False
    ) -> None:
        """Close the connection after so many entries; `is_cut`: in the middle of the next message."""
        self._faults.append(Fault(on, times, skip, entries, is_cut=is_cut, is_closing=True))

    def send_raw(self, raw: bytes, *, on: str = "search", after_entries: int = 0, times: int = 1) -> None:
        """Send these bytes instead of what would come after so many entries, and nothing more."""
        self._faults.append(Fault(on, times, 0, after_entries, raw=raw))

    def say_goodbye(self, message: str, *, on: str = "search", after_entries: int = 0) -> None:
        """Send a notice of disconnection (RFC 4511, 4.4.1), and close."""
        raw = wire.extended(0, 52, message, name=DISCONNECTION)
        self._faults.append(Fault(on, 1, 0, after_entries, raw=raw, is_closing=True))

    def be_slow(self, seconds: float, *, on: str = "search", after_entries: int = 0, times: int = 1) -> None:
        """Wait before each further message, and then go on as if nothing had been."""
        self._faults.append(Fault(on, times, 0, after_entries, slow_s=seconds))

    def omit_paged_control(self) -> None:
        """From now on do as a server that knows no paging: all at once, and no cookie."""
        self.is_paging_forgotten = True

    def disconnect(self) -> None:
        """Close every connection, as a restart does; cookies of pages are forgotten."""
        for each in list(self._server.open):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(
                    each, socket.SHUT_RDWR
                )  # below TLS, whose own would confuse its thread

    def take_fault(self, request: Request) -> Fault | None:
        on = {request.kind}
        if request.kind == "search":
            on = {"search", f"page {request.page}"} if request.base else {"rootdse"}
            on |= {"dirsync"} if DIRSYNC in request.controls else set()
        for fault in self._faults:
            if fault.on in on and fault.times:
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None


class _Connection(socketserver.BaseRequestHandler):
    """One client, request by request."""

    server: _Server

    def handle(self) -> None:
        self.dc = self.server.dc
        self.number = self.server.count()
        self.user: str | None = None
        self.pages = Pages()
        self.is_encrypted = False
        self.channel: socket.socket = self.request
        with contextlib.suppress(OSError):  # the client went away, which is what some tests are about
            if self.dc.tls and not self.dc.is_start_tls:
                self._encrypt()
            for raw in self._messages():
                if not self._serve(*wire.read_request(raw)):
                    break

    def finish(self) -> None:
        self.server.open.discard(self.channel)
        self.channel.close()

    def _encrypt(self) -> None:
        assert self.dc.tls is not None
        self.server.open.discard(self.channel)
        self.channel = self.dc.tls.wrap_socket(self.channel, server_side=True, do_handshake_on_connect=False)
        self.server.open.add(self.channel)
        if self.dc.closing.is_set():  # `disconnect` may have missed it
            raise ConnectionAbortedError
        self.channel.do_handshake()
        self.is_encrypted = True

    def _messages(self) -> Iterator[bytes]:
        held = b""
        while data := self.channel.recv(65_536):
            held += data
            while (size := wire.whole_size(held)) and size <= len(held):
                yield held[:size]
                held = held[size:]

    def _serve(self, number: int, operation: wire.Element, controls: dict[str, tuple[bool, bytes]]) -> bool:
        """Answer one request; false ends the connection."""
        if operation.tag == _UNBIND:
            self._log(Request("unbind", self.user or ""))
            return False
        if operation.tag == _ABANDON:
            return True
        if operation.tag == _BIND:
            return self._bind(number, operation)
        if operation.tag == _EXTENDED:
            return self._extended(number, operation)
        if operation.tag == _SEARCH:
            return self._search(number, operation, controls)
        self._log(Request("other", self.user or ""))
        self._send(wire.done(number, 53, "this server only reads"))
        return True

    def _log(self, request: Request) -> Fault | None:
        with self.dc.lock:
            self.dc.requests.append(request)
            return self.dc.take_fault(request)

    def _send(self, data: bytes) -> None:
        self.channel.sendall(data)

    # --- bind and extended operations ------------------------------------------------------------

    def _bind(self, number: int, operation: wire.Element) -> bool:
        _, name, credentials = operation.parts
        fault = self._log(Request("bind", name.text, connection=self.number))
        code, text = self._check_password(name.text, credentials)
        self.user = name.text if code == 0 and name.content and credentials.content else None
        bound = wire.result(rfc4511.BindResponse(), *self._result(fault, code, text))
        return self._send_faulty([wire.message(number, "bindResponse", bound)], fault)

    def _check_password(self, user: str, credentials: wire.Element) -> tuple[int, str]:
        if credentials.tag != _SIMPLE:
            return (
                7,
                "00002027: LdapErr: DSID-0C09061E, comment: Invalid Authentication method, data 0, v4563",
            )
        if user and self.dc.is_tls_required and not self.is_encrypted:
            return (
                8,
                "00002028: LdapErr: DSID-0C090259, comment: The server requires binds to turn on integrity checking",
            )
        if not user or not credentials.content:
            return 0, ""  # RFC 4513, 5.1.2: an empty password is an anonymous bind, and succeeds
        data = self.dc.refused.get(user, "" if self.dc.users.get(user) == credentials.text else "52e")
        if data:
            return 49, (
                f"80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data {data}, v4563"
            )
        return 0, ""

    def _extended(self, number: int, operation: wire.Element) -> bool:
        name = operation.parts[0].content.decode()
        fault = self._log(Request("extended", self.user or "", name, connection=self.number))
        if name == START_TLS and self.dc.tls and not self.is_encrypted:
            code, text = self._result(fault, 0, "")
            self._send(wire.extended(number, code, text, name=name))
            if code == 0:
                self._encrypt()
            return True
        if name == WHO_AM_I:
            user = (self.user or "").partition("@")[0].partition(",")[0].removeprefix("CN=")
            code, text = self._result(fault, 0, "")
            reply = wire.extended(number, code, text, value=f"u:CORP\\{user}".encode() if user else b"")
        else:
            reply = wire.extended(
                number, 2, "0000203D: LdapErr: DSID-0C090E17, comment: Unknown extended request OID"
            )
        return self._send_faulty([reply], fault)

    @staticmethod
    def _result(fault: Fault | None, code: int, text: str) -> tuple[int, str]:
        return (fault.code, fault.text) if fault and fault.code is not None else (code, text)

    # --- search ----------------------------------------------------------------------------------

    def _search(self, number: int, operation: wire.Element, controls: dict[str, tuple[bool, bytes]]) -> bool:
        base, scope, _deref, size_limit, time_limit, _types, wanted, attributes = operation.parts
        search = Search(
            base.text,
            SCOPES[scope.number],
            text_of(wanted),
            tuple(each.text for each in attributes.parts),
            controls,
            wanted,
            size_limit.number,
            time_limit.number,
            self.pages.number(controls),
        )
        said = {name: getattr(search, name) for name in Search.__dataclass_fields__ if name != "wanted"}
        fault = self._log(Request("search", self.user or "", connection=self.number, **said))
        if self.user is None and search.base:
            reply = Reply(code=1, text=NOT_BOUND)
        else:
            with self.dc.lock:
                reply = self.dc.search(search, self.pages)
        return self._send_faulty(_encoded(number, reply, fault), fault)

    def _send_faulty(self, messages: list[bytes], fault: Fault | None) -> bool:
        """Send all, unless the fault has it otherwise; false ends the connection."""
        if fault is None:
            self._send(b"".join(messages))
            return True
        count = fault.after_entries or 0
        self._send(b"".join(messages[:count]))
        rest = messages[count:]
        if fault.slow_s:
            for message in rest:
                self.dc.closing.wait(fault.slow_s)
                self._send(message)
        elif fault.raw:
            self._send(fault.raw)
        elif fault.is_cut and rest:
            self._send(rest[0][: len(rest[0]) // 2])
        elif not fault.is_closing:
            self._send(b"".join(rest))
        return not fault.is_closing


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = False  # server_close() waits for them
    allow_reuse_address = True  # a restart on the same port

    def __init__(self, address: tuple[str, int], dc: LdapServer) -> None:
        self.dc = dc
        self.open: set[socket.socket] = set()
        self._number = 0
        super().__init__(address, _Connection)

    def count(self) -> int:
        self._number += 1
        return self._number

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)


def _encoded(number: int, reply: Reply, fault: Fault | None) -> list[bytes]:
    entries = [wire.entry(number, dn, values) for dn, values in reply.entries]
    if fault and fault.code is not None:
        done = wire.done(number, fault.code, fault.text, urls=fault.urls)
        return [*entries[: fault.after_entries], wire.widened(done)]
    done = wire.done(
        number, reply.code, reply.text, matched_dn=reply.matched_dn, urls=reply.urls, controls=reply.controls
    )
    references = [wire.reference(number, url) for url in reply.references]
    return [wire.widened(each) for each in (*entries, *references, done)]  # as Windows writes them


def _context(chain: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context
