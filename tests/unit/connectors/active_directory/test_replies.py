"""Replies are decoded as ldap3 decodes them, wherever they are cut."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ldap3.protocol import rfc4511
from ldap3.protocol.microsoft import DirSyncControlResponseValue
from ldap3.protocol.rfc2696 import RealSearchControlValue
from ldap3.utils.asn1 import decode_message_fast, encode  # type: ignore[attr-defined]

from connectors.directory.active_directory.wire.ber import (
    Done,
    Entry,
    Garbled,
    Message,
    Reference,
    Replies,
    read_dirsync,
    read_paged_cookie,
)
from fakes.ldap.wire import done, entry, extended, message, reference, result, tlv, widened
from ldap_replies import DN, PAGE, SAMPLE, read, taken

BUSY = 51
DISCONNECTION = "1.3.6.1.4.1.1466.20036"
Attributes = dict[str, list[bytes]]

names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9-]{0,20}(;range=[0-9]{1,4}-([0-9]{1,4}|\*))?", fullmatch=True)
attributes = st.lists(
    st.tuples(names, st.lists(st.binary(max_size=300), max_size=4)),
    max_size=8,
    unique_by=lambda pair: pair[0].lower(),
).map(dict)
texts = st.text(st.characters(codec="utf-8"), max_size=200)


# --- what is right ---------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**31 - 1), texts, attributes)
@example(1, "", {})
@example(1, DN, {"jpegPhoto": [bytes(70_000), b""]})
def test_an_entry_is_what_ldap3_makes_of_it(number: int, dn: str, values: Attributes) -> None:
    raw = entry(number, dn, values)
    theirs: Any = decode_message_fast(raw)  # type: ignore[no-untyped-call]
    theirs_values = {
        bytes(attribute[3][0][3]).decode().lower(): [bytes(value[3]) for value in attribute[3][1][3]]
        for attribute in theirs["payload"][1][3]
    }

    assert read(raw) == [(theirs["messageID"], Entry(theirs["payload"][0][3].decode(), theirs_values))]
    assert theirs_values == {name.lower(): each for name, each in values.items()}


@given(texts, attributes)
def test_lengths_as_ad_writes_them_change_nothing(dn: str, values: Attributes) -> None:
    raw = entry(3, dn, values) + done(3, 0, dn)

    assert read(widened(raw)) == read(raw)


@given(
    st.integers(0, 123),
    texts,
    texts,
    st.lists(texts, max_size=3),
    st.lists(
        st.tuples(
            st.from_regex(r"1(\.[0-9]{1,6}){1,6}", fullmatch=True), st.booleans(), st.none() | st.binary()
        ),
        max_size=3,
    ),
)
def test_a_result_is_what_ldap3_makes_of_it(
    code: int, dn: str, text: str, urls: list[str], controls: list[tuple[str, bool, bytes | None]]
) -> None:
    raw = done(9, code, text, matched_dn=dn, urls=urls, controls=controls)
    theirs: Any = decode_message_fast(raw)["payload"]  # type: ignore[no-untyped-call]

    (number, ours), *rest = read(raw)

    assert (number, rest) == (9, [])
    assert isinstance(ours, Done)
    assert (ours.code, ours.matched_dn, ours.message) == (
        theirs[0][3], theirs[1][3].decode(), theirs[2][3].decode(),
    )  # fmt: skip
    assert ours.referrals == tuple(urls)
    assert ours.controls == {oid: value or b"" for oid, _, value in controls}


@pytest.mark.parametrize(
    "kind, operation",
    [
        ("bindResponse", rfc4511.BindResponse()),
        ("searchResDone", rfc4511.SearchResultDone()),
        ("modifyResponse", rfc4511.ModifyResponse()),
        ("addResponse", rfc4511.AddResponse()),
        ("delResponse", rfc4511.DelResponse()),
        ("modDNResponse", rfc4511.ModifyDNResponse()),
        ("compareResponse", rfc4511.CompareResponse()),
        ("extendedResp", rfc4511.ExtendedResponse()),
    ],
)
def test_every_operation_ends_with_a_result(kind: str, operation: Any) -> None:
    raw = message(2, kind, result(operation, BUSY, "try again", DN, ["ldap://a", "ldap://b"]))

    assert read(raw) == [(2, Done(BUSY, "try again", DN, ("ldap://a", "ldap://b"), {}))]


def test_a_notice_of_disconnection_has_its_name_and_the_number_0() -> None:
    raw = extended(0, 52, "The server is going down.", name=DISCONNECTION, value=b"\xff")

    assert read(raw) == [(0, Done(52, "The server is going down.", "", (), {}, DISCONNECTION))]


def test_the_credentials_of_a_bind_response_are_no_name() -> None:
    operation = result(rfc4511.BindResponse(), 14)
    operation["serverSaslCreds"] = rfc4511.ServerSaslCreds(b"token")

    assert read(message(1, "bindResponse", operation)) == [(1, Done(14, "", "", (), {}))]


def test_a_reference_has_its_addresses_in_order() -> None:
    assert read(reference(4, "ldap://a/DC=x", "ldap://b/DC=y")) == [
        (4, Reference(("ldap://a/DC=x", "ldap://b/DC=y")))
    ]


def test_messages_come_in_the_order_of_the_server() -> None:
    assert [type(found) for _, found in read(PAGE)] == [Entry, Reference, Done]


def test_a_name_that_is_no_utf_8_is_replaced_and_its_values_are_kept() -> None:
    raw = tlv(
        0x30,
        tlv(2, b"\1"),
        tlv(0x64, tlv(4, b"CN=\xff"), tlv(0x30, tlv(0x30, tlv(4, b"cN"), tlv(0x31, tlv(4, b"\xff"))))),
    )

    assert read(raw) == [(1, Entry("CN=�", {"cn": [b"\xff"]}))]


def test_an_attribute_that_comes_in_two_parts_keeps_both() -> None:
    assert read(entry(1, DN, {"member": [b"a"], "Member": [b"b", b"c"]})) == [
        (1, Entry(DN, {"member": [b"a", b"b", b"c"]}))
    ]


def test_an_attribute_that_dirsync_says_is_gone_has_no_values() -> None:
    assert read(entry(1, DN, {"mobile": []})) == [(1, Entry(DN, {"mobile": []}))]


def test_what_a_later_rfc_adds_to_a_result_and_a_message_is_ignored() -> None:
    new = tlv(0x8F, b"new"), tlv(0x8A, b"a name in an ExtendedResponse only"), tlv(0xB0, tlv(4, b"new"))
    op = tlv(0x65, tlv(0x0A, b"\0"), tlv(4), tlv(4), *new)

    assert read(tlv(0x30, tlv(2, b"\1"), op, tlv(0xA0), tlv(0x81, b"new"))) == [(1, Done(0, "", "", (), {}))]


# --- in pieces -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [PAGE, widened(PAGE)], ids=["short", "long"])
def test_cut_in_two_anywhere_the_messages_are_the_same(data: bytes) -> None:
    for cut in range(len(data) + 1):
        replies = Replies()
        replies.feed(data[:cut])
        early = list(taken(replies))
        replies.feed(data[cut:])
        assert early + list(taken(replies)) == read(data)
        assert replies.held == 0


@given(st.lists(st.tuples(texts, attributes), max_size=4), st.lists(st.integers(0, 2000)), st.booleans())
@example([(DN, {"cn": [b"x"]})], list(range(200)), False)  # byte by byte
def test_cut_into_any_pieces_the_messages_are_the_same(
    entries: list[tuple[str, Attributes]], cuts: list[int], is_lazy: bool
) -> None:
    data = b"".join(entry(place, dn, values) for place, (dn, values) in enumerate(entries)) + done(9)
    replies = Replies()
    found: list[tuple[int, Message]] = []
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in pairwise(places):
        replies.feed(data[start:end])
        for each in taken(replies):
            found.append(each)
            if is_lazy:
                break  # whoever stops after one message finds the others the next time
    found += taken(replies)

    assert found == read(data)


def test_what_is_fed_during_an_iteration_is_found_by_it() -> None:
    replies = Replies()
    replies.feed(SAMPLE)
    iterator = taken(replies)
    next(iterator)
    replies.feed(done(7))

    assert next(iterator) == (7, Done(0, "", "", (), {}))


def test_an_incomplete_message_is_held_and_counted() -> None:
    replies = Replies()
    replies.feed(SAMPLE + PAGE[:30])

    assert len(list(taken(replies))) == 1
    assert replies.held == 30


def test_a_large_message_in_many_pieces_is_copied_a_few_times_only() -> None:
    data = widened(entry(1, DN, {"thumbnailPhoto": [bytes(8_000_000)]}))
    replies = Replies()
    tracemalloc.start()
    try:
        for start in range(0, len(data), 16_384):
            tracemalloc.reset_peak()
            replies.feed(data[start : start + 16_384])
            assert start + 16_384 >= len(data) or next(taken(replies), None) is None
            grown = tracemalloc.get_traced_memory()[1] - tracemalloc.get_traced_memory()[0]
            assert grown < 100_000, "each piece must not copy what came before"
    finally:
        tracemalloc.stop()

    assert isinstance(next(taken(replies))[1], Entry)


def test_whoever_takes_one_message_at_a_time_copies_no_more() -> None:
    replies = Replies()
    replies.feed(SAMPLE * 20_000)
    next(taken(replies))
    tracemalloc.start()
    try:
        for _ in range(20):
            replies.feed(SAMPLE)
            next(taken(replies))
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


# --- values of controls ----------------------------------------------------------------------------------------------


@given(st.integers(0, 2**31 - 1), st.binary(max_size=300))
def test_the_cookie_of_a_page_is_what_ldap3_encodes(size: int, cookie: bytes) -> None:
    value = RealSearchControlValue()
    value["size"], value["cookie"] = size, cookie
    raw = encode(value)

    assert read_paged_cookie(raw) == cookie
    assert read_paged_cookie(widened(raw)) == cookie


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**31 - 1), st.binary(max_size=300))
def test_the_cookie_of_dirsync_is_what_ldap3_encodes(more: int, unused: int, cookie: bytes) -> None:
    value = DirSyncControlResponseValue()
    value["MoreResults"], value["unused"], value["CookieServer"] = more, unused, cookie

    assert read_dirsync(encode(value)) == (more != 0, cookie)


@given(
    st.data(),
    st.sampled_from([b"\x30\x07\x02\x01\x00\x04\x02ab", b"\x30\x0a\x02\x01\x00\x02\x01\x00\x04\x02ab"]),
)
def test_a_broken_value_of_a_control_is_garbled(draw: st.DataObject, value: bytes) -> None:
    place, byte = draw.draw(st.integers(0, len(value))), draw.draw(st.integers(0, 255))
    for broken in (value[:place], value + b"x", value[:place] + bytes((byte,)) + value[place + 1 :]):
        for function in (read_paged_cookie, read_dirsync):
            with suppress(Garbled):
                function(broken)


@pytest.mark.parametrize(
    "value", [b"", b"\x30", b"\x30\x00", b"\x30\x80", b"\x30\x03\x02\x01\x00", b"\x04\x00"]
)
def test_a_control_without_its_cookie_is_garbled(value: bytes) -> None:
    for function in (read_paged_cookie, read_dirsync):
        with pytest.raises(Garbled):
            function(value)


@pytest.mark.parametrize(
    "value", [b"\x30\x07\x02\x01\x00\x04\x02ab\x00", b"\x30\x09\x02\x01\x00\x04\x02ab\x04\x00"]
)
def test_a_control_with_something_after_its_cookie_is_garbled(value: bytes) -> None:
    with pytest.raises(Garbled, match="after its end"):
        read_paged_cookie(value)
