"""Languages, reading direction, durations."""
