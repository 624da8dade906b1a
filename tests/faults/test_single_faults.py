"""Three replicas and one fault: who goes on, how soon, and what the one it struck still does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from random import Random

import pytest

from fakes.slack.posting import Post
from fakes.slack.server import Fault, rate_limited
from faults.channels import CALLED_CHANNEL
from faults.clicks import Click
from faults.effects import CHANGED
from faults.replicas import INTERVAL_S, LEASE_S, STOP_MAX_S, Replica
from faults.town import handle
from faults.waiting import pause, until
from faults.world import World
from throwaway import missing
from worker.domain.messages.message import ReaderAct
from worker.ops.clock import system_now

pytestmark = pytest.mark.postgres

RENEWAL_S = LEASE_S / 3
LOAD_S = 3.0  # for a machine that has other things to do as well
TAKEN_OVER_MAX_S = LEASE_S + INTERVAL_S + LOAD_S
BACK_MAX_S = 30.0
SOCKET_CHANNEL = "C0LEAVERS01"
GIVING_BACK_S = 1.0  # a job that had just ended gives its lease back within it, and learns of nothing
STORING_S = 1.0  # far longer than storing takes, and shorter than Slack waits
DRAW = Random(0)


def holder_of(replica: Replica) -> str:
    """The name that it goes by in leases."""
    [started] = replica.log("worker.started")
    return str(started["holder"])


def assert_taken_over(world: World, jobs: Iterable[str], holder: str, since: datetime) -> None:
    for job in jobs:
        at = until(f"{job} is taken over", partial(world.taken_over, job, holder))
        assert (at - since).total_seconds() < TAKEN_OVER_MAX_S, job


def test_when_the_holder_is_killed_another_holds_each_of_its_jobs_within_a_lease(world: World) -> None:
    with world.turn():
        world.town.leave(2, 10, 18)
        victim, jobs = world.busiest()
        holder = holder_of(victim)
        struck_at = system_now()
        victim.kill()

    assert_taken_over(world, jobs, holder, struck_at)
    world.calm()


def test_a_process_that_sleeps_for_longer_than_its_lease_wakes_up_and_writes_nothing(world: World) -> None:
    with world.locked("job"):
        world.town.leave(3, 11)
        victim = world.fleet.of(until("somebody has the turn, and waits", world.writer))
        holder = holder_of(victim)
        pause(GIVING_BACK_S)
        jobs = {job for job, who in world.held().items() if who == holder}
        struck_at = system_now()
        victim.pause()
        assert_taken_over(world, jobs, holder, struck_at)
        victim.wake()
    # Its transaction is answered now, and goes on to its end: that is where it learns of the other

    until("it was refused", lambda: was_refused(victim))
    until("it knows", lambda: jobs_with(victim, "lease.lost", "job.stopped", "job.failed") >= jobs)
    world.calm()


def was_refused(replica: Replica) -> bool:
    """By the fence at its commit; or the server ended its session before it came to that, if it took its time."""
    fenced = any("nothing of this run was written" in line["why"] for line in replica.log("job.stopped"))
    return fenced or any("terminating connection" in line["error"] for line in replica.log("job.failed"))


def jobs_with(replica: Replica, *events: str) -> set[str]:
    return {line["job"] for event in events for line in replica.log(event)}


def test_of_a_process_that_sleeps_while_all_its_jobs_wait_none_gets_the_turn(world: World) -> None:
    with world.turn():
        world.town.leave(8, 16)
        victim, jobs = world.busiest()
        holder = holder_of(victim)
        struck_at = system_now()
        victim.pause()
        assert_taken_over(world, jobs, holder, struck_at)
        pause(2 * RENEWAL_S)

    def is_settled() -> bool:
        assert world.writer("Client") != holder, "it has the turn in its sleep"
        return not [*world.effects.unwanted()]

    until("whoever left has a ticket", is_settled)

    victim.wake()
    until("it knows", lambda: jobs_with(victim, "lease.lost", "job.stopped", "job.failed") >= set(jobs))


def test_a_process_that_sleeps_in_its_transaction_holds_up_the_others_for_a_lease_at_most(
    world: World,
) -> None:
    with world.locked("ticket"):
        world.town.leave(4, 12)
        victim = world.fleet.of(until("somebody has the turn, and waits", world.writer))
        holder = holder_of(victim)
        jobs = [job for job, who in world.held().items() if who == holder]
        struck_at = system_now()
        victim.pause()
    # Its statement is answered; the server waits for the next
    assert jobs
    until("the server waits for it", lambda: world.writer("Client") == holder)

    assert_taken_over(world, jobs, holder, struck_at)
    world.calm()
    victim.wake()
    until("it noticed", lambda: victim.log("lease.lost") or victim.log("job.failed"))


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_after_a_restart_of_the_database_all_go_on_by_themselves(world: World, mode: str) -> None:
    pids = [replica.pid for replica in world.fleet]
    world.town.leave(5, 13)
    world.cluster.restart(mode)
    world.reconnect()
    world.town.leave(21)

    world.calm(BACK_MAX_S)
    asked_at = system_now()
    for replica in world.fleet:
        until(f"{replica.name} works", partial(world.works, replica, asked_at), BACK_MAX_S)
    assert [replica.pid for replica in world.fleet if replica.is_running] == pids


def test_when_the_holders_network_falls_silent_the_others_take_over_within_a_lease(world: World) -> None:
    with world.turn():
        world.town.leave(6, 14)
        victim, jobs = world.busiest()
        holder = holder_of(victim)
        struck_at = system_now()
        victim.proxy.freeze()

    assert_taken_over(world, jobs, holder, struck_at)
    world.calm()
    victim.proxy.mend()
    asked_at = system_now()
    until("it works again", partial(world.works, victim, asked_at))
    assert victim.is_running


def test_when_the_holders_connections_are_reset_it_connects_anew(world: World) -> None:
    with world.turn():
        world.town.leave(7, 15)
        victim, _ = world.busiest()
        victim.proxy.cut_after(0, reset=True)
    until("it says so", lambda: victim.log("job.failed") or victim.log("lease.left_unrenewed"))
    world.calm()

    victim.proxy.mend()

    asked_at = system_now()
    until("it works again", partial(world.works, victim, asked_at))
    assert victim.is_running


def test_a_full_disk_is_said_and_work_goes_on_when_there_is_room(world: World) -> None:
    if world.cluster.lacks_disk:
        missing(world.cluster.lacks_disk)
    world.cluster.fill()
    try:
        world.town.leave(*range(22, 32))
        until(
            "somebody says that the disk is full",
            lambda: any(
                "No space left" in line["error"] for one in world.fleet for line in one.log("job.failed")
            ),
        )
        pause(2 * INTERVAL_S)
    finally:
        world.cluster.free()
    world.reconnect()

    world.calm(BACK_MAX_S)
    assert all(replica.is_running for replica in world.fleet)


def test_replicas_that_are_replaced_one_by_one_lose_nothing(world: World) -> None:
    for number, replica in enumerate(world.fleet):
        world.town.leave(33 + number, 40 + number)
        asked_at = system_now()
        code = replica.end()
        assert (system_now() - asked_at).total_seconds() < STOP_MAX_S
        assert code == 0
        kept = {job for job, holder in world.held().items() if holder == holder_of(replica)}
        assert kept <= {
            line["job"] for line in replica.log("lease.left_unreleased")
        }  # while the disk was full
        replica.start()
        replica.wait_started()

    world.calm()


@pytest.mark.parametrize("can_ask", [True, False])
def test_a_message_whose_sender_was_killed_comes_once_or_says_that_it_may_be_a_repeat(
    world: World, can_ask: bool
) -> None:
    before = set(world.effects.posts())
    world.slack.fail("chat.postMessage", Fault(slow_s=20))
    world.town.leave(46 if can_ask else 47)
    until("a message is there, and its sender does not know yet", lambda: set(world.effects.posts()) - before)
    [key] = set(world.effects.posts()) - before
    if not can_ask:
        world.effects.unsearched.add(key)
        world.slack.scopes -= {"im:history", "channels:history"}
    world.fleet.of(world.held()["deliver"]).kill()

    world.calm()
    world.slack.scopes |= {"im:history", "channels:history"}

    assert len(world.effects.posts()[key]) == (1 if can_ask else 2)


def test_a_process_ends_in_time_though_its_database_says_nothing(world: World) -> None:
    with world.turn():
        victim, jobs = world.busiest()
        assert jobs
        victim.proxy.freeze()
        asked_at = system_now()

        code = victim.end()

    assert code == 0
    assert (system_now() - asked_at).total_seconds() < STOP_MAX_S


# --- on the way to people, and from them ------------------------------------------------------------


def asked(world: World, channel: str, act: ReaderAct, number: int) -> tuple[Post, str]:
    """The message in a channel about somebody's ticket as it is, and the value of its button, once there is one."""

    def found() -> tuple[Post, str] | None:
        as_it_is = {
            f"{one.label}.{one.version}" for one in world.effects.tickets() if one.handle == handle(number)
        }
        for post, what, value in world.clicks.places():
            if (post.channel_id, what) == (channel, act) and value in as_it_is:
                return post, value
        return None

    return until(f"somebody can {act} in {channel}", found)


