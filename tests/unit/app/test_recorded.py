"""What the messenger itself recorded of who went: a claim, or the proof of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from harness import Harness
from recording import EXPORT, Recording, leaver_with_export
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.model import Coverage, Departed, GroupKey, Member, Renumbered
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState
from worker.ports import Incomplete
from worker.storage.sql.tables import departed

Found = Callable[..., Harness]
NURSE = Actor("nurse@corp.example")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def ward(found: Found) -> Harness:
    """A register's group and an export of its chat; Ann has left, and her removal is asked for."""
    harness = leaver_with_export(found)
    assert ticket_of(harness).state is TicketState.OPEN
    harness.wards.freeze()  # nobody brings the register up to date
    return harness


def ticket_of(harness: Harness) -> Ticket:
    [ticket] = harness.tickets(TicketKind.REMOVE_MEMBER)
    return ticket


def record(harness: Harness, at: datetime | None, *, phone: str | None = None) -> None:
    """The newest export says that Ann went."""
    exports = harness.inventories[1]
    assert isinstance(exports, Recording)
    number = harness.number("ann") if phone is None else phone or None
    exports.went = (Departed(number or "name:Ann", "Ann", number, at),)
    harness.later()
    harness.inventory()
    harness.verify()


def test_a_record_from_before_a_list_that_shows_them_says_nothing(ward: Harness) -> None:
    ward.wards.mend()  # the register is brought up to date, and shows her: she was added again
    went_at = ward.now + 10 * MINUTE
    ward.later(hours=3)
    ward.settle()
    record(ward, went_at)
    assert ticket_of(ward).state is TicketState.OPEN


def test_a_record_from_before_a_person_s_reopening_says_nothing(ward: Harness) -> None:
    record(ward, ward.now + 10 * MINUTE)
    assert ticket_of(ward).state is TicketState.DONE
    ward.desk.waive(1, NURSE, "let it rest", ward.now)
    went_at = ward.now + 10 * MINUTE
    ward.later()
    ward.desk.reopen(1, NURSE, "she is in it", ward.now)
    record(ward, went_at)
    assert ticket_of(ward).state is TicketState.OPEN


def test_a_record_after_the_claim_proves_it_with_grade_b(ward: Harness) -> None:
    ward.desk.done(1, NURSE, ward.now)
    record(ward, ward.now + MINUTE)
    proven = ticket_of(ward)
    assert (proven.state, proven.grade, proven.verified_by) == (TicketState.VERIFIED, Grade.B, "exports")


@pytest.mark.parametrize("number", ["+447700900177", ""], ids=["under a new number", "under the same one"])
def test_a_record_proves_nothing_while_its_own_source_lists_the_member(ward: Harness, number: str) -> None:
    """She was added again, and the register does not know it."""
    ward.desk.done(1, NURSE, ward.now)
    exports = ward.inventories[1]
    assert isinstance(exports, Recording)
    now = number or ward.number("ann")
    exports.add_member("ward-7", Member(now, "Ann Other", phone=now))
    exports.changed = (Renumbered(ward.number("ann"), number, ward.now),) if number else ()
    record(ward, ward.now + MINUTE)
    assert ticket_of(ward).state is TicketState.DONE

    exports.remove_member("ward-7", now)
    record(ward, ward.now + MINUTE)
    assert (ticket_of(ward).state, ticket_of(ward).verified_by) == (TicketState.VERIFIED, "exports")


def test_a_record_without_a_claim_is_one_and_proves_nothing_by_itself(ward: Harness) -> None:
    went_at = ward.now + MINUTE
    record(ward, went_at)
    claimed = ticket_of(ward)
    assert (claimed.state, claimed.grade, claimed.done_at) == (TicketState.DONE, Grade.C, went_at)
    assert claimed.done_by == "exports"
    ward.verify()
    assert ticket_of(ward).state is TicketState.DONE, "the same record is no proof of itself"
    ward.wards.mend()
    ward.drop("ward-7", "ann")
    ward.later()
    ward.settle()
    assert (ticket_of(ward).state, ticket_of(ward).grade) == (TicketState.VERIFIED, Grade.B)


@pytest.fixture
def porters(found: Found) -> Harness:
    """A group that an export alone shows. Ann has left, and her removal is held."""
    harness = found(inventory_type=Recording)
    harness.hire("ann", "ben")
    harness.wards.can = EXPORT
    harness.start(harness.app.rules)
    harness.group("porters", "ann", "ben")
    harness.wards.mark("porters", Coverage.PARTIAL)
    harness.settle()
    harness.leave("ann")
    harness.later()
    harness.settle()
    harness.app.holds.hold(1, NURSE, "she exports her part first", harness.now + 48 * HOUR, harness.now)
    return harness


def test_a_hold_is_over_though_a_record_took_the_member_from_the_list(porters: Harness) -> None:
    went_at = porters.now + MINUTE
    exports = porters.wards
    assert isinstance(exports, Recording)
    exports.went = (Departed(porters.number("ann"), "Ann", porters.number("ann"), went_at),)
    porters.drop("porters", "ann")
    porters.later()
    porters.settle()
    assert ticket_of(porters).state is TicketState.BLOCKED
    porters.later(hours=48)
    porters.settle()
    claimed = ticket_of(porters)
    assert (claimed.state, claimed.grade, claimed.done_at) == (TicketState.DONE, Grade.C, went_at)
    assert events.TICKET_UNBLOCKED in porters.kinds()


