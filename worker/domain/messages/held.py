"""What is said of a held plan: its parts, and how to decide; or that nobody has to any more. Pure."""

from __future__ import annotations

from worker.domain.controls import CATALOGUE, GROUP_CONTROLS
from worker.domain.controls.others import CONTROL_OF, STATEMENT_CONTROLS
from worker.domain.kinds.attest import TOPICS
from worker.domain.kinds.controlled import fails
from worker.domain.messages.message import Paragraph
from worker.domain.messages.sentences import reason_line, sentences
from worker.domain.reconcile.guard import Cohort, HeldPlan, HeldSubject
from worker.domain.text.reason import Reason
from worker.domain.text.tongue import ENGLISH, Tongue

_TOPICS = {control: TOPICS[one.value] for one, control in CONTROL_OF.items() if one.value in TOPICS}


def held_paragraph(plan: HeldPlan, tongue: Tongue = ENGLISH) -> Paragraph:
    """A held plan: why, its cohorts, and how to decide."""
    parts = tuple((part.id, _part(part, tongue)) for part in plan.cohorts)
    if plan.is_of_controls:
        decide = tongue.say(
            "None of these tickets is opened until somebody decides: whosleft plans release {plan} "
            "(or --cohort ID), or plans reject, each with --reason.",
            plan=plan.label,
        )
    else:
        decide = tongue.say(
            "Nothing is done about these people until somebody decides: whosleft plans release {plan} "
            "(or --cohort ID), or plans reject, each with --reason.",
            plan=plan.label,
        )
    return Paragraph(_headline(plan, tongue), sentences(reason_line(plan.why, tongue), decide), parts)


def held_over_paragraph(plan: HeldPlan, why: Reason, tongue: Tongue = ENGLISH) -> Paragraph:
    """A held plan that needs no decision any more, and why."""
    headline = tongue.say("Over: {headline}", headline=_headline(plan, tongue))
    return Paragraph(headline, sentences(reason_line(why, tongue)))


def _headline(plan: HeldPlan, tongue: Tongue) -> str:
    if plan.is_of_controls:
        return tongue.say("Held: plan {plan} of controls", plan=plan.label)
    return tongue.say("Held: plan {plan} for {source}", plan=plan.label, source=plan.source)


def _part(part: Cohort, tongue: Tongue) -> str:
    if part.findings:
        return found_by_control(part, tongue)
    cause = reason_line(part.cause, tongue)
    return tongue.count("{n} person: {cause}", "{n} people: {cause}", len(part.people), cause=cause)


def found_by_control(part: Cohort, tongue: Tongue = ENGLISH) -> str:
    """What a control found, whose id is the part's: how many tickets it asks for."""
    control = tongue.say(CATALOGUE[part.id].title)
    return tongue.count(
        "One ticket to open: {control}", "{n} tickets to open: {control}", part.findings, control=control
    )


def found_of(control: str, held: HeldSubject, tongue: Tongue = ENGLISH) -> str:
    """What is wrong in a group, or what a person is asked for, in words; of a leaver, the department."""
    if control in GROUP_CONTROLS:
        return fails({"control": control, "found": held.found, "wanted": held.wanted}).say(tongue)
    if control not in STATEMENT_CONTROLS:
        return held.found
    statement = held.found or tongue.say(_TOPICS.get(control, CATALOGUE[control].title))
    if not held.wanted:
        return statement
    return tongue.say("{statement}, version {version}", statement=statement, version=held.wanted)
