"""How a worker is broken on purpose: named attributes are exchanged for the time of one world, and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sim.world import DAYS

Make = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is exchanged: (owner, attribute, from the original to the broken one), and settings besides.

    `first` is the first world that is tried, and `days` how long each lasts: a mutant that is found out early need not
    live through all those in which it is not.
    """

    number: int
    name: str
    changes: tuple[tuple[Any, str, Make], ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    first: int = 0
    days: int = DAYS

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Exchange, and put back whatever happens."""
        with ExitStack() as stack:
            for owner, attribute, make in self.changes:
                stack.enter_context(exchanged(owner, attribute, make(getattr(owner, attribute))))
            yield


@contextmanager
def exchanged(owner: Any, attribute: str, value: Any) -> Iterator[None]:
    """One attribute of a module or class, for a while."""
    original = getattr(owner, attribute)
    setattr(owner, attribute, value)
    try:
        yield
    finally:
        setattr(owner, attribute, original)
