"""How long the demo is; apart from the rest, so that other commands load nothing of it."""

DAYS = 28
