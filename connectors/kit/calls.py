"""Calls from messengers and gateways: genuine? new? which groups do they speak of? Then the next read of those is due.

A call is a hint and is never believed further: what it says is read anew from the source. Without calls the source is
read at its own pace. One thing is believed, since no read shows it: a changed number. It has its own date, so it counts
however late it is told, and it is stored before the answer.

Answers: 401 for a wrong or missing proof, 202 for one that is taken, 200 for one that is old or was had before, 404 for
another path, 503 where a changed number could not be stored, which the other side then sends again. A messenger that
asks by GET whether the address is ours gets its own answer.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from pydantic import Field, SecretStr, field_validator

from connectors.kit.settings import Section
from worker.domain.model import Renumbered
from worker.ports import InboundCall
from worker.ports.connectors.inventory import KeepRenumbered

OK, ACCEPTED, BAD, REFUSED, NOT_FOUND, WRONG_METHOD = 200, 202, 400, 401, 404, 405
UNAVAILABLE = 503
REPLAY_AFTER = timedelta(minutes=10)  # an older call has no effect, but that changed numbers are stored
REMEMBERED_MAX = 10_000  # ids of calls
NEWS_MAX = 10_000  # groups that wait to be asked for; beyond, all of the source is
WHOLE = ""  # in place of a group's id: all of the source
_SECONDS_MAX = 10**11  # larger numbers are milliseconds
_log = logging.getLogger(__name__)


class Listening(Section):
    """Where the other side may call us."""

    listen: str = Field(description='Where its calls arrive, host:port: "0.0.0.0:8071" behind an ingress.')
    path: str = Field(default="/", pattern=r"^/\S*$", description="The path of its calls.")

    @field_validator("listen")
    @classmethod
    def _is_an_address(cls, listen: str) -> str:
        host, colon, port = listen.rpartition(":")
        if not (host and colon and port.isascii() and port.isdecimal() and int(port) < 1 << 16):
            raise ValueError('write host:port, such as "127.0.0.1:8071"')
        return listen


class CallsConfig(Listening):
    """Where the other side may call us, and the one secret that proves its calls."""

    secret: SecretStr = Field(description="What proves a call: ${file:…} or ${env:…}.")

    @field_validator("secret")
    @classmethod
    def _is_given(cls, secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().strip():
            raise ValueError("the secret is empty")
        return secret


@dataclass(frozen=True, slots=True)
class Event:
    """What a genuine call says. `call_id` tells replays apart; "" if it has none. No `groups`: all of the source.

    `renumbered`: which numbers or ids changed, which no read would show.
    """

    call_id: str
    at: datetime | None
    groups: tuple[str, ...] = ()
    renumbered: tuple[Renumbered, ...] = ()


class Calls:
    """Takes the calls of one source, and keeps which groups they speak of until somebody asks. Threads share it.

    `is_genuine` looks at the proof, before the body is read. `events` reads the body's JSON, and yields nothing for
    what means nothing to us; whatever it raises makes the answer 400. `id_of` is for callers whose ids are in a header,
    and whose calls are one event each. `prove` is for messengers that ask by GET whether the address is ours: it
    returns the text to answer with, None for a wrong or missing proof.
    """

    key = "calls.listen"

    def __init__(
        self,
        config: Listening,
        name: str,
        caller: str,
        now: Callable[[], datetime],
        is_genuine: Callable[[InboundCall], bool],
        events: Callable[[Any], Iterable[Event]],
        prove: Callable[[InboundCall], str | None] | None = None,
        id_of: Callable[[InboundCall], str] = lambda _call: "",
    ) -> None:
        self.name = name
        self.caller = caller
        self.listen = config.listen
        self._path = config.path.rstrip("/")
        self._now = now
        self._is_genuine = is_genuine
        self._events = events
        self._prove = prove
        self._id_of = id_of
        self._lock = Lock()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._news: set[str] = set()
        self._keep: KeepRenumbered | None = None

    def keep_by(self, keep: KeepRenumbered) -> None:
        """From now on, store by this which numbers changed."""
        self._keep = keep

    def receive(self, call: InboundCall) -> tuple[int, str]:
        """See `worker.ports.Called`."""
        if call.path.rstrip("/") != self._path:
            return NOT_FOUND, ""
        if call.method == "GET" and self._prove is not None:
            answer = self._prove(call)
            return (OK, answer) if answer is not None else (REFUSED, "")
        if call.method != "POST":
            return WRONG_METHOD, ""
        if not self._is_genuine(call):
            return REFUSED, ""
        try:
            found = [self._named(event, call) for event in self._events(json.loads(call.body))]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return BAD, ""
        if not self._is_stored([one for event in found for one in event.renumbered]):
            return UNAVAILABLE, ""
        return (ACCEPTED if self._take(found) else OK), ""

    def news(self) -> frozenset[str]:
        """Return the ids of the groups that calls spoke of since the last time, WHOLE for all of them; forget them."""
        with self._lock:
            news, self._news = frozenset(self._news), set()
        return news

    def _is_stored(self, changes: list[Renumbered]) -> bool:
        if not changes:
            return True
        if self._keep is None:
            return False
        try:
            self._keep(changes)
        except Exception as error:  # noqa: BLE001  whatever kept it from being stored, it has to come again
            _log.warning("What %s told could not be stored (%s).", self.name, type(error).__name__)
            return False
        return True

    def _named(self, event: Event, call: InboundCall) -> Event:
        return event if event.call_id else replace(event, call_id=self._id_of(call))

    def _take(self, events: Iterable[Event]) -> bool:
        """Keep what is new; False when all of it was had before, or is too old."""
        oldest = self._now() - REPLAY_AFTER
        is_new = False
        with self._lock:
            for event in events:
                if event.at is not None and event.at < oldest:
                    continue
                if event.call_id:
                    if event.call_id in self._seen:
                        continue
                    self._seen[event.call_id] = None
                    if len(self._seen) > REMEMBERED_MAX:
                        self._seen.popitem(last=False)
                is_new = True
                self._news.update(event.groups or (WHOLE,))
            if len(self._news) > NEWS_MAX:
                self._news = {WHOLE}
        return is_new


def is_signed(call: InboundCall, header: str, secret: SecretStr, algorithm: str, prefix: str = "") -> bool:
    """Whether a header has the body's HMAC in hex, after `prefix`. Compared in constant time."""
    wanted = hmac.new(secret.get_secret_value().encode(), call.body, getattr(hashlib, algorithm)).hexdigest()
    given = call.headers.get(header, "")
    return hmac.compare_digest((prefix + wanted).encode(), given.encode("utf-8", "surrogatepass"))


def instant(value: Any) -> datetime | None:
    """Read a time stamp in seconds or in milliseconds since 1970, or in ISO 8601; None if it is none of them."""
    if isinstance(value, str) and not value.isdecimal():
        try:
            at = datetime.fromisoformat(value)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return None
    try:
        number = float(value)
        return datetime.fromtimestamp(number / 1000 if number > _SECONDS_MAX else number, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
