"""What trackers over HTTP share: one write, calls in, a check's result. Their keys are in `trackers`."""

from __future__ import annotations

import hmac
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from pydantic import SecretStr

from connectors.kit.calls import Calls, Event
from connectors.kit.rest import Query, Rest
from connectors.kit.trackers import TrackerConfig
from worker.domain.mirror.outside import CopyGone, CopyStanding, CopyUnread, Draft, Goal, Seen
from worker.ports import (
    Changed,
    CheckResult,
    Concern,
    ConnectorContext,
    ConnectorError,
    InboundCall,
    Incomplete,
    NotDone,
    Passive,
    Permanent,
    PermissionDenied,
    Rejected,
    Transient,
)

_SHOWN = {Goal.OPEN: CopyStanding.OPEN, Goal.DONE: CopyStanding.DONE, Goal.CANCELLED: CopyStanding.DECLINED}
IDENTITY = "identity"  # a concern: the last copy that was made would not be found
FEW = 3  # copies that are asked for alone before it is asked whether all are gone
T = TypeVar("T")
Row = TypeVar("Row")


def is_there(standing: CopyStanding, goal: Goal) -> bool:
    """Whether a copy is where we want it."""
    return standing is _SHOWN[goal]


def written(
    rest: Rest, method: str, path: str, what: str, *, query: Query | None = None, body: Any = None
) -> Any:
    """Write once. An answer that proves nothing, such as a page in place of JSON, is Transient: it may be done."""
    try:
        return rest.call(method, path, what, query=query, body=body)
    except Incomplete as error:
        raise Transient(error.message, remedy=error.remedy) from error


def read_back(read: Callable[[], T]) -> T:
    """Look at what was just written. Whatever keeps us from seeing it is Transient, since it may be done.

    A limit that comes between is no NotDone, and what vanished no Changed: what was sent would be sent twice.
    """
    try:
        return read()
    except (NotDone, Permanent, Incomplete, Changed) as error:
        wait_s = error.retry_after_s if isinstance(error, Transient) else None
        raise Transient(
            f"It was written, and can't be read back: {error.message}",
            remedy=error.remedy,
            retry_after_s=wait_s,
        ) from error


class NotUnderstood(Transient):
    """An answer of another shape than described: it proves nothing. Of one copy, it says nothing of the others."""


