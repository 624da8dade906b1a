"""When people are told, and who else: quiet hours, rotas, people who are away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import cast

import pytest

from builders import rules
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.app.jobs import escalate
from worker.app.jobs.escalate import Escalate, EscalateRules
from worker.app.reads.away import Away
from worker.app.reads.rotas import RotaRules
from worker.app.tell.addressing import person_at
from worker.app.tell.holding import Holding
from worker.app.tell.quiet import PersonalQuiet
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.policy import After, Named, NamedKind, Policy, Step, Target
from worker.domain.escalation.quiet import QuietHours
from worker.domain.escalation.rota import Layer, Rota
from worker.domain.escalation.silences import Silence
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import CHANNEL, Paragraph, Recipient
from worker.domain.messages.sentences import AWAY
from worker.domain.model import COUNTRY, TIMEZONE
from worker.domain.tickets.ticket import Ticket
from worker.ports import AwayTeller, Transient
from worker.ports.state.deliveries import PostFilter, PostState
from worker.ports.state.outbox import OutMessage
from worker.ports.state.store import UnitOfWork

Start = Callable[..., Harness]
HOUR = timedelta(hours=1)
NIGHT = PersonalQuiet(QuietHours(time(20), time(7)), "UTC", "GB")
ASSIGNEE, CHANNEL_LATER = (
    Step(After(share=0.5), (Target.ASSIGNEE,)),
    Step(After(share=1.0), (Target.CHANNEL,)),
)
BEN, CEM, DEE = "ben@corp.example", "cem@corp.example", "dee@corp.example"
BEN_TOO = Step(After(share=0.5), (Target.ASSIGNEE, Named(NamedKind.PERSON, BEN)))


def late(start: Start, *steps: Step) -> Harness:
    """Ann has left ward 7, and everybody was told of it at once."""
    harness = start(rules=rules(policies=(Policy("test", steps or (ASSIGNEE, CHANNEL_LATER)),)))
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    return harness


def told(harness: Harness) -> list[str]:
    before = len(harness.soc.sent)
    harness.escalate()
    harness.deliver()
    return [message.to.address or "channel" for message in harness.soc.sent[before:]]


def at(harness: Harness, hour: int) -> None:
    """Wait for the next time that the clock shows this hour, in UTC."""
    wait = (hour - harness.now.hour) % 24 or 24
    harness.later(seconds=(wait * HOUR - timedelta(minutes=harness.now.minute)).total_seconds())


def quiet(harness: Harness, hours: PersonalQuiet = NIGHT) -> None:
    harness.start(replace(harness.app.rules, holding=Holding(quiet=hours)))


# --- quiet hours --------------------------------------------------------------------------------------------


def test_what_comes_at_night_is_held_until_its_end_and_told_once(start: Start) -> None:
    harness = late(start)
    quiet(harness)
    at(harness, 22)
    harness.queue(
        OutMessage("x", person_at(DEE), "News", Paragraph("News")),
        OutMessage("y", CHANNEL, "To all", Paragraph("y")),
    )
    assert told(harness) == ["channel"], "channels have no night"
    with harness.store.reading() as uow:
        held = uow.deliveries.posts(PostFilter((PostState.HELD,)), harness.now, 10)
    assert {one.held_by for one in held} == {"quiet"}
    assert {one.held_until.hour for one in held if one.held_until} == {7}
    at(harness, 6)
    assert told(harness) == []
    at(harness, 7)
    assert told(harness).count(DEE) == 1


def test_a_step_for_day_or_night_does_not_wait(start: Start) -> None:
    harness = late(start, replace(ASSIGNEE, is_day_or_night=True))
    quiet(harness, PersonalQuiet(QuietHours(time(0), time(23, 59)), "UTC", "GB"))
    harness.later(hours=12)
    assert told(harness) == [DEE]


@pytest.mark.parametrize("attributes, is_told", [
    (((COUNTRY, "GB"),), False),
    (((COUNTRY, "GB"), (TIMEZONE, "Pacific/Auckland")), True),
    (((COUNTRY, "NZ"), (TIMEZONE, "Mars/Olympus")), False),
    (((COUNTRY, "JP"),), True),
])  # fmt: skip
def test_it_is_the_reader_s_own_night(
    start: Start, attributes: tuple[tuple[str, str], ...], is_told: bool
) -> None:
    harness = start()
    harness.corp.change("dee", attributes=attributes)
    harness.poll()
    quiet(harness)
    at(harness, 23)
    harness.queue(OutMessage("x", person_at(DEE), "News", Paragraph("News")))
    assert (told(harness) == [DEE]) is is_told


class Asked:
    """Quiet hours that are never on, and know whom they were asked about."""

    def __init__(self) -> None:
        self.people: list[str] = []

    def held_until(self, _uow: UnitOfWork, to: Recipient, _at: datetime) -> datetime | None:
        self.people.append(to.address)
        return None

    def lacks_zone(self, _uow: UnitOfWork, _to: Recipient) -> bool:
        raise AssertionError

    def is_for(self, ticket: Ticket | None) -> bool:
        return ticket is None


def test_a_reader_s_night_is_looked_up_once_in_a_pass(start: Start) -> None:
    harness = late(start)
    asked = Asked()
    harness.start(replace(harness.app.rules, holding=Holding(quiet=asked)))
    for name in "abc":
        harness.queue(
            *(OutMessage(f"{name}{to}", person_at(to), "News", Paragraph("News")) for to in (BEN, DEE))
        )
    harness.deliver()
    assert asked.people == [BEN, DEE]
    harness.queue(OutMessage("d", person_at(DEE), "News", Paragraph("News")))
    harness.deliver()
    assert asked.people == [BEN, DEE, DEE]


def test_one_zone_and_country_may_be_for_all(start: Start) -> None:
    harness = start()
    quiet(harness, replace(NIGHT, timezone="Pacific/Auckland", country="NZ"))
    at(harness, 23)
    harness.queue(OutMessage("x", person_at(DEE), "News", Paragraph("News")))
    assert told(harness) == [DEE]


def test_a_sensitive_ticket_is_told_at_night_unless_it_is_not_exempt(start: Start) -> None:
    ticket = late(start).ticket()
    sensitive = replace(ticket, is_sensitive=True)
    assert not NIGHT.is_for(sensitive)
    assert NIGHT.is_for(ticket)
    assert NIGHT.is_for(None)
    assert replace(NIGHT, hours=replace(NIGHT.hours, exempt_sensitive=False)).is_for(sensitive)


def test_the_preview_says_until_when_the_night_holds_it(start: Start) -> None:
    harness = late(start)
    quiet(harness, PersonalQuiet(QuietHours(time(0), time(23, 59)), "UTC", "GB"))
    with harness.store.reading() as uow:
        ticket = uow.tickets.get(1)
        assert ticket is not None
        first = harness.app.explainer.explain(uow, ticket).steps[0]
    [(_, [one])] = first.told
    assert (one.why, one.held_until and one.held_until.hour) == ("quiet", 23)


def test_whom_nothing_reaches_has_no_quiet_hours_so_that_the_next_step_comes_at_once(start: Start) -> None:
    board = FakeNotifier("board", reaches_people=False)
    harness = start(rules=rules(policies=(Policy("test", (ASSIGNEE,)),)), notifiers=[board])
    harness.settle()
    harness.leave("ann")
    harness.settle()
    quiet(harness, NIGHT)
    at(harness, 23)
    harness.queue(OutMessage("x", person_at(DEE), "Act", Paragraph("Act"), is_urgent=True, ticket=1))
    ticket = harness.ticket()
    with harness.store.reading() as uow:
        (_, [one]), *instead = harness.app.explainer.explain(uow, ticket).steps[0].told
    assert (one.over, one.held_until, one.why) == ("", None, "nobody reaches them")
    assert [[each.over for each in those] for _, those in instead] == [[""], ["board"]]
    counts = harness.deliver().counts
    assert (counts["held"], counts["unreachable"]) == (0, 2)


# --- rotas --------------------------------------------------------------------------------------------------


def test_a_step_tells_whoever_is_on_call_and_a_gap_is_said_at_once(start: Start) -> None:
    on_call = Step(After(share=0.5), (Named(NamedKind.ON_CALL, "night"),))
    harness = late(start, on_call, CHANNEL_LATER)
    rota = Rota("night", "UTC", (Layer((BEN,), turn_days=1, handover=time(0)),))
    harness.start(replace(harness.app.rules, rotas=RotaRules({"night": rota})))
    with harness.store.reading() as uow:
        ticket = uow.tickets.get(1)
        assert ticket is not None
        [(_, [one])] = harness.app.explainer.explain(uow, ticket).steps[0].told
    assert one.to.address == BEN
    harness.later(hours=12)
    assert told(harness) == [BEN]

    harness.start(replace(harness.app.rules, rotas=RotaRules({"night": replace(rota, layers=())})))
    harness.desk.done(1, Actor("sam"), harness.now)
    harness.desk.reopen(1, Actor("sam"), "She is still in", harness.now)
    told(harness)
    harness.later(hours=12)
    assert told(harness) == ["channel"], "nobody is on call, so the next step comes at once"


def test_a_step_tells_a_person_by_address_and_a_channel_by_name(start: Start) -> None:
    named = (Named(NamedKind.PERSON, "boss@else.example"), Named(NamedKind.PERSON, BEN))
    harness = late(start, Step(After(share=0.5), (*named, Target.OWNER, Named(NamedKind.CHANNEL, "wards"))))
    harness.later(hours=12)
    assert sorted(told(harness)) == [BEN, "boss@else.example"]


# --- away ---------------------------------------------------------------------------------------------------


def away(harness: Harness, **deputies: str | None) -> tuple[Absence, ...]:
    """These people are away, each with a deputy or None."""
    since, until = harness.now - HOUR, harness.now + 1000 * HOUR
    absences = tuple(
        Absence(f"{name}@corp.example", since, until, deputy) for name, deputy in deputies.items()
    )
    harness.start(replace(harness.app.rules, rotas=RotaRules(absences=absences)))
    return absences


def test_who_is_away_is_told_and_so_is_the_deputy(start: Start) -> None:
    harness = late(start)
    away(harness, dee=BEN)
    harness.later(hours=12)
    assert sorted(told(harness)) == [BEN, DEE]


def test_who_is_away_without_a_deputy_is_told_and_the_next_step_comes_at_once_and_says_why(
    start: Start,
) -> None:
    harness = late(start)
    away(harness, dee=None)
    harness.later(hours=12)
    assert sorted(told(harness)) == ["channel", DEE]
    assert AWAY in harness.soc.to("")[-1].paragraphs[0].text


@pytest.mark.parametrize("deputies, are_told", [
    ({"dee": None}, [BEN, DEE]),
    ({"dee": CEM, "ben": None}, [BEN, CEM, DEE]),
    ({"dee": BEN, "ben": None}, [BEN, "channel", DEE]),
])  # fmt: skip
def test_the_next_step_comes_at_once_only_if_nobody_of_a_step_is_there(
    start: Start, deputies: dict[str, str | None], are_told: list[str]
) -> None:
    harness = late(start, BEN_TOO, CHANNEL_LATER)
    away(harness, **deputies)
    harness.later(hours=12)
    assert sorted(told(harness)) == are_told


def test_the_preview_shows_the_deputy_of_who_will_be_away(start: Start) -> None:
    harness = late(start, replace(ASSIGNEE, via=("soc",)), CHANNEL_LATER)
    away(harness, dee=BEN)
    with harness.store.reading() as uow:
        ticket = uow.tickets.get(1)
        assert ticket is not None
        first, last = harness.app.explainer.explain(uow, ticket).steps
    assert first.named == [(Target.ASSIGNEE, ["Dee", "Ben"])]
    assert [one.over for one in first.told[0][1]] == ["soc", "soc"]
    assert last.named == [(Target.CHANNEL, ["channel"])]


class Mailboxes:
    """A directory that tells whose mailbox sends automatic replies: Dee's does."""

    name = "corp"

    def __init__(self) -> None:
        self.is_down = False
        self.asked: list[str] = []

    def is_away(self, person_id: str) -> bool | None:
        self.asked.append(person_id)
        if self.is_down:
            raise Transient("no answer")
        return {"dee": True, "ben": None}.get(person_id, False)


