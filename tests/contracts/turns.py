"""What every `ports.store.Store` promises to those who work on it at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from builders import ticket
from contracts.unit_of_work import read_rosters, roster
from transactions import at_once
from worker.ports.state.store import Store


class TurnsContract:
    """Subclasses give the fixture `store`, as `contracts.unit_of_work` does."""

    def test_of_what_several_change_at_once_no_change_is_lost(self, store: Store) -> None:
        with store.begin() as uow:
            [stored] = uow.tickets.insert([ticket()])

        def act(_worker: int) -> None:
            for _ in range(5):
                with store.begin() as uow:
                    before = uow.tickets.get(stored.id)
                    assert before is not None
                    uow.tickets.update([replace(before, reopened=before.reopened + 1)])

        at_once(4, act)

        with store.reading() as reader:
            after = reader.tickets.get(stored.id)
        assert after is not None
        assert after.reopened == 20

    def test_what_is_read_is_of_one_moment(self, store: Store) -> None:
        with store.reading() as reader:
            before = reader.rosters.dirty_count()
            with ThreadPoolExecutor(1) as pool:
                pool.submit(read_rosters, store, roster("g", "+447700900100")).result(timeout=30)

            assert reader.rosters.dirty_count() == before
        with store.reading() as reader:
            assert reader.rosters.dirty_count() == before + 1
