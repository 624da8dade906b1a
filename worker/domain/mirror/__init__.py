"""Tickets in other people's trackers: what a copy says, and what follows from what is seen there. Pure."""
