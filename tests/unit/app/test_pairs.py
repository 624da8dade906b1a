"""One group that two sources show: paired, led by the better witness, with one ticket for one membership."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import pytest
import sqlalchemy as sa

from fakes.inventory import FakeInventory
from harness import Harness
from worker.app.refused import Refused
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.groups.pairing import AlikeBy, Pair, PairState
from worker.domain.model import Group, GroupFacts, GroupKey, Member, Role, Roster
from worker.domain.text.reason import Reason
from worker.domain.tickets.ticket import Grade, TicketKind, TicketState
from worker.ports import Capabilities
from worker.storage.sql.tables import dirty_group

Found = Callable[..., Harness]
REMOVE = TicketKind.REMOVE_MEMBER
NAMES = ("register", "phone")
LIST = Capabilities(sees_all_groups=True, is_kept_by_people=True)
LIVE = Capabilities()
ME = Actor("sam", "os:sam")
CREW = ("ann", "ben", "eve", "joe")


class WithLinks(FakeInventory):
    """Shows the hash of each group's join link, where it has one."""

    links: ClassVar[dict[str, str]] = {}

    def changes(self, cursor, groups=None, /):  # type: ignore[no-untyped-def]
        for item in super().changes(cursor, groups):
            if isinstance(item, Roster) and item.group.group_id in self.links:
                yield replace(item, facts=GroupFacts(link_sha256=self.links[item.group.group_id]))
            else:
                yield item


@pytest.fixture
def two(found: Found) -> Harness:
    """A register and a linked phone; people, and no group yet."""
    harness = found(inventories=NAMES, inventory_type=WithLinks)
    harness.hire(*CREW, "zoe")
    harness.inventories[0].can, harness.inventories[1].can = LIST, LIVE
    harness.start(harness.app.rules)
    harness.poll()
    return harness


def show(
    harness: Harness,
    group_id: str,
    *people: str,
    at: int,
    name: str = "Ward 7",
    admins: str = "ben",
    owner: str | None = None,
) -> None:
    members = (one for one in people if one != admins)
    harness.group(group_id, *members, admins=[admins], at=at, name=name, owner_email=owner)


def both(harness: Harness, live: str = "120@g.us", name: str = "Ward 7") -> None:
    show(harness, "ward-7", *CREW, at=0)
    show(harness, live, *CREW, at=1, name=name)


def pairs(harness: Harness) -> list[tuple[str, str, PairState]]:
    with harness.store.reading() as uow:
        return [("/".join(one.a), "/".join(one.b), one.state) for one in uow.pairs.all()]


def homes(harness: Harness) -> list[tuple[str, TicketState]]:
    return [("/".join(one.home), one.state) for one in harness.tickets(REMOVE)]


def leave(harness: Harness, who: str = "ann") -> None:
    harness.leave(who)
    harness.later()
    harness.settle()


def test_the_same_name_and_members_make_a_pair_by_itself(two: Harness) -> None:
    both(two)
    two.inventory()
    assert pairs(two) == [("register/ward-7", "phone/120@g.us", PairState.SURE)]
    two.inventory()
    assert len(pairs(two)) == 1


@pytest.mark.parametrize("how", ["id", "link"])
def test_the_same_id_or_join_link_needs_no_common_member(two: Harness, how: str) -> None:
    show(two, "ward-7", "ann", "ben", at=0, name="Nights")
    live = "ward-7" if how == "id" else "120@g.us"
    show(two, live, "joe", "zoe", at=1, name="Days", admins="zoe")
    if how == "link":
        for inventory, group in zip(two.inventories, ("ward-7", live), strict=True):
            inventory.links = {group: "ab12"}  # type: ignore[attr-defined]
    two.inventory()
    assert pairs(two) == [("register/ward-7", f"phone/{live}", PairState.SURE)]


@pytest.mark.parametrize("can", [LIVE, LIST])
def test_two_sources_of_one_kind_that_show_one_group_ask_once(two: Harness, can: Capabilities) -> None:
    for inventory in two.inventories:
        inventory.can = can
    two.start(two.app.rules)
    show(two, "120@g.us", *CREW, at=0)
    show(two, "120@g.us", *CREW, at=1)
    two.settle()
    assert pairs(two) == [("phone/120@g.us", "register/120@g.us", PairState.SURE)]
    leave(two)
    assert homes(two) == [("register/120@g.us", TicketState.OPEN)]


