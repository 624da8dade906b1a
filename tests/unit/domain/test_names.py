"""Names: what makes two spellings one, what doesn't, and suggestions blind to the order of candidates."""

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.identity.names import Suggestion, normalise, similarity, suggest

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
    assert similarity(a, b) == 1.0


@pytest.mark.parametrize(
    "a, b", [("Amina Yusuf", "Amina Yousuf"), ("Jon Smith", "John Smith"), ("Amina B. Yusuf", "Amina Yusuf")]
)
def test_a_letter_or_an_initial_more_is_near(a: str, b: str) -> None:
    assert 0.8 <= similarity(a, b) < 1.0


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
    assert similarity(a, b) < 0.8


@given(names, names)
def test_similarity_is_a_symmetric_share(a: str, b: str) -> None:
    assert 0.0 <= similarity(a, b) <= 1.0
    assert similarity(a, b) == similarity(b, a)
    assert (similarity(a, b) == 1.0) == (normalise(a) == normalise(b) != "")


@given(names)
def test_normalising_twice_changes_nothing(name: str) -> None:
    assert normalise(normalise(name)) == normalise(name)


def test_the_most_alike_are_suggested_first() -> None:
    assert tuple(map(astuple, suggest("Yusuf, Amina", PEOPLE))) == (
        ("p1", "Amina Yusuf", 1.0),
        ("p2", "Amina Yousuf", pytest.approx(22 / 23)),
        ("p3", "Amin Yusuf", pytest.approx(20 / 21)),
    )


def test_equal_scores_go_by_name_then_key() -> None:
    twins = [("b", "Jo Lee"), ("c", "Lee, Jo"), ("a", "Jo Lee")]

    assert [s.key for s in suggest("jo lee", twins)] == ["a", "b", "c"]


def test_a_person_of_two_names_is_suggested_once_by_the_nearer() -> None:
    assert suggest("Amina Bello", [("p1", "Amina Yusuf"), ("p1", "Amina Bello"), ("p1", "A. Bello")]) == (
        Suggestion("p1", "Amina Bello", 1.0),
    )


@pytest.mark.parametrize("name", ["Bob Bell", "Somebody Else", "", "🌸"])
def test_nobody_is_suggested_for_a_name_that_is_nobodys(name: str) -> None:
    assert suggest(name, PEOPLE) == ()


def test_a_name_without_letters_is_nobodys_even_at_floor_zero() -> None:
    assert {s.score for s in suggest("🌸", PEOPLE, limit=9, floor=0.0)} == {0.0}


@given(st.data(), names, candidate_lists, st.integers(1, 4), st.floats(0, 1))
def test_suggestions_are_few_near_ordered_and_blind_to_the_order_of_candidates(
    data: st.DataObject, name: str, candidates: list[tuple[int, str]], limit: int, floor: float
) -> None:
    found = suggest(name, candidates, limit, floor)

    assert suggest(name, data.draw(st.permutations(candidates)), limit, floor) == found
    assert len(found) <= limit
    assert all(s.score >= floor for s in found)
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    assert len({s.key for s in found}) == len(found)


@pytest.mark.parametrize("limit, floor", [(0, 0.8), (-1, 0.8), (3, -0.1), (3, 1.1)])
def test_a_limit_or_a_floor_that_makes_no_sense_is_refused(limit: int, floor: float) -> None:
    with pytest.raises(ValueError, match="use at least 1, and a share from 0 to 1"):
        suggest("Amina Yusuf", PEOPLE, limit, floor)
