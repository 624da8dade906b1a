"""What a lie is: what a source says, what is true, who tells it, and what Whosleft does about it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from lies.company import Company, Reaction, Source

Tell: TypeAlias = Callable[[Company, random.Random], None]
DIRECTORIES = frozenset({Source.ASKED, Source.FILE})
INVENTORIES = frozenset({Source.LIVE, Source.LIST})
ASKED, FILE = frozenset({Source.ASKED}), frozenset({Source.FILE})


@dataclass(frozen=True, slots=True)
class Lie:
    """One way in which a source lies, until it is healed.

    `tell` makes it lie. `on` are the sources that can tell it. `does` is what Whosleft does, played alone on the
    first of them. `says_left`: the source says of people who are here, in so many words, that they left: they count as
    leavers, and no ticket may come of it. `is_proof`: it is a complete list without somebody, which nobody could tell
    from the truth, so a ticket may be taken for proven until it is healed.
    """

    number: str
    says: str
    truth: str
    told_by: str
    does: Reaction
    tell: Tell
    on: frozenset[Source]
    says_left: bool = False
    is_proof: bool = False
    leaves_question: bool = False
    is_alone: bool = False
    reads: int = 2  # played alone: a delta and a full one

    def begin(self, company: Company, rng: random.Random) -> None:
        """Make the company's source lie."""
        company.says_left |= self.says_left
        company.is_proof |= self.is_proof
        company.may_ask |= self.leaves_question
        self.tell(company, rng)

    @property
    def source(self) -> Source:
        """The source on which it is played alone."""
        return next(one for one in Source if one in self.on)
