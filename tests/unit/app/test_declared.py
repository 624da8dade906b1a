"""Rosters that admins of groups declare by a link: what counts, and what that proves."""

from __future__ import annotations

import pytest

from audit_checks import problems
from builders import facts
from declaring import ME, REGISTER, add_declared, declare, declared_ward, link, said
from harness import Harness, company_fixture
from worker.app.acts.declared import Outdated, TooMuch, Understood
from worker.app.refused import Refused
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.identity.matching import How, IdentityState
from worker.domain.model import AccountKey, Coverage, GroupKey, HandleKey, Member, Role
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState

DECLARED = GroupKey("said", "ward-7")
KIM = Actor("kim", "os:kim")


@company_fixture
def ward() -> Harness:
    return declared_ward()


def check(harness: Harness, token: str, *gone: str, **changes: str) -> Understood:
    return harness.app.declaring.check(token, said(harness, token, *gone, **changes), harness.now)


def roster(harness: Harness, key: GroupKey = DECLARED) -> dict[str, Member]:
    with harness.store.reading() as uow:
        return {one.member.handle: one.member for one in uow.rosters.members(key)}


def removal(harness: Harness) -> Ticket:
    [ticket] = harness.tickets(TicketKind.REMOVE_MEMBER)
    return ticket


# --- what is said -----------------------------------------------------------------------------------------


def test_who_is_not_ticked_is_gone_and_the_others_stay_as_known(ward: Harness) -> None:
    before = roster(ward, REGISTER)
    assert declare(ward, link(ward), "ann")
    after = roster(ward)
    assert set(after) == set(before) - {ward.number("ann")}
    dee = after[ward.number("dee")]
    assert (dee.role, dee.phone, dee.display_name) == (Role.ADMIN, ward.number("dee"), "Dee")


def test_it_is_a_whole_roster_of_this_instant_that_leads_the_register(ward: Harness) -> None:
    declare(ward, link(ward), "ann")
    with ward.store.reading() as uow:
        group = uow.rosters.group(DECLARED)
        [pair] = uow.pairs.all()
    assert group is not None
    assert (group.taken_at, group.coverage, group.name) == (ward.now, Coverage.FULL, "Ward 7")
    assert (pair.a, pair.b) == (REGISTER, DECLARED)


def test_somebody_is_added_by_number_or_name(ward: Harness) -> None:
    declare(ward, link(ward), added="07700 900199, Noor Haddad")
    assert {"+447700900199", "name:noor haddad"} <= set(roster(ward))


def test_a_pasted_list_counts_in_place_of_the_ticks(ward: Harness) -> None:
    pasted = f"Ben, {ward.number('cem')}, Noor Haddad, You"
    found = check(ward, link(ward), "ben", pasted=pasted)
    names = {member.display_name for member in found.roster.members}
    assert names == {"Ben", "Cem", "Noor Haddad", "Dee"}
    assert [member.display_name for member in found.roster.gone] == ["Ann"]


def test_what_is_understood_counts_unknown_members_and_leavers(ward: Harness) -> None:
    token = link(ward)
    ward.corp.put(facts("zoe", phones=("+447700900177",), enabled=False))
    ward.leave("ann")
    ward.poll()
    found = check(ward, token, added="+447700900177, +447700900188, Noor, " + ward.number("eve"))
    assert found.left == {ward.number("ann"), "+447700900177"}
    assert found.unknown == {"+447700900188", "name:noor"}
    assert len(found.roster.members) == 8


def test_who_is_nobody_of_the_directory_by_answer_is_not_unknown(ward: Harness) -> None:
    for number in ("+447700900188", "+447700900189"):
        ward.wards.add_member("ward-7", Member(number, "Guest", phone=number))
    ward.settle()
    ward.identifying.reject("wards/+447700900188", ME, "a guest", ward.now)
    assert check(ward, link(ward)).unknown == {"+447700900189"}


def test_a_rehire_s_old_account_is_no_leaver(ward: Harness) -> None:
    number = "+447700900177"
    ward.corp.put(facts("old", phones=(number,), enabled=False, employee_id="E1"))
    ward.wards.add_member("ward-7", Member(number, "Zoe", phone=number))
    ward.settle()
    ward.corp.put(facts("new", employee_id="E1"))
    ward.poll()
    assert check(ward, link(ward)).left == frozenset()


def test_what_was_not_understood_is_said_and_a_cut_list_can_t_count(ward: Harness) -> None:
    token = link(ward)
    assert check(ward, token, pasted="Ann, 12345678901234567890, You").not_understood
    found = check(ward, token, pasted="Ann, Ben and 12 others")
    assert (found.is_cut, found.can_count) == (True, False)
    with pytest.raises(Refused, match="not the whole list"):
        declare(ward, token, pasted="Ann, Ben and 12 others")