def understood(server: str, what: str, read: Callable[[], T]) -> T:
    """Read an answer. Raises NotUnderstood for one of another shape than described."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise NotUnderstood(
            f"{server}, asked for {what}, answered something else ({type(error).__name__}: {error}).",
            remedy="Check that url is the server itself, and its version.",
        ) from error


def each_apart(
    page: Mapping[str, Row], read: Callable[[Row], Seen | CopyGone]
) -> list[Seen | CopyGone | CopyUnread]:
    """Read each copy of a page, by their refs.

    What keeps one from being read is said of it. What keeps all of several from it is raised.
    """
    found: list[Seen | CopyGone | CopyUnread] = []
    errors: list[ConnectorError] = []
    for ref, row in page.items():
        try:
            found.append(read(row))
        except (PermissionDenied, Rejected, NotUnderstood, Incomplete) as error:
            errors.append(error)
            found.append(CopyUnread(ref, error.message, error.remedy))
    if errors and len(errors) == len(found) > 1:
        raise errors[0]
    return found


def asked_alone(
    refs: Sequence[str], ask: Callable[[str], Seen | CopyGone], *, is_dark: bool
) -> Iterator[Seen | CopyGone]:
    """Ask for each copy that a page left out. `is_dark`: it showed none; then if the first few are gone, so are all.

    Else lost sight of all copies would cost a request for each, at each read.
    """
    first = [ask(ref) for ref in refs[:FEW]]
    yield from first
    are_gone = is_dark and all(isinstance(one, CopyGone) for one in first)
    for ref in refs[FEW:]:
        yield CopyGone(ref, "deleted or hidden") if are_gone else ask(ref)


def has_token(call: InboundCall, header: str, secret: SecretStr) -> bool:
    """Whether a header is the secret itself. Compared in constant time."""
    given = call.headers.get(header, "").encode("utf-8", "surrogatepass")
    return hmac.compare_digest(given, secret.get_secret_value().encode())


class Worried:
    """What a tracker did not do, though the rest is done: an error would have it done twice."""

    def __init__(self) -> None:
        self._concerns: dict[str, Concern] = {}
        self._hidden = ""  # the last copy that was made and could not be read

    def _unread(self, draft: Draft, ref: str, key: str, url: str, remedy: str) -> Seen:
        """Return a copy that was surely made, since its number was answered, and that is not shown: say so."""
        self._hidden = ref
        self._watch_identity(f"{key} was made, and is not shown", remedy, is_shown=False)
        return Seen(ref, key, url, draft.identity, "", CopyStanding.OPEN)

    def _watch_identity(self, what: str, remedy: str, *, is_shown: bool) -> None:
        """Say what keeps our identity from being found on a new copy; it is the copy all the same, by its number."""
        if is_shown:
            self._done(IDENTITY)
        else:
            self._worry(IDENTITY, f"{what}, so it would not be found again.", remedy)

    def _read(self, ref: str) -> None:
        """Note that a copy was read: it may be the one that could not be."""
        if ref == self._hidden:
            self._hidden = ""
            self._done(IDENTITY)

    def _note_after(self, seen: Seen, write: Callable[[], T]) -> T | None:
        """Write the note of a move that is done: if it is refused, that is told, and the move is not undone by it."""
        try:
            found = write()
        except (Rejected, PermissionDenied) as error:
            self._worry("notes", f"{seen.key} was moved without a note: {error.message}", error.remedy)
            return None
        except (NotDone, Permanent, Incomplete) as error:
            raise Transient(
                f"{seen.key} was moved without a note: {error.message}", remedy=error.remedy
            ) from error
        self._done("notes")
        return found

    def concerns(self) -> Sequence[Concern]:
        return tuple(self._concerns.values())

    def _worry(self, about: str, message: str, remedy: str) -> None:
        self._concerns[about] = Concern(about, message, remedy)

    def _done(self, about: str) -> None:
        self._concerns.pop(about, None)


class HttpTracker(Worried, Passive, ABC):
    """What each tracker over HTTP does alike. `server` is what errors call it."""

    server: ClassVar[str]

    def __init__(self, config: TrackerConfig, context: ConnectorContext, rest: Rest, place: str) -> None:
        super().__init__()
        self.place = place
        self._context = context
        self._rest = rest
        self._calls = self._taken(config) if config.calls else None
        self.calls: Sequence[Calls] = (self._calls,) if self._calls else ()

    @property
    def name(self) -> str:
        return self._context.name

    def news(self) -> frozenset[str]:
        return self._calls.news() if self._calls else frozenset()

    def close(self) -> None:
        self._rest.close()
        self._forget()

    def _forget(self) -> None:
        """Forget what was asked for once: it may have been made anew under its name, with other numbers."""

    def update(self, seen: Seen, draft: Draft, /) -> Seen:
        """Refuse: it is read, and is not told."""
        raise Rejected(f"{self.server} is not told of changes.", remedy="Nothing is to be done.")

    def check(self) -> CheckResult:
        """Check reach, account, rights, and whatever the configuration names. Writes nothing.

        While copies that are made can't be found, it is red: that one is not found proves nothing.
        """
        self._forget()
        details: dict[str, str] = {}
        try:
            told = self._checked(details)
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy, details=details)
        if lost := self._concerns.get(IDENTITY):
            return CheckResult(ok=False, message=lost.message, remedy=lost.remedy, details=details)
        return CheckResult(ok=True, message=told, details=details)

    @abstractmethod
    def _checked(self, details: dict[str, str]) -> str:
        """Say what is there. Raises the first ConnectorError about what is not."""

    def _taken(self, config: TrackerConfig) -> Calls:
        assert config.calls is not None  # noqa: S101  only asked for where they are configured
        secret = config.calls.secret
        return Calls(
            config.calls,
            self._context.name,
            self.server,
            self._context.now,
            lambda call: self._is_genuine(call, secret),
            self._events,
            id_of=self._id_of,
        )

    @abstractmethod
    def _is_genuine(self, call: InboundCall, secret: SecretStr) -> bool:
        """Whether a call proves that the tracker made it."""

    def _id_of(self, call: InboundCall) -> str:
        """What is the same when a call is repeated; empty if nothing is."""
        return ""

    @abstractmethod
    def _events(self, body: Mapping[str, Any]) -> Sequence[Event]:
        """What a call says: which copies to look at."""
