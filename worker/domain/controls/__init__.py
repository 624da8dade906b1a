"""Controls: what guidance asks of chat groups beyond leavers. A file each, listed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.domain.controls.control import Control, GroupControl
from worker.domain.controls.group import (
    admins_few,
    admins_fit,
    admins_many,
    class_fits,
    complete,
    dormant,
    hand_over,
    registered,
    review,
    roster_fresh,
)
from worker.domain.controls.others import (
    ACCOUNTABLE,
    ADVISORIES,
    CENSUS,
    CONSENT,
    CONVERSATIONS,
    DEVICE,
    DUTIES,
    JOINER,
    LEAVER,
    POLICY,
    PROVIDER,
    REPORTS,
    SOURCES,
    TRAINING,
)
from worker.domain.controls.profile import description, join, name, picture, rights

GROUP_CONTROLS: Mapping[str, GroupControl[Any]] = {
    one.CONTROL.id: one.CONTROL
    for one in (
        registered,
        complete,
        roster_fresh,
        review,
        dormant,
        class_fits,
        admins_few,
        admins_many,
        admins_fit,
        description,
        name,
        picture,
        join,
        rights,
        hand_over,
    )
}

# All controls, in the order of reports
CATALOGUE: Mapping[str, Control] = {
    one.id: one
    for one in (
        *GROUP_CONTROLS.values(),
        CENSUS,
        DUTIES,
        JOINER,
        LEAVER,
        ACCOUNTABLE,
        POLICY,
        TRAINING,
        DEVICE,
        CONSENT,
        CONVERSATIONS,
        ADVISORIES,
        PROVIDER,
        REPORTS,
        SOURCES,
    )
}
