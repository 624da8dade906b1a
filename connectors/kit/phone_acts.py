"""Why a linked phone does not remove somebody, as it is said to the people who then have to."""

from __future__ import annotations

ITSELF = (
    "this is the linked phone itself, which would never see the group again: first link another phone that is an "
    "admin of the group"
)
UNKNOWN = "it is not known which member the linked phone is, and it must not remove itself: people have to do it, or"
UNSURE = (
    "it is not known whether this member is the linked phone itself: people have to do it, or make the linked phone an "
    "admin of the group, so that WhatsApp shows it the members' numbers"
)
COMMUNITY = (
    "this is a community, or its announcement group: a gateway would take the member out of this one group only, and "
    "they would stay in the community: remove them from the community in WhatsApp"
)
