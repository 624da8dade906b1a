"""Advisories ask people to update: by messenger, in waves, once for the newest version, until nothing asks any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import facts
from fakes.advisory_feed import FakeAdvisoryFeed
from harness import Harness
from worker.app.acts.statements import StatementAnswer, StatementDue
from worker.app.refused import Refused
from worker.domain.controls.policy import AdvisoryRule, ControlPolicy
from worker.domain.controls.statements import AttestAnswer, Attestation, ItemAnswer
from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.domain.evidence.actor import Actor
from worker.domain.kinds import kind_of
from worker.domain.messages.sentences import ticket_title
from worker.domain.model import Member
from worker.domain.text.tongue import ENGLISH
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState
from worker.domain.watch.advisories import AdvisoryStatus
from worker.domain.watch.matching import AdvisoryRecord, MatchedBy, NamedProduct
from worker.domain.watch.versions import Fix
from worker.ports.state.controls import ControlCounts

ASKS = ControlSwitch(Mode.TICKET)
OLD, CVE, NEW = "CVE-2026-10000", "CVE-2026-1000", "CVE-2026-20001"
YES, CANNOT, ELSEWHERE = ItemAnswer.YES, ItemAnswer.CANNOT, ItemAnswer.ELSEWHERE
IOS, ANDROID = "whatsapp.ios", "whatsapp.android"
ALL = {IOS: YES, ANDROID: ELSEWHERE}


def record(cve: str, version: str = "2.26.1", *, product: str = "whatsapp", **more: Any) -> AdvisoryRecord:
    """A severe one of a messenger on iOS and Android."""
    platforms = ("iphone_os", "android")
    products = [NamedProduct(MatchedBy.CPE, product, product, one, Fix(version), "a") for one in platforms]
    return AdvisoryRecord(cve, products=tuple(products), **({"cvss": 9.8} | more))


class Site:
    """A ward in WhatsApp (Ann, Ben, Cem, Dee) and one in Signal (Ann, Eve), with a feed."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        harness.group("ward-8", "ann", "ben", "cem", messenger="WhatsApp", admins=["dee"])
        harness.group("ward-9", "ann", messenger="Signal", admins=["eve"])
        harness.settle()
        self.nvd = FakeAdvisoryFeed("nvd", now=harness.clock)
        harness.advisory_feeds.append(self.nvd)
        self.configure()

    def configure(self, **more: Any) -> None:
        policy = {name: more.pop(name) for name in ("daily_max", "per_day") if name in more}
        rule = AdvisoryRule(**({"switch": ASKS} | more))
        controls = replace(ControlPolicy(), advisories=(rule,), **policy)
        paces = {"nvd": timedelta(hours=4)}
        self.harness.start(replace(self.harness.app.rules, controls=controls, advisory_paces=paces))

    def publish(self, *records: AdvisoryRecord) -> None:
        self.nvd.put(*records)
        self.harness.watch(due_only=False)

    def run(self) -> None:
        self.harness.control()

    def ask(self, *records: AdvisoryRecord) -> None:
        """The first run, which people release."""
        self.publish(*records)
        self.run()
        self.harness.decide()
        self.run()

    def tickets(self, person: str = "") -> list[Ticket]:
        found = self.harness.tickets(TicketKind.ATTEST)
        return [one for one in found if not person or (one.person and one.person.person_id == person)]

    def states(self, person: str) -> list[tuple[str, TicketState]]:
        return [(one.occasion, one.state) for one in self.tickets(person)]

    def due(self, person: str) -> list[StatementDue]:
        return list(self.harness.app.attesting.look(self.token(person), self.harness.now).due)

    def token(self, person: str) -> str:
        return self.harness.link(self.tickets(person)[-1].id).rpartition("/")[2]

    def say(self, person: str, items: dict[str, ItemAnswer] | None = None, **more: Any) -> Ticket:
        due = self.due(person)[0]
        given = {"text_sha256": due.text_sha256, "items": ALL if items is None else items} | more
        answer = StatementAnswer(AttestAnswer.ACCEPTED, **given)
        token, now = self.token(person), self.harness.now
        return self.harness.app.attesting.answer(token, {due.ticket.id: answer}, now)[0]

    def said(self) -> list[Attestation]:
        with self.harness.store.reading() as uow:
            return uow.attestations.page(0, 100)

    def counts(self) -> ControlCounts:
        reports = self.harness.app.controls.report(self.harness.now)
        return next(one.counts for one in reports if one.control == "watch.advisories")

    def live(self) -> int:
        reports = self.harness.app.controls.report(self.harness.now)
        return next(one.tickets.live for one in reports if one.control == "watch.advisories")


