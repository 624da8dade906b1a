"""The mailbox in which reports of non-delivery arrive: which messages came back.

A report about a message of ours is marked as read once it is dealt with. All other mail stays as it is, and is not
looked at twice by one process. A look has limits, and a process may live for one look only: so each begins with a
random one of all that nobody has read, and the newest.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import chain
from typing import Final

from connectors.kit import http as _http
from connectors.kit.graph.tokens import Tokens
from connectors.notify.email.config import BouncesConfig, EmailConfig
from connectors.notify.email.imap import TIMEOUT_S, Folder, MailRefused, opened
from connectors.notify.email.notes import MAILS_LEFT, REPORT_READ, REPORT_REFUSED
from connectors.notify.email.reports import failure_in, is_report
from worker.ports import ConnectorContext, Returned

LOOKED_MAX = 200  # mails of which one look reads what they are
REPORTS_MAX = 100  # reports that one look reads
LOOK_TIME = timedelta(seconds=20)  # then the rest waits for the next look, as messages wait meanwhile
HEAD_SIZE, REPORT_SIZE = 4_000, 128_000  # bytes; what is behind them is not read
_WHAT_IT_IS = "HEADER.FIELDS (CONTENT-TYPE)"


class Bounces:
    """Reads one folder. `domain` is the sender's; reports for `channel` are of the security team's channel."""

    def __init__(
        self,
        config: EmailConfig,
        box: BouncesConfig,
        context: ConnectorContext,
        tokens: Tokens | None,
        domain: str,
        channel: str,
        *,
        timeout_s: float,
    ) -> None:
        self._box: Final = box
        self._auth = config.auth_of_bounces
        self._context = context
        self._tokens = tokens
        self._domain = domain
        self._channel = channel.casefold()
        self._timeout_s = min(timeout_s, TIMEOUT_S)
        self._validity = ""
        # Mails of the folder while it has this validity
        self._looked_at: set[int] = set()
        self._refused: set[int] = set()
        self.where = f"{box.folder} of {self._auth.user} on {box.server}:{box.used_port}"

    def probe(self) -> None:
        """Sign in and open the folder; nothing is marked. Raises ConnectorError."""
        with self._opened():
            pass

    def returned(self) -> Generator[Returned]:
        """See `ReturnTeller.returned`."""
        ends_at = self._context.now() + LOOK_TIME
        with self._opened() as folder:
            numbers = self._not_looked_at(folder)
            reports = 0
            for done, number in enumerate(numbers):
                if done >= LOOKED_MAX or reports >= REPORTS_MAX or self._context.now() >= ends_at:
                    self._context.note(MAILS_LEFT, place=self._box.folder, mails=len(numbers) - done)
                    break
                try:
                    if is_report(folder.piece(number, _WHAT_IT_IS, HEAD_SIZE)):
                        reports += 1
                        if one := self._read(folder, number):
                            yield one
                            self._mark(folder, number)
                    self._looked_at.add(number)
                except MailRefused as refusal:
                    self._note_refusal(number, refusal)

    def close(self) -> None:
        """End the connections to the service that gives tokens. Idempotent."""
        if self._tokens is not None:
            self._tokens.close()

    def _opened(self) -> AbstractContextManager[Folder]:
        ca_file = self._context.base_dir / self._box.ca_file if self._box.ca_file else None
        return opened(self._box, self._auth, _http.trusting(ca_file), self._tokens, self._timeout_s)

    def _not_looked_at(self, folder: Folder) -> Sequence[int]:
        unread = set(folder.unread())
        if folder.validity != self._validity:
            self._validity, self._looked_at, self._refused = folder.validity, set(), set()
        self._looked_at &= unread  # of others nothing has to be remembered
        return _in_turn(unread - self._looked_at)

    def _mark(self, folder: Folder, number: int) -> None:
        """Mark a report as read. If the server refuses, nothing is lost: what follows from it is stored."""
        try:
            folder.mark_read(number)
        except MailRefused as refusal:
            self._note_refusal(number, refusal)

    def _note_refusal(self, number: int, refusal: MailRefused) -> None:
        """Say once what is refused: each look asks for it again, as the server may give it out later."""
        if number not in self._refused:
            self._refused.add(number)
            self._context.note(REPORT_REFUSED, place=self._place(number), error=str(refusal))

    def _place(self, number: int) -> str:
        return f"{self._box.folder}, UID {number}"

    def _read(self, folder: Folder, number: int) -> Returned | None:
        place = self._place(number)
        try:
            failure = failure_in(folder.piece(number, "", REPORT_SIZE), self._domain)
        except ValueError as problem:
            self._context.note(REPORT_REFUSED, place=place, error=str(problem))
            return None
        if failure is None:
            return None
        self._context.note(REPORT_READ, place=place, status=failure.status, delivery=failure.key)
        to = failure.to | ({""} if self._channel in failure.to else set())
        return Returned(failure.key, to, failure.why)


def _in_turn(numbers: set[int]) -> Sequence[int]:
    """Order mails so that the first few of them, wherever a look ends, are half the newest and half a random choice.

    Delays and people's mails stay unread. By this order they hide neither what has just come in nor, for ever, what
    came before them, though the next process remembers nothing.
    """
    newest_first = sorted(numbers, reverse=True)
    some = random.sample(newest_first, len(numbers))
    return list(dict.fromkeys(chain.from_iterable(zip(some, newest_first, strict=True))))
