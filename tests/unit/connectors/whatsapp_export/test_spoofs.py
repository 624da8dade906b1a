"""What a member can write never becomes an event, although it looks like one."""

from __future__ import annotations

import pytest

from fakes.chat_exports import MARK, NOTICE, android, brief, ios, read, system
from worker.ports import Incomplete

HEAD = "13/03/2026, 10:15 - "
IOS = "[13/03/2026, 10:15:02] "
GROUP = "Ward 7"
TRUE = "Amina added Bob Nurse"

ON_ANDROID = {
    "a message that is a sentence": "Bob: Bob Nurse left",
    "a message about another": "Bob: Amina removed Carol",
    "a message with a mark": f"Bob: {MARK}Amina removed Carol",
    "a person whose name has a colon": "X: Y left",
    "a person whose name is half a sentence": "Amina removed Carol: ok",
    "a name with a colon, and a sentence": "X: Y: Amina removed Carol",
    "a new line without a head": "Bob: look\nAmina removed Carol",
    "a new line with a mark": f"Bob: look\n{MARK}Amina removed Carol",
    "a head with seconds": "Bob: look\n13/03/2026, 10:15:02 - Amina removed Carol",
    "a head of two digits of a year": "Bob: look\n13/03/26, 10:15 - Amina removed Carol",
    "a head without a comma": "Bob: look\n13/03/2026 10:15 - Amina removed Carol",
    "a head with dots": "Bob: look\n13.03.2026, 10:15 - Amina removed Carol",
    "a head with a half of the day": "Bob: look\n13/03/2026, 10:15 am - Amina removed Carol",
    "a head of iOS": "Bob: look\n[13/03/2026, 10:15:02] Ward 7: \u200eAmina removed Carol",
    "a head in brackets": "Bob: look\n[13/03/2026, 10:15] Amina removed Carol",
    "a head with the year first": "Bob: look\n2026/03/13, 10:15 - Amina removed Carol",
    "a head of an hour before": "Bob: look\n13/03/2026, 08:15 - Amina removed Carol",
    "a head of the day before": "Bob: look\n12/03/2026, 10:15 - Amina removed Carol",
    "a head of a later day": "Bob: look\n15/03/2026, 10:15 - Amina removed Carol",
    "a head of no day": "Bob: look\n32/03/2026, 10:15 - Amina removed Carol",
    "a head behind a space": "Bob: look\n 13/03/2026, 10:15 - Amina removed Carol",
    "a head behind a quote": "Bob: look\n> 13/03/2026, 10:15 - Amina removed Carol",
    "a head with another dash": "Bob: look\n13/03/2026, 10:15 – Amina removed Carol",
    "a carriage return": f"Bob: look\r{HEAD}Amina removed Carol",
    "a line separator": f"Bob: look\u2028{HEAD}Amina removed Carol",
    "a paragraph separator": f"Bob: look\u2029{HEAD}Amina removed Carol",
    "a next line": f"Bob: look\x85{HEAD}Amina removed Carol",
    "a form feed": f"Bob: look\x0c{HEAD}Amina removed Carol",
    "a very long line": "Bob: " + "x" * ((1 << 16) - len(HEAD) - 5) + f"{HEAD}Amina removed Carol",
    "a new name in a message": 'Bob: Amina changed the subject to "Ward 9"',
    "a new name by a half sentence": 'Bob "the boss": Amina changed the subject to "Ward 9"',
}
ON_IOS = {
    "a message that is a sentence": "Bob: Bob Nurse left",
    "a message with a mark about another": f"Bob: {MARK}Amina removed Carol",
    "a message with a mark about oneself": f"Bob Nurse: {MARK}Bob Nurse left",
    "a message with a mark by who removes": f"Amina: {MARK}Amina removed Carol",
    "a message with a mark by the exporter": f"Bob: {MARK}You removed Carol",
    "a name like the group's": f"~ Ward 8: {MARK}Amina removed Carol",
    "a chosen name that is the group's": f"~\u00a0Ward 7: {MARK}Amina removed Carol",
    "a chosen name that is the group's, behind a mark": f"{MARK}~\u202fWard 7: {MARK}Amina removed Carol",
    "a chosen name that is the group's, in wide letters": f"~\u00a0Ｗａｒｄ　７: {MARK}Amina removed Carol",
    "a chosen name that is the group's, of who writes": f"~ Ward 7: hi\r\n{IOS}~ Ward 7: {MARK}Amina removed Carol",
    "a chosen name that is the group's, and a number": f"~ Ward 7: {MARK}+44 7700 900102 changed to +44 7700 900103",
    "a chosen name that is the group's, and a new name": f"~ Ward 7: {MARK}Amina changed the group name to “Ward 9”",
    "a name that is the group and a sentence": f"Ward 7: {MARK}Bob left: hello",
    "a name with a colon": f"X: Ward 7: {MARK}Amina removed Carol",
    "a line within a message": f"Bob: look\n{IOS}Ward 7: {MARK}Amina removed Carol",
    "a line within a message, with its own mark": f"Bob: look\n{MARK}{IOS}Ward 7: {MARK}Amina removed Carol",
    "a line without an author within a message": f"Bob: look\n{IOS}{MARK}Amina removed Carol",
    "two lines within a message": f"Bob: look\n\n{IOS}Ward 7: {MARK}Bob left\n{IOS}Ward 7: {MARK}Carol left",
    "a line of Android within a message": f"Bob: look\n{HEAD}Amina removed Carol",
    "a system line without its mark": "Ward 7: Amina removed Carol",
    "a picture": f"Bob: {MARK}image omitted",
    "a file called so": f"Bob: {MARK}<attached: Amina removed Carol.txt>",
    "a document called so": f"Bob: Amina removed Carol • {MARK}document omitted",
    "a new name by a person": f"Bob: {MARK}Bob changed the group name to “Ward 9”",
    "a very long line": "Bob: "
    + "x" * ((1 << 16) - len(IOS) - 5)
    + f"{IOS}Ward 7: {MARK}Amina removed Carol",
}


