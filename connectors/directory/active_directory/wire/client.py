"""The one module that speaks to a domain controller: ldap3 signs in (`ldap3_session`), we ask and read the replies.

    open_client(...) -> Client.ask(Search) -> Answer         one question, one answer
                        Client.pages(Search) -> Entry lists  page by page, the next asked for before this one is decoded

Not used of ldap3: `paged_search` (ends normally with a part of the answer), `extend.*`, referrals, threads,
restarts, and its decoder of entries, which is five times slower. Every answer that is not success raises.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

from connectors.directory.active_directory.config import ActiveDirectoryConfig, BindMethod
from connectors.directory.active_directory.wire import errors
from connectors.directory.active_directory.wire import ldap_controls as lc
from connectors.directory.active_directory.wire.ber import (
    Done,
    Entry,
    Garbled,
    Message,
    Replies,
    decode,
    is_entry,
    read_paged_cookie,
)
from connectors.directory.active_directory.wire.ldap3_session import KerberosRefused, Session
from connectors.directory.active_directory.wire.transport import (
    Certificate,
    Timed,
    certificate_of,
    connect,
    encrypt,
    tls_context,
)
from worker.ports import BadConfig, ConnectorError, Incomplete, Permanent, Transient

_READ_SIZE = 1 << 18
_FIRST_ID = 1000  # above those that ldap3 gave out for the bind
_IN_PARTS = re.compile(rb";range=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Search:
    """One question. `what` is its name in messages; scope: base, one or sub; a filter may be encoded already."""

    what: str
    base: str
    filter: str | bytes = "(objectClass=*)"
    attributes: tuple[str, ...] = ()
    scope: str = "sub"
    controls: tuple[lc.Control, ...] = ()


@dataclass(slots=True)
class Answer:
    """All entries of the answer to one question, and the controls that came with its end."""

    question: int
    encoded: list[bytes] = field(default_factory=list)  # received entries that are not in `entries` yet
    entries: list[Entry] = field(default_factory=list)
    controls: Mapping[str, bytes] = field(default_factory=dict)
    done: Done | None = None


class Client:
    """One connection to one server, signed in."""

    def __init__(self, url: str, session: Session, sock: Timed, read_s: float, until_s: float) -> None:
        self.url = url
        self.server = urlsplit(url).netloc
        self._session = session
        self._socket = sock
        self._read_s = read_s
        self._until_s = until_s
        self._replies = Replies()
        self._last_id = _FIRST_ID

    @property
    def certificate(self) -> Certificate | None:
        """The server's certificate; None without TLS."""
        plain = self._socket.plain
        return certificate_of(plain) if isinstance(plain, ssl.SSLSocket) else None

    def ask(self, search: Search) -> Answer:
        """The server's whole answer to one question. Raises ConnectorError unless it is success."""
        return self._whole(search, self._succeeded(search, self._receive(search, self._send(search))))

    def find(self, search: Search) -> Answer | None:
        """As `ask`; None if the base of the search does not exist, or is hidden from us."""
        answer = self._receive(search, self._send(search))
        if answer.done is not None and answer.done.code == errors.NO_SUCH_OBJECT:
            return None
        return self._whole(search, self._succeeded(search, answer))

    def has_any(self, search: Search) -> bool:
        """Whether there is an entry; asks for no more than the first."""
        cookie = b""
        while True:  # a page may be empty, and have others behind it
            answer = self.ask(_paged(search, 1, cookie))
            cookie = self._next_cookie(search, answer)
            if answer.entries or not cookie:
                return bool(answer.entries)

    def pages(self, search: Search, page_size: int) -> Iterator[list[Entry]]:
        """Yield pages of at most `page_size` entries; ends normally only if the server says that it was the last.

        Raises unless each page is success and has the paging control: an answer without the control may be only a
        part of the whole.
        """
        question = self._send(_paged(search, page_size, b""))
        while True:
            answer = self._succeeded(search, self._receive(search, question))
            cookie = self._next_cookie(search, answer)
            if any(map(_IN_PARTS.search, answer.encoded)):  # ask for the rest before the next page
                self._whole(search, answer)
            if cookie:
                question = self._send(_paged(search, page_size, cookie))  # the server works while we do
            if entries := self._whole(search, answer).entries:
                yield entries
            if not cookie:
                return

    def root(self, *attributes: str) -> Mapping[str, tuple[str, ...]]:
        """The server's own entry (rootDSE), by attribute in lower case; needs no rights."""
        answer = self.ask(Search("its root entry", "", attributes=attributes, scope="base"))
        values = answer.entries[0].values if answer.entries else {}
        return {name: tuple(value.decode("utf-8", "replace") for value in values[name]) for name in values}

    def who_am_i(self) -> str:
        r"""Our name for the server, e.g. u:CORP\svc (RFC 4532)."""
        try:
            self._socket.until_s = monotonic() + self._read_s
            return self._session.who_am_i()
        except OSError as error:
            raise errors.lost(self.server, "our own name", error) from error

    def close(self) -> None:
        """Close the connection without a message to the server. Idempotent."""
        self._socket.plain.close()

    def _send(self, search: Search) -> int:
        self._last_id += 1
        request = lc.search_request(
            self._last_id, search.base, search.scope, search.filter, search.attributes, search.controls
        )  # fmt: skip
        self._socket.until_s = min(monotonic() + self._read_s, self._until_s)
        try:
            self._socket.sendall(request)
        except OSError as error:
            raise errors.lost(self.server, search.what, error) from error
        return self._last_id

    def _receive(self, search: Search, question: int) -> Answer:
        """The whole answer, with entries still encoded."""
        self._socket.until_s = min(monotonic() + self._read_s, self._until_s)
        answer = Answer(question)
        with self._reading(search):
            while answer.done is None:
                self._read_some(search, answer)
        return answer

    def _read_some(self, search: Search, answer: Answer) -> None:
        data = self._socket.recv(_READ_SIZE)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._replies.feed(data)
        for message in self._replies.take():
            if is_entry(message):
                answer.encoded.append(message)
            else:
                self._note(search, answer, *decode(message))

    def _note(self, search: Search, answer: Answer, number: int, message: Message) -> None:
        if number == 0 and isinstance(message, Done):  # a notice of disconnection, RFC 4511 4.4.1
            raise errors.refusal(self.server, search.what, replace(message, code=errors.UNAVAILABLE))
        if number != answer.question:
            raise Garbled(f"an answer to question {number}, which is not open")
        if isinstance(message, Entry):
            answer.entries.append(message)
        elif isinstance(message, Done):
            answer.done, answer.controls = message, message.controls

    def _decode(self, search: Search, answer: Answer) -> None:
        encoded, answer.encoded = answer.encoded, []
        with self._reading(search):
            for message in encoded:
                self._note(search, answer, *decode(message))

    def _whole(self, search: Search, answer: Answer) -> Answer:
        """The decoded answer, with the rest of attributes that the server gave in parts."""
        self._decode(search, answer)
        for entry in answer.entries:
            for name in [name for name in entry.values if ";range=" in name]:
                self._complete(search, entry, name)
        return answer

    @contextmanager
    def _reading(self, search: Search) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise errors.lost(self.server, search.what, error) from error
        except Garbled as error:
            raise Incomplete(
                f"{self.server} sent bytes that are no LDAP in the middle of {search.what}: {str(error).rstrip('.')}.",
                remedy="Nobody's status is changed. If it stays, look for a device that alters the traffic.",
            ) from error

    def _complete(self, search: Search, entry: Entry, name: str) -> None:
        """Read the rest of an attribute that the server gave in part ("member;range=0-1499")."""
        plain = name.partition(";range=")[0]
        values = entry.values.pop(name)
        while not name.endswith("-*"):
            rest = Search(
                f"the rest of {plain} of {entry.dn}", _own_dn(entry.dn),
                attributes=(f"{plain};range={len(values)}-*",), scope="base", controls=search.controls,
            )  # fmt: skip
            answer = self._succeeded(rest, self._receive(rest, self._send(rest)))
            self._decode(rest, answer)
            found = answer.entries[0].values if answer.entries else {}
            name = next((one for one in found if one.startswith(f"{plain};range=")), "")
            if not found.get(name):
                raise Incomplete(
                    f"{self.server} gave {len(values)} values of {plain} of {entry.dn} and not the rest.",
                    remedy="It is read again at the next poll.",
                )
            values += found[name]
        entry.values[plain] = [*entry.values.get(plain, ()), *values]

    def _succeeded(self, search: Search, answer: Answer) -> Answer:
        if answer.done is None or answer.done.code != errors.SUCCESS:
            raise errors.refusal(self.server, search.what, answer.done or Done(-1, "", "", (), {}))
        return answer

    def _next_cookie(self, search: Search, answer: Answer) -> bytes:
        value = answer.controls.get(lc.PAGED)
        if value is None:
            raise Incomplete(
                f"{self.server} did not say whether there is more of {search.what}.",
                remedy="Nobody's status is changed. The server must know the control for paged results.",
            )
        try:
            return read_paged_cookie(value)
        except Garbled as error:
            raise Incomplete(
                f"{self.server} sent a page's end of {search.what} that can't be read."
            ) from error


