"""An act that is not wanted any more by the time it would be asked for."""

from __future__ import annotations

import pytest

from worker.domain.model import Member
from worker.ports import NotDone
from worker.ports.connectors.remover import Remover


def refuses_to_act(inventory: Remover, group_id: str, member: Member) -> None:
    """Both deeds end with what the confirmation raises."""

    def no() -> None:
        raise NotDone("Nothing was asked for: they are back.")

    for deed in (inventory.remove, inventory.make_admin):
        with pytest.raises(NotDone, match="they are back"):
            deed(group_id, member, no)
