"""The people behind handles."""
