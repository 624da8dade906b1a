"""What every `ports.store.Store` keeps of the seals of files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from builders import HOUR, NOW, facts, key
from contracts.unit_of_work import read_people
from worker.domain.controls.seals import CustodyLine, Seal
from worker.ports.state.store import Store

FILE = Seal(
    7, "chat.txt", 5 << 30, "a" * 64, False, 18211, date(2026, 1, 3), date(2026, 11, 2), "sam", NOW, "by a member"
)  # fmt: skip
UNKNOWN = replace(FILE, sha256="b" * 64, media=None, lines=None, first_on=None, last_on=None, how="")


def line(taker: str, **changes: Any) -> CustodyLine:
    return replace(CustodyLine(NOW + HOUR, "sam", taker, FILE.sha256), **changes)


class SealsContract:
    """The part of the suite about seals."""

    def test_a_seal_is_kept_whole_with_its_number_and_found_by_its_ticket(self, store: Store) -> None:
        with store.begin() as uow:
            first, second = uow.seals.add(FILE), uow.seals.add(UNKNOWN)
            other = uow.seals.add(replace(FILE, ticket=8, media=True))
        assert (first, second.label) == (replace(FILE, id=1), "E-000002")
        with store.reading() as uow:
            assert uow.seals.of_ticket(7) == [first, second]
            assert uow.seals.of_ticket(8) == [other]
            assert uow.seals.of_ticket(9) == []

    def test_seals_come_in_pages(self, store: Store) -> None:
        with store.begin() as uow:
            kept = [uow.seals.add(replace(FILE, sha256=str(number) * 64)) for number in range(3)]
        with store.reading() as uow:
            assert uow.seals.page(0, 2) == kept[:2]
            assert uow.seals.page(2, 2) == kept[2:]
            assert uow.seals.page(3, 2) == []

    def test_its_custody_is_in_the_order_of_its_hand_overs(self, store: Store) -> None:
        with store.begin() as uow:
            seal = uow.seals.add(FILE)
            later, sooner = line("ward archive"), line("an office", at=NOW)
            uow.seals.hand_over(uow.seals.hand_over(seal, later), sooner)
            other = uow.seals.add(UNKNOWN)
        with store.reading() as uow:
            assert uow.seals.of_ticket(7) == [replace(seal, custody=(later, sooner)), other]
            assert uow.seals.page(0, 9)[0].custody == (later, sooner)

    def test_a_ticket_has_one_seal_for_each_content(self, store: Store) -> None:
        with store.begin() as uow:
            uow.seals.add(FILE)
        with pytest.raises(Exception, match=r"(?i)unique"), store.begin() as uow:
            uow.seals.add(replace(FILE, name="copy.txt"))

    def test_an_erased_person_is_in_no_seal_any_more(self, store: Store) -> None:
        read_people(store, facts("ann", display_name="Ann Sample", email="Ann@corp.example"))
        with store.begin() as uow:
            named = replace(FILE, name="Chat with Ann Sample.txt", made_by="ann@corp.example")
            seal = uow.seals.hand_over(uow.seals.add(named), line("Ann Sample, room 4", giver="corp/ann"))
            other = uow.seals.hand_over(uow.seals.add(UNKNOWN), line("Annual archive"))
            uow.people.erase(key("ann"))
        with store.reading() as uow:
            [line_of] = seal.custody
            erased = replace(line_of, giver="erased", taker="erased")
            assert uow.seals.of_ticket(7) == [
                replace(seal, name="erased", made_by="erased", custody=(erased,)),
                other,
            ]

    def test_seals_are_compared_as_they_are_stored(self, store: Store) -> None:
        with store.begin() as uow:
            kept = uow.seals.hand_over(uow.seals.add(FILE), line("Legal"))
            other = uow.seals.add(UNKNOWN)
        with store.reading() as uow:
            assert uow.explained.seals(0, 1) == [kept]
            assert uow.explained.seals(1, 9) == [other]
            assert uow.explained.seals(0, 9) == [kept, other]
            assert uow.explained.missing_seals({1, 2, 3}) == {3}