def asking(
    harness: Harness, mailboxes: Mailboxes, absences: tuple[Absence, ...] = (), holding: Holding | None = None
) -> Escalate:
    """The job, with these mailboxes to ask."""
    more = EscalateRules(away=Away(absences, cast("AwayTeller", mailboxes)), holding=holding or Holding())
    return Escalate(harness.store, harness.rules, harness.app.rules.teller, more)


def told_by(job: Escalate, harness: Harness) -> list[str]:
    before = len(harness.soc.sent)
    job.run_once(harness.now)
    harness.deliver()
    return sorted(message.to.address or "channel" for message in harness.soc.sent[before:])


@pytest.mark.parametrize("is_down", [False, True])
def test_a_mailbox_that_answers_by_itself_counts_and_one_that_is_silent_does_not(
    start: Start, is_down: bool
) -> None:
    harness = late(start)
    mailboxes = Mailboxes()
    mailboxes.is_down = is_down
    harness.later(hours=12)
    assert told_by(asking(harness, mailboxes), harness) == ([DEE] if is_down else ["channel", DEE])


def test_a_deputy_whose_mailbox_answers_by_itself_is_not_there_either(start: Start) -> None:
    harness = late(start, BEN_TOO, CHANNEL_LATER)
    job = asking(harness, Mailboxes(), away(harness, ben=DEE))
    harness.later(hours=12)
    assert told_by(job, harness) == [BEN, "channel", DEE]


