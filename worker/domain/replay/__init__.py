"""Recorded history, played against other rules: the guard, tickets, and who would have been told. Pure."""
