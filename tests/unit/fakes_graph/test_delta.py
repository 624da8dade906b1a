"""The delta of the fake Graph: rounds, links, what shows and what doesn't, and how links die."""

from datetime import timedelta
from typing import Any, Literal
from urllib.parse import quote

import pytest

from fakes.graph.judge import SELECT, Judge
from fakes.graph.lab import FakeEntra
from fakes.graph.tenant import NEVER_SET

NAMES = SELECT.removeprefix("id,").split(",")


def applied(view: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    """What a client that is right makes of a round: the last occurrence of an id wins."""
    after = dict(view)
    for item in items:
        after.pop(item["id"], None)
        if "@removed" not in item:
            after[item["id"]] = {name: item[name] for name in NAMES if name in item}
    return after


def test_a_first_round_shows_everybody_in_pages_and_ends_with_a_delta_link(
    entra: FakeEntra, judge: Judge
) -> None:
    entra.graph.delta.settings.page_size = 2
    ids = [entra.tenant.add(displayName=f"Person {number}") for number in range(5)]
    found = judge.read_round()
    assert [len(page) for page in found.pages] == [2, 2, 1]
    assert found.ids == ids
    assert applied({}, found.items) == entra.tenant.truth(*NAMES)


def test_the_computed_population_is_enumerated_in_pages_of_200(
    lab_folder: Any,
) -> None:
    with FakeEntra(lab_folder, people=450) as entra, Judge(entra.graph_url, entra.token()) as judge:
        entra.tenant.disable(entra.tenant.at(3).id)
        found = judge.read_round()
        assert [len(page) for page in found.pages] == [200, 200, 50]
        assert applied({}, found.items) == entra.tenant.truth(*NAMES)
        assert not found.items[3]["accountEnabled"]
        assert entra.tenant.count == 450


@pytest.mark.parametrize("name", ["delta", "delta()", "microsoft.graph.delta", "microsoft.graph.delta()"])
def test_every_spelling_of_the_function_is_answered(entra: FakeEntra, judge: Judge, name: str) -> None:
    user = entra.tenant.add()
    assert [item["id"] for item in judge.read(f"/users/{name}?$select=id")["value"]] == [user]


def test_no_change_is_an_empty_page_with_a_new_delta_link(entra: FakeEntra, judge: Judge) -> None:
    entra.tenant.add()
    first = judge.read_round()
    entra.tenant.advance(timedelta(minutes=1))
    second = judge.read_round(first.delta_link)
    assert second.items == []
    assert second.delta_link != first.delta_link


def test_a_change_shows_the_whole_person_as_they_are_now_once(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add(department="Nursing")
    entra.tenant.add()
    first = judge.read_round()
    entra.tenant.change(user, department="Estates")
    entra.tenant.disable(user)
    (item,) = judge.read_round(first.delta_link).items
    assert (item["department"], item["accountEnabled"], item["userType"]) == ("Estates", False, "Member")


def test_what_was_never_set_is_absent_and_what_was_cleared_is_null(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add(department="Nursing", userType=NEVER_SET)
    first = judge.read_round()
    assert not {"mobilePhone", "userType", "deletedDateTime"} & set(first.items[0])
    entra.tenant.change(user, department=None)
    (item,) = judge.read_round(first.delta_link).items
    assert item["department"] is None
    assert "mobilePhone" not in item


def test_a_change_to_what_is_not_selected_does_not_surface(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add()
    first = judge.read_round(select="id,department")
    entra.tenant.change(user, mobilePhone="+44 7700 900001")
    second = judge.read_round(first.delta_link)
    assert second.items == []
    entra.tenant.change(user, department="Estates")
    assert judge.read_round(second.delta_link).items == [{"department": "Estates", "id": user}]


def test_a_value_set_again_is_no_change(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add(department="Nursing")
    first = judge.read_round()
    entra.tenant.change(user, department="Nursing")
    assert judge.read_round(first.delta_link).items == []


def test_a_soft_deletion_is_called_changed_and_the_final_one_deleted(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add()
    first = judge.read_round()
    entra.tenant.delete(user)
    second = judge.read_round(first.delta_link)
    assert second.items == [{"id": user, "@removed": {"reason": "changed"}}]
    entra.tenant.advance(timedelta(days=29))
    third = judge.read_round()  # the token of the second is too old by now
    entra.tenant.advance(timedelta(days=1))
    assert judge.read_round(third.delta_link).items == [{"id": user, "@removed": {"reason": "deleted"}}]


@pytest.mark.parametrize(
    "restores, select, is_shown",
    [
        ("never", SELECT, False),
        ("selected", SELECT, True),
        ("selected", "id,displayName", False),
        ("always", "id,displayName", True),
    ],
)
def test_a_restore_shows_only_where_the_setting_says_so(
    entra: FakeEntra,
    judge: Judge,
    restores: Literal["always", "selected", "never"],
    select: str,
    is_shown: bool,
) -> None:
    entra.graph.delta.settings.restores = restores
    user = entra.tenant.add()
    entra.tenant.delete(user)
    first = judge.read_round(select=select)
    assert first.ids == []
    entra.tenant.restore(user)
    assert judge.read_round(first.delta_link).ids == ([user] if is_shown else [])
    assert judge.read(f"/users/{user}")["id"] == user


def test_created_and_deleted_before_the_first_round_is_never_seen_unless_set(
    entra: FakeEntra, judge: Judge
) -> None:
    user = entra.tenant.add()
    entra.tenant.delete(user)
    assert judge.read_round().ids == []
    entra.graph.delta.settings.shows_removed_first = True
    assert judge.read_round().items == [{"id": user, "@removed": {"reason": "changed"}}]


def test_pages_may_be_empty_and_have_a_next_link(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.delta.settings.empty_pages = 2
    user = entra.tenant.add()
    first = judge.read_round()
    assert [len(page) for page in first.pages] == [0, 0, 1]
    entra.tenant.disable(user)
    assert [len(page) for page in judge.read_round(first.delta_link).pages] == [0, 0, 1]


def test_a_verbose_round_repeats_people_and_its_last_word_is_true(entra: FakeEntra, judge: Judge) -> None:
    settings = entra.graph.delta.settings
    settings.is_verbose, settings.page_size, settings.restores = True, 2, "always"
    gone, back = entra.tenant.add(), entra.tenant.add()
    first = judge.read_round()
    view = applied({}, first.items)
    entra.tenant.change(gone, department="Estates")
    entra.tenant.delete(back)
    entra.tenant.restore(back)
    entra.tenant.delete(gone)
    second = judge.read_round(first.delta_link)
    assert second.ids == [gone, back, back, gone]
    assert ["@removed" in item for item in second.items] == [False, True, False, True]
    assert len(second.pages) == 2
    assert applied(view, second.items) == entra.tenant.truth(*NAMES)


def test_a_verbose_first_round_repeats_the_end_of_each_page(entra: FakeEntra, judge: Judge) -> None:
    settings = entra.graph.delta.settings
    settings.is_verbose, settings.page_size = True, 2
    a, b, c = (entra.tenant.add() for _ in range(3))
    assert judge.read_round().ids == [a, b, b, c]


def test_replays_tell_again_what_was_told_before(entra: FakeEntra, judge: Judge) -> None:
    a, b = entra.tenant.add(), entra.tenant.add()
    first = judge.read_round()
    entra.tenant.disable(a)
    second = judge.read_round(first.delta_link)
    entra.graph.delta.settings.replays = 2
    assert judge.read_round(second.delta_link).ids == [b, a]


def test_a_link_can_be_replayed_and_tells_the_same(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add()
    first = judge.read_round()
    entra.tenant.disable(user)
    assert judge.read_round(first.delta_link).items == judge.read_round(first.delta_link).items


def test_who_changes_during_a_round_is_in_the_next_one(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.delta.settings.page_size = 1
    early, late = entra.tenant.add(), entra.tenant.add()
    page = judge.read(f"/users/delta?$select={SELECT}")
    entra.tenant.disable(early)
    last = judge.read(page["@odata.nextLink"])
    assert [item["id"] for item in last["value"]] == [late]
    (item,) = judge.read_round(last["@odata.deltaLink"]).items
    assert (item["id"], item["accountEnabled"]) == (early, False)


def test_latest_is_a_delta_link_without_people(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add()
    first = judge.read(f"/users/delta?$select={SELECT}&$deltaToken=latest")
    assert first["value"] == []
    entra.tenant.disable(user)
    assert judge.read_round(first["@odata.deltaLink"]).ids == [user]


def test_a_manager_is_told_at_first_and_then_only_when_it_changes(entra: FakeEntra, judge: Judge) -> None:
    boss, other = entra.tenant.add(), entra.tenant.add()
    user = entra.tenant.add(manager=boss)
    first = judge.read_round(select="id,department,manager")
    link = {"@odata.type": "#microsoft.graph.user", "id": boss}
    assert first.merged()[user]["manager@delta"] == [link]
    assert "manager@delta" not in first.merged()[boss]

    entra.tenant.change(user, department="Estates")
    second = judge.read_round(first.delta_link)
    assert "manager@delta" not in second.items[0]

    entra.tenant.set_manager(user, other)
    third = judge.read_round(second.delta_link)
    assert third.items[0]["manager@delta"] == [{**link, "id": other}]

    entra.tenant.set_manager(user, None)
    (item,) = judge.read_round(third.delta_link).items
    assert item["manager@delta"] == [{**link, "id": other, "@removed": {"reason": "deleted"}}]


def test_the_old_manager_may_be_listed_as_removed(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.delta.settings.lists_old_manager = True
    boss, other = entra.tenant.add(), entra.tenant.add()
    user = entra.tenant.add(manager=boss)
    first = judge.read_round(select="id,manager")
    entra.tenant.set_manager(user, other)
    (item,) = judge.read_round(first.delta_link).items
    assert [(end["id"], "@removed" in end) for end in item["manager@delta"]] == [(other, False), (boss, True)]


def test_a_manager_change_does_not_surface_unless_selected(entra: FakeEntra, judge: Judge) -> None:
    boss, user = entra.tenant.add(), entra.tenant.add()
    first = judge.read_round()
    entra.tenant.set_manager(user, boss)
    assert judge.read_round(first.delta_link).items == []


# --- options and links ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "option",
    [
        "$top=5",
        "$expand=manager",
        "$orderby=displayName",
        "$search=x",
        "$filter=accountEnabled eq true",
        "$filter=userType eq 'Member'",
        "$filter=" + " or ".join(f"id eq '{number}'" for number in range(51)),
    ],
)
def test_options_that_deltas_do_not_have_are_refused(judge: Judge, option: str) -> None:
    assert judge.error(f"/users/delta?$select=id&{option}") == (400, "Request_UnsupportedQuery")


def test_options_may_be_ignored_instead(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.delta.settings.refuses_options = False
    entra.tenant.add()
    entra.tenant.add()
    assert len(judge.read("/users/delta?$select=id&$top=1")["value"]) == 2


def test_a_filter_by_ids_holds_for_later_rounds_too(entra: FakeEntra, judge: Judge) -> None:
    a, b, c = (entra.tenant.add() for _ in range(3))
    page = judge.read(f"/users/delta?$select=id,accountEnabled&$filter=id eq '{a}' or id eq '{c}'")
    assert [item["id"] for item in page["value"]] == [a, c]
    for user in (a, b):
        entra.tenant.disable(user)
    assert judge.read_round(page["@odata.deltaLink"]).ids == [a]


@pytest.mark.parametrize(
    "select, status, code",
    [("id,nickName", 400, "BadRequest"), ("id,hireDate", 501, "NotImplemented")],
)
def test_names_that_are_unknown_or_stored_elsewhere_are_refused(
    judge: Judge, select: str, status: int, code: str
) -> None:
    assert judge.error(f"/users/delta?$select={select}") == (status, code)


def test_nothing_may_be_added_to_a_link(entra: FakeEntra, judge: Judge) -> None:
    link = judge.read_round().delta_link
    assert judge.error(f"{link}&$select=id") == (400, "Request_BadRequest")


def test_a_link_that_was_touched_is_refused(entra: FakeEntra, judge: Judge) -> None:
    link = judge.read_round().delta_link
    assert judge.error(link[:-9] + "x" + link[-8:]) == (400, "Request_BadRequest")
    assert judge.error("/users/delta?$deltatoken=" + quote("never given")) == (400, "Request_BadRequest")


def test_a_link_of_another_tenant_is_refused(entra: FakeEntra, judge: Judge) -> None:
    link = judge.read_round().delta_link
    entra.tenant.id = "11111111-7e57-4000-8000-00000000aaaa"
    entra.tokens.tenant_id = entra.tenant.id
    judge.token = entra.token()
    assert judge.error(link) == (400, "Request_BadRequest")


@pytest.mark.parametrize(
    "status, code", [(400, "syncStateNotFound"), (410, "SyncStateNotFound"), (400, "SyncStateNotFound")]
)
def test_a_delta_link_dies_after_seven_days(entra: FakeEntra, judge: Judge, status: int, code: str) -> None:
    settings = entra.graph.delta.settings
    settings.expiry_status, settings.expiry_code = status, code
    link = judge.read_round().delta_link
    entra.tenant.advance(timedelta(days=7))
    assert judge.read_round(link).items == []
    entra.tenant.advance(timedelta(seconds=1))
    assert judge.error(link) == (status, code)


def test_each_round_gives_a_link_with_a_new_life(entra: FakeEntra, judge: Judge) -> None:
    link = judge.read_round().delta_link
    for _ in range(3):
        entra.tenant.advance(timedelta(days=6))
        link = judge.read_round(link).delta_link
    assert judge.read_round(link).items == []


def test_a_page_link_may_die_in_the_middle_of_a_round(entra: FakeEntra, judge: Judge) -> None:
    settings = entra.graph.delta.settings
    settings.page_size, settings.page_token_life = 1, timedelta(minutes=5)
    entra.tenant.add()
    entra.tenant.add()
    page = judge.read("/users/delta?$select=id")
    entra.tenant.advance(timedelta(minutes=6))
    assert judge.error(page["@odata.nextLink"]) == (400, "Directory_ExpiredPageToken")


def test_a_reset_answers_410_with_where_to_start(entra: FakeEntra, judge: Judge) -> None:
    user = entra.tenant.add()
    link = judge.read_round().delta_link
    entra.graph.delta.reset()
    answer = judge.get(link)
    assert answer.status_code == 410
    assert answer.json()["error"]["code"] == "syncStateNotFound"
    location = answer.headers["Location"]
    assert location == f"{entra.graph_url}/v1.0/users/delta?$deltatoken="
    assert [item["id"] for item in judge.read(location)["value"]] == [user]


def test_a_reset_may_name_a_foreign_place(entra: FakeEntra, judge: Judge) -> None:
    link = judge.read_round().delta_link
    entra.graph.delta.reset("https://graph.attacker.example/v1.0/users/delta?$deltatoken=")
    assert judge.get(link).headers["Location"].startswith("https://graph.attacker.example/")


def test_a_reset_in_the_middle_of_a_round_ends_it(entra: FakeEntra, judge: Judge) -> None:
    entra.graph.delta.settings.page_size = 1
    entra.tenant.add()
    entra.tenant.add()
    page = judge.read("/users/delta?$select=id")
    entra.graph.delta.reset()
    assert judge.get(page["@odata.nextLink"]).status_code == 410


def test_the_cost_of_a_delta_does_not_grow_with_the_tenant(lab_folder: Any) -> None:
    made: list[int] = []

    def make(number: int) -> dict[str, Any]:
        made.append(number)
        return {"displayName": f"Person {number}"}

    with (
        FakeEntra(lab_folder, people=5000, make=make) as entra,
        Judge(entra.graph_url, entra.token()) as judge,
    ):
        link = judge.read("/users/delta?$select=id,displayName&$deltatoken=latest")["@odata.deltaLink"]
        entra.tenant.change(entra.tenant.at(4000).id, displayName="Somebody else")
        made.clear()
        assert judge.read_round(link).items == [
            {"displayName": "Somebody else", "id": entra.tenant.at(4000).id}
        ]
        assert made == []
