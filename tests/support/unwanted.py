"""An act that is not wanted any more by the time it would be asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker.domain.model import Member
from worker.ports import NotDone
from worker.ports.connectors.remover import ActOutcome, Confirm


def is_ended(deed: Callable[[str, Member, Confirm], ActOutcome], group_id: str, member: Member) -> None:
    """A remover's deed ends with what the confirmation raises."""

    def no() -> None:
        raise NotDone("Nothing was asked for: they are back.")

    with pytest.raises(NotDone, match="they are back"):
        deed(group_id, member, no)
