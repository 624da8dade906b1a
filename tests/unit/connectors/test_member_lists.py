from __future__ import annotations

from contextlib import suppress

import pytest

from connectors.kit.member_lists import ENTRIES_MAX, LETTERS_MAX, Entry, MemberList, TooLong, read_members
from growth import grows_evenly

AMINA, BOB, ME = Entry("Amina Yusuf"), Entry("Bob Nurse"), Entry("", None, is_me=True)
N1, N2 = Entry("", "+447700900101"), Entry("", "+447700900102")
AMINA_1 = Entry("Amina Yusuf", "+447700900101")
BOB_2 = Entry("Bob Nurse", "+447700900102")


def read(text: str, *known: str) -> MemberList:
    return read_members(text, known, (), region="GB")


WHOLE = {
    "Amina Yusuf, Bob Nurse, +44 7700 900101, +44 7700 900102, You": (AMINA, BOB, N1, N2, ME),
    "Amina Yusuf": (AMINA,),
    "Amina Yusuf,Bob Nurse": (AMINA, BOB),
    "Amina Yusuf; Bob Nurse": (AMINA, BOB),
    "Amina Yusuf\nBob Nurse": (AMINA, BOB),
    "Amina Yusuf\r\nBob Nurse\r\n": (AMINA, BOB),
    "Amina Yusuf\u2028Bob Nurse": (AMINA, BOB),
    "Amina Yusuf، Bob Nurse": (AMINA, BOB),
    "Amina Yusuf؛ Bob Nurse": (AMINA, BOB),
    "Amina Yusuf、Bob Nurse": (AMINA, BOB),
    "Amina Yusuf，Bob Nurse": (AMINA, BOB),
    "Amina Yusuf;\n\n ,Bob Nurse,,": (AMINA, BOB),
    '"Yusuf, Amina", Bob Nurse': (Entry("Yusuf, Amina"), BOB),
    "“Yusuf, Amina”; Bob Nurse": (Entry("Yusuf, Amina"), BOB),
    "«Yusuf، Amina»، Bob Nurse": (Entry("Yusuf، Amina"), BOB),
    'Amina "the boss" Yusuf, Bob Nurse': (Entry('Amina "the boss" Yusuf'), BOB),
    'Amina 6" Yusuf, Bob Nurse': (Entry('Amina 6" Yusuf'), BOB),
    '"Amina Yusuf, Bob Nurse': (AMINA, BOB),  # never closed
    "~ Amina Yusuf, ~Bob Nurse": (AMINA, BOB),
    "~\u202fAmina Yusuf": (AMINA,),
    "07700 900101": (N1,),
    "+44 (0)7700 900101": (N1,),
    "0044 7700 900101": (N1,),
    "+44-7700-900101": (N1,),
    "+44.7700.900101": (N1,),
    "(07700) 900101": (N1,),
    "447700900101@c.us, +447700900102@s.whatsapp.net": (N1, N2),
    "4915123456789@c.us, 447700900101:12@s.whatsapp.net": (Entry("", "+4915123456789"), N1),
    "447700900101@c.us Amina Yusuf\nBob Nurse\t447700900102@s.whatsapp.net": (AMINA_1, BOB_2),
    "\u202a+44\u00a07700\u00a0900101\u202c, \u202a+44\u00a07700\u00a0900102\u202c": (N1, N2),
    "\u2066+44 7700 900101\u2069": (N1,),
    "+٤٤ ٧٧٠٠ ٩٠٠١٠١": (N1,),
    "+४४ ७७०० ९००१०१": (N1,),
    "+44‑7700‑900101": (N1,),
    "+49 1512 3456789, +971 50 123 4567": (Entry("", "+4915123456789"), Entry("", "+971501234567")),
    "Amina Yusuf +44 7700 900101": (AMINA_1,),
    "Amina Yusuf: +44 7700 900101": (AMINA_1,),
    "Amina Yusuf (+44 7700 900101)": (AMINA_1,),
    "Amina Yusuf <+44 7700 900101>, Bob Nurse <07700 900102>": (AMINA_1, BOB_2),
    "Amina Yusuf - 07700 900101": (AMINA_1,),
    "+44 7700 900101 ~ Amina Yusuf": (AMINA_1,),
    "+44 7700 900101 (Amina Yusuf)": (AMINA_1,),
    "Bob (Ward 7), [A] Amina [B], O'Neil's, Bob*, {x} or {z}": (
        Entry("Bob (Ward 7)"),
        Entry("[A] Amina [B]"),
        Entry("O'Neil's"),
        Entry("Bob*"),
        Entry("{x} or {z}"),
    ),
    "(Amina Yusuf), 'Bob Nurse', *Carol*, [Dan, Eve], - * <Fay>": (
        *(AMINA, BOB, Entry("Carol")),
        *(Entry("Dan"), Entry("Eve"), Entry("Fay")),
    ),
    "~ Bob (Ward 7) (+44 7700 900102)": (Entry("Bob (Ward 7)", "+447700900102"),),
    "Bob (Ward 7) <+44 7700 900102>": (Entry("Bob (Ward 7)", "+447700900102"),),
    "Amina Yusuf\t+44 7700 900101\nBob Nurse\t+44 7700 900102": (AMINA_1, BOB_2),
    "+44 7700 900101\tAmina Yusuf": (AMINA_1,),
    "Amina Yusuf\n+44 7700 900101\nBob Nurse\n07700 900102": (AMINA_1, BOB_2),
    "+44 7700 900101\nAmina Yusuf\n07700 900102\nBob Nurse": (AMINA_1, BOB_2),
    "+44 7700 900101\n~Amina Yusuf\nBob Nurse": (AMINA_1, BOB),
    "Amina Yusuf\n+44 7700 900101": (AMINA, N1),  # one of each may be two members
    "Amina Yusuf\n+44 7700 900101\nBob Nurse": (AMINA, N1, BOB),
    "3 members\nYou\nAmina Yusuf\nGroup admin\nBob Nurse": (ME, AMINA, BOB),
    "Amina Yusuf, Bob Nurse and Carol": (AMINA, BOB, Entry("Carol")),
    "Amina Yusuf, Bob Nurse und Carol": (AMINA, BOB, Entry("Carol")),
    "Salt and Sons": (Entry("Salt and Sons"),),
    "Nurse Bob Ward 7, Amina Yusuf": (Entry("Nurse Bob Ward 7"), AMINA),
    "🌙, ⭐ Bob": (Entry("🌙"), Entry("⭐ Bob")),
    "أمينة يوسف، سام، +٤٤ ٧٧٠٠ ٩٠٠١٠١، أنت": (Entry("أمينة يوسف"), Entry("سام"), N1, ME),
    "\u200fأمينة\u200f، \u200eBob\u200e": (Entry("أمينة"), Entry("Bob")),
    "You +44 7700 900101, Bob Nurse": (Entry("", "+447700900101", is_me=True), BOB),
    "Ty, Bob Nurse, You": (Entry("Ty"), BOB, ME),  # a name, since "You" is there
    "Amina Yusuf, Ty, Bob Nurse": (AMINA, Entry("Ty"), BOB),
    "Du": (Entry("Du"),),
    "Anda, +40 721 234 567, Bob Nurse, You": (Entry("Anda"), Entry("", "+40721234567"), BOB, ME),
    "Bob Nurse, Anda, Amina Yusuf": (BOB, Entry("Anda"), AMINA),
    "Anda\t+40 721 234 567\nBob Nurse": (Entry("Anda", "+40721234567", is_me=True), BOB),
}


