"""Messages that reached nobody, or wait: listed, sent once more, or given up."""

from __future__ import annotations

import pytest

from harness import Harness
from silenced import DEE, SAM, Start, late_company, posts, told
from worker.app.refused import Refused
from worker.domain.evidence import events
from worker.ports import Rejected
from worker.ports.state.deliveries import Post, PostState


@pytest.fixture
def late(start: Start) -> Harness:
    return late_company(start)


def dead(harness: Harness) -> Post:
    harness.soc.fail_next(Rejected("No.", remedy="Look."))
    harness.later(hours=12)
    harness.escalate()
    harness.deliver()
    [post] = posts(harness, PostState.DEAD)
    return post


def test_a_dead_message_is_listed_and_sent_once_more(late: Harness) -> None:
    post = dead(late)
    assert (post.to.address, post.over, post.tickets) == (DEE, "soc", ("T-000001",))
    assert "No." in post.error
    assert late.app.silencing.retry(post.id, SAM, late.now).id == post.id
    before = len(late.soc.sent)
    late.deliver()
    assert [message.to.address for message in late.soc.sent[before:]].count(DEE) == 1
    assert posts(late, PostState.DEAD) == []
    with pytest.raises(Refused, match="no dead message"):
        late.app.silencing.retry(post.id, SAM, late.now)


def test_a_dead_message_is_given_up_with_a_reason(late: Harness) -> None:
    post = dead(late)
    with pytest.raises(Refused, match="a reason is required"):
        late.app.silencing.drop(post.id, SAM, " ", late.now)
    late.app.silencing.drop(post.id, SAM, "She has no phone", late.now)
    assert posts(late, PostState.DEAD) == []
    with pytest.raises(Refused, match="no unsent message"):
        late.app.silencing.drop(post.id, SAM, "again", late.now)
    with late.store.reading() as uow:
        kinds = [sealed.entry.kind for sealed in uow.journal.of(f"delivery:{post.id}")]
    assert kinds == [events.DELIVERY_DROPPED]


@pytest.mark.parametrize("number", ["D-99999999999999999999", "M-99999999999999999999"])
def test_a_number_that_is_too_long_for_a_database_is_no_message_s(late: Harness, number: str) -> None:
    with pytest.raises(Refused, match="no dead message"):
        late.app.silencing.retry(number, SAM, late.now)
    with pytest.raises(Refused, match="no unsent message"):
        late.app.silencing.drop(number, SAM, "x", late.now)


def test_a_message_that_waits_is_given_up_too(late: Harness) -> None:
    late.later(hours=12)
    late.escalate()
    [waiting] = posts(late, PostState.WAITING)
    assert waiting.id.startswith("M-")
    late.app.silencing.drop(waiting.id.lower(), SAM, "It was told by phone", late.now)
    assert told(late) == []
    for unknown in ("M-x", "Q-1", "", waiting.id):
        with pytest.raises(Refused):
            late.app.silencing.drop(unknown, SAM, "again", late.now)
