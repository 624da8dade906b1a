"""Alarms: what is wrong with the worker is told once, again, and when it is over; nothing holds it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fakes.notifier import FakeNotifier
from folded import claim, fold
from harness import Harness
from worker.app.jobs.table import OF_ALL
from worker.app.tell.alarms import AlarmRules, Alarms
from worker.domain.escalation.policy import Named, NamedKind, Target
from worker.domain.escalation.silences import Silence
from worker.domain.messages.message import CHANNEL, Paragraph, Recipient
from worker.domain.reconcile.guard import GuardLimits
from worker.domain.watch.alarms import Alarm, AlarmCause
from worker.ports import AuthFailed, Concern, Port, Transient
from worker.ports.state.leases import ListedLease
from worker.ports.state.outbox import OutMessage
from worker.ports.state.watched import WatchMark

Start = Callable[..., Harness]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SAM = "sam@corp.example"


def ran(harness: Harness, *names: str, is_ok: bool = True) -> None:
    """Record that jobs ran now; all of them, unless named."""
    with harness.store.begin() as uow:
        for name in names or OF_ALL:
            uow.jobs.record(name, harness.now, is_ok=is_ok, report={})


def look(harness: Harness, *, due_only: bool = True) -> list[str]:
    """All jobs have run; look once, and say what was told."""
    ran(harness)
    harness.watch(due_only=due_only)
    return harness.titles()


def standing(harness: Harness) -> list[str]:
    with harness.store.reading() as uow:
        return [one.key for one in uow.watched.standing()]


def restart(harness: Harness, **changes: Any) -> None:
    """The same worker with other rules of alarms."""
    rules = harness.app.rules
    harness.start(replace(rules, alarms=replace(rules.alarms, **changes)))


def test_nothing_is_wrong(company: Harness) -> None:
    assert look(company) == []
    assert set(company.watch().counts.values()) == {0}


# --- sources ----------------------------------------------------------------------------------------------


def test_a_source_that_can_t_be_read_is_told_again_and_its_end_is_the_read_s(company: Harness) -> None:
    company.corp.fail(AuthFailed("bind refused."))
    company.poll(full=True)
    assert company.titles() == ["Can't see: corp"]
    assert look(company) == []
    company.later(hours=4)
    assert look(company) == ["Can't see: corp"]

    company.corp.be_honest()
    company.poll(full=True)
    assert company.titles() == ["Seeing again: corp"]
    assert look(company) == []


def test_a_passing_fault_that_nobody_was_told_of_is_no_alarm(company: Harness) -> None:
    company.corp.fail(Transient("timed out."))
    company.poll(full=True)

    assert look(company) == []


def test_a_fault_that_was_told_by_an_earlier_release_is_taken_over(company: Harness) -> None:
    with company.store.begin() as uow:
        state = uow.sources.get("corp", Port.DIRECTORY)
        uow.sources.put(replace(state, failures=7, trouble="bind refused."))

    assert look(company) == ["Can't see: corp"]


def test_a_source_that_says_nothing_new_for_too_long_is_told_and_when_it_does_again(company: Harness) -> None:
    assert look(company) == []
    company.later(days=8)
    company.poll()
    assert look(company) == ["Too old to prove anything: wards"]

    company.wards.fail(AuthFailed("no."))
    company.taker.run_once(company.now)
    assert company.titles() == ["Can't see: wards"]
    assert look(company) == [], "it stands, beside the other"
    company.wards.mend()
    company.inventory()
    company.later(minutes=1)
    assert sorted(company.titles() + look(company)) == [
        "Over: Too old to prove anything: wards",
        "Seeing again: wards",
    ]


def test_a_source_that_was_not_read_while_everything_was_stopped_has_its_time(company: Harness) -> None:
    company.later(days=2)
    company.start(company.app.rules)
    assert look(company) == []
    company.later(minutes=1)
    company.corp.fail(Transient("timed out."))
    company.poll(full=True)
    assert look(company) == []
    with company.store.begin() as uow:
        state = uow.sources.get("corp", Port.DIRECTORY)
        uow.sources.put(replace(state, last_attempt_at=None, trouble=None))
    assert look(company) == []
    company.later(minutes=2)
    assert look(company) == ["Too old to prove anything: corp"]


def test_what_stood_of_a_source_that_is_no_more_is_forgotten(company: Harness) -> None:
    with company.store.begin() as uow:
        Alarms().raised(uow, Alarm(AlarmCause.SOURCE, "sold"), company.now)
        Alarms().raised(uow, Alarm(AlarmCause.STALE, "sold"), company.now)
    company.titles()

    assert look(company) == []
    assert standing(company) == []


# --- jobs -------------------------------------------------------------------------------------------------


def test_a_job_that_nobody_does_is_told(company: Harness) -> None:
    look(company)
    company.later(minutes=4)
    ran(company, "inventory", "reconcile", "remediate", "verify", "escalate", "deliver")
    company.watch()
    assert company.titles() == ["No worker does the job poll"]
    assert look(company) == ["Over: No worker does the job poll"]


def test_after_a_stop_of_everything_the_jobs_have_their_time(company: Harness) -> None:
    ran(company)
    company.later(days=1)
    company.start(company.app.rules)

    company.watch()
    assert company.titles() == [], "the process has only begun"
    company.watch(due_only=False)
    assert "No worker does the job poll" in company.titles(), "a command is told what is stored"


def test_a_job_that_goes_on_for_long_has_its_lease(company: Harness) -> None:
    look(company)
    company.later(minutes=5)
    ran(company, "inventory", "reconcile", "remediate", "verify", "escalate", "deliver")
    company.store.leases.acquire("poll", "us", company.now, MINUTE)
    company.watch()
    assert company.titles() == []
    with company.store.reading() as uow:
        [held] = uow.watched.leases()
    assert isinstance(held, ListedLease)


def test_a_lease_that_a_wrong_clock_took_is_held_by_nobody(company: Harness) -> None:
    look(company)
    company.store.leases.acquire("poll", "us", company.now + timedelta(days=40), MINUTE)
    company.later(hours=1)
    ran(company, "inventory", "reconcile", "remediate", "verify", "escalate", "deliver")
    company.watch()
    assert "No worker does the job poll" in company.titles()


# --- messages ---------------------------------------------------------------------------------------------


@pytest.fixture
def two(start: Start) -> Harness:
    """A company with two channels."""
    return start(notifiers=[FakeNotifier("soc"), FakeNotifier("mail")])


def test_a_channel_that_fails_is_told_over_the_other(two: Harness) -> None:
    two.soc.down = Transient("Slack is down.")
    two.queue(OutMessage("x", CHANNEL, "News", Paragraph("News")))
    two.deliver()
    two.later(minutes=14)
    two.deliver()
    assert look(two) == []
    two.later(minutes=1)
    ran(two)
    two.watch()
    two.deliver()

    told = two.notifiers[1].sent[-1]
    assert told.paragraphs[0].headline == "Nothing arrives over soc"
    assert told.paragraphs[0].text.startswith("Slack is down.")
    assert two.notifiers[1].sent[-2].paragraphs[0].headline == "News"

    two.soc.down = None
    two.later(hours=2)
    two.deliver()
    assert "Over: Nothing arrives over soc" in look(two)


def test_messages_that_are_due_and_not_sent_are_told(company: Harness) -> None:
    company.queue(OutMessage("y", CHANNEL, "News", Paragraph("News")))
    company.queue(OutMessage("x", CHANNEL, "Alarm", Paragraph("Alarm"), is_alarm=True))
    company.later(minutes=11)

    assert look(company) == ["Alarm", "Messages are late", "News"], "alarms go first"
    assert look(company) == ["Over: Messages are late"]


def test_messages_that_reached_nobody_are_told(company: Harness) -> None:
    company.queue(OutMessage("x", CHANNEL, "News", Paragraph("News")))
    with company.store.begin() as uow:
        fold(uow, CHANNEL, ["soc"], company.now, 9)
        delivery = claim(uow, "us", company.now, HOUR)
        assert delivery is not None
        uow.outbox.move(delivery, None, "No.", company.now)

    assert look(company) == ["Messages reached nobody"]
    with company.store.begin() as uow:
        uow.deliveries.drop(f"D-{delivery.id:06d}")
    assert look(company) == ["Over: Messages reached nobody"]


# --- the rest ---------------------------------------------------------------------------------------------


def test_a_guard_that_is_off_is_told(start: Start) -> None:
    harness = start(limits=GuardLimits(leavers_max=None))

    assert look(harness) == ["The guard's leavers_max is off"]


def test_a_clock_that_was_set_holds_escalation_for_one_round_and_is_told(company: Harness) -> None:
    company.app.jumps.happened(29.0, company.now)
    assert "held_by_the_clock" not in company.escalate().counts
    company.app.jumps.happened(-3600.4, company.now)

    assert company.escalate().counts == {"held_by_the_clock": 1}
    assert "steps" in company.escalate().counts
    company.watch(due_only=False)
    [told] = [one for one in company_told(company) if one.headline == "The worker's clock was set"]
    assert ("Seconds", "-3,600") in told.facts
    company.later(hours=1)
    assert look(company, due_only=False) == ["Over: The worker's clock was set"]


def company_told(company: Harness) -> list[Paragraph]:
    before = len(company.soc.sent)
    company.deliver()
    return [paragraph for message in company.soc.sent[before:] for paragraph in message.paragraphs]


class Worried(FakeNotifier):
    """A notifier that knows of something."""

    def concerns(self) -> tuple[Concern, ...]:
        return self.known

    known: tuple[Concern, ...] = ()


def test_what_a_connector_knows_about_itself_is_told(start: Start) -> None:
    soc = Worried("soc")
    harness = start(notifiers=[soc])
    soc.known = (
        Concern("buttons", "Nothing was heard for a minute.", "Look at it."),
        Concern("token", "It signs in.", "Renew it.", harness.now + timedelta(days=31)),
    )

    assert look(harness) == ["Needs a look: soc: buttons"]
    harness.later(hours=4)
    assert look(harness) == [], "nobody has to hurry"
    harness.later(hours=20)
    harness.poll()
    assert look(harness) == ["Ends soon: soc: token", "Needs a look: soc: buttons"], "news first"
    soc.known = ()
    assert sorted(look(harness)) == ["Over: Ends soon: soc: token", "Over: Needs a look: soc: buttons"]


def test_a_connector_that_can_not_say_what_it_knows_is_told_of_with_all_else(start: Start) -> None:
    class Faulty(FakeNotifier):
        def concerns(self) -> tuple[Concern, ...]:
            raise KeyError("a shape that nobody foresaw")

    harness = start(notifiers=[Faulty("soc")], limits=GuardLimits(leavers_max=None))

    assert len(look(harness)) == 2
    assert {one.partition(":")[0] for one in standing(harness)} == {"guard", "concern"}


# --- the lane ---------------------------------------------------------------------------------------------


def test_neither_a_silence_nor_the_daily_limit_nor_the_window_holds_an_alarm(start: Start) -> None:
    harness = start(daily_max=1, digest_window=HOUR, notifiers=[FakeNotifier("soc", has_channel=False)])
    everything = Silence("config-1", harness.now, harness.now + HOUR, "sam", "Moving", people=(SAM,))
    rules = harness.app.rules
    harness.start(
        replace(
            rules,
            holding=replace(rules.holding, silences=(everything,)),
            alarms=AlarmRules(to=(Target.CHANNEL, Named(NamedKind.PERSON, SAM))),
        )
    )
    for number in range(3):
        harness.corp.fail(AuthFailed(f"refused {number}."))
        harness.poll(full=True)
        harness.deliver()
        harness.later(minutes=1)

    assert [message.paragraphs[0].headline for message in harness.soc.to(SAM)] == ["Can't see: corp"] * 3
    assert not any(message.note for message in harness.soc.sent), "none is the last of a day"
    with harness.store.reading() as uow:
        assert uow.outbox.backlog() == (0, 0), "whom nobody reaches is not waited for"


def test_everybody_who_is_told_of_alarms_is_told_once_in_their_language(company: Harness) -> None:
    company.hire("fritz", language="de-AT")
    company.poll(full=True)
    restart(
        company,
        to=(
            Target.CHANNEL,
            Target.ACCOUNTABLE,
            Named(NamedKind.PERSON, "fritz@corp.example"),
        ),
        accountable="Fritz@corp.example",
    )
    company.corp.fail(AuthFailed("no."))
    company.poll(full=True)
    company.deliver()

    assert [message.to.address for message in company.soc.sent] == ["", "fritz@corp.example"]


def test_without_an_accountable_person_the_others_are_told(company: Harness) -> None:
    restart(company, to=(Target.CHANNEL, Target.ACCOUNTABLE))
    with company.store.begin() as uow:
        found = company.app.poll._rules.alarms.recipients(uow, company.now)

    assert found == [CHANNEL]
    assert all(isinstance(one, Recipient) for one in found)


@pytest.mark.parametrize("others", [(), (Named(NamedKind.PERSON, "ben@corp.example"),)])
def test_who_has_left_is_told_no_alarm_and_the_channel_is_if_nobody_else_is_there(
    company: Harness, others: tuple[Named, ...]
) -> None:
    gone = Named(NamedKind.PERSON, "Eve@corp.example")
    company.leave("ann", "eve")
    company.settle()
    restart(company, to=(Target.ACCOUNTABLE, gone, *others), accountable="Ann@corp.example")
    with company.store.begin() as uow:
        found = company.app.poll._rules.alarms.recipients(uow, company.now)

    assert [one.address for one in found] == ([one.name for one in others] or [CHANNEL.address])


def test_a_mark_of_the_clock_from_the_future_is_not_told_for_ever(company: Harness) -> None:
    with company.store.begin() as uow:
        uow.watched.mark(WatchMark("jump", company.now + 2 * HOUR, "7200"))

    assert look(company) == []