@pytest.mark.parametrize("text, entries", WHOLE.items(), ids=range(len(WHOLE)))
def test_a_list_is_read_whole(text: str, entries: tuple[Entry, ...]) -> None:
    assert read(text) == MemberList(entries, (), is_whole=True)


YOU = [
    "You",
    "Du",
    "Sie",
    "Vous",
    "Tú",
    "Usted",
    "Você",
    "Tu",
    "Lei",
    "Je",
    "U",
    "أنت",
    "आप",
    "Siz",
    "Sen",
    "Ty",
    "Вы",
    "你",
    "您",
    "あなた",
    "나",
    "Anda",
    "Sinä",
    "Bạn",
]


@pytest.mark.parametrize("you", YOU)
def test_you_is_me_in_any_language(you: str) -> None:
    assert read(f"Amina Yusuf, {you}").entries == (AMINA, ME)
    assert read(f"{you.upper()}\nAmina Yusuf").entries[0].is_me


MORE = [
    "Amina Yusuf, Bob Nurse, and 12 others",
    "Amina Yusuf, Bob Nurse and 12 others",
    "Amina Yusuf, Bob Nurse, 12 more",
    "Amina Yusuf, Bob Nurse, +12",
    "Amina Yusuf, Bob Nurse +12 more",
    "Amina Yusuf, Bob Nurse…",
    "Amina Yusuf, Bob Nurse, …",
    "Amina Yusuf, Bob Nurse, ...",
    "Amina Yusuf, Bob Nurse und 12 weitere",
    "Amina Yusuf, Bob Nurse et 12 autres",
    "Amina Yusuf, Bob Nurse y 12 más",
    "Amina Yusuf, Bob Nurse e outros 12",
    "Amina Yusuf, Bob Nurse e altri 12",
    "Amina Yusuf, Bob Nurse en 12 anderen",
    "Amina Yusuf، Bob Nurse و 12 آخرين",
    "Amina Yusuf, Bob Nurse और १२ अन्य",
    "Amina Yusuf, Bob Nurse ve 12 kişi daha",
    "Amina Yusuf, Bob Nurse i 12 innych",
    "Amina Yusuf, Bob Nurse и ещё 12",
]


