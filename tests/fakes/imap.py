"""An IMAP server on loopback with one folder: as much of IMAP4rev1 as reads unread mail and marks it.

`mails` are raw mails by number, `seen` those that are marked. Used as a context manager; each connection has a thread.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
from base64 import b64decode
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from certificates import Pair

USER, PASSWORD = "whosleft@example.org", "Kettle-0range-Drama"
_TYPE = re.compile(rb"(?im)^content-type:.*\r\n(?:[ \t].*\r\n)*")
_PIECE = re.compile(r"(\d+) \(BODY\.PEEK\[(.*)\]<0\.(\d+)>\)")


class ImapServer:
    """`fail` arms one answer to a command, such as "NO [UNAVAILABLE] later"; empty: the connection is cut.

    `withheld` are answers to FETCH by the mail's number, until they are taken out.
    """

    def __init__(
        self,
        pair: Pair | None,
        *,
        is_implicit: bool = True,
        offers_starttls: bool = True,
        offers_plain: bool = True,
    ) -> None:
        self.mails: dict[int, bytes] = {}
        self.seen: set[int] = set()
        self.validity = 1
        self.is_read_only = False
        self.takes_nobody = False
        self.greeting = "* OK ready"
        self.takes_token: Callable[[str], bool] = lambda _token: False
        self.signed_in: list[str] = []
        self.fetched: list[str] = []
        self.failures: dict[str, deque[str]] = {}
        self.withheld: dict[int, str] = {}
        self._offers = ("STARTTLS " if offers_starttls else "") + ("AUTH=PLAIN " if offers_plain else "")
        self._is_implicit = is_implicit and pair is not None
        self._tls = None
        if pair is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(pair.certificate, pair.key)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def add(self, *raw: bytes) -> None:
        """New mails arrive."""
        for one in raw:
            self.mails[max(self.mails, default=0) + 1] = one

    def fail(self, command: str, answer: str = "") -> None:
        self.failures.setdefault(command, deque()).append(answer)

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Be there no more. Idempotent."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                talk, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(talk,), daemon=True).start()

    def _talk(self, talk: socket.socket) -> None:
        try:
            if self._is_implicit and self._tls is not None:
                talk = self._tls.wrap_socket(talk, server_side=True)
            self._say(talk, self.greeting)
            lines = talk.makefile("rb")
            while line := lines.readline().decode().rstrip("\r\n"):
                tag, command, *words = line.split(" ", 2)
                command = words[0].split(" ")[0].upper() if command == "UID" else command.upper()
                if self.failures.get(command):
                    answer = self.failures[command].popleft()
                    if not answer:
                        return
                    self._say(talk, f"{tag} {answer}")
                elif command == "STARTTLS" and self._tls is not None:
                    self._say(talk, f"{tag} OK begin")
                    talk = self._tls.wrap_socket(talk, server_side=True)
                    lines = talk.makefile("rb")
                else:
                    self._say(talk, *self._answers(talk, lines, tag, command, line))
        except OSError:
            pass
        finally:
            talk.close()

    def _answers(
        self, talk: socket.socket, lines: Any, tag: str, command: str, line: str
    ) -> list[str | bytes]:
        done = f"{tag} OK done"
        match command:
            case "CAPABILITY":
                return [f"* CAPABILITY IMAP4rev1 {self._offers}", done]
            case "LOGIN" | "AUTHENTICATE":
                return [
                    done if self._knows(talk, lines, command, line) else f"{tag} NO [AUTHENTICATIONFAILED] no"
                ]
            case "SELECT":
                if line.split(" ", 2)[2] != '"INBOX"':
                    return [f"{tag} NO no such folder"]
                how = "READ-ONLY" if self.is_read_only else "READ-WRITE"
                return [
                    f"* {len(self.mails)} EXISTS",
                    f"* OK [UIDVALIDITY {self.validity}] ids",
                    f"{tag} OK [{how}] done",
                ]
            case "SEARCH":
                found = [n for n in self.mails if n not in self.seen]
                return [f"* SEARCH {' '.join(map(str, found))}", done]
            case "FETCH" if why := self.withheld.get(int(line.split(" ")[3])):
                return [f"{tag} {why}"]
            case "FETCH":
                return [*self._piece(line), done]
            case "STORE":
                self.seen.add(int(line.split(" ")[3]))
                return [done]
            case "LOGOUT":
                return ["* BYE", done]
            case _:
                return [f"{tag} BAD what?"]

    def _knows(self, talk: socket.socket, lines: Any, command: str, line: str) -> bool:
        if command == "LOGIN":
            _, _, user, password = line.split(" ")
            secret = password.strip('"')
        else:
            self._say(talk, "+ ")
            said = b64decode(lines.readline()).decode()
            if "XOAUTH2" in line:
                user, _, secret = said.removeprefix("user=").partition("\1auth=Bearer ")
                secret = secret.rstrip("\1")
            else:
                _, user, secret = said.split("\0")
        is_known = user == USER and (secret == PASSWORD or self.takes_token(secret)) and not self.takes_nobody
        if is_known:
            self.signed_in.append(user)
        elif "XOAUTH2" in line:
            self._say(talk, "+ eyJzdGF0dXMiOiI0MDAifQ==")
            lines.readline()
        return is_known

    def _piece(self, line: str) -> list[str | bytes]:
        found = _PIECE.fullmatch(line.split(" ", 3)[3])
        assert found is not None, line
        number, what, size = int(found[1]), found[2], int(found[3])
        self.fetched.append(f"{number} {what.partition(' ')[0]}".strip())
        raw = self.mails.get(number)
        if raw is None:
            return []
        head = b"".join(
            re.findall(rb"(?im)^content-type:.*\r\n(?:[ \t].*\r\n)*", raw.partition(b"\r\n\r\n")[0] + b"\r\n")
        )
        text = (head + b"\r\n" if what else raw)[:size]
        return [f"* {number} FETCH (UID {number} BODY[{what}]<0> {{{len(text)}}}\r\n".encode() + text + b")"]

    @staticmethod
    def _say(talk: socket.socket, *lines: str | bytes) -> None:
        talk.sendall(b"".join((one.encode() if isinstance(one, str) else one) + b"\r\n" for one in lines))
