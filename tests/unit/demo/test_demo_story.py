"""The demo's story: everybody ends as they should, and the text tells it."""

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from played_demo import Played, kinds_of, one
from worker.demo.story import HABITS
from worker.domain.controls.statements import Assurance, AttestAnswer
from worker.domain.evidence.journal import Sealed
from worker.domain.identity.matching import IdentityState
from worker.domain.model import Evidence, Standing
from worker.domain.reconcile.guard import HoldState
from worker.domain.tickets.ticket import Grade, Ticket, TicketKind, TicketState
from worker.running.app import App

# --- the story --------------------------------------------------------------------------------------------

_REMOVE, _ADD = TicketKind.REMOVE_MEMBER, TicketKind.ADD_MEMBER


@pytest.mark.parametrize(
    "person, group, kind, state, evidence",
    [
        ("Pauline Archer", "Ward 1 days", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Chidi Okafor", "Ward 5 announcements", _ADD, TicketState.VERIFIED, None),
        ("Tomasz Zielinski", "Ward 3 announcements", _REMOVE, TicketState.VERIFIED, Evidence.MOVED),
        ("Tomasz Zielinski", "Ward 5 announcements", _ADD, TicketState.VERIFIED, None),
        ("Amina Yusuf", "Ward 7 nights", TicketKind.REASSIGN_ADMIN, TicketState.VERIFIED, Evidence.DISABLED),
        ("Amina Yusuf", "Ward 7 nights", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Li Na Chen", "Radiology nights", _REMOVE, TicketState.VERIFIED, Evidence.LEAVE_DATE),
        (
            "Li Na Chen",
            "Radiology nights",
            TicketKind.REASSIGN_ADMIN,
            TicketState.VERIFIED,
            Evidence.LEAVE_DATE,
        ),
        ("Gareth Pugh", "Maternity team", _REMOVE, TicketState.VERIFIED, Evidence.ABSENT_CONFIRMED),
        ("Ewan Fraser", "Pharmacy on call", _REMOVE, TicketState.CANCELLED, Evidence.DISABLED),
        ("Siobhan Murphy", "Ward 2 announcements", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Siobhan Murphy", "Ward 2 announcements", _ADD, TicketState.VERIFIED, None),
        ("Pauline Archer", "Ward 1 announcements", _ADD, TicketState.VERIFIED, None),
        (
            "Hannah Price",
            "Theatres on call",
            TicketKind.CREATOR_MUST_LEAVE,
            TicketState.VERIFIED,
            Evidence.DISABLED,
        ),
        ("Olga Petrova", "Ward 6 days", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Joseph Adeyemi", "Porters nights", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Marcus Webb", "IT on call", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("", "Ward 4 nights", TicketKind.IDENTIFY_MEMBER, TicketState.VERIFIED, None),
        ("", "Emergency nurses", TicketKind.IDENTIFY_MEMBER, TicketState.VERIFIED, None),
        ("", "Theatres team", TicketKind.IDENTIFY_MEMBER, TicketState.VERIFIED, None),
        ("", "Emergency swaps", TicketKind.IDENTIFY_MEMBER, TicketState.VERIFIED, None),
        ("Kenji Mori", "Emergency swaps", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Peter Novak", "Emergency doctors", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        ("Yusra Haddad", "Ward 8 nights", _REMOVE, TicketState.VERIFIED, Evidence.DISABLED),
        (
            "Beatriz Duarte",
            "Maternity on call",
            TicketKind.REASSIGN_ADMIN,
            TicketState.OPEN,
            Evidence.DISABLED,
        ),
        ("Beatriz Duarte", "Maternity on call", _REMOVE, TicketState.BLOCKED, Evidence.DISABLED),
    ],
)
def test_everybody_of_the_story_ends_as_they_should(
    tickets: list[Ticket],
    person: str,
    group: str,
    kind: TicketKind,
    state: TicketState,
    evidence: Evidence | None,
) -> None:
    ticket = one(tickets, group, kind, person)

    assert (ticket.state, ticket.evidence) == (state, evidence)


@pytest.mark.parametrize(
    "person, group, kind, moves",
    [
        (
            "Amina Yusuf",
            "Ward 7 nights",
            _REMOVE,
            ["ticket.opened", "ticket.unblocked", "ticket.done", "ticket.verified"],
        ),
        (
            "Olga Petrova",
            "Ward 6 days",
            _REMOVE,
            [
                "ticket.opened", "ticket.done", "ticket.reopened", "ticket.done", "ticket.verified",  # a false claim
                "ticket.reopened", "ticket.done", "ticket.verified",  # came back
            ],
        ),
        (
            "Joseph Adeyemi",
            "Porters nights",
            _REMOVE,
            ["ticket.opened", *["ticket.escalated"] * 4, "ticket.assigned", "ticket.done", "ticket.verified"],
        ),
        ("Ewan Fraser", "Pharmacy team", _REMOVE, ["ticket.opened", "ticket.escalated", "ticket.cancelled"]),
    ],
)  # fmt: skip
def test_the_turns_of_a_ticket_come_in_order(
    app: App, tickets: list[Ticket], person: str, group: str, kind: TicketKind, moves: list[str]
) -> None:
    assert kinds_of(app, one(tickets, group, kind, person)) == moves


@pytest.mark.parametrize(
    "sentence",
    [
        "Chidi Okafor joined: Staff nurse, Ward 5. → T-",
        "Tomasz Zielinski moved from Ward 3 to Ward 5. → T-",
        "Amina Yusuf left (the account is disabled). Is in 3 groups, and is the only admin of Ward 7 nights. → T-",
        "the group needs another admin first",
        "no longer blocked, the group has another admin now",
        "Li Na Chen will leave: the last day is Fri 13 Nov.",
        "Sat 14 Nov 00:00 Li Na Chen left (the leave date has passed).",
        "Gareth Pugh is missing from the export for the first time.",
        "Gareth Pugh left (no longer in the directory).",
        "Can't see corp: people-2026-11-10.csv: the export lists nobody. Nothing is concluded from this",
        "corp is read again, and is green again.",
        "Ewan Fraser is back: the account is enabled again. → T-",
        "Remove Ewan Fraser from Pharmacy team: cancelled, the person returned.",
        "reopened, marked done, but still in the group",
        "reopened, came back: Olga Petrova has left",
        "created Theatres on call. → T-",
        "Ask Hannah Price to leave Theatres on call",
        "Siobhan Murphy is back: the account is enabled again. → T-",
        "The employee number is known: a former colleague who is back.",
        "The name is like Fatou Diop, but a name is no proof.",
        "it is Fatou Diop's new phone. The link is confirmed.",
        "an agency nurse, nobody of ours",
        "The linked phone shows 3 of them live: Emergency doctors, Emergency nurses and IT on call.",
        "the phone that IT linked to the gateway, nobody of ours",
        "Megan Lloyd is out of Emergency nurses: T-000002 is verified by the linked phone (grade A). Grade A: the",
        "is verified by the register (grade B).",
        "so both are Peter Novak, and nobody is asked.",
        "A finding: no register has Emergency swaps, which the linked phone shows with 7 members.",
        "6 of its 7 hidden ids are known from another group, with their numbers; 1 is not.",
        "@lid in Emergency swaps? WhatsApp hides the number",
        "it is Kenji Mori, who takes extra shifts there. The link is confirmed.",
        "Kenji Mori left (the account is disabled). Is in 3 groups.",
        "47 people left at once (the account is disabled), 45 in Catering",
        "Held: plan P-000002 with the first tickets of controls, 9 of people.policy and 3 of profile.description.",
        "Margaret Obi looks at what P-000002 would ask, and of whom, and releases it: released.",
        "In IT on call, Emergency nurses and Emergency doctors the description doesn't have the rules: T-000013 to",
        '9 people are asked to accept "Rules for admins": T-000016 to T-000024, by Wed 18 Nov.',
        "Layla Khalil accept; Sean Tierney declines.",
        "forgets the description of Emergency doctors, and marks T-000015 done.",
        "T-000015 Mend the profile of Emergency doctors: reopened, marked done, but still so when it was read again.",
        "The rules are in the description of Emergency doctors: T-000015 is verified by the linked phone (grade A).",
        "T-000013 is overdue since Sat 16:00 (Mend the profile of IT on call). Step 2: Layla Khalil and",
        "No answer yet from Ailsa Munro and Tendai Sibanda, so a reminder goes out: T-000018 and T-000022.",
        "Li Na Chen hands over before the last day, makes Elena Popescu an admin of Radiology nights, and marks",
        "There is another admin in Radiology nights: T-000029 is verified by the register (grade B).",
        "Held: plan P-000003 with 47 people. 47 leavers within 24 h, the limit is 25",
        "rejects c1 (a script took the wrong unit). The plan is decided: partly.",
        "45 people are back, their accounts enabled again, all in Catering.",
        "Step 1: ",
        "Step 3: the security channel is told.",
        "Remove Marcus Webb from IT on call (",
        "6 people left at once (the account has expired), all in Reception.",
    ],
)
def test_the_text_tells_it(played: Played, sentence: str) -> None:
    assert sentence in played.flowing


def test_the_readme_shows_the_live_source_as_the_demo_does(played: Played) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"<!-- demo-live:begin -->\n```\n(.*?)\n```\n", readme, re.DOTALL)

    assert f"\n\n{shown}\n\n" in played.text


def test_a_changed_number_is_one_person_in_both_sources(app: App) -> None:
    with app.store.begin() as uow:
        [person] = uow.people.find("peter.novak@corp.example")
        links = uow.identities.page([IdentityState.LINKED], None, 10_000)
    his = {key for key, identity in links if identity.person == person.key}

    assert {key.source for key in his} == {"phones", "wards"}
    assert len({key.handle for key in his}) == 2


def test_what_the_linked_phone_shows_is_proved_with_grade_a(app: App, tickets: list[Ticket]) -> None:
    proved = {t.person_name: t.grade for t in tickets if t.verified_by == "phones" and t.kind is _REMOVE}

    assert proved == dict.fromkeys(("Megan Lloyd", "Peter Novak", "Marcus Webb", "Kenji Mori"), Grade.A)


def test_the_rules_in_a_description_are_proved_by_the_live_phone(app: App, tickets: list[Ticket]) -> None:
    nurses, doctors, it = (
        one(tickets, group, TicketKind.FIX_PROFILE)
        for group in ("Emergency nurses", "Emergency doctors", "IT on call")
    )

    assert [(t.state, t.grade, t.verified_by) for t in (nurses, doctors)] == [
        (TicketState.VERIFIED, Grade.A, "phones")
    ] * 2
    assert kinds_of(app, doctors) == [
        "ticket.opened", "ticket.done", "ticket.reopened", "ticket.done", "ticket.verified"
    ]  # fmt: skip
    assert kinds_of(app, it) == ["ticket.opened", "ticket.escalated", "ticket.escalated"]
    assert it.state is TicketState.OPEN


def test_of_the_admins_most_accept_one_declines_and_two_say_nothing(app: App, tickets: list[Ticket]) -> None:
    asked = [ticket for ticket in tickets if ticket.kind is TicketKind.ATTEST]
    with app.store.begin() as uow:
        said = uow.attestations.page(0, 100)

    answers = Counter((one.answer, one.assurance) for one in said)
    assert answers == {
        (AttestAnswer.ACCEPTED, Assurance.LINK): 6,
        (AttestAnswer.DECLINED, Assurance.LINK): 1,
    }
    assert {t.person_name for t in asked if t.is_live} == {"Ailsa Munro", "Tendai Sibanda"}


def test_the_admin_right_is_handed_over_before_the_last_day(tickets: list[Ticket]) -> None:
    handed = one(tickets, "Radiology nights", TicketKind.REASSIGN_ADMIN, "Li Na Chen")
    removal = one(tickets, "Radiology nights", _REMOVE, "Li Na Chen")

    assert handed.state is TicketState.VERIFIED
    assert handed.verified_at is not None
    assert handed.verified_at < removal.opened_at


def test_nobody_is_asked_by_controls_before_the_plan_is_released(app: App, tickets: list[Ticket]) -> None:
    with app.store.begin() as uow:
        plan = uow.episodes.plan(2)
    assert plan is not None
    decided = {cohort.decided_at for cohort in plan.cohorts}

    asked = [t.opened_at for t in tickets if t.kind in {TicketKind.ATTEST, TicketKind.FIX_PROFILE}]
    assert (plan.is_of_controls, len(decided), len(asked)) == (True, 1, 12)
    assert min(asked) > max(filter(None, decided))


def test_every_habit_is_somebody_s(tickets: list[Ticket]) -> None:
    names = {name for t in tickets for name in ((t.person_name, t.group_name), ("", t.group_name))}

    assert set(HABITS) - names == set()


def test_who_hides_a_number_is_removed_by_their_lid(tickets: list[Ticket]) -> None:
    assert one(tickets, "Emergency swaps", _REMOVE).handle.endswith("@lid")


def test_an_empty_export_changes_nobody(journal: list[Sealed]) -> None:
    day = [s.entry for s in journal if s.entry.at.date() == datetime(2026, 11, 10, tzinfo=UTC).date()]

    assert [entry.kind for entry in day if entry.kind.startswith("source.")] == ["source.failed"]
    assert [entry for entry in day if entry.kind == "person.left"] == []
    assert [s.entry.at.day for s in journal if s.entry.kind == "source.recovered"] == [11]


def test_the_mass_change_is_held_split_and_leaves_no_ticket(app: App, tickets: list[Ticket]) -> None:
    with app.store.begin() as uow:
        plan = uow.episodes.plan(3)
    assert plan is not None

    assert plan.state is HoldState.PARTLY
    assert [(len(c.people), c.state) for c in plan.cohorts] == [
        (45, HoldState.REJECTED),
        (2, HoldState.RELEASED),
    ]
    rejected = {departure.person for departure in plan.cohorts[0].people}
    assert [ticket for ticket in tickets if ticket.person in rejected] == []


def test_overdue_tickets_climb_step_by_step_to_the_channel(app: App, tickets: list[Ticket]) -> None:
    ticket = one(tickets, "Porters nights", _REMOVE)
    with app.store.begin() as uow:
        steps = uow.tickets.steps(ticket.id)

    assert [(taken.step, taken.repeat) for taken, _, _ in steps] == [(1, 0), (2, 0), (3, 0), (3, 1)]
    assert [(taken.at - ticket.opened_at).total_seconds() / 3600 for taken, _, _ in steps] == [12, 24, 28, 52]
    assert steps[2][2] == ("channel",)


def test_whoever_left_and_is_still_in_a_group_has_a_live_ticket_or_is_held(
    app: App, tickets: list[Ticket]
) -> None:
    live = {ticket.person for ticket in tickets if ticket.is_live}
    with app.store.begin() as uow:
        held = {
            n.person
            for p in uow.episodes.plans()
            for c in p.cohorts
            if c.state is HoldState.HELD
            for n in c.people
        }
        left = [p.key for p in uow.people.page(None, 1000) if p.standing is Standing.LEFT]
        still_in = {key for key in left if uow.rosters.groups_of(key)}

    assert len(held) == 6
    assert still_in <= live | held
