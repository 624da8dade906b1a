"""Names: what makes two spellings one, what doesn't, and suggestions blind to the order of candidates."""

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from worker.domain.identity.names import (
    ALIKE_MIN,
    SUGGESTED_MAX,
    NameSearch,
    Suggestion,
    are_unlike,
    normalise,
)

names = st.text(max_size=30) | st.text("abcéÅşß دأةى'-,. ~Dr", max_size=20)
keys = st.integers(0, 5)
candidate_lists = st.lists(st.tuples(keys, names), max_size=12)

PEOPLE = (
    ("p1", "Amina Yusuf"),
    ("p2", "Amina Yousuf"),
    ("p3", "Amin Yusuf"),
    ("p4", "Robert Bell"),
    ("p5", "أمينة يوسف"),
)


def similarity(a: str, b: str) -> float:
    """How alike two names are, one pair at a time."""
    one, other = normalise(a), normalise(b)
    return fuzz.ratio(one, other) / 100 if one and other else 0.0


def near(a: str, b: str) -> float:
    """How alike a name is to the only one that there is, as it is suggested; 0 if it is not."""
    return next((one.score for one in NameSearch([("key", b)]).like(a)), 0.0)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("Amina Yusuf", "amina yusuf"),
        ("Yusuf, Amina", "amina yusuf"),
        ("YUSUF  amina", "amina yusuf"),
        ("Dr. Amina Yusuf", "amina yusuf"),
        ("Yusuf, Dr Amina", "amina yusuf"),
        ("Amina Yusuf (Prof.)", "amina yusuf"),
        ("~ Amina Yusuf 🌸", "amina yusuf"),
        ("Amina ❤️", "amina"),
        ("Ami\u200dna\u200f Yusuf", "amina yusuf"),
        ("Siobhán O’Brien", "obrien siobhan"),
        ("Anne-Marie Løvås", "anne lovas marie"),
        ("Zoë Strauß", "strauss zoe"),
        ("İpek Işık", "ipek isik"),
        ("Nguyễn Thị Ánh", "anh nguyen thi"),
        ("Ｊｏ Ｌｅｅ", "jo lee"),
        ("أَمِينَة يُوسُف", "امينه يوسف"),
        ("أمينة يوســف", "امينه يوسف"),
        ("د. أمينة يوسف", "امينه يوسف"),
        ("یوسف، أمينة", "امينه يوسف"),
        ("देवेन्द्र कुमार", "कुमार देवेन्द्र"),
        ("김민준", "김민준"),
        ("Agent 47", "47 agent"),
        ("Miss", "miss"),
        ("🌸🌸", ""),
        ("", ""),
        ("a" * 500, "a" * 200),
    ],
)
def test_a_name_is_bare_of_what_differs_between_spellings(name: str, expected: str) -> None:
    assert normalise(name) == expected


@pytest.mark.parametrize(
    "a, b",
    [
        ("Amina Yusuf", "Yusuf, Amina"),
        ("Dr Amína YUSUF", "amina yusuf"),
        ("أمينة يوسف", "امينه يوسف"),
        ("يوسف أمينة", "أَمِينَة يُوسُف"),
        ("Conor O'Brien", "Conor OBrien"),
    ],
)
def test_two_spellings_of_one_name_are_the_same(a: str, b: str) -> None:
    assert near(a, b) == 1.0


@pytest.mark.parametrize(
    "a, b", [("Amina Yusuf", "Amina Yousuf"), ("Jon Smith", "John Smith"), ("Amina B. Yusuf", "Amina Yusuf")]
)
def test_a_letter_or_an_initial_more_is_near(a: str, b: str) -> None:
    assert 0.8 <= near(a, b) < 1.0


@pytest.mark.parametrize(
    "a, b",
    [
        pytest.param("Bob Bell", "Robert Bell", id="a nickname"),
        pytest.param("Bill", "William", id="a nickname alone"),
        pytest.param("Amina", "Amina Yusuf", id="a first name is half a name"),
        pytest.param("Ali Hassan", "Ali Hussein", id="two people"),
        pytest.param("أمينة يوسف", "Amina Yusuf", id="another script"),
        pytest.param("Ward 7 nights", "Amina Yusuf", id="no name"),
        pytest.param("", "", id="nothing is like nothing"),
        pytest.param("🌸", "🌸", id="nor are two flowers a name"),
    ],
)
def test_what_may_be_another_person_is_not_near(a: str, b: str) -> None:
    assert near(a, b) == 0.0


