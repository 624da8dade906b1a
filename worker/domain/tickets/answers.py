"""The assignee's answers besides "done": why they can't do it, or needn't. Pure."""

from __future__ import annotations

from enum import StrEnum


class Answer(StrEnum):
    """The reasons of the assignee's page."""

    NOT_MY_GROUP = "not_my_group"
    STILL_WORKS_HERE = "still_works_here"
    NOT_IN_GROUP = "not_in_group"
    CREATOR = "creator"
    OTHER = "other"
    NOT_NEEDED = "not_needed"
