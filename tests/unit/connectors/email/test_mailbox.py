from __future__ import annotations

import pytest

from connectors.notify.email.mailbox import Mailbox, mailbox


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a@example.org", Mailbox("a", "example.org")),
        (" Whosleft <w.o+x'y@example.org> ", Mailbox("w.o+x'y", "example.org", "Whosleft")),
        ('"St Mary\'s, IT" <it@example.org>', Mailbox("it", "example.org", "St Mary's, IT")),
        ("<a@localhost>", Mailbox("a", "localhost")),
        ("jörg@bücher.example", Mailbox("jörg", "xn--bcher-kva.example")),
        ("a@BÜCHER.example", Mailbox("a", "xn--bcher-kva.example")),
        ("a@straße.example", Mailbox("a", "xn--strae-oqa.example")),  # strasse.example is somebody else's
        ("a@νόμος.example", Mailbox("a", "xn--xxabhm1c.example")),
        ("a@my_host.example", Mailbox("a", "my_host.example")),
    ],
)
def test_an_address_may_have_a_name_and_letters_of_any_script(text: str, expected: Mailbox) -> None:
    assert mailbox(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "@example.org", "a@", "a b@example.org", "a@b@example.org", "a@exa mple.org", "a@example..org",
        ".a@example.org", "a.@example.org", "a..b@example.org", '"a b"@example.org', "a@[192.0.2.1]",
        "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org", "a\x00@example.org",
        "a@example.org> RCPT TO:<b@example.org", "A <a@example.org> <b@example.org>", "a" * 65 + "@example.org",
        "a@" + "x" * 64 + ".example", "a@" + ".".join(["x" * 60] * 5), "a\u2028@example.org", "a\u00a0@example.org",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_person_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="mail address"):
        mailbox(text)


def test_only_a_local_part_outside_ascii_needs_more_of_the_server() -> None:
    assert mailbox("jörg@example.org").needs_utf8
    assert not mailbox("joerg@bücher.example").needs_utf8
