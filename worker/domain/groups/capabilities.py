"""What a source of groups can see and do, as its connector declares it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from worker.domain.model import Fact


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a source can see and do. What it can't see is unknown to the core, never absent.

    `sees_all_groups`: a group that a full read does not list is not there any more. Otherwise it may only be out of
    sight. `creator_is_removable`: by somebody else, at all. `removal_is_asynchronous`: the answer to a removal says
    only that it was asked for. `is_kept_by_people`: a list that somebody writes, not what the messenger shows; it
    proves with grade B at best. `is_declared`: its rosters are what admins of groups declare on the desk. `takes_days`:
    it gets the days on which its rows were verified. `breaks_terms`: reading it breaks the messenger's terms of
    service. `shows`: which facts of a group it may show; any other stays unknown whatever is done. `costly`: those of
    them that may take a call of their own for each group.
    """

    sees_all_groups: bool = False
    sees_roles: bool = True
    sees_join_times: bool = False
    can_remove: bool = False
    can_change_admin: bool = False
    creator_is_removable: bool = False
    removal_is_asynchronous: bool = False
    is_kept_by_people: bool = False
    is_declared: bool = False
    takes_days: bool = False
    breaks_terms: bool = False
    shows: frozenset[Fact] = frozenset()
    costly: frozenset[Fact] = frozenset()

    @property
    def has_rows(self) -> bool:
        """Whether people can change whom it lists. Nobody can change a chat export: a newer one takes its place."""
        return self.is_kept_by_people and (self.sees_all_groups or self.is_declared)