def test_a_mailbox_is_asked_once_in_a_quarter_of_an_hour(start: Start) -> None:
    harness = late(start, replace(ASSIGNEE, repeat=timedelta(minutes=5)))
    mailboxes = Mailboxes()
    job = asking(harness, mailboxes)
    harness.later(hours=12)
    asked = []
    for _ in range(5):
        assert told_by(job, harness) == [DEE]
        asked.append(len(mailboxes.asked))
        harness.later(minutes=5)
    assert asked == [1, 1, 1, 2, 2]
    harness.later(days=40)
    told_by(job, harness)
    harness.later(days=-40)
    told_by(job, harness)
    assert len(mailboxes.asked) == 4, "nothing that was said at the time of a wrong clock counts"


def test_so_many_mailboxes_are_asked_in_one_run_and_the_others_in_the_next(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escalate, "MAILBOXES_MAX", 2)
    named = tuple(Named(NamedKind.PERSON, address) for address in (BEN, CEM, DEE))
    harness = late(start, Step(After(share=0.5), named, repeat=timedelta(minutes=5)))
    mailboxes = Mailboxes()
    job = asking(harness, mailboxes)
    harness.later(hours=12)
    for asked in (["ben", "cem"], ["ben", "cem", "dee"]):
        assert told_by(job, harness) == [BEN, CEM, DEE], "who was not asked counts as there"
        assert mailboxes.asked == asked
        harness.later(minutes=5)


