"""A chat's export on the page of a link: ticks that an admin confirms, and no roster before that."""

from __future__ import annotations

import io
from datetime import timedelta
from tempfile import TemporaryFile

import pytest

from declaring import DECLARED, add_declared
from fakes.chat_exports import android
from harness import Harness, company_fixture
from worker.app.acts.declared import FilledIn, GivenExport
from worker.app.tell.signed_links import LinkDead
from worker.domain.evidence.actor import Actor
from worker.domain.groups.declaring import Added
from worker.domain.groups.exported import ExportFault, UnreadableExport
from worker.domain.identity.matching import IdentityState
from worker.domain.model import GroupKey, Member
from worker.domain.tickets.ticket import TicketKind, TicketState

NAME = "WhatsApp Chat with Ward 7.txt"
NEW = "+447700900188"


@company_fixture
def ward() -> Harness:
    """A register lists ward 7, whose admin is dee."""
    harness = Harness()
    harness.hire("ann", "ben", "cem", "dee")
    harness.group("ward-7", "ann", "ben", "cem", admins=["dee"])
    add_declared(harness)
    harness.settle()
    harness.later()
    return harness


def link(harness: Harness) -> str:
    return harness.app.declaring.link("ward-7", Actor("sam"), harness.now).rpartition("/g/")[2]


def give(harness: Harness, token: str, *lines: str, name: str = NAME) -> GivenExport:
    at = harness.now - timedelta(hours=1)
    with TemporaryFile() as file:
        file.write(android(*lines, at=f"{at:%d/%m/%Y, %H:%M}").encode())
        file.seek(0)
        return harness.app.declaring.exported(token, file, name, harness.now)


def filled(found: GivenExport) -> FilledIn:
    """What the page sends when its ticks are left as they are."""
    marks = {member.handle: mark for mark, member in found.known.members}
    kept = frozenset(mark for handle, mark in marks.items() if handle not in found.ticks.gone)
    came = tuple(Added(one.display_name, one.phone) for one in found.ticks.came)
    numbers = {marks[handle]: phone for handle, phone in found.ticks.numbers.items()}
    return FilledIn(found.known.mark, kept, came=came, numbers=numbers)


def declare(harness: Harness, token: str, said: FilledIn) -> dict[str, Member]:
    mark = harness.app.declaring.check(token, said, harness.now).mark
    harness.app.declaring.declare(token, said, mark, harness.now)
    with harness.store.reading() as uow:
        return {one.member.handle: one.member for one in uow.rosters.members(GroupKey(DECLARED, "ward-7"))}


def test_its_events_are_ticks_and_change_nothing(ward: Harness) -> None:
    token, before = link(ward), len(ward.journal())
    found = give(ward, token, f"Dee removed {ward.number('ann')}", "Dee added Noor Haddad", "Dee: a secret")
    assert set(found.ticks.gone) == {ward.number("ann")}
    assert [one.display_name for one in found.ticks.came] == ["Noor Haddad"]
    assert (found.is_other_group, found.known.group.name) == (False, "Ward 7")
    assert "secret" not in repr(found)
    with ward.store.reading() as uow:
        assert uow.rosters.members(GroupKey(DECLARED, "ward-7")) == []
    assert len(ward.journal()) == before


def test_what_the_admin_confirms_is_a_whole_roster(ward: Harness) -> None:
    token = link(ward)
    found = give(
        ward, token, f"Dee removed {ward.number('ann')}", "Dee added Noor Haddad", f"Cem changed to {NEW}"
    )
    after = declare(ward, token, filled(found))
    assert set(after) == {*map(ward.number, ("ben", "dee")), NEW, "name:noor haddad"}
    assert (after[NEW].phone, after[NEW].display_name) == (NEW, "Cem")


