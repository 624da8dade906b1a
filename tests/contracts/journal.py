"""What every store keeps of the journal: a chain without a hole, read as it was sealed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from builders import DAY, NOW
from chains import first_broken
from transactions import at_once, rolled_back
from worker.domain.evidence import events
from worker.domain.evidence.journal import GENESIS, Entry, write
from worker.ports.state.store import Store


class JournalContract:
    def test_the_chain_is_whole_after_appends_at_once(self, store: Store) -> None:
        def act(worker: int) -> None:
            for number in range(5):
                with store.begin() as uow:
                    data = {"n": number}
                    uow.journal.append([Entry(NOW, f"w{worker}", "x", "s", "why", data)] * 2)

        at_once(4, act)

        with store.begin() as uow:
            chain = list(uow.journal.chain())
            assert uow.journal.head() == (40, chain[-1].hash)
            assert uow.journal.of("s") == chain
        assert [sealed.seq for sealed in chain] == list(range(1, 41))
        assert first_broken(chain) is None

    def test_the_chain_is_read_in_pages(self, store: Store) -> None:
        with store.begin() as uow:
            uow.journal.append(Entry(NOW, "a", f"k{number}", "s") for number in range(5))
        with store.begin() as uow:
            chain = list(uow.journal.chain())
            assert uow.journal.page(0, 2) == chain[:2]
            assert uow.journal.page(2, 99) == chain[2:]
            assert uow.journal.page(5, 2) == []

    def test_entries_of_any_instant_are_read_as_the_texts_that_were_sealed(self, store: Store) -> None:
        instants = [NOW + DAY * number + timedelta(minutes=67, seconds=61) * number for number in range(60)]
        instants += [
            NOW.replace(microsecond=1),  # instants are kept to the microsecond
            NOW - timedelta(microseconds=1),
            *(datetime(year, 12, 31, 23, 59, 59, 999_999, UTC) for year in (1, 1969, 9999)),
        ]
        entries = [Entry(at, "a", "x", "s", "why", {"é": number}) for number, at in enumerate(instants)]
        with store.begin() as uow:
            uow.journal.append(entries)

        with store.begin() as uow:
            found = uow.journal.written(0, 99)
            assert [one.sealed for one in found] == list(uow.journal.chain())
        previous = GENESIS
        for seq, (one, entry) in enumerate(zip(found, entries, strict=True), start=1):
            assert one == write(entry, seq, previous)
            previous = one.hash

    def test_the_last_of_some_kinds_is_found_for_each_subject_by_any_of_its_names(self, store: Store) -> None:
        with store.begin() as uow:
            uow.journal.append([
                Entry(NOW, "a", events.TICKET_VERIFIED, "s"),
                Entry(NOW + DAY, "a", "ticket.verify", "s"),  # as an earlier release called it
                Entry(NOW + 2 * DAY, "a", events.TICKET_REOPENED, "s"),
                Entry(NOW + 3 * DAY, "a", events.TICKET_CANCELLED, "s"),
                Entry(NOW, "a", events.TICKET_OPENED, "t"),
            ])  # fmt: skip
        kinds = (events.TICKET_VERIFIED, events.TICKET_CANCELLED)
        with store.begin() as uow:
            assert uow.journal.last(["s", "t"], kinds, NOW + 3 * DAY) == {"s": NOW + DAY}

    def test_an_entry_that_was_rolled_back_leaves_no_hole(self, store: Store) -> None:
        for number in range(3):
            with rolled_back(store) as uow:
                uow.journal.append([Entry(NOW, "a", "lost", "s")])
            with store.begin() as uow:
                uow.journal.append([Entry(NOW, "a", f"kept{number}", "s")])
        with store.begin() as uow:
            assert first_broken(uow.journal.chain()) is None
            assert uow.journal.head()[0] == 3