def click(world: World, asked: tuple[Post, str], act: ReaderAct, operator: int) -> Click:
    post, value = asked
    return world.clicks.click(f"U0000OP0{operator}", post, act, value, DRAW)


def test_a_click_is_acknowledged_when_it_is_stored_and_had_once_or_answered_though_everybody_dies_and_slack_repeats(
    world: World,
) -> None:
    first, second = 19, 36
    world.town.leave(first, second)
    world.calm()
    done, seen = ReaderAct.DONE, ReaderAct.ACKNOWLEDGE
    in_socket = asked(world, SOCKET_CHANNEL, done, first), asked(world, SOCKET_CHANNEL, seen, second)
    by_call = asked(world, CALLED_CHANNEL, done, first), asked(world, CALLED_CHANNEL, seen, second)
    world.slack.fail("chat.postEphemeral", *2 * [Fault(drop_before=True), Fault(500)])
    with world.turn():
        rivals = [click(world, in_socket[0], done, 0), click(world, by_call[0], done, 1)]
        others = [click(world, in_socket[1], seen, 2), click(world, by_call[1], seen, 3)]
        pause(STORING_S)
        acknowledged = [str(one) for one in rivals + others if world.clicks.is_acknowledged(one)]
        assert not acknowledged, "nobody can have stored it"
        for replica in world.fleet:
            replica.kill()
    world.fleet.heal()

    world.calm()
    for one in rivals + others:
        world.clicks.send(one, DRAW)
    world.calm()

    for pair in (rivals, others):
        [winner] = [one for one in pair if world.effects.acts(one)]
        [loser] = {*pair} - {winner}
        answers = world.effects.answers(loser)
        assert answers
        assert all(CHANGED in text for text in answers)