def test_nobody_at_all_is_no_roster(ward: Harness) -> None:
    with pytest.raises(Refused, match="not the whole list"):
        declare(ward, link(ward), "ann", "ben", "cem", "dee")
    assert not check(ward, link(ward), pasted="12").can_count


def test_a_list_longer_than_any_group_is_refused(ward: Harness) -> None:
    names = [f"Person {chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(2001)]
    token = link(ward)
    with pytest.raises(TooMuch):
        check(ward, token, pasted="\n".join(names))
    with pytest.raises(TooMuch):
        check(ward, token, pasted="\n".join(names[:2000]), added=names[2000])


def test_a_group_that_is_too_large_has_no_ticks(ward: Harness) -> None:
    for number in range(2000):
        ward.wards.add_member("ward-7", Member(f"name:{number}", f"Person {number}"))
    ward.inventory()
    assert ward.app.declaring.look(link(ward), ward.now).members == ()


def test_nothing_counts_that_was_not_shown(ward: Harness) -> None:
    token = link(ward)
    words = said(ward, token)
    with pytest.raises(Outdated):
        ward.app.declaring.declare(token, words, "another", ward.now)
    ward.wards.remove_member("ward-7", ward.number("ben"))
    ward.inventory()
    with pytest.raises(Outdated):
        ward.app.declaring.check(token, words, ward.now)


def test_looking_and_checking_change_nothing(ward: Harness) -> None:
    token = link(ward)
    before = len(ward.journal())
    check(ward, token, pasted="Ann, You")
    assert (len(ward.journal()), roster(ward)) == (before, {})


def test_the_journal_has_counts_and_who_and_nobody_s_name_or_number(ward: Harness) -> None:
    declare(ward, link(ward), "ann", added="Noor Haddad")
    [entry] = [one.entry for one in ward.journal() if one.entry.event == events.GROUP_DECLARED]
    assert (entry.actor, entry.subject) == ("corp/dee", "group:said/ward-7")
    counts = {name: entry.data[name] for name in ("members", "added", "gone", "unknown", "left")}
    assert counts == {"members": 4, "added": 1, "gone": 1, "unknown": 1, "left": 0}
    assert not [word for word in ("Noor", "+44", "Ann") if word in str(entry)]


def test_after_it_was_declared_the_page_shows_what_was_declared(ward: Harness) -> None:
    token = link(ward)
    declare(ward, token, "ann")
    ward.later()
    ward.inventory()
    assert len(ward.app.declaring.look(token, ward.now).members) == 3
    again = ward.app.declaring.look(link(ward, "Ward 7"), ward.now)
    assert again.group.key == DECLARED


def test_a_group_that_is_gone_from_the_register_is_shown_as_it_was_declared(ward: Harness) -> None:
    ward.group("other", "ann", admins=["dee"])
    ward.inventory()
    declare(ward, link(ward), "ann")
    ward.wards.remove_group("ward-7")
    ward.later()
    ward.inventory()
    shown = ward.app.declaring.look(link(ward, "said/ward-7"), ward.now)
    assert shown.group.key == DECLARED


def test_a_read_of_the_declared_inventory_ends_nothing_that_was_declared(ward: Harness) -> None:
    declare(ward, link(ward))
    ward.later(days=9)
    ward.settle()
    with ward.store.reading() as uow:
        group = uow.rosters.group(DECLARED)
    assert group is not None
    assert (group.is_gone, group.is_unseen) == (False, False)


# --- who is behind a member -------------------------------------------------------------------------------


def identity(harness: Harness, handle: str) -> tuple[IdentityState, How | None] | None:
    with harness.store.reading() as uow:
        found = uow.identities.get(HandleKey("said", handle))
    return (found.state, found.how) if found else None


def test_answers_and_links_that_a_number_does_not_show_go_with_the_member(ward: Harness) -> None:
    ward.corp.put(facts("zoe", employee_id="E7"))
    ward.wards.add_member("ward-7", Member("employee:E7", "Zoe", employee_id="E7"))
    ward.wards.add_member("ward-7", Member("+447700900188", "Guest", phone="+447700900188"))
    ward.wards.add_member("ward-7", Member("+447700900189", "Other", phone="+447700900189"))
    ward.settle()
    ward.identifying.reject("wards/+447700900188", ME, "a guest", ward.now)
    declare(ward, link(ward))
    ward.later()
    ward.settle()
    assert identity(ward, "employee:E7") == (IdentityState.LINKED, How.EMPLOYEE_ID)
    assert identity(ward, "+447700900188") == (IdentityState.NOBODY, None)
    assert identity(ward, "+447700900189") == (IdentityState.UNMATCHED, None)
    assert problems(ward) == []


def test_an_answer_in_the_declared_inventory_is_not_overridden(ward: Harness) -> None:
    declare(ward, link(ward), added="+447700900188")
    ward.settle()
    ward.identifying.reject("said/+447700900188", ME, "a guest", ward.now)
    ward.later()
    declare(ward, link(ward))
    assert identity(ward, "+447700900188") == (IdentityState.NOBODY, None)


# --- proof ------------------------------------------------------------------------------------------------


def leave(harness: Harness, who: str = "ann") -> Ticket:
    harness.leave(who)
    harness.settle()
    harness.later()
    return removal(harness)


def verified(harness: Harness) -> tuple[TicketState, Grade | None]:
    harness.settle()
    ticket = removal(harness)
    return ticket.state, ticket.grade


def test_what_somebody_declares_of_another_s_claim_proves_with_grade_b(ward: Harness) -> None:
    ticket = leave(ward)
    ward.desk.done(ticket.id, KIM, ward.now, "in the app")
    ward.later()
    declare(ward, link(ward), "ann")
    assert verified(ward) == (TicketState.VERIFIED, Grade.B)


def test_what_somebody_declares_of_their_own_claim_proves_with_grade_c(ward: Harness) -> None:
    leave(ward)
    ward.assigned.done(ward.link().rpartition("/t/")[2], ward.now)
    ward.later()
    declare(ward, link(ward), "ann")
    assert verified(ward) == (TicketState.VERIFIED, Grade.C)


def claimed_by(harness: Harness, by: Actor) -> None:
    harness.desk.done(leave(harness).id, by, harness.now, "in the app")
    harness.later()


def test_whoever_made_the_link_is_no_second_witness_to_their_own_claim(ward: Harness) -> None:
    claimed_by(ward, KIM)
    url = ward.app.declaring.link("ward-7", KIM, ward.now)
    declare(ward, url.rpartition("/g/")[2], "ann")
    assert verified(ward) == (TicketState.VERIFIED, Grade.C)


def test_nor_is_whoever_was_shown_a_link_of_the_admin(ward: Harness) -> None:
    ticket = leave(ward)
    ward.assigned.show_link(ticket.id, KIM, ward.now)
    ward.desk.done(ticket.id, KIM, ward.now, "in the app")
    ward.later()
    declare(ward, link(ward), "ann")
    assert verified(ward) == (TicketState.VERIFIED, Grade.C)


def test_nor_is_the_admin_by_another_account(ward: Harness) -> None:
    ward.corp.change("dee", employee_id="E-1")
    ward.corp.put(facts("dee-2", employee_id="E-1"))
    ward.corp.put(facts("dee-3", email=None, employee_id="E-1"))
    claimed_by(ward, Actor("dee-2@corp.example"))
    declare(ward, link(ward), "ann")
    assert verified(ward) == (TicketState.VERIFIED, Grade.C)


def test_nor_is_the_admin_who_signed_in_with_an_address_that_nobody_vouches_for(ward: Harness) -> None:
    known_as = frozenset({"dee@corp.example"})
    claimed_by(ward, Actor("D. Example", "https://id.example.org u-1", known_as=known_as))
    declare(ward, link(ward), "ann")
    assert verified(ward) == (TicketState.VERIFIED, Grade.C)


def test_without_a_claim_it_proves_with_grade_b(ward: Harness) -> None:
    leave(ward)
    declare(ward, link(ward), "ann")
    assert verified(ward) == (TicketState.VERIFIED, Grade.B)


def test_a_claim_is_reopened_by_a_declared_roster_that_lists_the_member(ward: Harness) -> None:
    leave(ward)
    ward.assigned.done(ward.link().rpartition("/t/")[2], ward.now)
    ward.later()
    declare(ward, link(ward))
    assert verified(ward) == (TicketState.OPEN, None)
    assert removal(ward).home == DECLARED


def test_who_declared_is_forgotten_with_the_person(ward: Harness) -> None:
    leave(ward)
    ward.assigned.done(ward.link().rpartition("/t/")[2], ward.now)
    ward.later()
    declare(ward, link(ward), "ann")
    with ward.store.begin() as uow:
        uow.people.erase(AccountKey("corp", "dee"))
        [(_, sight)] = uow.tickets.to_weigh(0, 10, ward.now, ward.now)
    assert sight is not None
    assert "dee" not in str(sight.declared_by)


def test_so_many_gone_at_once_are_believed_when_it_is_declared_again(ward: Harness) -> None:
    add_declared(ward, GuardLimits(group_share_max=0.3, share_from=1))
    token = link(ward)
    assert declare(ward, token)
    ward.later()
    assert not declare(ward, token, "ann", "ben")
    ward.later()
    assert declare(ward, token, "ann", "ben")


def test_a_page_of_before_a_doubt_says_nothing_once_more(ward: Harness) -> None:
    add_declared(ward, GuardLimits(group_share_max=0.3, share_from=1))
    token = link(ward)
    assert declare(ward, token)
    ward.later()
    words = said(ward, token, "ann", "ben")
    mark = ward.app.declaring.check(token, words, ward.now).mark
    for _ in range(2):
        ward.later(seconds=1)
        assert not ward.app.declaring.declare(token, words, mark, ward.now)
    assert len(roster(ward)) == 4
