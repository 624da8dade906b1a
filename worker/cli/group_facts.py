"""What is known of a group besides its members, as lines for a terminal."""

from __future__ import annotations

from datetime import datetime

from worker.app.reads.group import said_facts, shown_facts
from worker.cli.common import local_time
from worker.domain.model import Fact, GroupFacts
from worker.ports.state.groups import GroupRow
from worker.settings.model import Settings

_WORDS = {
    Fact.DESCRIPTION: "description",
    Fact.PICTURE: "picture",
    Fact.LINK: "join link",
    Fact.APPROVAL: "approval",
    Fact.EDIT: "edit",
    Fact.WRITE: "write",
    Fact.ADD: "add",
    Fact.LAST_ACTIVITY: "last activity",
    Fact.ARCHIVED: "archived",
}


def fact_lines(group: GroupRow, settings: Settings) -> list[tuple[str, str]]:
    """What its source shows of a group, and what a register says, each in one line; "" for nothing."""
    shown = [f"{_WORDS[fact]}: {_shown(group.facts, fact, settings)}" for fact in shown_facts(group.facts)]
    said = [
        f"{name.replace('_', ' ')}: {_word(getattr(group.registered, name))}"
        for name in said_facts(group.registered)
    ]
    return [("shown", "; ".join(shown)), ("register", "; ".join(said))]


def _shown(facts: GroupFacts, fact: Fact, settings: Settings) -> str:
    value = getattr(facts, fact)
    if fact is Fact.LINK:
        if not value:
            return "none"
        at = local_time(facts.link_changed_at, settings)
        return f"changed {at}" if facts.link_before_at else f"the same since it was first seen {at}"
    if fact is Fact.PICTURE:
        return "yes" if value else "none"
    return local_time(value, settings) if isinstance(value, datetime) else _word(value)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(value).split()) or "none"