def _own_dn(dn: str) -> str:
    """The base of a search for the entry: the GUID of an extended DN, which no rename changes."""
    return dn.partition(";")[0] if dn.startswith("<GUID=") else dn


def _paged(search: Search, size: int, cookie: bytes) -> Search:
    return replace(search, controls=(*search.controls, lc.paged(size, cookie)))


# --- connecting -------------------------------------------------------------------------------------------


def open_client(config: ActiveDirectoryConfig, base_dir: Path, servers: Sequence[str]) -> Client:
    """Connect to the first server that answers and is ready. Raises ConnectorError.

    A refused password is not tried on the next server: that would only lock the account sooner.
    """
    tls = tls_context(config.tls, base_dir)
    failures: list[ConnectorError] = []
    for url in servers:
        try:
            return _open_one(config, base_dir, url, tls)
        except Transient as error:
            failures.append(error)
        except BadConfig as error:  # its certificate; the next server's may be valid
            failures.append(error)
    raise none_of(failures)


def none_of(failures: Sequence[ConnectorError]) -> ConnectorError:
    """The one error for the servers that all failed (at least one); Permanent only if each is."""
    if len(failures) == 1:
        return failures[0]
    message = " ".join(error.message for error in failures)
    remedy = failures[0].remedy
    permanent = all(isinstance(error, Permanent) for error in failures)
    return BadConfig(message, remedy=remedy) if permanent else Transient(message, remedy=remedy)


