"""What a member's handle is shown as."""

from __future__ import annotations

import pytest

from worker.domain.identity.handles import HandleKind, ShownHandle, shown_handle


@pytest.mark.parametrize(
    "handle, kind, text",
    [
        ("+447700900123", HandleKind.PHONE, "+447700900123"),
        ("123456@lid", HandleKind.NATIVE, "123456@lid"),
        ("@ann:corp.example", HandleKind.USERNAME, "@ann:corp.example"),
        ("U024BE7LH", HandleKind.NATIVE, "U024BE7LH"),
        ("email:ann@corp.example", HandleKind.EMAIL, "ann@corp.example"),
        ("employee:4711", HandleKind.EMPLOYEE, "4711"),
        ("447700900123", HandleKind.NATIVE, "447700900123"),
        ("email:", HandleKind.NATIVE, "email:"),
    ],
)
def test_a_handle_is_shown_as_what_it_is(handle: str, kind: HandleKind, text: str) -> None:
    shown = shown_handle(handle)

    assert shown == ShownHandle(kind, text)
    assert shown.is_phone is (kind is HandleKind.PHONE)


@pytest.mark.parametrize("handle", ["", "name:Ann Lee", "person:4711"])
def test_what_says_no_more_than_the_name_is_not_shown(handle: str) -> None:
    assert shown_handle(handle) is None
