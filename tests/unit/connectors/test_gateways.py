"""Whatever JSON a gateway answers: its mapping returns a fact, or says that the row can't be understood."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.inventory.evolution import mapping as evolution
from connectors.inventory.gowa import mapping as gowa
from connectors.inventory.waha import mapping as waha
from connectors.kit.act_answers import outcome
from connectors.kit.linked_phone import Listed
from contracts.inventory import NOW
from worker.domain.model import Member
from worker.ports import Transient

KEYS = (
    "id", "JID", "_serialized", "subject", "name", "Name", "desc", "description", "Topic", "invite", "inviteCode",
    "groupMetadata", "lastMessage", "timestamp", "size", "ParticipantCount", "restrict", "memberAddMode",
    "membershipApprovalMode", "role", "pn", "jid", "lid", "phone_number", "phoneNumber", "admin", "is_admin",
    "display_name", "status", "Error", "updateParticipants", "event", "payload", "data", "session", "instance",
    "group", "chat_id", "date_time", "isCommunityAnnounce", "IsDefaultSubGroup",
)  # fmt: skip
IDS = (
    "120363000000000007@g.us",
    "447700900101@c.us",
    "90000000000101@lid",
    "group.v2.join",
    "group.joined",
    "left",
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(IDS)
    | st.sampled_from(["\ud800", "\x00", "a" * 5000])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=12,
)
ROWS = st.dictionaries(st.sampled_from(KEYS), JSON) | JSON


@pytest.mark.parametrize("kind", [waha, gowa, evolution], ids=["waha", "gowa", "evolution"])
@given(row=ROWS)
def test_a_row_is_a_group_that_can_be_kept_or_is_set_aside(kind: Any, row: Any) -> None:
    with suppress(ValueError):
        found = kind.listed({"id": IDS[0], "JID": IDS[0], **row} if isinstance(row, dict) else row, NOW)
        assert isinstance(found, Listed)
        repr(found).encode()
        (found.name + (found.facts.description or "")).encode()


@pytest.mark.parametrize("kind", [waha, gowa, evolution], ids=["waha", "gowa", "evolution"])
@given(row=ROWS)
def test_a_row_is_a_member_with_a_safe_name_or_is_set_aside(kind: Any, row: Any) -> None:
    with suppress(ValueError):
        found = kind.member({"id": IDS[1], "jid": IDS[1], **row} if isinstance(row, dict) else row, "GB")
        if found is not None:
            assert isinstance(found, Member)
            assert found.handle in {found.phone, found.lid}
            found.display_name.encode()


@pytest.mark.parametrize(
    "events",
    [lambda body: waha.events(body, "x"), gowa.events, lambda body: evolution.events(body, "x")],
    ids=["waha", "gowa", "evolution"],
)
@given(body=ROWS)
def test_a_call_says_which_groups_or_raises_what_makes_it_400(
    events: Callable[[Any], Any], body: Any
) -> None:
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        for event in events(body):
            assert all(event.groups)


@pytest.mark.parametrize("kind", [waha, gowa, evolution], ids=["waha", "gowa", "evolution"])
@given(answer=ROWS)
def test_an_act_s_answer_is_an_outcome_or_unclear(kind: Any, answer: Any) -> None:
    with suppress(Transient):
        assert outcome("WAHA", "remove", kind.status_of(answer)).effect
