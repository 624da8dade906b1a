"""Questions to Graph, and the meaning of its answers: delta rounds, users."""
