"""Whether work grows with what is given, told by two sizes that are measured one after the other."""

from collections.abc import Callable
from time import process_time
from typing import Final

FEWER: Final = 10
TIMES_AT_MOST: Final = 40
"""Ten times as much takes ten times as long; with its square it takes a hundred times."""

NOISE_S: Final = 0.01
TRIES: Final = 3


def grows_evenly(work: Callable[[int], object], size: int) -> bool:
    """Whether a size takes at most 40 times as long as its tenth, by processor time.

    A machine that is busy with other work makes single measures several times as long, so that up to three
    are taken, and one that is short is believed.
    """
    return any(_took_s(work, size) < TIMES_AT_MOST * _few_s(work, size) for _ in range(TRIES))


def _few_s(work: Callable[[int], object], size: int) -> float:
    return max(_took_s(work, size // FEWER), NOISE_S)


def _took_s(work: Callable[[int], object], size: int) -> float:
    begun = process_time()
    work(size)
    return process_time() - begun
