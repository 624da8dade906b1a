"""Replies that break a rule are garbled, those that end early are incomplete, and none is guessed at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.directory.active_directory.wire.ber import MESSAGE_MAX, Garbled, Replies
from fakes.ldap.wire import done, entry, reference, tlv, widened
from ldap_replies import DN, PAGE, SAMPLE, read, taken

SAMPLE_CONTENT = SAMPLE[2:]  # its length is a single byte


def outcome(data: bytes) -> str:
    """What becomes of a stream that ends here; any other exception fails the test."""
    replies = Replies()
    replies.feed(data)
    try:
        list(taken(replies))
    except Garbled:
        return "garbled"
    return "held" if replies.held else "whole"


@pytest.mark.parametrize(
    "messages",
    [
        (SAMPLE, reference(7, "ldap://a"), done(7)),
        (widened(SAMPLE), widened(done(7))),
    ],
    ids=["short", "long"],
)
def test_every_truncation_of_a_stream_is_incomplete(messages: tuple[bytes, ...]) -> None:
    for place, last in enumerate(messages):
        before = b"".join(messages[:place])
        assert outcome(before) == "whole"
        assert {outcome(before + last[:cut]) for cut in range(1, len(last))} == {"held"}


@pytest.mark.parametrize("cut", range(1, len(SAMPLE_CONTENT) + 1))
def test_a_message_that_is_shorter_inside_than_it_says_is_garbled(cut: int) -> None:
    assert outcome(tlv(0x30, SAMPLE_CONTENT[:-cut])) == "garbled"


def lengths(data: bytes, at: int = 2) -> Iterator[int]:
    """The places of the lengths, all of one byte, inside of a message."""
    while at < len(data):
        yield at + 1
        if data[at] & 0x20:
            yield from (at + 2 + place for place in lengths(data[at + 2 : at + 2 + data[at + 1]], 0))
        at += 2 + data[at + 1]


@pytest.mark.parametrize("change", [1, -1])
@pytest.mark.parametrize(
    "message",
    [
        SAMPLE,
        entry(7, DN, {"sn": [b"a", b"bc"]}),
        reference(7, "ldap://a", "ldap://b"),
        done(7, controls=[("1.2.3", True, b"ab")]),
        done(7, urls=["ldap://a"]),
    ],
    ids=["entry", "last value", "reference", "controls", "referral"],
)
def test_a_length_inside_that_is_wrong_by_one_is_garbled(message: bytes, change: int) -> None:
    for place in lengths(message):
        broken = bytearray(message)
        broken[place] = (broken[place] + change) % 0x80
        assert outcome(bytes(broken)) == "garbled", f"byte {place}"


@given(st.sampled_from([PAGE, widened(PAGE)]), st.data())
@settings(max_examples=300)
def test_flipped_bytes_give_garbled_or_a_message_and_nothing_else(data: bytes, draw: st.DataObject) -> None:
    broken = bytearray(data)
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=3)):
        broken[place] = draw.draw(st.integers(0, 255))

    assert outcome(bytes(broken)) in {"garbled", "held", "whole"}


@given(st.binary(max_size=200))
@settings(max_examples=150)
def test_noise_is_garbled_or_incomplete(noise: bytes) -> None:
    assert outcome(noise) in {"garbled", "held", "whole"}
    assert outcome(tlv(0x30, noise)) in {"garbled", "whole"}
    assert outcome(tlv(0x30, tlv(2, b"\1"), tlv(0x64, noise))) in {"garbled", "whole"}


_ID = tlv(2, b"\1")
_OK = (tlv(0x0A, b"\0"), tlv(4), tlv(4))


@pytest.mark.parametrize(
    "data, why",
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "0x48 instead of 0x30"),
        (b"\x30\x80" + _ID, "length of the form 0x80"),
        (b"\x30\x85\0\0\0\0\x05" + _ID, "length of the form 0x85"),
        (b"\x30\xff" + _ID, "length of the form 0xff"),
        (b"\x30\x84" + (MESSAGE_MAX + 1).to_bytes(4, "big"), "is announced"),
        (b"\x30\x84\xff\xff\xff\xff", "is announced"),
        (tlv(0x30), "in the middle"),
        (tlv(0x30, _ID), "in the middle"),
        (tlv(0x30, tlv(2, b"\xff"), tlv(0x65, *_OK)), "no number"),
        (tlv(0x30, tlv(2), tlv(0x65, *_OK)), "no number"),
        (tlv(0x30, tlv(2, bytes(5)), tlv(0x65, *_OK)), "no number"),
        (tlv(0x30, tlv(4, b"\1"), tlv(0x65, *_OK)), "0x04 instead of 0x02"),
        (tlv(0x30, _ID, tlv(0x63, *_OK)), "operation 0x63"),
        (tlv(0x30, _ID, tlv(0x79)), "operation 0x79"),
        (tlv(0x30, _ID, tlv(0x04, b"x")), "operation 0x04"),
        (tlv(0x30, _ID, tlv(0x65, *_OK), tlv(4)), "0x04 instead of 0xa0"),
        (tlv(0x30, _ID, tlv(0x65, *_OK), tlv(0xA0), tlv(4)), "cannot be there"),
        (tlv(0x30, _ID, tlv(0x65, *_OK, tlv(4))), "cannot be there"),
        (tlv(0x30, _ID, tlv(0x65, *_OK, b"\x9f\x81\x00")), "cannot be there"),
        (tlv(0x30, _ID, tlv(0x65, tlv(0x0A, b"\0"), tlv(4))), "in the middle"),
        (tlv(0x30, _ID, tlv(0x65, tlv(0x0A, b"\0"), tlv(4)), tlv(4)), "0x04 instead of 0xa0"),
        (tlv(0x30, _ID, tlv(0x65, *_OK), tlv(0xA0, tlv(0x30, tlv(4), tlv(1, b"ab")))), "criticality"),
        (tlv(0x30, _ID, tlv(0x65, *_OK), tlv(0xA0, tlv(0x30, tlv(4), tlv(4), tlv(4)))), "after its value"),
        (tlv(0x30, _ID, tlv(0x64, tlv(4), tlv(0x30), tlv(4))), "after its attributes"),
        (tlv(0x30, _ID, tlv(0x64, tlv(4), tlv(0x30, tlv(0x30, tlv(4), tlv(0x31), tlv(4))))), "after its values"),
        (tlv(0x30, _ID, tlv(0x64, tlv(4), tlv(0x30, tlv(0x30, tlv(4), tlv(0x31, tlv(2, b"1")))))), "no octet string"),
        (tlv(0x30, _ID, tlv(0x64, tlv(4), tlv(0x30, tlv(0x30, tlv(4), tlv(0x31, b"\4\5a")), tlv(0x30)))), "runs over"),
        (tlv(0x30, _ID, tlv(0x64, tlv(0x24, tlv(4, b"CN=x")), tlv(0x30))), "0x24 instead of 0x04"),
        (tlv(0x30, _ID, tlv(0x64, tlv(4), b"\x30\x80\0\0")), "length of the form 0x80"),
        (tlv(0x30, _ID, tlv(0x73, tlv(2, b"1"))), "0x02 instead of 0x04"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_garbled_and_the_error_says_why(data: bytes, why: str) -> None:
    with pytest.raises(Garbled, match=why):
        read(data)


def test_messages_before_the_broken_one_are_given_and_it_stays_broken() -> None:
    replies = Replies()
    replies.feed(SAMPLE + b"\x31\x00")
    iterator = taken(replies)

    assert next(iterator)[0] == 7
    with pytest.raises(Garbled):
        next(iterator)
    replies.feed(SAMPLE)
    with pytest.raises(Garbled):
        next(taken(replies))