@pytest.mark.parametrize("can, name", [(LIVE, "Ward 7"), (LIST, "Ward 9")])
def test_they_are_no_pair_by_their_members_nor_two_lists_by_a_number_of_their_own(
    two: Harness, can: Capabilities, name: str
) -> None:
    for inventory in two.inventories:
        inventory.can = can
    two.start(two.app.rules)
    show(two, "1", *CREW, at=0)
    show(two, "2" if can is LIVE else "1", *CREW, at=1, name=name)
    two.settle()
    assert pairs(two) == []


@pytest.mark.parametrize("name, state", [("Ward 7", PairState.SURE), ("Ward 7 nights", PairState.SUGGESTED)])
def test_one_join_link_in_two_lists_that_people_keep_is_a_question_where_the_names_differ(
    two: Harness, name: str, state: PairState
) -> None:
    """Somebody may have copied a row, and left the link of the group that it was of."""
    for inventory, group in zip(two.inventories, ("1", "2"), strict=True):
        inventory.can = LIST
        inventory.links = {group: "ab12"}  # type: ignore[attr-defined]
    two.start(two.app.rules)
    show(two, "1", *CREW, at=0)
    show(two, "2", *CREW, at=1, name=name)
    two.settle()
    [asked] = pairs(two)
    assert (set(asked[:2]), asked[2]) == ({"register/1", "phone/2"}, state)
    with two.store.begin() as uow:
        weaker, stronger = asked[0].split("/")[0], asked[1].split("/")[0]
        assert uow.pairs.find(weaker, stronger, two.now, AlikeBy.ID_AND_NAME) == 0  # a question is put once


def test_no_link_is_no_link_in_common(two: Harness) -> None:
    show(two, "ward-7", "ann", "ben", at=0, name="Nights")
    show(two, "120@g.us", "joe", "zoe", at=1, name="Days", admins="zoe")
    for inventory, group in zip(two.inventories, ("ward-7", "120@g.us"), strict=True):
        inventory.links = {group: ""}  # type: ignore[attr-defined]
    two.inventory()
    assert pairs(two) == []


def test_members_in_common_alone_are_a_question(two: Harness) -> None:
    both(two, name="Something else")
    leave(two)
    assert pairs(two) == [("register/ward-7", "phone/120@g.us", PairState.SUGGESTED)]
    assert len(homes(two)) == 2, "nobody has said that they are one"


def test_two_that_could_be_it_make_each_a_question_however_many_come(two: Harness) -> None:
    both(two)
    asked = []
    for group_id in ("121@g.us", "122@g.us"):
        show(two, group_id, *CREW, at=1)
        two.inventory()
        asked.append(("register/ward-7", f"phone/{group_id}", PairState.SUGGESTED))
        assert pairs(two) == [("register/ward-7", "phone/120@g.us", PairState.SUGGESTED), *asked]


def test_a_question_of_two_is_answered_by_the_link_of_one(two: Harness) -> None:
    both(two)
    show(two, "121@g.us", *CREW, at=1)
    two.inventory()
    for inventory, group in zip(two.inventories, ("ward-7", "121@g.us"), strict=True):
        inventory.links = {group: "ab12"}  # type: ignore[attr-defined]
    two.inventory()
    assert ("register/ward-7", "phone/121@g.us", PairState.SURE) in pairs(two)


def test_a_question_of_two_is_answered_by_a_no_about_one(two: Harness) -> None:
    both(two)
    show(two, "121@g.us", *CREW, at=1)
    two.inventory()
    two.app.pairs.unpair("register/ward-7", "phone/120@g.us", ME, "two wards", two.now, is_asked=True)
    two.inventory()
    assert pairs(two) == [
        ("register/ward-7", "phone/120@g.us", PairState.APART),
        ("register/ward-7", "phone/121@g.us", PairState.SURE),
    ]


def test_a_membership_in_two_sources_is_one_ticket_where_the_messenger_shows_it(two: Harness) -> None:
    both(two)
    two.inventory()
    leave(two)
    assert homes(two) == [("phone/120@g.us", TicketState.OPEN)]


