"""Calls from a program that was told of tickets: what it says is stored before it is acknowledged.

| call | answer |
|---|---|
| another path; no POST | 404; 405 |
| no good signature, or one that is off by more than five minutes | 401 |
| not as agreed | 400 |
| nothing can store it now, or storing failed | 503: send it again |
| over 1 MiB | 413, by the receiver itself |
| stored | 202, and of words that are too long their beginning alone |
| had before | 200, and no effect |
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from connectors.kit.calls import (
    ACCEPTED,
    BAD,
    NOT_FOUND,
    OK,
    REFUSED,
    REMEMBERED_MAX,
    UNAVAILABLE,
    WRONG_METHOD,
)
from connectors.kit.signing import ID, TIMESTAMP, is_genuine
from connectors.tracker.webhook import mapping
from connectors.tracker.webhook.config import SignedCallsConfig
from worker.ports import InboundCall
from worker.ports.connectors.tracker import Keep

ID_MAX = 200  # longer ones are nobody's
_log = logging.getLogger(__name__)


class SignedCalls:
    """Takes the calls at one address. Threads share it."""

    caller = "the tracker"
    key = "calls.listen"

    def __init__(self, config: SignedCallsConfig, name: str, now: Callable[[], datetime]) -> None:
        self.name = name
        self.listen = config.listen
        self._path = config.path.rstrip("/")
        self._secrets = [secret.get_secret_value() for secret in config.secrets]
        self._now = now
        self._keep: Keep | None = None
        self._lock = Lock()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._news: set[str] = set()

    @property
    def is_kept(self) -> bool:
        """Whether what is told can be stored."""
        return self._keep is not None

    def keep_by(self, keep: Keep) -> None:
        """From now on, store what is told by this."""
        self._keep = keep

    def receive(self, call: InboundCall) -> tuple[int, str]:
        """See `worker.ports.Called`."""
        if call.path.rstrip("/") != self._path:
            return NOT_FOUND, ""
        if call.method != "POST":
            return WRONG_METHOD, ""
        if not is_genuine(self._secrets, call.headers, call.body, self._now().timestamp()):
            return REFUSED, ""
        call_id = call.headers[ID]
        at = datetime.fromtimestamp(int(call.headers[TIMESTAMP]), UTC)
        try:
            told = mapping.told(call_id, at, json.loads(call.body))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return BAD, ""
        if len(call_id) > ID_MAX:
            return BAD, ""
        if call_id in self._known:
            return OK, ""
        if self._keep is None:
            return UNAVAILABLE, ""
        try:
            self._keep(told)
        except Exception as error:  # noqa: BLE001  whatever kept it from being stored, it has to come again
            _log.warning("What %s told could not be stored (%s).", self.name, type(error).__name__)
            return UNAVAILABLE, ""
        self._remember(call_id, told.label)
        return ACCEPTED, ""

    def news(self) -> frozenset[str]:
        """Return the labels of the tickets that were spoken of since the last time; forget them."""
        with self._lock:
            news, self._news = frozenset(self._news), set()
        return news

    def _remember(self, call_id: str, label: str) -> None:
        with self._lock:
            self._known[call_id] = None
            if len(self._known) > REMEMBERED_MAX:
                self._known.popitem(last=False)
            self._news.add(label)