@pytest.fixture
def site(start: Callable[..., Harness]) -> Site:
    return Site(start())


OPEN, OVER = TicketState.OPEN, TicketState.CANCELLED


class TestAsking:
    def test_the_members_of_its_messenger_are_asked_once(self, site: Site) -> None:
        site.ask(record(CVE))
        site.run()
        assert sorted(one.person_name for one in site.tickets()) == ["Ann", "Ben", "Cem", "Dee"]
        [one] = site.tickets("ann")
        assert one.occasion == f"update:{CVE}"
        assert one.due_at - one.opened_at == timedelta(days=14)
        assert one.assignee
        assert one.assignee.email == "ann@corp.example"
        assert site.live() == 4

    def test_the_first_run_is_held_and_reports_alone_ask_nobody(self, site: Site) -> None:
        site.publish(record(CVE))
        site.configure(switch=ControlSwitch())
        site.run()
        assert not site.harness.plans()
        site.configure()
        site.run()
        [plan] = site.harness.plans()
        assert plan.size == 4
        assert not site.tickets()
        site.harness.decide(release=False)
        site.run()
        assert not site.tickets()

    def test_before_a_feed_was_read_the_first_run_is_not_used_up(self, site: Site) -> None:
        """In the order of `once all watch`, the first run comes before any feed was read."""
        site.run()
        assert not site.harness.plans()
        site.publish(record(CVE))
        site.run()
        assert [plan.size for plan in site.harness.plans()] == [4]
        assert not site.tickets()

    def test_a_feed_that_was_read_for_other_messengers_does_not_use_it_up(self, site: Site) -> None:
        site.configure(messengers=("teams",))
        site.publish(record(CVE))
        site.configure()
        site.run()
        assert site.counts().unknown_why == {"no_feed": 2}
        site.harness.watch(due_only=True)
        site.run()
        assert [plan.size for plan in site.harness.plans()] == [4]
        assert not site.tickets()

    def test_without_a_messenger_to_watch_it_is_not_used_up(self, site: Site) -> None:
        telegram = replace(ASKS, where=Where(messengers=("telegram",)))
        site.configure(switch=telegram)
        site.publish(record(CVE, product="telegram"))
        site.run()
        site.harness.group("ward-10", "fay", messenger="telegram")
        site.harness.settle()
        site.harness.watch(due_only=True)
        site.run()
        assert [plan.size for plan in site.harness.plans()] == [1]
        assert not site.tickets()

    def test_without_a_version_nobody_is_asked(self, site: Site) -> None:
        nothing = NamedProduct(MatchedBy.CPE, "whatsapp", "whatsapp", "android", None, "a")
        site.publish(AdvisoryRecord(CVE, products=(nothing,), is_exploited=True))
        site.run()
        assert not site.harness.plans()
        assert not site.tickets()

    def test_a_sensitive_group_has_less_time(self, site: Site) -> None:
        site.harness.start(replace(site.harness.app.rules, sensitive=("Ward 9",)))
        site.ask(record(CVE, product="signal"), record(NEW))
        times = {
            (one.person_name, one.occasion, one.is_sensitive): (one.due_at - one.opened_at).days
            for one in site.tickets()
            if one.person_name in {"Ann", "Eve"}
        }
        assert times == {
            ("Ann", f"update:{CVE}", True): 7,
            ("Eve", f"update:{CVE}", True): 7,
            ("Ann", f"update:{NEW}", False): 14,
        }

    def test_own_times_replace_them(self, site: Site) -> None:
        site.harness.start(replace(site.harness.app.rules, sensitive=("Ward 8",)))
        site.configure(switch=replace(ASKS, due=timedelta(days=5), sensitive_due=timedelta(days=2)))
        site.ask(record(CVE))
        assert {one.due_at - one.opened_at for one in site.tickets()} == {timedelta(days=2)}

    def test_a_rule_for_some_groups_asks_their_people_alone(self, site: Site) -> None:
        site.harness.group("ward-10", "fay", messenger="whatsapp")
        site.harness.settle()
        site.configure(switch=replace(ASKS, where=Where(groups=("Ward 10",), messengers=("whatsapp",))))
        site.ask(record(CVE), record(NEW, product="signal"))
        assert [(one.person_name, one.occasion) for one in site.tickets()] == [("Fay", f"update:{CVE}")]

    def test_many_are_asked_in_waves(self, site: Site) -> None:
        site.configure(per_day=3)
        site.ask(record(CVE))
        assert len(site.tickets()) == 3
        site.harness.later(days=1)
        site.run()
        assert len(site.tickets()) == 4

    def test_one_page_has_the_updates_of_all_messengers(self, site: Site) -> None:
        site.ask(record(CVE), record(NEW, product="signal"))
        assert len(site.due("ann")) == 2
        site.configure(daily_max=1)
        assert site.due("eve")[0].rule.items == ("signal.android", "signal.ios")

    def test_tickets_say_what_it_is_about(self, site: Site) -> None:
        site.ask(record(CVE))
        ticket = site.tickets("ann")[0]
        assert ticket_title(ticket, ENGLISH) == "Please answer: update of WhatsApp"
        kind = kind_of(ticket)
        assert "closes a security hole (CVE-2026-1000)" in kind.why(ticket, "Europe/London", ENGLISH, {})
        assert "newest version" in kind.steps(ticket, None)[0]
        site.publish(record(NEW, "2.27", is_exploited=True))
        site.run()
        said = kind.why(site.tickets("ann")[1], "Europe/London", ENGLISH, {})
        assert said.startswith("Attackers use a security hole in WhatsApp (CVE-2026-20001).")

    def test_its_advisory_says_that_people_were_asked(self, site: Site) -> None:
        site.ask(record(CVE), record(OLD, "2.25"))
        with site.harness.store.reading() as uow:
            states = {key.id: one.status for key, one in uow.advisories.all().items()}
        assert states == {CVE: AdvisoryStatus.UPDATE_ASKED, OLD: AdvisoryStatus.FIX_KNOWN}


