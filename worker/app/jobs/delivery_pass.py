"""One pass of delivering: what it has reserved, what it counts, and which channels cost it too much time."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.ports.state.leases import Lease
from worker.ports.state.outbox import Delivery

DELIVERIES_MAX = 200  # in one pass, so that a long queue does not outlive the lease
PATIENCE = timedelta(seconds=5)  # with the failures of one channel in one pass

_COUNTED = (
    "folded", "sent", "retried", "unreachable", "bounced", "held", "held_for_tomorrow", "updated",
)  # fmt: skip


@dataclass(slots=True)
class DeliveryPass:
    """The counts of one pass, the lease that it works under, and what is reserved until an instant.

    `seq`: the end of the journal when it was reserved. `failed`: the channels whose messages wait since they failed.
    `lost`: by channel, how long its failures took; `slow`: the channels that are tried no more in this pass.
    """

    lease: Lease | None
    page_until: datetime
    page: deque[tuple[Delivery, bool]] = field(default_factory=deque)
    left: int = DELIVERIES_MAX
    seq: int = 0
    failed: set[str] = field(default_factory=set)
    lost: defaultdict[str, timedelta] = field(default_factory=lambda: defaultdict(timedelta))
    slow: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(_COUNTED, 0)))
    troubles: list[str] = field(default_factory=list)

    def lose(self, notifier: str, took: timedelta) -> bool:
        """Count how long a failure took; True if those of the channel take too long, so that it is tried no more."""
        self.lost[notifier] += took
        if self.lost[notifier] >= PATIENCE:
            self.slow.add(notifier)
        return notifier in self.slow