def test_a_record_of_before_says_nothing(ward: Harness) -> None:
    ward.desk.done(1, NURSE, ward.now)
    record(ward, ward.now - MINUTE)
    assert ticket_of(ward).grade is Grade.C


@pytest.mark.parametrize("phone, has_date", [("+447700900999", True), ("", True), (None, False)])
def test_a_record_of_another_number_or_without_number_or_date_says_nothing(
    ward: Harness, phone: str | None, has_date: bool
) -> None:
    record(ward, ward.now + MINUTE if has_date else None, phone=phone)
    assert ticket_of(ward).state is TicketState.OPEN


def test_a_read_that_breaks_off_keeps_no_record(ward: Harness) -> None:
    ward.inventories[1].cut_after(1, Incomplete("It broke off."))
    record(ward, ward.now + MINUTE)
    assert ticket_of(ward).state is TicketState.OPEN


def test_a_record_is_weighed_once(ward: Harness) -> None:
    record(ward, ward.now + MINUTE)
    ward.desk.reopen(1, NURSE, "she is back in", ward.now)
    ward.later()
    ward.inventory()
    ward.verify()
    assert ticket_of(ward).state is TicketState.OPEN


def test_the_source_of_the_record_says_that_it_does_not_show_the_member(ward: Harness) -> None:
    record(ward, ward.now + MINUTE)
    with ward.store.reading() as uow:
        seen = uow.tickets.seen_in([ticket_of_in(uow)])[1]
    assert {one.source: one.shows for one in seen} == {"register": True, "exports": False}


def ticket_of_in(uow: object) -> Ticket:
    found = uow.tickets.get(1)  # type: ignore[attr-defined]
    assert isinstance(found, Ticket)
    return found


def test_a_record_that_is_older_than_every_live_ticket_is_looked_at_once(ward: Harness) -> None:
    record(ward, ward.now - timedelta(days=1))
    with ward.engine.connect() as connection:
        waiting = connection.execute(
            sa.select(sa.func.count()).where(departed.c.is_weighed == 0)
        ).scalar_one()
    assert waiting == 0


def test_a_record_that_a_handle_went_is_no_proof_while_another_of_theirs_is_there(ward: Harness) -> None:
    other = "+447700900900"
    ward.wards.mend()
    ward.wards.add_member("ward-7", Member(other, "Ann", phone=other))
    ward.settle()
    ward.identifying.confirm(other, "ann", NURSE, ward.now)
    ward.settle()
    ward.wards.freeze()
    record(ward, ward.now + MINUTE)

    first, second = ward.tickets(TicketKind.REMOVE_MEMBER)
    assert (first.handle, first.state, second.state) == (
        ward.number("ann"),
        TicketState.OPEN,
        TicketState.OPEN,
    )


# --- A group that only exports show ---------------------------------------------------------------------


@pytest.fixture
def chat(found: Found) -> Harness:
    harness = found(inventories=("exports",), inventory_type=Recording)
    harness.inventories[0].can = EXPORT
    harness.start(harness.app.rules)
    harness.hire("ann", "ben", "cem")
    for name in ("ward-7", "ward-8"):
        harness.group(name, "ann", "ben", "cem")
        harness.inventories[0].mark(name, Coverage.PARTIAL)
    harness.settle()
    harness.later()
    return harness


def say(harness: Harness, *, went: bool = False, number: str = "") -> None:
    """The newest exports name Ann in neither group any more, or under another number."""
    exports, old = harness.inventories[0], harness.number("ann")
    assert isinstance(exports, Recording)
    for name in ("ward-7", "ward-8"):
        exports.remove_member(name, old)
        if number:
            exports.add_member(name, Member(number, "Ann", phone=number))
    exports.went = (Departed(old, "Ann", old, harness.now),) if went else ()
    exports.changed = (Renumbered(old, number, harness.now),) if number else ()
    harness.later()
    harness.settle()


def listed(harness: Harness) -> set[str]:
    with harness.store.reading() as uow:
        return {one.member.handle for one in uow.rosters.members(GroupKey("exports", "ward-7"))}


def test_whoever_a_chat_does_not_name_any_more_stays_known(chat: Harness) -> None:
    say(chat)
    assert chat.number("ann") in listed(chat)


def test_who_went_from_a_chat_before_they_left_is_not_asked_to_be_removed(chat: Harness) -> None:
    say(chat, went=True)
    assert chat.number("ann") not in listed(chat)
    chat.leave("ann")
    chat.settle()
    assert chat.tickets(TicketKind.REMOVE_MEMBER) == []


def test_a_record_in_the_only_source_proves_a_claim_though_people_write_on(chat: Harness) -> None:
    chat.leave("ann")
    chat.settle()
    for one in chat.tickets(TicketKind.REMOVE_MEMBER):
        chat.desk.done(one.id, NURSE, chat.now)
    chat.later()
    say(chat, went=True)
    proven = [(one.state, one.grade) for one in chat.tickets(TicketKind.REMOVE_MEMBER)]
    assert proven == [(TicketState.VERIFIED, Grade.B)] * 2


def test_who_has_another_number_in_the_chats_is_one_member_of_each(chat: Harness) -> None:
    say(chat, number="+447700900777")
    assert chat.number("ann") not in listed(chat)
    chat.leave("ann")
    chat.settle()
    assert {one.handle for one in chat.tickets(TicketKind.REMOVE_MEMBER)} == {"+447700900777"}
