"""Reports of bad messages: the link, who gets them and when, and floods."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import rules
from harness import ACCOUNTABLE, Harness
from reported import (
    ADMIN,
    HARASSMENT,
    HARM,
    OTHER,
    PERSONAL,
    WARD,
    Start,
    handled,
    lose_the_group,
    policy,
    report,
    reported_ward,
    to,
    token,
)
from worker.app.acts.reporting import ReportSaid
from worker.app.tell.signed_links import Dead, LinkDead
from worker.domain.controls.policy import ControlPolicy, ReportsRule
from worker.domain.controls.reports import SeenWhen, Tier
from worker.domain.controls.switch import ControlSwitch, Mode, Where
from worker.domain.escalation.policy import After, Named, NamedKind, Policy, Step, Target, Whom
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import RecipientKind
from worker.domain.model import GroupKey, Role
from worker.running.rules import AppRules


@pytest.fixture
def ward(start: Start) -> Harness:
    return reported_ward(start)


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
    harness.reconcile(full=True)
    assert handled(harness)[0].accountable == ""
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


@pytest.mark.parametrize("harm_to, told", [
    ((Target.ACCOUNTABLE,), [ACCOUNTABLE]),
    ((Target.CHANNEL,), ["", ACCOUNTABLE]),
    ((Target.ACCOUNTABLE, Named(NamedKind.PERSON, "guard@corp.example")), ["guard@corp.example", ACCOUNTABLE]),
])  # fmt: skip
def test_harm_that_joins_a_shared_report_is_told_to_its_handler_too(
    start: Start, harm_to: tuple[Whom, ...], told: list[str]
) -> None:
    harness = start(controls=policy(ReportsRule(harm_to=harm_to)), has_links=True)
    for number in range(6):
        report(harness, words=f"of an admin {number}", about_admin=True)
    harness.deliver()
    before = len(harness.soc.sent)
    report(harness, HARM, "a threat")
    harness.deliver()
    news = harness.soc.sent[before:]
    assert sorted(one.to.address for one in news) == told
    assert {one.title for one in news} == {"Urgent: somebody reported a threat or harm in Ward 7"}


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


def test_who_answers_for_a_report_hears_no_more_of_what_is_kept_from_admins_once_they_are_one(
    start: Start,
) -> None:
    harness = start(controls=policy(), rules=rules(accountable="ben@corp.example"), has_links=True)
    report(harness, HARASSMENT, about_admin=True)
    harness.desk.assign(handled(harness)[0].id, "una@example.org", Actor("sam"), harness.now)
    harness.deliver()
    before = len(harness.soc.sent)
    harness.wards.set_role("ward-7", harness.number("ben"), Role.ADMIN)
    harness.inventory()
    for _ in range(5):
        harness.later(hours=25)
        harness.escalate()
        harness.deliver()
    assert {one.to.address for one in harness.soc.sent[before:]} == {"una@example.org", ""}


# --- many -----------------------------------------------------------------------------------------------------


def test_a_form_that_is_sent_again_within_ten_minutes_is_one_report(ward: Harness) -> None:
    first = report(ward, words="a cruel joke", once="form-1")
    ward.later(minutes=9)
    assert report(ward, words="  a cruel joke ", once="form-1") == first
    assert report(ward, HARASSMENT, "a cruel joke", once="form-1").label == "R-000002", "of another kind"
    ward.later(minutes=2)
    assert report(ward, words="a cruel joke", once="form-1").label == "R-000003"


def test_the_same_words_by_another_form_are_another_report_with_a_receipt_of_its_own(ward: Harness) -> None:
    first = report(ward, words="a cruel joke", once="form-1")
    other = report(ward, words="a cruel joke", once="form-2")
    assert (other.label, len(handled(ward))) == ("R-000002", 2)
    assert other.receipt != first.receipt


def test_a_form_without_words_that_is_sent_twice_is_one_report_and_two_forms_are_two(ward: Harness) -> None:
    first = report(ward, once="form-1", seen=SeenWhen.TODAY)
    assert report(ward, once="form-1").receipt == first.receipt
    assert report(ward, once="form-2").receipt != first.receipt
    assert report(ward).receipt != report(ward).receipt


def test_a_flood_is_kept_whole_and_opens_few_tickets(ward: Harness) -> None:
    link = token(ward)
    for number in range(200):
        ward.app.reporting.report(link, ReportSaid(OTHER, words=f"spam {number}"), ward.now)
    tickets = handled(ward)
    assert len(tickets) == 6
    with ward.store.reading() as uow:
        assert [uow.bad_messages.count_of_ticket(one.id) for one in tickets] == [1] * 5 + [195]
    shown = ward.app.reporting.look(ward.link(tickets[5].id).rpartition("/")[2], ward.now)
    assert (len(shown.reports), shown.count) == (50, 195)
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
