"""What is asked of Graph and what its answers mean: delta rounds, users."""