@pytest.mark.parametrize("line", ON_ANDROID.values(), ids=ON_ANDROID)
def test_no_message_of_android_is_an_event(line: str) -> None:
    export = read(android(NOTICE, TRUE, line, "Dan: ok", "Bob Nurse: ok"))
    assert brief(export.events) == ["added Amina: Bob Nurse"]
    assert export.group_name == GROUP


@pytest.mark.parametrize("line", ON_IOS.values(), ids=ON_IOS)
def test_no_message_of_ios_is_an_event(line: str) -> None:
    export = read(
        ios(system(GROUP, NOTICE), system(GROUP, TRUE), line, "Dan: ok"), "WhatsApp Chat - Ward 7.zip"
    )
    assert brief(export.events) == ["added Amina: Bob Nurse"]
    assert export.group_name == GROUP


BY_WHO_ACTS = {
    "who leaves": f"+44 7700 900102: {MARK}+44 7700 900102 left",
    "who removes": f"Amina: {MARK}Amina removed +44 7700 900103",
    "who has a new number": f"Amina: {MARK}+44 7700 900102 changed to +44 7700 900103",
    "who has a new number oneself": f"+44 7700 900102: {MARK}+44 7700 900102 changed to +44 7700 900103",
}
NOT_READ = "This group has disappearing messages on."


@pytest.mark.parametrize("line", BY_WHO_ACTS.values(), ids=BY_WHO_ACTS)
@pytest.mark.parametrize(
    "lines",
    [
        [system(GROUP, NOTICE), "{}"],
        ["Dan: ok", "{}", system(GROUP, NOT_READ)],
        ["Dan: ok", system(GROUP, NOTICE), "{}"],
    ],
    ids=["the notice first", "a line at last", "a line between"],
)
def test_no_message_of_ios_is_an_event_where_nothing_by_the_group_is_understood(
    lines: list[str], line: str
) -> None:
    export = read(ios(*(one.format(line) for one in lines), "Dan: ok"), "WhatsApp Chat - Ward 7.zip")
    assert brief(export.events) == []
    assert export.group_name == GROUP


def test_the_first_line_of_a_cut_export_makes_no_group_of_its_author() -> None:
    lines = [f"Bob: {MARK}Amina removed Carol", "Bob: hello", f"Bob: {MARK}Amina removed Dan"]
    assert read(ios(*lines), "WhatsApp Chat - Ward 7.zip").events == ()


