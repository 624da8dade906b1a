"""A business number's groups behind the inventory port: what Meta answers (client), as what it means (mapping)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from connectors.inventory.whatsapp_cloud import mapping
from connectors.inventory.whatsapp_cloud.calls import calls_of
from connectors.inventory.whatsapp_cloud.client import (
    META,
    NOT_INSIDE,
    PAGE_SIZE,
    CloudClient,
    CursorGone,
    Page,
    Suspended,
    code_of,
    unexpected,
)
from connectors.inventory.whatsapp_cloud.config import WhatsappCloudConfig
from connectors.kit.looking import Asks, look
from connectors.kit.unshown import Unshown
from connectors.kit.whatsapp import link_hash
from worker.domain.groups.facts import unasked
from worker.domain.model import Coverage, Fact, GroupFacts, Member, Roster
from worker.ports import (
    Capabilities,
    CheckResult,
    ConnectorContext,
    ConnectorError,
    Incomplete,
    Malformed,
    Passive,
    Rejected,
    SnapshotEnd,
)
from worker.ports.connectors.inventory import KeepRenumbered
from worker.ports.connectors.remover import ActOutcome, Confirm, Effect, as_decided

GROUPS_MAX = 10_000  # that Meta allows a number
CHECKED_MAX = 20  # groups whose members `check` reads


class WhatsappCloudInventory(Passive):
    """The groups that one business number made. Meta shows no others, and nobody's role."""

    can = Capabilities(
        sees_roles=False,
        can_remove=True,
        removal_is_asynchronous=True,
        shows=frozenset({Fact.DESCRIPTION, Fact.APPROVAL, Fact.LINK}),
        costly=frozenset({Fact.LINK}),
    )

    def __init__(self, config: WhatsappCloudConfig, context: ConnectorContext) -> None:
        self._context = context
        self._client = CloudClient(config, context)
        self._calls = calls_of(config.calls, config.phone_number_id, context)
        self.calls = (self._calls,) if self._calls is not None else ()

    @property
    def name(self) -> str:
        """The configured name; `source` of its groups."""
        return self._context.name

    def news(self) -> frozenset[str]:
        """See `worker.ports.Inventory`."""
        return self._calls.news() if self._calls is not None else frozenset()

    def keep_renumbered_by(self, keep: KeepRenumbered, /) -> None:
        """See `worker.ports.Inventory`."""
        if self._calls is not None:
            self._calls.keep_by(keep)

    def close(self) -> None:
        self._client.close()

    # --- Reading -----------------------------------------------------------------------------------------

    def changes(
        self, _cursor: str | None, groups: Collection[str] | None = None, /
    ) -> Iterator[Roster | SnapshotEnd]:
        """Yield the rosters in order of their group ids, then the end; there is no cursor.

        A group that vanishes meanwhile is left out; one that Meta fails to show is PARTIAL, unless most are. Raises
        AuthFailed, PermissionDenied (no official business account, no right), BadConfig, Rejected, Incomplete or
        Transient.
        """
        malformed: list[Malformed] = []
        total = 0
        found = self._all(malformed) if groups is None else self._asked(groups)
        unshown = self._unshown(len(found))
        for listed in found:
            roster = self._roster(listed, malformed, unshown)
            if roster is not None and self._takes(roster):
                total += 1
                yield replace(roster, facts=unasked(roster.facts, self.can.costly))
        yield SnapshotEnd(self._context.now(), total, tuple(malformed), is_full=groups is None)

    def _all(self, malformed: list[Malformed]) -> list[mapping.Listed]:
        """Return all groups by id. A page that Meta gives only in part is asked for again, row by row."""
        found, is_whole = self._listed(PAGE_SIZE, malformed)
        if not is_whole:
            found, _is_whole = self._listed(1, malformed)
        return [found[key] for key in sorted(found) if self._context.takes(key, found[key].name)]

    def _listed(self, limit: int, malformed: list[Malformed]) -> tuple[dict[str, mapping.Listed], bool]:
        found: dict[str, mapping.Listed] = {}
        bad: list[Malformed] = []
        is_whole = True
        for number, page in enumerate(self._pages(limit), 1):
            if not page.is_whole and limit > 1:
                return {}, False
            if not page.is_whole and not page.rows:
                bad.append(
                    mapping.set_aside(f"groups row {number}", ValueError("Meta answers an error for it"))
                )
            for at, row in enumerate(page.rows, 1):
                try:
                    one = mapping.listed(row)
                    found[one.group_id] = one
                except ValueError as error:
                    bad.append(mapping.set_aside(f"groups row {(number - 1) * limit + at}", error))
        if bad and not found:
            raise unexpected("its groups")
        malformed += bad
        return found, is_whole

    def _pages(self, limit: int) -> Iterator[Page]:
        """Yield the pages of the list; after an expired cursor the list begins anew, once."""
        again = self._context.again
        after: str | None = None
        seen: set[str] = set()
        has_begun_anew = False
        while True:
            try:
                page = again(lambda after=after: self._client.groups(after, limit))  # type: ignore[misc]
            except CursorGone:
                if has_begun_anew or after is None:
                    raise _endless("its cursors expire while they are used") from None
                has_begun_anew, after, seen = True, None, set()
                continue
            yield page
            after = page.after
            if after is None:
                return
            if after in seen or len(seen) * limit > 2 * GROUPS_MAX:
                raise _endless("its list has no end")
            seen.add(after)

    def _asked(self, groups: Collection[str]) -> list[mapping.Listed]:
        return [mapping.Listed(group_id, "") for group_id in sorted(groups) if mapping.is_group_id(group_id)]

    def _unshown(self, groups: int) -> Unshown:
        return Unshown("group", groups, lambda: next(self._pages(1)))

    def _roster(self, listed: mapping.Listed, malformed: list[Malformed], unshown: Unshown) -> Roster | None:
        """Return a group's roster; None if it is gone, or if it isn't shown and no list has told its name."""
        taken_at = self._context.now()  # who leaves while the answer is waited for may be in it
        try:
            record = self._context.again(lambda: self._client.group(listed.group_id))
            if record is None:
                return None
            return mapping.roster(record, listed.group_id, taken_at, malformed, self._context.default_region)
        except Suspended:
            return mapping.unshown(listed, taken_at, mapping.SUSPENDED, mapping.UNSHOWN)
        except ConnectorError as error:
            problem = unshown.set_aside(error, listed.group_id)
        malformed.append(problem)
        return mapping.unshown(listed, taken_at, problem.message) if listed.name else None

    def _takes(self, roster: Roster) -> bool:
        return self._context.takes(roster.group.group_id, roster.group.name)

    # --- Looking closely ---------------------------------------------------------------------------------

    def look_closely(self, wanted: Mapping[str, Collection[Fact]], /) -> Iterator[tuple[str, GroupFacts]]:
        """See `worker.ports.Inventory`."""
        for group_id in sorted(filter(mapping.is_group_id, wanted)):
            asks: Asks = {Fact.LINK: lambda: link_hash(self._client.invite_link(group_id))}  # noqa: B023  called at once
            yield group_id, look(asks, wanted[group_id], self._context.now)

    # --- Acting ------------------------------------------------------------------------------------------

    def remove(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """See `worker.ports.Remover`. Meta only takes the request; a removed member can't come back by the link."""
        user = mapping.user_of(member)
        if user is None or not mapping.is_group_id(group_id):
            return ActOutcome(Effect.REFUSED, "the member has no id that Meta takes")
        try:
            answer = self._client.remove(group_id, user, confirm)
        except Rejected as error:
            code = code_of(error)
            if code == NOT_INSIDE:
                return ActOutcome(Effect.NOT_NEEDED, f"WhatsApp answered {code}: not a participant")
            return mapping.refused(code)
        return mapping.outcome(answer)

    def make_admin(self, group_id: str, member: Member, confirm: Confirm = as_decided) -> ActOutcome:
        """Refuse: the API knows no admins."""
        return ActOutcome(Effect.REFUSED, "Meta's API for groups has no admins")

    # --- check -------------------------------------------------------------------------------------------

    def check(self) -> CheckResult:
        """List the groups, and count the members of the first of them. Never raises ConnectorError."""
        malformed: list[Malformed] = []
        try:
            listed = self._all(malformed)
            unshown = self._unshown(len(listed))
            read = [self._roster(one, malformed, unshown) for one in listed[:CHECKED_MAX]]
        except ConnectorError as error:
            return CheckResult(ok=False, message=error.message, remedy=error.remedy or "See the README.")
        rosters = [roster for roster in read if roster is not None]
        members = [member for roster in rosters for member in roster.members]
        counts = {
            "groups": len(listed),
            "members": len(members),
            "without_phone": sum(member.phone is None for member in members),
            "partial": sum(roster.coverage is not Coverage.FULL for roster in rosters),
            "malformed": len(malformed),
        }
        warnings = sorted({warning for roster in rosters for warning in roster.warnings})
        details = {"sees": "only groups that this number made itself"}
        if len(listed) > CHECKED_MAX:
            details["members"] = f"counted in the first {CHECKED_MAX} groups only"
        if warnings:
            details["warnings"] = "; ".join(warnings)
        message = f"{META}: the number has {len(listed)} groups."
        return CheckResult(ok=True, message=message, counts=counts, details=details)


def _endless(what: str) -> Incomplete:
    return Incomplete(f"{META}, asked for its groups: {what}.", remedy="It is read anew at the next run.")