def test_a_ticket_of_the_register_goes_on_in_the_live_group(two: Harness) -> None:
    show(two, "ward-7", *CREW, at=0)
    two.inventory()
    leave(two)
    [before] = two.tickets(REMOVE)
    show(two, "120@g.us", *CREW, at=1)
    two.later()
    two.settle()

    [after] = two.tickets(REMOVE)
    assert after.home == GroupKey("phone", "120@g.us")
    assert (after.id, after.clock_from, after.due_at) == (before.id, before.clock_from, before.due_at)
    [moved] = [one.entry for one in two.journal() if one.entry.event == events.TICKET_MOVED]
    assert moved.reason == "", "a live ticket's reason has names"
    two.inventories[1].remove_member("120@g.us", two.number("ann"))
    two.later()
    two.settle()
    [proven] = two.tickets(REMOVE)
    assert (proven.state, proven.grade) == (TicketState.VERIFIED, Grade.A)


def test_somebody_whom_only_the_register_lists_is_out_by_the_messenger_s_word(two: Harness) -> None:
    show(two, "ward-7", *CREW, at=0)
    two.inventory()
    leave(two)
    show(two, "120@g.us", "ben", "eve", "joe", at=1)
    two.later()
    two.settle()
    [ticket] = two.tickets(REMOVE)
    assert (ticket.state, ticket.grade) == (TicketState.VERIFIED, Grade.A)


def test_the_member_is_the_same_person_under_another_handle(two: Harness) -> None:
    show(two, "ward-7", *CREW, at=0)
    two.inventory()
    leave(two)
    hidden = Member("77@lid", "Ann", phone=two.number("ann"), lid="77@lid")
    others = [two.member(one, Role.ADMIN if one == "ben" else Role.MEMBER) for one in ("ben", "eve", "joe")]
    two.inventories[1].add_group(Group("120@g.us", "Ward 7"), [hidden, *others])
    two.inventory()
    two.settle()
    two.inventory()
    [ticket] = two.tickets(REMOVE)
    assert (ticket.home.source, ticket.handle, ticket.state) == ("phone", "77@lid", TicketState.OPEN)


def test_the_same_work_in_both_is_one_ticket_once_people_say_that_they_are_one(two: Harness) -> None:
    both(two, name="Something else")
    leave(two)
    two.app.pairs.pair("register/ward-7", "phone/120@g.us", ME, "I looked", two.now)
    with pytest.raises(Refused, match="answered this already"):
        two.app.pairs.unpair("register/ward-7", "phone/120@g.us", ME, "so", two.now, is_asked=True)
    assert sorted(homes(two)) == [
        ("phone/120@g.us", TicketState.OPEN), ("register/ward-7", TicketState.CANCELLED),
    ]  # fmt: skip
    assert events.GROUP_PAIRED in two.kinds()
    two.settle()
    assert sorted(state for _, state in homes(two)) == [TicketState.CANCELLED, TicketState.OPEN]


def test_groups_that_people_set_apart_are_not_paired_again_and_each_has_its_own(two: Harness) -> None:
    both(two)
    two.inventory()
    two.app.pairs.unpair("phone/120@g.us", "register/ward-7", ME, "two wards", two.now)
    leave(two)
    assert pairs(two) == [("register/ward-7", "phone/120@g.us", PairState.APART)]
    assert sorted(home for home, _ in homes(two)) == ["phone/120@g.us", "register/ward-7"]


def test_a_group_whose_live_one_is_gone_leads_itself_again(two: Harness) -> None:
    both(two)
    for number in range(9):
        show(two, f"other-{number}", "joe", "zoe", at=1, name=f"Other {number}", admins="zoe")
    two.inventory()
    two.inventories[1].omit("120@g.us")
    leave(two)
    assert homes(two) == [("register/ward-7", TicketState.OPEN)]