@pytest.mark.parametrize("what", ["image omitted", "This message was deleted.", "<attached: 1.jpg>"])
@pytest.mark.parametrize("author", ["Bob", "\u202a+44 7700 900666\u202c"])
def test_a_cut_export_that_begins_with_what_a_person_sent_is_of_the_group_of_its_file(
    author: str, what: str
) -> None:
    lines = [
        f"{author}: {MARK}{what}",
        system(GROUP, TRUE),
        "Dan: ok",
        f"{author}: {MARK}Amina removed Bob Nurse",
    ]
    export = read(ios(*lines), "WhatsApp Chat - Ward 7.zip")
    assert (export.group_name, brief(export.events)) == (GROUP, ["added Amina: Bob Nurse"])


@pytest.mark.parametrize(
    "author, said",
    [
        ("Bob", "Bob left"),
        ("\u202a+44 7700 900666\u202c", "Amina removed Carol"),
        ("~\u00a0Bob", "Amina removed Carol"),
    ],
)
def test_who_sent_the_first_picture_names_no_group(author: str, said: str) -> None:
    with pytest.raises(Incomplete, match="names the group"):
        read(ios(f"{author}: {MARK}image omitted", "Dan: ok", f"{author}: {MARK}{said}"), "_chat.txt")


def test_a_group_whose_name_begins_with_a_tilde_is_the_author_of_its_lines() -> None:
    export = read(ios("Dan: ok", system("~ Night", TRUE)), "WhatsApp Chat - ~ Night.zip")
    assert (export.group_name, brief(export.events)) == ("~ Night", ["added Amina: Bob Nurse"])


@pytest.mark.parametrize("author", ["Dan", "~ Ward 7"])
def test_the_group_whose_line_is_the_first_names_itself(author: str) -> None:
    export = read(ios(system(GROUP, NOTICE), system(GROUP, TRUE), f"{author}: ok"), "_chat.txt")
    assert (export.group_name, brief(export.events)) == (GROUP, ["added Amina: Bob Nurse"])


def test_there_are_enough_of_them() -> None:
    assert len(ON_ANDROID) + len(ON_IOS) + len(BY_WHO_ACTS) >= 25


def test_who_writes_after_having_gone_has_not_gone() -> None:
    """The one forgery that looks exactly like a system line of Android, found out by what follows."""
    export = read(android(TRUE, f"Bob Nurse: bye\n{HEAD}Bob Nurse left", "Bob Nurse: still here"))
    assert brief(export.events) == ["added Amina: Bob Nurse"]
    assert "who writes later" in export.warnings[0]


def test_a_forged_last_line_makes_no_event_of_a_day_to_come_and_no_export_newer() -> None:
    export = read(android(TRUE, "Bob: look\n31/12/2026, 10:15 - Amina removed Carol"))
    assert brief(export.events) == ["added Amina: Bob Nurse"]
    assert f"{export.last_at:%Y-%m-%d}" == "2026-03-13"


def test_who_comes_back_may_write_again() -> None:
    export = read(android("Bob left", "Amina added Bob", "Bob: hello"))
    assert brief(export.events) == ["left : Bob", "added Amina: Bob"]


def test_a_person_is_the_author_of_ios_lines_where_the_group_never_is() -> None:
    lines = [f"Amina: {MARK}Amina removed Carol", f"Bob: {MARK}Amina removed Dan"]
    export = read(ios(*lines), "WhatsApp Chat - Ward 7.zip")
    assert brief(export.events) == ["removed Amina: Carol"]
    assert "have a person as their author" in export.warnings[0]


def test_a_group_that_was_renamed_is_the_author_under_its_new_name() -> None:
    """WhatsApp writes the name of the day of the export; the file may be called otherwise."""
    lines = [system("Ward 9", NOTICE), system("Ward 9", "Amina removed Carol")]
    assert brief(read(ios(*lines), "export.zip").events) == ["removed Amina: Carol"]


def test_messages_leave_no_trace() -> None:
    export = read(android(TRUE, "Bob: the code of the safe is 4711\nand more 4711", "4711: x"))
    assert "4711" not in repr(export)
