"""What every `ports.store.Store` does: one transaction at a time, and all or nothing of it.

Subclasses give the fixture `store`, over an empty database that several threads may use at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from builders import DAY, NOW, facts, key, member, ticket
from contracts.journal import JournalContract
from transactions import at_once, rolled_back
from worker.domain.escalation.policy import Taken
from worker.domain.evidence.journal import GENESIS, Entry
from worker.domain.messages.message import Paragraph, Recipient, RecipientKind
from worker.domain.model import (
    AccountFacts,
    Coverage,
    Evidence,
    Group,
    GroupKey,
    Member,
    Role,
    Roster,
    Standing,
)
from worker.domain.people.leaver import Judgement, LeaverPolicy, judge
from worker.domain.reconcile.guard import Cohort, GuardLimits, HeldPlan
from worker.domain.text.reason import Reason, because, in_own_words, together
from worker.domain.tickets.ticket import Assignee, AssigneeWhy, Grade, TicketState
from worker.ports import Port
from worker.ports.state.episodes import PlanKind
from worker.ports.state.groups import RosterChanges, Unlisted
from worker.ports.state.leases import LeaseLost
from worker.ports.state.outbox import OutMessage
from worker.ports.state.people import Applied, JudgedFacts
from worker.ports.state.sources import SourceState
from worker.ports.state.store import Store

LIFE = timedelta(seconds=30)
ANN = Recipient(RecipientKind.PERSON, "ann@example.org", "Ann")
ODD = NOW.replace(microsecond=1)  # instants are kept to the microsecond
MICRO = timedelta(microseconds=1)


def letter(name: str, to: Recipient = ANN) -> OutMessage:
    body = Paragraph(
        "Headline",
        "Text",
        (("Due", "today"),),
        ("Do it.",),
        "x",
        title="Do it",
        pasted=(("Rules", "Be\nkind"),),
    )
    return OutMessage(name, to, "Title", body)


def read_people(
    store: Store,
    *people: AccountFacts,
    at: datetime = NOW,
    is_full: bool = True,
    source: str = "corp",
    doubts_since: datetime | None = None,
) -> Applied:
    """One pass of a directory."""
    with store.begin() as uow:
        uow.people.clear_stage(source)
        uow.people.stage(source, [JudgedFacts(one, judge(one, LeaverPolicy(), at)) for one in people])
        return uow.people.apply_stage(source, is_full=is_full, taken_at=at, now=at, doubts_since=doubts_since)


def roster(
    group: str, *handles: str, at: datetime = NOW, coverage: Coverage = Coverage.FULL, admin: str = ""
) -> Roster:
    members = (member(handle, Role.ADMIN if handle == admin else Role.MEMBER) for handle in handles)
    return Roster(Group(group, group), tuple(members), at, coverage)


def read_rosters(store: Store, *rosters: Roster, at: datetime = NOW) -> RosterChanges:
    """One snapshot of an inventory."""
    with store.begin() as uow:
        uow.rosters.clear_stage("wards")
        uow.rosters.stage("wards", rosters)
        return uow.rosters.apply_stage("wards", now=at, limits=GuardLimits(), rest=Unlisted())


def handles(store: Store, group: str = "g") -> list[str]:
    with store.begin() as uow:
        return [one.handle for one, _, _ in uow.rosters.members(GroupKey("wards", group))]


def dirty(store: Store) -> list[str]:
    """Take everything off the dirty list."""
    with store.begin() as uow:
        return [view.key.group_id for view in uow.rosters.take_dirty(1000)[1]]


class _Transactions:
    def test_an_error_rolls_everything_back(self, store: Store) -> None:
        with rolled_back(store) as uow:
            uow.tickets.insert([ticket()])
            uow.outbox.add([letter("a")], NOW)
            uow.journal.append([Entry(NOW, "sam", "x", "y")])
            uow.sources.put(SourceState("corp", Port.DIRECTORY))

        with store.begin() as uow:
            assert uow.tickets.counts() == {}
            assert uow.outbox.backlog() == (0, 0)
            assert uow.journal.head() == (0, GENESIS)
            assert uow.sources.all() == []

    def test_a_pass_that_fails_while_it_is_applied_leaves_the_state_as_it_was(self, store: Store) -> None:
        read_people(store, facts("ann"))
        with rolled_back(store) as uow:
            uow.people.stage(
                "corp", [JudgedFacts(facts("ann", enabled=False), Judgement(Standing.LEFT, Evidence.DELETED))]
            )
            uow.people.apply_stage("corp", is_full=False, taken_at=NOW, now=NOW)

        with store.begin() as uow:
            ann = uow.people.get(key())
        assert ann is not None
        assert ann.standing is Standing.ACTIVE

    def test_a_lease_that_was_taken_over_rolls_everything_back(self, store: Store) -> None:
        old = store.leases.acquire("poll", "a", NOW, LIFE)
        assert store.leases.acquire("poll", "b", NOW + LIFE, LIFE)

        with pytest.raises(LeaseLost), store.begin(old) as uow:
            uow.tickets.insert([ticket()])

        with store.begin() as uow:
            assert uow.tickets.counts() == {}

    def test_a_lease_that_is_held_lets_the_commit_through(self, store: Store) -> None:
        lease = store.leases.acquire("poll", "a", NOW, LIFE)
        with store.begin(lease) as uow:
            uow.tickets.insert([ticket()])

        with store.begin() as uow:
            assert uow.tickets.get(1) is not None

    def test_numbers_have_no_gaps_even_after_a_rollback(self, store: Store) -> None:
        for number in range(3):
            with rolled_back(store) as uow:
                uow.tickets.insert([ticket(handle=f"lost{number}")])
            with store.begin() as uow:
                [stored] = uow.tickets.insert([ticket(handle=f"kept{number}")])
            assert stored.id == number + 1

    def test_numbers_have_no_gaps_between_threads(self, store: Store) -> None:
        def act(number: int) -> list[int]:
            with store.begin() as uow:
                new = [ticket(handle=f"{number}.{one}") for one in range(3)]
                return [stored.id for stored in uow.tickets.insert(new)]

        ids = at_once(4, act)

        assert sorted(number for batch in ids for number in batch) == list(range(1, 13))


class _Instants:
    def test_every_instant_of_a_ticket_comes_back_as_it_was(self, store: Store) -> None:
        one = ticket(
            opened_at=ODD, clock_from=ODD + MICRO, due_at=ODD + 2 * MICRO, left_at=ODD + 3 * MICRO,
            done_at=ODD + 4 * MICRO, verified_at=ODD + 5 * MICRO, waived_until=ODD + 6 * MICRO,
            acknowledged_until=ODD + 7 * MICRO, weighed_at=ODD + 8 * MICRO, grade=Grade.B, done_by="dee",
            assignee=Assignee("dee@corp.example", "Dee", AssigneeWhy.OWNER, key("dee")), member_role=Role.CREATOR,
        )  # fmt: skip
        with store.begin() as uow:
            [stored] = uow.tickets.insert([one])
        with store.begin() as uow:
            back = uow.tickets.get(stored.id)

        assert back == replace(one, id=stored.id)
        assert back is not None
        assert back.due_at.tzinfo is UTC

    def test_every_instant_of_facts_a_member_a_source_and_a_step_comes_back(self, store: Store) -> None:
        stated = facts(expires_at=ODD + DAY, leave_at=ODD + 2 * DAY, attributes=(("cost", "4711"),))
        read_people(store, stated, at=ODD)
        joined = Member("+447700900001", "Ann", joined_at=ODD)
        read_rosters(store, Roster(Group("g", "G"), (joined,), ODD), at=ODD)
        state = SourceState(
            "corp", Port.DIRECTORY, "c", ODD, ODD + MICRO, ODD, ODD, ODD, 2, "t", "r", {"n": 1}
        )
        with store.begin() as uow:
            uow.sources.put(state)
            [stored] = uow.tickets.insert([ticket()])
            uow.tickets.take_step(stored.id, Taken(1, 0, ODD), "standard", [ANN])
        with store.begin() as uow:
            person = uow.people.get(key())
            assert person is not None
            assert person.facts == stated
            assert uow.rosters.members(GroupKey("wards", "g"))[0][0] == joined
            assert uow.sources.get("corp", Port.DIRECTORY) == state
            assert uow.tickets.steps(stored.id) == [(Taken(1, 0, ODD), "standard", ("Ann",))]

    def test_instants_of_another_zone_come_back_in_utc(self, store: Store) -> None:
        local = ODD.astimezone(tz=datetime.strptime("+0530", "%z").tzinfo)
        with store.begin() as uow:
            uow.journal.append([Entry(local, "sam", "x", "y", data={"é": [1]})])
        with store.begin() as uow:
            [sealed] = uow.journal.chain()

        assert (sealed.entry.at, sealed.entry.at.utcoffset()) == (ODD, timedelta(0))


class _Tickets:
    def test_a_second_ticket_with_the_same_key_is_an_error(self, store: Store) -> None:
        with store.begin() as uow:
            uow.tickets.insert([ticket()])

        with pytest.raises(Exception, match=r"(?i)unique"), store.begin() as uow:
            uow.tickets.insert([ticket(state=TicketState.BLOCKED)])
        with store.begin() as uow:
            assert sum(uow.tickets.counts().values()) == 1
            assert uow.tickets.insert([ticket(occasion="another leaving")])[0].id == 2

    def test_a_reason_comes_back_with_the_words_from_which_it_is_said(self, store: Store) -> None:
        name = because("confirmed by {name}", name="Zoë")
        reason = because("needed again: {why}", why=together((name, in_own_words("so"))))
        with store.begin() as uow:
            [stored] = uow.tickets.insert([ticket(reason=reason)])
        with store.begin() as uow:
            [back] = uow.tickets.many([stored.id]).values()
            assert (back.reason, back.reason.words) == (reason, reason.words)
            uow.tickets.update([replace(back, reason=Reason("said before reasons had words"))])
        with store.begin() as uow:
            [back] = uow.tickets.many([stored.id]).values()
            assert (back.reason, back.reason.words) == ("said before reasons had words", "")

    def test_a_held_plan_comes_back_with_the_words_of_its_reasons(self, store: Store) -> None:
        why = because("{source} lists so few people that it can't be believed", source="corp")
        cohort = Cohort("c1", because("missing from the latest read"), ())
        with store.begin() as uow:
            held = uow.episodes.hold(HeldPlan("corp", why, NOW, (cohort,)), PlanKind.SHRUNKEN)
            leavers = uow.episodes.hold(HeldPlan("corp", Reason("too many"), NOW, (cohort,)))
        with store.begin() as uow:
            assert uow.episodes.plans() == [leavers, held]
            back = uow.episodes.plan(held.id)

        assert back is not None
        assert (back.why.words, back.cohorts[0].cause.words) == (why.words, cohort.cause.words)
        assert (back.is_shrunken, leavers.is_shrunken) == (True, False)

    def test_many_tickets_are_read_by_number_and_unknown_ones_are_left_out(self, store: Store) -> None:
        with store.begin() as uow:
            first, second, third = uow.tickets.insert([ticket(handle=f"{n}") for n in range(3)])
        with store.begin() as uow:
            assert uow.tickets.many([third.id, first.id, first.id]) == {1: first, 3: third}
            assert uow.tickets.many(range(1000, 0, -1)) == {1: first, 2: second, 3: third}
            assert uow.tickets.many([]) == {}

    def test_a_step_is_taken_once(self, store: Store) -> None:
        with store.begin() as uow:
            [stored] = uow.tickets.insert([ticket()])

        def act(number: int) -> bool:
            with store.begin() as uow:
                return uow.tickets.take_step(stored.id, Taken(1, 0, NOW + number * MICRO), "standard", [ANN])

        assert act(0)
        assert not act(1)
        with store.begin() as uow:
            assert len(uow.tickets.steps(stored.id)) == 1


class _People:
    def test_the_facts_of_many_are_those_that_the_directory_states(self, store: Store) -> None:
        known = [
            facts("ann", language="pt-BR"),
            facts("ben", phones=("+447700900123",)),
            *(facts(f"p{number}", language="de") for number in range(1000)),
        ]
        read_people(store, *known)
        read_people(store, facts("ann", language="ar"), source="tenant")
        asked = [key("nobody"), *(key(one.person_id) for one in known)]

        with store.begin() as uow:
            found = uow.people.facts(asked)
            nobody = uow.people.facts([])

        assert found == {key(one.person_id): one for one in known}
        assert nobody == {}

    def test_the_facts_of_those_of_whom_nothing_asked_for_is_known_are_left_out(self, store: Store) -> None:
        known = {
            "leave_at": facts("ann", leave_at=NOW),
            "country": facts("ben", attributes=(("country", "GB"),)),
            "expires_at": facts("cyd", unread=("expires_at",)),
            "org_unit": facts("dee", org_unit="OU=100%"),
        }
        read_people(store, *known.values(), facts("eve", title="leave_at country org%unit expires_at"))
        asked = [key(one) for one in ("ann", "ben", "cyd", "dee", "eve", "nobody")]

        with store.begin() as uow:
            found = {name: uow.people.facts(asked, having={name, "timezone"}) for name in known}
            both = uow.people.facts(asked, having={"leave_at", "org_unit"})
            of_another = uow.people.facts([key("eve")], having=known)

        assert found == {name: {key(one.person_id): one} for name, one in known.items()}
        assert both.keys() == {key("ann"), key("dee")}
        assert of_another == {}


class UnitOfWorkContract(_Transactions, _Instants, _Tickets, _People, JournalContract):
    """All of the above."""
