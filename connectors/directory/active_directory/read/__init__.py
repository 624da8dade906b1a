"""What is asked of a domain and what its answers mean: pages, changes, people."""
