"""A list that says how many more there are is cut, in whatever words; a name with a number in it is a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.member_lists import LETTERS_MAX, MemberList, read_members
from growth import grows_evenly

COUNTS = [
    *("and 12 others", "and 1 other", "12 more", "+12", "+12 more", "+ 12", "& 12 others", "plus 12 more"),
    *("and 12 more members", "and the 12 others", "and 12 people", "and others", "1.024 more", "12+ more"),
    *("(12 more)", "[12 others]", "(+12)", "(and 12 more people)"),
    *("View all (12 more)", "View all (+12 more)", "View all 12 members", "View all (12)", "See all", "Show more"),
    *("und 12 weitere Personen", "und 12 andere Teilnehmer", "12 weitere", "und noch 12", "noch 12 weitere"),
    *("Alle anzeigen (12 weitere)", "Alle anzeigen (12)", "et 12 autres", "et 12 autres personnes"),
    *("et les 12 autres", "Voir tout (12 de plus)", "Tout afficher"),
    *("y 12 más", "y 12 personas más", "y otras 12 personas"),
    *("Ver todos (12 más)", "e mais 12", "e outras 12 pessoas", "Ver tudo (mais 12)", "Mostrar tudo (mais 12)"),
    *("i 12 innych", "i 12 innych osób", "i jeszcze 12 osób", "Zobacz wszystkie (12 więcej)"),
    *("ve 12 kişi daha", "ve diğer 12 kişi", "Tümünü gör (12 kişi daha)", "Tümünü gör (12)", "Tümünü görüntüle"),
    *("و 12 آخرين", "و١٢ آخرين", "و12 شخص آخر", "عرض الكل (12 آخرين)", "اور 12 مزید", "اور ۱۲ دیگر افراد"),
    *("سب دیکھیں (12 مزید)", "और १२ अन्य", "और 12 अन्य लोग", "सभी देखें (12 और)", "और 12 लोग"),
    *("και 12 ακόμη", "και άλλοι 12", "és még 12", "és további 12 személy", "a 12 dalších", "a dalších 12 lidí"),
    *("și alți 12", "și încă 12 persoane", "ja 12 muuta", "ja 12 muuta henkilöä", "e altri 12", "e 12 altre persone"),
    *("en nog 12 anderen", "en 12 andere deelnemers", "och 12 andra", "och 12 till", "и ещё 12", "и ещё 12 человек"),
    *("та ще 12", "і 12 інших", "dan 12 lainnya", "dan 12 orang lainnya", "và 12 người khác", "ועוד 12", "ו-12 נוספים"),
    *("و 12 نفر دیگر", "他12人", "等12人", "和其他12人", "其他 12 人", "외 12명", "查看全部（还有 12 人）", "查看全部"),
    *("(他12人)", "(12명 더)", "모두 보기 (12명 더)", "すべて表示 (他12人)"),
    *("Alles bekijken (nog 12)", "Lihat semua (12 lainnya)"),
]  # fmt: skip

NAMES = [
    *("Anna 3", "Bob (Ward 7)", "Bob (12)", "More", "Thomas More", "More 3", "Andre 3", "Till 3", "Ann Other"),
    *("Nurse 12", "Room 12 A", "Ward A 12 members", "Et 3", "A 3", "I 3", "Les 3", "Meer 12", "3 Musketiere"),
    *("12 Monkeys", "Bob 3rd", "And 1", "Bob View", "Allan", "等等", "12人組", "Mehr Licht", "Viewall 12", "Others 3"),
]  # fmt: skip


def read(text: str, *known: str) -> MemberList:
    return read_members(text, known, (), region="GB")


def names(found: MemberList) -> list[str]:
    return [entry.name for entry in found.entries]


@pytest.mark.parametrize("count", COUNTS)
def test_a_part_that_only_counts_cuts_the_list_and_is_nobody(count: str) -> None:
    for text in ("Ann, Bob, {}", "Ann\nBob\n{}", "Ann\n\nBob\n{}\n", "Bob\n{}\nAnn"):
        found = read(text.format(count))
        assert found.is_cut
        assert not found.is_whole
        assert {*names(found)} == {"Ann", "Bob"}


@pytest.mark.parametrize("count", COUNTS)
def test_a_count_behind_a_name_leaves_the_name(count: str) -> None:
    found = read(f"Ann, Bob {count}")
    assert found.is_cut
    assert names(found) == ["Ann", "Bob"]


@pytest.mark.parametrize("count", COUNTS)
def test_a_name_before_dots_and_a_count_may_be_cut(count: str) -> None:
    for dots in ("… ", "…", "... "):
        found = read(f"Ann, Bob{dots}{count}")
        assert found.is_cut
        assert "Ann" in names(found)
        assert len(found.not_understood) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_name_with_a_number_or_with_such_a_word_is_a_member(name: str) -> None:
    for text in (name, f"{name}\nBob", f"Bob\n{name}"):
        found = read(text)
        assert not found.is_cut
        assert name.strip() in names(found)


@pytest.mark.parametrize("name", ["Team 12 more", "View all (12 more)", "+12", "Ward 3 Andre", "12 others"])
def test_a_known_name_is_a_member_whatever_it_says(name: str) -> None:
    for text in (name, f"Ann\n{name}", f"{name}, Ann"):
        found = read(text, name)
        assert found.is_whole
        assert name in names(found)


@given(st.integers(1, 99_999), st.sampled_from([one for one in COUNTS if "12" in one]), st.booleans())
def test_it_is_cut_whatever_the_number_and_the_case(number: int, count: str, is_upper: bool) -> None:
    text = count.replace("12", str(number))
    assert read(f"Ann\n{text.upper() if is_upper else text}").is_cut


@given(st.text("ABCabc ", min_size=1, max_size=12), st.integers(0, 99_999), st.booleans())
def test_letters_with_a_number_and_no_word_of_more_are_not_a_count(name: str, n: int, is_first: bool) -> None:
    text = f"{n} Z{name}Z" if is_first else f"Z{name}Z {n}"
    assert not read(f"Ann\n{text}").is_cut


def test_the_heading_above_a_list_does_not_cut_it() -> None:
    for heading in ("3 members", "3 Mitglieder", "3 miembros", "3 üye", "3 सदस्य"):
        assert read(f"{heading}\nAnn\nBob").is_whole


@pytest.mark.parametrize(
    "one", ["and ", "b and c ", "12 more ", "view all ", "12他", "他 ", "…", "(12 more)"]
)
def test_a_last_part_of_many_counts_is_read_at_once(one: str) -> None:
    assert grows_evenly(lambda letters: read("a," + one * (letters // len(one))), LETTERS_MAX - 2)
