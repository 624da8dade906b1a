"""A program of one's own behind the tracker port: it is told of each ticket, and of each change.

A program drops what it had before by `Idempotency-Key` or by the event's id, so an unclear POST is just repeated.
Nothing is read there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NoReturn

from connectors.kit.cloud_events import CONTENT_TYPE
from connectors.kit.receiver import Receiver
from connectors.kit.rest import Pace, Refusal
from connectors.kit.trackers import configured_place
from connectors.tracker.webhook import mapping
from connectors.tracker.webhook.calls import SignedCalls
from connectors.tracker.webhook.config import WebhookTrackerConfig
from worker.domain.mirror.outside import CopyGone, Draft, Goal, LastMove, Seen
from worker.ports import (
    BadConfig,
    CheckResult,
    Concern,
    ConnectorContext,
    ConnectorError,
    NotDone,
    Passive,
    PermissionDenied,
    Rejected,
    Unsubscribed,
)
from worker.ports.connectors.tracker import Keep, TrackerAbilities

KEY = "idempotency-key"
GONE = frozenset({404, 410})
GONE_MIN = 3  # tickets: so many are no chance
_LOOK = "Check url, and whether the program still has the ticket; it is told again by the next run."


class WebhookTracker(Passive):
    """Tells by `create` and `update` alone; what it is told comes by `keep_by`."""

    can = TrackerAbilities(
        goals=frozenset(), notes=False, assigns=False, attaches=False, creates_once=True, tells=True
    )

    def __init__(self, config: WebhookTrackerConfig, context: ConnectorContext) -> None:
        self._config = config
        self._context = context
        self._receiver = Receiver(config, context)
        self._pace = Pace(config.requests_per_minute)
        self._gone: set[str] = set()  # tickets that it says it has not, since it took an event
        self.place = configured_place(self._receiver.host)
        self._calls = SignedCalls(config.calls, context.name, context.now) if config.calls else None
        self.calls: Sequence[SignedCalls] = (self._calls,) if self._calls else ()

    @property
    def name(self) -> str:
        return self._context.name

    def keep_by(self, keep: Keep, /) -> None:
        if self._calls:
            self._calls.keep_by(keep)

    def mark(self) -> str:
        """Nothing: a create is just repeated."""
        return ""

    def create(self, draft: Draft, mark: str, /) -> Seen:
        return self._tell(draft, mapping.OPENED)

    def update(self, seen: Seen, draft: Draft, /) -> Seen:
        """Tell what the ticket is now. Where it is gone, that is this ticket's trouble: others may be there."""
        try:
            told = self._tell(draft, mapping.change_of(draft))
        except BadConfig as error:
            if Refusal.behind(error).status not in GONE:
                raise
            self._gone.add(draft.identity)
            raise Rejected(error.message, remedy=_LOOK) from error.__cause__
        self._gone.clear()
        return told

    def concerns(self) -> Sequence[Concern]:
        """Say so if it has none of several tickets: then its address is gone."""
        if len(self._gone) < GONE_MIN:
            return ()
        message = f"{self._receiver.host} has none of the last {len(self._gone)} tickets that it was told of."
        return (Concern("tickets", message, _LOOK),)

    def _tell(self, draft: Draft, kind: str) -> Seen:
        event = mapping.event(draft, kind, self._context.now())
        self._pace.require_patience(self._receiver.host, self._context.now())
        if wait_s := self._pace.take():
            self._context.sleep(wait_s)
        try:
            self._receiver.post(event.id, event.body, CONTENT_TYPE, {KEY: event.key})
        except NotDone as error:
            self._pace.pause(error.retry_after_s or 0.0)
            raise
        except PermissionDenied as error:  # of this one event: a filter in front may dislike its words
            remedy = "Look at the log of the program, or of a filter in front of it."
            raise Rejected(error.message, remedy=remedy) from error.__cause__
        except Unsubscribed as error:
            raise BadConfig(error.message, remedy=_LOOK) from error.__cause__
        return mapping.seen(draft)

    def find(self, identity: str, mark: str, /) -> Sequence[Seen]:
        """Find nothing: it can't be asked."""
        return ()

    def read(self, refs: Collection[str], /) -> Iterator[Seen | CopyGone]:
        """Yield nothing: it can't be asked."""
        return iter(())

    def last_move(self, seen: Seen, /) -> LastMove:
        """Return nothing: who closed it is told with it."""
        return LastMove()

    def move(self, seen: Seen, goal: Goal, note: str, /) -> Seen:
        self._refuse()

    def note(self, seen: Seen, text: str, /) -> None:
        self._refuse()

    def assign(self, seen: Seen, email: str, /) -> Seen:
        self._refuse()

    def attach(self, seen: Seen, name: str, data: bytes, /) -> None:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise Rejected("A tracker behind webhooks is told of changes.", remedy="Nothing is to be done.")

    def news(self) -> frozenset[str]:
        return self._calls.news() if self._calls else frozenset()

    def check(self) -> CheckResult:
        """Check where events would go; sends nothing."""
        details = {"is_public": "no"}
        try:
            count = len(self._receiver.addresses())
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy, details=details)
        for concern in self.concerns():
            return CheckResult(ok=False, message=concern.message, remedy=concern.remedy, details=details)
        heard = f"hears calls at {self._calls.listen}" if self._calls else "hears nothing (calls: null)"
        return CheckResult(
            ok=True,
            message=f"tells {self._receiver.host} (addresses: {count}, signing secrets: "
            f"{len(self._config.secrets)}); {heard}",
            details=details,
        )

    def close(self) -> None:
        self._receiver.close()
