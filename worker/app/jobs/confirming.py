"""Look once more at what a machine is to do, right before it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from worker.ports import NotDone


@dataclass(slots=True)
class Confirming:
    """Given to a remover, which calls it right before an act's request: since the decision a minute may have gone by.

    `look` tells why the act is not to be done any more, or "". What it raises is kept as `fault`: it ends the
    connector's call, and is no fault of the connector's. Until `is_given` nothing was asked for, whatever fails.
    """

    look: Callable[[], str]
    why_not: str = ""
    is_given: bool = False
    fault: Exception | None = None

    def __call__(self) -> None:
        try:
            self.why_not = self.look()
        except Exception as error:
            self.fault = error
            raise NotDone("Nothing was asked for: the look before it failed.") from error
        if self.why_not:
            raise NotDone(f"Nothing was asked for: {self.why_not}.")
        self.is_given = True
