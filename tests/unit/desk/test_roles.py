import pytest

from worker.desk.roles import DeskRole, Permission, allows

MAY = {
    DeskRole.VIEWER: {Permission.SEE},
    DeskRole.OPERATOR: {Permission.SEE, Permission.ACT},
    DeskRole.APPROVER: {Permission.SEE, Permission.ACT, Permission.RELEASE},
    DeskRole.AUDITOR: {Permission.SEE, Permission.AUDIT},
}


@pytest.mark.parametrize("role", DeskRole)
def test_a_role_may_what_its_line_says_and_nothing_else(role: DeskRole) -> None:
    assert {may for may in Permission if allows(frozenset({role}), may)} == MAY[role]


def test_several_roles_may_what_any_of_them_may() -> None:
    both = frozenset({DeskRole.OPERATOR, DeskRole.AUDITOR})
    assert {may for may in Permission if allows(both, may)} == {
        Permission.SEE,
        Permission.ACT,
        Permission.AUDIT,
    }


def test_nobody_may_anything_without_a_role() -> None:
    assert not any(allows(frozenset(), may) for may in Permission)
