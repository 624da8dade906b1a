"""Escalation policies, and the calendars that they count by."""
