"""Reports of bad messages: who gets them and when, floods, receipts, what came of them, and what is deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders import rules
from harness import ACCOUNTABLE, Harness
from worker.app.acts.reporting import ReportSaid
from worker.app.refused import Refused
from worker.app.tell.signed_links import Dead, LinkDead
from worker.domain.controls.policy import ControlPolicy, DescriptionRule, ProfileRule, ReportsRule
from worker.domain.controls.reports import BadMessage, ReportOutcome, SeenWhen, Tier
from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.domain.escalation.policy import After, Named, NamedKind, Policy, Step, Target
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import RecipientKind
from worker.domain.model import AccountKey, GroupKey
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState
from worker.running.rules import AppRules

WARD = GroupKey("wards", "ward-7")
HARM, PERSONAL, HARASSMENT, OTHER = Tier
ADMIN = "dee@corp.example"
Start = Callable[..., Harness]


def policy(rule: ReportsRule | None = None, text: str = "Be kind.") -> ControlPolicy:
    rules_text = ProfileRule(description=DescriptionRule({"en": text}))
    return ControlPolicy(profile=(rules_text,), reports=(rule or ReportsRule(),))


@pytest.fixture
def ward(start: Start) -> Harness:
    """Ward 7 with Ann, Ben and Cem, whose admin is Dee; reports are on."""
    return start(controls=policy(), has_links=True)


def token(harness: Harness, key: GroupKey = WARD) -> str:
    url = harness.app.reporting.url(key, harness.now)
    assert url is not None
    return url.rpartition("/r/")[2]


def report(harness: Harness, tier: Tier = OTHER, words: str = "", **said: Any) -> BadMessage:
    what = ReportSaid(tier, words=words, **said)
    return harness.app.reporting.report(token(harness), what, harness.now)


def handled(harness: Harness) -> list[Ticket]:
    return harness.tickets(TicketKind.HANDLE_REPORT)


def to(ticket: Ticket) -> str:
    return ticket.assignee.email if ticket.assignee else ""


def settle(harness: Harness, outcome: ReportOutcome = ReportOutcome.TOO_LATE, at: int = 0) -> Ticket:
    link = harness.link(handled(harness)[at].id).rpartition("/")[2]
    return harness.app.reporting.settle(link, outcome, " a\nline ", harness.now)


def lose_the_group(harness: Harness) -> None:
    """Read the inventory without Ward 7, beside others that stay."""
    for number in range(9):
        harness.group(f"other-{number}", "ann", admins=["dee"])
    harness.settle()
    harness.wards.remove_group("ward-7")
    harness.later()
    harness.settle()


# --- the link -------------------------------------------------------------------------------------------------


def test_a_link_has_22_characters_is_made_once_and_ends_with_the_text_of_the_rules(
    ward: Harness, start: Start
) -> None:
    first = token(ward)
    assert len(first) == 22
    assert token(ward) == first
    assert ward.kinds().count(events.REPORT_LINK_MADE) == 1
    ward.start(_with(ward, policy(text="Be kind, always.")))
    with pytest.raises(LinkDead) as dead:
        ward.app.reporting.form(first, ward.now)
    assert dead.value.why is Dead.REVOKED
    second = token(ward)
    assert second != first
    assert ward.app.reporting.form(second, ward.now).group.key == WARD
    ward.start(_with(ward, policy()))
    assert token(ward) == first, "the old text is back, and so is its link"
    with pytest.raises(LinkDead) as forged:
        ward.app.reporting.form("x" * 22, ward.now)
    assert forged.value.why is Dead.FORGED


def test_a_group_without_a_text_of_rules_has_a_link(start: Start) -> None:
    harness = start(controls=ControlPolicy(reports=(ReportsRule(),)), has_links=True)
    assert harness.app.reporting.form(token(harness), harness.now).group.key == WARD


def test_two_who_ask_at_once_get_one_link(ward: Harness) -> None:
    first = ward.app.reporting._made(WARD, "a text", ward.now)
    assert ward.app.reporting._made(WARD, "a text", ward.now) == first


def test_links_lead_to_where_the_desk_listens(ward: Harness) -> None:
    links = replace(ward.links, base="http://127.0.0.1:4711")
    url = ward.app.reporting.at(links).url(WARD, ward.now)
    assert url == f"http://127.0.0.1:4711/r/{token(ward)}"


def _with(harness: Harness, controls: ControlPolicy) -> AppRules:
    return replace(harness.app.rules, controls=controls)


def test_there_is_no_link_while_reports_are_off_or_for_a_group_that_is_not_meant(start: Start) -> None:
    off = start()
    assert off.app.reporting.url(WARD, off.now) is None
    elsewhere = ReportsRule(ControlSwitch(Mode.TICKET, Where(groups=("Theatre*",))))
    other = start(controls=policy(elsewhere))
    assert other.app.reporting.url(WARD, other.now) is None
    assert other.app.reporting.url(GroupKey("wards", "nowhere"), other.now) is None


def test_a_link_ends_when_the_group_is_gone(ward: Harness) -> None:
    link = token(ward)
    lose_the_group(ward)
    with pytest.raises(LinkDead):
        ward.app.reporting.form(link, ward.now)


# --- who, and when --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tier, about_admin, who, hours",
    [
        (OTHER, False, ADMIN, 24),
        (HARASSMENT, False, ADMIN, 4),
        (PERSONAL, False, ADMIN, 1),
        (HARM, False, ACCOUNTABLE, 0),
        (OTHER, True, ACCOUNTABLE, 24),
        (PERSONAL, True, ACCOUNTABLE, 1),
    ],
)
def test_each_kind_has_its_time_and_no_admin_hears_of_harm_or_of_an_admin(
    ward: Harness, tier: Tier, about_admin: bool, who: str, hours: int
) -> None:
    kept = report(ward, tier, about_admin=about_admin)
    [ticket] = handled(ward)
    assert ticket.occasion == "report:R-000001" == f"report:{kept.label}"
    assert ticket.group == WARD
    assert to(ticket) == who
    assert ticket.due_at == ward.now + timedelta(hours=hours)
    assert kept.ticket == ticket.id


def test_the_owner_has_it_where_no_admin_is_and_the_accountable_person_where_nobody_is(start: Start) -> None:
    harness = start(controls=policy())
    harness.hire("una", email="una@corp.example")
    harness.group("owned", "ann", owner_email="una@corp.example")
    harness.group("nobodys", "ann")
    harness.settle()
    for name in ("owned", "nobodys"):
        key = GroupKey("wards", name)
        harness.app.reporting.report(token(harness, key), ReportSaid(OTHER), harness.now)
    assert [to(one) for one in handled(harness)] == ["una@corp.example", ACCOUNTABLE]


def test_an_accountable_person_who_is_an_admin_hears_of_no_admin(start: Start) -> None:
    harness = start(controls=policy(), rules=rules(accountable=ADMIN), has_links=True)
    report(harness, HARASSMENT, about_admin=True)
    report(harness, HARASSMENT, "other")
    confidential, usual = handled(harness)
    assert (confidential.assignee, confidential.accountable) == (None, "")
    assert to(usual) == ADMIN
    harness.hire("una", email="una@corp.example")
    harness.group("owned", "ann", admins=["dee"], owner_email="una@corp.example")
    harness.group("own", "ann", admins=["dee"], owner_email=ADMIN)
    harness.settle()
    for name in ("owned", "own"):
        key = GroupKey("wards", name)
        said = ReportSaid(OTHER, about_admin=True)
        harness.app.reporting.report(token(harness, key), said, harness.now)
    assert [to(one) for one in handled(harness)[2:]] == ["una@corp.example", ""]


def test_the_section_may_shorten_the_times(start: Start) -> None:
    rule = ReportsRule(ControlSwitch(due=timedelta(hours=2), sensitive_due=timedelta(minutes=30)))
    usual = start(controls=policy(rule))
    report(usual, OTHER)
    report(usual, PERSONAL)
    assert [one.due_at - usual.now for one in handled(usual)] == [timedelta(hours=2), timedelta(hours=1)]
    sensitive = start(controls=policy(rule), sensitive=("ward-7",))
    report(sensitive, OTHER)
    assert handled(sensitive)[0].due_at == sensitive.now + timedelta(minutes=30)
    assert handled(sensitive)[0].is_sensitive


def test_harm_tells_the_channel_at_once_and_says_nothing_of_the_words(ward: Harness) -> None:
    report(ward, HARM, "He wrote SECRET-WORDS to me")
    ward.deliver()
    told = [(one.to.kind, one.to.address) for one in ward.soc.sent]
    assert (RecipientKind.CHANNEL, "") in told
    assert (RecipientKind.PERSON, ACCOUNTABLE) in told
    assert len(told) == 2
    assert "SECRET-WORDS" not in repr(ward.soc.sent)
    assert not any(one.to.address == ADMIN for one in ward.soc.sent)


def test_harm_is_told_to_whoever_is_named_but_to_no_admin(start: Start) -> None:
    named = tuple(Named(NamedKind.PERSON, one) for one in ("guard@corp.example", ADMIN))
    harness = start(controls=policy(ReportsRule(harm_to=named)), has_links=True)
    report(harness, HARM)
    harness.deliver()
    assert sorted(one.to.address for one in harness.soc.sent) == ["guard@corp.example", ACCOUNTABLE]


def test_nothing_else_tells_the_channel(ward: Harness) -> None:
    report(ward, OTHER)
    ward.deliver()
    assert [one.to.address for one in ward.soc.sent] == [ADMIN]


@pytest.mark.parametrize("about_admin, hear", [(False, True), (True, False)])
def test_escalation_tells_no_admin_of_what_is_kept_from_them(
    start: Start, about_admin: bool, hear: bool
) -> None:
    step = Step(After(), (Target.ADMINS, Target.ACCOUNTABLE, Named(NamedKind.PERSON, ADMIN)))
    told = rules(accountable=ACCOUNTABLE, policies=(Policy("one", (step,)),))
    harness = start(controls=policy(), rules=told, has_links=True)
    report(harness, about_admin=about_admin)
    harness.deliver()
    before = len(harness.soc.sent)
    harness.later(hours=25)
    harness.escalate()
    harness.deliver()
    addresses = {one.to.address for one in harness.soc.sent[before:]}
    assert ACCOUNTABLE in addresses
    assert (ADMIN in addresses) is hear


# --- many -----------------------------------------------------------------------------------------------------


def test_the_same_text_within_ten_minutes_is_one_report(ward: Harness) -> None:
    first = report(ward, words="a cruel joke")
    ward.later(minutes=9)
    assert report(ward, words="  a cruel joke ") == first
    assert report(ward, HARASSMENT, "a cruel joke").label == "R-000002", "said to be of another kind"
    ward.later(minutes=2)
    assert report(ward, words="a cruel joke").label == "R-000003"


def test_a_form_that_is_sent_twice_is_one_report_and_two_without_words_are_two(ward: Harness) -> None:
    first = report(ward, once="form-1", seen=SeenWhen.TODAY)
    assert report(ward, once="form-1").receipt == first.receipt
    assert report(ward, once="form-2").receipt != first.receipt
    assert report(ward).receipt != report(ward).receipt


def test_a_flood_is_kept_whole_and_opens_few_tickets(ward: Harness) -> None:
    link = token(ward)
    for number in range(1000):
        ward.app.reporting.report(link, ReportSaid(OTHER, words=f"spam {number}"), ward.now)
    tickets = handled(ward)
    assert len(tickets) == 6
    with ward.store.reading() as uow:
        assert [uow.bad_messages.count_of_ticket(one.id) for one in tickets] == [1] * 5 + [995]
    shown = ward.app.reporting.look(ward.link(tickets[5].id).rpartition("/")[2], ward.now)
    assert (len(shown.reports), shown.count) == (50, 995)
    ward.deliver()
    assert len(ward.soc.sent) <= 6
    ward.later(days=1)
    report(ward, words="the next day")
    assert len(handled(ward)) == 7, "a new day begins anew"


def test_in_a_flood_harm_goes_its_own_way_and_what_is_urgent_is_due_early(ward: Harness) -> None:
    for number in range(6):
        report(ward, words=f"spam {number}")
    shared = handled(ward)[5]
    ward.later(minutes=30)
    report(ward, PERSONAL, "a name")
    assert handled(ward)[5].due_at == ward.now + timedelta(hours=1)
    assert handled(ward)[5].details["tier"] == "personal_data"
    assert handled(ward)[5].details["time_s"] == 5400
    assert len(handled(ward)) == 6
    report(ward, OTHER, "one more")
    assert handled(ward)[5].due_at == ward.now + timedelta(hours=1), "never later"
    ward.deliver()
    report(ward, HARASSMENT, "of an admin", about_admin=True)
    report(ward, HARM, "a threat")
    report(ward, HARM, "another threat")
    tickets = handled(ward)
    assert len(tickets) == 7
    assert shared.id != tickets[6].id
    assert to(tickets[6]) == ACCOUNTABLE
    assert tickets[6].due_at == ward.now
    before = len(ward.soc.sent)
    ward.deliver()
    channel = [one for one in ward.soc.sent[before:] if one.to.kind is RecipientKind.CHANNEL]
    assert len(channel) == 1, "told once for the ticket"


# --- what came of it ------------------------------------------------------------------------------------------


def test_an_outcome_is_the_handlers_word_until_the_reporter_confirms_it(ward: Harness) -> None:
    kept = report(ward, words="x")
    assert ward.app.reporting.by_receipt(kept.receipt).outcome is None  # type: ignore[union-attr]
    with pytest.raises(Refused, match="nothing to confirm"):
        ward.app.reporting.confirm(kept.receipt, ward.now)
    after = settle(ward, ReportOutcome.DELETED_BY_AUTHOR)
    assert (after.state, after.grade) == (TicketState.VERIFIED, Grade.C)
    with pytest.raises(Refused, match="already"):
        settle(ward)
    parted = f"{kept.receipt[:4]}-{kept.receipt[4:8]} {kept.receipt[8:].lower()}"
    confirmed = ward.app.reporting.confirm(parted, ward.now)
    assert confirmed.outcome is ReportOutcome.DELETED_BY_AUTHOR
    assert confirmed.outcome_words == "a line"
    assert confirmed.grade is Grade.B
    assert handled(ward)[0].grade is Grade.B
    assert ward.app.reporting.confirm(kept.receipt, ward.now).grade is Grade.B
    assert ward.kinds().count(events.REPORT_CONFIRMED) == 1
    with pytest.raises(Refused):
        ward.app.reporting.confirm("2222", ward.now)


def test_a_second_person_confirms_and_the_handler_cannot(ward: Harness) -> None:
    report(ward)
    with pytest.raises(Refused, match="only whoever is asked"):
        ward.desk.done(1, Actor("sam"), ward.now)
    settle(ward)
    with pytest.raises(Refused, match="may be you"):
        ward.desk.done(1, Actor(ADMIN), ward.now)
    assert ward.desk.done(1, Actor("sam"), ward.now).grade is Grade.B
    assert ward.desk.done(1, Actor("kim"), ward.now).grade is Grade.B


def test_an_outcome_can_be_taken_back_for_a_minute(ward: Harness) -> None:
    kept = report(ward)
    settle(ward)
    link = ward.link(1).rpartition("/")[2]
    assert ward.app.reporting.look(link, ward.now).undo_until is not None
    ward.assigned.undo(link, ward.now)
    assert handled(ward)[0].state is TicketState.OPEN
    assert ward.app.reporting.by_receipt(kept.receipt).outcome is None  # type: ignore[union-attr]
    settle(ward)
    ward.later(minutes=2)
    assert ward.app.reporting.look(link, ward.now).undo_until is None
    with pytest.raises(Refused):
        ward.assigned.undo(link, ward.now)


def test_a_report_that_is_reopened_waits_for_an_outcome_again(ward: Harness) -> None:
    kept = report(ward)
    settle(ward)
    ward.desk.reopen(1, Actor("sam"), "it is still there", ward.now)
    assert ward.app.reporting.by_receipt(kept.receipt).outcome is None  # type: ignore[union-attr]
    with pytest.raises(Refused, match="page"):
        ward.assigned.done(ward.link(1).rpartition("/")[2], ward.now)


def test_no_job_ends_a_report_and_no_report_acts(ward: Harness) -> None:
    report(ward, HARM)
    ward.later(days=3)
    ward.wards.remove_member("ward-7", ward.number("ann"))
    ward.settle(full=True)
    ward.control()
    ward.later(days=20)
    ward.settle(full=True)
    ward.control()
    assert [one.state for one in handled(ward)] == [TicketState.OPEN]
    assert not ward.tickets(TicketKind.REMOVE_MEMBER)


def test_a_report_outlives_its_group(ward: Harness) -> None:
    report(ward)
    lose_the_group(ward)
    ward.control()
    assert [one.state for one in handled(ward)] == [TicketState.OPEN]


def test_when_the_handler_leaves_somebody_else_has_it(ward: Harness) -> None:
    report(ward)
    ward.leave("dee")
    ward.later()
    ward.settle()
    ward.later()
    ward.settle()
    ward.control()
    assert to(handled(ward)[0]) == ACCOUNTABLE


# --- what is counted, and what is forgotten -------------------------------------------------------------------


def counted(harness: Harness) -> tuple[int, int, int, int, dict[str, int]]:
    [one] = [row for row in harness.app.controls.report(harness.now) if row.control == "content.report"]
    assert one.mode is Mode.TICKET
    return (
        one.counts.subjects,
        one.counts.passed,
        one.counts.failed,
        one.counts.waived,
        dict(one.counts.grades),
    )


def test_the_control_counts_reports(ward: Harness) -> None:
    kept = [report(ward, words=str(number)) for number in range(8)]
    assert counted(ward) == (8, 0, 8, 0, {})
    settle(ward)
    settle(ward, at=1)
    settle(ward, at=5)
    ward.desk.waive(handled(ward)[2].id, Actor("sam"), "a test", ward.now)
    ward.app.reporting.confirm(kept[0].receipt, ward.now)
    assert counted(ward) == (8, 5, 2, 1, {"B": 1, "C": 4})
    with ward.store.reading() as uow:
        assert uow.controls.ticket_counts(ward.now)["content.report"].live == 2
        assert [(one.name, one.reports) for one in uow.bad_messages.repeated()] == [("Ward 7", 8)]


def test_the_control_is_off_without_the_section(start: Start) -> None:
    harness = start()
    [one] = [row for row in harness.app.controls.report(harness.now) if row.control == "content.report"]
    assert one.mode is None


def test_texts_are_deleted_thirty_days_after_the_outcome(ward: Harness) -> None:
    settled, waiting, waived = (report(ward, words=f"text {number}") for number in range(3))
    ward.desk.waive(handled(ward)[2].id, Actor("sam"), "a test", ward.now)
    settle(ward)

    def texts() -> list[str | None]:
        found = [ward.app.reporting.by_receipt(one.receipt) for one in (settled, waiting, waived)]
        return [one.words for one in found if one]

    ward.later(days=30)
    ward.app.retention.run_once(ward.now)
    assert texts() == ["text 0", "text 1", "text 2"]
    ward.later(minutes=1)
    ward.app.retention.run_once(ward.now)
    ward.app.retention.run_once(ward.now)
    assert texts() == [None, "text 1", None]
    assert ward.kinds().count(events.REPORT_TEXTS_DELETED) == 1
    after = ward.app.reporting.by_receipt(settled.receipt)
    assert after is not None
    assert (after.outcome, after.outcome_words) == (ReportOutcome.TOO_LATE, "")


def test_erasing_somebody_deletes_what_names_them(ward: Harness) -> None:
    named = report(ward, words="Ann wrote it")
    other = report(ward, words="somebody wrote it")
    with ward.store.begin() as uow:
        uow.people.erase(AccountKey("corp", "ann"))
    found = [ward.app.reporting.by_receipt(one.receipt) for one in (named, other)]
    assert [one.words for one in found if one] == [None, "somebody wrote it"]


def test_the_journal_has_no_words(ward: Harness) -> None:
    report(ward, HARM, "SECRET-WORDS")
    settle(ward)
    entries = repr(ward.journal())
    assert "SECRET-WORDS" not in entries
    assert ward.kinds().count(events.REPORT_RECEIVED) == 1
