"""The error for the person who asked for an act that was refused."""

from __future__ import annotations


class Refused(Exception):
    """The act cannot be done. The text says why, and what can be done instead."""
