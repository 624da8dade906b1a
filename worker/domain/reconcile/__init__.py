"""From findings and tickets to a plan, and the guard that holds one that is too large."""
