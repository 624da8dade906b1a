"""Make a plan from findings and tickets; the guard holds a plan that is too large."""
