"""Pages of people, as the directories' connectors give them."""

from __future__ import annotations

import pytest

from builders import facts
from connectors.kit.mapped import Mapped, page_of
from worker.ports import DirectoryPage, Malformed

NO_ID = Malformed("it has no id.", record_id="line 3")
NO_DATE = Malformed("'soon' is no date.", record_id="ben")


def test_of_several_records_of_somebody_the_last_one_counts() -> None:
    records = (Mapped(facts("ann", title="Nurse"), 2), Mapped(facts("ben")), Mapped(facts("ann"), 1))

    assert page_of(records) == DirectoryPage((facts("ann"), facts("ben")), unreadable_phones=3)


def test_whoever_has_a_date_that_nobody_can_read_is_among_the_people_and_named() -> None:
    ben = facts("ben", unread=("leave_at",))

    assert page_of((NO_ID, Mapped(ben, malformed=NO_DATE))) == DirectoryPage((ben,), (NO_ID, NO_DATE))


@pytest.mark.parametrize("name", ["display_name", "email", "employee_id", "department"])
def test_whoever_has_a_text_without_end_is_set_aside_and_named(name: str) -> None:
    """No index of PostgreSQL takes it: the pass would end, and that of each other directory."""
    found = page_of((Mapped(facts("ann", **{name: "x" * 500})), Mapped(facts("ben", **{name: "x" * 501}))))

    assert [one.person_id for one in found.records] == ["ann"]
    [aside] = found.malformed
    assert (aside.record_id, aside.message) == ("ben", f"ben: the {name.replace('_', ' ')} has 501 letters.")
