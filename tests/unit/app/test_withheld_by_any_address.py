"""No admin of the group may hear of a report of harm, by none of their addresses, and whoever calls them a mover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from builders import rules
from harness import ACCOUNTABLE, Harness
from reported import ADMIN, HARM, handled, policy, report, to
from several_accounts import known_twice
from worker.app.reads.rotas import RotaRules
from worker.app.refused import Refused
from worker.domain.controls.policy import ReportsRule
from worker.domain.escalation.absence import Absence
from worker.domain.escalation.policy import After, Named, NamedKind, Policy, Step, Target, Whom
from worker.domain.evidence.actor import Actor
from worker.domain.model import Coverage, Group
from worker.domain.people.joiners import Placement

Found = Callable[..., Harness]
AGAIN = "cloud-dee@corp.example"  # the admin's other address, by which nobody writes to her
DEE = Named(NamedKind.PERSON, AGAIN)
NURSES = Placement((("department", ("Nursing",)),), ("Ward 7",))


def twice(found: Found, accountable: str = ACCOUNTABLE, *targets: Whom) -> Harness:
    """Dee, the ward's admin, has an account in each of two directories; the first one speaks for her."""
    steps = (Step(After(share=0.5), targets),) if targets else ()
    return known_twice(
        found,
        controls=policy(ReportsRule(harm_to=(DEE,))),
        rules=rules(accountable=accountable, policies=(Policy("t", steps),)),
        has_links=True,
    )


def owned_by(h: Harness, address: str) -> None:
    h.wards.add_group(Group("ward-7", "Ward 7", owner_email=address), h.wards.members("ward-7"))
    h.settle()


def told(h: Harness) -> set[str]:
    h.deliver()
    return {message.to.address for message in h.soc.sent}


def reported(h: Harness) -> None:
    report(h, HARM, "words")
    h.settle()


def test_it_does_not_begin_with_an_admin_by_their_other_address(found: Found) -> None:
    h = twice(found, AGAIN)
    reported(h)
    assert not {AGAIN, ADMIN} & told(h)
    owned_by(h, AGAIN)
    h.later(days=1)
    reported(h)
    assert [to(one) for one in handled(h)] == ["", ""]
    assert not {AGAIN, ADMIN} & told(h)


def test_nor_does_a_step_or_a_deputy_or_a_person_bring_it_there(found: Found) -> None:
    h = twice(found, ACCOUNTABLE, Target.ACCOUNTABLE, Target.OWNER, DEE)
    owned_by(h, AGAIN)
    away = Absence(ACCOUNTABLE, h.now - timedelta(days=1), h.now + timedelta(days=30), AGAIN)
    h.start(replace(h.app.rules, rotas=RotaRules(absences=(away,))))
    reported(h)
    h.later(days=3)
    h.escalate()
    assert not {AGAIN, ADMIN} & told(h)
    for address in (AGAIN, AGAIN.upper()):
        with pytest.raises(Refused, match="no admin of the group may see"):
            h.desk.assign(handled(h)[0].id, address, Actor("sam"), h.now)


def test_nor_does_it_to_an_admin_whom_the_joiner_rules_do_not_place_there_any_more(start: Found) -> None:
    step = Step(After(share=0.5), (Target.OWNER, Target.ADMINS))
    h = start(
        controls=policy(), has_links=True, joiners=(NURSES,), rules=rules(policies=(Policy("t", (step,)),))
    )
    h.corp.change("dee", department="Nursing")
    owned_by(h, ADMIN)
    h.later()
    h.corp.change("dee", department="Theatre")
    h.settle()
    reported(h)
    h.later(days=3)
    h.escalate()
    h.deliver()
    heard = [one.headline for message in h.soc.to(ADMIN) for one in message.paragraphs]
    assert not [one for one in heard if "report" in one], heard
    with pytest.raises(Refused, match="no admin of the group may see"):
        h.desk.assign(handled(h)[0].id, ADMIN, Actor("sam"), h.now)


def test_nor_to_one_whom_the_last_list_did_not_have_since_it_was_a_partial_one(found: Found) -> None:
    h = twice(found, ADMIN)
    h.wards.remove_member("ward-7", h.number("dee"))
    h.wards.mark("ward-7", Coverage.PARTIAL)
    h.settle()
    reported(h)
    assert to(handled(h)[0]) == ""
    assert ADMIN not in told(h)