class TestEnding:
    def test_a_newer_version_takes_the_place_of_the_older(self, site: Site) -> None:
        site.ask(record(OLD, "2.25"))
        site.say("ben")
        site.publish(record(OLD, "2.25"), record(CVE))
        site.run()
        assert site.states("ann") == [(f"update:{OLD}", OVER), (f"update:{CVE}", OPEN)]
        assert site.states("ben") == [(f"update:{OLD}", TicketState.VERIFIED), (f"update:{CVE}", OPEN)]

    def test_an_older_one_that_comes_later_asks_nobody(self, site: Site) -> None:
        site.ask(record(CVE))
        site.harness.later()
        site.publish(record(CVE), record(OLD, "2.25"))
        site.run()
        assert site.states("ann") == [(f"update:{CVE}", OPEN)]

    def test_what_is_dismissed_or_withdrawn_is_not_asked_any_more(self, site: Site) -> None:
        site.ask(record(CVE), record(NEW, product="signal"))
        site.harness.app.advisories.dismiss(CVE, Actor("dee"), "all have it", site.harness.now)
        site.run()
        assert site.states("ben") == [(f"update:{CVE}", OVER)]
        assert site.states("eve") == [(f"update:{NEW}", OPEN)]
        assert not [one for one in site.due("ann") if one.rule.subject == CVE]
        site.publish()
        site.run()
        assert site.states("eve") == [(f"update:{NEW}", OVER)]

    def test_whoever_is_in_no_such_group_any_more_is_not_asked(self, site: Site) -> None:
        site.ask(record(CVE))
        site.harness.drop("ward-7", "ann")
        site.harness.drop("ward-8", "ann")
        site.harness.settle()
        site.run()
        assert site.states("ann") == [(f"update:{CVE}", OVER)]

    def test_mode_report_ends_them(self, site: Site) -> None:
        site.ask(record(CVE))
        site.configure(switch=ControlSwitch())
        site.run()
        assert {one.state for one in site.tickets()} == {OVER}