def test_a_ticket_goes_back_to_the_register_while_the_phone_does_not_see_the_group(two: Harness) -> None:
    both(two)
    for number in range(9):
        show(two, f"other-{number}", "joe", "zoe", at=1, name=f"Other {number}", admins="zoe")
    two.inventory()
    leave(two)
    assert homes(two) == [("phone/120@g.us", TicketState.OPEN)]
    two.inventories[1].omit("120@g.us")
    two.later()
    two.settle()
    assert homes(two) == [("register/ward-7", TicketState.OPEN)]
    two.inventories[1].mend()
    two.later()
    two.settle()
    assert homes(two) == [("phone/120@g.us", TicketState.OPEN)]


@pytest.mark.parametrize(
    "one, other, why",
    [("register/ward-7", "register/ward-7", "Both groups are in register"),
     ("register/ward-7", "none", "no group 'none'"),
     ("register/ward-8", "phone/120@g.us", "unpair these first")],
)  # fmt: skip
def test_a_pair_that_cannot_be_is_refused(two: Harness, one: str, other: str, why: str) -> None:
    both(two)
    show(two, "ward-8", "zoe", "ben", at=0, name="Ward 8")
    two.inventory()
    with pytest.raises(Refused, match=why):
        two.app.pairs.pair(one, other, ME, "so it is", two.now)


def test_a_pair_with_a_group_that_is_not_known_moves_nothing(two: Harness) -> None:
    both(two, name="Something else")
    for number in range(9):
        show(two, f"other-{number}", "joe", "zoe", at=1, name=f"Other {number}", admins="zoe")
    two.inventory()
    unknown = Pair(
        GroupKey("register", "no"), GroupKey("phone", "120@g.us"), PairState.SURE, Reason(""), two.now
    )
    with two.store.begin() as uow:
        uow.pairs.put(unknown)
    two.inventories[1].omit("120@g.us")
    two.later()
    assert two.inventory().is_ok


def test_with_one_source_there_is_nothing_to_pair(found: Found) -> None:
    harness = found()
    harness.inventory()
    assert pairs(harness) == []


def test_a_waived_ticket_moves_too_and_one_about_a_handle_does_not(two: Harness) -> None:
    show(two, "ward-7", *CREW, at=0)
    two.inventories[0].add_member("ward-7", Member("name:Guest", "Guest"))
    two.inventory()
    leave(two)
    [ticket] = two.tickets(REMOVE)
    two.desk.waive(ticket.id, ME, "agreed", two.now)
    show(two, "120@g.us", *CREW, at=1)
    two.later()
    two.settle()
    assert homes(two) == [("phone/120@g.us", TicketState.WAIVED)]
    [question] = two.tickets(TicketKind.IDENTIFY_MEMBER)
    assert question.home.source == "register"


def test_the_register_says_who_owns_the_live_group_until_it_shows_it_no_more(two: Harness) -> None:
    show(two, "ward-7", *CREW, at=0, owner="zoe@corp.example")
    show(two, "ward-8", "zoe", at=0, name="Ward 8")
    show(two, "120@g.us", *CREW, at=1)
    two.settle()
    assert owner(two) == "zoe@corp.example"
    show(two, "ward-7", *CREW, at=0, owner="joe@corp.example")
    two.later()
    two.inventory()
    assert owner(two) == "joe@corp.example"
    assert GroupKey("phone", "120@g.us") in waiting(two), "who is asked may be another person now"
    two.inventories[0].remove_group("ward-7")
    two.later()
    two.inventory()
    assert owner(two) is None


def test_a_group_without_an_admin_asks_the_owner_that_the_register_names(two: Harness) -> None:
    show(two, "ward-7", *CREW, at=0, owner="zoe@corp.example", admins="ann")
    show(two, "120@g.us", *CREW, at=1, admins="ann")
    two.settle()
    leave(two)
    asked = {ticket.assignee.email for ticket in two.tickets() if ticket.assignee is not None}
    assert asked == {"zoe@corp.example"}


def owner(harness: Harness) -> str | None:
    with harness.store.reading() as uow:
        row = uow.rosters.group(GroupKey("phone", "120@g.us"))
        assert row is not None
        view = uow.rosters.view(row.key)
        assert view is not None
        assert view.owner_email == row.owner_email
        return row.owner_email


def waiting(harness: Harness) -> list[GroupKey]:
    with harness.engine.connect() as connection:
        return [
            GroupKey(*key)
            for key in connection.execute(sa.select(dirty_group.c.source, dirty_group.c.group_id))
        ]
