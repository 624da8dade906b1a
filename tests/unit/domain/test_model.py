import pytest

from worker.domain.model import Role


@pytest.mark.parametrize(
    "role, is_admin",
    [(Role.MEMBER, False), (Role.ADMIN, True), (Role.CREATOR, True), (Role.UNKNOWN, False)],
)
def test_admins_and_creators_may_appoint_admins(role: Role, is_admin: bool) -> None:
    assert role.is_admin is is_admin