@pytest.mark.parametrize("text", MORE)
def test_who_is_only_counted_makes_the_list_not_whole(text: str) -> None:
    found = read(text)
    assert not found.is_whole
    assert found.entries[0] == AMINA
    assert found.entries in {(AMINA, BOB), (AMINA,)}  # a name before "…" may be cut
    assert BOB in found.entries or found.not_understood


ODD = {
    "Amina Yusuf, 12345": "'12345'",
    "Amina Yusuf, +44 7700": "'+44 7700'",
    "Amina Yusuf, 76699677012110@lid": "'76699677012110@lid'",
    "Amina Yusuf, 12025550123@lid": "'12025550123@lid'",
    "Amina Yusuf, Bob 12025550123@lid": "'Bob 12025550123@lid'",
    "Amina Yusuf, 447700900102-1609459200@g.us": "'447700900102-1609459200@g.us'",
    "Amina Yusuf, 447700900102@example.org": "'447700900102@example.org'",
    "Amina Yusuf, 447700900102@c.us.example.org": "'447700900102@c.us.example.org'",
    "Amina Yusuf, bob@example.org": "'bob@example.org'",
    "Amina Yusuf, +999 123 456 789": "'+999 123 456 789'",
    "Amina Yusuf, +44 7700 900101 / +44 7700 900102": "'+44 7700 900101 / +44 7700 900102'",
    "Amina Yusuf, Bob +44 7700 900101 or 07700 900102": "'Bob +44 7700 900101 or 07700 900102'",
    "Amina Yusuf, Bob +44 7700 900 1O2": "'Bob +44 7700 900 1O2'",
    "Amina Yusuf, Bob +44 7700 900 ***": "'Bob +44 7700 900 ***'",
    "Amina Yusuf, !!!": "'!!!'",
    "Amina Yusuf, Bo\x00b": "'Bo�b'",
    "Amina Yusuf, " + "x" * 101: "'" + "x" * 39 + "…'",
    "Amina Yusuf, " + "1" * 300: "'" + "1" * 39 + "…'",
}


@pytest.mark.parametrize("text, odd", ODD.items(), ids=range(len(ODD)))
def test_a_part_that_is_nobody_is_given_back_and_the_list_is_not_whole(text: str, odd: str) -> None:
    assert read(text) == MemberList((AMINA,), (odd,), is_whole=False)


@pytest.mark.parametrize("part", [
    "+44 7700 900101 / +44 7700 900102", "Bob 07700900102 or 07700 900101", "447700900102@c.us.example.org",
    "Bob, 07700-900-102...",
])  # fmt: skip
def test_a_known_number_in_a_part_that_was_not_understood_may_be_meant(part: str) -> None:
    found = read_members(f"Amina Yusuf\n{part}", (), ("+447700900102", "+447700900103"), region="GB")
    assert not found.is_whole
    assert found.entries[0] == AMINA
    assert N2 in found.entries
    assert Entry("", "+447700900103") not in found.entries


def test_what_comes_twice_is_once_and_counted() -> None:
    assert read("Bob Nurse, BOB  NURSE, +44 7700 900101, 07700 900101, You, you") == MemberList(
        (BOB, N1, ME), (), is_whole=True, repeated=3
    )


def test_overrides_of_the_direction_are_dropped_from_names_and_from_what_is_shown() -> None:
    found = read("\u202eAmina\u202c Yusuf, \u202e12345")
    assert found.entries == (AMINA,)
    assert found.not_understood == ("'12345'",)


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", ",,,", "…", "," * LETTERS_MAX, "\u202e" * 1000, '"' * 1000]
)
def test_nobody_is_no_whole_list(text: str) -> None:
    found = read(text)
    assert found.entries == ()
    assert not found.is_whole


def test_a_number_without_a_country_code_is_of_the_region() -> None:
    assert read_members("0151 23456789", (), (), region="DE").entries == (Entry("", "+4915123456789"),)
    with pytest.raises(ValueError, match="region"):
        read_members("Bob", (), (), region="gb")


def test_more_than_any_group_has_is_an_error_that_names_the_bound() -> None:
    assert len(read(",".join(f"N{n}" for n in range(ENTRIES_MAX))).entries) == ENTRIES_MAX
    with pytest.raises(TooLong, match="2,000 members"):
        read(",".join(f"N{n}" for n in range(ENTRIES_MAX + 1)))
    with pytest.raises(TooLong, match="200,000"):
        read("x" * (LETTERS_MAX + 1))


@pytest.mark.parametrize(
    "known", [(), ("a, a, a, a, a, a", *(f"Bob {n}, a" for n in range(2000)))], ids=[0, 1]
)
@pytest.mark.parametrize(
    "one", [",", '"', '",', "1", "1 ", "(", "+1 ", "a,", "~", "\n", "and ", "1\n", " ", "\t", "a\t1"]
)
def test_a_text_of_the_worst_letters_is_read_at_once(one: str, known: tuple[str, ...]) -> None:
    def work(letters: int) -> None:
        with suppress(TooLong):
            read(one * (letters // len(one)), *known)

    assert grows_evenly(work, LETTERS_MAX)
