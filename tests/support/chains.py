"""Whether a chain of entries is whole."""

from __future__ import annotations

from collections.abc import Iterable

from worker.domain.evidence.journal import GENESIS, Sealed, checked, write


def first_broken(chain: Iterable[Sealed]) -> int | None:
    """The number of the first entry that breaks a chain; None if it is whole, or was only cut at its end."""
    previous, expected = GENESIS, 1
    for one in chain:
        row = write(one.entry, one.seq, one.previous)._replace(hash=one.hash)
        if checked(row, expected, previous) is None:
            return expected
        previous, expected = one.hash, expected + 1
    return None