def _open_one(config: ActiveDirectoryConfig, base_dir: Path, url: str, tls: ssl.SSLContext) -> Client:
    server = urlsplit(url).netloc
    connect_s = config.timeouts.connect.total_seconds()
    until_s = monotonic() + config.timeouts.read.total_seconds()
    try:
        plain = connect(url, connect_s)
    except OSError as error:
        raise errors.unreachable(server, error, server) from error
    sock = Timed(plain, until_s)
    try:
        session = _session_over(sock, config, base_dir, url)
        _secure(session, sock, config, url, tls)
        _sign_in(session, config, server)
    except BaseException:
        sock.plain.close()
        raise
    read_s = config.timeouts.read.total_seconds()
    whole_s = config.timeouts.whole.total_seconds()
    client = Client(url, session, sock, read_s, monotonic() + whole_s)
    try:
        _require_ready(client)
    except BaseException:
        client.close()
        raise
    return client


def _session_over(sock: Timed, config: ActiveDirectoryConfig, base_dir: Path, url: str) -> Session:
    parts = urlsplit(url)
    host = config.tls.server_name or parts.hostname or ""
    keytab = _keytab(config, base_dir) if config.bind.method is BindMethod.KERBEROS else None
    password = config.bind.password.get_secret_value() if config.bind.password else ""
    return Session(sock, host, parts.port, config.bind.user, password, keytab)


def _keytab(config: ActiveDirectoryConfig, base_dir: Path) -> Path:
    keytab = base_dir / (config.bind.keytab or "")
    try:
        keytab.open("rb").close()
    except OSError as error:  # Kerberos itself would only say that it has no credentials
        raise BadConfig(
            f"bind.keytab {config.bind.keytab} can't be read: {error.strerror}.",
            remedy="Make it with ktpass (the README has the command), readable for the user that runs whosleft.",
        ) from error
    return keytab


def _secure(
    session: Session, sock: Timed, config: ActiveDirectoryConfig, url: str, tls: ssl.SSLContext
) -> None:
    server = urlsplit(url).netloc
    try:
        if config.tls.start_tls:
            code, said = session.start_tls()
            if code != errors.SUCCESS:
                raise BadConfig(
                    f"{server} does not offer StartTLS ({said}).",
                    remedy="Use ldaps://, or give the domain controller a certificate.",
                )
    except OSError as error:
        raise errors.lost(server, "StartTLS", error) from error
    if not config.tls.start_tls and not url.startswith("ldaps:"):
        return
    try:
        sock.plain.settimeout(config.timeouts.connect.total_seconds())
        sock.plain = encrypt(sock.plain, url, tls, config.tls)
    except OSError as error:
        raise errors.unreachable(server, error, config.tls.server_name or server) from error


def _sign_in(session: Session, config: ActiveDirectoryConfig, server: str) -> None:
    try:
        code, said = session.bind()
    except OSError as error:
        raise errors.lost(server, "signing in", error) from error
    except KerberosRefused as error:
        raise errors.kerberos_refusal(server, config.bind.user, str(error)) from error
    if code != errors.SUCCESS:
        raise errors.bind_refusal(server, config.bind.user, code, said)


def _require_ready(client: Client) -> None:
    """Raise an error for a controller that has not caught up with the others since its start."""
    if client.root("isSynchronized").get("issynchronized") == ("FALSE",):
        raise Transient(
            f"{client.server} has not caught up with the other domain controllers yet.",
            remedy="It is asked again later; name more than one server.",
        )
