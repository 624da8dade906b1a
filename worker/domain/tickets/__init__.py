"""Tickets: states, moves, answers, and what proves one done."""
