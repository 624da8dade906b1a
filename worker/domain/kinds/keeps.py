"""What somebody who left keeps: the groups whose messages they could read, from when to when. Pure.

Nobody can take back what a person has read. So it is said for each group, by what the worker knows: the removals that
were asked for, and the groups that still list the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from worker.domain.kinds import KINDS
from worker.domain.model import GroupKey
from worker.domain.tickets.ticket import Ticket, TicketState

IN_SINCE = "in_since"  # in the details of a removal: since when the member is known to have been in the group


@dataclass(frozen=True, slots=True)
class KeptGroup:
    """One group that somebody could read.

    `from_at`: None if they were in it when it was first read. `until_at`: None while they are in it, and while nothing
    shows that they are out. `is_out`: the group lists them no more, and as nobody asked for that, nothing shows since
    when. `data_class` is what the group is for, empty if nothing says. `owner`: the address of
    whoever owns the group and is here; empty: nobody. `ticket` asks to remove them.
    """

    group: GroupKey
    name: str
    messenger: str
    from_at: datetime | None = None
    until_at: datetime | None = None
    data_class: str = ""
    is_sensitive: bool = False
    owner: str = ""
    ticket: Ticket | None = None
    is_out: bool = False

    @property
    def is_open(self) -> bool:
        """Whether they may still read the group."""
        return self.until_at is None and not self.is_out


def since_details(at: datetime | None) -> Mapping[str, Any]:
    """The details of a removal for a member who is known to be in the group since then."""
    return {} if at is None else {IN_SINCE: at.isoformat()}


def in_since(ticket: Ticket) -> datetime | None:
    """Since when the member of a removal is known to have been in the group; None if that is not known."""
    text = ticket.details.get(IN_SINCE)
    return None if text is None else datetime.fromisoformat(text)


def kept_by(tickets: Iterable[Ticket], present: Iterable[KeptGroup]) -> list[KeptGroup]:
    """What a person keeps, the newest first, by the tickets about them and the groups that list them.

    A group counts once for each time that they were in it; several handles are one time.
    """
    removals = [one for one in tickets if _tells(one)]
    times: dict[tuple[GroupKey, str], KeptGroup] = {}
    for ticket in removals:
        time = ticket.home, ticket.occasion
        times[time] = _joined(times.get(time), _of(ticket))
    put_off_first = sorted(times.items(), key=lambda each: each[1].is_open)
    live = {group: time for time, one in put_off_first if one.until_at is None for group in (time[0],)}
    for one in present:
        time = live.get(one.group, (one.group, ""))
        known = times.get(time)
        times[time] = _joined(known, replace(one, ticket=known.ticket if known else None))
    return sorted(times.values(), key=_newest_first)


def _tells(ticket: Ticket) -> bool:
    """Whether it says that its person was in the group: a removal that was not taken back, though it may be waived."""
    return KINDS[ticket.kind].is_exposure and ticket.state is not TicketState.CANCELLED


def _of(ticket: Ticket) -> KeptGroup:
    is_over = ticket.state is TicketState.VERIFIED
    until = ticket.verified_at if is_over else None
    return KeptGroup(
        ticket.home, ticket.group_name, ticket.messenger, in_since(ticket), until, ticket=ticket,
        is_out=ticket.state is TicketState.WAIVED,
    )  # fmt: skip


def _joined(known: KeptGroup | None, other: KeptGroup) -> KeptGroup:
    """The same time, as two handles or a ticket and a roster show it."""
    if known is None:
        return other
    begins: Sequence[datetime] = [at for at in (known.from_at, other.from_at) if at is not None]
    ends = [at for at in (known.until_at, other.until_at) if at is not None]
    until = None if known.is_open or other.is_open else max(ends, default=None)
    is_out = known.is_out and other.is_out
    return replace(other, from_at=min(begins, default=None), until_at=until, is_out=is_out)


def _newest_first(one: KeptGroup) -> tuple[bool, float, str]:
    at = one.until_at.timestamp() if one.until_at else 0.0
    return not one.is_open, -at, one.name
