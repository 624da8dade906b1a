"""The acts of people: one use case each for tickets, plans, assignees' answers and access."""
