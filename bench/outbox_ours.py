"""The job `deliver` with a channel that takes everything and does nothing, until nothing is left to send.

    python -m bench.outbox_ours URL

Without a lease, which the worker has: with one, a second process would have nothing to do.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta

from bench.team import take_part
from bench.wired import app_over
from worker.app.jobs.deliver import Deliver
from worker.app.tell.addressing import person_at
from worker.domain.messages.message import Paragraph
from worker.ports.state.outbox import OutMessage
from worker.storage.sql.engine import open_engine
from worker.storage.store import SqlStore

PAUSE_S = 0.01  # while others send what is left


def letter(number: int, reader: int) -> OutMessage:
    """A message of the size that a ticket's has."""
    text = Paragraph(f"Person {number} has left and is still in Group {number}", "Please remove them." * 10)
    return OutMessage(f"bench:{number}", person_at(f"reader{reader}@example.org"), "A ticket", text)


def queue(store: SqlStore, messages: int, together: int = 1) -> None:
    """Queue so many messages, `together` to each reader, that may go at once."""
    letters = [letter(number, number // together) for number in range(messages)]
    with store.begin() as uow:
        uow.outbox.add(letters, datetime.now(UTC) - timedelta(seconds=1))


def job(store: SqlStore) -> Deliver:
    """Without a window and with the default limits, so that what waits is folded at once."""
    return app_over(store).deliver


def work(store: SqlStore, deliver: Deliver) -> int:
    """Run the job until nothing is left; return how many deliveries this process sent."""
    sent = 0
    while True:
        count = deliver.run_once(datetime.now(UTC)).counts["sent"]
        sent += count
        if not count:
            with store.reading() as uow:
                if not sum(uow.outbox.backlog()):
                    return sent
            time.sleep(PAUSE_S)


def main() -> None:
    engine = open_engine(sys.argv[1])
    store = SqlStore(engine)
    deliver = job(store)
    with store.reading() as uow:  # connects
        uow.outbox.backlog()
    take_part(lambda: work(store, deliver))
    engine.dispose()


if __name__ == "__main__":
    main()
