"""What the simulation found in the worker once, or held against it wrongly, each as a small world of its own."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from sim.company import LIVE, LOOKED_UP, REGISTER, Human, Room
from sim.effects import Held, Saved
from sim.scenario import ORDER
from sim.seeded import settings_of
from sim.world import HOUR, START, World
from worker.domain.evidence.actor import Actor
from worker.domain.kinds import REMOVALS
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.domain.model import Role
from worker.domain.tickets.ticket import Ticket, TicketKind, TicketState
from worker.ports import Rejected, Transient
from worker.ports.state.outbox import OutMessage


class Small(World):
    """Eight people, who do nothing by themselves, in two groups; every job runs when it is told to."""

    def __init__(self) -> None:
        super().__init__(0, settings=settings_of(0, guard={"leavers_share_max": None}))
        self.log.listeners.remove(self.office._notice)

    def _found(self) -> None:
        self.people: list[Human] = [self.company.hire(LOOKED_UP) for _ in range(8)]
        self.company.hire("payroll")
        self.first = self.company.open_room(REGISTER, "First", self.people[:5], 2, None)
        self.second = self.company.open_room(LIVE, "Second", self.people[3:], 1, None)
        for room in (self.first, self.second):
            for seat in room.admins():
                seat.role = Role.ADMIN

    def cycle(self, hours: float = 1, *, without: tuple[str, ...] = ()) -> None:
        self.clock.now += hours * HOUR
        self.inventories[REGISTER].write()
        for job in ORDER:
            self.clock.now += timedelta(minutes=2)
            if job not in without:
                self.job(job)
                self._raise_broken()

    def change(self, human: Human, **facts: object) -> None:
        self.company.change(human.accounts[0], **facts)

    def tickets(self, kind: TicketKind, room: Room | None = None) -> list[Ticket]:
        found = [ticket for ticket in self.log.tickets.values() if ticket.kind is kind]
        return [ticket for ticket in found if room is None or ticket.group == room.key]


@pytest.fixture
def world() -> Iterator[Small]:
    small = Small()
    yield small
    small.close()


def test_a_guest_in_two_groups_is_one_question(world: Small) -> None:
    guest = world.company.outsider()
    for room in (world.second, world.company.open_room(LIVE, "Third", world.people[:3], 1, None)):
        world.company.seat(room, guest)
    world.cycle()
    assert len(world.tickets(TicketKind.IDENTIFY_MEMBER)) == 1


def test_nobody_is_asked_about_before_every_directory_was_read(world: Small) -> None:
    guest = world.company.outsider()
    world.company.seat(world.second, guest)
    world.directories["payroll"].cut_after(0)
    world.directories["payroll"].is_lying = True
    world.cycle(without=("poll",))
    world.cycle()
    assert not world.log.tickets
    world.directories["payroll"].be_honest()
    world.cycle()
    assert [t.handle for t in world.tickets(TicketKind.IDENTIFY_MEMBER)] == [f"u{guest.number}"]


def test_a_leave_date_that_is_set_back_to_an_earlier_one_counts(world: Small) -> None:
    leaver = world.people[4]
    world.cycle()
    for hours_ago in (1, 0.5):
        world.change(leaver, leave_at=world.clock.now - hours_ago * HOUR)
        world.cycle()
        assert world.log.live_removals[world.first.key, leaver.phone]
        world.change(leaver, leave_at=None)
        world.cycle()
        assert not world.log.live_removals[world.first.key, leaver.phone]
    world.change(leaver, leave_at=START)
    world.cycle()
    world.change(leaver, leave_at=None)
    world.cycle()
    world.change(leaver, leave_at=START)
    world.cycle()
    assert len(world.log.live_removals[world.first.key, leaver.phone]) == 1


def test_a_number_is_no_longer_taken_for_recycled_once_its_owner_is_back(world: Small) -> None:
    leaver = world.people[2]
    world.change(leaver, enabled=False)
    world.cycle()
    world.company.seat(world.second, leaver)
    world.cycle()
    (question,) = world.tickets(TicketKind.IDENTIFY_MEMBER)
    world.change(leaver, enabled=True)
    world.cycle()
    assert world.log.tickets[question.id].state is TicketState.VERIFIED
    world.change(leaver, enabled=False)
    world.cycle()
    assert world.log.live_removals[world.second.key, f"u{leaver.number}"]


def test_a_message_that_may_have_arrived_says_so_on_the_next_channel(world: Small) -> None:
    world.cycle()
    world.change(world.people[2], enabled=False)  # one ticket, one recipient
    chat, mail = world.notifiers["chat"], world.notifiers["mail"]
    chat.fail_next(Transient("No answer.", remedy="Wait."), times=7)
    world.cycle(without=("deliver",))
    for attempt in range(10):
        world.clock.now += HOUR
        if attempt == 7:
            chat.lose_next_answer()
        world.job("deliver")
        world._raise_broken()
    (first,), (again,) = chat.sent, mail.sent
    assert first.key == again.key
    assert again.may_be_repeat


def test_what_only_the_channel_can_tell_is_tried_again_after_a_refusal(world: Small) -> None:
    world.cycle()
    world.notifiers["chat"].fail_next(Rejected("The channel is archived.", remedy="Open it again."))
    with world.store.begin() as uow:
        uow.outbox.add([OutMessage("news", CHANNEL, "News", Paragraph("News"))], world.clock.now)
    world.cycle(0)
    assert not world.notifiers["chat"].to("")
    world.cycle(2)
    told = [part.headline for message in world.notifiers["chat"].to("") for part in message.paragraphs]
    assert "News" in told


def test_a_false_claim_about_the_last_admin_is_reopened_as_blocked(world: Small) -> None:
    one, other = (seat.human for seat in world.first.admins())
    world.cycle()
    world.change(one, enabled=False)
    world.cycle()
    (ticket,) = [t for t in world.log.tickets.values() if t.handle == one.phone and t.kind in REMOVALS]
    assert ticket.state is TicketState.OPEN
    world.app.desk.done(ticket.id, Actor("nurse"), world.clock.now)
    world.change(other, enabled=False)
    world.cycle()
    reopened = [
        e for e in world.log.effects if isinstance(e, Saved) and e.is_move and e.after.id == ticket.id
    ][-1]
    assert reopened.after.state is TicketState.BLOCKED
    world.cycle()
    (reassignment,) = world.tickets(TicketKind.REASSIGN_ADMIN, world.first)
    assert world.log.tickets[ticket.id].blocked_by == reassignment.id
    assert not [m for m in world.notifiers["chat"].sent if m.title.startswith("Reopened")]


def test_a_date_that_comes_between_the_poll_and_the_reconcile_counts_from_the_next_poll(world: Small) -> None:
    leaver = world.people[2]
    world.cycle()
    world.change(leaver, leave_at=world.clock.now)
    for _ in range(3):
        world.cycle(6)
    assert world.log.live_removals[world.first.key, leaver.phone]
    world.change(leaver, leave_at=world.clock.now + HOUR + timedelta(minutes=3))
    world.cycle()
    assert not world.log.live_removals[world.first.key, leaver.phone]
    world.cycle()
    assert world.log.live_removals[world.first.key, leaver.phone]


def test_who_had_returned_when_a_plan_was_rejected_may_leave_by_the_same_date(world: Small) -> None:
    crowd, left_at = world.people[:5], world.clock.now
    world.cycle()
    for human in crowd:
        world.change(human, leave_at=left_at)
    world.cycle()
    (held,) = [effect.plan for effect in world.log.effects if isinstance(effect, Held)]
    world.change(crowd[2], leave_at=None)
    world.cycle()
    world.app.approvals.decide(
        held.id, [], Actor("nurse"), "HR knows of nothing", world.clock.now, release=False
    )
    world.change(crowd[2], leave_at=left_at)
    world.cycle()
    assert [ticket.handle for ticket in world.tickets(TicketKind.REMOVE_MEMBER)] == [crowd[2].phone]
