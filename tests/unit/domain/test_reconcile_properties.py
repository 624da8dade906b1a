"""Whatever a group looks like: carrying the plan out leaves nothing to do, and no last admin is removed."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import LEFT_AT, NOW, WARD, expected, group, leaver, person, rules, ticket, view
from worker.domain.groups.case import (
    GroupView,
    MemberView,
    active_admins,
    with_movers,
)
from worker.domain.identity.matching import IdentityState
from worker.domain.kinds import REMOVALS
from worker.domain.kinds.settled import with_known_roles
from worker.domain.model import Account, Coverage, GroupKey, Role, Standing
from worker.domain.reconcile.engine import find_all, reconcile_group
from worker.domain.reconcile.plan import Action, ActionKind
from worker.domain.reconcile.rules import TicketRules
from worker.domain.tickets.ticket import LIVE, Assignee, Grade, Ticket, TicketKey, TicketKind, TicketState

RULES = rules()
NAMES = ["ann", "bob", "cem", "dee"]
ELSEWHERE = GroupKey("wards", "theatre")


def carried_out(seen: GroupView, actions: tuple[Action, ...]) -> GroupView:
    """The group's state after its plan, as storage would have it."""
    tickets = {t.id: t for t in seen.tickets}
    for action in actions:
        number = action.ticket.id or max(tickets, default=0) + 1
        waits_for = next(
            (t.id for t in tickets.values() if t.kind is TicketKind.REASSIGN_ADMIN and t.is_live), None
        )
        blocker = waits_for if action.is_blocked else action.ticket.blocked_by
        tickets[number] = replace(action.ticket, id=number, blocked_by=blocker)
    return replace(seen, tickets=tuple(tickets.values()))


def somebody(name: str, standing: Standing) -> Account:
    return leaver(name) if standing is Standing.LEFT else person(name, standing)


QUESTIONS = [IdentityState.AMBIGUOUS, IdentityState.UNMATCHED, IdentityState.NOBODY]


@st.composite
def members(draw: st.DrawFn) -> list[MemberView]:
    """Up to four members: leavers let through (twice as often) and held, people here, people unknown."""
    found = []
    for number, name in enumerate(draw(st.permutations(NAMES))[: draw(st.integers(0, 4))]):
        handle, role = f"+44770090000{number}", draw(st.sampled_from(Role))
        kind = draw(st.sampled_from(["leaver", "leaver", "held", "leaving", "here", "unknown"]))
        if kind == "unknown":
            found.append(view(None, handle, role, state=draw(st.sampled_from(QUESTIONS))))
        elif kind in {"leaver", "held"}:
            seen = view(leaver(name), handle, role)
            found.append(seen if kind == "leaver" else replace(seen, leaving=None))
        else:
            standing = Standing.LEAVING if kind == "leaving" else Standing.ACTIVE
            found.append(view(person(name, standing), handle, role))
    return found


@st.composite
def bare_groups(draw: st.DrawFn) -> GroupView:
    """A group without tickets."""
    people = st.builds(somebody, st.sampled_from(NAMES), st.sampled_from(Standing))
    named = st.builds(expected, people, st.sampled_from([LEFT_AT, NOW]), is_former=st.booleans())
    return group(
        *draw(members()),
        coverage=draw(st.sampled_from(Coverage)),
        has_had_admin=draw(st.booleans()),
        is_gone=draw(st.sampled_from([False, False, False, True])),
        messenger=draw(st.sampled_from(["whatsapp", "signal"])),
        owner=draw(st.none() | people),
        expected=tuple(draw(st.lists(named, max_size=3))),
    )


def _is_same_work(known: Ticket, key: TicketKey) -> bool:
    """Whether a live ticket leaves no room for another: one reassignment a group, one removal a member."""
    is_removal = (
        known.kind in REMOVALS and key.kind in REMOVALS and known.subject.handle == key.subject.handle
    )
    return known.is_live and (is_removal or known.kind is key.kind is TicketKind.REASSIGN_ADMIN)