def test_no_mailbox_is_asked_for_a_ticket_that_is_silenced(start: Start) -> None:
    harness = late(start)
    own = Silence("config-1", harness.now, harness.now + 40 * HOUR, "sam", "Fire drill", groups=("*",))
    mailboxes = Mailboxes()
    harness.later(hours=12)
    assert told_by(asking(harness, mailboxes, holding=Holding((own,))), harness) == []
    assert mailboxes.asked == []


def test_a_ticket_about_somebody_without_a_person_is_covered_by_group_alone(start: Start) -> None:
    harness = late(start)
    own = Silence("config-1", harness.now, harness.now + 40 * HOUR, "sam", "Fire drill", groups=("*",))
    theirs = replace(own, id="config-2", people=("ann@corp.example",), until_at=own.until_at + HOUR)
    question = replace(harness.ticket(), person=None)
    with harness.store.reading() as uow:
        held = Holding((own, theirs)).at(uow, harness.now).of_ticket(question)
    assert held is not None
    assert held.silence == "config-1"


def test_no_rota_is_known_unless_one_is_configured(start: Start) -> None:
    harness = late(start, Step(After(share=0.5), (Named(NamedKind.ON_CALL, "night"),)), CHANNEL_LATER)
    job = Escalate(harness.store, harness.rules, harness.app.rules.teller)
    harness.later(hours=12)
    job.run_once(harness.now)
    harness.deliver()
    assert harness.soc.sent[-1].to == CHANNEL