class TestAnswering:
    def test_an_answer_is_ones_word(self, site: Site) -> None:
        site.ask(record(CVE))
        after = site.say("ann")
        assert (after.state, after.grade) == (TicketState.VERIFIED, Grade.C)
        [one] = site.said()
        assert (one.subject, one.version) == (CVE, "whatsapp.android >= 2.26.1, whatsapp.ios >= 2.26.1")
        assert (dict(one.items), one.is_pass, one.text_sha256 != "") == (ALL, True, True)
        site.harness.later(days=100)
        site.run()
        assert len(site.tickets("ann")) == 1

    def test_whoever_can_t_is_told_about_and_not_asked_again(self, site: Site) -> None:
        site.ask(record(CVE))
        site.harness.deliver()
        site.say("ann", {IOS: CANNOT, ANDROID: ELSEWHERE})
        site.harness.later()
        assert (
            "Ann answered, and something is not as it should be: update of WhatsApp" in site.harness.titles()
        )
        facts_told = [
            one for message in site.harness.soc.sent for part in message.paragraphs for one in part.facts
        ]
        assert ("Not so", "WhatsApp, iOS") in facts_told
        site.harness.later(days=1)
        site.run()
        assert len(site.tickets("ann")) == 1
        assert not site.said()[0].is_pass

    @pytest.mark.parametrize("items", [{IOS: YES}, {IOS: YES, ANDROID: ItemAnswer.NO}, {}])
    def test_each_platform_has_one_of_the_answers(self, site: Site, items: dict[str, ItemAnswer]) -> None:
        site.ask(record(CVE))
        with pytest.raises(Refused):
            site.say("ann", items)
        assert not site.said()

    def test_a_stricter_version_asks_again_and_shows_itself(self, site: Site) -> None:
        site.ask(record(CVE))
        site.say("ann")
        old = site.due("ben")[0].text_sha256
        site.harness.later()
        site.publish(record(CVE, "2.26.9"))
        with pytest.raises(Refused, match="text has changed"):
            site.say("ben", text_sha256=old)
        site.run()
        assert site.states("ann") == [(f"update:{CVE}", OPEN)]
        assert site.due("ben")[0].rule.fixes[IOS] == Fix("2.26.9")
        assert site.say("ben").state is TicketState.VERIFIED

    def test_it_can_be_taken_back_for_a_minute(self, site: Site) -> None:
        site.ask(record(CVE))
        site.say("ann")
        site.harness.app.attesting.undo(site.token("ann"), site.harness.now)
        assert site.states("ann") == [(f"update:{CVE}", OPEN)]
        assert not site.said()


class TestReporting:
    def test_a_messenger_passes_when_everybody_has_the_version(self, site: Site) -> None:
        site.ask(record(CVE))
        assert (site.counts().passed, site.counts().failed) == (1, 1)
        for name in ("ann", "ben", "cem"):
            site.say(name)
        assert site.counts().failed == 1
        site.harness.desk.waive(site.tickets("dee")[0].id, Actor("sam"), "no phone", site.harness.now)
        assert (site.counts().passed, site.counts().grades) == (2, {"B": 1, "C": 1})

    def test_members_whom_nobody_identified_keep_it_unknown(self, site: Site) -> None:
        site.ask(record(CVE))
        for name in ("ann", "ben", "cem", "dee"):
            site.say(name)
        site.harness.wards.add_member("ward-8", Member("+447700900999", "Somebody"))
        site.harness.settle()
        assert site.counts().unknown_why == {"not_all_known": 1}

    def test_nothing_passes_by_feeds_that_are_too_old(self, site: Site) -> None:
        site.ask(record(CVE))
        for name in ("ann", "ben", "cem", "dee"):
            site.say(name)
        site.harness.later(days=32)
        assert site.counts().unknown_why == {"no_feed": 2}


def test_a_person_with_two_accounts_is_asked_once(found: Callable[..., Harness]) -> None:
    harness = found(directories=("corp", "entra"))
    harness.hire("ann", "ben", "cem", "dee", "eve", employee_id=None)
    harness.hire("ann", employee_id="7")
    harness.directories[1].put(facts("a-1", employee_id="7", phones=(harness.number("ann"),)))
    site = Site(harness)
    site.ask(record(CVE))
    assert [one.person_name for one in site.tickets()].count("Ann") == 1
    site.run()
    assert len(site.tickets()) == 4
