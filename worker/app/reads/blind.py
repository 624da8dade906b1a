"""Check that a directory shows what the configured leaver rules need. A rule that can never fire is refused:
it would look like a company that nobody leaves.
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.domain.people.leaver import LeaverPolicy
from worker.ports import BadConfig, Unshown


def blind_spot(unshown: Sequence[Unshown], policy: LeaverPolicy) -> BadConfig | None:
    """The error for a source that lacks, for everybody, a fact that a rule needs; None if it lacks none."""
    if not policy.disabled:
        return None
    return next(
        (
            BadConfig(
                f"{lack.message}: nobody could ever be seen to leave by leaver.disabled.",
                remedy=f"{lack.remedy} Or set leaver.disabled: false, if accounts are not disabled when people leave.",
            )
            for lack in unshown
            if lack.fact == "enabled"
        ),
        None,
    )
