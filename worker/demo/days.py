"""The length of the demo, in its own module so that other commands load nothing else of it."""

DAYS = 28