def test_who_has_a_new_number_stays_who_they_are(ward: Harness) -> None:
    token = link(ward)
    declare(ward, token, filled(give(ward, token, "Dee added Ben", f"Cem changed to {NEW}")))
    ward.settle()
    with ward.store.reading() as uow:
        [cem] = [one for one in uow.rosters.members(GroupKey(DECLARED, "ward-7")) if one.member.phone == NEW]
    assert cem.identity is not None
    assert (cem.identity.state, cem.account and cem.account.key.person_id) == (IdentityState.LINKED, "cem")
    assert ward.tickets() == []


def has_new_number(ward: Harness) -> None:
    token = link(ward)
    declare(ward, token, filled(give(ward, token, "Dee added Ben", f"Cem changed to {NEW}")))
    ward.settle()
    ward.later()


def add(ward: Harness, text: str) -> dict[str, Member]:
    token = link(ward)
    shown = ward.app.declaring.look(token, ward.now)
    return declare(
        ward, token, FilledIn(shown.mark, frozenset(mark for mark, _ in shown.members), added=text)
    )


def test_a_removal_names_the_number_that_the_leaver_has_now(ward: Harness) -> None:
    has_new_number(ward)
    ward.leave("cem")
    ward.settle()
    assert [one.handle for one in ward.tickets()] == [NEW]


def test_a_removal_goes_on_under_a_new_number(ward: Harness) -> None:
    token = link(ward)
    declare(ward, token, filled(give(ward, token, "Dee added Ben")))
    ward.settle()
    ward.leave("cem")
    ward.settle()
    ward.later()
    has_new_number(ward)
    assert [(one.id, one.handle, one.state) for one in ward.tickets()] == [(1, NEW, TicketState.OPEN)]


def test_whoever_has_the_old_number_takes_nobodys_place(ward: Harness) -> None:
    has_new_number(ward)
    assert {one.display_name for one in add(ward, f"Zed {ward.number('cem')}").values()} >= {"Cem", "Zed"}


def test_whoever_has_the_old_number_is_asked_about(ward: Harness) -> None:
    """The directory still has it as Cem's."""
    has_new_number(ward)
    add(ward, f"Zed {ward.number('cem')}")
    ward.settle()
    assert [(one.kind, one.handle) for one in ward.tickets()] == [
        (TicketKind.IDENTIFY_MEMBER, ward.number("cem"))
    ]


def test_a_tick_that_the_admin_puts_back_counts(ward: Harness) -> None:
    token = link(ward)
    found = give(ward, token, "Ann left", "Dee added Noor Haddad")
    everybody = frozenset(mark for mark, _ in found.known.members)
    after = declare(ward, token, FilledIn(found.known.mark, everybody))
    assert ward.number("ann") in after
    assert "name:noor haddad" not in after


def test_a_pasted_list_counts_in_place_of_an_export_s_ticks(ward: Harness) -> None:
    token = link(ward)
    said = filled(give(ward, token, "Dee added Noor Haddad", f"Cem changed to {NEW}"))
    after = declare(
        ward, token, FilledIn(said.known, said.kept, "", "Ben, Cem, You", said.came, said.numbers)
    )
    assert {member.display_name for member in after.values()} == {"Ben", "Cem", "Dee"}
    assert after[ward.number("cem")].phone == ward.number("cem")


def test_another_group_s_export_is_said(ward: Harness) -> None:
    assert give(ward, link(ward), "Ann left", name="WhatsApp Chat with Ward 8.txt").is_other_group


def test_what_is_no_export_and_whose_link_is_dead_read_nothing(ward: Harness) -> None:
    token = link(ward)
    with TemporaryFile() as file, pytest.raises(UnreadableExport) as error:
        ward.app.declaring.exported(token, file, "picture.jpg", ward.now)
    assert error.value.fault is ExportFault.NO_EXPORT
    ward.later(days=31)
    with pytest.raises(LinkDead):
        ward.app.declaring.exported(token, io.BytesIO(), NAME, ward.now)
