"""The error of an act that is not done, for the person who asked for it."""

from __future__ import annotations


class Refused(Exception):
    """What was asked cannot be done; the text says why and what can."""
