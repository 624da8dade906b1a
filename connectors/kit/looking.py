"""A closer look at groups: facts that take a call each, asked for one by one.

what is asked for -> its call -> shown | refused: not shown | no answer just now: kept as it was | away: the look ends
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from connectors.kit.rest import Refusal
from worker.domain.model import Fact, GroupFacts
from worker.ports import ConnectorError, Incomplete, PermissionDenied, Rejected, Transient

# Returns the fact, None if it is not shown; may raise ConnectorError
Asks: TypeAlias = Mapping[Fact, Callable[[], Any]]


def look(asks: Asks, wanted: Collection[Fact], now: Callable[[], datetime]) -> GroupFacts:
    """Ask for the wanted facts of one group; return those that were asked for, with when.

    Who refuses a fact does not show it. Trouble with one answer leaves the fact as it was known. Raises AuthFailed,
    BadConfig and Transient where nobody answers: then no other group can be asked for either.
    """
    shown: dict[str, Any] = {}
    apart: list[tuple[Fact, datetime]] = []
    for fact in sorted(asks.keys() & set(wanted)):
        try:
            value = asks[fact]()
        except (Rejected, PermissionDenied):
            value = None
        except (Transient, Incomplete) as error:
            if _is_away(error):
                raise
            continue
        shown[fact] = value
        apart.append((fact, now()))
    return GroupFacts(**shown, read_apart=tuple(apart))


def _is_away(error: ConnectorError) -> bool:
    """Whether nobody answered. Who asks us to wait is there."""
    is_waited_for = isinstance(error, Transient) and error.retry_after_s is not None
    return isinstance(error, Transient) and not is_waited_for and not Refusal.behind(error).status


def tried(ask: Callable[[], Any]) -> Any:
    """Return what is asked for; None for any error: where an answer is of many groups, its trouble is nobody's."""
    try:
        return ask()
    except ConnectorError:
        return None
