"""What a read means for the groups that it did not list: gone, out of sight, left out."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from worker.domain.model import GroupKey
from worker.ports.state.groups import Unlisted
from worker.storage import staging


@dataclass(slots=True)
class NotListed:
    """The groups that a read did not list.

    `missed` of the `known` ones count for the limit on how many may be missing at once. `unseen` were in sight until
    now; `hidden` are out of sight, new or not, and not left out.
    """

    known: int
    missed: int = 0
    gone: list[GroupKey] = field(default_factory=list)
    unseen: list[GroupKey] = field(default_factory=list)
    left_out: list[GroupKey] = field(default_factory=list)
    hidden: list[GroupKey] = field(default_factory=list)


def missing_groups(connection: sa.Connection, source: str, rest: Unlisted) -> NotListed:
    """Sort what the staged read of a source did not list."""
    of = {"of": source}
    found = NotListed(connection.execute(staging.IN_SIGHT, of).scalar_one())
    for row in () if rest.is_unread else connection.execute(staging.missing(), of):
        key, told = GroupKey(row.source, row.group_id), (row.group_id, row.name)
        is_gone, is_left_out = rest.is_gone(*told), rest.left_out(*told)
        if not is_gone and not is_left_out:
            found.hidden.append(key)
        if row.is_unseen and not is_gone:
            continue
        (found.gone if is_gone else found.unseen).append(key)
        if is_left_out:
            found.left_out.append(key)
        is_excused = is_left_out or rest.is_hidden(row.group_id)
        found.known += int(row.is_unseen) - is_excused
        found.missed += not is_excused
    return found
