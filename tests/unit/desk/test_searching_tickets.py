import pytest

from worker.desk.searching import spellings


@pytest.mark.parametrize("typed, read", [
    ("", ()),
    ("  ", ("  ",)),
    ("Ward 7", ("Ward 7",)),
    ("Ann  Sample", ("Ann  Sample", "Ann Sample")),
    ("T-59", ("T-59", "T-000059")),
    (" t-000059 ", (" t-000059 ", "t-000059", "T-000059")),
    ("T-5b", ("T-5b",)),
    ("+44 7700 900367", ("+44 7700 900367", "+447700900367")),
    ("07700900367", ("07700900367", "+447700900367")),
    ("ann@corp.example", ("ann@corp.example",)),
])  # fmt: skip
def test_a_text_is_searched_in_the_ways_in_which_a_ticket_has_it(typed: str, read: tuple[str, ...]) -> None:
    assert spellings(typed, "GB") == read
