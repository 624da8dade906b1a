"""The job `deliver` with a channel that takes everything and does nothing, until nothing is left to send.

    python -m bench.outbox_ours URL NUMBER

Without a lease, which the worker has: with one, a second process would have nothing to do.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta

from bench.team import take_part
from worker.app.jobs.deliver import Deliver, DeliverRules
from worker.app.tell.addressing import person_at
from worker.app.tell.teller import Teller
from worker.domain.messages.message import Message, Paragraph
from worker.domain.text.tongue import ENGLISH_ONLY
from worker.ports import Abilities, CheckResult, Passive, Reach, Receipt
from worker.ports.state.outbox import OutMessage
from worker.storage.sql.engine import open_engine
from worker.storage.store import SqlStore

PAUSE_S = 0.01  # while others send what is left
NAME = "sink"


class Sink(Passive):
    """A channel that takes everything, at once."""

    name = NAME
    can = Abilities(frozenset({Reach.EMAIL}))

    def takes(self, message: Message) -> int:
        return len(message.paragraphs)

    def send(self, message: Message) -> Receipt:
        return Receipt(message.key)

    def find(self, _message: Message) -> None:
        return None

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message="a benchmark")


def rules() -> DeliverRules:
    """Without a window and with the default limits, so that what waits is folded at once."""
    return DeliverRules(timedelta(0), 20, 20, Teller("UTC", ENGLISH_ONLY))


def letter(number: int, reader: int) -> OutMessage:
    """A message of the size that a ticket's has."""
    text = Paragraph(f"Person {number} has left and is still in Group {number}", "Please remove them." * 10)
    return OutMessage(f"bench:{number}", person_at(f"reader{reader}@example.org"), "A ticket", text)


def queue(store: SqlStore, messages: int, together: int = 1) -> None:
    """Queue so many messages, `together` to each reader, that may go at once."""
    letters = [letter(number, number // together) for number in range(messages)]
    with store.begin() as uow:
        uow.outbox.add(letters, datetime.now(UTC) - timedelta(seconds=1))


def job(store: SqlStore, holder: str) -> Deliver:
    return Deliver(store, [Sink()], rules(), lambda: datetime.now(UTC), holder)


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
    url, holder = sys.argv[1:3]
    engine = open_engine(url)
    store = SqlStore(engine)
    deliver = job(store, holder)
    with store.reading() as uow:  # connects
        uow.outbox.backlog()
    take_part(lambda: work(store, deliver))
    engine.dispose()


if __name__ == "__main__":
    main()
