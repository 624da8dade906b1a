"""Trackers: other ticket systems, in which tickets have copies."""
