"""What people do: one use case each for tickets, plans, assignees' answers and access."""
