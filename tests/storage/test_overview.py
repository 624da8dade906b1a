"""The console's questions, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from builders import NOW, key, ticket
from harness import Harness
from worker.domain.evidence.actor import Actor
from worker.domain.evidence.journal import Entry
from worker.domain.identity.matching import QUESTIONS
from worker.domain.messages.message import Paragraph, Recipient, RecipientKind
from worker.domain.model import AccountKey, Evidence, GroupKey, Member
from worker.domain.reconcile.guard import Cohort, Departure, HeldPlan, HoldState
from worker.domain.text.reason import because
from worker.domain.tickets.ticket import LIVE, Assignee, Ticket, TicketKind, TicketState
from worker.ports import Port
from worker.ports.state.deliveries import PostFilter, PostState
from worker.ports.state.episodes import WaitingPlan
from worker.ports.state.outbox import OutMessage
from worker.ports.state.overview import DuePlace, JournalFilter, Period, SourceDay, TicketFilter, Week
from worker.ports.state.sources import SourceState
from worker.storage.store import SqlStore

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def store(engine: sa.Engine) -> SqlStore:
    return SqlStore(engine)


def _removal(person_id: str, group: str = "ward-7", **changes: Any) -> Ticket:
    """A removal of one person from one group; `left` and `opened` in hours before NOW."""
    left, opened = changes.pop("left", 30), changes.pop("opened", 24)
    stated: dict[str, Any] = {
        "group": GroupKey("wards", group),
        "handle": f"+{person_id}",
        "person": key(person_id),
        "person_name": person_id.capitalize(),
        "left_at": NOW - left * HOUR,
        "opened_at": NOW - opened * HOUR,
        "occasion": person_id,
    }
    return ticket(changes.pop("kind", TicketKind.REMOVE_MEMBER), **(stated | changes))


def _put(store: SqlStore, *tickets: Ticket) -> list[Ticket]:
    with store.begin() as uow:
        return uow.tickets.insert(tickets)


DEE = Assignee("Dee@example.org", "Dée")
SOME = (
    _removal("ann", assignee=DEE, group_name="Straße 7", due_at=NOW - HOUR),
    _removal("ben", state=TicketState.DONE, due_at=NOW - HOUR, disputed_at=NOW),
    _removal("cem", "ward-8", kind=TicketKind.CREATOR_MUST_LEAVE, due_at=NOW + HOUR),
    _removal("dee", state=TicketState.CANCELLED, person_name="100% O_Brien", disputed_at=NOW),
)


@pytest.mark.parametrize(
    "wanted, found",
    [
        (TicketFilter(), [4, 3, 2, 1]),
        (TicketFilter(states=(TicketState.OPEN, TicketState.DONE)), [3, 2, 1]),
        (TicketFilter(kinds=(TicketKind.CREATOR_MUST_LEAVE,)), [3]),
        (TicketFilter(overdue_at=NOW), [1]),
        (TicketFilter(is_disputed=True), [2]),
        (TicketFilter(group=GroupKey("wards", "ward-8")), [3]),
        (TicketFilter(assignee="DEE@example.org"), [1]),
        (TicketFilter(texts=("dée",)), [1]),
        (TicketFilter(texts=("strasse",)), [1]),
        (TicketFilter(texts=("t-000003",)), [3]),
        (TicketFilter(texts=("0% o_b",)), [4]),
        (TicketFilter(texts=("0_b",)), []),
        (TicketFilter(texts=("+ben\0",)), [2]),
        (TicketFilter(texts=("nothing", "T-000003")), [3]),
    ],
    ids=range(14),
)
def test_filters_limit_and_text_is_only_text(store: SqlStore, wanted: TicketFilter, found: list[int]) -> None:
    _put(store, *SOME)
    with store.begin() as uow:
        assert [one.id for one in uow.overview.tickets(wanted, None, 10)] == found
        assert uow.overview.how_many(wanted, 100) == len(found)


def test_tickets_come_in_pages_newest_first(store: SqlStore) -> None:
    _put(store, *SOME)
    with store.begin() as uow:
        assert [one.id for one in uow.overview.tickets(TicketFilter(), None, 3)] == [4, 3, 2]
        assert [one.id for one in uow.overview.tickets(TicketFilter(), 2, 3)] == [1]
        assert uow.overview.how_many(TicketFilter(), 2) == 2


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_tickets_by_due_come_in_pages_whatever_their_states(store: SqlStore, size: int) -> None:
    same = NOW + HOUR
    due = (same, NOW + DAY, same, NOW - HOUR, same, NOW)
    states = (TicketState.OPEN, TicketState.DONE, TicketState.BLOCKED, TicketState.OPEN, TicketState.OPEN,
              TicketState.VERIFIED)  # fmt: skip
    _put(store, *(_removal(f"p{at}", due_at=due[at], state=states[at]) for at in range(6)))
    wanted, after, found = TicketFilter(states=tuple(LIVE)), None, []
    with store.reading() as uow:
        while page := uow.overview.tickets_by_due(wanted, after, size):
            found += [one.id for one in page]
            after = DuePlace(page[-1].due_at, page[-1].id)
        assert uow.overview.tickets_by_due(TicketFilter(), None, 5) == []
    assert found == [4, 1, 3, 5, 2]


def test_weeks_count_and_rank_how_long_it_took_since_the_leaving(store: SqlStore) -> None:
    starts = [NOW - 15 * DAY, NOW - 8 * DAY + HOUR, NOW - DAY]  # an hour longer: the clocks changed
    for number in range(1, 11):
        opened_at = starts[0] + HOUR
        _put(
            store,
            replace(
                _removal(f"p{number}"), left_at=opened_at - DAY, opened_at=opened_at, state=TicketState.VERIFIED,
                verified_at=opened_at + number * HOUR,
            ),
        )  # fmt: skip
    _put(store, replace(_removal("open"), opened_at=starts[1]))
    _put(store, replace(_removal("no"), opened_at=starts[1], state=TicketState.CANCELLED))
    reviewed = replace(_removal("reviewed"), left_at=None, evidence=None, opened_at=starts[1])
    _put(store, replace(reviewed, state=TicketState.VERIFIED, verified_at=NOW))
    _put(store, replace(_removal("moved"), left_at=None, opened_at=NOW - HOUR, state=TicketState.VERIFIED,
                        verified_at=NOW))  # fmt: skip
    with store.begin() as uow:
        weeks = uow.overview.weeks(starts, NOW)

    assert weeks == [
        Week(starts[0], 10, 10, DAY + 5 * HOUR, DAY + 9 * HOUR),
        Week(starts[1], 1),
        Week(starts[2], 1, 1, HOUR, HOUR),
    ]


def test_the_removals_of_a_week_are_those_that_it_counts(store: SqlStore) -> None:
    at = NOW - 7 * DAY
    _put(
        store,
        _removal("ann", opened=7 * 24),
        _removal("ben", opened=7 * 24, state=TicketState.CANCELLED),
        _removal("cem", opened=7 * 24, kind=TicketKind.REASSIGN_ADMIN),
        _removal("dee", opened=6 * 24),
        _removal("eve", opened=8 * 24, state=TicketState.VERIFIED, verified_at=at),
        _removal("fay", opened=7 * 24, left_at=None, evidence=None),
    )

    def found(**wanted: Any) -> list[int]:
        with store.reading() as uow:
            return [one.id for one in uow.overview.tickets(TicketFilter(**wanted), None, 10)]

    assert found(is_removal=True) == [5, 4, 1]
    assert found(opened=Period(at)) == [6, 4, 3, 2, 1]
    assert found(opened=Period(at, at + DAY), is_removal=True) == [1]
    assert found(verified=Period(at)) == [5]
    assert found(verified=Period(at - DAY, at)) == []


def test_what_became_overdue_since_an_instant_is_found(store: SqlStore) -> None:
    _put(store, *(_removal(f"p{hours}", due_at=NOW - hours * HOUR) for hours in (-1, 0, 2, 3)))
    with store.reading() as uow:
        wanted = TicketFilter(overdue_at=NOW, due=Period(NOW - 2 * HOUR))
        assert [one.id for one in uow.overview.tickets(wanted, None, 10)] == [3, 2]


def test_the_journal_is_searched_newest_first(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.journal.append([
            Entry(NOW, "sam", "ticket.done", "ticket:T-000001"),
            Entry(NOW + HOUR, "sam", "ticketing", "ticket:T-000001"),
            Entry(NOW + 2 * HOUR, "kim", "ticket.waive", "ticket:T-000002"),
        ])  # fmt: skip
        search = uow.overview.journal

        def found(**wanted: Any) -> list[int]:
            return [one.seq for one in search(JournalFilter(**wanted), None, 10)]

        assert found() == [3, 2, 1]
        assert found(kind="ticket.*") == [3, 1]
        assert found(kind="ticket.done") == [1]
        assert found(kind="ticket.waived") == found(kind="ticket.waive") == [3]
        assert found(actor="sam", subject="ticket:T-000001") == [2, 1]
        assert found(from_at=NOW + HOUR, to_at=NOW + 2 * HOUR) == [2]
        assert [one.seq for one in search(JournalFilter(), 3, 1)] == [2]


def test_a_source_s_days_keep_the_last_good_counts_and_the_worst_row_of_failures(store: SqlStore) -> None:
    good = SourceState("corp", Port.DIRECTORY, last_attempt_at=NOW, counts={"people": 7})
    with store.begin() as uow:
        uow.sources.put(SourceState("corp", Port.DIRECTORY))
        uow.sources.put(replace(good, last_attempt_at=NOW - 500 * DAY))
        uow.sources.put(good)
        uow.sources.put(replace(good, failures=2, trouble="refused", counts={}))
        uow.sources.put(replace(good, counts={"people": 8}))
        uow.sources.put(replace(good, last_attempt_at=NOW + DAY))
        assert uow.overview.source_days("corp", date(2000, 1, 1)) == [
            SourceDay(_utc_day(NOW), 2, {"people": 8}),
            SourceDay(_utc_day(NOW + DAY), 0, {"people": 7}),
        ]
        assert uow.overview.source_days("corp", _utc_day(NOW + DAY))[0].counts == {"people": 7}
        assert uow.overview.source_days("other", date(2000, 1, 1)) == []


def _utc_day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def test_what_waits_for_a_person_is_counted_and_the_rest_is_not(engine: sa.Engine) -> None:
    harness = Harness(engine=engine)
    temps = [f"temp{number:02d}" for number in range(30)]
    harness.hire("dee", *temps, org_unit="OU=Temps")
    harness.group("hall", *temps, admins=["dee"])
    for number in range(3):
        handle = f"+44770090090{number}"
        harness.wards.add_member("hall", Member(handle, f"Nobody {number}", phone=handle))
    harness.settle()
    harness.leave(*temps)
    harness.later()
    harness.settle()
    harness.identifying.reject("wards/+447700900902", Actor("sam"), "a visitor", harness.now)
    with harness.store.reading() as uow:
        assert uow.overview.waiting_plans() == [1]
        assert uow.episodes.undecided() == [WaitingPlan(1, harness.now, 30, {"c1": 30}, is_of_controls=False)]
        assert [uow.overview.questions(most) for most in (1, 10)] == [1, 2]
        assert uow.overview.questions(10) == len(uow.identities.page(QUESTIONS, None, 10))

    harness.decide()

    with harness.store.reading() as uow:
        assert not uow.overview.waiting_plans()
        assert not uow.episodes.undecided()


def test_of_a_plan_that_waits_each_part_that_waits_is_counted(store: SqlStore) -> None:
    cause, people = because("so"), [Departure(key(f"p{at}"), NOW, Evidence.DISABLED) for at in range(12)]
    of_people = HeldPlan("corp", cause, NOW, (
        Cohort("c1", cause, tuple(people[:2])),
        Cohort("c2", cause, tuple(people[2:3]), HoldState.RELEASED),
        Cohort("c10", cause, tuple(people[3:])),
    ))  # fmt: skip
    of_controls = HeldPlan("controls", cause, NOW, (Cohort("group.review", cause, (), findings=7),))
    decided = HeldPlan("corp", cause, NOW, (Cohort("c1", cause, (), HoldState.REJECTED),))
    with store.begin() as uow:
        for plan in (of_people, decided, of_controls):
            uow.episodes.hold(plan)
        assert uow.episodes.undecided() == [
            WaitingPlan(1, NOW, 12, {"c1": 2, "c10": 9}, is_of_controls=False),
            WaitingPlan(3, NOW, 7, {"group.review": 7}, is_of_controls=True),
        ]


def test_a_part_is_without_people_once_no_leaving_in_it_waits(engine: sa.Engine) -> None:
    harness = Harness(engine=engine)
    for unit in ("Day", "Night"):
        harness.hire(*(f"{unit}{at:02}" for at in range(20)), department=unit)
    harness.settle()
    harness.later()
    harness.leave(*(one.person_id for one in harness.corp.people()))
    harness.settle()
    for at in range(20):
        with harness.store.reading() as uow:
            assert uow.episodes.without_people() == {}
        harness.corp.enable(f"Night{at:02}")
        harness.poll()

    with harness.store.reading() as uow:
        assert uow.episodes.without_people() == {1: ["c2"]}


@pytest.mark.parametrize(
    "name",
    [
        "Łukasz Żółć",
        "ŁUKASZ ŻÓŁĆ",
        "łukasz żółć",
        "Анна Петрова",
        "ИВАНОВ Пётр",
        "Ángela O'Neill",
        "François LÉVÊQUE",
    ],
)
def test_a_name_is_found_in_any_case_whatever_its_letters(engine: sa.Engine, name: str) -> None:
    harness = Harness(engine=engine)
    harness.hire("ann", display_name=name)
    harness.hire("ben")
    harness.group("ward-7", "ann", admins=["ben"], name=name)
    harness.settle()
    ann = Recipient(RecipientKind.PERSON, "ann@corp.example", name)
    harness.queue(OutMessage("one", ann, "News", Paragraph("News")))
    with harness.store.reading() as uow:
        for text in (name, name.lower(), name.upper(), name.swapcase(), name.split()[1].lower()):
            assert [one.key for one in uow.overview.people(text, None, 9)] == [key("ann")], text
            assert [one.name for one in uow.overview.groups(text, None, 9)] == [name], text
            found = uow.deliveries.posts(PostFilter(text=text), NOW, 9)
            assert [one.to.address for one in found] == ["ann@corp.example"], text


def test_people_and_histories_are_found_together(engine: sa.Engine) -> None:
    harness = Harness(engine=engine)
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.leave("ann")
    harness.later()
    harness.settle()
    harness.desk.done(1, Actor("sam"), harness.later())
    ann, nobody = AccountKey("corp", "ann"), AccountKey("corp", "nobody")
    with harness.store.reading() as uow:
        assert [one.facts.person_id for one in uow.overview.named([ann, nobody, ann]).values()] == ["ann"]
        assert uow.overview.named([]) == {}
        found = uow.overview.history(["ticket:T-000001", "person:corp/ann"], 10)
        assert [one.entry.kind for one in found[:2]] == ["ticket.done", "ticket.opened"]
        assert {one.entry.subject for one in found} == {"ticket:T-000001", "person:corp/ann"}
        assert uow.overview.history(["ticket:T-000001", "person:corp/ann"], 1) == found[:1]
        assert uow.overview.history([], 10) == []


def test_groups_and_actors_of_the_journal_are_named(engine: sa.Engine) -> None:
    harness = Harness(engine=engine)
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"], name="Ward 7")
    harness.settle()
    harness.leave("ann")
    harness.later()
    harness.settle()
    ward, unknown = GroupKey("wards", "ward-7"), GroupKey("wards", "none")
    with harness.store.reading() as uow:
        assert uow.overview.group_names([ward, unknown, ward]) == {ward: "Ward 7"}
        assert uow.overview.group_names([]) == {}
        before = uow.overview.actors(1000)
    harness.desk.done(1, Actor("sam"), harness.later())
    with harness.store.reading() as uow:
        assert uow.overview.actors(1000) == sorted([*before, "sam"])
        assert uow.overview.actors(1) == ["sam"]
        assert uow.overview.actors(0) == []


def test_the_messages_about_a_ticket_are_found_wherever_they_are(engine: sa.Engine) -> None:
    harness = Harness(engine=engine)
    harness.hire("ann", "ben", "dee")
    harness.group("ward-7", "ann", "ben", admins=["dee"])
    harness.group("ward-8", "ann", "ben", admins=["dee"])
    harness.settle()
    harness.leave("ann")
    queued_at = harness.later()
    harness.settle()
    with harness.store.reading() as uow:
        [waiting] = uow.deliveries.about(1, harness.now, 10)
        assert (waiting.post.state, waiting.queued_at, waiting.sent_at) == (
            PostState.WAITING,
            queued_at,
            None,
        )
        assert uow.deliveries.about(3, harness.now, 10) == []
    sent_at = harness.later()
    harness.deliver()
    with harness.store.reading() as uow:
        [sent] = uow.deliveries.about(1, harness.now, 10)
        assert (sent.post.state, sent.queued_at, sent.sent_at) == (PostState.SENT, queued_at, sent_at)
        assert (sent.post.over, sent.post.tickets) == ("soc", ("T-000001",)), "of a digest it is one ticket's"
        assert sent.reference == "fake/1"
        assert uow.deliveries.about(1, harness.now, 0) == []
