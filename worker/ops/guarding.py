"""A fault of a connector is a failure of that connector: whatever else one of its calls raises becomes a Transient.

It may have been done nevertheless, as after any Transient. The log has the traceback, and everything else goes on.
Calls that never raise, by their ports, have the answer that changes nothing, and the log has that every hour. Faults
around a call, in code of ours, are hidden nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from typing import Any, TypeVar, cast

import structlog

from worker.ops import events
from worker.ops.clock import system_now
from worker.ops.interrupt import Stopped
from worker.ops.repeats import Repeats
from worker.ports import CheckResult, Concern, ConnectorError, Transient

log = structlog.get_logger()
C = TypeVar("C")
_NOTHING: Mapping[str, Any] = {"watermark": None, "news": frozenset(), "takes": 1}


def guarded(connector: C) -> C:
    """The connector, of which no call raises anything but what its port says, or Stopped."""
    return cast("C", _Guarded(connector))


class _Guarded:
    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._repeats = Repeats()

    def __deepcopy__(self, memo: dict[int, Any]) -> _Guarded:
        """The same around a copy; a lock can't be copied."""
        return _Guarded(deepcopy(self._inner, memo))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python's own, such as of copies
            raise AttributeError(name)
        found = getattr(self._inner, name)
        return partial(self._call, name) if callable(found) else found

    def _call(self, name: str, /, *args: Any, **more: Any) -> Any:
        call = partial(getattr(self._inner, name), *args, **more)
        if name in _NOTHING:
            return self._or_nothing(name, call)
        with self._errors(name):
            answer = call()
        return self._items(name, answer) if isinstance(answer, Iterator) else answer

    def _or_nothing(self, name: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Stopped:
            raise
        except Exception as error:  # these are called every few seconds
            kind = type(error).__name__
            if self._repeats.is_news(name, kind, system_now()):
                log.exception(events.CONNECTOR_FAILED, source=self._inner.name, call=name, error=kind)
            return _NOTHING[name]

    def check(self) -> CheckResult:
        """As the connector's, which is red if it breaks down."""
        try:
            with self._errors("check"):
                return cast("CheckResult", self._inner.check())
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy)

    def concerns(self) -> Sequence[Concern]:
        """As the connector's; if it breaks down, that is one."""
        try:
            with self._errors("concerns"):
                return cast("Sequence[Concern]", self._inner.concerns())
        except ConnectorError as error:
            return (Concern("its connector", error.message, error.remedy),)

    def _items(self, name: str, items: Iterator[Any]) -> Iterator[Any]:
        with self._errors(name):  # what is raised while an item is looked at does not come through here
            yield from items

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        try:
            yield
        except (ConnectorError, Stopped):
            raise
        except Exception as error:
            kind = type(error).__name__
            log.exception(events.CONNECTOR_FAILED, source=self._inner.name, call=name, error=kind)
            raise Transient(
                f"A fault of the connector of {self._inner.name} ended {name} ({kind}).",
                remedy="It is tried again by itself. Report it with its traceback, from the log (connector.failed).",
            ) from error
