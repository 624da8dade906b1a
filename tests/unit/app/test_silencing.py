"""Silences, snoozes and acknowledgements hold what they cover; what they held is told once when they end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from builders import rules
from fakes.notifier import FakeNotifier
from harness import Harness
from silenced import DEE, HOUR, SAM, STEPS, Start, late_company, posts, silence, told
from worker.app.refused import Refused
from worker.app.tell.addressing import person_at
from worker.domain.escalation.policy import Policy
from worker.domain.escalation.silences import Silence
from worker.domain.evidence import events
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.ports import NotDone
from worker.ports.state.deliveries import PostState
from worker.ports.state.outbox import OutMessage
from worker.program import app as cli


@pytest.fixture
def late(start: Start) -> Harness:
    return late_company(start)


def test_nobody_is_told_while_a_silence_is_on_and_once_when_it_ends(late: Harness) -> None:
    made = silence(late, 40, groups=("Ward*",))
    for _ in range(4):
        late.later(hours=9)
        assert told(late) == []
    late.later(hours=4)
    assert sorted(told(late)) == ["channel", DEE], "each step once, however long it was quiet"
    with late.store.reading() as uow:
        [listed] = late.app.silencing.all(uow)
        assert (listed.id, listed.fired) == (made.id, 1)


def test_a_silence_that_is_sent_twice_is_one(late: Harness) -> None:
    made = silence(late, 40, groups=("Ward*",))
    late.later(seconds=1)
    assert silence(late, 40, groups=("Ward*",)).id == made.id
    assert silence(late, 40, groups=("Ward 7",)).id != made.id
    assert late.kinds().count(events.SILENCE_MADE) == 2


@pytest.mark.parametrize("hours, minutes", [(41, 0), (40, 2)])
def test_a_silence_that_is_longer_or_made_later_is_another(late: Harness, hours: int, minutes: int) -> None:
    made = silence(late, 40, groups=("Ward*",))
    late.later(minutes=minutes)
    assert silence(late, hours, groups=("Ward*",)).id != made.id


def test_a_silence_that_covers_something_else_holds_nothing(late: Harness) -> None:
    silence(late, 40, groups=("Surgery*",))
    late.later(hours=12)
    assert told(late) == [DEE]


@pytest.mark.parametrize("named", ["Dee@corp.example", "dee", "Corp/Dee"])
def test_a_silence_for_a_person_holds_the_messages_to_them_however_it_names_them(
    late: Harness, named: str
) -> None:
    made = silence(late, 40, people=(named,))
    late.queue(OutMessage("x", replace(CHANNEL), "To all", Paragraph("To all")))
    late.queue(*(OutMessage(key, person_at(DEE), "News", Paragraph("News")) for key in "ab"))
    late.later(hours=12)
    assert told(late) == ["channel"]
    held, *others = posts(late, PostState.HELD)
    assert len(others) == 2
    assert (held.to.address, held.held_by, held.held_until) == (
        DEE,
        f"silence:{made.id}",
        made.until_at,
    )
    late.app.silencing.end(made.id, SAM, late.now, "They are back")
    assert told(late) == [DEE]
    assert posts(late, PostState.HELD) == []


def test_who_has_a_phone_and_no_mailbox_is_silenced_by_id(start: Start) -> None:
    sms = FakeNotifier("sms", reaches_people=False, reaches_phones=True, has_channel=False)
    harness = start(rules=rules(), notifiers=[FakeNotifier("soc"), sms])
    harness.corp.change("dee", email=None)
    harness.settle()
    made = silence(harness, 40, people=("dee",))
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    assert sms.sent == []

    harness.app.silencing.end(made.id, SAM, harness.now)
    harness.deliver()
    assert [message.to.address for message in sms.sent] == [harness.number("dee")]


def test_what_is_closed_while_it_is_held_is_dropped_and_said(late: Harness) -> None:
    silence(late, 20, people=(DEE,))
    late.later(hours=12)
    assert told(late) == []
    late.desk.waive(1, SAM, "Agreed with the ward", late.now)
    assert posts(late, PostState.HELD) == []
    late.later(hours=9)
    late.queue(OutMessage("y", late.soc.to(DEE)[0].to, "Other news", Paragraph("Other news")))
    late.deliver()
    [said] = [message for message in late.soc.to(DEE) if message.paragraphs[0].headline == "Other news"]
    assert [part.text for part in said.paragraphs[1:]] == [
        "Nothing is to be done about them any more: T-000001."
    ]


def test_a_silence_of_the_configuration_is_listed_and_not_ended_by_command(late: Harness) -> None:
    own = Silence("config-1", late.now, late.now + HOUR, "sam", "Fire drill", groups=("*",))
    late.start(replace(late.app.rules, holding=replace(late.app.rules.holding, silences=(own,))))
    with late.store.reading() as uow:
        assert [one.id for one in late.app.silencing.all(uow)] == ["config-1"]
    with pytest.raises(Refused, match="stands in the configuration"):
        late.app.silencing.end("config-1", SAM, late.now)
    with pytest.raises(Refused, match="`whosleft silence list` shows them"):
        late.app.silencing.end("S-000009", SAM, late.now)


@pytest.mark.parametrize("what", [{"groups": ("",)}, {"people": (" ",)}, {"groups": ("Ward*", "")}])
def test_a_silence_of_a_blank_name_is_refused(late: Harness, what: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(Refused, match="blank name"):
        silence(late, 1, **what)
    with late.store.reading() as uow:
        assert late.app.silencing.all(uow) == []


@pytest.mark.parametrize("option", ["--group", "--person", "--source"])
def test_a_blank_option_of_a_silence_is_named(option: str) -> None:
    call = ["silence", "add", "--for", "1h", "--reason", "x", option, "", "-c", "none.yaml"]

    done = CliRunner().invoke(cli, call)

    assert done.exit_code == 2
    assert f"Invalid value for '{option}': it is blank" in " ".join(done.stderr.split())


def test_a_silence_is_in_the_journal_without_those_whom_it_names(late: Harness) -> None:
    made = silence(late, 1, people=(DEE,))
    late.app.silencing.end(made.id, SAM, late.now)
    with late.store.reading() as uow:
        found = [sealed.entry for sealed in uow.journal.of(f"silence:{made.id}")]
    assert [entry.kind for entry in found] == [events.SILENCE_MADE, events.SILENCE_ENDED]
    assert "dee" not in str(found[0].data)


def test_a_silence_for_a_person_counts_the_tickets_whose_messages_it_held(late: Harness) -> None:
    made = silence(late, 40, people=("Dee@corp.example",))
    late.later(hours=12)
    assert told(late) == []
    with late.store.reading() as uow:
        [listed] = late.app.silencing.all(uow)
    assert (listed.id, listed.fired) == (made.id, 1)


def test_a_silence_of_an_inventory_that_there_is_not_is_refused(late: Harness) -> None:
    with pytest.raises(Refused, match="no inventory 'ward'; there are: wards"):
        silence(late, 40, sources=("ward",))
    assert silence(late, 40, sources=("wards",)).sources == ("wards",)


# --- acknowledgement and snooze ---------------------------------------------------------------------------


def test_an_acknowledgement_holds_for_as_long_as_the_policy_says(late: Harness) -> None:
    late.later(hours=11)
    assert late.desk.acknowledge(1, SAM, late.now).acknowledged_until == late.now + 4 * HOUR
    assert late.desk.acknowledge(1, SAM, late.now, "", 2 * HOUR).acknowledged_until == late.now + 2 * HOUR
    late.later(hours=1.5)
    assert told(late) == []
    late.later(hours=0.6)
    assert told(late) == [DEE]


def test_a_step_until_done_goes_on_while_somebody_has_it(late: Harness) -> None:
    steps = (replace(STEPS[0], is_until_done=True), STEPS[1])
    late.start(replace(late.app.rules, tickets=rules(policies=(Policy("test", steps),))))
    late.desk.acknowledge(1, SAM, late.now, "", 72 * HOUR)
    late.later(hours=25)
    assert told(late) == [DEE]


@pytest.mark.parametrize("act, is_told", [("acknowledged", [DEE]), ("snoozed", [])])
def test_a_call_to_act_until_done_is_held_by_a_snooze_alone(
    late: Harness, act: str, is_told: list[str]
) -> None:
    steps = (replace(STEPS[0], is_until_done=True), STEPS[1])
    late.start(replace(late.app.rules, tickets=rules(policies=(Policy("test", steps),))))
    late.later(hours=24)
    late.escalate()
    rest(late, act)
    assert told(late) == is_told, "the other step's call waits in either case"
    late.later(hours=1)
    assert sorted([*is_told, *told(late)]) == ["channel", DEE]


@pytest.mark.parametrize("act", ["acknowledged", "snoozed"])
def test_news_of_a_ticket_are_not_held(late: Harness, act: str) -> None:
    late.desk.assign(1, DEE, SAM, late.now, "again")
    rest(late, act)
    assert told(late) == [DEE]


def test_what_waits_longer_for_something_else_goes_on_waiting(late: Harness) -> None:
    made = silence(late, 40, people=(DEE,))
    late.later(hours=12)
    assert told(late) == []
    rest(late, "snoozed")
    [held] = posts(late, PostState.HELD)
    assert (held.held_by, held.held_until) == (f"silence:{made.id}", made.until_at)


def test_a_shorter_rest_takes_the_place_of_a_longer_one(late: Harness) -> None:
    late.later(hours=12)
    late.escalate()
    late.desk.acknowledge(1, SAM, late.now)
    rest(late, "acknowledged")
    late.later(hours=1)
    assert told(late) == [DEE]


@pytest.mark.parametrize("act", ["acknowledged", "snoozed"])
def test_both_hold_what_waits_and_it_is_told_once_when_they_end(late: Harness, act: str) -> None:
    late.later(hours=12)
    late.escalate()
    assert len(posts(late, PostState.WAITING)) == 1
    rest(late, act)
    assert posts(late, PostState.WAITING) == []
    [held] = posts(late, PostState.HELD)
    assert (held.held_by, held.held_until) == (act, late.now + HOUR)
    late.later(minutes=59)
    assert told(late) == []
    late.later(minutes=1)
    assert told(late) == [DEE], "the step was taken, and its message is not lost"


def rest(harness: Harness, act: str) -> None:
    if act == "snoozed":
        harness.desk.snooze(1, SAM, HOUR, harness.now)
    else:
        harness.desk.acknowledge(1, SAM, harness.now, "", HOUR)


def test_what_is_folded_already_is_held_as_well(late: Harness) -> None:
    late.later(hours=12)
    late.escalate()
    late.soc.down = NotDone("not now", retry_after_s=60)
    late.deliver()
    rest(late, "snoozed")
    late.soc.down = None
    late.later(minutes=59)
    assert told(late) == []
    late.later(minutes=2)
    assert told(late) == [DEE]


def test_a_held_call_to_act_is_dropped_once_somebody_says_that_it_is_done(late: Harness) -> None:
    late.later(hours=12)
    late.escalate()
    rest(late, "acknowledged")
    late.desk.done(1, SAM, late.now)
    assert other_news(late) == ["Other news", "Closed before you were told"]


@pytest.mark.parametrize("act", ["acknowledged", "snoozed"])
def test_a_call_that_a_silence_held_waits_for_a_rest_when_the_silence_is_ended(
    late: Harness, act: str
) -> None:
    made = silence(late, 40, people=(DEE,))
    late.later(hours=12)
    assert told(late) == []
    rest(late, act)
    late.app.silencing.end(made.id, SAM, late.now)
    late.later(minutes=59)
    assert told(late) == []
    late.later(minutes=1)
    assert told(late) == [DEE]


def test_a_shorter_snooze_lets_nothing_go_that_somebody_has(late: Harness) -> None:
    late.later(hours=12)
    late.escalate()
    late.desk.acknowledge(1, SAM, late.now, "", 4 * HOUR)
    late.desk.snooze(1, SAM, 9 * HOUR, late.now)
    late.desk.snooze(1, SAM, HOUR, late.now)
    late.later(hours=3.9)
    assert told(late) == []
    late.later(hours=0.2)
    assert told(late) == [DEE]


def test_a_call_is_dropped_that_is_done_before_its_silence_is_ended(late: Harness) -> None:
    made = silence(late, 40, people=(DEE,))
    late.later(hours=12)
    assert told(late) == []
    late.desk.done(1, SAM, late.now)
    late.app.silencing.end(made.id, SAM, late.now)
    assert other_news(late) == ["Other news", "Closed before you were told"]


def test_what_was_closed_and_reopened_is_not_called_closed(late: Harness) -> None:
    late.later(hours=12)
    late.escalate()
    rest(late, "snoozed")
    late.desk.waive(1, SAM, "Agreed with the ward", late.now)
    late.desk.reopen(1, SAM, "The ward changed its mind", late.now)
    headlines = other_news(late)
    assert "Other news" in headlines
    assert "Closed before you were told" not in headlines


def other_news(harness: Harness) -> list[str]:
    """What Dee is told along with other news an hour later."""
    harness.queue(OutMessage("y", harness.soc.to(DEE)[0].to, "Other news", Paragraph("Other news")))
    harness.later(hours=1)
    assert told(harness) == [DEE]
    return [part.headline for part in harness.soc.sent[-1].paragraphs]


def test_what_was_on_its_way_after_a_hold_is_not_named_when_its_ticket_is_closed(late: Harness) -> None:
    late.later(hours=12)
    late.escalate()
    rest(late, "snoozed")
    late.later(hours=1)
    late.soc.fail_next(NotDone("not now"))
    assert told(late) == []
    late.desk.waive(1, SAM, "Agreed with the ward", late.now)
    assert other_news(late) == ["Other news"]


def test_what_was_given_up_while_it_was_held_is_not_named_as_closed(late: Harness) -> None:
    late.later(hours=12)
    late.escalate()
    rest(late, "snoozed")
    [held] = posts(late, PostState.HELD)
    late.app.silencing.drop(held.id, SAM, "It was told by phone", late.now)
    assert other_news(late) == ["Other news"]


def test_a_snoozed_ticket_is_quiet_until_then(late: Harness) -> None:
    late.desk.snooze(1, SAM, 30 * HOUR, late.now)
    late.later(hours=29)
    assert told(late) == []
    late.later(hours=1)
    assert sorted(told(late)) == ["channel", DEE]


@pytest.mark.parametrize("hours", [0, -1, 72.1])
def test_a_snooze_is_never_longer_than_the_policy_allows(late: Harness, hours: float) -> None:
    with pytest.raises(Refused, match="at most 3 d"):
        late.desk.snooze(1, SAM, hours * HOUR, late.now)


def test_only_an_open_ticket_is_snoozed(late: Harness) -> None:
    late.desk.done(1, SAM, late.now)
    with pytest.raises(Refused, match="nothing is escalated"):
        late.desk.snooze(1, SAM, HOUR, late.now)