@st.composite
def groups(draw: st.DrawFn) -> GroupView:
    """A group with tickets of every state: of what is wrong now, and of what once was."""
    seen = draw(bare_groups())
    past = replace(seen, members=tuple(draw(members())), is_gone=False)
    keys = {f.key for source in (seen, past) for f in find_all(source, 1)}
    tickets: list[Ticket] = []
    for key in sorted(keys, key=lambda k: (k.kind, k.subject.handle, k.occasion)):
        state = draw(st.none() | st.sampled_from(TicketState))
        if state is None or (state in LIVE and any(_is_same_work(t, key) for t in tickets)):
            continue
        where = draw(st.sampled_from([WARD, ELSEWHERE])) if key.kind is TicketKind.IDENTIFY_MEMBER else WARD
        tickets.append(
            ticket(
                key.kind,
                id=len(tickets) + 1,
                state=state,
                group=where,
                handle=key.subject.handle,
                occasion=key.occasion,
                person=draw(st.sampled_from([person(n).key for n in NAMES])),
                member_role=draw(st.none() | st.sampled_from(Role)) if key.kind in REMOVALS else None,
                verified_at=draw(st.sampled_from([None, LEFT_AT, NOW])),
                grade=draw(st.none() | st.sampled_from(Grade)),
                waived_until=draw(st.sampled_from([None, LEFT_AT])),
                assignee=draw(
                    st.none()
                    | st.sampled_from([Assignee(f"{n}@corp.example", person=person(n).key) for n in NAMES])
                ),
            )
        )
    return replace(seen, tickets=tuple(tickets))


POLICIES = st.sampled_from([RULES, rules(admins_min=2), rules(accountable="")])


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(groups(), POLICIES)
def test_after_its_plan_a_group_needs_no_other(seen: GroupView, by: TicketRules) -> None:
    after = carried_out(seen, reconcile_group(seen, by, NOW))
    assert reconcile_group(after, by, NOW) == ()


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(groups(), POLICIES)
def test_no_removal_of_an_admin_is_open_while_no_other_admin_is_surely_there(
    seen: GroupView, by: TicketRules
) -> None:
    after = carried_out(seen, reconcile_group(seen, by, NOW))
    shown = with_known_roles(with_movers(after))
    admins = {v.member.handle for v in shown.members if v.member.role.is_admin}
    for work in after.tickets:
        if work.kind in REMOVALS and work.state is TicketState.OPEN and work.handle in admins:
            assert active_admins(shown)
    assert sum(t.kind is TicketKind.REASSIGN_ADMIN and t.is_live for t in after.tickets) <= 1


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(bare_groups())
def test_every_leaver_gets_exactly_one_live_removal_and_nobody_else_does(seen: GroupView) -> None:
    after = carried_out(seen, reconcile_group(seen, RULES, NOW))
    removed = sorted(t.handle for t in after.tickets if t.kind in REMOVALS and t.is_live)
    leaving = [] if seen.is_gone else [v.member.handle for v in with_movers(seen).members if v.leaving]
    assert removed == sorted(leaving)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(bare_groups())
def test_a_blocked_removal_has_a_reassignment_to_wait_for(seen: GroupView) -> None:
    after = carried_out(seen, reconcile_group(seen, RULES, NOW))
    live = {t.id for t in after.tickets if t.kind is TicketKind.REASSIGN_ADMIN and t.is_live}
    assert all(t.blocked_by in live for t in after.tickets if t.state is TicketState.BLOCKED)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(groups(), st.randoms(use_true_random=False))
def test_the_order_of_members_and_tickets_never_shows(seen: GroupView, chance: object) -> None:
    shuffled = replace(
        seen,
        members=tuple(chance.sample(seen.members, len(seen.members))),  # type: ignore[attr-defined]
        tickets=tuple(chance.sample(seen.tickets, len(seen.tickets))),  # type: ignore[attr-defined]
    )
    assert reconcile_group(shuffled, RULES, NOW) == reconcile_group(seen, RULES, NOW)


def test_the_plan_of_an_empty_world_is_empty() -> None:
    assert reconcile_group(group(), RULES, NOW) == ()


def test_opening_is_carried_out_under_a_new_number() -> None:
    (action,) = reconcile_group(group(view(leaver())), RULES, NOW)
    assert action.kind is ActionKind.OPEN
    assert [t.id for t in carried_out(group(view(leaver())), (action,)).tickets] == [1]
