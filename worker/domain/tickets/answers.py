"""What an assignee can answer besides "done": why it can't be, or needn't be, done by them. Pure."""

from __future__ import annotations

from enum import StrEnum


class Answer(StrEnum):
    """The reasons of the assignee's page."""

    NOT_MY_GROUP = "not_my_group"
    STILL_WORKS_HERE = "still_works_here"
    NOT_IN_GROUP = "not_in_group"
    CREATOR = "creator"
    OTHER = "other"