def test_what_slack_took_without_a_clear_answer_is_found_and_what_it_refused_comes_later(
    world: World,
) -> None:
    faults = (
        Fault(drop_before=True),
        Fault(drop_after=True),
        Fault(503, is_after=True),
        Fault(503, is_after=True, headers={"Retry-After": "1"}),
        rate_limited(1),
    )
    called = world.slack.called("chat.postMessage")
    world.slack.fail("chat.postMessage", *faults)
    # One by one, so that each is told in messages of its own. What is tried again waits, which passes in `calm`
    for number in (20, 37, 43):
        world.town.leave(number)
        world.calm()
        world.check()

    assert world.slack.called("chat.postMessage") >= called + len(faults)


def test_a_mail_whose_answer_was_lost_comes_again_with_its_id_and_says_that_it_may_be_a_repeat(
    world: World,
) -> None:
    before = world.effects.mails().keys()
    world.channels.lose_answers_to_mail()
    world.town.leave(39)
    [key, *_] = until(
        "a mail is there, and its sender does not know", lambda: world.effects.mails().keys() - before
    )
    world.channels.mend()

    world.calm()

    until("it has come again", lambda: len(world.effects.mails()[key]) == 2)
    assert {mail.says_repeat for mail in world.effects.mails()[key]} == {False, True}