@given(names, names)
def test_likeness_is_symmetric_and_whole_for_the_same_name_alone(a: str, b: str) -> None:
    assert near(a, b) == near(b, a) == (similarity(a, b) if similarity(a, b) >= ALIKE_MIN else 0.0)
    assert (near(a, b) == 1.0) == (normalise(a) == normalise(b) != "")


@given(names)
def test_normalising_twice_changes_nothing(name: str) -> None:
    assert normalise(normalise(name)) == normalise(name)


def test_the_most_alike_are_suggested_first() -> None:
    assert tuple(map(astuple, NameSearch(PEOPLE).like("Yusuf, Amina"))) == (
        ("p1", "Amina Yusuf", 1.0),
        ("p2", "Amina Yousuf", pytest.approx(22 / 23)),
        ("p3", "Amin Yusuf", pytest.approx(20 / 21)),
    )


def test_equal_scores_go_by_name_then_key() -> None:
    twins = [("b", "Jo Lee"), ("c", "Lee, Jo"), ("a", "Jo Lee")]

    assert [s.key for s in NameSearch(twins).like("jo lee")] == ["a", "b", "c"]


def test_a_person_of_two_names_is_suggested_once_by_the_nearer() -> None:
    hers = NameSearch([("p1", "Amina Yusuf"), ("p1", "Amina Bello"), ("p1", "Amina Belo")])

    assert hers.like("Amina Bello") == (Suggestion("p1", "Amina Bello", 1.0),)


@pytest.mark.parametrize("name", ["Bob Bell", "Somebody Else", "", "🌸"])
def test_nobody_is_suggested_for_a_name_that_is_nobodys(name: str) -> None:
    assert NameSearch(PEOPLE).like(name) == ()


@pytest.mark.parametrize(
    "name, other",
    [("Ann Larsen", "Bob Moss"), ("Larsen, Ann", "Dr. Bob Moss"), ("Ann B. Larsen", "Bob B. Moss"),
     ("آن لارسن", "بوب موس")],
)  # fmt: skip
def test_full_names_without_a_word_in_common_are_unlike(name: str, other: str) -> None:
    assert are_unlike([name], [other])
    assert are_unlike([other], [name, "", "🌸"])


@pytest.mark.parametrize(
    "name, other",
    [("Jörg Müller", "Mueller, Joerg"), ("Amina Yusuf", "Aminah Yousuf"),
     ("Ann Larsen", "LARSEN, Ánn"), ("Ann Larsen", "Ann Moss"), ("Ann Larsen", "bmoss"), ("Ann Larsen", ""),
     ("Ann Larsen", "B. M."), ("Ann Larsen", "Bob 1001"), ("Ann Larsen", "آن لارسن"), ("王小明", "Bob Moss"),
     ("Ann Larsen آن", "Bob Moss آن")],
)  # fmt: skip
def test_names_that_may_be_one_persons_are_not_unlike(name: str, other: str) -> None:
    assert not are_unlike([name], [other])
    assert not are_unlike([other], [name])


@given(st.data(), names, candidate_lists)
def test_suggestions_are_the_nearest_ordered_and_blind_to_the_order_of_people(
    data: st.DataObject, name: str, candidates: list[tuple[int, str]]
) -> None:
    found = NameSearch(candidates).like(name)

    assert NameSearch(data.draw(st.permutations(candidates))).like(name) == found
    assert len({s.key for s in found}) == len(found) <= SUGGESTED_MAX
    best = {
        key: max(similarity(name, theirs) for one, theirs in candidates if one == key)
        for key, _ in candidates
    }
    wanted = sorted((score for score in best.values() if score >= ALIKE_MIN), reverse=True)
    assert [s.score for s in found] == wanted[:SUGGESTED_MAX]
