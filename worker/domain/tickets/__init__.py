"""Tickets: states, moves, answers, and what proves that one is done."""
