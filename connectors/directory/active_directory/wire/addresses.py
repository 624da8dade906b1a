"""Addresses behind which controllers take turns, such as a domain's name or a load balancer's."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.domain.instants import has_come
from worker.ports import Concern

LASTS = timedelta(days=1)  # after the last turn
SHOWN_MAX = 10  # databases that are remembered of an address


class Addresses:
    """The databases that each address of `servers` has shown. A restored controller shows a new one, and keeps it."""

    def __init__(self) -> None:
        self._shown: dict[str, list[str]] = {}
        self._turned_at: dict[str, datetime] = {}

    def note(self, url: str, invocation: str, now: datetime) -> None:
        """Note which database an address shows; one that is back after another one takes turns with it."""
        shown = self._shown.setdefault(url, [])
        if invocation in shown[:-1]:
            self._turned_at[url] = now
            shown.remove(invocation)
        if invocation not in shown[-1:]:
            shown.append(invocation)
            del shown[:-SHOWN_MAX]

    def concerns(self, now: datetime) -> tuple[Concern, ...]:
        """The addresses whose controllers took turns within a day."""
        return tuple(
            Concern(
                url,
                f"{url} leads to several domain controllers in turn, so each poll reads everybody anew.",
                "Name each controller by itself in `servers`.",
            )
            for url, at in sorted(self._turned_at.items())
            if not has_come(at + LASTS, now, LASTS)
        )
